"""What an index folder says of itself: a manifest, and a list of the documents of each segment.

The manifest says what the index was built with, and names the files of every segment with their
SHA-256. The lists name the articles.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from itertools import pairwise
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar, Self

from qa_bot.datatypes import Document, Mark
from qa_bot.store.atomic import Buffer

if TYPE_CHECKING:
    from pydantic import ConfigDict, TypeAdapter

Settings = Mapping[str, Any]  # what Config.build_settings returns

FORMAT = 4  # of the folder: raised when what is written could not be read by an older qa-bot
ARTICLE_NAME = re.compile(r"articles/([a-z0-9-]{1,40})-([0-9a-f]{12})\.txt")
TABLE_NAME = re.compile(r"(documents|passages|vectors)-([0-9a-f]{12})\.(json|sqlite|faiss)")

_TABLE_ENDINGS = {"documents": "json", "passages": "sqlite", "vectors": "faiss"}


class Strict:
    """Makes pydantic take the declared types alone (True is no count) and no other keys."""

    __slots__ = ()
    __pydantic_config__: ClassVar["ConfigDict"] = {"strict": True, "extra": "forbid"}


@dataclass(frozen=True, slots=True)
class MarkEntry(Strict):
    """A mark as JSON has it; whether it fits the text is checked when the document is made."""

    start: int
    kind: str
    label: str
    level: int = 1  # older versions wrote none


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentEntry(Strict):
    """What is kept of a document beside its text; its file has a plain name that ends in the id."""

    id: str
    title: str
    source: str
    metadata: dict[str, str]
    marks: tuple[MarkEntry, ...] = ()  # format 1 had none
    file: str

    def __post_init__(self) -> None:
        name = ARTICLE_NAME.fullmatch(self.file)
        # What was made up for a list that is lost has no ids: see recovery.recover.
        if name is None or (self.id and name[2] != self.id[:12]):
            raise ValueError(f"{self.file!r} is no name of an article's file")


@dataclass(frozen=True, slots=True)
class TableFile(Strict):
    """A file named by its SHA-256."""

    name: str
    sha256: str
    size: int  # in bytes

    @classmethod
    def of(cls, kind: str, data: Buffer) -> Self:
        """Describe the file of the "documents", the "passages" or the "vectors"."""
        sha256 = digest(data)
        return cls(table_name(kind, sha256), sha256, len(data))


@dataclass(frozen=True, slots=True)
class SegmentFiles(Strict):
    """The files of a segment: the list of its documents, and its two tables."""

    documents: TableFile
    passages: TableFile
    vectors: TableFile

    def __post_init__(self) -> None:
        for kind, file in self.by_kind().items():
            if not TABLE_NAME.fullmatch(file.name) or file.name != table_name(kind, file.sha256):
                raise ValueError(f"{file.name!r} is no name of a table's file")

    @classmethod
    def of(cls, tables: Mapping[str, Buffer]) -> Self:
        """Describe the files of a segment, given their contents by kind."""
        return cls(**{kind: TableFile.of(kind, data) for kind, data in tables.items()})

    def by_kind(self) -> dict[str, TableFile]:
        """Return the files by the names of the fields."""
        return {"documents": self.documents, "passages": self.passages, "vectors": self.vectors}


@dataclass(frozen=True, slots=True)
class Counts(Strict):
    """How many documents and passages there are."""

    documents: int
    passages: int


@dataclass(frozen=True, slots=True)
class SegmentEntry(Strict):
    """What a manifest says of a segment.

    A removed document is known by its number in the list: its words and vectors are still in the
    tables, and no search finds them.
    """

    counts: Counts  # of all in its files
    files: SegmentFiles
    removed: tuple[int, ...] = ()  # ascending

    def __post_init__(self) -> None:
        numbers = (-1, *self.removed, self.counts.documents)
        if any(number >= after for number, after in pairwise(numbers)):
            raise ValueError("what was removed is not in the list of documents")


@dataclass(frozen=True, slots=True)
class BuildSettings(Strict):
    """What ``Config.build_settings`` returns."""

    model: str
    passage_chars: int
    passage_overlap: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest(Strict):
    """The manifest; raises ValueError when its parts do not agree."""

    format: int
    model: str
    fingerprint: str
    dimension: int
    counts: Counts  # without what was removed
    settings: BuildSettings
    segments: tuple[SegmentEntry, ...]
    sha256: str = ""  # of all the rest: see seal

    def __post_init__(self) -> None:
        listed = sum(it.counts.documents - len(it.removed) for it in self.segments)
        if self.counts.documents != listed or self.model != self.settings.model:
            raise ValueError("its parts do not agree")


@dataclass(frozen=True, slots=True)
class FormerFile(Strict):
    """A file of formats 1 to 3."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class FormerFiles(Strict):
    """The two tables of formats 1 to 3."""

    passages: FormerFile
    vectors: FormerFile


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerManifest(Strict):
    """A manifest of formats 1 to 3, which listed the documents; it is only read to be rebuilt."""

    format: int
    model: str
    fingerprint: str
    dimension: int
    counts: Counts
    settings: BuildSettings
    documents: tuple[DocumentEntry, ...]
    files: FormerFiles
    sha256: str = ""


def digest(data: Buffer) -> str:
    """Return the SHA-256 of bytes, hexadecimal: of an article's bytes, its document's id."""
    return hashlib.sha256(data).hexdigest()


def article_name(document: Document) -> str:
    """Name a document's file: its title, or its file's name, made plain, and its id."""
    words = document.title if document.title else PurePath(document.source).stem
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:40].strip("-")
    return f"articles/{slug if slug else 'article'}-{document.id[:12]}.txt"


def document_entry(document: Document) -> DocumentEntry:
    """Return what the list of a segment says of a document."""
    return DocumentEntry(
        id=document.id,
        title=document.title,
        source=document.source,
        metadata=dict(document.metadata),
        marks=tuple(
            MarkEntry(mark.start, mark.kind, mark.label, mark.level) for mark in document.marks
        ),
        file=article_name(document),
    )


def entry_document(entry: DocumentEntry, text: str) -> Document:
    """Return the document of an entry; raises ValueError for marks that do not fit its text."""
    marks = tuple(Mark(mark.start, mark.kind, mark.label, mark.level) for mark in entry.marks)
    return Document(text, entry.title, entry.source, entry.metadata, marks)


def table_name(kind: str, sha256: str) -> str:
    """Name the file of the "documents", the "passages" or the "vectors" by its SHA-256."""
    return f"{kind}-{sha256[:12]}.{_TABLE_ENDINGS[kind]}"


def seal(manifest: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a manifest's JSON without its seal, however spaced and ordered."""
    rest = {key: value for key, value in manifest.items() if key != "sha256"}
    return digest(json.dumps(rest, sort_keys=True).encode())


def to_json(manifest: Manifest) -> bytes:
    """Write a manifest, sealed, for people to read."""
    content = asdict(manifest)
    content["sha256"] = seal(content)
    return _readable(content)


def parse(data: bytes) -> Manifest:
    """Read a manifest; raises ValueError, saying why, when it is not as it was written."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"manifest.json is not JSON ({error})") from error
    version = content.get("format") if isinstance(content, dict) else None
    if version != FORMAT:
        raise ValueError(f"its format is {version!r}, and this version of qa-bot reads {FORMAT}")
    manifest = salvage(data)
    if not isinstance(manifest, Manifest) or not is_sealed(data):
        raise ValueError("manifest.json is not as qa-bot writes it")
    return manifest


def is_sealed(data: bytes) -> bool:
    """Whether a manifest of any format is as it was written."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.get("sha256") == seal(content)


def salvage(data: bytes) -> Manifest | FormerManifest | None:
    """Read a manifest of the right form whose words or numbers may be altered; else None.

    Former formats are read too, so that a rebuild keeps their titles and sources.
    """
    try:
        return _manifest_adapter().validate_json(data)
    except ValueError:
        return None


def list_to_json(documents: Iterable[Document]) -> bytes:
    """Write the list of a segment's documents, for people to read."""
    return _readable([asdict(document_entry(document)) for document in documents])


def parse_list(data: Buffer) -> tuple[DocumentEntry, ...]:
    """Read the list of a segment's documents; raises ValueError for another form."""
    return _list_adapter().validate_json(bytes(data))


def _readable(content: object) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


@cache
def _manifest_adapter() -> "TypeAdapter[Manifest | FormerManifest]":
    from pydantic import TypeAdapter  # late: it would take a quarter of ``import qa_bot``

    return TypeAdapter(Manifest | FormerManifest)


@cache
def _list_adapter() -> "TypeAdapter[tuple[DocumentEntry, ...]]":
    from pydantic import TypeAdapter

    return TypeAdapter(tuple[DocumentEntry, ...])

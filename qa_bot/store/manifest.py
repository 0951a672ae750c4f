"""The manifest of an index folder: what it was built with, and every file with its SHA-256."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from qa_bot.datatypes import Document, Mark
from qa_bot.store.atomic import Buffer

if TYPE_CHECKING:
    from pydantic import ConfigDict, TypeAdapter

Settings = Mapping[str, Any]  # what Config.build_settings returns

FORMAT = 3  # of the folder: raised when what is written could not be read by an older qa-bot
ARTICLE_NAME = re.compile(r"articles/([a-z0-9-]{1,40})-([0-9a-f]{12})\.txt")
TABLE_NAME = re.compile(r"(passages|vectors)-([0-9a-f]{12})\.(sqlite|faiss)")

_TABLE_ENDINGS = {"passages": "sqlite", "vectors": "faiss"}


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
    """What a manifest says of a document; its file has a plain name, which ends in the id."""

    id: str
    title: str
    source: str
    metadata: dict[str, str]
    marks: tuple[MarkEntry, ...] = ()  # format 1 had none
    file: str

    def __post_init__(self) -> None:
        name = ARTICLE_NAME.fullmatch(self.file)
        # A manifest that is lost has no ids: see folder.recover.
        if name is None or (self.id and name[2] != self.id[:12]):
            raise ValueError(f"{self.file!r} is no name of an article's file")


@dataclass(frozen=True, slots=True)
class TableFile(Strict):
    """A file named by its SHA-256."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class TableFiles(Strict):
    """The two tables of an index."""

    passages: TableFile
    vectors: TableFile

    def __post_init__(self) -> None:
        for kind, file in (("passages", self.passages), ("vectors", self.vectors)):
            if not TABLE_NAME.fullmatch(file.name) or file.name != table_name(kind, file.sha256):
                raise ValueError(f"{file.name!r} is no name of a table's file")


@dataclass(frozen=True, slots=True)
class Counts(Strict):
    """How many documents and passages an index has."""

    documents: int
    passages: int


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
    counts: Counts
    settings: BuildSettings
    documents: tuple[DocumentEntry, ...]
    files: TableFiles
    sha256: str = ""  # of all the rest: see seal

    def __post_init__(self) -> None:
        if self.counts.documents != len(self.documents) or self.model != self.settings.model:
            raise ValueError("its parts do not agree")
        if len({entry.file for entry in self.documents}) != len(self.documents):
            raise ValueError("two articles have one file")


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
    """Return what a manifest says of a document."""
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
    """Name the file of the "passages" or the "vectors" by its SHA-256."""
    return f"{kind}-{sha256[:12]}.{_TABLE_ENDINGS[kind]}"


def file_names(manifest: Manifest) -> set[str]:
    """Return the names of all files of an index but the manifest, relative to its folder."""
    articles = {entry.file for entry in manifest.documents}
    return articles | {manifest.files.passages.name, manifest.files.vectors.name}


def seal(manifest: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a manifest's JSON without its seal, however spaced and ordered."""
    rest = {key: value for key, value in manifest.items() if key != "sha256"}
    return digest(json.dumps(rest, sort_keys=True).encode())


def to_json(manifest: Manifest) -> bytes:
    """Write a manifest, sealed, for people to read."""
    content = asdict(manifest)
    content["sha256"] = seal(content)
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


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
    if manifest is None or manifest.sha256 != seal(content):
        raise ValueError("manifest.json is not as qa-bot writes it")
    return manifest


def salvage(data: bytes) -> Manifest | None:
    """Read a manifest of the right form whose words or numbers may be altered; else None.

    Format 1, which had no marks, is read too, so that a rebuild keeps its titles and sources.
    """
    try:
        return _adapter().validate_json(data)
    except ValueError:
        return None


@cache
def _adapter() -> "TypeAdapter[Manifest]":
    from pydantic import TypeAdapter  # late: it would take a quarter of ``import qa_bot``

    return TypeAdapter(Manifest)

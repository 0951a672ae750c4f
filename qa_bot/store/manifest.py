"""The manifest of an index folder: what it was built with, and every file with its SHA-256."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import PurePath
from typing import Any

from qa_bot.config import Config
from qa_bot.datatypes import Document, Mark
from qa_bot.store.atomic import Buffer

Settings = Mapping[str, Any]  # what Config.build_settings returns
Manifest = dict[str, Any]  # JSON of the form _SHAPE

FORMAT = 3  # of the folder: raised when what is written could not be read by an older qa-bot
ARTICLE_NAME = re.compile(r"articles/([a-z0-9-]{1,40})-([0-9a-f]{12})\.txt")
TABLE_NAME = re.compile(r"(passages|vectors)-([0-9a-f]{12})\.(sqlite|faiss)")

_TABLE_ENDINGS = {"passages": "sqlite", "vectors": "faiss"}
_MARK_SHAPE = {"start": int, "kind": str, "label": str, "level": int}
_FILE_SHAPE = {"name": str, "sha256": str}
_SHAPE: dict[str, Any] = {
    "format": int,
    "model": str,
    "fingerprint": str,
    "dimension": int,
    "counts": {"documents": int, "passages": int},
    "settings": {name: type(value) for name, value in Config().build_settings().items()},
    "documents": [
        {
            "id": str,
            "title": str,
            "source": str,
            "metadata": dict,
            "marks": [_MARK_SHAPE],
            "file": str,
        }
    ],
    "files": {"passages": _FILE_SHAPE, "vectors": _FILE_SHAPE},
    "sha256": str,  # of all the rest: see seal
}


def digest(data: Buffer) -> str:
    """Return the SHA-256 of bytes, hexadecimal: of an article's bytes, its document's id."""
    return hashlib.sha256(data).hexdigest()


def article_name(document: Document) -> str:
    """Name a document's file: its title, or its file's name, made plain, and its id."""
    words = document.title if document.title else PurePath(document.source).stem
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:40].strip("-")
    return f"articles/{slug if slug else 'article'}-{document.id[:12]}.txt"


def document_entry(document: Document) -> dict[str, Any]:
    """Return what a manifest says of a document."""
    return {
        "id": document.id,
        "title": document.title,
        "source": document.source,
        "metadata": dict(document.metadata),
        "marks": [asdict(mark) for mark in document.marks],
        "file": article_name(document),
    }


def entry_document(entry: Mapping[str, Any], text: str) -> Document:
    """Return the document of an entry; raises ValueError for marks that do not fit its text."""
    marks = tuple(Mark(**mark) for mark in entry["marks"])
    return Document(text, entry["title"], entry["source"], entry["metadata"], marks)


def table_name(kind: str, sha256: str) -> str:
    """Name the file of the "passages" or the "vectors" by its SHA-256."""
    return f"{kind}-{sha256[:12]}.{_TABLE_ENDINGS[kind]}"


def file_names(manifest: Manifest) -> set[str]:
    """Return the names of all files of an index but the manifest, relative to its folder."""
    articles = {entry["file"] for entry in manifest["documents"]}
    return articles | {file["name"] for file in manifest["files"].values()}


def seal(manifest: Manifest) -> str:
    """Return the SHA-256 of a manifest without its seal, however it is spaced and ordered."""
    rest = {key: value for key, value in manifest.items() if key != "sha256"}
    return digest(json.dumps(rest, sort_keys=True).encode())


def to_json(manifest: Manifest) -> bytes:
    """Write a manifest for people to read."""
    return (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()


def parse(data: bytes) -> Manifest:
    """Read a manifest; raises ValueError, saying why, when it is not as it was written."""
    written = _loads(data)
    version = written.get("format") if isinstance(written, dict) else None
    if version != FORMAT:
        raise ValueError(f"its format is {version!r}, and this version of qa-bot reads {FORMAT}")
    manifest = _with_levels(written)
    if not _is_valid(manifest) or manifest["sha256"] != seal(written):
        raise ValueError("manifest.json is not as qa-bot writes it")
    return dict(manifest)


def salvage(data: bytes) -> Manifest | None:
    """Read a manifest of the right form whose words or numbers may be altered; else None.

    Format 1, which had no marks, is read too, so that a rebuild keeps its titles and sources.
    """
    try:
        manifest = _loads(data)
    except ValueError:
        return None
    manifest = _with_levels(_with_marks(manifest))
    return manifest if _is_valid(manifest) else None


def _with_marks(manifest: Any) -> Any:
    """Return a manifest whose documents have a list of marks, when it is of format 1."""
    if not isinstance(manifest, dict) or manifest.get("format") != 1:
        return manifest
    try:
        documents = [{"marks": [], **entry} for entry in manifest["documents"]]
    except (KeyError, TypeError):
        return manifest
    return {**manifest, "documents": documents}


def _with_levels(manifest: Any) -> Any:
    """Return a manifest whose headings have levels: 1, where an older version wrote none."""
    try:
        documents = [
            {**entry, "marks": [{"level": 1, **mark} for mark in entry["marks"]]}
            for entry in manifest["documents"]
        ]
    except (KeyError, TypeError):
        return manifest
    return {**manifest, "documents": documents}


def _loads(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"manifest.json is not JSON ({error})") from error


def _is_valid(manifest: Any) -> bool:
    """Whether a manifest has the right form and names only files as this program names them."""
    if not _has_shape(manifest, _SHAPE):
        return False
    names = file_names(manifest)
    return (
        len(names) == len(manifest["documents"]) + len(manifest["files"])
        and all(_is_entry(entry) for entry in manifest["documents"])
        and all(_is_table(kind, file) for kind, file in manifest["files"].items())
        and manifest["counts"]["documents"] == len(manifest["documents"])
        and manifest["model"] == manifest["settings"]["model"]
    )


def _is_entry(entry: dict[str, Any]) -> bool:
    """Whether a document's entry has a plain file name, made of its id, and metadata of words."""
    name = ARTICLE_NAME.fullmatch(entry["file"])
    words = all(isinstance(value, str) for value in entry["metadata"].values())
    return name is not None and name[2] == entry["id"][:12] and words


def _is_table(kind: str, file: dict[str, str]) -> bool:
    """Whether a table's file name is plain and made of its SHA-256."""
    plain = TABLE_NAME.fullmatch(file["name"]) is not None
    return plain and file["name"] == table_name(kind, file["sha256"])


def _has_shape(value: Any, shape: Any) -> bool:
    """Whether JSON has a shape: a type, a dict of shapes by key, or a list's one shape."""
    if isinstance(shape, dict):
        same_keys = isinstance(value, dict) and value.keys() == shape.keys()
        return same_keys and all(_has_shape(value[key], shape[key]) for key in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(_has_shape(item, shape[0]) for item in value)
    return type(value) is shape  # not isinstance: True is no count

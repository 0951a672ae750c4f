"""The index folder on disk: its manifest names every other file, and replacing it is the switch.

Every other file is written once, under a name that holds its SHA-256, and never changed. A reader
takes no lock: it reads the files its manifest names, and starts again when a writer has just
deleted one of them. A process killed while writing leaves files that no manifest names; the next
write deletes them.
"""

import os
import shlex
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from qa_bot.datatypes import Document
from qa_bot.errors import ArticleError, IndexMismatchError, IndexNotFoundError, QABotError
from qa_bot.store.atomic import TEMPORARY, Buffer, holds, load, put, sync_folder
from qa_bot.store.manifest import (
    ARTICLE_NAME,
    FORMAT,
    TABLE_NAME,
    BuildSettings,
    Counts,
    DocumentEntry,
    Manifest,
    Settings,
    TableFile,
    TableFiles,
    article_name,
    digest,
    document_entry,
    entry_document,
    file_names,
    parse,
    salvage,
    table_name,
    to_json,
)

MANIFEST = "manifest.json"
ARTICLES = "articles"
LOCK = ".lock"
LOCK_SECONDS = 60.0  # how long a writer waits for another

_ATTEMPTS = 20  # how often a reader starts again after a writer
_PAUSE = 0.01  # seconds between them


@dataclass(frozen=True, slots=True)
class Stored:
    """An index as its folder keeps it."""

    settings: Settings
    fingerprint: str  # of the model's weights
    dimension: int  # of a vector
    documents: tuple[Document, ...]
    passage_count: int
    passages: Buffer  # an SQLite database
    vectors: Buffer  # a FAISS index


def mismatch(folder: str | Path, reason: object) -> IndexMismatchError:
    """Return the error that says why an index cannot be used, and the command that mends it."""
    return IndexMismatchError(
        f"the index in {folder} cannot be used: {reason}. Build it again from its own articles "
        f"with: qa-bot index --rebuild --index {shlex.quote(str(folder))}"
    )


@contextmanager
def lock(folder: str | Path, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the folder as its only writer, among threads and processes; makes the folder.

    The thread that holds it may take it again. Raises QABotError after waiting ``seconds``.
    """
    from filelock import FileLock, Timeout  # late: readers do without

    new = not Path(folder).exists()
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        guard = FileLock(Path(folder) / LOCK, is_singleton=True)
        guard.acquire(timeout=seconds)
    except Timeout as error:
        raise QABotError(
            f"another process is writing to the index in {folder}: try again when it has finished"
        ) from error
    except OSError as error:
        raise _cannot_write(folder, error) from error
    try:
        yield
    finally:
        if new:
            _remove_unused(Path(folder))
        guard.release()


def _remove_unused(folder: Path) -> None:
    """Remove a folder in which there is nothing but the lock."""
    if os.listdir(folder) == [LOCK]:
        with suppress(OSError):  # where an open file cannot be deleted, the folder stays
            (folder / LOCK).unlink()
            folder.rmdir()


def manifest_stamp(folder: str | Path) -> tuple[int, ...]:
    """Return numbers that change when an index is saved in the folder; none without an index."""
    try:
        found = os.stat(Path(folder) / MANIFEST)
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_ino, found.st_size


def read(folder: Path, settings: Settings | None = None, fingerprint: str | None = None) -> Stored:
    """Read an index folder, every file checked against the SHA-256 its manifest gives.

    Raises IndexNotFoundError when there is no manifest, IndexMismatchError when a file is not as
    it says, or when it was built with other ``settings`` or another ``fingerprint`` than given.
    """
    for _ in range(_ATTEMPTS):
        manifest = _read_manifest(folder)
        check_settings(folder, asdict(manifest.settings), settings)
        check_fingerprint(folder, manifest.fingerprint, fingerprint)
        try:
            return _read_files(folder, manifest)
        except FileNotFoundError as error:
            missing = error.filename
            time.sleep(_PAUSE)
    raise mismatch(folder, f"{missing} is missing")


def stored_settings(folder: str | Path) -> Settings:
    """Return the settings an index was built with, though it may be damaged; none without one."""
    try:
        manifest = salvage((Path(folder) / MANIFEST).read_bytes())
    except OSError:
        return {}
    return {} if manifest is None else asdict(manifest.settings)


def check_settings(folder: str | Path, found: Settings, expected: Settings | None) -> None:
    """Raise IndexMismatchError when settings are expected and others are found."""
    for name, value in {} if expected is None else expected.items():
        if found.get(name) != value:
            reason = f"it was built with {name} {found.get(name)!r}, not {value!r} as asked for"
            raise mismatch(folder, reason)


def check_fingerprint(folder: str | Path, found: str, expected: str | None) -> None:
    """Raise IndexMismatchError when a fingerprint is expected and another is found."""
    if expected is not None and found != expected:
        reason = f"it was built with model weights {found[:12]}, not with {expected[:12]}"
        raise mismatch(folder, reason)


def write(folder: Path, stored: Stored, *, mend: bool = False) -> None:
    """Put an index in a folder, in place of the one there: all of it or, on an error, nothing.

    Files that are not the index's are left alone. Raises QABotError when the disk refuses, and
    IndexMismatchError over a manifest that cannot be read, unless this write is to ``mend`` it;
    TypeError for settings it does not know, ValueError for an index that could not be read again.
    """
    files = _files(stored)
    manifest = to_json(_manifest(stored))
    parse(manifest)
    with lock(folder):
        try:
            replaced = _names_to_replace(folder, mend)
            _put_all(folder, files, manifest)
        except OSError as error:
            raise _cannot_write(folder, error) from error
        _sweep(folder, files.keys(), replaced)


def recover(folder: Path) -> tuple[tuple[Document, ...], tuple[str, ...]]:
    """Return the documents of a folder, damaged or not, and the names of articles that are gone.

    A text that was altered is a new document: its words as they now stand, with the old title and
    source. Without a manifest every article file is a document, titled by its name. Raises
    IndexNotFoundError when there is nothing to recover, ArticleError for a file that is no text.
    """
    try:
        manifest = salvage((folder / MANIFEST).read_bytes())
    except OSError:
        manifest = None
    entries = _entries_by_name(folder) if manifest is None else manifest.documents
    there = [entry for entry in entries if (folder / entry.file).is_file()]
    if not there and (manifest is None or entries):
        raise _not_found(folder)
    lost = tuple(entry.file for entry in entries if entry not in there)
    return tuple(_recover_document(folder, entry) for entry in there), lost


def _not_found(folder: Path) -> IndexNotFoundError:
    quoted = shlex.quote(str(folder))
    mend = f"make one with: qa-bot index FILE --index {quoted}"
    if _article_names(folder):
        mend += f" (or of the articles it holds, with: qa-bot index --rebuild --index {quoted})"
    return IndexNotFoundError(f"there is no index in {folder}: {mend}")


def _cannot_write(folder: str | Path, error: OSError) -> QABotError:
    return QABotError(
        f"cannot write the index in {folder}: {error}. What was there is as it was; make room, "
        "or name another folder with --index"
    )


def _read_manifest(folder: Path) -> Manifest:
    try:
        return parse((folder / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _not_found(folder) from error
    except (OSError, ValueError) as error:
        raise mismatch(folder, error) from error


def _read_files(folder: Path, manifest: Manifest) -> Stored:
    """Read what a manifest names; raises FileNotFoundError for a file that is not there."""
    passages, vectors = manifest.files.passages, manifest.files.vectors
    return Stored(
        settings=asdict(manifest.settings),
        fingerprint=manifest.fingerprint,
        dimension=manifest.dimension,
        documents=tuple(_read_document(folder, entry) for entry in manifest.documents),
        passage_count=manifest.counts.passages,
        passages=_read_checked(folder, passages.name, passages.sha256),
        vectors=_read_checked(folder, vectors.name, vectors.sha256),
    )


def _read_document(folder: Path, entry: DocumentEntry) -> Document:
    data = _read_checked(folder, entry.file, entry.id)
    try:
        return entry_document(entry, bytes(data).decode())
    except ValueError as error:
        raise mismatch(folder, f"{entry.file}: {error}") from error


def _read_checked(folder: Path, name: str, sha256: str) -> Buffer:
    """Read a file of a known SHA-256; raises IndexMismatchError, or FileNotFoundError."""
    try:
        data = load(folder / name)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise mismatch(folder, error) from error
    if digest(data) != sha256:
        raise mismatch(folder, f"{name} was altered")
    return data


def _recover_document(folder: Path, entry: DocumentEntry) -> Document:
    try:
        text = (folder / entry.file).read_bytes().decode()
        found = Document.from_text(text, entry.title, entry.source)
    except (OSError, ValueError) as error:
        raise ArticleError(
            f"{folder / entry.file} cannot be read as UTF-8 text ({error}): restore or delete "
            "it, then run the same command again"
        ) from error
    if found.id == entry.id:
        with suppress(ValueError):  # marks that were altered and do not fit the text
            return entry_document(entry, text)
    return found


def _entries_by_name(folder: Path) -> tuple[DocumentEntry, ...]:
    """Make up what a lost manifest said of its documents, from the names of their files."""
    return tuple(
        DocumentEntry(id="", title=match[1], source="", metadata={}, file=match[0])
        for match in map(ARTICLE_NAME.fullmatch, _article_names(folder))
        if match is not None
    )


def _article_names(folder: Path) -> list[str]:
    """Return the names of the files in the folder that are named as articles are, in order."""
    found = (f"{ARTICLES}/{path.name}" for path in (folder / ARTICLES).glob("*.txt"))
    return sorted(name for name in found if ARTICLE_NAME.fullmatch(name))


def _files(stored: Stored) -> dict[str, Buffer]:
    """Return the contents of an index's files by name: the articles in order, then the tables."""
    files: dict[str, Buffer] = {
        article_name(document): document.text.encode() for document in stored.documents
    }
    for kind, data in (("passages", stored.passages), ("vectors", stored.vectors)):
        files[table_name(kind, digest(data))] = data
    return files


def _manifest(stored: Stored) -> Manifest:
    passages, vectors = digest(stored.passages), digest(stored.vectors)
    return Manifest(
        format=FORMAT,
        model=stored.settings["model"],
        fingerprint=stored.fingerprint,
        dimension=stored.dimension,
        counts=Counts(len(stored.documents), stored.passage_count),
        settings=BuildSettings(**stored.settings),
        documents=tuple(map(document_entry, stored.documents)),
        files=TableFiles(
            TableFile(table_name("passages", passages), passages),
            TableFile(table_name("vectors", vectors), vectors),
        ),
    )


def _names_to_replace(folder: Path, mend: bool) -> set[str]:
    """Return the names of the files of the index that a write replaces."""
    try:
        data = (folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        return set()
    try:
        manifest = salvage(data) if mend else parse(data)
    except ValueError as error:
        raise mismatch(folder, error) from error
    return set() if manifest is None else file_names(manifest)


def _put_all(folder: Path, files: Mapping[str, Buffer], manifest: bytes) -> None:
    """Write the files and then the manifest, which is the switch; an error before it undoes all."""
    created: list[Path] = []
    try:
        (folder / ARTICLES).mkdir(exist_ok=True)
        for name, data in files.items():
            path = folder / name
            if not path.exists():
                created.append(path)
            if not holds(path, data):
                put(path, data)
        sync_folder(folder / ARTICLES)
        sync_folder(folder)
        put(folder / MANIFEST, manifest)
    except BaseException:
        if not holds(folder / MANIFEST, manifest):
            for path in created:
                path.unlink(missing_ok=True)
        raise


def _sweep(folder: Path, keep: Collection[str], replaced: Collection[str]) -> None:
    """Delete what the index before, and writes that were killed, have left in the folder."""
    try:
        sync_folder(folder)  # first: the old manifest must not come back when its files are gone
        for path in [*folder.iterdir(), *(folder / ARTICLES).iterdir()]:
            name = path.relative_to(folder).as_posix()
            if name not in keep and path.is_file() and _is_ours(path, name, replaced):
                path.unlink(missing_ok=True)
        sync_folder(folder / ARTICLES)
        sync_folder(folder)
    except OSError as error:
        raise QABotError(
            f"the index in {folder} was written, but old files of it may be left: {error}. "
            "The next write deletes them"
        ) from error


def _is_ours(path: Path, name: str, replaced: Collection[str]) -> bool:
    """Whether a file is certainly the index's own and not a person's.

    A person may well have an ``articles/minutes-202001011200.txt``: an article's file is ours when
    its manifest named it, or when the hash in its name is that of its bytes.
    """
    whole = name.removesuffix(TEMPORARY)
    article = ARTICLE_NAME.fullmatch(whole)
    if whole != name:
        return whole == MANIFEST or article is not None or TABLE_NAME.fullmatch(whole) is not None
    if article is None:
        return TABLE_NAME.fullmatch(name) is not None
    return name in replaced or digest(path.read_bytes())[:12] == article[2]

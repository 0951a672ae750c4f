"""The index folder on disk: its manifest names every other file, and replacing it is the switch.

Every other file is written once, under a name that holds its SHA-256, and never changed. A reader
takes no lock: it reads the files its manifest names, and starts again when a writer has just
deleted one of them. A process killed while writing leaves files that no manifest names; the next
write deletes them. ``writing.py`` writes, ``recovery.py`` saves what it can of a damaged folder.
"""

import os
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from qa_bot.datatypes import Document
from qa_bot.errors import IndexMismatchError, IndexNotFoundError, QABotError
from qa_bot.store.atomic import MAPPED_FROM, Buffer, load
from qa_bot.store.manifest import (
    ARTICLE_NAME,
    Counts,
    DocumentEntry,
    FormerManifest,
    Manifest,
    SegmentEntry,
    Settings,
    digest,
    entry_document,
    parse,
    parse_list,
    salvage,
)

MANIFEST = "manifest.json"
ARTICLES = "articles"
LOCK = ".lock"
LOCK_SECONDS = 60.0  # how long a writer waits for another

_ATTEMPTS = 20  # how often a reader starts again after a writer
_PAUSE = 0.01  # seconds between them

AnyManifest = Manifest | FormerManifest


@dataclass(frozen=True, slots=True)
class Article:
    """A document, its number in the list of its segment, and the name of its file."""

    number: int
    file: str
    document: Document


@dataclass(frozen=True, slots=True)
class StoredSegment:
    """A segment as its folder keeps it."""

    entry: SegmentEntry
    articles: Sequence[Article]  # without those that were removed
    tables: Callable[[], Mapping[str, Buffer]]  # gives the contents of its files by kind


@dataclass(frozen=True, slots=True)
class Stored:
    """An index as its folder keeps it."""

    settings: Settings
    fingerprint: str  # of the model's weights
    dimension: int  # of a vector
    counts: Counts  # without what was removed
    segments: Sequence[StoredSegment]

    def file_names(self) -> frozenset[str]:
        """Return the names of all files but the manifest.

        Raises ValueError where two articles have one file.
        """
        articles = [article.file for segment in self.segments for article in segment.articles]
        files = [file for it in self.segments for file in it.entry.files.by_kind().values()]
        if len(set(articles)) != len(articles):
            raise ValueError("two articles have one file")
        return frozenset(articles).union(file.name for file in files)


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
        raise cannot_write(folder, error) from error
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


def read(
    folder: Path,
    settings: Settings | None = None,
    fingerprint: str | None = None,
    *,
    mapped_from: int = MAPPED_FROM,
    known: Callable[[SegmentEntry], object] = lambda _: None,
    pause: Callable[[float], object] = time.sleep,
) -> Stored:
    """Read an index folder, every file checked against the SHA-256 its manifest gives.

    Of a segment for which ``known`` returns something nothing is read or returned but its entry.
    Raises IndexNotFoundError when there is no manifest, IndexMismatchError when a file is not as
    it says, or when it was built with other ``settings`` or another ``fingerprint`` than given.
    """
    for _ in range(_ATTEMPTS):
        manifest = _read_manifest(folder)
        check_settings(folder, asdict(manifest.settings), settings)
        check_fingerprint(folder, manifest.fingerprint, fingerprint)
        try:
            return _read_files(folder, manifest, mapped_from, known)
        except FileNotFoundError as error:
            missing = error.filename
            pause(_PAUSE)
    raise mismatch(folder, f"{missing} is missing")


def stored_settings(folder: str | Path) -> Settings:
    """Return the settings an index was built with, though it may be damaged; none without one."""
    manifest = salvaged_manifest(Path(folder))
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


def not_found(folder: Path) -> IndexNotFoundError:
    quoted = shlex.quote(str(folder))
    mend = f"make one with: qa-bot index FILE --index {quoted}"
    if article_names(folder):
        mend += f" (or of the articles it holds, with: qa-bot index --rebuild --index {quoted})"
    return IndexNotFoundError(f"there is no index in {folder}: {mend}")


def cannot_write(folder: str | Path, error: OSError) -> QABotError:
    return QABotError(
        f"cannot write the index in {folder}: {error}. What was there is as it was; make room, "
        "or name another folder with --index"
    )


def _read_manifest(folder: Path) -> Manifest:
    try:
        return parse((folder / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise not_found(folder) from error
    except (OSError, ValueError) as error:
        raise mismatch(folder, error) from error


def _read_files(
    folder: Path, manifest: Manifest, mapped_from: int, known: Callable[[SegmentEntry], object]
) -> Stored:
    """Read what a manifest names; raises FileNotFoundError for a file that is not there."""
    return Stored(
        settings=asdict(manifest.settings),
        fingerprint=manifest.fingerprint,
        dimension=manifest.dimension,
        counts=manifest.counts,
        segments=[
            _read_segment(folder, it, mapped_from)
            if known(it) is None
            else StoredSegment(it, (), dict)
            for it in manifest.segments
        ],
    )


def _read_segment(folder: Path, entry: SegmentEntry, mapped_from: int) -> StoredSegment:
    data = {
        kind: _read_checked(folder, file.name, file.sha256, mapped_from)
        for kind, file in entry.files.by_kind().items()
    }
    try:
        listed = parse_list(data["documents"])
    except ValueError as error:
        raise mismatch(folder, f"{entry.files.documents.name}: {error}") from error
    if len(listed) != entry.counts.documents:
        due = entry.counts.documents
        raise mismatch(folder, f"{len(listed)} documents in a list where {due} are due")
    removed = frozenset(entry.removed)
    articles = [
        Article(number, it.file, _read_document(folder, it, mapped_from))
        for number, it in enumerate(listed)
        if number not in removed
    ]
    return StoredSegment(entry, articles, lambda: data)


def _read_document(folder: Path, entry: DocumentEntry, mapped_from: int) -> Document:
    data = _read_checked(folder, entry.file, entry.id, mapped_from)
    try:
        return entry_document(entry, bytes(data).decode())
    except ValueError as error:
        raise mismatch(folder, f"{entry.file}: {error}") from error


def _read_checked(folder: Path, name: str, sha256: str, mapped_from: int) -> Buffer:
    """Read a file of a known SHA-256; raises IndexMismatchError, or FileNotFoundError."""
    try:
        data = load(folder / name, mapped_from)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise mismatch(folder, error) from error
    if digest(data) != sha256:
        raise mismatch(folder, f"{name} was altered")
    return data


def salvaged_manifest(folder: Path) -> AnyManifest | None:
    """Return the manifest of a folder if it has the right form; its words may be altered."""
    try:
        return salvage((folder / MANIFEST).read_bytes())
    except OSError:
        return None


def article_names(folder: Path) -> list[str]:
    """Return the names of the files in the folder that are named as articles are, in order."""
    found = (f"{ARTICLES}/{path.name}" for path in (folder / ARTICLES).glob("*.txt"))
    return sorted(name for name in found if ARTICLE_NAME.fullmatch(name))

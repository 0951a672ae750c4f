"""The index folder on disk: its manifest names every other file, and replacing it is the switch.

Every other file is written once, under a name that holds its SHA-256, and never changed. A reader
takes no lock: it reads the files its manifest names, and starts again when a writer has just
deleted one of them. A process killed while writing leaves files that no manifest names; the next
write deletes them.
"""

import os
import shlex
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from qa_bot.datatypes import Document
from qa_bot.errors import ArticleError, IndexMismatchError, IndexNotFoundError, QABotError
from qa_bot.store.atomic import (
    MAPPED_FROM,
    TEMPORARY,
    Buffer,
    has_size,
    holds,
    load,
    put,
    sync_folder,
)
from qa_bot.store.manifest import (
    ARTICLE_NAME,
    FORMAT,
    TABLE_NAME,
    BuildSettings,
    Counts,
    DocumentEntry,
    FormerManifest,
    Manifest,
    SegmentEntry,
    Settings,
    digest,
    entry_document,
    is_sealed,
    parse,
    parse_list,
    salvage,
    to_json,
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
    manifest = _salvaged(Path(folder))
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


def write(
    folder: Path, stored: Stored, *, kept: Collection[str] = (), mend: bool = False
) -> frozenset[str]:
    """Put an index in a folder, in place of the one there: all of it or, on an error, nothing.

    Returns the names of its files but the manifest. ``kept``: the names of those that were read
    from this folder or written to it, and are not compared again. Files that are not the index's
    are left alone. Raises QABotError when the disk refuses, and IndexMismatchError over a manifest
    that cannot be read, unless this write is to ``mend`` it; TypeError for settings it does not
    know, ValueError for an index that could not be read again.
    """
    manifest = to_json(_manifest(stored))
    parse(manifest)
    names = stored.file_names()
    with lock(folder):
        try:
            replaced = _manifest_to_replace(folder, mend)
            _put_all(folder, stored, manifest, frozenset(kept))
        except OSError as error:
            raise _cannot_write(folder, error) from error
        _sweep(folder, names, replaced)
    return names


def recover(folder: Path) -> tuple[tuple[Document, ...], tuple[str, ...]]:
    """Return the documents of a folder, damaged or not, and the names of articles that are gone.

    A text that was altered is a new document: its words as they now stand, with the old title and
    source. When the manifest or a list is damaged, an article file that no list names is a document
    too, titled by its name. Raises IndexNotFoundError when there is nothing to recover,
    ArticleError for a file that is no text.
    """
    manifest = _salvaged(folder)
    wanted, whole = ([], False) if manifest is None else _entries(folder, manifest)
    if not whole or not is_sealed((folder / MANIFEST).read_bytes()):
        listed = {entry.file for entry in wanted}
        wanted += [entry for entry in _entries_by_name(folder) if entry.file not in listed]
    there = [entry for entry in wanted if (folder / entry.file).is_file()]
    if not there and (manifest is None or wanted or not whole):
        raise _not_found(folder)
    found = {entry.file for entry in there}
    lost = tuple(entry.file for entry in wanted if entry.file not in found)
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


def _salvaged(folder: Path) -> AnyManifest | None:
    """Return the manifest of a folder if it has the right form; its words may be altered."""
    try:
        return salvage((folder / MANIFEST).read_bytes())
    except OSError:
        return None


def _entries(folder: Path, manifest: AnyManifest) -> tuple[list[DocumentEntry], bool]:
    """Return what a manifest and its lists say of documents, and whether no list was altered."""
    if isinstance(manifest, FormerManifest):
        return [*manifest.documents], True
    entries: list[DocumentEntry] = []
    whole = True
    for segment in manifest.segments:
        file = segment.files.documents
        try:
            data = (folder / file.name).read_bytes()
            listed = parse_list(data)
        except (OSError, ValueError):
            whole = False
        else:
            whole = whole and digest(data) == file.sha256
            removed = frozenset(segment.removed)
            entries += (it for number, it in enumerate(listed) if number not in removed)
    return entries, whole


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


def _entries_by_name(folder: Path) -> list[DocumentEntry]:
    """Make up what a lost list said of its documents, from the names of their files."""
    return [
        DocumentEntry(id="", title=match[1], source="", metadata={}, file=match[0])
        for match in map(ARTICLE_NAME.fullmatch, _article_names(folder))
        if match is not None
    ]


def _article_names(folder: Path) -> list[str]:
    """Return the names of the files in the folder that are named as articles are, in order."""
    found = (f"{ARTICLES}/{path.name}" for path in (folder / ARTICLES).glob("*.txt"))
    return sorted(name for name in found if ARTICLE_NAME.fullmatch(name))


def _manifest(stored: Stored) -> Manifest:
    return Manifest(
        format=FORMAT,
        model=stored.settings["model"],
        fingerprint=stored.fingerprint,
        dimension=stored.dimension,
        counts=stored.counts,
        settings=BuildSettings(**stored.settings),
        segments=tuple(segment.entry for segment in stored.segments),
    )


def _manifest_to_replace(folder: Path, mend: bool) -> AnyManifest | None:
    """Return the manifest that a write replaces, or None where there is none."""
    if mend:
        return _salvaged(folder)
    try:
        return parse((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise mismatch(folder, error) from error


def _put_all(folder: Path, stored: Stored, manifest: bytes, kept: frozenset[str]) -> None:
    """Write the files and then the manifest, which is the switch; an error before it undoes all."""
    created: list[Path] = []
    try:
        (folder / ARTICLES).mkdir(exist_ok=True)
        for name, data in _missing(folder, stored, kept):
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


def _missing(folder: Path, stored: Stored, kept: frozenset[str]) -> Iterator[tuple[str, Buffer]]:
    """Yield the names and contents of the files that may not be in the folder, articles first.

    Those that are kept are looked for: another writer may have deleted them.
    """
    there = kept.intersection(f"{ARTICLES}/{name}" for name in os.listdir(folder / ARTICLES))
    for segment in stored.segments:
        for article in segment.articles:
            if article.file not in there:
                yield article.file, article.document.text.encode()
    for segment in stored.segments:
        missing = {
            kind: file.name
            for kind, file in segment.entry.files.by_kind().items()
            if file.name not in kept or not has_size(folder / file.name, file.size)
        }
        data = segment.tables() if missing else {}
        yield from ((name, data[kind]) for kind, name in missing.items())


def _sweep(folder: Path, keep: Collection[str], replaced: AnyManifest | None) -> None:
    """Delete what the index before, and writes that were killed, have left in the folder."""
    try:
        sync_folder(folder)  # first: the old manifest must not come back when its files are gone
        left = _left(folder, keep, replaced)
        for name in left:
            (folder / name).unlink(missing_ok=True)
        if left:
            sync_folder(folder / ARTICLES)
            sync_folder(folder)
    except OSError as error:
        raise QABotError(
            f"the index in {folder} was written, but old files of it may be left: {error}. "
            "The next write deletes them"
        ) from error


def _left(folder: Path, keep: Collection[str], replaced: AnyManifest | None) -> list[str]:
    """Return the names of files to delete: those that are certainly the index's own.

    A person may well have an ``articles/minutes-202001011200.txt``: an article's file is ours when
    the hash in its name is that of its bytes, or when the manifest that was replaced names it.
    """
    articles = (f"{ARTICLES}/{name}" for name in os.listdir(folder / ARTICLES))
    names = [name for name in (*os.listdir(folder), *articles) if name not in keep]
    names = [name for name in names if (folder / name).is_file()]
    left = [name for name in names if _is_ours(folder / name, name)]
    altered = set(names).difference(left)
    if altered and replaced is not None:
        entries, _ = _entries(folder, replaced)
        left += altered.intersection(entry.file for entry in entries)
    return left


def _is_ours(path: Path, name: str) -> bool:
    """Whether a file has the name of the index's own, and an article's also the right bytes."""
    whole = name.removesuffix(TEMPORARY)
    article = ARTICLE_NAME.fullmatch(whole)
    if whole != name:
        return whole == MANIFEST or article is not None or TABLE_NAME.fullmatch(whole) is not None
    if article is None:
        return TABLE_NAME.fullmatch(name) is not None
    return digest(path.read_bytes())[:12] == article[2]

"""Load files and folders as Documents. Plain text and Markdown stay exactly as written."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from qa_bot.datatypes import Document
from qa_bot.documents.formats import SUFFIX_LIST, SUFFIXES, read_content
from qa_bot.errors import ArticleError
from qa_bot.header import read_header
from qa_bot.report import Report

MAX_BYTES = 50_000_000  # largest file, bytes


def load(
    paths: str | Path | Iterable[str | Path],
    *,
    skip_errors: bool = False,
    max_bytes: int = MAX_BYTES,
    on_report: Callable[[Report], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Document]:
    """Read files, and all documents in folders (see SUFFIXES), sorted by name.

    Raises ArticleError for the first file that cannot be read; with ``skip_errors`` such files are
    skipped, and ArticleError is raised only if nothing can be read. Files with the same text become
    one document. ``on_report`` gets a Report on each file, and ``progress`` is called after each
    with (files done, files in all). Raises ValueError if no path is given, and TypeError if one is
    not a path.
    """
    report = _ignore if on_report is None else on_report
    skipped = _Skipped(report) if skip_errors else None
    files = [file for path in _path_list(paths) for file in _files(path, skipped)]
    documents: dict[str, Document] = {}
    for number, file in enumerate(files, start=1):
        with _skipping(file, skipped):
            document, notes = _read_file(file, max_bytes)
            documents.setdefault(document.id, document)
            report(Report.of(document, str(file), notes))
        if progress is not None:
            progress(number, len(files))
    if skipped is not None and skipped.errors and not documents:
        raise ArticleError(f"nothing can be read: {skipped.errors[0]}")
    return list(documents.values())


def load_file(path: str | Path, *, max_bytes: int = MAX_BYTES) -> Document:
    """Read one file of any format in docs/formats.md.

    The title comes from the header of the text, else from the file's metadata, else it is the first
    heading, else the name of the file with spaces for ``_``. Raises ArticleError, which names the
    file and says what to do.
    """
    return _read_file(path, max_bytes)[0]


def _read_file(path: str | Path, max_bytes: int) -> tuple[Document, tuple[str, ...]]:
    """Return the document in a file, and notes on what was left out of it."""
    path = _as_path(path)
    data = _read(path, max_bytes)
    try:
        content = read_content(data, path.suffix.lower())
    except ArticleError as error:
        raise ArticleError(f"{_quoted(path)} {error}") from error
    values = read_header(content.text).values
    titles = (values.get("title", ""), content.title, " ".join(filter(None, path.stem.split("_"))))
    title = encodable(next(filter(None, titles), ""))
    document = Document(content.text, title, encodable(str(path)), values, content.marks)
    return document, content.notes


class _Skipped:
    """Collects and reports the errors of skipped files."""

    def __init__(self, report: Callable[[Report], None]) -> None:
        self.errors: list[ArticleError] = []
        self._report = report

    def add(self, path: str | Path, error: ArticleError) -> None:
        self.errors.append(error)
        self._report(Report(str(path), error=str(error)))


@contextmanager
def _skipping(path: str | Path, skipped: _Skipped | None) -> Iterator[None]:
    """Catch an ArticleError about a path and add it to ``skipped``; raise it if that is None."""
    try:
        yield
    except ArticleError as error:
        if skipped is None:
            raise
        skipped.add(path, error)


def _ignore(report: Report) -> None:
    """Do nothing with a report."""


def _path_list(paths: object) -> list[str | Path]:
    """Return the paths as a list; raises ValueError or TypeError if they are not paths."""
    if isinstance(paths, str | Path):
        return [paths]
    if not isinstance(paths, Iterable) or isinstance(paths, bytes):
        kind = type(paths).__name__
        raise TypeError(f"paths must be a path or a collection of paths, not {kind}")
    path_list = list(paths)
    if not path_list:
        raise ValueError("no path was given: name files or folders to read")
    for path in path_list:
        if not isinstance(path, str | Path):
            raise TypeError(f"a path must be a string or a Path, not {type(path).__name__}")
    return path_list


def _files(path: str | Path, skipped: _Skipped | None) -> list[Path]:
    """Return the file at a path, or all documents in the folder there."""
    with _skipping(path, skipped):
        path = _as_path(path)
        if not stat.S_ISDIR(_stat(path).st_mode):
            return [path]
        errors_before = 0 if skipped is None else len(skipped.errors)
        files = _files_in(path, skipped)
        if not files and (skipped is None or len(skipped.errors) == errors_before):
            raise ArticleError(
                f"{_quoted(path)} has no documents in it: put text, Markdown or other documents "
                f"there ({SUFFIX_LIST})"
            )
        return files
    return []


def _files_in(folder: Path, skipped: _Skipped | None) -> list[Path]:
    """Return the documents in a folder and its subfolders in order, without hidden files."""
    files: list[Path] = []
    visited: set[tuple[int, int]] = set()  # folders, by device and inode: links may repeat them
    pending: list[tuple[Path, frozenset[tuple[int, int]]]] = [(folder, frozenset())]
    while pending:
        path, ancestors = pending.pop()
        with _skipping(path, skipped):
            if os.path.isdir(path):
                identity = _identity(path)
                if identity in ancestors:
                    raise ArticleError(
                        f"{_quoted(path)} is a link to a folder that contains it: remove the link"
                    )
                if identity not in visited:
                    visited.add(identity)
                    children = reversed(_children(path))
                    pending += [(child, ancestors | {identity}) for child in children]
            elif path.suffix.lower() in SUFFIXES:
                files.append(path)
            elif not path.suffix:
                _stat(path)  # raises for a broken link, which may be to a folder of documents
    return files


def _identity(path: Path) -> tuple[int, int]:
    """Return the device and the inode of a folder, which identify it."""
    info = _stat(path)
    return info.st_dev, info.st_ino


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise _unreadable(folder, error) from error


def _read(path: Path, max_bytes: int) -> bytes:
    """Return the bytes of a regular file; raises ArticleError above ``max_bytes``."""
    info = _stat(path)
    if stat.S_ISDIR(info.st_mode):
        raise ArticleError(f"{_quoted(path)} is a folder: give a file in it")
    if not stat.S_ISREG(info.st_mode):
        raise ArticleError(
            f"{_quoted(path)} is a pipe or a device, not a file: save its content as a text file"
        )
    size = info.st_size
    if size <= max_bytes:
        try:
            with path.open("rb") as file:
                data = file.read(max_bytes + 1)  # the file may have grown, or have no fixed size
        except OSError as error:
            raise _unreadable(path, error) from error
        size = len(data)
    if size > max_bytes:
        raise ArticleError(
            f"{_quoted(path)} has more than {max_bytes:,} bytes, the limit for one document: "
            "split it into smaller files"
        )
    return data


def encodable(text: str) -> str:
    """Return a text with ``?`` in place of lone surrogates, as in the name of an odd file."""
    return text.encode(errors="replace").decode()


def _as_path(path: str | Path) -> Path:
    """Return a Path; raises ArticleError for "", which would mean the current folder."""
    if path == "":
        raise ArticleError("an empty path was given: name a file or a folder")
    return Path(path)


def _stat(path: Path) -> os.stat_result:
    """Return the status of a path, following links; raises ArticleError if nothing is there."""
    try:
        return path.stat()
    except FileNotFoundError as error:
        if path.is_symlink():
            raise ArticleError(f"{_quoted(path)} is a broken link: repair or remove it") from error
        raise ArticleError(f"{_quoted(path)} does not exist: check the path") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError | ValueError) -> ArticleError:
    reason = error.strerror if isinstance(error, OSError) else error
    return ArticleError(
        f"{_quoted(path)} cannot be read ({reason}): check its path and permissions"
    )


def _quoted(path: Path) -> str:
    """Return a path for a message: in quotes, on one line, with control characters escaped."""
    return repr(str(path))

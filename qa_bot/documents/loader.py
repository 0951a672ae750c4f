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

MAX_BYTES = 50_000_000  # size of one article, bytes


def load(
    paths: str | Path | Iterable[str | Path],
    *,
    skip_errors: bool = False,
    max_bytes: int = MAX_BYTES,
    on_report: Callable[[Report], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Document]:
    """Read files, and the articles in folders (see SUFFIXES), in the order of their names.

    Raises ArticleError for the first file that cannot be read; with ``skip_errors`` it is skipped,
    and ArticleError is raised only if nothing can be read. Two files of the same text make one
    document. ``on_report`` gets a Report on each file, and ``progress`` is called after each with
    (files done, files in all). Raises ValueError or TypeError if no path is given.
    """
    report = _ignore if on_report is None else on_report
    skipped = _Skipped(report) if skip_errors else None
    files = [file for path in _given(paths) for file in _files(path, skipped)]
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

    The title is that in the header of the text, else that in the file's metadata, else the first
    heading, else the name of the file with ``_`` as a blank. Raises ArticleError with the name of
    the file and what to do.
    """
    return _read_file(path, max_bytes)[0]


def _read_file(path: str | Path, max_bytes: int) -> tuple[Document, tuple[str, ...]]:
    """Return the document of a file, and notes on what was left out of it."""
    path = _checked(path)
    data = _read(path, max_bytes)
    try:
        content = read_content(data, path.suffix.lower())
    except ArticleError as error:
        raise ArticleError(f"{_quoted(path)} {error}") from error
    values = read_header(content.text).values
    titles = (values.get("title", ""), content.title, " ".join(filter(None, path.stem.split("_"))))
    title = _encodable(next(filter(None, titles), ""))
    document = Document(content.text, title, _encodable(str(path)), values, content.marks)
    return document, content.notes


class _Skipped:
    """Keep and report the errors of skipped files."""

    def __init__(self, report: Callable[[Report], None]) -> None:
        self.errors: list[ArticleError] = []
        self._report = report

    def add(self, path: str | Path, error: ArticleError) -> None:
        self.errors.append(error)
        self._report(Report(str(path), error=str(error)))


@contextmanager
def _skipping(path: str | Path, skipped: _Skipped | None) -> Iterator[None]:
    """Skip a path whose block raises ArticleError; without ``skipped``, raise it."""
    try:
        yield
    except ArticleError as error:
        if skipped is None:
            raise
        skipped.add(path, error)


def _ignore(report: Report) -> None:
    """Do nothing with a report."""


def _given(paths: object) -> list[str | Path]:
    """Return the paths as a list; raises ValueError or TypeError if they are not paths."""
    if isinstance(paths, str | Path):
        return [paths]
    if not isinstance(paths, Iterable) or isinstance(paths, bytes):
        kind = type(paths).__name__
        raise TypeError(f"paths are a path or a collection of paths, not {kind}")
    given = list(paths)
    if not given:
        raise ValueError("no path was given: name files or folders to read")
    for path in given:
        if not isinstance(path, str | Path):
            raise TypeError(f"a path is a string or a Path, not {type(path).__name__}")
    return given


def _files(path: str | Path, skipped: _Skipped | None) -> list[Path]:
    """Return the file at a path, or the articles in the folder there."""
    with _skipping(path, skipped):
        path = _checked(path)
        if not stat.S_ISDIR(_stat(path).st_mode):
            return [path]
        before = 0 if skipped is None else len(skipped.errors)
        articles = _articles_in(path, skipped)
        if not articles and (skipped is None or len(skipped.errors) == before):
            raise ArticleError(
                f"{_quoted(path)} has no article in it: put text, Markdown or other documents "
                f"there ({SUFFIX_LIST})"
            )
        return articles
    return []


def _articles_in(folder: Path, skipped: _Skipped | None) -> list[Path]:
    """Return the articles in a folder and its subfolders in order, without hidden files."""
    articles: list[Path] = []
    seen: set[tuple[int, int]] = set()  # folders, by device and inode: links may lead to one twice
    waiting: list[tuple[Path, frozenset[tuple[int, int]]]] = [(folder, frozenset())]
    while waiting:
        path, above = waiting.pop()
        with _skipping(path, skipped):
            if os.path.isdir(path):
                here = _identity(path)
                if here in above:
                    raise ArticleError(
                        f"{_quoted(path)} is a link to a folder that it lies in: remove the link"
                    )
                if here not in seen:
                    seen.add(here)
                    waiting += [(child, above | {here}) for child in reversed(_children(path))]
            elif path.suffix.lower() in SUFFIXES:
                articles.append(path)
            elif not path.suffix:
                _stat(path)  # raises for a dead link, which may be to a folder of articles
    return articles


def _identity(path: Path) -> tuple[int, int]:
    """Return device and inode of a folder, which identify it."""
    info = _stat(path)
    return info.st_dev, info.st_ino


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise _unreadable(folder, error) from error


def _read(path: Path, max_bytes: int) -> bytes:
    """Return the bytes of a regular file; raises ArticleError if there are over ``max_bytes``."""
    info = _stat(path)
    if stat.S_ISDIR(info.st_mode):
        raise ArticleError(f"{_quoted(path)} is a folder: give a file in it")
    if not stat.S_ISREG(info.st_mode):
        raise ArticleError(
            f"{_quoted(path)} is a pipe or a device, not a file: save what it holds as a text file"
        )
    size = info.st_size
    if size <= max_bytes:
        try:
            with path.open("rb") as file:
                data = file.read(max_bytes + 1)  # it may have grown since, or have no fixed size
        except OSError as error:
            raise _unreadable(path, error) from error
        size = len(data)
    if size > max_bytes:
        raise ArticleError(
            f"{_quoted(path)} has more than {max_bytes:,} bytes, the limit for one article: "
            "split it into smaller files"
        )
    return data


def _encodable(name: str) -> str:
    """Return a name with ``?`` for bytes that are not characters."""
    return name.encode(errors="replace").decode()


def _checked(path: str | Path) -> Path:
    """Return a path; raises ArticleError for "", which would mean the current folder."""
    if path == "":
        raise ArticleError("an empty path was given: name a file or a folder")
    return Path(path)


def _stat(path: Path) -> os.stat_result:
    """Return the status of a path, links followed; raises ArticleError if nothing is there."""
    try:
        return path.stat()
    except FileNotFoundError as error:
        if path.is_symlink():
            raise ArticleError(
                f"{_quoted(path)} is a link to something that is not there: mend or remove it"
            ) from error
        raise ArticleError(f"{_quoted(path)} does not exist: check the path") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError | ValueError) -> ArticleError:
    reason = error.strerror if isinstance(error, OSError) else error
    return ArticleError(
        f"{_quoted(path)} cannot be read ({reason}): check its path and permissions"
    )


def _quoted(path: Path) -> str:
    """Return a path for one line of a terminal: quoted, with control characters escaped."""
    return repr(str(path))

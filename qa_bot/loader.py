"""A file, a folder, a string -> Document. The text comes out exactly as it was written."""

import codecs
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from qa_bot.datatypes import Document
from qa_bot.errors import ArticleError
from qa_bot.metadata import read_header

MAX_BYTES = 50_000_000  # size of one article, bytes
SUFFIXES = frozenset({".txt", ".text", ".md", ".markdown"})  # what is read of a folder

_SAVE_AS = "save it as plain text in UTF-8 (.txt or .md) and give that file"
_TITLE_REACH = 10_000  # characters; a heading further down is that of a part
# A fence around code, or a heading without the number signs that may close it.
_MARKDOWN_LINE = re.compile(
    r"(?:\A|(?<=[\r\n])) {0,3}(?:(?P<fence>```|~~~)|#[ \t]{1,20}(?P<heading>[^#\s][^\r\n]{0,300}?)"
    r"(?:[ \t]{1,20}#{1,20})?[ \t]{0,20}(?=[\r\n]|\Z))"
)

_BOMS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SIGNATURES = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive (Word, EPUB and OpenDocument files are such)"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG\r\n", "a PNG image"),
    (b"GIF8", "a GIF image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!\x1a", "a RAR archive"),
    (b"\xfd7zXZ", "an XZ archive"),
    (b"MZ\x90\x00", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
)
# Encodings that articles came in before UTF-8. Without such a list the detector proposes oddities
# (mac_latin2, cp775) for a few accented letters.
_LEGACY = [
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("iso8859_2", "koi8_r", "cp932", "euc_jp", "gb18030", "big5", "cp949"),
]
# What a text in a western language does not hold when it is read as Windows-1252: other letters
# and signs, long runs of them, or a sign in the middle of a word.
_NOT_WESTERN = re.compile(
    r"[^\x00-\x7fÀ-ÏÑ-ÖØ-Üßàáâãäåæçèéêëìíîïñòóôöøùúûüœ‘’“”–—…•«»¡¿£€§©®™°·½´\xa0]"
    r"|[^\x00-\x7f]{4}|\w[¡¿£]"
)
_CONTROLS = frozenset(c for c in map(chr, (*range(32), *range(127, 160))) if not c.isspace())
_STRAY_CONTROLS = 8  # control characters that any text may hold
_CONTROL_SHARE = 0.05  # above which it is no text; random bytes read as letters have 0.1


def load(
    paths: str | Path | Iterable[str | Path],
    *,
    max_bytes: int = MAX_BYTES,
    progress: Callable[[int, int], None] | None = None,
) -> list[Document]:
    """Read files, and the text and Markdown files in folders, in the order of their names.

    All or nothing: raises ArticleError for the first file that is no article. A text found twice
    is one document. ``progress`` is called with (files read, files in all) after each file.
    """
    given = [paths] if isinstance(paths, str | Path) else paths
    files = [file for path in given for file in _files(path)]
    documents: dict[str, Document] = {}
    for number, file in enumerate(files, start=1):
        document = load_file(file, max_bytes=max_bytes)
        documents.setdefault(document.id, document)
        if progress is not None:
            progress(number, len(files))
    return list(documents.values())


def load_file(path: str | Path, *, max_bytes: int = MAX_BYTES) -> Document:
    """Read one text file, whatever its name ends in, in any common encoding.

    Its title is what its header says, else (in Markdown) its first ``# heading``, else the name of
    the file with ``_`` read as a blank. Raises ArticleError, naming the file and what mends it.
    """
    path = _checked(path)
    text = _text(_read(path, max_bytes), path)
    values = read_header(text).values
    title = values["title"] if "title" in values else _title(path, text)
    return Document(text, title, _encodable(str(path)), values)


def _files(path: str | Path) -> list[Path]:
    """Return the file at a path, or the articles in the folder there."""
    path = _checked(path)
    if not stat.S_ISDIR(_stat(path).st_mode):
        return [path]
    found = _articles_in(path)
    if not found:
        raise ArticleError(
            f"{_quoted(path)} has no article in it: put text or Markdown files there "
            f"({', '.join(sorted(SUFFIXES))})"
        )
    return found


def _articles_in(folder: Path) -> list[Path]:
    """Return the articles in a folder and below it, in order; hidden names are passed over."""
    found: list[Path] = []
    seen: set[tuple[int, int]] = set()  # folders, by device and inode: links may lead to one twice
    waiting: list[tuple[Path, frozenset[tuple[int, int]]]] = [(folder, frozenset())]
    while waiting:
        path, above = waiting.pop()
        if os.path.isdir(path):
            info = _stat(path)
            here = (info.st_dev, info.st_ino)
            if here in above:
                raise ArticleError(
                    f"{_quoted(path)} is a link to a folder that it lies in: remove the link"
                )
            if here not in seen:
                seen.add(here)
                waiting += [(child, above | {here}) for child in reversed(_children(path))]
        elif path.suffix.lower() in SUFFIXES:
            found.append(path)
        elif not path.suffix:
            _stat(path)  # raises for a dead link, which may have led to a folder of articles
    return found


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise _unreadable(folder, error) from error


def _read(path: Path, max_bytes: int) -> bytes:
    """Return the bytes of a regular file that are no more than ``max_bytes``."""
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
                data = file.read(max_bytes + 1)  # it may have grown, or never told its size
        except OSError as error:
            raise _unreadable(path, error) from error
        size = len(data)
    if size > max_bytes:
        raise ArticleError(
            f"{_quoted(path)} has more than {max_bytes:,} bytes, the limit for one article: "
            "split it into smaller files"
        )
    return data


def _text(data: bytes, path: Path) -> str:
    """Return the characters that the bytes of a file stand for; raises ArticleError."""
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            raise ArticleError(f"{_quoted(path)} is {kind}, not text: {_SAVE_AS}")
    text = _decode(data)
    if text is None or _is_binary(text):
        raise ArticleError(
            f"{_quoted(path)} is not text, or in an encoding that cannot be told: {_SAVE_AS}"
        )
    if not any(character.isprintable() for character in text.strip()):
        raise ArticleError(f"{_quoted(path)} is empty: put the words of the article in it")
    return text


def _decode(data: bytes) -> str | None:
    """Decode by the mark at the start, else as UTF-8, else as what it most looks like."""
    marks = [(mark, encoding) for mark, encoding in _BOMS if data.startswith(mark)]
    if marks:
        decoded = (_strictly(data[len(mark) :], encoding) for mark, encoding in marks)
        return next((text for text in decoded if text is not None), None)
    text = _unmarked_utf16(data)
    if text is None:
        text = _strictly(data, "utf-8")
    if text is None:
        text = _western(data)
    return _detected(data) if text is None else text


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _unmarked_utf16(data: bytes) -> str | None:
    """Decode what is evidently UTF-16 though no mark says so.

    In the texts of most scripts one byte of each pair has one of two values, and 0 is one of them.
    """
    sample = data[:10_000]
    if len(data) % 2 or len(data) < 8:
        return None
    for encoding, first in (("utf-16-le", 1), ("utf-16-be", 0)):
        high = sample[first::2]
        common = dict(Counter(high).most_common(2))
        if 0 in common and sum(common.values()) > 0.9 * len(high):
            return _strictly(data, encoding)
    return None


def _western(data: bytes) -> str | None:
    """Decode as Windows-1252, of which Latin-1 is a part, when that makes western text.

    Asked before the detector, which takes one English article in five for something else.
    """
    text = _strictly(data, "cp1252")
    return None if text is None or _NOT_WESTERN.search(text) else text


def _detected(data: bytes) -> str | None:
    """Decode by the legacy encoding that charset-normalizer holds the likeliest."""
    from charset_normalizer import from_bytes  # rarely needed, and slow to import

    # It looks at samples: of the lines that tell the encodings apart, not of all.
    telling = b"\n".join(line for line in data.splitlines() if not line.isascii())
    best = from_bytes(telling, cp_isolation=_LEGACY).best()
    return None if best is None else _strictly(data, best.encoding)


def _is_binary(text: str) -> bool:
    """Whether a text has more control characters than texts have; some stray NULs are no harm."""
    controls = sum(map(text.count, _CONTROLS.intersection(text)))
    return controls > max(_STRAY_CONTROLS, _CONTROL_SHARE * len(text))


def _title(path: Path, text: str) -> str:
    """Return the first heading of a Markdown file, else the name of the file, made readable."""
    if path.suffix.lower() in (".md", ".markdown"):
        heading = _heading(text, read_header(text).end)
        if heading is not None:
            return heading
    return _encodable(" ".join(filter(None, path.stem.split("_"))))


def _heading(text: str, start: int) -> str | None:
    """Return the first ``# heading`` near ``start``; a ``#`` in a block of code is a comment."""
    in_code = False
    for line in _MARKDOWN_LINE.finditer(text, start, start + _TITLE_REACH):
        if line["fence"] is not None:
            in_code = not in_code
        elif not in_code:
            return line["heading"]
    return None


def _encodable(name: str) -> str:
    """Return a name as it is, but for bytes of a file name that are no characters: ``?``."""
    return name.encode(errors="replace").decode()


def _checked(path: str | Path) -> Path:
    """Return a path; raises ArticleError for "", which would mean the current folder."""
    if path == "":
        raise ArticleError("an empty path was given: name a file or a folder")
    return Path(path)


def _stat(path: Path) -> os.stat_result:
    """Ask what stands at a path, links followed; raises ArticleError when nothing does."""
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
    """Return a name fit for one line of a terminal: quoted, control characters escaped."""
    return repr(str(path))

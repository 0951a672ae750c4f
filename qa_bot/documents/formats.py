"""Recognise the format of a file by its content, and pass the bytes to the right reader."""

import re
from zipfile import ZipFile

from qa_bot.documents.content import Content
from qa_bot.documents.encoding import decode, is_binary
from qa_bot.errors import ArticleError

MARKDOWN = frozenset({".md", ".markdown"})
WEBPAGES = frozenset({".html", ".htm", ".xhtml"})
_BINARY = frozenset({".pdf", ".docx", ".epub"})
SUBTITLES = frozenset({".srt", ".vtt"})
MAILS = frozenset({".eml"})
_PLAIN = frozenset({".txt", ".text", ".csv", ".tsv"})
# Files in a folder are chosen by suffix; how a file is read depends on its content.
SUFFIXES = _PLAIN | _BINARY | MARKDOWN | WEBPAGES | SUBTITLES | MAILS
SUFFIX_LIST = ", ".join(sorted(SUFFIXES))  # for help texts and errors

_SAVE_AS = "save it as plain text in UTF-8 (.txt or .md) and give that file"
_SIGNATURES = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document, or one with a password"),
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
_PDF = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,100}%PDF-")
_WORD_DOCUMENT = re.compile(r"word/document\d*\.xml")
# A text that begins like HTML is HTML, whatever its suffix; with an HTML suffix, any tag will do.
_PROLOGUE = r"(?>[\s\ufeff]+|<!--.*?-->|<\?.*?\?>)*+"
_HTML_START = re.compile(rf"{_PROLOGUE}<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_TAG = re.compile(r"</?[a-z][^<>]*>", re.I)


def read_content(data: bytes, suffix: str = "") -> Content:
    """Read the bytes of a file; ``suffix`` is in lower case, with its dot.

    Raises ArticleError if the file cannot be read as a document. Its message is a predicate, to be
    put after the name of the file.
    """
    if _PDF.match(data):
        from qa_bot.documents.pdf.document import read_pdf

        content = read_pdf(data)
    elif data.startswith(b"PK\x03\x04"):
        content = _read_archive(data)
    else:
        content = _read_text(data, suffix)
    if not any(character.isprintable() for character in content.text.strip()):
        raise ArticleError("is empty: give a file with text in it")
    return content


def _read_archive(data: bytes) -> Content:
    from qa_bot.documents.zip import open_archive

    with open_archive(data) as archive:
        kind = _archive_kind(archive)
    if kind == "docx":
        from qa_bot.documents.docx.document import read_docx

        return read_docx(data)
    if kind == "epub":
        from qa_bot.documents.epub import read_epub

        return read_epub(data)
    raise ArticleError(
        f"is a ZIP archive with no Word document (.docx) and no EPUB book in it: {_SAVE_AS}"
    )


def _archive_kind(archive: ZipFile) -> str:
    """Return ``epub``, ``docx`` or ``""``."""
    names = [name.replace("\\", "/").lower() for name in archive.namelist()]
    if "meta-inf/container.xml" in names or any(name.endswith(".opf") for name in names):
        return "epub"
    return "docx" if any(map(_WORD_DOCUMENT.fullmatch, names)) else ""


def _read_text(data: bytes, suffix: str) -> Content:
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            raise ArticleError(f"is {kind}, not text: {_SAVE_AS}")
    if suffix in MAILS:
        from qa_bot.documents.mail import read_mail

        mail = read_mail(data)
        if mail is not None:
            return mail
    text = decode(data)
    if text is None or is_binary(text):
        raise ArticleError(f"is not text, or its encoding cannot be recognised: {_SAVE_AS}")
    if _HTML_START.match(text) or (suffix in WEBPAGES and _TAG.search(text)):
        from qa_bot.documents.html.document import read_html

        return read_html(text)
    if suffix in _BINARY and text.strip():
        raise ArticleError(
            f"has the suffix {suffix} but is not such a file, or is damaged: save it again or, if "
            "it is plain text, rename it to .txt"
        )
    if suffix in SUBTITLES:
        from qa_bot.documents.subtitles import read_subtitles

        return read_subtitles(text)
    if suffix in MARKDOWN:
        from qa_bot.documents.markdown import read_markdown

        return read_markdown(text)
    return Content(text)

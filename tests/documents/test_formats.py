"""Formats are recognised by content: each is read by its reader, and others are refused."""

import gzip
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from qa_bot.documents.formats import read_content
from qa_bot.errors import ArticleError

PDF = (Path(__file__).parents[1] / "data" / "bridge.pdf").read_bytes()


def zipped(*names: str) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "<w:t>Words.</w:t>")
    return file.getvalue()


def error_of(data: bytes, suffix: str = "") -> str:
    with pytest.raises(ArticleError) as caught:
        read_content(data, suffix)
    return str(caught.value)


@pytest.mark.parametrize("suffix", ["", ".txt", ".html", ".docx"])
@pytest.mark.parametrize("before", [b"", b"\n\r\n ", b"\xef\xbb\xbf"])
def test_a_pdf_is_one_whatever_its_name(suffix: str, before: bytes) -> None:
    assert read_content(before + PDF, suffix).title == "The Bridge at Kelmer Sound"


@pytest.mark.parametrize("suffix", ["", ".txt", ".md", ".pdf"])
@pytest.mark.parametrize(
    "start",
    [
        "<!DOCTYPE html>",
        "\n<html lang=en>",
        "<!-- <p> --><!doctype HTML>",
        '\ufeff<?xml version="1.0"?>\n<!-- a --> <html>',
        "<head></head>",
        "<BODY class=x>",
    ],
)
def test_what_begins_as_a_page_is_one_whatever_its_name(start: str, suffix: str) -> None:
    assert read_content(f"{start}<p>one<p>two".encode(), suffix).text == "one\n\ntwo"


@pytest.mark.parametrize("suffix", [".html", ".htm", ".xhtml"])
def test_a_piece_of_a_page_is_known_by_its_name(suffix: str) -> None:
    piece = b"one<br>two"
    assert read_content(piece, suffix).text == "one\ntwo"
    assert read_content(piece, ".txt").text == "one<br>two"
    assert read_content(b"a < b\n  and b > c", suffix).text == "a < b\n  and b > c"


@pytest.mark.parametrize(
    "text", ["<htmlish>", "<p>one", "words <html>", "<!-- a", "<header>", "<?xml ?><feed>x</feed>"]
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert read_content(text.encode(), ".txt").text == text


def test_many_comments_are_passed_over_in_no_time() -> None:
    text = "<!-- a -->" * 20_000 + "words"
    assert read_content(text.encode(), ".txt").text == text


def test_headings_of_markdown_are_marked_by_the_name_alone() -> None:
    assert [mark.label for mark in read_content(b"# One\n", ".md").marks] == ["One"]
    assert read_content(b"# One\n", ".txt").marks == ()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (zipped("xl/workbook.xml"), "a ZIP archive"),
        (gzip.compress(b"Words.", mtime=0), "a gzip archive"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG image"),
        (b"GIF89a\1\0\1\0", "a GIF image"),
        (b"MZ\x90\x00\x03\0\0\0", "a Windows program"),
        (b"\x7fELF\x02\x01\x01\0", "a program"),
        (b"{\\rtf1\\ansi Words.}", "an RTF document"),
        (b"SQLite format 3\0\x10\0", "an SQLite database"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document, or one with a password"),
    ],
)
@pytest.mark.parametrize("suffix", [".txt", ".pdf"])
def test_what_is_no_article_is_called_by_its_name(data: bytes, kind: str, suffix: str) -> None:
    message = error_of(data, suffix)
    assert message.startswith(f"is {kind}")
    assert message.endswith("save it as plain text in UTF-8 (.txt or .md) and give that file")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"%PDF-1.4\n1 0 obj << /Type /Catalog >> endobj", "is a damaged PDF"),
        (PDF[:20_000], "is a damaged PDF"),
        (zipped("word/document.xml", "[Content_Types].xml"), "is damaged"),
        (zipped("META-INF/container.xml"), "is damaged"),
        (zipped("word/document.xml")[:-20], "is damaged"),
        (b"PK\x03\x04", "is damaged"),
    ],
)
def test_what_is_damaged(data: bytes, message: str) -> None:
    assert error_of(data).startswith(message)


@pytest.mark.parametrize("data", [b"<html><script>x</script>", b"<html><p hidden>x", b" \n"])
def test_what_has_no_words(data: bytes) -> None:
    assert error_of(data) == "is empty: give a file with text in it"


@pytest.mark.parametrize("suffix", [".pdf", ".docx", ".epub"])
def test_what_is_not_as_it_is_called_is_refused(suffix: str) -> None:
    with pytest.raises(
        ArticleError, match=rf"has the suffix \{suffix} but is not.*rename it to \.txt"
    ):
        read_content(b"junk", suffix)
    assert read_content(b"words", ".txt").text == "words"

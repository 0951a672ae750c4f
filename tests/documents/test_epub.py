"""EPUB books, made as ZIP archives: chapters in reading order, and the names of chapters."""

import zipfile
from io import BytesIO

import pytest

from qa_bot.datatypes import Document
from qa_bot.documents.epub import read_epub
from qa_bot.errors import ArticleError

CONTAINER = """<?xml version="1.0"?><container
    xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>
    <rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/>
    </rootfiles></container>"""
PACKAGE = """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">
    <metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The &lt;Ferry&gt;</dc:title>
    </metadata><manifest>
    <item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
    <item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>
    <item id="b" href="text/b%20two.xhtml" media-type="application/xhtml+xml"/>
    <item id="a" href="text/a.xhtml" media-type="application/xhtml+xml"/>
    <item id="css" href="style.css" media-type="text/css"/>
    </manifest><spine><itemref idref="a"/><itemref idref="b"/><itemref idref="a"/>
    <itemref idref="css"/><itemref idref="gone"/></spine></package>"""
NAV = """<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">
    <nav epub:type="page-list"><a href="text/b%20two.xhtml#p7">7</a></nav><nav epub:type="toc">
    <ol><li><a href="text/a.xhtml">One, in the contents</a></li>
    <li><a href="text/b%20two.xhtml#x">Chapter <i>Two</i></a></li></ol></nav></html>"""
NCX = """<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel>
    <text>Chapter Two</text></navLabel><content src="text/b%20two.xhtml"/></navPoint></navMap>
    </ncx>"""


def page(body: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml">'
        f"<head><title/><script src='x.js'/></head><body>{body}</body></html>"
    )


BOOK = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": CONTAINER,
    "OEBPS/book.opf": PACKAGE,
    "OEBPS/nav.xhtml": NAV,
    "OEBPS/toc.ncx": "",
    "OEBPS/text/a.xhtml": page("<h1>Chapter One</h1><p>It ran&nbsp;&mdash; once.</p>"),
    "OEBPS/text/b two.xhtml": page("<p>Then the bridge came.</p><aside>A note.</aside>"),
    "OEBPS/style.css": "p { color: red }",
}


def book(**changes: str) -> bytes:
    """Pack the book, with some members replaced (by their names in BOOK)."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**BOOK, **changes}.items():
            archive.writestr(name, data)
    return file.getvalue()


@pytest.mark.parametrize(
    "contents", [{}, {"OEBPS/nav.xhtml": "", "OEBPS/toc.ncx": NCX}], ids=["EPUB 3", "EPUB 2"]
)
def test_a_book(contents: dict[str, str]) -> None:
    content = read_epub(book(**contents))
    assert content.title == "The <Ferry>"
    assert content.text == ("Chapter One\n\nIt ran — once.\n\nThen the bridge came.\n\nA note.")
    assert [(it.kind, it.label, content.text[it.start :][:4]) for it in content.marks] == [
        ("heading", "Chapter One", "Chap"),
        ("heading", "Chapter Two", "Then"),
    ]


def test_headings_of_a_chapter_stand_below_those_of_the_chapters_before_it() -> None:
    pages = {
        "OEBPS/text/a.xhtml": page("<h1>Part One</h1><h2>The ferry</h2><p>It ran.</p>"),
        "OEBPS/text/b two.xhtml": page("<h2>The bridge</h2><h3>Its tolls</h3><p>Two öre.</p>"),
    }
    content = read_epub(book(**pages))
    document = Document(content.text, marks=content.marks)
    assert document.place(document.text.index("It ran")).heading == "Part One > The ferry"
    place = document.place(document.text.index("Two öre"))
    assert place.heading == "Part One > The bridge > Its tolls"


def test_without_a_table_of_contents_a_chapter_has_no_name() -> None:
    content = read_epub(book(**{"OEBPS/nav.xhtml": "<html>", "OEBPS/toc.ncx": "no"}))
    assert [mark.label for mark in content.marks] == ["Chapter One"]


def test_a_page_of_a_wrong_media_type_is_known_by_its_name() -> None:
    package = PACKAGE.replace(
        'a.xhtml" media-type="application/xhtml+xml', 'a.xhtml" media-type="x'
    )
    assert read_epub(book(**{"OEBPS/book.opf": package})).text.startswith("Chapter One\n\nIt ran")


def test_without_a_title_the_first_heading_is_it() -> None:
    package = PACKAGE.replace("dc:title", "dc:creator")
    assert read_epub(book(**{"OEBPS/book.opf": package})).title == "Chapter One"


def test_a_link_out_of_the_book_leads_nowhere() -> None:
    package = PACKAGE.replace("text/a.xhtml", "../../../../../etc/hostname")
    content = read_epub(book(**{"OEBPS/book.opf": package}))
    assert content.text == "Then the bridge came.\n\nA note."
    assert "1 page is missing from the book: '../../../../etc/hostname'." in content.notes


def test_entities_are_no_bomb_and_fetch_nothing() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    package = PACKAGE.replace("<package", f"{bomb}<package").replace("&lt;Ferry&gt;", "&a;&f;x")
    assert read_epub(book(**{"OEBPS/book.opf": package})).title == "The"
    hostile = page("<p>&a;&f;x</p>").replace("<html", f"{bomb}<html")
    assert "root:" not in read_epub(book(**{"OEBPS/text/a.xhtml": hostile})).text


def test_scripts_and_links_are_data() -> None:
    hostile = page("<script>alert(1)</script><p onclick='x'><a href='javascript:x'>go</a></p>")
    assert read_epub(book(**{"OEBPS/text/a.xhtml": hostile})).text.startswith("go\n\nThen")


def test_a_book_with_copy_protection_is_refused() -> None:
    locked = """<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
        <x:CipherReference xmlns:x="http://www.w3.org/2001/04/xmlenc#" URI="OEBPS/{}"/>
        </encryption>"""
    with pytest.raises(ArticleError, match="copy protection"):
        read_epub(book(**{"META-INF/encryption.xml": locked.format("text/a.xhtml")}))
    fonts = book(**{"META-INF/encryption.xml": locked.format("font.otf")})
    assert read_epub(fonts).title == "The <Ferry>"


ONE, TWO = "Chapter One\n\nIt ran — once.", "Then the bridge came.\n\nA note."
NO_ORDER = "The book does not say in which order its pages are read."
UNLISTED = "The reading order names a part that the book does not list."


def package(*changes: tuple[str, str]) -> bytes:
    """Pack the book with changes to its package document."""
    text = PACKAGE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return book(**{"OEBPS/book.opf": text})


@pytest.mark.parametrize(
    ("data", "text", "notes"),
    [
        (book(), f"{ONE}\n\n{TWO}", (UNLISTED,)),
        (
            package(("text/a.xhtml", "gone.xhtml")),
            TWO,
            (UNLISTED, "1 page is missing from the book: 'OEBPS/gone.xhtml'."),
        ),
        (
            book(**{"OEBPS/text/a.xhtml": "\0\1\2" * 100}),
            TWO,
            (UNLISTED, "1 page is damaged and not read: 'OEBPS/text/a.xhtml'."),
        ),
        (package(("text/a.xhtml", "Text/A.XHTML")), f"{ONE}\n\n{TWO}", (UNLISTED,)),
        (package(('a.xhtml" media-type="application/xhtml+xml', "a.xhtml")),
         f"{ONE}\n\n{TWO}", (UNLISTED,)),
        (package(("style.css", "gone.css")), f"{ONE}\n\n{TWO}",
         (UNLISTED, "1 other file is missing from the book: 'OEBPS/gone.css'.")),
        (package(("itemref", "x")), f"{ONE}\n\n{TWO}", (NO_ORDER,)),
        (package(("itemref", "x"), ("nav.xhtml", "n"), ("toc.ncx", "t")), f"{TWO}\n\n{ONE}",
         (NO_ORDER, "1 other file is missing from the book: 'OEBPS/t'.")),
        (book(**{"META-INF/container.xml": "<container/>"}), f"{ONE}\n\n{TWO}",
         ("'META-INF/container.xml' names no book: 'OEBPS/book.opf' was read instead.", UNLISTED)),
        (book(**{"META-INF/encryption.xml": "no XML"}), f"{ONE}\n\n{TWO}", (UNLISTED,)),
    ],
)  # fmt: skip
def test_what_is_there_is_read_and_what_is_not_is_said(
    data: bytes, text: str, notes: tuple[str, ...]
) -> None:
    content = read_epub(data)
    assert (content.text, content.notes) == (text, notes)


def test_a_page_of_no_media_type_and_name_is_known_by_how_it_begins() -> None:
    text = PACKAGE.replace(
        'text/a.xhtml" media-type="application/xhtml+xml', 'text/a.bin" media-type="'
    )
    data = book(**{"OEBPS/book.opf": text, "OEBPS/text/a.bin": BOOK["OEBPS/text/a.xhtml"]})
    assert read_epub(data).text == f"{ONE}\n\n{TWO}"


def test_what_a_style_sheet_of_the_book_hides_is_not_read() -> None:
    hidden = '<link rel="stylesheet" href="../style.css"/><p class="x">Gone.</p><p>Here.</p>'
    changes = {"OEBPS/text/a.xhtml": page(hidden), "OEBPS/style.css": ".x { display: none }"}
    assert read_epub(book(**changes)).text == f"Here.\n\n{TWO}"


def test_what_is_left_out_of_all_pages_is_said_once() -> None:
    formula = page("<p>One <math><merror/></math></p>")
    changes = {"OEBPS/text/a.xhtml": formula, "OEBPS/text/b two.xhtml": formula}
    assert read_epub(book(**changes)).notes == (UNLISTED, "2 formulas could not be read.")


@pytest.mark.parametrize(
    "changes",
    [
        {
            "META-INF/container.xml": CONTAINER.replace("book.opf", "gone.opf"),
            "OEBPS/book.opf": "no",
        },
        {"OEBPS/book.opf": "<package>"},
        {"OEBPS/book.opf": "<package/>"},
        {"OEBPS/book.opf": PACKAGE.replace("text/", "gone/")},
        {"OEBPS/text/a.xhtml": "\0\1\2" * 100, "OEBPS/text/b two.xhtml": "\0\1\2" * 100},
    ],
)
def test_a_damaged_book(changes: dict[str, str]) -> None:
    with pytest.raises(ArticleError, match="is damaged"):
        read_epub(book(**changes))

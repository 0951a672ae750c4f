"""Files for the tests of the page to upload, each with a question and its answer, and a town."""

import zipfile
from io import BytesIO
from pathlib import Path

import docx
from playwright.sync_api import FilePayload

from qa_bot.datatypes import Document

_DATA = Path(__file__).parents[1] / "data"
_CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
<rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>"""
_PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Kiln</dc:title></metadata>
<manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="a"/></spine></package>"""
_CHAPTER = """<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>
<h1>Clay</h1><p>The old kiln was repaired by Petra Vance in 1977.</p></body></html>"""


def _docx() -> bytes:
    document, written = docx.Document(), BytesIO()
    document.add_heading("The mill", 1)
    document.add_paragraph("The windmill was painted by Oskar Brandt in 1951.")
    document.save(written)
    return written.getvalue()


def _epub() -> bytes:
    members = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": _CONTAINER,
        "book.opf": _PACKAGE,
        "a.xhtml": _CHAPTER,
    }
    written = BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return written.getvalue()


FILES = (  # name, contents, question, what answers it
    (
        "pier.txt",
        b"The wooden pier was rebuilt by Henrik Solberg after the great storm.",
        "Who rebuilt the wooden pier?",
        "Henrik Solberg",
    ),
    (
        "ferry.md",
        b"# Ferry\n\nThe ferry to Rosvik is steered by Captain Ines Roth.\n",
        "Who steers the ferry to Rosvik?",
        "Ines Roth",
    ),
    (
        "tower.html",
        b"<title>Tower</title><h1>Tower</h1><script>alert(1)</script>"
        b"<p>The radio tower was paid for by Lady Agnes Whitmore.</p>",
        "Who paid for the radio tower?",
        "Agnes Whitmore",
    ),
    (
        "bridge.pdf",
        (_DATA / "bridge.pdf").read_bytes(),
        "Who designed the bridge over Kelmer Sound?",
        "Ida Varrow",
    ),
    ("mill.docx", _docx(), "Who painted the windmill?", "Oskar Brandt"),
    ("kiln.epub", _epub(), "Who repaired the old kiln?", "Petra Vance"),
)

HOSTILE = (
    "The password of Vera Holm is <b>swordfish</b>. "
    'A <img src=x onerror="alert(1)"> <script>alert(2)</script> *x* $y$ $$z$$ '
    "[link](javascript:alert(3)) <a href='javascript:alert(4)'>go</a> `code` {{value}} ${value} "
    "</blockquote></details></article>\n\n"
    "# head\n    <style>* { display: none }</style> \\(w\\) &lt;i&gt; <!-- end."
)
HOSTILE_NAME = "<img src=x onerror=alert(5)><b>{{value}}${value}.txt"


def file(name: str, contents: bytes) -> FilePayload:
    """Return a file in the form that Playwright uploads."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": contents}


# ---- a town, and questions about it

NAMES = ("Anna Berg", "Ida Varrow", "Petra Vance", "Oskar Brandt", "Ines Roth")
THINGS = ("harbour", "bridge", "kiln", "windmill", "ferry")
LONG = "It was a long day for all who came to see it, and most of them went home late. " * 2
TOWN = Document(
    "\n\n".join(
        f"The {thing} was opened by {name}. {LONG}"
        for thing, name in zip(THINGS, NAMES, strict=True)
    ),
    "The town",
)
QUESTIONS = [f"The {thing} was opened by" for thing in THINGS]

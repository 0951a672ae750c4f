"""PDF -> paragraphs and pages. PDFium gives the characters and where they stand.

letters.py makes runs of them, scripts.py joins raised and lowered ones, rows.py finds
the rows and gaps of a page, tables.py its tables, layout.py the order to read it in,
lines.py what runs along the pages, and paragraphs.py the paragraphs.
"""

import re
import threading
from collections.abc import Iterator, Sequence

from qa_bot.documents.content import Content, join_blocks
from qa_bot.documents.pdf.lines import Page, read_page, without_running
from qa_bot.documents.pdf.paragraphs import Paragraphs
from qa_bot.errors import ArticleError

_LOCK = threading.Lock()  # PDFium is not safe for threads
_PASSWORD = 4  # FPDF_ERR_PASSWORD
_XFA = "The form in this file is of the XFA kind, which is not read: print it to PDF and give that."

# What programs call a document that its author gave no name.
_NO_TITLE = re.compile(
    r"(?i)untitled\b.*|microsoft (?:word|powerpoint) - .*|about:blank|\S+\.\w{2,5}"
)


def read_pdf(data: bytes) -> Content:
    """Read a PDF document; raises ArticleError when it is damaged, locked or without text.

    Lines are joined to paragraphs, hyphens at line ends undone, and what runs along the top or the
    bottom of the pages is left out. The order is that of the page, column by column, whatever order
    the file has. Every page with text is marked, and notes say what was not read.
    """
    title, is_xfa, pages = _read_pages(data)
    lines = [page.lines for page in pages]
    if not any(lines):
        raise ArticleError(
            "has pages but no text, as a scan has: run text recognition (OCR) over it, "
            "and give what that makes"
        )
    blocks = Paragraphs(without_running(lines)).blocks()
    notes = [*_notes(pages), *([_XFA] if is_xfa else [])]
    return join_blocks(blocks, "" if _NO_TITLE.fullmatch(title) else title, notes)


def _notes(pages: Sequence[Page]) -> Iterator[str]:
    """Say what of the pages was not read."""
    pictures = sum(page.is_picture for page in pages)
    if pictures:
        have = "has" if pictures == 1 else "have"
        yield f"{pictures} of {len(pages)} pages {have} no text: scans are not read."
    unread = sum(page.unread_fields for page in pages)
    if unread:
        fields = "form field was" if unread == 1 else "form fields were"
        yield f"{unread} {fields} not read: passwords and fields of unknown kinds are left out."


def _read_pages(data: bytes) -> tuple[str, bool, list[Page]]:
    """Return the title that the file gives itself, whether it is an XFA form, and its pages."""
    import pypdfium2

    with _LOCK:
        try:
            with pypdfium2.PdfDocument(data) as pdf:
                pdf.init_forms()
                title = pdf.get_metadata_value("Title").strip()
                is_xfa = pdf.get_formtype() == pypdfium2.raw.FORMTYPE_XFA_FULL
                return title, is_xfa, [read_page(pdf, number) for number in range(len(pdf))]
        except pypdfium2.PdfiumError as error:
            if error.err_code == _PASSWORD:
                raise ArticleError(
                    "is locked with a password: save it without one and give that file"
                ) from error
            raise ArticleError("is a damaged PDF document: make or download it again") from error

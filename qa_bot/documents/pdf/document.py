"""PDF -> paragraphs and pages. PDFium gives the characters and their positions.

letters.py groups characters into runs, scripts.py joins superscripts and subscripts to them,
forms.py adds the values of form fields, rows.py finds the rows of a page and the gaps in them,
tables.py its tables, layout.py its reading order, lines.py removes headers and footers, and
paragraphs.py joins lines into paragraphs.
"""

import re
import threading
from collections.abc import Iterator, Sequence

from qa_bot.documents.content import Content, join_blocks
from qa_bot.documents.pdf.lines import Page, read_page, without_running_lines
from qa_bot.documents.pdf.paragraphs import Paragraphs
from qa_bot.errors import ArticleError

_LOCK = threading.Lock()  # PDFium is not thread-safe
_PASSWORD = 4  # FPDF_ERR_PASSWORD
_XFA_NOTE = "This file has an XFA form, which is not read: print it to PDF and give that file."

# Titles that programs give to documents without one.
_NO_TITLE = re.compile(
    r"(?i)untitled\b.*|microsoft (?:word|powerpoint) - .*|about:blank|\S+\.\w{2,5}"
)


def read_pdf(data: bytes) -> Content:
    """Read a PDF document; raises ArticleError if it is damaged, encrypted or without text.

    Lines are joined into paragraphs, hyphens at line ends are removed, and headers and footers are
    left out. Text is read column by column as on the page, whatever its order in the file. Every
    page with text gets a mark, and the notes say what was not read.
    """
    title, is_xfa, pages = _read_pages(data)
    lines = [page.lines for page in pages]
    if not any(lines):
        raise ArticleError(
            "has pages but no text, like a scan: run text recognition (OCR) on it, "
            "and give the result"
        )
    blocks = Paragraphs(without_running_lines(lines)).blocks()
    notes = [*_notes(pages), *([_XFA_NOTE] if is_xfa else [])]
    return join_blocks(blocks, "" if _NO_TITLE.fullmatch(title) else title, notes)


def _notes(pages: Sequence[Page]) -> Iterator[str]:
    """Yield sentences on what was not read."""
    pictures = sum(page.is_picture for page in pages)
    if pictures:
        have = "has" if pictures == 1 else "have"
        yield f"{pictures} of {len(pages)} pages {have} no text: scans are not read."
    unread = sum(page.unread_fields for page in pages)
    if unread:
        fields = "form field was" if unread == 1 else "form fields were"
        yield f"{unread} {fields} not read: passwords and unknown kinds of fields are left out."


def _read_pages(data: bytes) -> tuple[str, bool, list[Page]]:
    """Return the title in the metadata, whether the file has an XFA form, and the pages."""
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
                    "is protected by a password: save it without one and give that file"
                ) from error
            raise ArticleError("is a damaged PDF document: save or download it again") from error

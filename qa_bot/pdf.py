"""PDF -> paragraphs and pages. PDFium gives the characters, pdf_lines.py makes lines of them."""

import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from qa_bot.blocks import Block, Content, join_blocks
from qa_bot.datatypes import Mark
from qa_bot.errors import ArticleError
from qa_bot.pdf_lines import Line, read_lines, without_running

_LOCK = threading.Lock()  # PDFium is not safe for threads
_PASSWORD = 4  # FPDF_ERR_PASSWORD

_NEXT = 1.25  # a line this many usual distances below another begins a new paragraph
_SAME_SIZE = 0.12  # share by which the size of type may differ within a paragraph
_INDENT = 0.8  # sizes of type; a line that begins this much further right begins a paragraph
# What programs call a document that its author gave no name.
_NO_TITLE = re.compile(
    r"(?i)untitled\b.*|microsoft (?:word|powerpoint) - .*|about:blank|\S+\.\w{2,5}"
)
_ITEM = re.compile(r"(?:[•‣▪◦●○■]|\(?\d{1,3}[.)]|\(?[a-z]\))\s")
_ENDED = re.compile(r"[.!?:;…][\"'”’»)\]]*$")
_LONG_WORD = 60  # characters; no further back is a word looked for
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_HYPHENS = "-\u2010\u00ad"
_KEEP_HYPHEN = frozenset(  # behind these, words have hyphens wherever the line ends
    "twenty thirty forty fifty sixty seventy eighty ninety self well half ex".split()
)


def read_pdf(data: bytes) -> Content:
    """Read a PDF document; raises ArticleError when it is damaged, locked or without text.

    Lines are joined to paragraphs, hyphens at line ends undone, and what runs along the top or the
    bottom of the pages is left out. The order is that of the file, which programs write as it is
    read, column by column. Every page with text is marked.
    """
    title, pages = _read_pages(data)
    if not any(pages):
        raise ArticleError(
            "has pages but no text, as a scan has: run text recognition (OCR) over it, "
            "and give what that makes"
        )
    blocks = _Paragraphs(without_running(pages)).blocks()
    return join_blocks(blocks, "" if _NO_TITLE.fullmatch(title) else title)


def _read_pages(data: bytes) -> tuple[str, list[list[Line]]]:
    """Return the title that the file gives itself, and the lines of each page."""
    import pypdfium2

    with _LOCK:
        try:
            with pypdfium2.PdfDocument(data) as pdf:
                title = pdf.get_metadata_value("Title")
                return title.strip(), [read_lines(pdf, number) for number in range(len(pdf))]
        except pypdfium2.PdfiumError as error:
            if error.err_code == _PASSWORD:
                raise ArticleError(
                    "is locked with a password: save it without one and give that file"
                ) from error
            raise ArticleError("is a damaged PDF document: make or download it again") from error


class _Paragraphs:
    """Joins the lines of all pages to paragraphs."""

    def __init__(self, pages: Sequence[Sequence[Line]]) -> None:
        self._lines = [line for page in pages for line in page]
        self._by_page = {page[0].page: page for page in pages if page}
        self._pitch = _usual_distances(self._lines)
        self._words = _words(self._lines)
        self._edges = self._right_edges()
        self._text = ""
        self._marks: list[Mark] = []
        self._page = 0

    def blocks(self) -> Iterator[Block]:
        for at, line in enumerate(self._lines):
            if at and self._begins(at):
                yield Block(self._text, tuple(self._marks))
                self._text = ""
                self._marks = []
            self._add(line, is_row=at > 0 and self._lines[at - 1].is_row)
        if self._text:
            yield Block(self._text, tuple(self._marks))

    def _add(self, line: Line, is_row: bool) -> None:
        """Add a line to the paragraph, and a mark where it is the first of its page."""
        if self._text and is_row:
            self._text += "\n"
        elif self._text and self._text[-1] in _HYPHENS:
            self._text = self._unhyphenated(line.text)
        elif self._text:
            self._text += " "
        if line.page != self._page:
            self._marks.append(Mark(len(self._text), "page", str(line.page)))
            self._page = line.page
        self._text += line.text

    def _unhyphenated(self, following: str) -> str:
        """Return the paragraph without the hyphen at its end, unless the word has one anyway.

        The rest of the document tells: how it writes the word elsewhere, or that it has both parts
        as words of their own.
        """
        without = self._text.rstrip(_HYPHENS)
        left, right = _WORD.search(without[:-_LONG_WORD:-1]), _WORD.match(following)
        if self._text.endswith("\u00ad"):
            return without
        if left is None or left.start() or right is None or not right[0][0].islower():
            return self._text
        parts = left[0][::-1].casefold(), right[0].casefold()
        if "".join(parts) in self._words:
            return without
        if parts[0] in _KEEP_HYPHEN:
            return self._text
        both = all(len(part) > 3 and part in self._words for part in parts)
        return self._text if both or "-".join(parts) in self._words else without

    def _begins(self, at: int) -> bool:
        """Whether a line begins a paragraph."""
        before, line = self._lines[at - 1], self._lines[at]
        if before.is_row or line.is_row:
            return not (before.is_row and line.is_row)
        if not before.looks_like(line, _SAME_SIZE) or _ITEM.match(line.text):
            return True
        if before.text[-1] in _HYPHENS:
            return False
        ended = _ENDED.search(before.text) is not None
        on_page = self._page_edge(before)
        if not self._follows(at):
            # The top of a column or a page: the sentence may go on there.
            jumps = line.page != before.page or line.base > before.base
            goes_on = line.text[0].islower() or not (ended or self._room(at, on_page))
            return not (jumps and goes_on)
        if line.text[0].islower():
            return False
        indented = line.left - before.left > _INDENT * line.size
        ends = ended and (indented or self._room(at, on_page))
        return ends or self._room(at, self._edges[at - 1])

    def _follows(self, at: int) -> bool:
        """Whether a line stands right below the one before it."""
        before, line = self._lines[at - 1], self._lines[at]
        distance = before.base - line.base
        return (
            line.page == before.page
            and 0 < distance <= _NEXT * self._pitch[round(line.size)]
            and line.left < before.right
        )

    def _room(self, at: int, edge: float) -> bool:
        """Whether the first word of a line would have had room at the end of the one before."""
        before, line = self._lines[at - 1], self._lines[at]
        share = (len(line.text.split()[0]) + 1) / len(line.text)
        needed = share * (line.right - line.left) + 0.5 * line.size
        return before.right + needed < edge

    def _page_edge(self, line: Line) -> float:
        """Return how far right the lines above and below one reach, on its whole page."""
        stack = (
            it.right
            for it in self._by_page[line.page]
            if it.left < line.right and line.left < it.right and it.looks_like(line, _SAME_SIZE)
        )
        return max(stack, default=line.right)

    def _right_edges(self) -> list[float]:
        """Return for each line how far right the lines of its stack reach."""
        edges: list[float] = []
        start = 0
        for at in range(1, len(self._lines) + 1):
            if at == len(self._lines) or not self._follows(at):
                edge = max(line.right for line in self._lines[start:at])
                edges += [edge] * (at - start)
                start = at
        return edges


def _usual_distances(lines: Sequence[Line]) -> dict[int, float]:
    """Return the distance between lines that is usual for each size of type, in points."""
    found: dict[int, Counter[float]] = {round(line.size): Counter() for line in lines}
    for before, line in pairwise(lines):
        distance = before.base - line.base
        if line.page == before.page and 0.8 * line.size < distance < 2.5 * line.size:
            found[round(line.size)][round(2 * distance) / 2] += 1
    return {
        size: counts.most_common(1)[0][0] + 0.25 if counts else 1.3 * size
        for size, counts in found.items()
    }


def _words(lines: Sequence[Line]) -> frozenset[str]:
    """Return the words of a document, those that a line end may have cut left out."""
    found: set[str] = set()
    cut = False
    for line in lines:
        words = [match[0].casefold() for match in _WORD.finditer(line.text)]
        first = int(cut)
        cut = line.text[-1] in _HYPHENS
        found.update(words[first : len(words) - cut])
    return frozenset(found)

"""Join the lines of a PDF into paragraphs, and remove hyphens at line ends.

A footnote, a note in the margin or a table at the end of a page may interrupt a sentence; it is
moved after the paragraph.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import copy
from itertools import pairwise

from qa_bot.datatypes import Mark
from qa_bot.documents.content import Block
from qa_bot.documents.pdf.lines import Line, usual_size

_NEXT_LINE = 1.25  # times the usual line distance; a line further below begins a new paragraph
_SAME_SIZE = 0.12  # share by which type sizes may differ within a paragraph
_INDENT = 0.8  # times the type size; a line indented by more begins a paragraph
_LIST_ITEM = re.compile(r"(?:[•‣▪◦●○■]|\(?\d{1,3}[.)]|\(?[a-z]\))\s")
_SENTENCE_END = re.compile(r"[.!?:;…][\"'”’»)\]]*$")
_MAX_WORD = 60  # characters at the end of a line that are searched for its last word
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_HYPHENS = "-\u2010\u00ad"
_KEEP_HYPHEN = frozenset(  # compounds with these are written with a hyphen anyway
    "twenty thirty forty fifty sixty seventy eighty ninety self well half ex".split()
)
_FOOTNOTE = re.compile(r"[⁰¹²³⁴-⁹*∗†‡§]")
_MAX_INTERRUPTION = 80  # lines; a sentence does not continue after more


class Paragraphs:
    """Joins the lines of all pages into paragraphs."""

    def __init__(self, pages: Sequence[Sequence[Line]]) -> None:
        lines = [line for page in pages for line in page]
        self._by_page = {page[0].page: page for page in pages if page}
        self._line_distances = _usual_distances(lines)  # points, by type size
        self._words = _words(lines)
        self._body_size = usual_size(lines)
        self._set_lines(lines)
        self._text = ""
        self._marks: list[Mark] = []
        self._page = 0

    def _set_lines(self, lines: Sequence[Line]) -> None:
        """Separate the lines from those that interrupt a sentence, by the index of the line before.

        The interruptions are read after the paragraph.
        """
        self._lines, self._interruptions = _split_interruptions(lines, self._body_size)
        self._edges = list(self._right_edges())

    def blocks(self) -> Iterator[Block]:
        """Yield the paragraphs, with marks for pages."""
        pending: list[Line] = []
        for index, line in enumerate(self._lines):
            if index and self._begins_paragraph(index):
                yield from self._end_paragraph(pending)
                pending = []
            self._add(line)
            pending += self._interruptions.get(index, [])
        yield from self._end_paragraph(pending)

    def _end_paragraph(self, interruption: Sequence[Line]) -> Iterator[Block]:
        """Yield the current paragraph, and those that interrupted it."""
        if self._text:
            yield Block(self._text.replace("\u00ad", ""), tuple(self._marks))
        self._text, self._marks = "", []
        if interruption:
            inner = copy(self)
            inner._marks = []
            inner._set_lines(interruption)
            yield from inner.blocks()
            self._page = inner._page

    def _add(self, line: Line) -> None:
        """Add a line to the paragraph, with a mark if it is the first of its page."""
        if self._text and line.is_row:
            if line.page != self._page and self._text.startswith(f"{line.text}\n"):
                return  # the header of a table, repeated at the top of a page
            self._text += "\n"
        elif self._text and self._text[-1] in _HYPHENS:
            self._text = self._without_hyphen(line.text)
        elif self._text:
            self._text += " "
        if line.page != self._page:
            self._marks.append(Mark(len(self._text), "page", str(line.page)))
            self._page = line.page
        self._text += line.text

    def _without_hyphen(self, following: str) -> str:
        """Return the paragraph without the hyphen at its end, unless the word needs the hyphen.

        The rest of the document decides: how it writes the word elsewhere, or whether it has both
        parts as words.
        """
        without = self._text.rstrip(_HYPHENS)
        left, right = _WORD.search(without[:-_MAX_WORD:-1]), _WORD.match(following)
        if self._text.endswith("\u00ad"):
            return without
        if left is None or left.start() or right is None or not right[0][0].islower():
            return self._text
        parts = left[0][::-1].casefold(), right[0].casefold()
        if "".join(parts) in self._words:
            return without
        if parts[0] in _KEEP_HYPHEN:
            return self._text
        is_compound = all(len(part) > 3 and part in self._words for part in parts)
        return self._text if is_compound or "-".join(parts) in self._words else without

    def _begins_paragraph(self, index: int) -> bool:
        before, line = self._lines[index - 1], self._lines[index]
        if index - 1 in self._interruptions:
            return False
        if before.is_row or line.is_row:
            return not _is_same_table(before, line)
        if not before.looks_like(line, _SAME_SIZE) or _LIST_ITEM.match(line.text):
            return True
        if before.text[-1] in _HYPHENS:
            return False
        ends_sentence = _SENTENCE_END.search(before.text) is not None
        page_edge = self._page_edge(before)
        if not self._is_next_line(index):
            # At the top of a column or a page, the sentence may continue.
            jumps = line.page != before.page or line.base > before.base
            is_short = self._would_fit(index, page_edge)
            continues = line.text[0].islower() or not (ends_sentence or is_short)
            return not (jumps and continues)
        if line.text[0].islower():
            return False
        is_indented = line.left - before.left > _INDENT * line.size
        if ends_sentence and (is_indented or self._would_fit(index, page_edge)):
            return True
        return self._would_fit(index, self._edges[index - 1])

    def _is_next_line(self, index: int) -> bool:
        """Whether a line is directly below the line before it."""
        before, line = self._lines[index - 1], self._lines[index]
        distance = before.base - line.base
        return (
            line.page == before.page
            and 0 < distance <= _NEXT_LINE * self._line_distances[round(line.size)]
            and line.left < before.right
        )

    def _would_fit(self, index: int, edge: float) -> bool:
        """Whether the first word of a line would have fitted into the line before, up to an edge.

        The edge is in points; a line that ends so early is the last of its paragraph.
        """
        before, line = self._lines[index - 1], self._lines[index]
        share = (len(line.text.split()[0]) + 1) / len(line.text)
        needed = share * (line.right - line.left) + 0.5 * line.size
        return before.right + needed < edge

    def _page_edge(self, line: Line) -> float:
        """Return the right edge, in points, of all lines on the page above and below a line."""
        rights = (
            other.right
            for other in self._by_page[line.page]
            if other.left < line.right
            and line.left < other.right
            and other.looks_like(line, _SAME_SIZE)
        )
        return max(rights, default=line.right)

    def _right_edges(self) -> Iterator[float]:
        """Yield for each line the right edge of its stack, in points."""
        start = 0
        for index in range(1, len(self._lines) + 1):
            if index == len(self._lines) or not self._is_next_line(index):
                edge = max(line.right for line in self._lines[start:index])
                yield from [edge] * (index - start)
                start = index


def _split_interruptions(
    lines: Sequence[Line], body_size: float
) -> tuple[list[Line], dict[int, list[Line]]]:
    """Return the lines of the main text, and by their index the lines that interrupt it after."""
    main: list[Line] = []
    interruptions: dict[int, list[Line]] = {}
    index = 0
    while index < len(lines):
        line = lines[index]
        main.append(line)
        is_body = abs(line.size - body_size) <= _SAME_SIZE * body_size and not line.is_note
        continuation = _continuation(lines, index) if is_body or line.is_row else index + 1
        if continuation > index + 1:
            interruptions[len(main) - 1] = list(lines[index + 1 : continuation])
        index = continuation
    return main, interruptions


def _continuation(lines: Sequence[Line], index: int) -> int:
    """Return the index of the line that continues a line, after what interrupts its sentence."""
    line = lines[index]
    if not line.is_row and _SENTENCE_END.search(line.text):
        return index + 1
    in_footnote = False
    for number in range(index + 1, min(index + 1 + _MAX_INTERRUPTION, len(lines))):
        other = lines[number]
        in_footnote = other.page == line.page and (
            in_footnote or (_FOOTNOTE.match(other.text) is not None and other.base < line.base)
        )
        if other.page > line.page + 1:
            break
        if line.is_row:
            if other.page != line.page:
                return number if _is_same_table(line, other) else index + 1
            if other.is_row or not other.size < line.size:
                break
        elif other.looks_like(line, _SAME_SIZE) and not other.is_row and not in_footnote:
            is_continued = other.text[0].islower() or line.text[-1] in _HYPHENS
            return number if is_continued else index + 1
    return index + 1


def _is_same_table(before: Line, line: Line) -> bool:
    """Whether two lines are rows of one table, which may continue on another page."""
    return before.is_row and line.is_row and before.text.count(" | ") == line.text.count(" | ")


def _usual_distances(lines: Sequence[Line]) -> dict[int, float]:
    """Return the usual distance between lines for each type size, both in points."""
    distances: dict[int, Counter[float]] = {round(line.size): Counter() for line in lines}
    for before, line in pairwise(lines):
        distance = before.base - line.base
        if line.page == before.page and 0.8 * line.size < distance < 2.5 * line.size:
            distances[round(line.size)][round(2 * distance) / 2] += 1
    return {
        size: counts.most_common(1)[0][0] + 0.25 if counts else 1.3 * size
        for size, counts in distances.items()
    }


def _words(lines: Sequence[Line]) -> frozenset[str]:
    """Return the words of a document, except those that may be cut by a line end."""
    vocabulary: set[str] = set()
    is_cut = False
    for line in lines:
        words = [match[0].casefold() for match in _WORD.finditer(line.text)]
        first = int(is_cut)
        is_cut = line.text[-1] in _HYPHENS
        vocabulary.update(words[first : len(words) - is_cut])
    return frozenset(vocabulary)

"""Lines of a PDF -> paragraphs: hyphens at line ends undone, what interrupts a sentence put after.

A footnote, a note in the margin or a table at the end of a page stands between the two halves of a
sentence; it is read once the paragraph has ended.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import copy
from itertools import pairwise

from qa_bot.datatypes import Mark
from qa_bot.documents.content import Block
from qa_bot.documents.pdf.lines import Line, usual_size

_NEXT = 1.25  # a line this many usual distances below another begins a new paragraph
_SAME_SIZE = 0.12  # share by which the size of type may differ within a paragraph
_INDENT = 0.8  # sizes of type; a line that begins this much further right begins a paragraph
_ITEM = re.compile(r"(?:[•‣▪◦●○■]|\(?\d{1,3}[.)]|\(?[a-z]\))\s")
_ENDED = re.compile(r"[.!?:;…][\"'”’»)\]]*$")
_LONG_WORD = 60  # characters; no further back is a word looked for
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_HYPHENS = "-\u2010\u00ad"
_KEEP_HYPHEN = frozenset(  # behind these, words have hyphens wherever the line ends
    "twenty thirty forty fifty sixty seventy eighty ninety self well half ex".split()
)
_FOOTNOTE = re.compile(r"[⁰¹²³⁴-⁹*∗†‡§]")
_INTERRUPTION = 80  # lines; a sentence does not go on behind more


class Paragraphs:
    """Joins the lines of all pages to paragraphs."""

    def __init__(self, pages: Sequence[Sequence[Line]]) -> None:
        lines = [line for page in pages for line in page]
        self._by_page = {page[0].page: page for page in pages if page}
        self._pitch = _usual_distances(lines)
        self._words = _words(lines)
        self._body = usual_size(lines)
        self._read_in_turn(lines)
        self._text = ""
        self._marks: list[Mark] = []
        self._page = 0

    def _read_in_turn(self, lines: Sequence[Line]) -> None:
        """Part the lines from those that interrupt a sentence; the latter are read after it."""
        self._lines, self._aside = _set_aside(lines, self._body)
        self._edges = list(self._right_edges())

    def blocks(self) -> Iterator[Block]:
        waiting: list[Line] = []
        for at, line in enumerate(self._lines):
            if at and self._begins(at):
                yield from self._finished(waiting)
                waiting = []
            self._add(line)
            waiting += self._aside.get(at, [])
        yield from self._finished(waiting)

    def _finished(self, waiting: Sequence[Line]) -> Iterator[Block]:
        """Yield the paragraph that has ended, and what interrupted it."""
        if self._text:
            yield Block(self._text.replace("\u00ad", ""), tuple(self._marks))
        self._text, self._marks = "", []
        if waiting:
            aside = copy(self)
            aside._marks = []
            aside._read_in_turn(waiting)
            yield from aside.blocks()
            self._page = aside._page

    def _add(self, line: Line) -> None:
        """Add a line to the paragraph, and a mark where it is the first of its page."""
        if self._text and line.is_row:
            if line.page != self._page and self._text.startswith(f"{line.text}\n"):
                return  # the header of a table, again at the top of a page
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
        if at - 1 in self._aside:
            return False
        if before.is_row or line.is_row:
            return not _is_same_table(before, line)
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
        over = (
            it.right
            for it in self._by_page[line.page]
            if it.left < line.right and line.left < it.right and it.looks_like(line, _SAME_SIZE)
        )
        return max(over, default=line.right)

    def _right_edges(self) -> Iterator[float]:
        """Yield for each line how far right the lines of its stack reach."""
        start = 0
        for at in range(1, len(self._lines) + 1):
            if at == len(self._lines) or not self._follows(at):
                edge = max(line.right for line in self._lines[start:at])
                yield from [edge] * (at - start)
                start = at


def _set_aside(lines: Sequence[Line], body: float) -> tuple[list[Line], dict[int, list[Line]]]:
    """Return the lines that text flows through, and what interrupts it by the number before."""
    main: list[Line] = []
    aside: dict[int, list[Line]] = {}
    at = 0
    while at < len(lines):
        main.append(lines[at])
        is_body = abs(lines[at].size - body) <= _SAME_SIZE * body and not lines[at].is_note
        goes_on = _goes_on(lines, at) if is_body or lines[at].is_row else at + 1
        if goes_on > at + 1:
            aside[len(main) - 1] = list(lines[at + 1 : goes_on])
        at = goes_on
    return main, aside


def _goes_on(lines: Sequence[Line], at: int) -> int:
    """Return the number of the line that a line goes on in, past what interrupts a sentence."""
    line = lines[at]
    if not line.is_row and _ENDED.search(line.text):
        return at + 1
    in_note = False
    for number in range(at + 1, min(at + 1 + _INTERRUPTION, len(lines))):
        other = lines[number]
        in_note = other.page == line.page and (
            in_note or (_FOOTNOTE.match(other.text) is not None and other.base < line.base)
        )
        if other.page > line.page + 1:
            break
        if line.is_row:
            if other.page != line.page:
                return number if _is_same_table(line, other) else at + 1
            if other.is_row or not other.size < line.size:
                break
        elif other.looks_like(line, _SAME_SIZE) and not other.is_row and not in_note:
            unfinished = other.text[0].islower() or line.text[-1] in _HYPHENS
            return number if unfinished else at + 1
    return at + 1


def _is_same_table(before: Line, line: Line) -> bool:
    """Whether two lines are rows of one table, which may go on on another page."""
    return before.is_row and line.is_row and before.text.count(" | ") == line.text.count(" | ")


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

"""The lines of a PDF page, where they stand, and which of them run along every page."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from qa_bot.documents.pdf.forms import fill_in
from qa_bot.documents.pdf.layout import lay_out
from qa_bot.documents.pdf.letters import LEVEL, Run, read_runs
from qa_bot.documents.pdf.rules import read_rules
from qa_bot.documents.pdf.scripts import join_scripts

_EDGE = 0.13  # share of a page's height, at its top and bottom, where headers and footers stand
_EDGE_LINES = 6  # no more lines than these, at either edge, are headers or footers
_AROUND = 4  # pages on either side that a header is looked for on
_SHARE = 1 / 3  # of these pages, at least two, that must have it: left and right ones may differ
_SAME_HEIGHT = 3.0  # points that the same header may stand higher on another page

_NUMBER = re.compile(r"(?<!\d)\d{1,6}(?!\d)")
_ROMAN = re.compile(r"(?i)[\W_]*[ivxlc]{1,7}[\W_]*")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; lengths are in points, counted from the left and from the bottom."""

    text: str
    page: int  # counted from 1
    left: float
    right: float
    base: float  # where its letters stand
    size: float  # of its type
    angle: float  # of its letters, in radians
    share: float  # of its page's height that is below it
    is_note: bool = False  # whether it stands in the margin, beside text

    @property
    def is_row(self) -> bool:
        """Whether it is a row of a table."""
        return self.text.startswith("| ")

    def looks_like(self, other: "Line", tolerance: float) -> bool:
        """Whether another line has the same direction and place and about the same size."""
        if self.is_note != other.is_note:
            return False
        alike = abs(self.size - other.size) <= tolerance * max(self.size, other.size)
        return alike and abs(self.angle - other.angle) < LEVEL


@dataclass(frozen=True, slots=True)
class Page:
    """What is read of a page, and what is not."""

    lines: tuple[Line, ...]
    is_picture: bool = False  # whether something is drawn on it but no text
    unread_fields: int = 0  # form fields with something in them that is not read


def read_page(pdf: Any, number: int) -> Page:
    """Read a page, counted from 0: its lines in the order they are read.

    A row of a table is a line of its own: ``| one | two |``.
    """
    from pypdfium2 import raw

    with closing(pdf[number]) as page, closing(page.get_textpage()) as letters:
        shown = page.get_cropbox()
        seen = [run for run in read_runs(letters) if _is_on(run, shown)]
        runs, unread = fill_in(join_scripts(seen), page, pdf.formenv)
        laid_out = lay_out(runs, lambda: read_rules(page))
        box = page.get_mediabox()
        lines = tuple(_line(run, number + 1, box) for run in laid_out)
        is_blank = raw.FPDFPage_CountObjects(page) == 0
        return Page(lines, is_picture=not (lines or is_blank), unread_fields=unread)


def _line(run: Run, page: int, box: Sequence[float]) -> Line:
    share = _share_below(run, box)
    return Line(
        run.text, page, run.left, run.right, run.base, run.size, run.angle, share, run.is_note
    )


def _is_on(run: Run, box: Sequence[float]) -> bool:
    """Whether a run is on the part of the page that is shown, its box given."""
    left, bottom, right, top = box
    cos, sin = math.cos(run.angle), math.sin(run.angle)
    ends = [(x * cos - run.base * sin, x * sin + run.base * cos) for x in (run.left, run.right)]
    return any(left <= x <= right and bottom <= y <= top for x, y in ends)


def _share_below(run: Run, box: Sequence[float]) -> float:
    """Return the share of a page, its box given, that is below a run, as its line lies level."""
    left, bottom, right, top = box
    cos, sin = math.cos(run.angle), math.sin(run.angle)
    heights = [y * cos - x * sin for x in (left, right) for y in (bottom, top)]
    height = max(heights) - min(heights)
    return (run.base - min(heights)) / height if height else 0.5


def without_running(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Leave out headers, footers and page numbers: what stands at the edges of most pages around.

    They say the same at the same height, but for a number that counts with the pages, or have
    such a number at an end.
    """
    body = usual_size([line for page in pages for line in page])
    edges = [_edge_lines(page, body) for page in pages]
    running = [
        {line for line in page if _is_running(line, edges[max(0, at - _AROUND) : at + _AROUND + 1])}
        for at, page in enumerate(edges)
    ]
    left = [
        [line for line in page if line not in gone]
        for page, gone in zip(pages, running, strict=True)
    ]
    return left if any(left) else [list(page) for page in pages]


def _edge_lines(page: Sequence[Line], body: float) -> list[Line]:
    """Return the lines that stand where headers and footers do, in no larger type than the text."""
    ordered = sorted(page, key=lambda line: line.base)
    return [
        line
        for line in {*ordered[:_EDGE_LINES], *ordered[-_EDGE_LINES:]}
        if not _EDGE < line.share < 1 - _EDGE and line.size < 1.15 * body
    ]


def _is_running(line: Line, around: Sequence[Sequence[Line]]) -> bool:
    pages = sum(any(_repeats(line, other) for other in page) for page in around)
    return pages >= max(2, _SHARE * len(around))


def _repeats(line: Line, other: Line) -> bool:
    """Whether two lines have the page's number at an end, or say the same at the same height."""
    if _offsets(line) & _offsets(other):
        return True
    return abs(line.base - other.base) < _SAME_HEIGHT and not _keys(line).isdisjoint(_keys(other))


def _offsets(line: Line) -> set[int]:
    """Return how far the numbers at the ends of a line are from the number of its page."""
    words = line.text.strip("| ").split()
    return {int(word) - line.page for word in words[:1] + words[-1:] if _NUMBER.fullmatch(word)}


def _keys(line: Line) -> set[str]:
    """Return the words of a line, and again with each number as its distance from the page's."""
    text = " ".join(line.text.casefold().split())
    numbers = (
        f"{text[: it.start()]}<{int(it[0]) - line.page}>{text[it.end() :]}"
        for it in _NUMBER.finditer(text)
    )
    return {"<roman>" if _ROMAN.fullmatch(text) else text, *numbers}


def usual_size(lines: Sequence[Line]) -> float:
    """Return the size of the type that most letters are in."""
    letters: Counter[int] = Counter()
    for line in lines:
        letters[round(line.size)] += len(line.text)
    return letters.most_common(1)[0][0] if letters else 0.0

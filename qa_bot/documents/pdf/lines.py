"""Read the lines of PDF pages with their positions, and remove headers and footers."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from qa_bot.documents.pdf.forms import fill_in
from qa_bot.documents.pdf.layout import lay_out
from qa_bot.documents.pdf.letters import MAX_SKEW, Run, read_runs
from qa_bot.documents.pdf.rules import read_rules
from qa_bot.documents.pdf.scripts import join_scripts

_EDGE = 0.13  # share of a page's height at its top and bottom where headers and footers stand
_EDGE_LINES = 6  # lines at either edge that may be headers or footers
_PAGES_AROUND = 4  # pages on either side that are searched for the same header
_MIN_REPEATS = 1 / 3  # share of these pages that must have it; left and right pages may differ
_SAME_HEIGHT = 3.0  # points by which the height of a header may differ between pages

_NUMBER = re.compile(r"(?<!\d)\d{1,6}(?!\d)")
_ROMAN = re.compile(r"(?i)[\W_]*[ivxlc]{1,7}[\W_]*")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; positions are in points from the left and from the bottom of the page.

    They refer to the page turned so that the line is horizontal.
    """

    text: str
    page: int  # counted from 1
    left: float
    right: float
    base: float  # height of the baseline
    size: float  # of the type
    angle: float  # of the letters, in radians
    height: float  # of the baseline, as a share of the page's height
    is_note: bool = False  # whether it stands in the margin, beside text

    @property
    def is_row(self) -> bool:
        """Whether the line is a row of a table."""
        return self.text.startswith("| ")

    def looks_like(self, other: "Line", tolerance: float) -> bool:
        """Whether a line has the same direction and about the same size, and both are notes or not.

        ``tolerance`` is the share by which the sizes may differ.
        """
        if self.is_note != other.is_note:
            return False
        same_size = abs(self.size - other.size) <= tolerance * max(self.size, other.size)
        return same_size and abs(self.angle - other.angle) < MAX_SKEW


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of a page, and what was not read."""

    lines: tuple[Line, ...]
    is_picture: bool = False  # whether the page has drawings or pictures but no text
    unread_fields: int = 0  # form fields whose values were not read


def read_page(pdf: Any, number: int) -> Page:
    """Read a page, counted from 0: its lines in reading order.

    A row of a table is a line of its own: ``| one | two |``.
    """
    from pypdfium2 import raw

    with closing(pdf[number]) as page, closing(page.get_textpage()) as text_page:
        crop_box = page.get_cropbox()
        visible = [run for run in read_runs(text_page) if _is_inside(run, crop_box)]
        runs, unread = fill_in(join_scripts(visible), page, pdf.formenv)
        ordered = lay_out(runs, lambda: read_rules(page))
        box = page.get_mediabox()
        lines = tuple(_line(run, number + 1, box) for run in ordered)
        is_blank = raw.FPDFPage_CountObjects(page) == 0
        return Page(lines, is_picture=not (lines or is_blank), unread_fields=unread)


def _line(run: Run, page: int, box: Sequence[float]) -> Line:
    height = _relative_height(run, box)
    return Line(
        run.text, page, run.left, run.right, run.base, run.size, run.angle, height, run.is_note
    )


def _is_inside(run: Run, box: Sequence[float]) -> bool:
    """Whether at least one end of a run is inside a box of the page."""
    left, bottom, right, top = box
    cos, sin = math.cos(run.angle), math.sin(run.angle)
    ends = [(x * cos - run.base * sin, x * sin + run.base * cos) for x in (run.left, run.right)]
    return any(left <= x <= right and bottom <= y <= top for x, y in ends)


def _relative_height(run: Run, box: Sequence[float]) -> float:
    """Return the height of a run's baseline in a box of the page, from 0 to 1."""
    left, bottom, right, top = box
    cos, sin = math.cos(run.angle), math.sin(run.angle)
    heights = [y * cos - x * sin for x in (left, right) for y in (bottom, top)]
    height = max(heights) - min(heights)
    return (run.base - min(heights)) / height if height else 0.5


def without_running_lines(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Remove headers, footers and page numbers: lines that repeat at the edges of nearby pages.

    They have the same text at the same height, except for a number that counts with the pages, or
    they begin or end with such a number. A row is also removed if each of its cells is such a line.
    """
    body_size = usual_size([line for page in pages for line in page])
    edges = [_edge_lines(page, body_size) for page in pages]
    texts = [[text for line in page for text in (line, *_cells_as_lines(line))] for page in edges]
    running = []
    for number, page in enumerate(edges):
        nearby = texts[max(0, number - _PAGES_AROUND) : number + _PAGES_AROUND + 1]
        running.append({line for line in page if _is_running(line, nearby)})
    remaining = [
        [line for line in page if line not in removed]
        for page, removed in zip(pages, running, strict=True)
    ]
    return remaining if any(remaining) else [list(page) for page in pages]


def _edge_lines(page: Sequence[Line], body_size: float) -> list[Line]:
    """Return the lines at the top and the bottom of a page, in type no larger than the body."""
    ordered = sorted(page, key=lambda line: line.base)
    return [
        line
        for line in {*ordered[:_EDGE_LINES], *ordered[-_EDGE_LINES:]}
        if not _EDGE < line.height < 1 - _EDGE and line.size < 1.15 * body_size
    ]


def _cells_as_lines(line: Line) -> list[Line]:
    """Return the cells of a row that have text, each as a line; nothing for another line."""
    texts = line.text.strip("| ").split(" | ") if line.is_row else []
    return [replace(line, text=text.strip()) for text in texts if text.strip()]


def _is_running(line: Line, nearby: Sequence[Sequence[Line]]) -> bool:
    """Whether a line, or each cell of a row, repeats on enough of the pages nearby."""
    cells = _cells_as_lines(line)
    is_row = bool(cells) and all(_is_frequent(cell, nearby) for cell in cells)
    return is_row or _is_frequent(line, nearby)


def _is_frequent(line: Line, nearby: Sequence[Sequence[Line]]) -> bool:
    pages = sum(any(_repeats(line, other) for other in page) for page in nearby)
    return pages >= max(2, _MIN_REPEATS * len(nearby))


def _repeats(line: Line, other: Line) -> bool:
    """Whether two lines have page numbers at an end, or the same text at the same height."""
    if _page_offsets(line) & _page_offsets(other):
        return True
    same_height = abs(line.base - other.base) < _SAME_HEIGHT
    return same_height and not _patterns(line).isdisjoint(_patterns(other))


def _page_offsets(line: Line) -> set[int]:
    """Return the differences of the numbers at the ends of a line to the number of its page."""
    words = line.text.strip("| ").split()
    return {int(word) - line.page for word in words[:1] + words[-1:] if _NUMBER.fullmatch(word)}


def _patterns(line: Line) -> set[str]:
    """Return the text of a line, and its text with each number as the difference to the page's."""
    text = " ".join(line.text.casefold().split())
    numbered = (
        f"{text[: number.start()]}<{int(number[0]) - line.page}>{text[number.end() :]}"
        for number in _NUMBER.finditer(text)
    )
    return {"<roman>" if _ROMAN.fullmatch(text) else text, *numbered}


def usual_size(lines: Sequence[Line]) -> float:
    """Return the type size of most letters, in points, or 0 without lines."""
    letters: Counter[int] = Counter()
    for line in lines:
        letters[round(line.size)] += len(line.text)
    return letters.most_common(1)[0][0] if letters else 0.0

"""Runs of letters -> pieces: what stands at one height, without the gaps between columns."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile
from math import inf
from statistics import median
from typing import NamedTuple

from qa_bot.documents.pdf.bidi import has_rtl, logical_text
from qa_bot.documents.pdf.letters import CELL_GAP, SAME_LINE, Run, clean

Row = list[Run]

_SURE_GAP = 2.5  # sizes of type; a wider gap needs nothing above or below it to be one
_WORD_GAP = 0.15  # sizes of type; a wider gap is a space
_FREE = 0.6  # sizes of type; how wide the part of a gap must be that goes on in other rows
_NEAR = 3.0  # sizes of type; a row further away does not tell of a gap
_MARGIN = 3  # rows that end where the gap before a note in the margin begins,
_RAGGED = 5  # give or take this many times the width that it must have
_EXACT = 0.5  # points by which cells may begin apart that are as near as words
_ALIGNED = 2.0  # points by which cells of a column may be out of line
_ALIGNED_GAP = 1.2  # sizes of type; a gap before cells that are in line
_AROUND = 4  # rows above and below a gap that may go on with it
_SPACED = 0.2  # sizes of type; letters with wider gaps between them are set apart
_SPACED_WORDS = 4.5  # such gaps between letters; one between words is no wider
_MARKER = re.compile(
    r"[•‣▪◦●○■–*-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxlc]{1,5})[.)]|[⁰¹²³⁴-⁹]{1,3}|[*∗†‡§]"
)
_SECTION = re.compile(r"\d{1,2}(?:\.\d{1,2}){0,3}|[IVX]{1,5}")
_SECTION_GAP = 1.3  # sizes of type between the number of a section and its heading
_MARKER_GAP = 5.0  # sizes of type between the marker of a list item and its text


def make_rows(runs: Sequence[Run]) -> list[Row]:
    """Return the rows of runs of one direction, from top to bottom; each is cut at its gaps."""
    rows = [_joined(row) for row in _by_height(runs)]
    confirmed = [_without_false_gaps(rows, at) for at in range(len(rows))]
    return [[_cleaned(piece) for piece in row] for row in confirmed]


def _by_height(runs: Sequence[Run]) -> list[Row]:
    rows: list[Row] = []
    for run in sorted(runs, key=lambda run: -run.base):
        # The height of a row is that of its longest run: an accent may stand above it.
        longest = max(rows[-1], key=lambda other: len(other.text)) if rows else run
        if rows and longest.base - run.base <= SAME_LINE * min(longest.size, run.size):
            rows[-1].append(run)
        else:
            rows.append([run])
    return rows


def _joined(row: Row) -> Row:
    """Return the runs of a row from left to right, joined where no wide gap is between them."""
    pieces: Row = []
    for run in sorted(row, key=lambda run: run.left):
        last = pieces[-1] if pieces else None
        if last is None or not _goes_on(last, run):
            pieces.append(run)
        elif not (run.right <= last.right + 0.1 * run.size and run.text.strip() in last.text):
            join(last, run)  # what is drawn twice for bold type is left out
    return pieces


def _goes_on(last: Run, run: Run) -> bool:
    gap, size = run.left - last.right, max(last.size, run.size)
    if gap <= CELL_GAP * size:
        return True
    if _MARKER.fullmatch(clean(last.text)):
        return gap <= _MARKER_GAP * size
    if _SECTION.fullmatch(clean(last.text)) and run.text[:1].isalpha():
        return gap <= _SECTION_GAP * size
    spacing = min(_spacing(last), _spacing(run))
    return spacing > _SPACED * size and gap <= _SPACED_WORDS * spacing


def join(last: Run, run: Run) -> None:
    """Add a run to the one on its left."""
    gap = run.left - last.right
    blank = " " if gap > _WORD_GAP * run.size and not last.text.endswith(" ") else ""
    last.text += blank + run.text
    last.letters += run.letters
    if len(run.text) > len(last.text) / 2:
        last.size, last.base = run.size, run.base
    last.right = max(last.right, run.right)


def _spacing(run: Run) -> float:
    """Return the usual gap between the letters of a run, in points."""
    inked = [letter for letter in run.letters if not letter.text.isspace()]
    gaps = [after.left - before.right for before, after in pairwise(inked)]
    return median(gaps) if len(gaps) > 1 else 0.0


def _without_false_gaps(rows: Sequence[Row], at: int) -> Row:
    """Return a row with its narrower gaps closed, but for those that go on above or below."""
    row = rows[at]
    pieces = row[:1]
    above = _near([row, *rows[max(0, at - _AROUND) : at][::-1]])
    below = _near([row, *rows[at + 1 : at + 1 + _AROUND]])
    for before, piece in pairwise(row):
        size = max(before.size, piece.size)
        width = (piece.left - before.right) / size
        gap = _Gap(before.right, piece.left, _FREE * size)
        sure = width > _SURE_GAP or _lines_up(piece, [*above[:1], *below[:1]], width)
        if sure or gap.goes_on(above, below):
            pieces.append(piece)
        else:
            pieces[-1] = _copy(pieces[-1])
            join(pieces[-1], piece)
    return pieces


def _near(rows: Sequence[Row]) -> list[Row]:
    """Return the rows behind the first one, as far as each is near the one before it."""
    pairs = pairwise(rows)
    near = takewhile(lambda pair: _distance(*pair) <= _NEAR * pair[0][0].size, pairs)
    return [row for _, row in near]


def _distance(one: Row, other: Row) -> float:
    return abs(one[0].base - other[0].base)


def _copy(run: Run) -> Run:
    return Run(run.text, run.left, run.right, run.base, run.size, run.angle, run.letters)


class _Gap(NamedTuple):
    """A gap in a row, and how wide the part of it must be that another row has."""

    left: float
    right: float
    width: float

    def goes_on(self, above: Sequence[Row], below: Sequence[Row]) -> bool:
        """Whether two rows next to its own have it too, between their pieces or beside them.

        It is enough that two begin exactly where the gap ends or, beside a note in the right
        margin, that lines end about where it begins.
        """
        sides = [list(takewhile(self._is_free, rows)) for rows in (above, below)]
        free = [*sides[0], *sides[1]]
        edges = (max((it.right for it in row if it.right < self.right), default=0) for row in free)
        ends = [edge for edge in edges if 0 < edge <= self.right - self.width]
        right = sum(any(it.left >= self.left + self.width for it in row) for row in free)
        begin = sum(any(abs(it.left - self.right) < _EXACT for it in row) for row in free)
        beside = sum(abs(end - self.left) < _RAGGED * self.width for end in ends)
        is_margin = all(side or not rows for side, rows in zip(sides, (above, below), strict=True))
        return (len(ends) > 1 and right > 1) or begin > 1 or (is_margin and beside >= _MARGIN)

    def _is_free(self, row: Row) -> bool:
        """Whether no piece of a row goes over the gap."""
        inner = max((it.right for it in row if it.left < self.left + self.width), default=-inf)
        outer = min((it.left for it in row if it.left >= self.left + self.width), default=inf)
        return min(self.right, outer) - max(self.left, inner) >= self.width


def _lines_up(piece: Run, rows: Sequence[Row], gap: float) -> bool:
    """Whether a piece behind a gap is in line with one behind a gap in another row."""
    return gap > _ALIGNED_GAP and any(
        other.left - before.right > _ALIGNED_GAP * other.size
        and min(abs(piece.left - other.left), abs(piece.right - other.right)) < _ALIGNED
        for row in rows
        for before, other in pairwise(row)
    )


def _cleaned(piece: Run) -> Run:
    text = logical_text(piece.letters) if has_rtl(piece.text) else _unspaced(piece)
    result = _copy(piece)
    result.text = clean(text)
    return result


def _unspaced(piece: Run) -> str:
    """Return the text of a piece; letters set apart by spaces ("F A I R") are words again."""
    words = piece.text.split()
    singles = sum(len(word) == 1 for word in words)
    if singles < 5 or singles < 0.8 * len(words) or not all(map(str.isalpha, words)):
        return piece.text
    return "".join(_respaced(piece))


def _respaced(piece: Run) -> Iterator[str]:
    inked = [letter for letter in piece.letters if not letter.text.isspace()]
    usual = _spacing(piece)
    yield inked[0].text
    for before, letter in pairwise(inked):
        apart = letter.left - before.right > 1.5 * usual + 0.05 * piece.size
        yield f" {letter.text}" if apart else letter.text

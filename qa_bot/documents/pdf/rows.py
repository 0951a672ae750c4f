"""Group runs of letters into rows at one height, cut into pieces at the gaps between columns."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile
from math import inf
from statistics import median
from typing import NamedTuple

from qa_bot.documents.pdf.bidi import has_rtl, logical_text
from qa_bot.documents.pdf.letters import CELL_GAP, SAME_LINE, Run, clean, cut

Row = list[Run]  # its pieces, from left to right

# Gaps and distances are times the type size, unless they are in points.
_SURE_GAP = 2.5  # a wider gap separates columns whatever is above or below it
_WORD_GAP = 0.15  # a wider gap is a space
_MIN_CELL_GAP = 0.4  # a narrower gap never separates columns
_MIN_SHARED_GAP = 0.6  # width of a gap that must be free in other rows too
_NEAR = 3.0  # distance of rows that can confirm a gap
_MARGIN_ROWS = 3  # rows that must end near the start of a gap before a note in the margin
_RAGGED = 5  # they may end this many times the least width of the gap away from it
_EXACT = 0.5  # points; cells that close together as words must begin within this distance
ALIGNED = 2.0  # points; cells of one column begin or end within this distance
_ALIGNED_GAP = 1.2  # a wider gap before aligned cells separates columns
_WIDEST_GAP = 8.0  # between words of a justified line
_EQUAL_GAPS = 1.4  # the widest gap of a justified line is at most this many times its narrowest
_ROWS_AROUND = 6  # rows above and below a gap that may confirm it
_LETTER_SPACING = 0.2  # letters with wider gaps between them are letter-spaced
_SPACED_WORDS = 4.5  # times the gap between letters: the widest gap between letter-spaced words
_MARKER = re.compile(
    r"[•‣▪◦●○■–*-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxlc]{1,5})[.)]|[⁰¹²³⁴-⁹]{1,3}|[*∗†‡§]"
)
_SECTION = re.compile(r"\d{1,2}(?:\.\d{1,2}){0,3}|[IVX]{1,5}")
_SECTION_GAP = 1.3  # the widest gap between the number of a section and its heading
_MARKER_GAP = 5.0  # the widest gap between the marker of a list item and its text


def make_rows(runs: Sequence[Run]) -> list[Row]:
    """Return runs of one direction as rows, from top to bottom, each cut at its gaps."""
    joined = _join_stretched([_join_row(row) for row in _by_height(runs)])
    rows = [_cut_cells(joined, index) for index in range(len(joined))]
    confirmed = [_close_false_gaps(rows, index) for index in range(len(rows))]
    return [[_clean_piece(piece) for piece in row] for row in confirmed]


def _by_height(runs: Sequence[Run]) -> list[Row]:
    rows: list[Row] = []
    for run in sorted(runs, key=lambda run: -run.base):
        # A row is at the height of its longest run, since an accent may stand above it.
        longest = max(rows[-1], key=lambda other: len(other.text)) if rows else run
        if rows and longest.base - run.base <= SAME_LINE * min(longest.size, run.size):
            rows[-1].append(run)
        else:
            rows.append([run])
    return rows


def _join_row(row: Row) -> Row:
    """Return the runs of a row from left to right, joined unless a wide gap is between them."""
    pieces: Row = []
    for run in sorted(row, key=lambda run: run.left):
        last = pieces[-1] if pieces else None
        if last is None or not _is_same_piece(last, run, is_first=len(pieces) == 1):
            pieces.append(_copy(run))
        elif not (run.right <= last.right + 0.1 * run.size and run.text.strip() in last.text):
            join(last, run)  # text drawn a second time to look bold is left out
    return pieces


def _is_same_piece(last: Run, run: Run, is_first: bool) -> bool:
    """Whether a run is in the same piece as the last one, which may be the first of its row."""
    gap, size = run.left - last.right, max(last.size, run.size)
    if gap <= CELL_GAP * size:
        return True
    if _MARKER.fullmatch(clean(last.text)):
        return gap <= _MARKER_GAP * size
    if is_first and _SECTION.fullmatch(clean(last.text)) and run.text[:1].isalpha():
        return gap <= _SECTION_GAP * size
    spacing = min(_spacing(last), _spacing(run))
    return spacing > _LETTER_SPACING * size and gap <= _SPACED_WORDS * spacing


def join(last: Run, run: Run) -> None:
    """Append a run to the one on its left."""
    gap = run.left - last.right
    space = " " if gap > _WORD_GAP * run.size and not last.text.endswith(" ") else ""
    last.text += space + run.text
    last.letters += run.letters
    if len(run.text) > len(last.text) / 2:
        last.size, last.base = run.size, run.base
    last.right = max(last.right, run.right)


def _gaps(run: Run) -> list[tuple[float, float]]:
    """Return the width of each gap between letters of a run and where it ends, in points."""
    visible = [letter for letter in run.letters if not letter.text.isspace()]
    return [(after.left - before.right, after.left) for before, after in pairwise(visible)]


def _word_gaps(run: Run) -> list[tuple[float, float]]:
    """Return the gaps between words among those between letters."""
    return [(gap, left) for gap, left in _gaps(run) if gap > _WORD_GAP * run.size]


def _spacing(run: Run) -> float:
    """Return the usual gap between the letters of a run, in points."""
    gaps = [gap for gap, _ in _gaps(run)]
    return median(gaps) if len(gaps) > 1 else 0.0


def _cut_cells(rows: Sequence[Row], index: int) -> Row:
    """Return a row with its pieces cut at narrow gaps where pieces of two near rows begin.

    Lines with equal gaps are not cut: they are justified.
    """
    begins = [piece.left for side in _around(rows, index) for row in side for piece in row[1:]]
    pieces: Row = []
    for piece in rows[index]:
        pieces.append(piece)
        gaps = _word_gaps(piece)
        narrowest = min(gap for gap, _ in gaps) if len(gaps) > 1 else 0.0
        least = max(_MIN_CELL_GAP * piece.size, _EQUAL_GAPS * narrowest)
        for gap, left in gaps:
            if gap > least and sum(abs(left - begin) < _EXACT for begin in begins) > 1:
                pieces[-1:] = cut(pieces[-1], left - _EXACT)
    return pieces


def _close_false_gaps(rows: Sequence[Row], index: int) -> Row:
    """Return a row with its pieces joined, except at wide gaps and those other rows confirm."""
    row = rows[index]
    pieces = row[:1]
    above, below = _around(rows, index)
    for before, piece in pairwise(row):
        size = max(before.size, piece.size)
        width = (piece.left - before.right) / size
        gap = _Gap(before.right, piece.left, min(_MIN_SHARED_GAP, width) * size)
        is_sure = width > _SURE_GAP or _is_aligned(piece, [*above[:1], *below[:1]], width)
        if is_sure or gap.is_confirmed(above, below):
            pieces.append(piece)
        else:
            pieces[-1] = _copy(pieces[-1])
            join(pieces[-1], piece)
    return pieces


def _join_stretched(rows: Sequence[Row]) -> list[Row]:
    """Return rows with the pieces of stretched lines joined.

    One such line may show the next, below it or above it.
    """
    result = list(rows)
    for index in (*range(len(result)), *reversed(range(len(result)))):
        row = result[index]
        if len(row) > 1 and _is_stretched(row, *_around(result, index)):
            result[index] = [_merged(row)]
    return result


def _is_stretched(row: Row, above: Sequence[Row], below: Sequence[Row]) -> bool:
    """Whether a row is a line of words, set to the width of a line near it by equal gaps.

    After the only gap of a row there must be a word that is aligned with nothing near.
    """
    gaps = [gap for piece in row for gap, _ in _word_gaps(piece)]
    gaps += [after.left - before.right for before, after in pairwise(row)]
    if not gaps or not any(_is_as_wide(other, row) for other in (*above, *below)):
        return False
    if len(gaps) > 1:
        return max(gaps) < min(_WIDEST_GAP * row[0].size, _EQUAL_GAPS * min(gaps))
    begins = [piece.left for other in (*above, *below) for piece in other[1:]]
    is_aligned = any(abs(row[-1].left - begin) < _EXACT for begin in begins)
    return row[-1].text[0].isalpha() and not is_aligned


def _merged(row: Row) -> Run:
    """Return the pieces of a row as one."""
    piece = _copy(row[0])
    for other in row[1:]:
        join(piece, other)
    return piece


def _is_as_wide(other: Row, row: Row) -> bool:
    """Whether another row is one piece with the edges of a row."""
    left, right = other[0].left - row[0].left, other[0].right - row[-1].right
    return len(other) == 1 and max(abs(left), abs(right)) < ALIGNED


def _around(rows: Sequence[Row], index: int) -> tuple[list[Row], list[Row]]:
    """Return the rows near above a row, and those near below it, nearest first."""
    above = rows[max(0, index - _ROWS_AROUND) : index + 1][::-1]
    return _near(above), _near(rows[index : index + 1 + _ROWS_AROUND])


def _near(rows: Sequence[Row]) -> list[Row]:
    """Return the rows after the first one, up to one that is far from the row before it."""
    pairs = pairwise(rows)
    near = takewhile(lambda pair: _distance(*pair) <= _NEAR * pair[0][0].size, pairs)
    return [row for _, row in near]


def _distance(row: Row, other: Row) -> float:
    return abs(row[0].base - other[0].base)


def _copy(run: Run) -> Run:
    return Run(run.text, run.left, run.right, run.base, run.size, run.angle, run.letters)


class _Gap(NamedTuple):
    """A gap in a row, in points, and the least width of it that must be free in other rows."""

    left: float
    right: float
    min_width: float

    def is_confirmed(self, above: Sequence[Row], below: Sequence[Row]) -> bool:
        """Whether neighbouring rows have the gap too.

        Two must have pieces on both sides of it, or two must begin exactly where it ends, or, for a
        note in the right margin, three must end near its start.
        """
        sides = [list(takewhile(self._is_free, rows)) for rows in (above, below)]
        free = [*sides[0], *sides[1]]
        last_ends = (
            max((piece.right for piece in row if piece.right < self.right), default=0)
            for row in free
        )
        ends = [end for end in last_ends if 0 < end <= self.right - self.min_width]
        right = sum(any(piece.left >= self._min_right for piece in row) for row in free)
        begin = sum(
            any(abs(piece.left - self.right) < _EXACT for piece in row) for row in (*above, *below)
        )
        near_start = sum(abs(end - self.left) < _RAGGED * self.min_width for end in ends)
        is_margin = all(side or not rows for side, rows in zip(sides, (above, below), strict=True))
        has_both_sides = len(ends) > 1 and right > 1
        return has_both_sides or begin > 1 or (is_margin and near_start >= _MARGIN_ROWS)

    @property
    def _min_right(self) -> float:
        return self.left + self.min_width

    def _is_free(self, row: Row) -> bool:
        """Whether no piece of a row crosses the gap."""
        left = max((piece.right for piece in row if piece.left < self._min_right), default=-inf)
        right = min((piece.left for piece in row if piece.left >= self._min_right), default=inf)
        return min(self.right, right) - max(self.left, left) >= self.min_width


def _is_aligned(piece: Run, rows: Sequence[Row], gap: float) -> bool:
    """Whether a piece after a gap is aligned with a piece after a gap in another row."""
    return gap > _ALIGNED_GAP and any(
        other.left - before.right > _ALIGNED_GAP * other.size
        and min(abs(piece.left - other.left), abs(piece.right - other.right)) < ALIGNED
        for row in rows
        for before, other in pairwise(row)
    )


def _clean_piece(piece: Run) -> Run:
    text = logical_text(piece.letters) if has_rtl(piece.text) else _unspaced_text(piece)
    result = _copy(piece)
    result.text = clean(text)
    return result


def _unspaced_text(piece: Run) -> str:
    """Return the text of a piece, with letter-spaced words ("F A I R") put together again."""
    words = piece.text.split()
    single_letters = sum(len(word) == 1 for word in words)
    if single_letters < 5 or single_letters < 0.8 * len(words):
        return piece.text
    return "".join(_respace(piece)) if all(map(str.isalpha, words)) else piece.text


def _respace(piece: Run) -> Iterator[str]:
    """Yield the letters of a piece, with a space before those that follow a wide gap."""
    visible = [letter for letter in piece.letters if not letter.text.isspace()]
    usual_gap = _spacing(piece)
    yield visible[0].text
    for before, letter in pairwise(visible):
        begins_word = letter.left - before.right > 1.5 * usual_gap + 0.05 * piece.size
        yield f" {letter.text}" if begins_word else letter.text

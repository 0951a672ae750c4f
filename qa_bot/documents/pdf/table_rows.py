"""Find the rows of a table: which lines of text make one row, and the text of its cells."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from qa_bot.documents.pdf.letters import MAX_SKEW, Run
from qa_bot.documents.pdf.rows import Row

NEXT_LINE = 1.7  # times the type size; the next line of a cell is at most this far below
SAME_ROW = 0.9  # times the type size; lines closer than this are in one row

_TIGHT = 0.85  # times the usual distance of rows; lines closer than this are in one row
_MIN_RULED = 0.5  # share of the full lines that must have a rule between them for rules to count


class Rule(NamedTuple):
    """A horizontal line drawn on a page; in points, with the text turned horizontal."""

    left: float
    right: float
    height: float
    angle: float  # of the text, in radians


class Column(NamedTuple):
    """The horizontal extent of a column, in points."""

    left: float
    right: float

    def overlap(self, piece: "Run | Column") -> float:
        """Return the width of the overlap in points; negative for the distance between them."""
        return min(self.right, piece.right) - max(self.left, piece.left)


def table_lines(
    lines: Sequence[Row], columns: Sequence[Column], rules: Callable[[], Sequence[Rule]]
) -> list[Run]:
    """Return a line for each row of a table."""
    rows: list[list[Row]] = []
    starts = [True, *_row_starts(lines, columns, rules)]
    for line, is_start in zip(lines, starts, strict=True):
        if is_start:
            rows.append([line])
        else:
            rows[-1].append(line)
    runs = [_row_line(row, columns) for row in rows]
    last = [piece for line in rows[-1] for piece in line]
    # A single piece below the first column is a line after the table, not its last row.
    is_outside = len(last) == 1 < len(rows) and column_of(last[0], columns) == columns[0]
    return [*runs[:-1], last[0]] if is_outside else runs


def _row_line(lines: Sequence[Row], columns: Sequence[Column]) -> Run:
    """Return the lines of a row as one: ``| one | two |``."""
    pieces = [piece for line in lines for piece in line]
    cells = ["" for _ in columns]
    for piece in pieces:
        index = columns.index(column_of(piece, columns))
        cells[index] = _append_line(cells[index], piece.text)
    left, right = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
    first = pieces[0]
    return Run(f"| {' | '.join(cells)} |", left, right, first.base, first.size, first.angle)


def _append_line(cell: str, text: str) -> str:
    if len(cell) > 1 and cell[-1] in "-\u00ad\u2010" and cell[-2].isalpha() and text[0].islower():
        return cell[:-1] + text
    return f"{cell} {text}" if cell else text


def _row_starts(
    lines: Sequence[Row], columns: Sequence[Column], rules: Callable[[], Sequence[Rule]]
) -> list[bool]:
    """Return for each line of a table except the first whether it begins a row."""
    is_full = [len(line) > 1 and column_of(line[0], columns) == columns[0] for line in lines]
    gaps = [upper[0].base - lower[0].base for upper, lower in pairwise(lines)]
    if all(is_full):
        return [gap >= SAME_ROW * line[0].size for gap, line in zip(gaps, lines, strict=False)]
    is_ruled = _rules_above(lines, columns, rules())
    both_full = list(map(all, pairwise(is_full)))
    if sum(map(all, zip(both_full, is_ruled, strict=True))) >= max(2, _MIN_RULED * sum(both_full)):
        return is_ruled
    full_gaps = [gap for gap, is_both in zip(gaps, both_full, strict=True) if is_both]
    usual_gap = median(full_gaps) if full_gaps else 0.0
    return [_is_start(lines, is_full, gaps, index, usual_gap) for index in range(1, len(lines))]


def _is_start(
    lines: Sequence[Row],
    is_full: Sequence[bool],
    gaps: Sequence[float],
    index: int,
    usual_gap: float,
) -> bool:
    """Whether a line begins a row, by the gaps above and below it and the cells that it fills."""
    gap, size = gaps[index - 1], lines[index][0].size
    if gap < SAME_ROW * size or (usual_gap and gap < _TIGHT * usual_gap):
        return False
    # A line nearer to the line below belongs to the row of that line.
    if not is_full[index - 1] and (index == 1 or gap < _TIGHT * gaps[index - 2]):
        return False
    gap_below = gaps[index] if index < len(gaps) else gap
    return is_full[index] or gap_below < _TIGHT * gap or gap > NEXT_LINE * size


def _rules_above(
    lines: Sequence[Row], columns: Sequence[Column], rules: Sequence[Rule]
) -> list[bool]:
    """Return for each line of a table except the first whether a rule is drawn above it."""
    horizontal = [rule for rule in rules if abs(rule.angle - lines[0][0].angle) < MAX_SKEW]
    return [
        _cross_columns(
            [rule for rule in horizontal if lower[0].base < rule.height < upper[0].base], columns
        )
        for upper, lower in pairwise(lines)
    ]


def _cross_columns(rules: Sequence[Rule], columns: Sequence[Column]) -> bool:
    """Whether rules cross most columns; some programs draw a rule for each cell."""
    middles = [(column.left + column.right) / 2 for column in columns]
    crossed = sum(any(rule.left <= middle <= rule.right for rule in rules) for middle in middles)
    return 2 * crossed > len(columns)


def column_of(piece: Run, columns: Sequence[Column]) -> Column:
    """Return the first column that a piece overlaps, or the nearest."""
    overlapping = (column for column in columns if column.overlap(piece) > 0.5 * piece.size)
    nearest = max(columns, key=lambda column: column.overlap(piece))
    return next(overlapping, nearest)

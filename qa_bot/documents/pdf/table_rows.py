"""The rows of a table: which lines of text are one row, and what stands in its cells."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from qa_bot.documents.pdf.letters import LEVEL, Run
from qa_bot.documents.pdf.rows import Row

NEXT_LINE = 1.7  # sizes of type; the next line of a cell is no further below

_SAME_ROW = 0.9  # sizes of type; lines closer than a line of text are in one row
_TIGHT = 0.85  # share of the usual distance of rows; lines closer than that are in one row
_RULED = 0.5  # share of the rows that rules part, where rules tell the rows


class Rule(NamedTuple):
    """A level line that is drawn on a page."""

    left: float
    right: float
    height: float
    angle: float


class Column(NamedTuple):
    left: float
    right: float

    def overlap(self, piece: "Run | Column") -> float:
        """Return how wide the part is that both have, or how far apart they are, negative."""
        return min(self.right, piece.right) - max(self.left, piece.left)


def table_lines(
    lines: Sequence[Row], columns: Sequence[Column], rules: Callable[[], Sequence[Rule]]
) -> list[Run]:
    """Return a line for each row of a table."""
    rows: list[list[Row]] = []
    parts = [True, *_row_starts(lines, columns, rules)]
    for line, is_start in zip(lines, parts, strict=True):
        if is_start:
            rows.append([line])
        else:
            rows[-1].append(line)
    result = [_row(row, columns) for row in rows]
    last = [piece for line in rows[-1] for piece in line]
    # What stands alone below the first column of a table is no row of it.
    is_apart = len(last) == 1 < len(rows) and column_of(last[0], columns) == columns[0]
    return [*result[:-1], last[0]] if is_apart else result


def _row(lines: Sequence[Row], columns: Sequence[Column]) -> Run:
    """Return a row of a table as a line: ``| one | two |``."""
    pieces = [piece for line in lines for piece in line]
    cells = ["" for _ in columns]
    for piece in pieces:
        at = columns.index(column_of(piece, columns))
        cells[at] = _with_next_line(cells[at], piece.text)
    left, right = min(it.left for it in pieces), max(it.right for it in pieces)
    first = pieces[0]
    return Run(f"| {' | '.join(cells)} |", left, right, first.base, first.size, first.angle)


def _with_next_line(cell: str, text: str) -> str:
    if len(cell) > 1 and cell[-1] in "-\u00ad\u2010" and cell[-2].isalpha() and text[0].islower():
        return cell[:-1] + text
    return f"{cell} {text}" if cell else text


def _row_starts(
    lines: Sequence[Row], columns: Sequence[Column], rules: Callable[[], Sequence[Rule]]
) -> list[bool]:
    """Return for each line of a table but the first whether it begins a row."""
    full = [len(line) > 1 and column_of(line[0], columns) == columns[0] for line in lines]
    gaps = [upper[0].base - lower[0].base for upper, lower in pairwise(lines)]
    if all(full):
        return [gap >= _SAME_ROW * line[0].size for gap, line in zip(gaps, lines, strict=False)]
    ruled = _parted_by_rules(lines, columns, rules())
    if sum(ruled) >= max(2, _RULED * (sum(full) - 1)):
        return ruled
    between = [gap for gap, *both in zip(gaps, full, full[1:], strict=False) if all(both)]
    usual = median(between) if between else 0.0
    return [_is_start(lines, full, gaps, at, usual) for at in range(1, len(lines))]


def _is_start(
    lines: Sequence[Row], full: Sequence[bool], gaps: Sequence[float], at: int, usual: float
) -> bool:
    """Whether a line begins a row, by the gaps above and below it and what it has in it."""
    gap, size = gaps[at - 1], lines[at][0].size
    if gap < _SAME_ROW * size or (usual and gap < _TIGHT * usual):
        return False
    # A line that is nearer to the one below belongs to the row of that one.
    if not full[at - 1] and (at == 1 or gap < _TIGHT * gaps[at - 2]):
        return False
    below = gaps[at] if at < len(gaps) else gap
    return full[at] or below < _TIGHT * gap or gap > NEXT_LINE * size


def _parted_by_rules(
    lines: Sequence[Row], columns: Sequence[Column], rules: Sequence[Rule]
) -> list[bool]:
    """Return for each line of a table but the first whether rules are drawn above it."""
    level = [rule for rule in rules if abs(rule.angle - lines[0][0].angle) < LEVEL]
    return [
        _is_parted(columns, [it for it in level if lower[0].base < it.height < upper[0].base])
        for upper, lower in pairwise(lines)
    ]


def _is_parted(columns: Sequence[Column], rules: Sequence[Rule]) -> bool:
    """Whether rules go through most columns; some programs draw one for each cell."""
    middles = [(column.left + column.right) / 2 for column in columns]
    parted = sum(any(it.left <= middle <= it.right for it in rules) for middle in middles)
    return 2 * parted > len(columns)


def column_of(piece: Run, columns: Sequence[Column]) -> Column:
    """Return the first column that a piece is over, or the nearest."""
    over = (column for column in columns if column.overlap(piece) > 0.5 * piece.size)
    nearest = max(columns, key=lambda column: column.overlap(piece))
    return next(over, nearest)

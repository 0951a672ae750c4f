"""Tables of a page: rows of pieces in columns whose text does not flow from one row to the next.

Text beside text is a table, or columns of prose, or notes in a margin. A line of prose is full: the
first word of the next line had no room in it. And that word often begins with a small letter.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise
from statistics import median
from typing import NamedTuple

from qa_bot.pdf_letters import LEVEL, Run
from qa_bot.pdf_rows import Row

_SAME_TYPE = 0.15  # share by which the type of cells in a row may differ in size
_NEXT_ROW = 4.0  # sizes of type; a row further below is not in the same table
_NEXT_LINE = 1.7  # sizes of type; the next line of a cell is no further below
_SAME_ROW = 0.9  # sizes of type; lines closer than a line of text are in one row
_TIGHT = 0.85  # share of the usual distance of rows; lines closer than that are in one row
_PROSE_WORDS = 3  # words that lines of prose have, as the median
_PROSE_LETTERS = 16
_FULL = 0.6  # share of the lines of prose that have no room for the next word
_LOWER = 0.3  # share of them that begin with a small letter
_RULED = 0.5  # share of the rows that rules part, where rules tell the rows
_RULE_WIDTH = 0.5  # share of a table's width that a rule between its rows has


class Rule(NamedTuple):
    """A level line that is drawn on a page."""

    left: float
    right: float
    height: float
    angle: float


class _Column(NamedTuple):
    left: float
    right: float

    def overlap(self, piece: "Run | _Column") -> float:
        """Return how wide the part is that both have, or how far apart they are, negative."""
        return min(self.right, piece.right) - max(self.left, piece.left)


def find_tables(
    rows: Sequence[Row], rules: Callable[[], Sequence[Rule]]
) -> tuple[list[list[Run]], list[Row]]:
    """Return the tables among the rows of a page, each as lines, and the rows that are left.

    ``rules`` is called when lines that are drawn can tell something.
    """
    same_type, free = _by_type(rows)
    tables: list[list[Run]] = []
    prose: list[_Column] = []  # a column of few lines is told by those above it
    for part, above in _candidates(same_type):
        columns = _columns(part) if any(len(row) > 1 for row in part) else []
        texts = [it for it in columns if _is_prose(_in_column(above + part, it), it, prose)]
        prose += texts
        for is_text, group in groupby(columns, key=texts.__contains__):
            beside = list(group)
            inside = [_within(row, beside, columns) for row in part]
            if is_text or len(beside) < 2:
                free += inside
            else:
                tables.append(_table([row for row in inside if row], beside, rules))
        free += [] if columns else part
    return tables, [row for row in free if row]


def _by_type(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Part notes in other type from the rows that they stand beside."""
    same: list[Row] = []
    other: list[Row] = []
    for row in rows:
        size = max(row, key=lambda piece: len(piece.text)).size
        alike = [piece for piece in row if abs(piece.size - size) <= _SAME_TYPE * size]
        same.append(alike)
        other.append([piece for piece in row if piece not in alike])
    return same, other


def _candidates(rows: Sequence[Row]) -> Iterator[tuple[list[Row], list[Row]]]:
    """Yield rows that stand in the same columns, and the row above those."""
    current: list[Row] = []
    above: list[Row] = []
    for at, row in enumerate(rows):
        if current and not _continues(current, row):
            yield current, above
            above = current[-1:]
            current = []
        if len(row) == 1 and not current and not _is_top(row, rows[at + 1 : at + 2]):
            yield [row], above
            above = [row]
        else:
            current.append(row)
    if current:
        yield current, above


def _continues(rows: Sequence[Row], row: Row) -> bool:
    """Whether a row stands in the columns of those above it."""
    size = max(row[0].size, rows[-1][0].size)
    distance = rows[-1][0].base - row[0].base
    columns = _merged([piece for other in rows for piece in other])
    if len(row) > 1:
        both = _merged([*columns, *row])
        return distance <= _NEXT_ROW * size and len(both) > 1
    under = sum(column.overlap(row[0]) > 0 for column in columns)
    return distance <= _NEXT_LINE * size and under == 1 and len(columns) > 1


def _is_top(row: Row, following: Sequence[Row]) -> bool:
    """Whether the only piece of a row is the top of a cell in the row below, not in its first."""
    if not following or len(following[0]) < 2:
        return False
    distance = row[0].base - following[0][0].base
    under = [_Column(it.left, it.right).overlap(row[0]) > 0 for it in following[0]]
    return distance <= _NEXT_LINE * row[0].size and sum(under) == 1 and not under[0]


def _merged(pieces: Sequence["Run | _Column"]) -> list[_Column]:
    """Return the widths that pieces cover, from left to right, those that overlap as one."""
    columns: list[_Column] = []
    for piece in sorted(pieces, key=lambda piece: piece.left):
        if columns and piece.left < columns[-1].right:
            left, right = columns[-1]
            columns[-1] = _Column(left, max(right, piece.right))
        else:
            columns.append(_Column(piece.left, piece.right))
    return columns


def _columns(rows: Sequence[Row]) -> list[_Column]:
    """Return the columns of the rows that have the usual number of cells."""
    counts = Counter(len(row) for row in rows if len(row) > 1)
    usual = max(counts, key=lambda count: count * counts[count])
    return _merged([piece for row in rows if len(row) == usual for piece in row])


def _in_column(rows: Sequence[Row], column: _Column) -> list[tuple[Run, bool]]:
    """Return what stands in a column, and whether another column has something at its height."""
    return [(piece, len(row) > 1) for row in rows for piece in row if column.overlap(piece) > 0]


def _is_prose(lines: Sequence[tuple[Run, bool]], column: _Column, prose: Sequence[_Column]) -> bool:
    """Whether text flows in a column from line to line, past where rows of a table begin."""
    if not lines:
        return False
    pairs = [
        (upper, lower)
        for (upper, _), (lower, is_start) in pairwise(lines)
        if is_start and upper.base - lower.base <= _NEXT_LINE * lower.size
    ]
    if len(pairs) < 2 and any(it.overlap(column) > 0.8 * (it.right - it.left) for it in prose):
        return True
    words = median(len(piece.text.split()) for piece, _ in lines)
    letters = median(len(piece.text) for piece, _ in lines)
    if not pairs or words < _PROSE_WORDS or letters < _PROSE_LETTERS:
        return False
    full = sum(_is_full(upper, lower, column) for upper, lower in pairs)
    lower_case = sum(_is_small(lower.text) for _, lower in pairs)
    return full >= _FULL * len(pairs) and lower_case >= _LOWER * len(pairs)


def _is_full(upper: Run, lower: Run, column: _Column) -> bool:
    """Whether the first word of a line has no room in the line above it."""
    word = (len(lower.text.split()[0]) + 1) / len(lower.text) * (lower.right - lower.left)
    return (upper.right - upper.left) + word > column.right - column.left


def _is_small(text: str) -> bool:
    """Whether text begins with a letter that is no capital."""
    return text[0].isalpha() and not text[0].isupper()


def _within(row: Row, some: Sequence[_Column], columns: Sequence[_Column]) -> Row:
    """Return the pieces of a row that stand in some of the columns."""
    return [piece for piece in row if _column_of(piece, columns) in some]


def _column_of(piece: Run, columns: Sequence[_Column]) -> _Column:
    """Return the first column that a piece is over, or the nearest."""
    over = (column for column in columns if column.overlap(piece) > 0.5 * piece.size)
    nearest = max(columns, key=lambda column: column.overlap(piece))
    return next(over, nearest)


def _table(
    lines: Sequence[Row], columns: Sequence[_Column], rules: Callable[[], Sequence[Rule]]
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
    # What stands alone below a table is no row of it.
    return [*result[:-1], last[0]] if len(last) == 1 and len(rows) > 1 else result


def _row(lines: Sequence[Row], columns: Sequence[_Column]) -> Run:
    """Return a row of a table as a line: ``| one | two |``."""
    pieces = [piece for line in lines for piece in line]
    cells = ["" for _ in columns]
    for piece in pieces:
        at = columns.index(_column_of(piece, columns))
        cells[at] = _with_next_line(cells[at], piece.text)
    left, right = min(it.left for it in pieces), max(it.right for it in pieces)
    first = pieces[0]
    return Run(f"| {' | '.join(cells)} |", left, right, first.base, first.size, first.angle)


def _with_next_line(cell: str, text: str) -> str:
    if len(cell) > 1 and cell[-1] in "-\u00ad\u2010" and cell[-2].isalpha() and text[0].islower():
        return cell[:-1] + text
    return f"{cell} {text}" if cell else text


def _row_starts(
    lines: Sequence[Row], columns: Sequence[_Column], rules: Callable[[], Sequence[Rule]]
) -> list[bool]:
    """Return for each line of a table but the first whether it begins a row."""
    full = [len(line) > 1 and _column_of(line[0], columns) == columns[0] for line in lines]
    gaps = [upper[0].base - lower[0].base for upper, lower in pairwise(lines)]
    if all(full):
        return [gap >= _SAME_ROW * line[0].size for gap, line in zip(gaps, lines, strict=False)]
    ruled = _parted_by_rules(lines, rules())
    if sum(ruled) >= max(2, _RULED * (sum(full) - 1)):
        return ruled
    between = [gap for gap, *both in zip(gaps, full, full[1:], strict=False) if all(both)]
    usual = median(between) if between else 0.0
    return [
        _starts(gaps, at, full[at + 1], usual, lines[at + 1][0]) for at in range(len(lines) - 1)
    ]


def _starts(gaps: Sequence[float], at: int, is_full: bool, usual: float, first: Run) -> bool:
    """Whether a line begins a row, by the gaps above and below it and what it has in it."""
    gap = gaps[at]
    below = gaps[at + 1] if at + 1 < len(gaps) else gap
    if gap < _SAME_ROW * first.size or (usual and gap < _TIGHT * usual):
        return False
    # A line that is nearer to the one below belongs to the row of that one.
    return is_full or below < _TIGHT * gap or gap > _NEXT_LINE * first.size


def _parted_by_rules(lines: Sequence[Row], rules: Sequence[Rule]) -> list[bool]:
    """Return for each line of a table but the first whether a rule is drawn above it."""
    pieces = [piece for line in lines for piece in line]
    left, right = min(it.left for it in pieces), max(it.right for it in pieces)
    wide = [
        rule.height
        for rule in rules
        if abs(rule.angle - pieces[0].angle) < LEVEL
        and min(right, rule.right) - max(left, rule.left) >= _RULE_WIDTH * (right - left)
    ]
    return [
        any(lower[0].base < height < upper[0].base for height in wide)
        for upper, lower in pairwise(lines)
    ]

"""Tables of a page: rows of pieces in columns whose text does not flow from one row to the next.

Text beside text is a table, or columns of prose, or notes in a margin. A line of prose is full: the
first word of the next line had no room in it. And that word often begins with a small letter.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from statistics import median
from typing import NamedTuple

from qa_bot.pdf_letters import LEVEL, Run
from qa_bot.pdf_rows import Row

_SAME_TYPE = 0.15  # share by which the type of cells in a row may differ in size
_NEXT_ROW = 4.0  # sizes of type; a row further below is not in the same table
_NEXT_LINE = 1.7  # sizes of type; the next line of a cell is no further below
_ALONE = 2.5  # sizes of type; one alone in its row, in any column but the first, is no further
_SAME_ROW = 0.9  # sizes of type; lines closer than a line of text are in one row
_TIGHT = 0.85  # share of the usual distance of rows; lines closer than that are in one row
_PROSE_WORDS = 3  # words that lines of prose have, as the median
_PROSE_LETTERS = 16
_FULL = 0.6  # share of the lines of prose that have no room for the next word
_LOWER = 0.3  # share of them that begin with a small letter
_SPANNING = 0.25  # share of the rows of a table, if they are more than these,
_FEW = 3  # that may have a cell over several columns
_GUTTER = 3.0  # points between columns
_RULED = 0.5  # share of the rows that rules part, where rules tell the rows


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
            if is_text:
                free += inside
            elif len(beside) < 2:
                free += [[replace(piece, is_note=bool(texts)) for piece in row] for row in inside]
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
    columns: list[_Column] = []
    for at, row in enumerate(rows):
        is_top = _is_top(row, rows[at + 1 : at + 2], columns)
        if current and not _continues(current[-1], columns, row, is_top):
            yield current, above
            above = current[-1:]
            current, columns = [], []
        if len(row) == 1 and not current and not is_top:
            yield [row], above
            above = [row]
        else:
            current.append(row)
            columns = _merged([*columns, *row])
    if current:
        yield current, above


def _continues(last: Row, columns: Sequence[_Column], row: Row, is_top: bool) -> bool:
    """Whether a row stands in the columns of those above it."""
    size = max(row[0].size, last[0].size)
    distance = last[0].base - row[0].base
    if len(row) > 1:
        both = _merged([*columns, *row])
        return distance <= _NEXT_ROW * size and len(both) > 1
    under = [column.overlap(row[0]) > 0 for column in columns]
    if sum(under) != 1 or len(columns) < 2:
        return False
    reach = _NEXT_LINE if under[0] else _ALONE
    return distance <= (_NEXT_ROW if is_top else reach) * size


def _is_top(row: Row, following: Sequence[Row], columns: Sequence[_Column]) -> bool:
    """Whether the only piece of a row is the top of a cell in the row below, not in its first."""
    if len(row) > 1 or not following or len(following[0]) < 2:
        return False
    distance = row[0].base - following[0][0].base
    known = columns if columns else [_Column(it.left, it.right) for it in following[0]]
    under = [column.overlap(row[0]) > 0 for column in known]
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
    """Return the columns of rows: what the gaps part that hardly a row goes over."""
    edges = sorted({edge for row in rows for piece in row for edge in (piece.left, piece.right)})
    spans = int(_SPANNING * len(rows)) if len(rows) > _FEW else 0
    covered = [
        _Column(left, right)
        for left, right in pairwise(edges)
        if sum(_covers(row, left, right) for row in rows) > spans
    ]
    columns: list[_Column] = []
    for part in covered:
        if columns and part.left - columns[-1].right < _GUTTER:
            columns[-1] = _Column(columns[-1].left, part.right)
        else:
            columns.append(part)
    return _with_headers(rows, columns)


def _covers(row: Row, left: float, right: float) -> bool:
    return any(piece.left <= left and right <= piece.right for piece in row)


def _with_headers(rows: Sequence[Row], columns: list[_Column]) -> list[_Column]:
    """Join columns that no row has both of: a header may stand beside what it is over."""
    used = [{_column_of(piece, columns) for piece in row} for row in rows]
    joined = columns[:1]
    names = [columns[:1]]
    for column in columns[1:]:
        if any(column in row and not row.isdisjoint(names[-1]) for row in used):
            joined.append(column)
            names.append([column])
        else:
            joined[-1] = _Column(joined[-1].left, column.right)
            names[-1].append(column)
    return joined


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
    # What stands alone below the first column of a table is no row of it.
    is_apart = len(last) == 1 < len(rows) and _column_of(last[0], columns) == columns[0]
    return [*result[:-1], last[0]] if is_apart else result


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
    return full[at] or below < _TIGHT * gap or gap > _NEXT_LINE * size


def _parted_by_rules(
    lines: Sequence[Row], columns: Sequence[_Column], rules: Sequence[Rule]
) -> list[bool]:
    """Return for each line of a table but the first whether rules are drawn above it."""
    level = [rule for rule in rules if abs(rule.angle - lines[0][0].angle) < LEVEL]
    return [
        _is_parted(columns, [it for it in level if lower[0].base < it.height < upper[0].base])
        for upper, lower in pairwise(lines)
    ]


def _is_parted(columns: Sequence[_Column], rules: Sequence[Rule]) -> bool:
    """Whether rules go through most columns; some programs draw one for each cell."""
    middles = [(column.left + column.right) / 2 for column in columns]
    parted = sum(any(it.left <= middle <= it.right for it in rules) for middle in middles)
    return 2 * parted > len(columns)

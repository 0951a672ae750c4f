"""Tables of a page: rows of pieces in columns whose text does not flow from one row to the next.

Text beside text is a table, or columns of prose, or notes in a margin. A line of prose is full: the
first word of the next line had no room in it. And that word often begins with a small letter.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, groupby, pairwise
from statistics import median

from qa_bot.documents.pdf.letters import Run
from qa_bot.documents.pdf.rows import Row
from qa_bot.documents.pdf.table_rows import NEXT_LINE, Column, Rule, column_of, table_lines

_SAME_TYPE = 0.15  # share by which the type of cells in a row may differ in size
_NEXT_ROW = 4.0  # sizes of type; a row further below is not in the same table
_ALONE = 2.5  # sizes of type; one alone in its row, in any column but the first, is no further
_PROSE_WORDS = 3  # words that lines of prose have, as the median
_PROSE_LETTERS = 16
_FULL = 0.6  # share of the lines of prose that have no room for the next word
_LOWER = 0.3  # share of them that begin with a small letter
_SPANNING = 0.25  # share of the rows of a table, if they are more than these,
_FEW = 3  # that may have a cell over several columns
_GUTTER = 3.0  # points between columns


def find_tables(
    rows: Sequence[Row], rules: Callable[[], Sequence[Rule]]
) -> tuple[list[list[Run]], list[Row]]:
    """Return the tables among the rows of a page, each as lines, and the rows that are left.

    ``rules`` is called when lines that are drawn can tell something.
    """
    same_type, free = _by_type(rows)
    tables: list[list[Run]] = []
    prose: list[Column] = []  # a column of few lines is told by those above it
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
                tables.append(table_lines([row for row in inside if row], beside, rules))
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
    columns: list[Column] = []
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


def _continues(last: Row, columns: Sequence[Column], row: Row, is_top: bool) -> bool:
    """Whether a row stands in the columns of those above it."""
    size = max(row[0].size, last[0].size)
    distance = last[0].base - row[0].base
    if len(row) > 1:
        both = _merged([*columns, *row])
        return distance <= _NEXT_ROW * size and len(both) > 1
    under = [column.overlap(row[0]) > 0 for column in columns]
    if sum(under) != 1 or len(columns) < 2:
        return False
    reach = NEXT_LINE if under[0] else _ALONE
    return distance <= (_NEXT_ROW if is_top else reach) * size


def _is_top(row: Row, following: Sequence[Row], columns: Sequence[Column]) -> bool:
    """Whether the only piece of a row is the top of a cell in the row below, not in its first."""
    if len(row) > 1 or not following or len(following[0]) < 2:
        return False
    distance = row[0].base - following[0][0].base
    known = columns if columns else [Column(it.left, it.right) for it in following[0]]
    under = [column.overlap(row[0]) > 0 for column in known]
    return distance <= NEXT_LINE * row[0].size and sum(under) == 1 and not under[0]


def _merged(pieces: Sequence["Run | Column"]) -> list[Column]:
    """Return the widths that pieces cover, from left to right, those that overlap as one."""
    columns: list[Column] = []
    for piece in sorted(pieces, key=lambda piece: piece.left):
        if columns and piece.left < columns[-1].right:
            left, right = columns[-1]
            columns[-1] = Column(left, max(right, piece.right))
        else:
            columns.append(Column(piece.left, piece.right))
    return columns


def _columns(rows: Sequence[Row]) -> list[Column]:
    """Return the columns of rows: what the gaps part that hardly a row goes over."""
    steps: Counter[float] = Counter()
    for row in rows:
        for piece in row:
            steps[piece.left] += 1
            steps[piece.right] -= 1
    spans = int(_SPANNING * len(rows)) if len(rows) > _FEW else 0
    edges = sorted(steps)
    heights = accumulate(steps[edge] for edge in edges)
    covered = [
        Column(left, right)
        for (left, right), height in zip(pairwise(edges), heights, strict=False)
        if height > spans
    ]
    columns: list[Column] = []
    for part in covered:
        if columns and part.left - columns[-1].right < _GUTTER:
            columns[-1] = Column(columns[-1].left, part.right)
        else:
            columns.append(part)
    return _with_headers(rows, columns)


def _with_headers(rows: Sequence[Row], columns: list[Column]) -> list[Column]:
    """Join columns that no row has both of: a header may stand beside what it is over."""
    used = [{column_of(piece, columns) for piece in row} for row in rows]
    joined = columns[:1]
    names = [columns[:1]]
    for column in columns[1:]:
        if any(column in row and not row.isdisjoint(names[-1]) for row in used):
            joined.append(column)
            names.append([column])
        else:
            joined[-1] = Column(joined[-1].left, column.right)
            names[-1].append(column)
    return joined


def _in_column(rows: Sequence[Row], column: Column) -> list[tuple[Run, bool]]:
    """Return what stands in a column, and whether another column has something at its height."""
    return [(piece, len(row) > 1) for row in rows for piece in row if column.overlap(piece) > 0]


def _is_prose(lines: Sequence[tuple[Run, bool]], column: Column, prose: Sequence[Column]) -> bool:
    """Whether text flows in a column from line to line, past where rows of a table begin."""
    if not lines:
        return False
    pairs = [
        (upper, lower)
        for (upper, _), (lower, is_start) in pairwise(lines)
        if is_start and upper.base - lower.base <= NEXT_LINE * lower.size
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


def _is_full(upper: Run, lower: Run, column: Column) -> bool:
    """Whether the first word of a line has no room in the line above it."""
    word = (len(lower.text.split()[0]) + 1) / len(lower.text) * (lower.right - lower.left)
    return (upper.right - upper.left) + word > column.right - column.left


def _is_small(text: str) -> bool:
    """Whether text begins with a letter that is no capital."""
    return text[0].isalpha() and not text[0].isupper()


def _within(row: Row, some: Sequence[Column], columns: Sequence[Column]) -> Row:
    """Return the pieces of a row that stand in some of the columns."""
    return [piece for piece in row if column_of(piece, columns) in some]

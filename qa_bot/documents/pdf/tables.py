"""Find the tables of a page: rows in columns whose text does not continue from row to row.

Columns of prose are found first, by the gutters between them; each may have tables of its own.
Text side by side is a table, columns of prose, or notes in a margin. Lines of prose are full: the
first word of the next line did not fit in. That word also often begins with a small letter.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, groupby, pairwise
from statistics import median

from qa_bot.documents.pdf.bidi import has_rtl
from qa_bot.documents.pdf.letters import SAME_LINE, Run
from qa_bot.documents.pdf.rows import ALIGNED, Row, make_rows
from qa_bot.documents.pdf.table_rows import (
    NEXT_LINE,
    SAME_ROW,
    Column,
    Rule,
    column_of,
    table_lines,
)

_SAME_SIZE = 0.15  # share by which the type sizes of cells in a row may differ
_NEXT_ROW = 4.0  # times the type size; a row further below is not in the same table
_NEXT_SINGLE = 2.5  # the same for a row with one piece that is not in the first column
_PROSE_WORDS = 3  # least number of words in lines of prose (median)
_PROSE_LETTERS = 16
_MIN_FULL = 0.6  # share of the lines of prose that the next word does not fit into
_MIN_LOWER = 0.3  # share of the lines of prose that begin with a small letter
_MAX_SPANNING = 0.25  # share of the rows of a table that may have cells over several columns
_FEW_ROWS = 3  # in a table with at most this many rows, none may
_MIN_GUTTER = 3.0  # points between columns
_BAND = 2.5  # times the type size; lines with more between them have a band without text


def find_tables(
    runs: Sequence[Run], rules: Callable[[], Sequence[Rule]]
) -> tuple[list[list[Run]], list[Run]]:
    """Return the tables among runs of one direction, each as lines, and the other pieces of rows.

    A table in a column of prose is found among the runs of that column alone. ``rules`` is only
    called if the lines drawn on the page could help.
    """
    return _find_tables(runs, make_rows(runs), rules)


def _find_tables(
    runs: Sequence[Run], rows: Sequence[Row], rules: Callable[[], Sequence[Rule]]
) -> tuple[list[list[Run]], list[Run]]:
    columns = _prose_columns(runs, rows)
    if not columns:
        return _tables_of(rows, rules)
    inside = {id(run) for column, _ in columns for run in column}
    others = [run for run in runs if id(run) not in inside]
    parts = [_find_tables(column, its_rows, rules) for column, its_rows in columns]
    tables, free = _tables_of(make_rows(others), rules)
    return (
        [*tables, *(table for part, _ in parts for table in part)],
        [*free, *(piece for _, part in parts for piece in part)],
    )


def _prose_columns(runs: Sequence[Run], rows: Sequence[Row]) -> list[tuple[list[Run], list[Row]]]:
    """Return the runs and rows of each column of prose with nothing but such columns beside it."""
    found: list[tuple[list[Run], list[Row]]] = []
    prose: list[Column] = []
    for part, columns, above in _zones(rows):
        bases = [piece.base for row in part for piece in row]
        level = [run for run in runs if min(bases) - 1 <= run.base <= max(bases) + 1]
        inside: dict[Column, list[Run]] = {column: [] for column in columns}
        for run in level:
            inside[column_of(run, columns)].append(run)
        rows_inside = {column: make_rows(own) for column, own in inside.items()}
        if all(
            _is_prose(_in_column(above, column) + _column_lines(own, level, column), column, prose)
            for column, own in rows_inside.items()
        ):
            prose += columns
            found += [(inside[column], rows_inside[column]) for column in columns]
    return found


def _zones(rows: Sequence[Row]) -> Iterator[tuple[list[Row], list[Column], list[Row]]]:
    """Yield rows that leave gutters free from the first to the last, their columns, the row above.

    A band without text over all columns ends a zone: what is below it may have other columns.
    """
    zone: list[Row] = []
    covered: list[Column] = []
    above: list[Row] = []
    for row in rows:
        merged, own = _merge([*covered, *row], _MIN_GUTTER), _merge(row, _MIN_GUTTER)
        is_closed = len(merged) < 2 <= max(len(covered), len(own))
        if zone and (is_closed or zone[-1][0].base - row[0].base > _BAND * row[0].size):
            if len(covered) > 1:
                yield zone, covered, above
            above, zone, merged = zone[-1:], [], own
        zone.append(row)
        covered = merged
    if len(covered) > 1:
        yield zone, covered, above


def _column_lines(
    rows: Sequence[Row], level: Sequence[Run], column: Column
) -> list[tuple[Run, bool]]:
    """Return the lines of a column's rows, each with whether runs outside the column are beside it.

    ``level`` are all runs at the heights of the column.
    """
    outside = sorted(run.base for run in level if column.overlap(run) <= 0)

    def has_others(line: Run) -> bool:
        nearest = bisect_left(outside, line.base - SAME_LINE * line.size)
        return nearest < len(outside) and outside[nearest] <= line.base + SAME_LINE * line.size

    return [(line, has_others(line)) for line, _ in _in_column(rows, column)]


def _tables_of(
    rows: Sequence[Row], rules: Callable[[], Sequence[Rule]]
) -> tuple[list[list[Run]], list[Run]]:
    """Return the tables among rows, each as lines, and the other pieces."""
    main_rows, free = _split_off_notes(rows)
    tables: list[list[Run]] = []
    prose: list[Column] = []  # a column with few lines is prose if the one above it is
    for part, above in _candidates(main_rows):
        columns = _columns(part) if any(len(row) > 1 for row in part) else []
        new_prose = [
            column
            for column in columns
            if _is_prose(_in_column(above + part, column), column, prose)
        ]
        if len(columns) - len(new_prose) > 1:
            new_prose = [column for column in new_prose if not _is_in_rows(part, column)]
        prose += new_prose
        for is_prose, group in groupby(columns, key=new_prose.__contains__):
            adjacent = list(group)
            inside = [_within(row, adjacent, columns) for row in part]
            if is_prose:
                free += inside
            elif len(adjacent) < 2:
                is_note = bool(new_prose)
                free += [[replace(piece, is_note=is_note) for piece in row] for row in inside]
            else:
                tables.append(table_lines([row for row in inside if row], adjacent, rules))
        free += [] if columns else part
    return tables, [piece for row in free for piece in row]


def _split_off_notes(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Separate the pieces of each row that are in another type size, such as notes beside it."""
    main_rows: list[Row] = []
    notes: list[Row] = []
    for row in rows:
        size = max(row, key=lambda piece: len(piece.text)).size
        same_size = [piece for piece in row if abs(piece.size - size) <= _SAME_SIZE * size]
        main_rows.append(same_size)
        notes.append([piece for piece in row if piece not in same_size])
    return main_rows, notes


def _candidates(rows: Sequence[Row]) -> Iterator[tuple[list[Row], list[Row]]]:
    """Yield groups of rows in the same columns, each with the row above it."""
    group: list[Row] = []
    above: list[Row] = []
    columns: list[Column] = []
    for index, row in enumerate(rows):
        is_top = _is_top(row, rows[index + 1 : index + 3], columns)
        if group and not _continues(group[-1], columns, row, is_top):
            yield group, above
            above = group[-1:]
            group, columns = [], []
        if len(row) == 1 and not group and not is_top:
            yield [row], above
            above = [row]
        else:
            group.append(row)
            columns = _merge([*columns, *row])
    if group:
        yield group, above


def _continues(last: Row, columns: Sequence[Column], row: Row, is_top: bool) -> bool:
    """Whether a row is in the columns of the rows above it."""
    size = max(row[0].size, last[0].size)
    distance = last[0].base - row[0].base
    if len(row) > 1:
        return distance <= _NEXT_ROW * size and len(_merge([*columns, *row])) > 1
    is_under = [column.overlap(row[0]) > 0 for column in columns]
    if sum(is_under) != 1 or len(columns) < 2:
        return False
    reach = NEXT_LINE if is_under[0] else _NEXT_SINGLE
    return distance <= (_NEXT_ROW if is_top else reach) * size


def _is_top(row: Row, following: Sequence[Row], columns: Sequence[Column]) -> bool:
    """Whether the only piece of a row is the first line of a cell of the next row.

    The cell must not be in the first column. ``following`` are the next two rows: the next row goes
    on with the cell, or, if its other cells stand at half its height, the row after it.
    """
    if len(row) > 1 or not following or len(following[0]) < 2:
        return False
    distance = row[0].base - following[0][0].base
    if distance > NEXT_LINE * row[0].size:
        return False
    if not columns:
        columns = [Column(piece.left, piece.right) for piece in following[0]]
    is_under = [column.overlap(row[0]) > 0 for column in columns]
    if not any(is_under) and len(following) > 1:
        (first, *others) = following[1]
        return not others and columns[0].right < row[0].left == first.left
    is_cell = any(_lines_up(row[0], piece) for other in following for piece in other)
    return is_cell and sum(is_under) == 1 and not is_under[0]


def _lines_up(piece: Run, other: Run) -> bool:
    """Whether two pieces begin, end or have their middle at the same position."""
    left, right = piece.left - other.left, piece.right - other.right
    return min(abs(left), abs(right), abs(left + right) / 2) < ALIGNED


def _merge(pieces: Sequence["Run | Column"], gap: float = 0.0) -> list[Column]:
    """Return the extents of pieces from left to right; those less than a gap apart are merged."""
    columns: list[Column] = []
    for piece in sorted(pieces, key=lambda piece: piece.left):
        if columns and piece.left < columns[-1].right + gap:
            left, right = columns[-1]
            columns[-1] = Column(left, max(right, piece.right))
        else:
            columns.append(Column(piece.left, piece.right))
    return columns


def _columns(rows: Sequence[Row]) -> list[Column]:
    """Return the columns of rows: the parts between gaps that hardly any row crosses."""
    steps: Counter[float] = Counter()  # by position: pieces that begin there minus those that end
    for row in rows:
        for piece in row:
            steps[piece.left] += 1
            steps[piece.right] -= 1
    max_spanning = int(_MAX_SPANNING * len(rows)) if len(rows) > _FEW_ROWS else 0
    edges = sorted(steps)
    counts = accumulate(steps[edge] for edge in edges)
    covered = [
        Column(left, right)
        for (left, right), count in zip(pairwise(edges), counts, strict=False)
        if count > max_spanning
    ]
    columns: list[Column] = []
    for part in covered:
        if columns and part.left - columns[-1].right < _MIN_GUTTER:
            columns[-1] = Column(columns[-1].left, part.right)
        else:
            columns.append(part)
    return _join_disjoint(rows, columns)


def _join_disjoint(rows: Sequence[Row], columns: list[Column]) -> list[Column]:
    """Join neighbouring columns that no row has both of: headers may stand beside their column.

    Rows less than a line apart count as one, since cells may be centred in the height of a row.
    """
    used = [{column_of(piece, columns) for piece in row} for row in rows]
    used += [
        upper_columns | lower_columns
        for (upper, upper_columns), (lower, lower_columns) in pairwise(zip(rows, used, strict=True))
        if upper[0].base - lower[0].base < SAME_ROW * lower[0].size
    ]
    joined = columns[:1]
    members = [columns[:1]]  # of each joined column
    for column in columns[1:]:
        if any(column in row and not row.isdisjoint(members[-1]) for row in used):
            joined.append(column)
            members.append([column])
        else:
            joined[-1] = Column(joined[-1].left, column.right)
            members[-1].append(column)
    return joined


def _in_column(rows: Sequence[Row], column: Column) -> list[tuple[Run, bool]]:
    """Return the lines of a column, each with whether its row has others beside it.

    Rows with several pieces in the column, and pieces in its right half, are parts of a table.
    """
    inside = ([piece for piece in row if column.overlap(piece) > 0] for row in rows)
    middle = (column.left + column.right) / 2
    return [
        (pieces[0], len(row) > 1)
        for row, pieces in zip(rows, inside, strict=True)
        if len(pieces) == 1 and (pieces[0].left < middle or has_rtl(pieces[0].text))
    ]


def _is_prose(lines: Sequence[tuple[Run, bool]], column: Column, prose: Sequence[Column]) -> bool:
    """Whether the text of a column continues from line to line where rows of a table would begin.

    ``prose`` are the columns of prose above.
    """
    if not lines:
        return False
    pairs = [
        (upper, lower)
        for (upper, _), (lower, has_others) in pairwise(lines)
        if has_others and upper.base - lower.base <= NEXT_LINE * lower.size
    ]
    is_below_prose = any(
        above.overlap(column) > 0.8 * (above.right - above.left) for above in prose
    )
    if len(pairs) < 2 and is_below_prose:
        return True
    words = median(len(piece.text.split()) for piece, _ in lines)
    letters = median(len(piece.text) for piece, _ in lines)
    if not pairs or words < _PROSE_WORDS or letters < _PROSE_LETTERS:
        return False
    full = sum(_has_no_room(upper, lower, column) for upper, lower in pairs)
    lower_case = sum(_begins_lower(lower.text) for _, lower in pairs)
    return full >= _MIN_FULL * len(pairs) and lower_case >= _MIN_LOWER * len(pairs)


def _is_in_rows(rows: Sequence[Row], column: Column) -> bool:
    """Whether the lines of a column have others beside them, as cells have; a caption may not."""
    return sum(not has_others for _, has_others in _in_column(rows, column)) < 2


def _has_no_room(upper: Run, lower: Run, column: Column) -> bool:
    """Whether the first word of a line would not fit into the line above it."""
    word = (len(lower.text.split()[0]) + 1) / len(lower.text) * (lower.right - lower.left)
    return (upper.right - upper.left) + word > column.right - column.left


def _begins_lower(text: str) -> bool:
    """Whether a text begins with a letter that is not a capital."""
    return text[0].isalpha() and not text[0].isupper()


def _within(row: Row, chosen: Sequence[Column], columns: Sequence[Column]) -> Row:
    """Return the pieces of a row that are in the chosen ones of all columns."""
    return [piece for piece in row if column_of(piece, columns) in chosen]

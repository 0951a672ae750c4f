"""Write tables as lines of text, ``| one | two |``; spanning cells are repeated."""

from collections.abc import Sequence
from dataclasses import dataclass

MAX_COLUMNS = 200
_SHORT_LINE = 60  # characters; lines no longer than this, side by side, are rows of their own
# Repeated cells may add 10,000 characters plus ten times the length of the table.
_REPEAT_FACTOR, _REPEAT_MINIMUM = 10, 10_000
_LONG_CELL = 200  # characters; a longer cell is not repeated


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of a cell, one or more lines, and how many columns and rows it spans."""

    text: str
    columns: int = 1
    rows: int = 1


def table_lines(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Return a line for each row with text; a spanning cell is repeated in each column and row.

    A cell that fills its row, such as the title of a part of the table, is not repeated.
    """
    lines = []
    for number, (row, texts) in enumerate(zip(rows, spread(rows), strict=True)):
        if any(texts):
            is_only_cell = len(row) == 1 and all(text in ("", row[0].text) for text in texts)
            for line in _row_lines(texts[:1] if is_only_cell else texts, is_header=number == 0):
                lines.append(f"| {' | '.join(line)} |")
    return lines


def _row_lines(texts: list[str], is_header: bool) -> list[list[str]]:
    """Return the cells of a row, split into several rows if their lines stand side by side."""
    split = [text.split("\n") for text in texts]
    multiline = [lines for lines in split if len(lines) > 1]
    distinct = {text for text in texts if "\n" in text}  # a repeated cell counts once
    is_aligned = len(distinct) > 1 and len({len(lines) for lines in multiline}) == 1
    is_long = any(len(line) > _SHORT_LINE for lines in multiline for line in lines)
    if is_header or not is_aligned or is_long:
        return [[text.replace("\n", " ") for text in texts]]
    return [
        [lines[number] if len(lines) > 1 else lines[0] for lines in split]
        for number in range(len(multiline[0]))
    ]


def spread(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    """Return the texts of each row, with spanning cells repeated.

    Repetition stops when it would make the table many times longer than its cells.
    """
    budget = _REPEAT_MINIMUM + _REPEAT_FACTOR * sum(len(cell.text) for row in rows for cell in row)
    spread_rows: list[list[str]] = []
    spanning: dict[int, tuple[Cell, int]] = {}  # by column: a cell from above, and rows it has left
    for row in rows:
        cells = _fill_columns(row, spanning)
        spanning = {
            column: (cell, rows_left - 1)
            for column, (cell, rows_left, _) in enumerate(cells)
            if rows_left > 1
        }
        texts = []
        for cell, _, is_repeat in cells:
            budget -= len(cell.text) if is_repeat else 0
            is_left_out = is_repeat and (budget < 0 or len(cell.text) > _LONG_CELL)
            texts.append("" if is_left_out else cell.text)
        spread_rows.append(texts)
    return spread_rows


def _fill_columns(
    row: Sequence[Cell], spanning: dict[int, tuple[Cell, int]]
) -> list[tuple[Cell, int, bool]]:
    """Return for each column its cell, how many rows it spans from here, and if it is a repeat."""
    columns: list[tuple[Cell, int, bool]] = []
    for cell in row:
        while len(columns) in spanning:
            columns.append((*spanning[len(columns)], True))
        count = max(1, min(cell.columns, MAX_COLUMNS - len(columns)))
        columns += [(cell, cell.rows, nth > 0) for nth in range(count)]
    while len(columns) in spanning:
        columns.append((*spanning[len(columns)], True))
    return columns

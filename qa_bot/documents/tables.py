"""Write tables as lines of text: ``| one | two |``, spanning cells repeated."""

from collections.abc import Sequence
from dataclasses import dataclass

MAX_COLUMNS = 200
_SHORT_LINE = 60  # characters; shorter lines side by side are rows of their own
_TIMES, _ROOM = 10, 10_000  # factor, characters: how much longer repeated cells may make a table
_LONG_CELL = 200  # characters; a longer cell is not repeated, whatever it spans


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of a cell, of one or more lines, and how many columns and rows it spans."""

    text: str
    columns: int = 1
    rows: int = 1


def table_lines(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Return a line for each row with text; a spanning cell is repeated in all that it spans.

    A cell that fills its row, such as the title of a part of the table, is not repeated.
    """
    lines = []
    for at, (row, texts) in enumerate(zip(rows, spread(rows), strict=True)):
        if any(texts):
            alone = len(row) == 1 and all(text in ("", row[0].text) for text in texts)
            for line in _lines_of(texts[:1] if alone else texts, is_head=at == 0):
                lines.append(f"| {' | '.join(line)} |")
    return lines


def _lines_of(texts: list[str], is_head: bool) -> list[list[str]]:
    """Return a row, or several if its cells have the same number of lines side by side."""
    split = [text.split("\n") for text in texts]
    several = [lines for lines in split if len(lines) > 1]
    cells = {text for text in texts if "\n" in text}  # a repeated one counts once
    aligned = len(cells) > 1 and len({len(lines) for lines in several}) == 1
    if is_head or not aligned or any(len(line) > _SHORT_LINE for it in several for line in it):
        return [[text.replace("\n", " ") for text in texts]]
    return [
        [lines[at] if len(lines) > 1 else lines[0] for lines in split]
        for at in range(len(several[0]))
    ]


def spread(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    """Return the texts of each row, with spanning cells repeated.

    Repetition stops when it would make the table many times longer than its cells.
    """
    room = _ROOM + _TIMES * sum(len(cell.text) for row in rows for cell in row)
    spread_rows: list[list[str]] = []
    below: dict[
        int, tuple[Cell, int]
    ] = {}  # by column: a spanning cell and how many more rows it spans
    for row in rows:
        cells = _with_columns(row, below)
        below = {at: (cell, left - 1) for at, (cell, left, _) in enumerate(cells) if left > 1}
        texts = []
        for cell, _, repeats in cells:
            room -= len(cell.text) if repeats else 0
            texts.append("" if repeats and (room < 0 or len(cell.text) > _LONG_CELL) else cell.text)
        spread_rows.append(texts)
    return spread_rows


def _with_columns(
    row: Sequence[Cell], below: dict[int, tuple[Cell, int]]
) -> list[tuple[Cell, int, bool]]:
    """Return for each column a cell, how many rows it still spans, and whether it is a repeat."""
    columns: list[tuple[Cell, int, bool]] = []
    for cell in row:
        while len(columns) in below:
            columns.append((*below[len(columns)], True))
        count = max(1, min(cell.columns, MAX_COLUMNS - len(columns)))
        columns += [(cell, cell.rows, nth > 0) for nth in range(count)]
    while len(columns) in below:
        columns.append((*below[len(columns)], True))
    return columns

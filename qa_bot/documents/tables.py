"""Tables as lines of text: ``| one | two |``, each row with all of its cells."""

from collections.abc import Sequence
from dataclasses import dataclass

MAX_COLUMNS = 200
_SHORT_LINE = 60  # characters; lines side by side are rows of their own, paragraphs are not
_TIMES, _ROOM = 10, 10_000  # characters; how much longer repeated cells may make a table
_LONG_CELL = 200  # characters; a longer cell stands once, however many rows and columns it spans


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of a cell, which may have lines, and how many columns and rows it spans."""

    text: str
    columns: int = 1
    rows: int = 1


def table_lines(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Return a line for each row that has any text; a spanning cell stands in all that it spans.

    A cell that is the whole of its row, as the title of a part of the table is, stands once.
    """
    lines = []
    for at, (row, texts) in enumerate(zip(rows, spread(rows), strict=True)):
        if any(texts):
            alone = len(row) == 1 and all(text in ("", row[0].text) for text in texts)
            for line in _lines_of(texts[:1] if alone else texts, is_head=at == 0):
                lines.append(f"| {' | '.join(line)} |")
    return lines


def _lines_of(texts: list[str], is_head: bool) -> list[list[str]]:
    """Return a row as the rows that its lines make: one, unless cells have lines side by side."""
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
    """Return the texts of each row, those of spanning cells repeated.

    Repeating stops when it makes a table many times as long as what is written in it.
    """
    room = _ROOM + _TIMES * sum(len(cell.text) for row in rows for cell in row)
    spread_rows: list[list[str]] = []
    below: dict[int, tuple[Cell, int]] = {}  # by column: what reaches down, and how many rows more
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
    """Return a cell for each column, the rows that it takes from here, and whether it repeats."""
    columns: list[tuple[Cell, int, bool]] = []
    for cell in row:
        while len(columns) in below:
            columns.append((*below[len(columns)], True))
        count = max(1, min(cell.columns, MAX_COLUMNS - len(columns)))
        columns += [(cell, cell.rows, nth > 0) for nth in range(count)]
    while len(columns) in below:
        columns.append((*below[len(columns)], True))
    return columns

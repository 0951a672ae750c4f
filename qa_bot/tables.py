"""Tables as lines of text: ``| one | two |``, each row with all of its cells."""

from collections.abc import Sequence
from dataclasses import dataclass

MAX_COLUMNS = 200
_LONG_CELL = 200  # characters; a longer cell stands once, however many rows and columns it spans


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of a cell, and how many columns and rows it spans."""

    text: str
    columns: int = 1
    rows: int = 1


def table_lines(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Return a line for each row that has any text; a spanning cell stands in all that it spans.

    A cell that is the whole of its row, as the title of a part of the table is, stands once.
    """
    lines = []
    for row, texts in zip(rows, spread(rows), strict=True):
        if any(texts):
            alone = len(row) == 1 and all(text in ("", row[0].text) for text in texts)
            lines.append(f"| {' | '.join(texts[:1] if alone else texts)} |")
    return lines


def spread(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    """Return the texts of each row, those of spanning cells repeated."""
    spread_rows: list[list[str]] = []
    below: dict[int, tuple[str, int]] = {}  # by column: what reaches down, and how many rows more
    for row in rows:
        texts: list[str] = []
        reaching: dict[int, tuple[str, int]] = {}
        for cell in row:
            _fill(texts, below, reaching)
            repeated = cell.text if len(cell.text) <= _LONG_CELL else ""
            for nth in range(max(1, min(cell.columns, MAX_COLUMNS - len(texts)))):
                reaching[len(texts)] = (repeated, cell.rows - 1)
                texts.append(cell.text if nth == 0 else repeated)
        _fill(texts, below, reaching)
        spread_rows.append(texts)
        below = {column: reach for column, reach in reaching.items() if reach[1] > 0}
    return spread_rows


def _fill(
    texts: list[str], below: dict[int, tuple[str, int]], reaching: dict[int, tuple[str, int]]
) -> None:
    """Add the cells from rows above that come next in a row."""
    while len(texts) in below:
        text, rows = below[len(texts)]
        reaching[len(texts)] = (text, rows - 1)
        texts.append(text)

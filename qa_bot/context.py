"""What stands above a passage, and a passage as the models read it: with that."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING

from qa_bot.cells import Table, find_tables
from qa_bot.language import language_of
from qa_bot.paragraphs import Offsets
from qa_bot.turns import Turn, find_titles, find_turns, find_units, speaker_at

if TYPE_CHECKING:
    from qa_bot.datatypes import Document, Passage


MAX_CONTEXT = 300  # characters; of a longer context the end is kept
_SIGNS = re.compile(r"#{1,6}(?=[ \t])")


@dataclass(frozen=True, slots=True)
class Outline:
    """Where the headings, the rows of the tables and the turns of a document stand."""

    headings: tuple[tuple[int, tuple[str, ...]], ...]  # where each begins, and the path to it
    tables: tuple[Table, ...]
    first_rows: tuple[int, ...]  # by table: the number of its first row among all rows
    starts: array[int]  # of all rows
    ends: array[int]
    turns: list[Turn]
    units: list[Offsets]  # sentences whatever is in them: rows, turns, times of subtitles
    language: str

    def units_in(self, start: int, end: int) -> list[Offsets]:
        """Return the units that share characters with ``[start, end)``."""
        first = bisect_right(self.units, start, key=itemgetter(1))
        return self.units[first : bisect_left(self.units, end, key=itemgetter(0))]

    def rows(self, start: int, end: int) -> range:
        """Return the numbers of the rows that share characters with ``[start, end)``."""
        return range(bisect_right(self.ends, start), bisect_left(self.starts, end))

    def table(self, row: int) -> tuple[Table, int]:
        """Return the table of a row, and the number of the row in it."""
        nth = bisect_right(self.first_rows, row) - 1
        return self.tables[nth], row - self.first_rows[nth]

    def heading(self, start: int) -> str:
        """Return the path of the headings that a character stands below: "Fees > Boats"."""
        path = self.path(start)
        begins = bisect_left(self.headings, start, key=itemgetter(0))
        is_heading = begins < len(self.headings) and self.headings[begins][0] == start
        return " > ".join(path[:-1] if is_heading else path)

    def path(self, start: int) -> tuple[str, ...]:
        """Return the headings that a character stands below, or in."""
        last = bisect_right(self.headings, start, key=itemgetter(0)) - 1
        return self.headings[last][1] if last >= 0 else ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A passage as models read it: its own words, after those of its context and among them.

    ``own`` are the stretches that are the document's, as characters of ``text``, each with where it
    begins in the document. Only in them is an answer looked for, and none goes over two.
    """

    text: str
    own: tuple[tuple[int, int, int], ...]

    @property
    def stretches(self) -> list[Offsets]:
        """The stretches as characters of ``text``."""
        return [(start, end) for start, end, _ in self.own]

    def place(self, start: int, end: int) -> Offsets:
        """Return where characters of ``text`` stand in the document."""
        nth = bisect_right(self.own, (start, len(self.text))) - 1
        shift = self.own[nth][2] - self.own[nth][0]
        return start + shift, end + shift


def outline(document: Document) -> Outline:
    """Return the outline of a document; it is made once."""
    if document._outline is None:
        tables = find_tables(document.text, document.source)
        counts = [len(table.starts) for table in tables]
        rows = [row for table in tables for row in zip(table.starts, table.ends, strict=True)]
        turns = [] if rows else find_turns(document.text)
        others = [] if rows else list(find_units(document.text, turns))
        made = Outline(
            tuple(_headings(document)),
            tuple(tables),
            tuple(sum(counts[:nth]) for nth in range(len(counts))),
            array("q", chain.from_iterable(table.starts for table in tables)),
            array("q", chain.from_iterable(table.ends for table in tables)),
            turns,
            rows if rows else others,
            language_of(document.text),
        )
        object.__setattr__(document, "_outline", made)
        return made
    found: Outline = document._outline
    return found


def place_of(document: Document, start: int, end: int) -> tuple[str, str]:
    """Return the path of headings to ``[start, end)``, and the columns if it is a row of a table.

    Of a heading it is the path to it and the heading itself.
    """
    known = outline(document)
    rows = known.rows(start, end)
    columns = " | ".join(known.table(rows[0])[0].header) if rows else ""
    return " > ".join(known.path(start)), columns


def context_of(document: Document, start: int, end: int) -> str:
    """Return what stands above ``[start, end)``: headings, and the header of the table it is of."""
    known = outline(document)
    rows = known.rows(start, end)
    table = known.table(rows[0])[0] if rows else None
    parts = [known.heading(start)]
    if table is None:
        parts.append(speaker_at(known.turns, start))
    else:
        parts += [table.label, " | ".join(table.header)]
    return "\n".join(filter(None, parts))[-MAX_CONTEXT:]


def reading(passage: Passage) -> Reading:
    """Return a passage as models read it.

    Prose follows its context. Of a row of a table each cell follows the name of its column: "Item:
    rope; Price: 9 crowns." That found the cell asked for in 16 of 18 questions, lines with pipes
    below a header in 10, a list of the columns' names before the row in 12.
    """
    known = outline(passage.document)
    rows = known.rows(passage.start, passage.end)
    if not rows:
        return _of_pieces(passage.document.text, list(_prose(passage)))
    table = known.table(rows[0])[0]
    above = filter(None, (known.heading(passage.start), table.label))
    pieces: list[str | Offsets] = ["".join(f"{line}\n\n" for line in above)[-MAX_CONTEXT:]]
    for row in rows:
        pieces += _row(passage, *known.table(row))
    return _of_pieces(passage.document.text, pieces)


def _prose(passage: Passage) -> Iterator[str | Offsets]:
    if passage.context:
        yield f"{passage.context}\n\n"
    yield passage.start, passage.end


def _row(passage: Passage, table: Table, nth: int) -> Iterator[str | Offsets]:
    """Yield the cells of a row that are in a passage, each after what names it."""
    filled = [
        (at, (max(start, passage.start), min(end, passage.end)))
        for at, (start, end) in enumerate(table.cells(passage.document.text, nth))
        if max(start, passage.start) < min(end, passage.end)
    ]
    for number, (at, cell) in enumerate(filled):
        if number:
            # A cell beyond the columns is of a table within the last: "Fees: adult: 12 crowns".
            beyond = at >= len(table.header) > 0
            is_value = number == 1 and not table.header and len(filled) == 2
            yield ": " if beyond or is_value else "; "
        if at < len(table.header) and table.header[at]:
            yield f"{table.header[at]}: "
        yield cell
    yield ".\n"


def _of_pieces(text: str, pieces: list[str | Offsets]) -> Reading:
    """Join words of the context and stretches ``[start, end)`` of a document's text."""
    words: list[str] = []
    own: list[tuple[int, int, int]] = []
    at = 0
    for piece in pieces:
        if isinstance(piece, str):
            words.append(piece)
        else:
            words.append(text[piece[0] : piece[1]])
            own.append((at, at + len(words[-1]), piece[0]))
        at += len(words[-1])
    return Reading("".join(words), tuple(own))


def _headings(document: Document) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield where each heading begins and the path to it; Markdown's signs tell the levels.

    The subject of a mail and the questions of an FAQ are headings too.
    """
    path: list[tuple[int, str]] = []
    marked = [
        (mark.start, 1 if signs is None else len(signs[0]), mark.label)
        for mark in document.marks
        if mark.kind == "heading"
        for signs in [_SIGNS.match(document.text, mark.start)]
    ]
    for start, level, title in sorted([*marked, *find_titles(document.text)]):
        path = [(above, label) for above, label in path if above < level]
        path.append((level, title))
        yield start, tuple(label for _, label in path)

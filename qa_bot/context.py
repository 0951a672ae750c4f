"""The context of a passage (headings, table header, speaker), and the text that models read."""

from __future__ import annotations

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
from qa_bot.turns import Turn, find_titles, find_turns, find_units, turn_at

if TYPE_CHECKING:
    from qa_bot.datatypes import Document, Passage


MAX_CONTEXT = 300  # characters; of a longer context the end is kept
MAX_PATH = 4  # headings in a path; of a longer path the innermost are kept, which say most


@dataclass(frozen=True, slots=True)
class Context:
    """What a reader of the document knows at a character from the text above it."""

    headings: tuple[str, ...]  # outermost first; the last may be the question of an FAQ
    part: str  # for a row: the row of one cell that names this part of the table
    columns: tuple[str, ...]  # for a row: the names of the columns
    speaker: str  # "" at the start of a turn, where the name follows


@dataclass(frozen=True, slots=True)
class Outline:
    """The positions of the headings, table rows and turns of a document, in characters."""

    headings: tuple[tuple[int, tuple[str, ...]], ...]  # start and path of each
    tables: tuple[Table, ...]
    first_rows: tuple[int, ...]  # by table: the number of its first row among all rows
    starts: array[int]  # of all rows
    ends: array[int]
    turns: list[Turn]
    units: list[Offsets]  # rows, turns, times of subtitles: each counts as one sentence
    language: str  # its code, such as "en"

    def units_in(self, start: int, end: int) -> list[Offsets]:
        """Return the units that overlap ``[start, end)``."""
        first = bisect_right(self.units, start, key=itemgetter(1))
        return self.units[first : bisect_left(self.units, end, key=itemgetter(0))]

    def rows(self, start: int, end: int) -> range:
        """Return the numbers of the rows that overlap ``[start, end)``."""
        return range(bisect_right(self.ends, start), bisect_left(self.starts, end))

    def table(self, row: int) -> tuple[Table, int]:
        """Return the table of a row, and the number of the row within it."""
        number = bisect_right(self.first_rows, row) - 1
        return self.tables[number], row - self.first_rows[number]

    def context(self, start: int, end: int) -> Context:
        """Return the context of ``[start, end)``; that of a heading includes the heading."""
        rows = self.rows(start, end)
        if rows:
            table = self.table(rows[0])[0]
            return Context(self.path(start), table.label, table.header, "")
        turn = turn_at(self.turns, start)
        if turn is None:
            return Context(self.path(start), "", (), "")
        question = (turn.question,) if turn.question else ()
        speaker = turn.speaker if start > turn.start else ""
        return Context((*self.path(start), *question), "", (), speaker)

    def path(self, start: int) -> tuple[str, ...]:
        """Return the headings above a character, or the heading that contains it."""
        last = bisect_right(self.headings, start, key=itemgetter(0)) - 1
        return self.headings[last][1] if last >= 0 else ()

    def is_heading(self, start: int) -> bool:
        """Whether a heading begins at a character."""
        number = bisect_left(self.headings, start, key=itemgetter(0))
        return number < len(self.headings) and self.headings[number][0] == start


@dataclass(frozen=True, slots=True)
class Reading:
    """A passage as the models read it: the text of the passage, with text from its context.

    ``own`` lists the parts of ``text`` that are slices of the document: start and end in ``text``,
    and start in the document. An answer lies within one of them.
    """

    text: str
    own: tuple[tuple[int, int, int], ...]

    @property
    def stretches(self) -> list[Offsets]:
        """The parts of ``text`` that are slices of the document, as offsets into ``text``."""
        return [(start, end) for start, end, _ in self.own]

    def place(self, start: int, end: int) -> Offsets:
        """Return the position of ``text[start:end]`` in the document."""
        number = bisect_right(self.own, (start, len(self.text))) - 1
        shift = self.own[number][2] - self.own[number][0]
        return start + shift, end + shift


def outline(document: Document) -> Outline:
    """Return the outline of a document; it is computed once and cached in the document."""
    if document._outline is None:
        object.__setattr__(document, "_outline", _outline(document))
    cached: Outline = document._outline
    return cached


def _outline(document: Document) -> Outline:
    tables = find_tables(document.text, document.source)
    counts = [len(table.starts) for table in tables]
    rows = [row for table in tables for row in zip(table.starts, table.ends, strict=True)]
    turns = [] if rows else find_turns(document.text)
    units = rows if rows else list(find_units(document.text, turns))
    return Outline(
        tuple(_headings(document)),
        tuple(tables),
        tuple(sum(counts[:number]) for number in range(len(counts))),
        array("q", chain.from_iterable(table.starts for table in tables)),
        array("q", chain.from_iterable(table.ends for table in tables)),
        turns,
        units,
        language_of(document.text),
    )


def path_text(headings: tuple[str, ...]) -> str:
    """Return headings on one line, outermost first: "Fees > Boats"."""
    return " > ".join(headings[-MAX_PATH:])


def context_of(document: Document, start: int, end: int) -> str:
    """Return the context of ``[start, end)`` as lines; that of a heading excludes the heading."""
    structure = outline(document)
    context = structure.context(start, end)
    headings = context.headings[:-1] if structure.is_heading(start) else context.headings
    lines = (path_text(headings), context.part, " | ".join(context.columns), context.speaker)
    return "\n".join(filter(None, lines))[-MAX_CONTEXT:]


def reading(passage: Passage) -> Reading:
    """Return a passage as the models read it.

    Prose follows its context. In a row of a table each cell follows the name of its column: "Item:
    rope; Price: 9 crowns." In this form the reader found the right cell for 16 of 18 questions;
    with piped lines below a header for 10, and with a list of the columns before the row for 12.
    """
    structure = outline(passage.document)
    rows = structure.rows(passage.start, passage.end)
    if not rows:
        return _join_pieces(passage.document.text, list(_prose_pieces(passage)))
    context = structure.context(passage.start, passage.end)
    above = filter(None, (path_text(context.headings), context.part))
    pieces: list[str | Offsets] = ["".join(f"{line}\n\n" for line in above)[-MAX_CONTEXT:]]
    for row in rows:
        pieces += _row_pieces(passage, *structure.table(row))
    return _join_pieces(passage.document.text, pieces)


# A piece of the text that models read is a string from the context, or offsets into the document.


def _prose_pieces(passage: Passage) -> Iterator[str | Offsets]:
    if passage.context:
        yield f"{passage.context}\n\n"
    yield passage.start, passage.end


def _row_pieces(passage: Passage, table: Table, number: int) -> Iterator[str | Offsets]:
    """Yield the cells of a row that are in a passage, each after the name of its column."""
    filled = [
        (column, (max(start, passage.start), min(end, passage.end)))
        for column, (start, end) in enumerate(table.cells(passage.document.text, number))
        if max(start, passage.start) < min(end, passage.end)
    ]
    for nth, (column, cell) in enumerate(filled):
        if nth:
            # A cell beyond the header is of a table in the last cell: "Fees: adult: 12 crowns".
            is_beyond_header = column >= len(table.header) > 0
            is_value = nth == 1 and not table.header and len(filled) == 2
            yield ": " if is_beyond_header or is_value else "; "
        if column < len(table.header) and table.header[column]:
            yield f"{table.header[column]}: "
        yield cell
    yield ".\n"


def _join_pieces(text: str, pieces: list[str | Offsets]) -> Reading:
    strings: list[str] = []
    own: list[tuple[int, int, int]] = []
    length = 0
    for piece in pieces:
        if isinstance(piece, str):
            strings.append(piece)
        else:
            strings.append(text[piece[0] : piece[1]])
            own.append((length, length + len(strings[-1]), piece[0]))
        length += len(strings[-1])
    return Reading("".join(strings), tuple(own))


def _headings(document: Document) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the start of each heading and the path to it.

    The subject of a mail and the questions of an FAQ are headings too.
    """
    path: list[tuple[int, str]] = []
    marked = [
        (mark.start, mark.level, mark.label) for mark in document.marks if mark.kind == "heading"
    ]
    titles = [*marked, *find_titles(document.text)]
    for start, level, title in sorted(titles, key=itemgetter(0)):
        path = [(higher, label) for higher, label in path if higher < level]
        path.append((level, title))
        yield start, tuple(label for _, label in path)

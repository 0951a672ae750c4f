"""What stands above a passage, and the passage with that context as the models read it."""

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


MAX_CONTEXT = 300  # characters; the end of a longer context is kept
MAX_PATH = 4  # headings named of a path; the innermost say most


@dataclass(frozen=True, slots=True)
class Context:
    """What a reader of the document has in mind at one character, outermost first."""

    headings: tuple[str, ...]  # and the question that an answer belongs to
    part: str  # of a row: the row of one cell that names this part of the table
    columns: tuple[str, ...]  # of a row: the names of the columns
    speaker: str  # who speaks, unless the name stands at this very character


@dataclass(frozen=True, slots=True)
class Outline:
    """Where the headings, the rows of the tables and the turns of a document stand."""

    headings: tuple[tuple[int, tuple[str, ...]], ...]  # start and path of each
    tables: tuple[Table, ...]
    first_rows: tuple[int, ...]  # by table: the number of its first row among all rows
    starts: array[int]  # of all rows
    ends: array[int]
    turns: list[Turn]
    units: list[Offsets]  # sentences whatever they contain: rows, turns, times of subtitles
    language: str

    def units_in(self, start: int, end: int) -> list[Offsets]:
        """Return the units that overlap ``[start, end)``."""
        first = bisect_right(self.units, start, key=itemgetter(1))
        return self.units[first : bisect_left(self.units, end, key=itemgetter(0))]

    def rows(self, start: int, end: int) -> range:
        """Return the numbers of the rows that overlap ``[start, end)``."""
        return range(bisect_right(self.ends, start), bisect_left(self.starts, end))

    def table(self, row: int) -> tuple[Table, int]:
        """Return the table of a row, and the number of the row in that table."""
        number = bisect_right(self.first_rows, row) - 1
        return self.tables[number], row - self.first_rows[number]

    def context(self, start: int, end: int) -> Context:
        """Return the context of ``[start, end)``; of a heading, the heading itself included."""
        rows = self.rows(start, end)
        if rows:
            table = self.table(rows[0])[0]
            return Context(self.path(start), table.label, table.header, "")
        turn = turn_at(self.turns, start)
        if turn is None:
            return Context(self.path(start), "", (), "")
        asked = (turn.question,) if turn.question else ()
        speaker = turn.speaker if start > turn.start else ""
        return Context((*self.path(start), *asked), "", (), speaker)

    def path(self, start: int) -> tuple[str, ...]:
        """Return the headings above a character, or around it."""
        last = bisect_right(self.headings, start, key=itemgetter(0)) - 1
        return self.headings[last][1] if last >= 0 else ()

    def is_heading(self, start: int) -> bool:
        """Whether a heading begins at a character."""
        number = bisect_left(self.headings, start, key=itemgetter(0))
        return number < len(self.headings) and self.headings[number][0] == start


@dataclass(frozen=True, slots=True)
class Reading:
    """A passage as the models read it: its own words after, and between, those of its context.

    ``own`` lists the stretches of ``text`` that are slices of the document, each with the offset
    of its first character in the document. An answer lies within one of them.
    """

    text: str
    own: tuple[tuple[int, int, int], ...]

    @property
    def stretches(self) -> list[Offsets]:
        """The stretches as offsets into ``text``."""
        return [(start, end) for start, end, _ in self.own]

    def place(self, start: int, end: int) -> Offsets:
        """Return the offsets in the document of ``text[start:end]``."""
        number = bisect_right(self.own, (start, len(self.text))) - 1
        shift = self.own[number][2] - self.own[number][0]
        return start + shift, end + shift


def outline(document: Document) -> Outline:
    """Return the outline of a document, which is made once and kept with it."""
    if document._outline is None:
        object.__setattr__(document, "_outline", _outline(document))
    kept: Outline = document._outline
    return kept


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
    """Return the context of ``[start, end)`` as lines; that of a heading leaves out itself."""
    known = outline(document)
    context = known.context(start, end)
    headings = context.headings[:-1] if known.is_heading(start) else context.headings
    lines = (path_text(headings), context.part, " | ".join(context.columns), context.speaker)
    return "\n".join(filter(None, lines))[-MAX_CONTEXT:]


def reading(passage: Passage) -> Reading:
    """Return a passage as the models read it.

    Prose follows its context. In a row of a table each cell follows the name of its column: "Item:
    rope; Price: 9 crowns." With that the reader pointed at the right cell for 16 of 18 questions,
    with piped lines below a header for 10, with a list of the columns before the row for 12.
    """
    known = outline(passage.document)
    rows = known.rows(passage.start, passage.end)
    if not rows:
        return _of_pieces(passage.document.text, list(_prose(passage)))
    context = known.context(passage.start, passage.end)
    above = filter(None, (path_text(context.headings), context.part))
    pieces: list[str | Offsets] = ["".join(f"{line}\n\n" for line in above)[-MAX_CONTEXT:]]
    for row in rows:
        pieces += _row(passage, *known.table(row))
    return _of_pieces(passage.document.text, pieces)


def _prose(passage: Passage) -> Iterator[str | Offsets]:
    if passage.context:
        yield f"{passage.context}\n\n"
    yield passage.start, passage.end


def _row(passage: Passage, table: Table, number: int) -> Iterator[str | Offsets]:
    """Yield the cells of a row that are in a passage, each after its name."""
    filled = [
        (column, (max(start, passage.start), min(end, passage.end)))
        for column, (start, end) in enumerate(table.cells(passage.document.text, number))
        if max(start, passage.start) < min(end, passage.end)
    ]
    for nth, (column, cell) in enumerate(filled):
        if nth:
            # A cell beyond the columns is of a table within the last: "Fees: adult: 12 crowns".
            beyond = column >= len(table.header) > 0
            is_value = nth == 1 and not table.header and len(filled) == 2
            yield ": " if beyond or is_value else "; "
        if column < len(table.header) and table.header[column]:
            yield f"{table.header[column]}: "
        yield cell
    yield ".\n"


def _of_pieces(text: str, pieces: list[str | Offsets]) -> Reading:
    """Join words of the context and stretches ``[start, end)`` of a document's text."""
    words: list[str] = []
    own: list[tuple[int, int, int]] = []
    length = 0
    for piece in pieces:
        if isinstance(piece, str):
            words.append(piece)
        else:
            words.append(text[piece[0] : piece[1]])
            own.append((length, length + len(words[-1]), piece[0]))
        length += len(words[-1])
    return Reading("".join(words), tuple(own))


def _headings(document: Document) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the start of each heading and the path to it.

    The subject of a mail and the questions of an FAQ are headings too.
    """
    path: list[tuple[int, str]] = []
    marked = [(it.start, it.level, it.label) for it in document.marks if it.kind == "heading"]
    titles = [*marked, *find_titles(document.text)]
    for start, level, title in sorted(titles, key=itemgetter(0)):
        path = [(above, label) for above, label in path if above < level]
        path.append((level, title))
        yield start, tuple(label for _, label in path)

"""Find tables in a text: lines of ``| one | two |``, or a whole file of comma-separated values."""

import re
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePath

from qa_bot.paragraphs import Offsets

_LINE_START = r"(?:\A|(?<=[\r\n]))"
_PIPED_LINE = re.compile(_LINE_START + r"[^\r\n]*\|[^\r\n]*")
_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_PIPE = re.compile(r"(?<!\\)\|")
_DIGIT = re.compile(r"\d")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")

_SUFFIXES = frozenset({".csv", ".tsv"})
_DELIMITERS = "\t;,|"
_SAMPLE = 100_000  # characters of a file that are searched for columns
_SAMPLE_ROWS = 200
_SHORT_CELL = 40  # characters; most cells of a table are shorter, most clauses of prose are not
_NUMBERS = 0.8  # share of cells with a number that makes a column one of numbers


@dataclass(frozen=True, slots=True)
class Table:
    """The names of the columns of a table, and the offsets of the rows below them.

    ``header`` is empty if no row names the columns. ``label`` is the row of a single cell above
    these rows, if any: the name of a part of the table.
    """

    header: tuple[str, ...]
    label: str
    delimiter: str  # between two cells; "|" also begins and ends a row
    starts: "array[int]"
    ends: "array[int]"

    def cells(self, text: str, row: int) -> list[Offsets]:
        """Return the cells of a row, without surrounding blanks and quotation marks."""
        return list(_cells(text, (self.starts[row], self.ends[row]), self.delimiter))


def find_tables(text: str, source: str = "") -> list[Table]:
    """Return the tables of a text in order; a .csv or .tsv ``source`` needs less evidence."""
    delimited = _delimited(text, PurePath(source).suffix.lower() in _SUFFIXES)
    if delimited is not None:
        return [delimited]
    if "|" not in text:
        return []
    return [table for lines in _piped_blocks(text) for table in _tables_of(text, lines)]


def _piped_blocks(text: str) -> Iterator[list[Offsets]]:
    """Yield runs of two or more lines with a ``|`` that make a table."""
    block: list[Offsets] = []
    for line in _PIPED_LINE.finditer(text):
        if block and text[block[-1][1] : line.start()] not in ("\n", "\r", "\r\n"):
            if _is_table(text, block):
                yield block
            block = []
        block.append(line.span())
    if _is_table(text, block):
        yield block


def _is_table(text: str, lines: Sequence[Offsets]) -> bool:
    """Whether lines are a table: with a rule below the first, as in Markdown, or all in pipes."""
    if len(lines) < 2:
        return False
    if _RULE.fullmatch(text, *lines[1]):
        return True
    return all(_in_pipes(text[start:end].strip()) for start, end in lines)


def _in_pipes(line: str) -> bool:
    return len(line) > 2 and line[0] == line[-1] == "|"


def _tables_of(text: str, lines: list[Offsets]) -> Iterator[Table]:
    """Yield the table that lines make, or its parts if rows of a single cell name them."""
    ruled = _RULE.fullmatch(text, *lines[1]) is not None
    titles = 0
    while not ruled and titles < len(lines) - 2 and len(_row(text, lines[titles], "|")) == 1:
        titles += 1
    label = _row(text, lines[titles - 1], "|")[0] if titles else ""
    rows = lines[titles:]
    rules = 2 if ruled else _header_rows([_row(text, line, "|") for line in rows])
    header = _joined([_row(text, line, "|") for line in rows[: 1 if ruled else rules]])
    starts, ends = array("q"), array("q")
    for line in rows[rules:]:
        cells = _row(text, line, "|")
        if len(cells) == 1 and len(header) != 1:
            if starts:
                yield Table(header, label, "|", starts, ends)
            label, starts, ends = cells[0], array("q"), array("q")
        elif tuple(cells) != header:  # which may be written again on each page
            starts.append(line[0])
            ends.append(line[1])
    if starts:
        yield Table(header, label, "|", starts, ends)


def _row(text: str, line: Offsets, delimiter: str) -> list[str]:
    return [text[start:end] for start, end in _cells(text, line, delimiter)]


def _cells(text: str, row: Offsets, delimiter: str) -> Iterator[Offsets]:
    """Yield the offsets of the cells of a row; those of a blank cell are empty."""
    if delimiter != "|":
        fields = [field.span() for field in _field(delimiter).finditer(text, *row)]
        # The pattern also matches the empty string at the end of each field that is not empty.
        spans = [
            span
            for number, span in enumerate(fields)
            if span[0] < span[1] or number == 0 or fields[number - 1][1] != span[0]
        ]
    else:
        start, end = _stripped(text, row)
        start += text.startswith("|", start)
        bars = [bar.start() for bar in _PIPE.finditer(text, start, end)]
        if not bars or bars[-1] != end - 1:
            bars.append(end)
        spans = list(zip([start, *(bar + 1 for bar in bars)], bars, strict=False))
    for span in spans:
        start, end = _stripped(text, span)
        quoted = delimiter != "|" and end - start > 1 and text[start] == text[end - 1] == '"'
        yield (start + 1, end - 1) if quoted else (start, end)


def _stripped(text: str, span: Offsets) -> Offsets:
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _header_rows(rows: Sequence[Sequence[str]]) -> int:
    """Return how many of the first rows name the columns: 0, 1, or 2 if the first spans columns."""
    first, body = rows[0], rows[1:]
    if not body or not _names_columns(first, body):
        return 0
    spans = any(one == other != "" for one, other in pairwise(first))
    below = body[0]
    names = len(below) == len(first) and not any(map(_DIGIT.search, below))
    return 2 if spans and names and len(body) > 1 else 1


def _names_columns(first: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether a row is a header: it has no numbers where others do, or years alone."""
    numbers = [cell for cell in first if _DIGIT.search(cell)]
    if numbers:
        return len(numbers) > 1 and all(map(_YEAR.fullmatch, numbers))
    if len(first) != 2:
        return len(first) > 2
    columns = [[row[at] for row in body if len(row) > at and row[at]] for at in range(2)]
    shares = [sum(bool(_DIGIT.search(cell)) for cell in it) / max(1, len(it)) for it in columns]
    # Of a form, "Name | Mirabel", "Fee | 20 crowns", some rows have numbers, and none is a header.
    return any(share >= _NUMBERS for share in shares) or not any(shares)


def _joined(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the names of the columns, whose first part may stand in a row of its own."""
    if len(rows) < 2:
        return tuple(rows[0]) if rows else ()
    pairs = zip(rows[0], rows[1], strict=True)
    return tuple(one if one == other else f"{one} {other}".strip() for one, other in pairs)


def _field(delimiter: str) -> re.Pattern[str]:
    mark = re.escape(delimiter)
    return re.compile(rf'[ ]*+"(?:[^"]|"")*+"[ ]*+(?=[{mark}\r\n]|\Z)|[^{mark}\r\n]*+')


def _rows(text: str, delimiter: str) -> Iterator[Offsets]:
    """Yield the rows of a delimited text that are not blank; quoted cells may have line breaks."""
    field, mark = f"(?:{_field(delimiter).pattern})", re.escape(delimiter)
    for row in re.finditer(rf"{_LINE_START}{field}(?:{mark}{field})*+", text):
        if row[0].strip(f" {delimiter}"):
            yield row.span()


def _delimited(text: str, named: bool) -> Table | None:
    """Return the table that a whole text is, or None; ``named``: the file has a table's suffix."""
    head = text[:_SAMPLE]
    for delimiter in _DELIMITERS:
        if delimiter not in head or (delimiter == "|" and _in_pipes(head.splitlines()[0].strip())):
            continue
        sample = [_row(head, row, delimiter) for row in _some_rows(head, delimiter)]
        columns = _columns(sample, named)
        if columns and (named or _looks_tabular(sample, head, delimiter)):
            return _delimited_table(text, delimiter, columns)
    return None


def _some_rows(head: str, delimiter: str) -> list[Offsets]:
    rows = [row for row, _ in zip(_rows(head, delimiter), range(_SAMPLE_ROWS), strict=False)]
    return rows[:-1] if len(head) == _SAMPLE and len(rows) > 1 else rows


def _columns(rows: Sequence[Sequence[str]], named: bool) -> int:
    """Return the number of columns that the rows have, 0 if they disagree."""
    if not rows:
        return 0
    ((columns, count),) = Counter(map(len, rows)).most_common(1)
    agree = count >= 0.6 * len(rows) if named else count == len(rows) > 2
    return columns if columns > 1 and agree else 0


def _looks_tabular(rows: Sequence[Sequence[str]], head: str, delimiter: str) -> bool:
    """Whether rows look like a table in a file without a table's suffix: short cells, a header."""
    header, body = rows[0], rows[1:]
    cells = sorted(len(cell) for row in rows for cell in row)
    names = all(0 < len(cell) <= _SHORT_CELL and cell[-1] not in ".!?" for cell in header)
    if not names or len(set(header)) < len(header) or cells[len(cells) // 2] > _SHORT_CELL:
        return False
    spaced = len(re.findall(rf"{re.escape(delimiter)} ", head))
    prose = delimiter in ",;" and 2 * spaced > head.count(delimiter)
    return not prose and _names_columns(header, body)


def _delimited_table(text: str, delimiter: str, columns: int) -> Table:
    rows = list(_rows(text, delimiter))
    first = next(
        (nth for nth, row in enumerate(rows) if _width(text, row, delimiter) == columns), 0
    )
    top = [_row(text, row, delimiter) for row in rows[first : first + _SAMPLE_ROWS]]
    has_header = len(top) > 1 and _names_columns(top[0], top[1:])
    body = rows[first + has_header :]
    starts, ends = (array("q", (row[at] for row in body)) for at in range(2))
    return Table(tuple(top[0]) if has_header else (), "", delimiter, starts, ends)


def _width(text: str, row: Offsets, delimiter: str) -> int:
    return len(_row(text, row, delimiter))

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
_SAMPLE = 100_000  # characters at the start of a file in which columns are looked for
_SAMPLE_ROWS = 200
_SHORT_CELL = 40  # characters; most cells of a table are shorter, most clauses of prose longer
_MIN_NUMERIC = 0.8  # share of cells with a number in a numeric column


@dataclass(frozen=True, slots=True)
class Table:
    """The names of the columns of a table, and the offsets of the rows below them.

    ``header`` is empty if no row names the columns. ``label`` is the name of this part of the
    table, if a row with a single cell above gives one.
    """

    header: tuple[str, ...]
    label: str
    delimiter: str  # between two cells; "|" also begins and ends a row
    starts: "array[int]"
    ends: "array[int]"

    def cells(self, text: str, row: int) -> list[Offsets]:
        """Return the offsets of a row's cells, without spaces and quotation marks around them."""
        return list(_cell_offsets(text, (self.starts[row], self.ends[row]), self.delimiter))


def find_tables(text: str, source: str = "") -> list[Table]:
    """Return the tables of a text in order.

    A text whose ``source`` has the suffix .csv or .tsv needs less evidence to be a table.
    """
    delimited = _delimited(text, PurePath(source).suffix.lower() in _SUFFIXES)
    if delimited is not None:
        return [delimited]
    if "|" not in text:
        return []
    return [table for lines in _piped_blocks(text) for table in _piped_tables(text, lines)]


def _piped_blocks(text: str) -> Iterator[list[Offsets]]:
    """Yield runs of two or more lines with a ``|`` that form a table."""
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
    """Whether lines form a table: a rule follows the first, as in Markdown, or all are in pipes."""
    if len(lines) < 2:
        return False
    if _RULE.fullmatch(text, *lines[1]):
        return True
    return all(_in_pipes(text[start:end].strip()) for start, end in lines)


def _in_pipes(line: str) -> bool:
    return len(line) > 2 and line[0] == line[-1] == "|"


def _piped_tables(text: str, lines: list[Offsets]) -> Iterator[Table]:
    """Yield the table in these lines, or its parts if rows with a single cell name them."""
    has_rule = _RULE.fullmatch(text, *lines[1]) is not None
    titles = 0
    while not has_rule and titles < len(lines) - 2 and len(_row(text, lines[titles], "|")) == 1:
        titles += 1
    label = _row(text, lines[titles - 1], "|")[0] if titles else ""
    rows = lines[titles:]
    header_rows = 1 if has_rule else _header_rows([_row(text, line, "|") for line in rows])
    header = _join_header([_row(text, line, "|") for line in rows[:header_rows]])
    starts, ends = array("q"), array("q")
    for line in rows[header_rows + has_rule :]:
        cells = _row(text, line, "|")
        if len(cells) == 1 and len(header) != 1:
            if starts:
                yield Table(header, label, "|", starts, ends)
            label, starts, ends = cells[0], array("q"), array("q")
        elif tuple(cells) != header:  # a header may be repeated on each page
            starts.append(line[0])
            ends.append(line[1])
    if starts:
        yield Table(header, label, "|", starts, ends)


def _row(text: str, line: Offsets, delimiter: str) -> list[str]:
    return [text[start:end] for start, end in _cell_offsets(text, line, delimiter)]


def _cell_offsets(text: str, row: Offsets, delimiter: str) -> Iterator[Offsets]:
    """Yield the offsets of the cells of a row; those of a blank cell are empty."""
    if delimiter != "|":
        fields = [field.span() for field in _field(delimiter).finditer(text, *row)]
        # The pattern also matches the empty string at the end of every nonempty field.
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
        is_quoted = delimiter != "|" and end - start > 1 and text[start] == text[end - 1] == '"'
        yield (start + 1, end - 1) if is_quoted else (start, end)


def _stripped(text: str, span: Offsets) -> Offsets:
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _header_rows(rows: Sequence[Sequence[str]]) -> int:
    """Return how many rows the header has: 0, 1, or 2 if cells of the first span columns."""
    first, body = rows[0], rows[1:]
    if not body or not _is_header(first, body):
        return 0
    # Spanning cells are repeated.
    has_spanning = any(left == right != "" for left, right in pairwise(first))
    second = body[0]
    may_be_header = len(second) == len(first) and not any(map(_DIGIT.search, second))
    return 2 if has_spanning and may_be_header and len(body) > 1 else 1


def _is_header(first: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: it has no numbers, or nothing but years as numbers.

    With two columns, the body must also have a numeric column, or no numbers at all.
    """
    numbers = [cell for cell in first if _DIGIT.search(cell)]
    if numbers:
        return len(numbers) > 1 and all(map(_YEAR.fullmatch, numbers))
    if len(first) != 2:
        return len(first) > 2
    shares = []
    for number in range(2):
        column = [row[number] for row in body if len(row) > number and row[number]]
        shares.append(sum(bool(_DIGIT.search(cell)) for cell in column) / max(1, len(column)))
    # A form ("Name | Mirabel", "Fee | 20 crowns") has numbers in some rows, and no header.
    return any(share >= _MIN_NUMERIC for share in shares) or not any(shares)


def _join_header(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the names of the columns from a header of at most two rows."""
    if len(rows) < 2:
        return tuple(rows[0]) if rows else ()
    pairs = zip(rows[0], rows[1], strict=True)
    return tuple(upper if upper == lower else f"{upper} {lower}".strip() for upper, lower in pairs)


def _field(delimiter: str) -> re.Pattern[str]:
    separator = re.escape(delimiter)
    quoted = rf'[ ]*+"(?:[^"]|"")*+"[ ]*+(?=[{separator}\r\n]|\Z)'
    return re.compile(rf"{quoted}|[^{separator}\r\n]*+")


def _rows(text: str, delimiter: str) -> Iterator[Offsets]:
    """Yield the rows of a delimited text that are not blank; quoted cells may have line breaks."""
    field, separator = f"(?:{_field(delimiter).pattern})", re.escape(delimiter)
    for row in re.finditer(rf"{_LINE_START}{field}(?:{separator}{field})*+", text):
        if row[0].strip(f" {delimiter}"):
            yield row.span()


def _delimited(text: str, has_suffix: bool) -> Table | None:
    """Return the table if the whole text is one; ``has_suffix``: the file is a .csv or .tsv."""
    head = text[:_SAMPLE]
    for delimiter in _DELIMITERS:
        if delimiter not in head or (delimiter == "|" and _in_pipes(head.splitlines()[0].strip())):
            continue
        sample = [_row(head, row, delimiter) for row in _sample_rows(head, delimiter)]
        columns = _column_count(sample, has_suffix)
        if columns and (has_suffix or _looks_tabular(sample, head, delimiter)):
            return _delimited_table(text, delimiter, columns)
    return None


def _sample_rows(head: str, delimiter: str) -> list[Offsets]:
    rows = [row for row, _ in zip(_rows(head, delimiter), range(_SAMPLE_ROWS), strict=False)]
    return rows[:-1] if len(head) == _SAMPLE and len(rows) > 1 else rows


def _column_count(rows: Sequence[Sequence[str]], has_suffix: bool) -> int:
    """Return the number of columns that most rows have (all, without the suffix), or 0."""
    if not rows:
        return 0
    ((columns, count),) = Counter(map(len, rows)).most_common(1)
    is_agreed = count >= 0.6 * len(rows) if has_suffix else count == len(rows) > 2
    return columns if columns > 1 and is_agreed else 0


def _looks_tabular(rows: Sequence[Sequence[str]], head: str, delimiter: str) -> bool:
    """Whether the rows of a file without a table's suffix have a header and short cells."""
    header, body = rows[0], rows[1:]
    lengths = sorted(len(cell) for row in rows for cell in row)
    has_names = all(0 < len(cell) <= _SHORT_CELL and cell[-1] not in ".!?" for cell in header)
    if not has_names or len(set(header)) < len(header) or lengths[len(lengths) // 2] > _SHORT_CELL:
        return False
    spaced = len(re.findall(rf"{re.escape(delimiter)} ", head))
    is_prose = delimiter in ",;" and 2 * spaced > head.count(delimiter)
    return not is_prose and _is_header(header, body)


def _delimited_table(text: str, delimiter: str, columns: int) -> Table:
    rows = list(_rows(text, delimiter))
    widths = (len(_row(text, row, delimiter)) for row in rows)
    first = next((nth for nth, width in enumerate(widths) if width == columns), 0)
    sample = [_row(text, row, delimiter) for row in rows[first : first + _SAMPLE_ROWS]]
    has_header = len(sample) > 1 and _is_header(sample[0], sample[1:])
    body = rows[first + has_header :]
    starts, ends = array("q", (start for start, _ in body)), array("q", (end for _, end in body))
    return Table(tuple(sample[0]) if has_header else (), "", delimiter, starts, ends)

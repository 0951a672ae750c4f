"""Collect the text of a parsed web page as blocks: paragraphs, headings, lists and tables."""

import re
from collections.abc import Iterator

from lxml import etree

from qa_bot.documents.content import Block, heading_block
from qa_bot.documents.formula import formula_text, subscript, superscript
from qa_bot.documents.html.elements import (
    HEADINGS,
    INVISIBLE,
    LABEL,
    LISTS,
    is_block,
    is_ignored,
    is_math,
    is_script,
    script_position,
)
from qa_bot.documents.tables import Cell, spread, table_lines

_LONG_ITEM = 400  # characters; the items of a list with a longer one are paragraphs
_MAX_LABEL = 100  # characters; a longer cell does not label the table beside it
_ALL_ROWS = 10_000  # rowspan="0" means all rows to the end of the table
_LONG_CELL = 1000  # characters; a table with a longer cell only lays out the page

_WHITESPACE = re.compile(r"\s+")
_LINE_BREAK = re.compile(r" *\n *")


def blocks_of(root: etree._Element) -> Iterator[Block]:
    """Yield the paragraphs, headings, lists and tables in an element."""
    yield from _BlockReader(root).blocks()


class _BlockReader:
    """Walks the elements in document order and collects their text."""

    def __init__(self, root: etree._Element) -> None:
        self._root = root
        self._texts: list[str] = []  # of the current paragraph
        self._next_numbers: list[int] = []  # of each open list; 0 for bullets
        self._items: list[str] = []  # of the outermost open list
        self._label = ""  # the number or bullet of the current item, until it is written
        self._open_pre = 0  # number of open <pre> elements

    def blocks(self) -> Iterator[Block]:
        walker = etree.iterwalk(self._root, events=("start", "end"))
        ignored = None
        for event, element in walker:
            if event == "end":
                yield from self._end(element, element is ignored)
            elif element is not self._root and is_ignored(element):
                ignored = element  # its end is the next event
                walker.skip_subtree()
            elif element.tag == "table" and (lines := _table_lines(element)):
                yield from self._end_paragraph()
                yield from self._end_list()
                yield Block("\n".join(lines))
                walker.skip_subtree()
            elif element is not self._root and (is_math(element) or is_script(element)):
                if is_block(element):
                    yield from self._end_paragraph()
                self._texts.append(self._inline_text(element))
                walker.skip_subtree()
            else:
                yield from self._start(element)
        yield from self._end_paragraph()
        yield from self._end_list()

    def _start(self, element: etree._Element) -> Iterator[Block]:
        if is_block(element):
            yield from self._end_paragraph()
        if element.tag in HEADINGS:
            yield from self._end_list()
        elif element.tag in LISTS:
            self._next_numbers.append(_first_number(element))
        elif element.tag == "li":
            label = element.get(LABEL)
            self._label = self._next_label() if label is None else f"{label} "
        elif element.tag == "pre":
            self._open_pre += 1
        elif element.tag == "br":
            self._texts.append("\n")
        self._add(element.text)

    def _end(self, element: etree._Element, was_ignored: bool) -> Iterator[Block]:
        if element is self._root:
            return
        if not was_ignored and element.tag in HEADINGS:
            yield heading_block(self._take_text(), int(element.tag[1]))
        elif not was_ignored and is_block(element):
            yield from self._end_paragraph()
        if not was_ignored and element.tag in LISTS:
            self._next_numbers.pop()
            if not self._next_numbers:
                yield from self._end_list()
        elif not was_ignored and element.tag == "pre":
            self._open_pre -= 1
        elif not was_ignored and element.tag == "li":
            self._label = ""
        self._add(element.tail)

    def _add(self, text: str | None) -> None:
        if text:
            self._texts.append(text if self._open_pre else _WHITESPACE.sub(" ", text))

    def _inline_text(self, element: etree._Element) -> str:
        """Return a formula, a superscript or a subscript as text, with spaces where needed."""
        before, after = "".join(self._texts[-4:]), element.tail or ""
        if is_math(element):
            text = formula_text(element) or ""
            return " " * _would_merge(before, text) + text + " " * _would_merge(text, after)
        raw, text = "".join(element.itertext()), _text_of(element)
        if script_position(element) == "sub":
            text = subscript(text, before, after)
        elif script_position(element) == "super" or (before[-1:].isdigit() and text[:1].isdigit()):
            text = superscript(text, before, after)
        return " " * raw[:1].isspace() + text + " " * raw[-1:].isspace()

    def _take_text(self) -> str:
        """Return the text of the current paragraph and clear it."""
        text = "".join(self._texts).translate(INVISIBLE)
        self._texts.clear()
        if self._open_pre:
            return text.strip("\r\n").rstrip()
        return _LINE_BREAK.sub("\n", re.sub(" {2,}", " ", text)).strip()

    def _end_paragraph(self) -> Iterator[Block]:
        text = self._take_text()
        if text and self._next_numbers:
            self._items.append(self._label + text)
            self._label = ""
        elif text:
            yield Block(text)

    def _end_list(self) -> Iterator[Block]:
        """Yield the items so far as one block of lines, or as a block each if one is long."""
        if any(len(item) > _LONG_ITEM for item in self._items):
            yield from map(Block, self._items)
        elif self._items:
            yield Block("\n".join(self._items))
        self._items.clear()

    def _next_label(self) -> str:
        if not self._next_numbers:
            return ""
        indent, number = "  " * (len(self._next_numbers) - 1), self._next_numbers[-1]
        if not number:
            return f"{indent}- "
        self._next_numbers[-1] += 1
        return f"{indent}{number}. "


def _first_number(element: etree._Element) -> int:
    """Return the number of the first item of a list, or 0 if it has bullets."""
    if element.tag != "ol":
        return 0
    start = element.get("start", "1")
    return int(start) if re.fullmatch("[1-9][0-9]{0,5}", start) else 1


def _would_merge(before: str, after: str) -> bool:
    """Whether two texts would make one word or number without a space between them."""
    return before[-1:].isalnum() and after[:1].isalnum()


def _table_lines(table: etree._Element) -> list[str]:
    """Return the rows of a table as ``| one | two |``; none if it only lays out the page."""
    if table.get("role") in ("presentation", "none") or any(True for _ in table.iter(*HEADINGS)):
        return []
    is_nested = table.find(".//table") is not None
    rows = _nested_rows(table) if is_nested else [_cells(row) for row in _direct_rows(table)]
    if not _has_columns(rows):
        return []
    if any(len(cell.text) > _LONG_CELL for row in rows for cell in row):
        return []
    captions = (_text_of(caption) for caption in table.iterchildren("caption"))
    return [*filter(None, captions), *table_lines(rows)]


def _direct_rows(table: etree._Element) -> Iterator[etree._Element]:
    """Yield the visible rows of a table, but not those of tables inside it."""
    for row in table.iter("tr"):
        if next(row.iterancestors("table")) is table and not is_ignored(row):
            yield row


def _cell_elements(row: etree._Element) -> list[etree._Element]:
    return [cell for cell in row.iterchildren("td", "th") if not is_ignored(cell)]


def _cells(row: etree._Element) -> list[Cell]:
    return [_cell(cell) for cell in _cell_elements(row)]


def _cell(cell: etree._Element) -> Cell:
    return Cell("\n".join(_text_lines(cell)), _span(cell, "colspan"), _span(cell, "rowspan"))


def _span(cell: etree._Element, attribute: str) -> int:
    value = cell.get(attribute, "1").strip()
    if not re.fullmatch("[0-9]{1,5}", value):
        return 1
    return int(value) or (1 if attribute == "colspan" else _ALL_ROWS)


def _nested_rows(table: etree._Element) -> list[list[Cell]]:
    """Return the rows of a table with tables in its cells; none if it only lays out the page.

    A row with a table in it becomes one row for each row of that table; its other cells are
    repeated.
    """
    if table.find(".//table//table") is not None:
        return []
    rows: list[list[Cell]] = []
    for row in _direct_rows(table):
        inner_tables = row.findall(".//table")
        cells = _cell_elements(row)
        labels = [_cell(cell) for cell in cells if cell.find(".//table") is None]
        inner_rows = [[_cells(line) for line in _direct_rows(inner)] for inner in inner_tables]
        if not inner_tables:
            rows.append(labels)
        elif len(inner_tables) == 1 and _are_labels(labels) and _has_columns(inner_rows[0]):
            rows += _unnest(cells, labels, inner_rows[0])
        else:
            return []
    return rows


def _unnest(
    cells: list[etree._Element], labels: list[Cell], inner_rows: list[list[Cell]]
) -> list[list[Cell]]:
    """Put the other cells of a row before and after each row of the table inside it."""
    column = next(nth for nth, cell in enumerate(cells) if cell.find(".//table") is not None)
    left = [Cell(label.text) for label in labels[:column]]
    right = [Cell(label.text) for label in labels[column:]]
    return [[*left, *map(Cell, texts), *right] for texts in spread(inner_rows)]


def _has_columns(rows: list[list[Cell]]) -> bool:
    return max(map(len, rows), default=0) > 1


def _are_labels(cells: list[Cell]) -> bool:
    """Whether the cells beside a table name it in a few words."""
    return any(cell.text for cell in cells) and all(len(cell.text) <= _MAX_LABEL for cell in cells)


def _text_lines(element: etree._Element) -> Iterator[str]:
    """Yield the lines of an element that are not blank."""
    for block in blocks_of(element):
        for line in block.text.split("\n"):
            if text := " ".join(line.split()):
                yield text


def _text_of(element: etree._Element) -> str:
    """Return the text of an element on one line."""
    return " ".join(_text_lines(element))

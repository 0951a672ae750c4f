"""Read the paragraphs, headings, lists and tables that Word shows of a document (.docx).

The document is converted to a tree of HTML, which is then read like a web page: package.py opens
the file, styles.py and numbering.py tell how paragraphs look, and inlines.py reads their content.
"""

from collections import Counter
from collections.abc import Iterator

from lxml import etree

from qa_bot.documents.content import Content, join_blocks
from qa_bot.documents.docx.inlines import (
    FOOTNOTE_REFERENCES,
    TRANSPARENT,
    UNREAD,
    InlineReader,
    ReadState,
    alternative,
    last_child,
)
from qa_bot.documents.docx.numbering import Numbering
from qa_bot.documents.docx.package import Package, child, is_on, name_of, number, value
from qa_bot.documents.html.blocks import blocks_of
from qa_bot.documents.html.document import count_unread, unread_notes
from qa_bot.documents.html.elements import LABEL
from qa_bot.documents.zip import open_archive

_CORE_PROPERTIES = "docProps/core.xml"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_MAX_COLUMNS = 200


def read_docx(data: bytes) -> Content:
    """Read a Word document; raises ArticleError if it is damaged or encrypted.

    Footnotes follow the text. Headers, footers, comments, pictures, and hidden, struck-out and
    deleted text are left out. The title comes from the properties, else it is the first heading.
    The notes say which parts are missing or could not be read.
    """
    with open_archive(data) as archive:
        package = Package(archive)
        document = _Document(package)
        properties = package.optional(_CORE_PROPERTIES, is_expected=False)
    title = "" if properties is None else str(properties.findtext(_TITLE, ""))
    return join_blocks(blocks_of(document.html), title, [*package.notes, *document.notes()])


class _Document:
    """Converts a Word document to HTML."""

    def __init__(self, package: Package) -> None:
        self.html = etree.Element("body")
        self._package = package
        self._state = ReadState(package)
        self._styles = self._state.styles
        self._numbering = Numbering(package.by_kind("numbering"), self._styles)
        self._inlines = InlineReader(self._state)
        self._unfinished: etree._Element | None = None  # a paragraph that continues in the next
        body = child(package.part(package.main), "w:body")
        if body is not None:
            self._read_blocks(body, self.html)
        self._end_unfinished(self.html)
        self._write_footnotes()

    def notes(self) -> list[str]:
        """Return sentences on what is missing and what could not be read."""
        missing = Counter(kind for kind, _ in sorted(self._state.missing))
        return [
            *(_missing_note(count, kind) for kind, count in missing.items()),
            *unread_notes(count_unread(self.html) + self._state.unread),
        ]

    def _read_blocks(self, parent: etree._Element, into: etree._Element) -> None:
        """Read paragraphs and tables, and the elements around them."""
        self._state.enter()
        for element in parent:
            name = name_of(element)
            if name == "w:p":
                self._read_paragraph(element, into)
            elif name == "w:tbl":
                self._read_table(element, into)
            elif name in TRANSPARENT:
                self._read_blocks(element, into)
            elif name == "w:sdt":
                self._inlines.read_control(element, into, self._read_blocks)
            elif name == "mc:AlternateContent":
                self._read_blocks(alternative(element), into)
            elif name in ("m:oMath", "m:oMathPara"):
                self._inlines.read_formula(element, etree.SubElement(into, "p"))
            elif name in UNREAD:
                self._state.unread[UNREAD[name]] += 1
        self._state.leave()

    def _read_paragraph(self, paragraph: etree._Element, into: etree._Element) -> None:
        """Read a paragraph, and after it the text boxes of its drawings."""
        properties = child(paragraph, "w:pPr")
        html = self._unfinished if self._unfinished is not None else etree.Element("p")
        self._unfinished = None
        style = self._styles.paragraph_style(properties)
        text_boxes = self._inlines.read_paragraph(paragraph, html, style)
        if _continues_in_next(properties):
            self._unfinished = html
        else:
            self._place(html, properties, into)
        for box in text_boxes:
            self._read_blocks(box, into)

    def _place(
        self, html: etree._Element, properties: etree._Element | None, into: etree._Element
    ) -> None:
        """Add a paragraph as a heading, a list item or text, by its style and numbering."""
        level = self._styles.heading(properties)
        label, indent = self._label(properties)
        if last_child(html) is None and not (html.text or "").strip():
            return
        if level:
            html.tag = f"h{level}"
            html.text = f"{label} {html.text or ''}".lstrip() if label else html.text
        elif label:
            html.tag = "li"
            html.set(LABEL, "  " * indent + label)
            into = _open_list(into)
        into.append(html)

    def _label(self, properties: etree._Element | None) -> tuple[str, int]:
        """Return the number or bullet of a paragraph, and its level."""
        numbering = self._styles.numbering(properties)
        if numbering is None or self._styles.is_on("w:vanish", child(properties, "w:rPr"), ""):
            return "", 0
        if not self._numbering.has(numbering.list_id):
            self._state.missing.add(("list definition", numbering.list_id))
        level = numbering.level
        if level is None:
            style_ids = self._styles.chain_ids(self._styles.paragraph_style(properties))
            level = self._numbering.level_of(numbering.list_id, style_ids)
        return self._numbering.label(numbering.list_id, level), level

    def _end_unfinished(self, into: etree._Element) -> None:
        """Add a paragraph that was to be continued, if nothing continues it."""
        if self._unfinished is not None:
            into.append(self._unfinished)
            self._unfinished = None

    def _read_table(self, table: etree._Element, into: etree._Element) -> None:
        html = etree.SubElement(into, "table")
        above: dict[int, etree._Element] = {}  # by column: the cell that a merged one continues
        for row in _descend(table, "w:tr"):
            properties = child(row, "w:trPr")
            if child(properties, "w:del") is None and not is_on(child(properties, "w:hidden")):
                self._read_row(row, etree.SubElement(html, "tr"), above)

    def _read_row(
        self, row: etree._Element, into: etree._Element, above: dict[int, etree._Element]
    ) -> None:
        column = max(0, number(child(row, "w:trPr", "w:gridBefore")))
        for _ in range(min(column, _MAX_COLUMNS)):
            etree.SubElement(into, "td")
        for cell in _descend(row, "w:tc"):
            properties = child(cell, "w:tcPr")
            if child(properties, "w:cellDel") is not None:
                continue
            span = min(max(1, number(child(properties, "w:gridSpan"), 1)), _MAX_COLUMNS)
            if _is_continuation(child(properties, "w:vMerge")) and column in above:
                _extend_span(above[column], "rowspan", 1)
            elif _is_continuation(child(properties, "w:hMerge")) and column - 1 in above:
                _extend_span(above[column - 1], "colspan", span)
                above[column] = above[column - 1]
            else:
                above[column] = etree.SubElement(into, "td", colspan=str(span))
                self._read_blocks(cell, above[column])
                self._end_unfinished(above[column])
            column += span

    def _write_footnotes(self) -> None:
        """Write the footnotes and endnotes in the order in which the text refers to them."""
        footnotes = {kind: self._footnotes(kind) for kind in FOOTNOTE_REFERENCES.values()}
        # The list grows while it is read: footnotes may refer to further ones.
        for position, (kind, key) in enumerate(self._inlines.references, 1):
            if key not in footnotes[kind]:
                self._state.missing.add((kind, key))
                continue
            self._state.part = self._package.name_of_kind(f"{kind}s")
            item = etree.SubElement(_open_list(self.html), "li")
            item.set(LABEL, f"{position}.")
            self._read_blocks(footnotes[kind][key], item)
            self._end_unfinished(item)

    def _footnotes(self, kind: str) -> dict[str, etree._Element]:
        root = self._package.by_kind(f"{kind}s")
        return {} if root is None else {value(note, "id"): note for note in root if name_of(note)}


def _missing_note(count: int, kind: str) -> str:
    things = f"1 {kind} is" if count == 1 else f"{count} {kind}s are"
    return f"{things} missing from the file."


def _open_list(into: etree._Element) -> etree._Element:
    """Return the list at the end of an element, or a new one."""
    last = last_child(into)
    return last if last is not None and last.tag == "ul" else etree.SubElement(into, "ul")


def _continues_in_next(properties: etree._Element | None) -> bool:
    """Whether a paragraph continues in the next one.

    It does if its paragraph mark was deleted, or if it is a drop cap.
    """
    mark = child(properties, "w:rPr")
    is_deleted = any(child(mark, name) is not None for name in ("w:del", "w:moveFrom"))
    return is_deleted or value(child(properties, "w:framePr"), "dropCap") in ("drop", "margin")


def _descend(parent: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the rows of a table or the cells of a row, through any elements around them."""
    for element in parent:
        element_name = name_of(element)
        if element_name == name:
            yield element
        elif element_name in TRANSPARENT or element_name == "w:sdt":
            yield from _descend(element, name)


def _is_continuation(merge: etree._Element | None) -> bool:
    """Whether a cell is merged with the one before or above it."""
    return merge is not None and value(merge, default="continue") == "continue"


def _extend_span(cell: etree._Element, attribute: str, by: int) -> None:
    cell.set(attribute, str(int(cell.get(attribute, "1")) + by))

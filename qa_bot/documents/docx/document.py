"""Read the paragraphs, headings, lists and tables that Word shows of a document (.docx).

The document is converted to a tree of HTML, which is then read like a web page.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from lxml import etree

from qa_bot.documents.content import Content, join_blocks
from qa_bot.documents.docx.formula import mathml
from qa_bot.documents.docx.numbering import Numbering
from qa_bot.documents.docx.package import Package, child, is_on, name_of, number, related, value
from qa_bot.documents.docx.styles import SWITCHES, Styles
from qa_bot.documents.docx.symbols import symbol
from qa_bot.documents.html import LABEL, blocks_of, left_out, notes_of
from qa_bot.documents.zip import open_archive
from qa_bot.errors import ArticleError

_CORE = "docProps/core.xml"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_MAX_DEPTH = 120  # elements within each other; a table within a table takes four or so
_MAX_COLUMNS = 200

# Elements that are replaced by their children.
_THROUGH = frozenset(
    """
    w:bdo w:customXml w:dir w:fldSimple w:hyperlink w:ins w:moveTo w:sdtContent w:smartTag
    """.split()
)
_PICTURES = {
    "blip": "embed",
    "imagedata": "id",
}  # elements, and the attribute that refers to the file
_LEFT_OUT = {  # elements that are not read, and their names in a note
    "w:altChunk": "embedded document",
    "w:subDoc": "embedded document",
    "chart": "chart",
    "relIds": "diagram",
}


def read_docx(data: bytes) -> Content:
    """Read a Word document; raises ArticleError if it is damaged or encrypted.

    Footnotes follow the text. Headers, footers, comments, pictures, and hidden, struck-out and
    deleted text are left out. The title is that in the properties, else the first heading. The
    notes say which parts are missing or could not be read.
    """
    with open_archive(data) as archive:
        package = Package(archive)
        root = _Document(package)
        core = package.optional(_CORE, named=False)
    title = "" if core is None else str(core.findtext(_TITLE, ""))
    return join_blocks(blocks_of(root.html), title, [*package.notes, *root.notes()])


# A function that reads the content of an element into an element of HTML.
_Reader = Callable[[etree._Element, etree._Element], None]


class _Document:
    """Converts a Word document to HTML."""

    def __init__(self, package: Package) -> None:
        self.html = etree.Element("body")
        self._package = package
        self._left_out: Counter[str] = Counter()
        self._missing: set[tuple[str, str]] = set()  # what, and its id
        self._styles = Styles(package.by_kind("styles"))
        self._numbering = Numbering(package.by_kind("numbering"), self._styles)
        self._part = package.main  # the part that is being read
        self._depth = 0
        self._fields: list[str] = []  # of each field that is open: "code" or "result"
        self._texts: list[str] = []  # what is not yet added to the element that it belongs to
        self._line: etree._Element | None = None  # that element
        self._boxes: list[etree._Element] = []  # the text boxes of the paragraph so far
        self._carried: etree._Element | None = None  # a paragraph that goes on in the next
        self._references: list[tuple[str, str]] = []  # to footnotes, by kind and id
        self._referred: set[tuple[str, str]] = set()
        self._style = ""  # of the paragraph that is being read
        body = child(package.part(package.main), "w:body")
        if body is not None:
            self._read_blocks(body, self.html)
        self._end_carried(self.html)
        self._write_footnotes()

    def notes(self) -> list[str]:
        """Return sentences on what is missing and what could not be read."""
        missing = Counter(what for what, _ in sorted(self._missing))
        return [
            *(_said(count, what, "missing from the file") for what, count in missing.items()),
            *notes_of(left_out(self.html) + self._left_out),
        ]

    def _read_blocks(self, parent: etree._Element, into: etree._Element) -> None:
        """Read paragraphs and tables, and the elements around them."""
        self._deeper(1)
        for element in parent:
            name = name_of(element)
            if name == "w:p":
                self._read_paragraph(element, into)
            elif name == "w:tbl":
                self._read_table(element, into)
            elif name in _THROUGH:
                self._read_blocks(element, into)
            elif name == "w:sdt":
                self._read_control(element, into, self._read_blocks)
            elif name == "mc:AlternateContent":
                self._read_blocks(_chosen(element), into)
            elif name in ("m:oMath", "m:oMathPara"):
                self._read_inlines([element], etree.SubElement(into, "p"))
            elif name in _LEFT_OUT:
                self._left_out[_LEFT_OUT[name]] += 1
        self._deeper(-1)

    def _deeper(self, levels: int) -> None:
        self._depth += levels
        if self._depth > _MAX_DEPTH:
            raise ArticleError("is nested too deeply to be read: save its words as plain text")

    def _read_control(self, control: etree._Element, into: etree._Element, read: _Reader) -> None:
        """Read a content control: a checkbox, or what was filled in, but no placeholder."""
        properties, content = child(control, "w:sdtPr"), child(control, "w:sdtContent")
        box = child(properties, "w14:checkbox")
        if box is not None:
            checked = is_on(child(box, "w14:checked"))
            self._write(into, "☒" if checked else "☐")
            self._join_texts()
        elif content is not None and not is_on(child(properties, "w:showingPlcHdr")):
            read(content, into)

    def _read_paragraph(self, paragraph: etree._Element, into: etree._Element) -> None:
        properties = child(paragraph, "w:pPr")
        boxes, self._boxes = self._boxes, []
        outer, self._style = self._style, self._styles.paragraph_style(properties)
        written = self._carried if self._carried is not None else etree.Element("p")
        self._carried = None
        self._read_inlines(paragraph, written)
        self._join_texts()
        self._style = outer
        self._fields = [field for field in self._fields if field == "result"]
        if _goes_on(properties):
            self._carried = written
        else:
            self._place(written, properties, into)
        boxes, self._boxes = self._boxes, boxes
        for box in boxes:
            self._read_blocks(box, into)

    def _place(
        self, written: etree._Element, properties: etree._Element | None, into: etree._Element
    ) -> None:
        """Add a paragraph as a heading, a list item or text, by its style and numbering."""
        level = self._styles.heading(properties)
        label, indent = self._label(properties)
        if _last(written) is None and not (written.text or "").strip():
            return
        if level:
            written.tag = f"h{level}"
            written.text = f"{label} {written.text or ''}".lstrip() if label else written.text
        elif label:
            written.tag = "li"
            written.set(LABEL, "  " * indent + label)
            into = _open_list(into)
        into.append(written)

    def _label(self, properties: etree._Element | None) -> tuple[str, int]:
        """Return the number or bullet of a paragraph, and its level."""
        numbered = self._styles.numbered(properties)
        if numbered is None or self._styles.is_on("w:vanish", child(properties, "w:rPr"), ""):
            return "", 0
        if not self._numbering.knows(numbered.list_id):
            self._missing.add(("list definition", numbered.list_id))
        level = numbered.level
        if level is None:
            styles = self._styles.keys(self._styles.paragraph_style(properties))
            level = self._numbering.level_of(numbered.list_id, styles)
        return self._numbering.label(numbered.list_id, level), level

    def _write(self, into: etree._Element, text: str) -> None:
        """Append text to an element; many pieces are joined later at once."""
        if into is not self._line:
            self._join_texts()
            self._line = into
        self._texts.append(text)

    def _join_texts(self) -> None:
        """Join the pieces of text so far and append them to their element."""
        if self._line is not None and self._texts:
            last, text = _last(self._line), "".join(self._texts)
            if last is None:
                self._line.text = (self._line.text or "") + text
            else:
                last.tail = (last.tail or "") + text
        self._texts.clear()
        self._line = None

    def _end_carried(self, into: etree._Element) -> None:
        """Add a paragraph that was to be continued if nothing continues it."""
        if self._carried is not None:
            into.append(self._carried)
            self._carried = None

    def _read_inlines(self, parent: Iterable[etree._Element], into: etree._Element) -> None:
        """Read the runs of a paragraph, and the elements around them."""
        self._deeper(1)
        for element in parent:
            name = name_of(element)
            if name == "w:r":
                self._read_run(element, into)
            elif name in _THROUGH:
                self._check_link(element)
                self._read_inlines(element, into)
            elif name == "w:sdt":
                self._read_control(element, into, self._read_inlines)
            elif name == "mc:AlternateContent":
                self._read_inlines(_chosen(element), into)
            elif name == "m:oMathPara":
                self._read_inlines(element, into)
            elif name == "m:oMath" and "code" not in self._fields:
                self._join_texts()
                into.append(mathml(element))
        self._deeper(-1)

    def _check_link(self, element: etree._Element) -> None:
        key = related(element, "id") if name_of(element) == "w:hyperlink" else None
        if key is not None and key not in self._package.relationships(self._part):
            self._missing.add(("link target", key))

    def _read_run(self, run: etree._Element, into: etree._Element) -> None:
        properties = child(run, "w:rPr")
        hidden = any(self._styles.is_on(name, properties, self._style) for name in SWITCHES)
        script = self._styles.script(properties)
        if script and not hidden:
            self._join_texts()
            last = _last(into)
            joins = last is not None and last.tag == script and not last.tail
            into = last if joins else etree.SubElement(into, script)
        font = child(properties, "w:rFonts")
        for element in run:
            if name_of(element) == "w:fldChar":
                self._read_field(element, into)
            elif not hidden and "code" not in self._fields:
                self._read_piece(element, into, value(font, "ascii"))

    def _read_piece(self, element: etree._Element, into: etree._Element, font: str) -> None:
        """Read a part of a run: words, a line break, a symbol, a footnote reference, a drawing."""
        name = name_of(element)
        if name == "w:t":
            self._add_words(into, element.text or "", font)
        elif name in _CHARACTERS:
            self._write(into, _CHARACTERS[name])
        elif name in ("w:br", "w:cr"):
            self._join_texts()
            etree.SubElement(into, "br")
        elif name == "w:sym":
            code = value(element, "char")
            number_of = int(code, 16) if re.fullmatch("[0-9A-Fa-f]{1,5}", code) else 0
            self._add_symbol(into, value(element, "font"), number_of)
        elif name == "w:ruby":
            base = child(element, "w:rubyBase")
            self._read_inlines(base if base is not None else [], into)
        elif name in _NOTES:
            self._refer(_NOTES[name], value(element, "id"))
        elif name in _DRAWINGS:
            self._read_drawing(element)

    def _add_words(self, into: etree._Element, text: str, font: str) -> None:
        """Add the words of a run; a symbol font may use Unicode's private area."""
        if not any("\uf000" <= character <= "\uf0ff" for character in text):
            self._write(into, text)
        else:
            for character in text:
                self._add_symbol(into, font, ord(character))

    def _add_symbol(self, into: etree._Element, font: str, code: int) -> None:
        character = symbol(font, code)
        if character is None:
            self._left_out["symbol"] += 1
        else:
            self._write(into, character)

    def _read_field(self, element: etree._Element, into: etree._Element) -> None:
        """Follow a field from its code to its result; a form field may have none."""
        kind = value(element, "fldCharType")
        if kind == "begin":
            if "code" not in self._fields:
                self._write(into, _form_value(child(element, "w:ffData")))
            self._fields.append("code")
        elif kind == "separate" and self._fields:
            self._fields[-1] = "result"
        elif kind == "end" and self._fields:
            self._fields.pop()

    def _read_drawing(self, element: etree._Element) -> None:
        """Keep the text boxes of a drawing for after the paragraph; count what is not text."""
        self._deeper(1)
        name = name_of(element)
        if name == "w:txbxContent":
            self._boxes.append(element)
        elif name == "mc:AlternateContent":
            self._read_drawing(_chosen(element))
        elif name == "OLEObject":
            formula = element.get("ProgID", "").startswith("Equation")
            self._left_out["formula object" if formula else "embedded object"] += 1
        else:
            self._left_out.update([_LEFT_OUT[name]] if name in _LEFT_OUT else [])
            self._check_picture(element)
            for part in element:
                self._read_drawing(part)
        self._deeper(-1)

    def _check_picture(self, element: etree._Element) -> None:
        attribute = _PICTURES.get(name_of(element))
        key = None if attribute is None else related(element, attribute)
        if key is not None:
            found = self._package.relationships(self._part).get(key)
            if found is None or not (found.external or self._package.holds(found.target)):
                self._missing.add(("picture", key))

    def _read_table(self, table: etree._Element, into: etree._Element) -> None:
        made = etree.SubElement(into, "table")
        above: dict[int, etree._Element] = {}  # by column: the cell that a merged one continues
        for row in _through(table, "w:tr"):
            properties = child(row, "w:trPr")
            if child(properties, "w:del") is None and not is_on(child(properties, "w:hidden")):
                self._read_row(row, etree.SubElement(made, "tr"), above)

    def _read_row(
        self, row: etree._Element, into: etree._Element, above: dict[int, etree._Element]
    ) -> None:
        column = max(0, number(child(row, "w:trPr", "w:gridBefore")))
        for _ in range(min(column, _MAX_COLUMNS)):
            etree.SubElement(into, "td")
        for cell in _through(row, "w:tc"):
            properties = child(cell, "w:tcPr")
            if child(properties, "w:cellDel") is not None:
                continue
            span = min(max(1, number(child(properties, "w:gridSpan"), 1)), _MAX_COLUMNS)
            if _continues(child(properties, "w:vMerge")) and column in above:
                _widen(above[column], "rowspan", 1)
            elif _continues(child(properties, "w:hMerge")) and column - 1 in above:
                _widen(above[column - 1], "colspan", span)
                above[column] = above[column - 1]
            else:
                above[column] = etree.SubElement(into, "td", colspan=str(span))
                self._read_blocks(cell, above[column])
                self._end_carried(above[column])
            column += span

    def _write_footnotes(self) -> None:
        """Write the footnotes and endnotes in the order in which the text refers to them."""
        found = {kind: self._footnotes(kind) for kind in dict.fromkeys(_NOTES.values())}
        for at, (kind, key) in enumerate(self._references, 1):  # notes may refer to further ones
            if key not in found[kind]:
                self._missing.add((kind, key))
                continue
            self._part = self._package.name_of_kind(f"{kind}s")
            item = etree.SubElement(_open_list(self.html), "li")
            item.set(LABEL, f"{at}.")
            self._read_blocks(found[kind][key], item)
            self._end_carried(item)

    def _footnotes(self, kind: str) -> dict[str, etree._Element]:
        root = self._package.by_kind(f"{kind}s")
        return {} if root is None else {value(note, "id"): note for note in root if name_of(note)}

    def _refer(self, kind: str, key: str) -> None:
        """Keep a reference to a footnote, each once."""
        if (kind, key) not in self._referred:
            self._referred.add((kind, key))
            self._references.append((kind, key))


_CHARACTERS = {"w:tab": "\t", "w:ptab": "\t", "w:noBreakHyphen": "\u2011"}
_NOTES = {"w:footnoteReference": "footnote", "w:endnoteReference": "endnote"}
_DRAWINGS = frozenset({"w:drawing", "w:pict", "w:object", "mc:AlternateContent"})
_WRITTEN = frozenset({"w:t", "m:t", "w:txbxContent"})


def _said(count: int, name: str, what: str) -> str:
    return f"{count} {name} is {what}." if count == 1 else f"{count} {name}s are {what}."


def _last(element: etree._Element) -> etree._Element | None:
    return next(element.iterchildren(reversed=True), None)


def _open_list(into: etree._Element) -> etree._Element:
    """Return the list that the last paragraph belongs to, or a new one."""
    last = _last(into)
    return last if last is not None and last.tag == "ul" else etree.SubElement(into, "ul")


def _goes_on(properties: etree._Element | None) -> bool:
    """Whether the next paragraph goes on where this one ends: its end was deleted, or it is an
    initial that is set large."""
    marks = child(properties, "w:rPr")
    deleted = any(child(marks, name) is not None for name in ("w:del", "w:moveFrom"))
    return deleted or value(child(properties, "w:framePr"), "dropCap") in ("drop", "margin")


def _chosen(alternatives: etree._Element) -> etree._Element:
    """Return one of several forms of the same content: the first that has words."""
    forms = [it for it in alternatives if name_of(it) in ("mc:Choice", "mc:Fallback")]
    with_words = (it for it in forms if any(name_of(part) in _WRITTEN for part in it.iter()))
    return next(with_words, forms[0] if forms else etree.Element("none"))


def _through(parent: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the rows of a table, or the cells of a row, whatever they are wrapped in."""
    for element in parent:
        kind = name_of(element)
        if kind == name:
            yield element
        elif kind in _THROUGH or kind == "w:sdt":
            yield from _through(element, name)


def _continues(merge: etree._Element | None) -> bool:
    """Whether a cell is merged with the one before or above it."""
    return merge is not None and value(merge, default="continue") == "continue"


def _widen(cell: etree._Element, name: str, by: int) -> None:
    cell.set(name, str(int(cell.get(name, "1")) + by))


def _form_value(data: etree._Element | None) -> str:
    """Return the state of a form's box, or what was chosen of a form's list."""
    box, choices = child(data, "w:checkBox"), child(data, "w:ddList")
    if box is not None:
        checked = child(box, "w:checked")
        return "☒" if is_on(checked if checked is not None else child(box, "w:default")) else "☐"
    if choices is None:
        return ""
    entries = [value(it) for it in choices if name_of(it) == "w:listEntry"]
    chosen = child(choices, "w:result")
    at = number(chosen if chosen is not None else child(choices, "w:default"))
    return entries[at] if 0 <= at < len(entries) else ""

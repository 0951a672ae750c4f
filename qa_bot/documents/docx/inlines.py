"""Read the content of Word paragraphs as HTML: text, symbols, fields, formulas and drawings."""

import re
from collections import Counter
from collections.abc import Callable, Iterable

from lxml import etree

from qa_bot.documents.docx.formula import mathml
from qa_bot.documents.docx.package import Package, child, is_on, name_of, number, related, value
from qa_bot.documents.docx.styles import SWITCHES, Styles
from qa_bot.documents.docx.symbols import symbol
from qa_bot.errors import ArticleError

# Elements that are replaced by their children.
TRANSPARENT = frozenset(
    """
    w:bdo w:customXml w:dir w:fldSimple w:hyperlink w:ins w:moveTo w:sdtContent w:smartTag
    """.split()
)
UNREAD = {  # elements that are not read, and their names in a note
    "w:altChunk": "embedded document",
    "w:subDoc": "embedded document",
    "chart": "chart",
    "relIds": "diagram",
}
FOOTNOTE_REFERENCES = {"w:footnoteReference": "footnote", "w:endnoteReference": "endnote"}

_MAX_DEPTH = 120  # nested elements; a table within a table takes four or so
_PICTURES = {"blip": "embed", "imagedata": "id"}  # elements, and their references to a file
_CHARACTERS = {"w:tab": "\t", "w:ptab": "\t", "w:noBreakHyphen": "\u2011"}
_DRAWINGS = frozenset({"w:drawing", "w:pict", "w:object", "mc:AlternateContent"})
_WITH_TEXT = frozenset({"w:t", "m:t", "w:txbxContent"})

# A function that reads the content of an element into an element of HTML.
Reader = Callable[[etree._Element, etree._Element], None]


class ReadState:
    """What the readers of blocks and of inlines share: the package, its styles, what is unread."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.styles = Styles(package.by_kind("styles"))
        self.part = package.main  # the part that is being read
        self.unread: Counter[str] = Counter()
        self.missing: set[tuple[str, str]] = set()  # kinds of things, and their ids
        self._depth = 0

    def enter(self) -> None:
        """Count a nested element; raises ArticleError if there are too many."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ArticleError("is nested too deeply to be read: save its text as plain text")

    def leave(self) -> None:
        """Undo ``enter``."""
        self._depth -= 1


class InlineReader:
    """Reads the runs of paragraphs and the elements around them."""

    def __init__(self, state: ReadState) -> None:
        self.references: list[tuple[str, str]] = []  # to footnotes, by kind and id, each once
        self._referenced: set[tuple[str, str]] = set()
        self._state = state
        self._fields: list[str] = []  # of each open field: "code" or "result"
        self._texts: list[str] = []  # not yet appended to their element
        self._text_parent: etree._Element | None = None  # that element
        self._text_boxes: list[etree._Element] = []  # of the paragraph so far
        self._style = ""  # of the current paragraph

    def read_paragraph(
        self, paragraph: etree._Element, into: etree._Element, style: str
    ) -> list[etree._Element]:
        """Read a paragraph with a style and return its text boxes."""
        self._text_boxes = []
        self._style = style
        self._read(paragraph, into)
        self._join_texts()
        self._style = ""
        self._fields = [field for field in self._fields if field == "result"]
        return self._text_boxes

    def read_formula(self, formula: etree._Element, into: etree._Element) -> None:
        """Read a formula that stands outside paragraphs."""
        self._read([formula], into)

    def read_control(self, control: etree._Element, into: etree._Element, read: Reader) -> None:
        """Read a content control: a checkbox, or with ``read`` its content, but no placeholder."""
        properties, content = child(control, "w:sdtPr"), child(control, "w:sdtContent")
        checkbox = child(properties, "w14:checkbox")
        if checkbox is not None:
            is_checked = is_on(child(checkbox, "w14:checked"))
            self._write(into, "☒" if is_checked else "☐")
            self._join_texts()
        elif content is not None and not is_on(child(properties, "w:showingPlcHdr")):
            read(content, into)

    def _read(self, parent: Iterable[etree._Element], into: etree._Element) -> None:
        self._state.enter()
        for element in parent:
            name = name_of(element)
            if name == "w:r":
                self._read_run(element, into)
            elif name in TRANSPARENT:
                self._check_link(element)
                self._read(element, into)
            elif name == "w:sdt":
                self.read_control(element, into, self._read)
            elif name == "mc:AlternateContent":
                self._read(alternative(element), into)
            elif name == "m:oMathPara":
                self._read(element, into)
            elif name == "m:oMath" and "code" not in self._fields:
                self._join_texts()
                into.append(mathml(element))
        self._state.leave()

    def _write(self, into: etree._Element, text: str) -> None:
        """Collect text to be appended to an element."""
        if into is not self._text_parent:
            self._join_texts()
            self._text_parent = into
        self._texts.append(text)

    def _join_texts(self) -> None:
        """Append the collected texts to their element, all at once."""
        if self._text_parent is not None and self._texts:
            last, text = last_child(self._text_parent), "".join(self._texts)
            if last is None:
                self._text_parent.text = (self._text_parent.text or "") + text
            else:
                last.tail = (last.tail or "") + text
        self._texts.clear()
        self._text_parent = None

    def _check_link(self, element: etree._Element) -> None:
        key = related(element, "id") if name_of(element) == "w:hyperlink" else None
        if key is not None and key not in self._state.package.relationships(self._state.part):
            self._state.missing.add(("link target", key))

    def _read_run(self, run: etree._Element, into: etree._Element) -> None:
        properties = child(run, "w:rPr")
        styles = self._state.styles
        is_hidden = any(styles.is_on(name, properties, self._style) for name in SWITCHES)
        script = styles.script(properties)
        if script and not is_hidden:
            self._join_texts()
            last = last_child(into)
            is_continued = last is not None and last.tag == script and not last.tail
            into = last if is_continued else etree.SubElement(into, script)
        font = child(properties, "w:rFonts")
        for element in run:
            if name_of(element) == "w:fldChar":
                self._read_field(element, into)
            elif not is_hidden and "code" not in self._fields:
                self._read_run_content(element, into, value(font, "ascii"))

    def _read_run_content(self, element: etree._Element, into: etree._Element, font: str) -> None:
        """Read a child of a run: text, a line break, a symbol, a footnote reference, a drawing."""
        name = name_of(element)
        if name == "w:t":
            self._write_text(into, element.text or "", font)
        elif name in _CHARACTERS:
            self._write(into, _CHARACTERS[name])
        elif name in ("w:br", "w:cr"):
            self._join_texts()
            etree.SubElement(into, "br")
        elif name == "w:sym":
            digits = value(element, "char")
            code = int(digits, 16) if re.fullmatch("[0-9A-Fa-f]{1,5}", digits) else 0
            self._write_symbol(into, value(element, "font"), code)
        elif name == "w:ruby":
            base = child(element, "w:rubyBase")
            self._read(base if base is not None else [], into)
        elif name in FOOTNOTE_REFERENCES:
            reference = FOOTNOTE_REFERENCES[name], value(element, "id")
            if reference not in self._referenced:
                self._referenced.add(reference)
                self.references.append(reference)
        elif name in _DRAWINGS:
            self._read_drawing(element)

    def _write_text(self, into: etree._Element, text: str, font: str) -> None:
        """Write the text of a run; symbol fonts may use Unicode's private area."""
        if not any("\uf000" <= character <= "\uf0ff" for character in text):
            self._write(into, text)
        else:
            for character in text:
                self._write_symbol(into, font, ord(character))

    def _write_symbol(self, into: etree._Element, font: str, code: int) -> None:
        character = symbol(font, code)
        if character is None:
            self._state.unread["symbol"] += 1
        else:
            self._write(into, character)

    def _read_field(self, element: etree._Element, into: etree._Element) -> None:
        """Follow a field from its code to its result; a form field may have no result."""
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
        """Keep the text boxes of a drawing, and count what cannot be read."""
        self._state.enter()
        name = name_of(element)
        if name == "w:txbxContent":
            self._text_boxes.append(element)
        elif name == "mc:AlternateContent":
            self._read_drawing(alternative(element))
        elif name == "OLEObject":
            is_formula = element.get("ProgID", "").startswith("Equation")
            self._state.unread["formula object" if is_formula else "embedded object"] += 1
        else:
            self._state.unread.update([UNREAD[name]] if name in UNREAD else [])
            self._check_picture(element)
            for part in element:
                self._read_drawing(part)
        self._state.leave()

    def _check_picture(self, element: etree._Element) -> None:
        attribute = _PICTURES.get(name_of(element))
        key = None if attribute is None else related(element, attribute)
        if key is not None:
            package = self._state.package
            target = package.relationships(self._state.part).get(key)
            if target is None or not (target.external or package.has(target.target)):
                self._state.missing.add(("picture", key))


def last_child(element: etree._Element) -> etree._Element | None:
    """Return the last child of an element, or None."""
    return next(element.iterchildren(reversed=True), None)


def alternative(alternatives: etree._Element) -> etree._Element:
    """Return one of several forms of the same content: the first with text in it, or the first."""
    forms = [form for form in alternatives if name_of(form) in ("mc:Choice", "mc:Fallback")]
    with_text = (form for form in forms if any(name_of(part) in _WITH_TEXT for part in form.iter()))
    return next(with_text, forms[0] if forms else etree.Element("none"))


def _form_value(data: etree._Element | None) -> str:
    """Return the state of a form's checkbox, or the chosen entry of a form's list."""
    checkbox, choices = child(data, "w:checkBox"), child(data, "w:ddList")
    if checkbox is not None:
        checked = child(checkbox, "w:checked")
        switch = checked if checked is not None else child(checkbox, "w:default")
        return "☒" if is_on(switch) else "☐"
    if choices is None:
        return ""
    entries = [value(entry) for entry in choices if name_of(entry) == "w:listEntry"]
    chosen = child(choices, "w:result")
    index = number(chosen if chosen is not None else child(choices, "w:default"))
    return entries[index] if 0 <= index < len(entries) else ""

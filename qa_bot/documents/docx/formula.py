"""Convert formulas of Word documents (OMML) to MathML, which formula.py then reads."""

import re
from collections.abc import Callable, Iterator

from lxml import etree

from qa_bot.documents.docx.package import child, is_on, name_of, value

_MAX_DEPTH = 60
_TOKENS = re.compile(r"(?P<mn>[0-9]+(?:[.,][0-9]+)*)|(?P<mtext>\s+)|(?P<mi>[^\W\d_]+)|(?P<mo>.)")


def mathml(formula: etree._Element) -> etree._Element:
    """Return an ``m:oMath`` element as ``<math>``, with ``<merror>`` for unknown elements."""
    math = etree.Element("math")
    _fill(math, formula, 0)
    return math


def _fill(into: etree._Element, parent: etree._Element | None, depth: int) -> None:
    if parent is None:
        return
    if depth > _MAX_DEPTH:
        etree.SubElement(into, "merror")
        return
    for element in parent:
        name = name_of(element)
        if name in _READERS:
            _READERS[name](into, element, depth + 1)
        elif name in _TRANSPARENT:
            _fill(into, element, depth + 1)
        elif name in ("m:r", "w:r"):
            _read_run(into, element)
        elif name.startswith("m:") and not name.endswith("Pr"):
            etree.SubElement(into, "merror")


_TRANSPARENT = frozenset(  # elements that are replaced by their children
    "m:oMath m:e m:box m:fName w:ins w:moveTo w:sdt w:sdtContent w:hyperlink w:smartTag".split()
)


def _read_run(into: etree._Element, run: etree._Element) -> None:
    """Add the text of a run as numbers, names and operators, unless it is struck out or hidden."""
    properties = child(run, "w:rPr")
    if any(is_on(child(properties, name)) for name in ("w:strike", "w:dstrike", "w:vanish")):
        return
    texts = [part.text or "" for part in run if name_of(part) in ("m:t", "w:t")]
    for token in _TOKENS.finditer("".join(texts)):
        etree.SubElement(into, str(token.lastgroup)).text = token[0]


def _add_part(into: etree._Element, element: etree._Element, name: str, depth: int) -> None:
    """Add the child of an OMML element with a name as one ``<mrow>``."""
    _fill(etree.SubElement(into, "mrow"), child(element, name), depth)


def _reader(tag: str, *names: str) -> Callable[[etree._Element, etree._Element, int], None]:
    """Return a function that adds an element of MathML with the children of these names."""

    def read(into: etree._Element, element: etree._Element, depth: int) -> None:
        math = etree.SubElement(into, tag)
        for name in names:
            _add_part(math, element, name, depth)

    return read


def _read_fraction(into: etree._Element, element: etree._Element, depth: int) -> None:
    math = etree.SubElement(into, "mfrac")
    if value(child(element, "m:fPr", "m:type")) == "noBar":
        math.set("linethickness", "0")
    _add_part(math, element, "m:num", depth)
    _add_part(math, element, "m:den", depth)


def _read_root(into: etree._Element, element: etree._Element, depth: int) -> None:
    math = etree.SubElement(into, "mroot")
    _add_part(math, element, "m:e", depth)
    hidden = is_on(child(element, "m:radPr", "m:degHide"))
    degree = etree.SubElement(math, "mrow")
    if not hidden:
        _fill(degree, child(element, "m:deg"), depth)


def _delimiter(element: etree._Element, name: str, default: str) -> str:
    character = child(element, "m:dPr", name)
    return default if character is None else value(character)


def _read_delimited(into: etree._Element, element: etree._Element, depth: int) -> None:
    row = etree.SubElement(into, "mrow")
    separator = _delimiter(element, "m:sepChr", "|")
    etree.SubElement(row, "mo").text = _delimiter(element, "m:begChr", "(")
    for nth, part in enumerate(part for part in element if name_of(part) == "m:e"):
        if nth:
            etree.SubElement(row, "mo").text = separator
        _fill(etree.SubElement(row, "mrow"), part, depth)
    etree.SubElement(row, "mo").text = _delimiter(element, "m:endChr", ")")


def _read_nary(into: etree._Element, element: etree._Element, depth: int) -> None:
    character = child(element, "m:naryPr", "m:chr")
    math = etree.SubElement(into, "munderover")
    etree.SubElement(math, "mo").text = "∫" if character is None else value(character)
    _add_part(math, element, "m:sub", depth)
    _add_part(math, element, "m:sup", depth)
    _add_part(into, element, "m:e", depth)


def _read_prescripts(into: etree._Element, element: etree._Element, depth: int) -> None:
    math = etree.SubElement(into, "mmultiscripts")
    _add_part(math, element, "m:e", depth)
    etree.SubElement(math, "mprescripts")
    _add_part(math, element, "m:sub", depth)
    _add_part(math, element, "m:sup", depth)


def _read_accent(into: etree._Element, element: etree._Element, depth: int) -> None:
    math = etree.SubElement(into, "mover")
    _add_part(math, element, "m:e", depth)
    character = value(child(element, "m:accPr", "m:chr"), default="^")
    etree.SubElement(math, "mo").text = {"\u0305": "¯", "\u0304": "¯", "\u0302": "^"}.get(
        character, character
    )


def _read_bar(into: etree._Element, element: etree._Element, depth: int) -> None:
    math = etree.SubElement(into, "mover")
    _add_part(math, element, "m:e", depth)
    etree.SubElement(math, "mo").text = "¯"


def _table_reader(row_name: str) -> Callable[[etree._Element, etree._Element, int], None]:
    """Return a function that adds a table; a row named ``m:e`` is a single cell."""

    def read(into: etree._Element, element: etree._Element, depth: int) -> None:
        table = etree.SubElement(into, "mtable")
        for row in (part for part in element if name_of(part) == row_name):
            math_row = etree.SubElement(table, "mtr")
            for cell in _matrix_cells(row):
                _fill(etree.SubElement(math_row, "mtd"), cell, depth)

    return read


def _matrix_cells(row: etree._Element) -> Iterator[etree._Element]:
    if name_of(row) == "m:e":
        yield row
    else:
        yield from (part for part in row if name_of(part) == "m:e")


def _read_phantom(into: etree._Element, element: etree._Element, depth: int) -> None:
    if is_on(child(element, "m:phantPr", "m:show")) is not False:
        _fill(into, child(element, "m:e"), depth)


def _read_bordered(into: etree._Element, element: etree._Element, depth: int) -> None:
    properties = child(element, "m:borderBoxPr")
    names = ("m:strikeH", "m:strikeV", "m:strikeBLTR", "m:strikeTLBR")
    if not any(is_on(child(properties, name)) for name in names):
        _fill(into, child(element, "m:e"), depth)


_READERS: dict[str, Callable[[etree._Element, etree._Element, int], None]] = {
    "m:f": _read_fraction,
    "m:rad": _read_root,
    "m:d": _read_delimited,
    "m:nary": _read_nary,
    "m:sPre": _read_prescripts,
    "m:acc": _read_accent,
    "m:bar": _read_bar,
    "m:phant": _read_phantom,
    "m:borderBox": _read_bordered,
    "m:groupChr": _reader("mrow", "m:e"),
    "m:func": _reader("mrow", "m:fName", "m:e"),
    "m:sSup": _reader("msup", "m:e", "m:sup"),
    "m:sSub": _reader("msub", "m:e", "m:sub"),
    "m:sSubSup": _reader("msubsup", "m:e", "m:sub", "m:sup"),
    "m:limLow": _reader("munder", "m:e", "m:lim"),
    "m:limUpp": _reader("mover", "m:e", "m:lim"),
    "m:m": _table_reader("m:mr"),
    "m:eqArr": _table_reader("m:e"),
}

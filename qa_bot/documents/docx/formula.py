"""Formulas of Word documents (OMML) as MathML, which is then read as that of web pages is."""

import re
from collections.abc import Callable, Iterator

from lxml import etree

from qa_bot.documents.docx.package import child, is_on, name_of, value

_MAX_DEPTH = 60
_TOKENS = re.compile(r"(?P<mn>[0-9]+(?:[.,][0-9]+)*)|(?P<mtext>\s+)|(?P<mi>[^\W\d_]+)|(?P<mo>.)")


def mathml(formula: etree._Element) -> etree._Element:
    """Return an ``m:oMath`` element as ``<math>``; what cannot be read makes it unreadable."""
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
        elif name in _THROUGH:
            _fill(into, element, depth + 1)
        elif name in ("m:r", "w:r"):
            _run(into, element)
        elif name.startswith("m:") and not name.endswith("Pr"):
            etree.SubElement(into, "merror")


_THROUGH = frozenset(
    "m:oMath m:e m:box m:fName w:ins w:moveTo w:sdt w:sdtContent w:hyperlink w:smartTag".split()
)


def _run(into: etree._Element, run: etree._Element) -> None:
    """Add the text of a run as numbers, names and operators, unless it is struck out or hidden."""
    properties = child(run, "w:rPr")
    if any(is_on(child(properties, name)) for name in ("w:strike", "w:dstrike", "w:vanish")):
        return
    texts = [it.text or "" for it in run if name_of(it) in ("m:t", "w:t")]
    for token in _TOKENS.finditer("".join(texts)):
        etree.SubElement(into, str(token.lastgroup)).text = token[0]


def _part(into: etree._Element, element: etree._Element, name: str, depth: int) -> None:
    """Add one part of a formula as one element."""
    _fill(etree.SubElement(into, "mrow"), child(element, name), depth)


def _made_of(tag: str, *names: str) -> Callable[[etree._Element, etree._Element, int], None]:
    """Return what makes an element of MathML whose parts are those of these names."""

    def read(into: etree._Element, element: etree._Element, depth: int) -> None:
        made = etree.SubElement(into, tag)
        for name in names:
            _part(made, element, name, depth)

    return read


def _fraction(into: etree._Element, element: etree._Element, depth: int) -> None:
    made = etree.SubElement(into, "mfrac")
    if value(child(element, "m:fPr", "m:type")) == "noBar":
        made.set("linethickness", "0")
    _part(made, element, "m:num", depth)
    _part(made, element, "m:den", depth)


def _root(into: etree._Element, element: etree._Element, depth: int) -> None:
    made = etree.SubElement(into, "mroot")
    _part(made, element, "m:e", depth)
    hidden = is_on(child(element, "m:radPr", "m:degHide"))
    degree = etree.SubElement(made, "mrow")
    if not hidden:
        _fill(degree, child(element, "m:deg"), depth)


def _sign(element: etree._Element, name: str, default: str) -> str:
    found = child(element, "m:dPr", name)
    return default if found is None else value(found)


def _delimited(into: etree._Element, element: etree._Element, depth: int) -> None:
    row = etree.SubElement(into, "mrow")
    separator = _sign(element, "m:sepChr", "|")
    etree.SubElement(row, "mo").text = _sign(element, "m:begChr", "(")
    for nth, part in enumerate(it for it in element if name_of(it) == "m:e"):
        if nth:
            etree.SubElement(row, "mo").text = separator
        _fill(etree.SubElement(row, "mrow"), part, depth)
    etree.SubElement(row, "mo").text = _sign(element, "m:endChr", ")")


def _nary(into: etree._Element, element: etree._Element, depth: int) -> None:
    sign = child(element, "m:naryPr", "m:chr")
    made = etree.SubElement(into, "munderover")
    etree.SubElement(made, "mo").text = "∫" if sign is None else value(sign)
    _part(made, element, "m:sub", depth)
    _part(made, element, "m:sup", depth)
    _part(into, element, "m:e", depth)


def _before(into: etree._Element, element: etree._Element, depth: int) -> None:
    made = etree.SubElement(into, "mmultiscripts")
    _part(made, element, "m:e", depth)
    etree.SubElement(made, "mprescripts")
    _part(made, element, "m:sub", depth)
    _part(made, element, "m:sup", depth)


def _accent(into: etree._Element, element: etree._Element, depth: int) -> None:
    made = etree.SubElement(into, "mover")
    _part(made, element, "m:e", depth)
    sign = value(child(element, "m:accPr", "m:chr"), default="^")
    etree.SubElement(made, "mo").text = {"\u0305": "¯", "\u0304": "¯", "\u0302": "^"}.get(
        sign, sign
    )


def _bar(into: etree._Element, element: etree._Element, depth: int) -> None:
    made = etree.SubElement(into, "mover")
    _part(made, element, "m:e", depth)
    etree.SubElement(made, "mo").text = "¯"


def _table(row_name: str) -> Callable[[etree._Element, etree._Element, int], None]:
    """Return what makes a table: rows of a name with cells or, for ``m:e``, of one cell each."""

    def read(into: etree._Element, element: etree._Element, depth: int) -> None:
        table = etree.SubElement(into, "mtable")
        for row in (it for it in element if name_of(it) == row_name):
            made = etree.SubElement(table, "mtr")
            for cell in _cells(row):
                _fill(etree.SubElement(made, "mtd"), cell, depth)

    return read


def _cells(row: etree._Element) -> Iterator[etree._Element]:
    if name_of(row) == "m:e":
        yield row
    else:
        yield from (it for it in row if name_of(it) == "m:e")


def _phantom(into: etree._Element, element: etree._Element, depth: int) -> None:
    if is_on(child(element, "m:phantPr", "m:show")) is not False:
        _fill(into, child(element, "m:e"), depth)


def _bordered(into: etree._Element, element: etree._Element, depth: int) -> None:
    properties = child(element, "m:borderBoxPr")
    names = ("m:strikeH", "m:strikeV", "m:strikeBLTR", "m:strikeTLBR")
    if not any(is_on(child(properties, name)) for name in names):
        _fill(into, child(element, "m:e"), depth)


_READERS: dict[str, Callable[[etree._Element, etree._Element, int], None]] = {
    "m:f": _fraction,
    "m:rad": _root,
    "m:d": _delimited,
    "m:nary": _nary,
    "m:sPre": _before,
    "m:acc": _accent,
    "m:bar": _bar,
    "m:phant": _phantom,
    "m:borderBox": _bordered,
    "m:groupChr": _made_of("mrow", "m:e"),
    "m:func": _made_of("mrow", "m:fName", "m:e"),
    "m:sSup": _made_of("msup", "m:e", "m:sup"),
    "m:sSub": _made_of("msub", "m:e", "m:sub"),
    "m:sSubSup": _made_of("msubsup", "m:e", "m:sub", "m:sup"),
    "m:limLow": _made_of("munder", "m:e", "m:lim"),
    "m:limUpp": _made_of("mover", "m:e", "m:lim"),
    "m:m": _table("m:mr"),
    "m:eqArr": _table("m:e"),
}

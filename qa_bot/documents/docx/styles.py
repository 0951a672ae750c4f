"""The styles of a Word document: what is a heading, hidden, struck out, raised or numbered."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lxml import etree

from qa_bot.documents.docx.package import child, is_on, name_of, number, value

_MAX_CHAIN = 20  # styles based on each other
_LEVELS = 6  # of headings in HTML
_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_RAISED = 4  # half points above the line, for an exponent or a footnote's sign


@dataclass(frozen=True, slots=True)
class NumberedAs:
    """The list that a paragraph is numbered by; the level is None when the style sets it."""

    list_id: str
    level: int | None


@dataclass(frozen=True, slots=True)
class Style:
    """What a style says of what it is given to; None where it says nothing."""

    name: str = ""
    based_on: str = ""
    heading: int | None = None
    numbered: NumberedAs | None = None
    switches: dict[str, bool] = field(default_factory=dict)
    script: str = ""


class Styles:
    """Looks up styles by id, with what they take from the styles they are based on."""

    def __init__(self, root: etree._Element | None) -> None:
        self._styles: dict[str, Style] = {}
        self._default = ""  # the style of paragraphs that name none
        self._defaults: dict[str, bool] = {}
        self._known: dict[tuple[str, str], bool] = {}  # switches, by style
        if root is not None:
            self._defaults = _switches(child(root, "w:docDefaults", "w:rPrDefault", "w:rPr"))
            for element in root:
                if name_of(element) == "w:style":
                    self._add(element)

    def _add(self, element: etree._Element) -> None:
        key = value(element, "styleId")
        self._styles.setdefault(key, _style(element))
        if value(element, "type") == "paragraph" and value(element, "default") in ("1", "true"):
            self._default = key

    def paragraph_style(self, properties: etree._Element | None) -> str:
        """Return the id of a paragraph's style."""
        return value(child(properties, "w:pStyle")) or self._default

    def chain(self, key: str) -> Iterator[Style]:
        """Yield a style and those it is based on, the nearest first."""
        for name in self.keys(key):
            yield self._styles[name]

    def keys(self, key: str) -> Iterator[str]:
        """Yield the ids of a style and of those it is based on, the nearest first."""
        for _ in range(_MAX_CHAIN):
            if key not in self._styles:
                return
            yield key
            key = self._styles[key].based_on

    def heading(self, properties: etree._Element | None) -> int:
        """Return the level of a paragraph that is a heading; 0 for one that is none."""
        level = _outline(properties)
        levels = (style.heading for style in self.chain(self.paragraph_style(properties)))
        found = level if level is not None else next((it for it in levels if it is not None), 0)
        return min(found, _LEVELS)

    def numbered(self, properties: etree._Element | None) -> NumberedAs | None:
        """Return how a paragraph is numbered, by itself or by its style."""
        own = _numbered(properties)
        if own is not None and own.list_id:
            return own
        for style in self.chain(self.paragraph_style(properties)):
            if style.numbered is not None:
                return (
                    style.numbered if own is None else replace(own, list_id=style.numbered.list_id)
                )
        return None

    def is_on(self, switch: str, properties: etree._Element | None, paragraph: str) -> bool:
        """Whether a run is, say, ``w:vanish``, by itself or by the styles that it has."""
        own = is_on(child(properties, switch))
        if own is not None:
            return own
        keys = (paragraph, value(child(properties, "w:rStyle")))
        set_by = [self._switch(key, switch) for key in keys]
        return self._defaults.get(switch, False) or set_by[0] != set_by[1]  # two undo each other

    def _switch(self, key: str, switch: str) -> bool:
        if (key, switch) not in self._known:
            styles = (style.switches for style in self.chain(key))
            found = (switches[switch] for switches in styles if switch in switches)
            self._known[key, switch] = next(found, False)
        return self._known[key, switch]

    def script(self, properties: etree._Element | None) -> str:
        """Return the HTML element that a run is raised or lowered by, or ``""``."""
        own = _script(properties)
        styles = self.chain(value(child(properties, "w:rStyle")))
        return own or next((style.script for style in styles if style.script), "")


SWITCHES = ("w:vanish", "w:strike", "w:dstrike")


def _switches(properties: etree._Element | None) -> dict[str, bool]:
    found = {name: is_on(child(properties, name)) for name in SWITCHES}
    return {name: on for name, on in found.items() if on is not None}


def _style(element: etree._Element) -> Style:
    of_paragraph, of_run = child(element, "w:pPr"), child(element, "w:rPr")
    name = value(child(element, "w:name"))
    heading = _HEADING.fullmatch(name)
    level = int(heading[1]) if heading else _outline(of_paragraph)
    return Style(
        name,
        value(child(element, "w:basedOn")),
        1 if name.lower() == "title" else level,
        _numbered(of_paragraph),
        _switches(of_run),
        _script(of_run),
    )


def _outline(properties: etree._Element | None) -> int | None:
    """Return the level of heading that a paragraph is given by itself; 0 for plain text."""
    level = child(properties, "w:outlineLvl")
    if level is None:
        return None
    return number(level, 9) + 1 if 0 <= number(level, 9) < 9 else 0


def _numbered(properties: etree._Element | None) -> NumberedAs | None:
    element = child(properties, "w:numPr")
    if element is None:
        return None
    level = child(element, "w:ilvl")
    return NumberedAs(value(child(element, "w:numId")), None if level is None else number(level))


def _script(properties: etree._Element | None) -> str:
    align = value(child(properties, "w:vertAlign"))
    raised = number(child(properties, "w:position"))
    if align == "superscript" or raised >= _RAISED:
        return "sup"
    return "sub" if align == "subscript" or raised < 0 else ""

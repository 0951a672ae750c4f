"""The styles of a Word document: which text is a heading, hidden, struck out, raised, numbered."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lxml import etree

from qa_bot.documents.docx.package import child, is_on, name_of, number, value

_MAX_CHAIN = 20  # styles based on each other
_MAX_HEADING = 6  # the lowest level of headings in HTML
_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_RAISED = 4  # half points above the baseline; an exponent or a footnote reference is that high


@dataclass(frozen=True, slots=True)
class ListReference:
    """The list that numbers a paragraph, and the level in it; None if the style sets the level."""

    list_id: str
    level: int | None


@dataclass(frozen=True, slots=True)
class Style:
    """The properties that a style sets; None for those that it does not."""

    name: str = ""
    based_on: str = ""
    heading: int | None = None
    numbering: ListReference | None = None
    switches: dict[str, bool] = field(default_factory=dict)
    script: str = ""


class Styles:
    """Looks up styles by id, including what they inherit from the styles they are based on."""

    def __init__(self, root: etree._Element | None) -> None:
        self._styles: dict[str, Style] = {}
        self._default = ""  # the id of the style of paragraphs that name none
        self._defaults: dict[str, bool] = {}  # switches of all text
        self._cache: dict[tuple[str, str], bool] = {}  # switches, by style id and name
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
        for style_id in self.chain_ids(key):
            yield self._styles[style_id]

    def chain_ids(self, key: str) -> Iterator[str]:
        """Yield the ids of a style and of those it is based on, the nearest first."""
        for _ in range(_MAX_CHAIN):
            if key not in self._styles:
                return
            yield key
            key = self._styles[key].based_on

    def heading(self, properties: etree._Element | None) -> int:
        """Return the level of a heading, 1 to 6, or 0 if the paragraph is not one."""
        level = _outline_level(properties)
        if level is None:
            levels = (style.heading for style in self.chain(self.paragraph_style(properties)))
            level = next((inherited for inherited in levels if inherited is not None), 0)
        return min(level, _MAX_HEADING)

    def numbering(self, properties: etree._Element | None) -> ListReference | None:
        """Return the list of a paragraph, set directly or by its style, or None."""
        direct = _numbering(properties)
        if direct is not None and direct.list_id:
            return direct
        for style in self.chain(self.paragraph_style(properties)):
            inherited = style.numbering
            if inherited is not None:
                return inherited if direct is None else replace(direct, list_id=inherited.list_id)
        return None

    def is_on(self, switch: str, properties: etree._Element | None, paragraph_style: str) -> bool:
        """Whether a switch such as ``w:vanish`` is on for a run, directly or by its styles."""
        direct = is_on(child(properties, switch))
        if direct is not None:
            return direct
        by_paragraph = self._switch(paragraph_style, switch)
        by_run = self._switch(value(child(properties, "w:rStyle")), switch)
        # Word toggles: a switch in both styles is off again.
        return self._defaults.get(switch, False) or by_paragraph != by_run

    def _switch(self, key: str, switch: str) -> bool:
        if (key, switch) not in self._cache:
            chain = (style.switches for style in self.chain(key))
            settings = (switches[switch] for switches in chain if switch in switches)
            self._cache[key, switch] = next(settings, False)
        return self._cache[key, switch]

    def script(self, properties: etree._Element | None) -> str:
        """Return ``sup`` or ``sub`` for a raised or lowered run, else ``""``."""
        direct = _script(properties)
        styles = self.chain(value(child(properties, "w:rStyle")))
        return direct or next((style.script for style in styles if style.script), "")


SWITCHES = ("w:vanish", "w:strike", "w:dstrike")


def _switches(properties: etree._Element | None) -> dict[str, bool]:
    settings = {name: is_on(child(properties, name)) for name in SWITCHES}
    return {name: setting for name, setting in settings.items() if setting is not None}


def _style(element: etree._Element) -> Style:
    paragraph, run = child(element, "w:pPr"), child(element, "w:rPr")
    name = value(child(element, "w:name"))
    heading = _HEADING.fullmatch(name)
    level = int(heading[1]) if heading else _outline_level(paragraph)
    return Style(
        name,
        value(child(element, "w:basedOn")),
        1 if name.lower() == "title" else level,
        _numbering(paragraph),
        _switches(run),
        _script(run),
    )


def _outline_level(properties: etree._Element | None) -> int | None:
    """Return the level of heading set in these properties; 0 for body text, None if not set."""
    level = child(properties, "w:outlineLvl")
    if level is None:
        return None
    return number(level, 9) + 1 if 0 <= number(level, 9) < 9 else 0


def _numbering(properties: etree._Element | None) -> ListReference | None:
    element = child(properties, "w:numPr")
    if element is None:
        return None
    level = child(element, "w:ilvl")
    return ListReference(value(child(element, "w:numId")), None if level is None else number(level))


def _script(properties: etree._Element | None) -> str:
    alignment = value(child(properties, "w:vertAlign"))
    position = number(child(properties, "w:position"))  # half points above the baseline
    if alignment == "superscript" or position >= _RAISED:
        return "sup"
    return "sub" if alignment == "subscript" or position < 0 else ""

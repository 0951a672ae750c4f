"""Number the items of Word's lists as Word shows them: 2., 2.1, (a), iv."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lxml import etree

from qa_bot.documents.docx.package import child, is_on, name_of, number, value
from qa_bot.documents.docx.styles import Styles

BULLET = "-"
_MAX_LEVEL = 8
_MAX_LABEL = 60  # characters
_MAX_LISTS = 20_000  # in one document


_ROMAN = list(
    zip(
        "M CM D CD C XC L XL X IX V IV I".split(),
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class _Level:
    """How the items of one level of a list are numbered."""

    start: int = 1
    format: str = "decimal"
    text: str = ""  # "%1.%2" shows the numbers of the first two levels
    is_legal: bool = False  # whether the numbers of the levels above are shown as digits
    restart: int | None = None  # the level, counted from 1, whose items restart this one
    style: str = ""  # the id of the paragraph style that has this level


@dataclass(frozen=True, slots=True)
class _List:
    """A list: its levels, and where it starts."""

    abstract_id: str  # lists with the same one count on from each other
    levels: dict[int, _Level]
    starts: dict[int, int]  # by level, where they differ from those of the levels


class Numbering:
    """Counts the items of lists, in the order of the document."""

    def __init__(self, root: etree._Element | None, styles: Styles) -> None:
        self._lists = {} if root is None else _lists(root, styles)
        self._counts: dict[str, dict[int, int]] = {}  # by abstract id and level
        self._started: set[tuple[str, int]] = set()

    def level_of(self, list_id: str, styles: Iterable[str]) -> int:
        """Return the level of a list that belongs to the first of these styles, or 0."""
        levels = self._lists[list_id].levels if list_id in self._lists else {}
        by_style = {level.style: depth for depth, level in levels.items() if level.style}
        return next((by_style[style] for style in styles if style in by_style), 0)

    def has(self, list_id: str) -> bool:
        """Whether a list is defined; ``0`` means that a paragraph is in no list."""
        return list_id in self._lists or list_id in ("", "0")

    def label(self, list_id: str, level: int) -> str:
        """Count the next item of a list and return its number or bullet, or ``""``."""
        definition = self._lists.get(list_id)
        if definition is None or level not in definition.levels:
            return ""
        counts = self._counts.setdefault(definition.abstract_id, {})
        if level in definition.starts and (list_id, level) not in self._started:
            self._started.add((list_id, level))
            counts[level] = definition.starts[level]
        else:
            counts[level] = counts.get(level, definition.levels[level].start - 1) + 1
        for deeper in [counted for counted in counts if counted > level]:
            if _restarts(definition.levels[deeper], deeper, level):
                del counts[deeper]
        return _label_text(definition.levels, counts, level)


def _restarts(level: _Level, depth: int, after: int) -> bool:
    """Whether a level at a depth restarts after an item of the level ``after``."""
    return level.restart is None or after < min(level.restart, depth)


def _label_text(levels: dict[int, _Level], counts: dict[int, int], depth: int) -> str:
    level = levels[depth]
    if level.format == "bullet":
        return BULLET

    def number_text(placeholder: re.Match[str]) -> str:
        shown = int(placeholder[1]) - 1
        if shown not in levels or shown > depth:
            return ""
        form = "decimal" if level.is_legal and shown != depth else levels[shown].format
        return _FORMATS.get(form, str)(counts.get(shown, levels[shown].start))

    return re.sub("%([1-9])", number_text, level.text).strip()[:_MAX_LABEL]


def _letter_number(count: int) -> str:
    """Return a, b, ... z, aa, bb, as Word does."""
    if not 1 <= count <= 260:
        return str(count)
    return chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)


def _roman(count: int) -> str:
    if not 1 <= count < 4000:
        return str(count)
    text = ""
    for numeral, size in _ROMAN:
        text += numeral * (count // size)
        count %= size
    return text


def _ordinal(count: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{count}{'th' if 10 < count % 100 < 14 else endings.get(count % 10, 'th')}"


_FORMATS: dict[str, Callable[[int], str]] = {
    "none": lambda count: "",
    "decimalZero": lambda count: f"{count:02}",
    "lowerLetter": _letter_number,
    "upperLetter": lambda count: _letter_number(count).upper(),
    "lowerRoman": lambda count: _roman(count).lower(),
    "upperRoman": _roman,
    "ordinal": _ordinal,
}


def _lists(root: etree._Element, styles: Styles) -> dict[str, _List]:
    abstract = {
        value(element, "abstractNumId"): element
        for element in root
        if name_of(element) == "w:abstractNum"
    }
    elements = {value(element, "numId"): element for element in root if name_of(element) == "w:num"}
    lists = {}
    for key, element in list(elements.items())[:_MAX_LISTS]:
        abstract_id = value(child(element, "w:abstractNumId"))
        link = value(child(abstract.get(abstract_id), "w:numStyleLink"))
        style = next(styles.chain(link), None) if link else None
        if style is not None and style.numbering is not None:
            abstract_id = value(child(elements.get(style.numbering.list_id), "w:abstractNumId"))
        lists[key] = _with_overrides(abstract_id, _levels(abstract.get(abstract_id)), element)
    return lists


def _levels(parent: etree._Element | None) -> dict[int, _Level]:
    """Return the levels defined in an element, by their depth."""
    children = [] if parent is None else list(parent)
    levels = [element for element in children if name_of(element) == "w:lvl"]
    return {_depth(level): _level(level) for level in levels if _depth(level) <= _MAX_LEVEL}


def _depth(element: etree._Element) -> int:
    digit = value(element, "ilvl")
    return int(digit) if re.fullmatch("[0-9]", digit) else 0


def _level(element: etree._Element) -> _Level:
    restart = child(element, "w:lvlRestart")
    return _Level(
        number(child(element, "w:start"), 1),
        value(child(element, "w:numFmt"), default="decimal"),
        value(child(element, "w:lvlText")),
        bool(is_on(child(element, "w:isLgl"))),
        None if restart is None else number(restart),
        value(child(element, "w:pStyle")),
    )


def _with_overrides(abstract_id: str, levels: dict[int, _Level], element: etree._Element) -> _List:
    """Return a list with the levels of its abstract definition, except those it overrides."""
    starts = {}
    for override in element:
        if name_of(override) == "w:lvlOverride":
            levels = {**levels, **_levels(override)}
            start = child(override, "w:startOverride")
            if start is not None:
                starts[_depth(override)] = number(start, 1)
    return _List(abstract_id, levels, starts)

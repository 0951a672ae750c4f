"""The numbers and bullets of Word's lists, as Word shows them: 2., 2.1, (a), iv."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lxml import etree

from qa_bot.documents.docx.package import child, is_on, name_of, number, value
from qa_bot.documents.docx.styles import Styles

BULLET = "-"
_MAX_LEVEL = 8
_MAX_LABEL = 60  # characters
_MAX_NUMBERS = 20_000  # lists in one document


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
    form: str = "decimal"
    text: str = ""
    legal: bool = False  # the numbers of the levels above are shown as digits
    restart: int | None = None  # the level, counted from 1, after which it starts anew
    style: str = ""


@dataclass(frozen=True, slots=True)
class _List:
    """A list that paragraphs are numbered by: levels, which lists may share, and its own starts."""

    shared: str
    levels: dict[int, _Level]
    starts: dict[int, int]


class Numbering:
    """Counts the items of lists, in the order of the document."""

    def __init__(self, root: etree._Element | None, styles: Styles) -> None:
        self._lists = {} if root is None else _lists(root, styles)
        self._counts: dict[str, dict[int, int]] = {}  # by what lists share, and by level
        self._started: set[tuple[str, int]] = set()

    def level_of(self, list_id: str, styles: Iterable[str]) -> int:
        """Return the level of a list that belongs to the first of the styles that has one, or 0."""
        levels = self._lists[list_id].levels if list_id in self._lists else {}
        by_style = {level.style: at for at, level in levels.items() if level.style}
        return next((by_style[style] for style in styles if style in by_style), 0)

    def knows(self, list_id: str) -> bool:
        """Whether a list is there; ``0`` takes a paragraph out of any."""
        return list_id in self._lists or list_id in ("", "0")

    def label(self, list_id: str, level: int) -> str:
        """Count the next item of a list, and return what stands before it; ``""`` for nothing."""
        found = self._lists.get(list_id)
        if found is None or level not in found.levels:
            return ""
        counts = self._counts.setdefault(found.shared, {})
        if level in found.starts and (list_id, level) not in self._started:
            self._started.add((list_id, level))
            counts[level] = found.starts[level]
        else:
            counts[level] = counts.get(level, found.levels[level].start - 1) + 1
        for deeper in [at for at in counts if at > level]:
            if _restarts(found.levels[deeper], deeper, level):
                del counts[deeper]
        return _shown(found.levels, counts, level)


def _restarts(level: _Level, at: int, after: int) -> bool:
    """Whether a level starts anew after an item of a level above it."""
    return level.restart is None or after < min(level.restart, at)


def _shown(levels: dict[int, _Level], counts: dict[int, int], at: int) -> str:
    level = levels[at]
    if level.form == "bullet":
        return BULLET

    def written(place: re.Match[str]) -> str:
        nth = int(place[1]) - 1
        if nth not in levels or nth > at:
            return ""
        form = "decimal" if level.legal and nth != at else levels[nth].form
        return _FORMS.get(form, str)(counts.get(nth, levels[nth].start))

    return re.sub("%([1-9])", written, level.text).strip()[:_MAX_LABEL]


def _letters(count: int) -> str:
    """Return a, b, ... z, aa, bb, as Word goes on."""
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


_FORMS: dict[str, Callable[[int], str]] = {
    "none": lambda count: "",
    "decimalZero": lambda count: f"{count:02}",
    "lowerLetter": _letters,
    "upperLetter": lambda count: _letters(count).upper(),
    "lowerRoman": lambda count: _roman(count).lower(),
    "upperRoman": _roman,
    "ordinal": _ordinal,
}


def _lists(root: etree._Element, styles: Styles) -> dict[str, _List]:
    shared = {
        value(element, "abstractNumId"): element
        for element in root
        if name_of(element) == "w:abstractNum"
    }
    elements = {value(element, "numId"): element for element in root if name_of(element) == "w:num"}
    lists = {}
    for key, element in list(elements.items())[:_MAX_NUMBERS]:
        base = value(child(element, "w:abstractNumId"))
        linked = value(child(shared.get(base), "w:numStyleLink"))
        style = next(styles.chain(linked), None) if linked else None
        if style is not None and style.numbered is not None:
            base = value(child(elements.get(style.numbered.list_id), "w:abstractNumId"))
        lists[key] = _overridden(base, _levels(shared.get(base)), element)
    return lists


def _levels(parent: etree._Element | None) -> dict[int, _Level]:
    """Return the levels that are children of an element."""
    elements = [it for it in (parent if parent is not None else ()) if name_of(it) == "w:lvl"]
    return {_at(element): _level(element) for element in elements if _at(element) <= _MAX_LEVEL}


def _at(element: etree._Element) -> int:
    written = value(element, "ilvl")
    return int(written) if re.fullmatch("[0-9]", written) else 0


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


def _overridden(base: str, levels: dict[int, _Level], element: etree._Element) -> _List:
    """Return a list whose levels are those that it shares, but for what it sets itself."""
    starts = {}
    for override in element:
        if name_of(override) == "w:lvlOverride":
            levels = {**levels, **_levels(override)}
            start = child(override, "w:startOverride")
            if start is not None:
                starts[_at(override)] = number(start, 1)
    return _List(base, levels, starts)

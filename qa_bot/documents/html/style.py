"""Find which elements the style of a web page hides, strikes out, raises, lowers or makes a block.

The page's style sheets and ``style`` attributes are evaluated as by a browser with a wide screen;
nothing is fetched. The result is set on the elements as attributes that no page can have.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import cssselect2
import tinycss2
from lxml import etree

SHOWN = "{qa-bot}shown"  # "no" for hidden or struck out, "yes" if the style sets "display"
SCRIPT = "{qa-bot}script"  # "super", "sub" or "top"
BLOCK = "{qa-bot}block"  # set on elements displayed as blocks, whatever their names
UNFINISHED = "{qa-bot}unfinished"  # set on the root if the style sheets were not evaluated

MAX_CSS = 2_000_000  # characters in one style sheet
MAX_STEPS = 2_000_000  # of matching rules to elements; about a second
_MAX_SELECTOR = 20_000  # characters
_SCREEN = 1280  # pixels; width of the screen that media queries are evaluated for

_PROPERTIES = frozenset(
    "display visibility text-decoration text-decoration-line vertical-align".split()
)
_RELEVANT = re.compile("display|visibility|text-decoration|vertical-align", re.IGNORECASE)
_BLOCKS = frozenset("block flex grid flow-root list-item table".split())
_RAISING = re.compile(r"super|(?:0?\.[2-9]\d*|1(?:\.\d+)?)r?em|[3-9]\dpx|[3-9]px|[2-9]\d%")
_COSTLY = re.compile(r":has\b|-of-type|\bof\b", re.IGNORECASE)  # their steps cannot be counted
_MEDIA = re.compile(r"(?:only\s+)?(?P<type>all|screen)?(?:\s*\band\b\s*)?(?P<rest>.*)", re.S)
_WIDTH = re.compile(r"\(\s*(?P<side>min|max)-width\s*:\s*(?P<value>[\d.]+)(?P<unit>px|r?em)\s*\)")

# What cssselect2 raises for selectors that it does not support or that are made to break it.
_SELECTOR_ERRORS = (
    cssselect2.SelectorError,
    MemoryError,
    NotImplementedError,
    RecursionError,
    SyntaxError,
)

# A declaration: the property, its value, and whether it is !important.
_Declaration = tuple[str, str, bool]


class _TooLargeError(Exception):
    """The style sheets are too long, or matching them takes too many steps."""


class _StepBudget:
    """Counts the steps of matching, and raises _TooLargeError when none are left."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def spend(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise _TooLargeError


class _Element(cssselect2.ElementWrapper):  # type: ignore[misc]
    """An element that counts the steps of matching selectors to it."""

    def __init__(
        self, element: etree._Element, parent: "_Element | None", *args: Any, **options: Any
    ) -> None:
        super().__init__(element, parent, *args, **options)
        self.budget: _StepBudget = parent.budget if parent is not None else _StepBudget(MAX_STEPS)

    @property
    def ancestors(self) -> Iterator["_Element"]:
        return self._follow("parent")

    @property
    def previous_siblings(self) -> Iterator["_Element"]:
        return self._follow("previous")

    def _follow(self, attribute: str) -> Iterator["_Element"]:
        element = getattr(self, attribute)
        while element is not None:
            self.budget.spend(1)
            yield element
            element = getattr(element, attribute)


class _Matcher(cssselect2.Matcher):  # type: ignore[misc]
    """A matcher that counts the selectors it tries."""

    @staticmethod
    def add_relevant_selectors(
        element: _Element, selectors: list[Any], relevant: list[Any]
    ) -> None:
        element.budget.spend(1 + len(selectors))
        cssselect2.Matcher.add_relevant_selectors(element, selectors, relevant)


def apply_styles(root: etree._Element, load_sheet: Callable[[str], str] | None = None) -> None:
    """Set SHOWN, SCRIPT and BLOCK on the elements as the page's style says.

    ``load_sheet`` returns the text of the style sheet at a link; without it, links are ignored.
    """
    matcher = _Matcher()
    try:
        for sheet in _sheets(root, load_sheet):
            _add_rules(matcher, sheet)
        if matcher.order:
            for element in _Element.from_html_root(root).iter_subtree():
                _apply(element.etree_element, matcher.match(element))
        else:
            for styled in root.iterfind(".//*[@style]"):
                _apply(styled, [])
    except _TooLargeError:
        root.set(UNFINISHED, "")


def _sheets(root: etree._Element, load_sheet: Callable[[str], str] | None) -> Iterator[str]:
    """Yield the style sheets that apply to a screen, in document order."""
    for element in root.iter("style", "link"):
        if not _applies_to_screen(element.get("media", "")):
            continue
        if element.tag == "style":
            yield "".join(element.itertext())
        elif load_sheet is not None and element.get("rel", "").lower().split() == ["stylesheet"]:
            yield load_sheet(element.get("href", ""))


def _add_rules(matcher: _Matcher, sheet: str) -> None:
    if len(sheet) > MAX_CSS:
        raise _TooLargeError
    if _RELEVANT.search(sheet):
        for selectors, declarations in _parsed_rules(sheet):
            for selector in selectors:
                if selector.pseudo_element is None:
                    matcher.add_selector(selector, declarations)


@lru_cache(maxsize=8)  # the chapters of a book share their style sheets
def _parsed_rules(sheet: str) -> list[tuple[list[Any], list[_Declaration]]]:
    try:
        rules = tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)
        return list(_style_rules(rules))
    except RecursionError:
        return []


def _style_rules(rules: list[Any]) -> Iterator[tuple[list[Any], list[_Declaration]]]:
    for rule in rules:
        if rule.type == "at-rule" and rule.content is not None and _applies(rule):
            yield from _style_rules(tinycss2.parse_rule_list(rule.content, True, True))
        elif rule.type == "qualified-rule":
            declarations = _declarations(rule.content)
            selectors = _selectors(rule.prelude) if declarations else []
            if selectors:
                yield selectors, declarations


def _applies(at_rule: Any) -> bool:
    """Whether the rules in an at-rule apply to the screen."""
    condition = tinycss2.serialize(at_rule.prelude)
    if at_rule.lower_at_keyword == "media":
        return _applies_to_screen(condition)
    return at_rule.lower_at_keyword in ("supports", "layer") and "not" not in condition.split()


def _applies_to_screen(media: str) -> bool:
    return any(_matches_screen(query.strip().lower()) for query in media.split(","))


def _matches_screen(query: str) -> bool:
    media = _MEDIA.fullmatch(query)
    if media is None:
        return False
    for condition in filter(None, re.split(r"\s*\band\b\s*", media["rest"])):
        width = _WIDTH.fullmatch(condition)
        if width is None:
            return False
        limit = float(width["value"]) * (1 if width["unit"] == "px" else 16)
        if (limit > _SCREEN) if width["side"] == "min" else (limit < _SCREEN):
            return False
    return True


def _selectors(prelude: list[Any]) -> list[Any]:
    text = tinycss2.serialize(prelude)
    if len(text) > _MAX_SELECTOR or _COSTLY.search(text):
        return []
    try:
        return list(cssselect2.compile_selector_list(prelude))
    except _SELECTOR_ERRORS:
        return []


def _declarations(content: str | list[Any]) -> list[_Declaration]:
    return [
        (item.lower_name.removesuffix("-line"), _value(item), item.important)
        for item in tinycss2.parse_blocks_contents(content, True, True)
        if item.type == "declaration" and item.lower_name in _PROPERTIES
    ]


def _value(declaration: Any) -> str:
    return str(tinycss2.serialize(declaration.value)).strip().lower()


@lru_cache(maxsize=1000)
def _inline_declarations(style: str) -> list[_Declaration]:
    try:
        return _declarations(style)
    except RecursionError:
        return []


def _apply(element: etree._Element, matches: list[Any]) -> None:
    """Set the attributes of an element, given the rules that match it."""
    matched = [declarations for *_, declarations in matches]
    style = element.get("style", "")
    if len(style) < _MAX_SELECTOR and _RELEVANT.search(style):
        matched.append(_inline_declarations(style))
    if matched:
        values: dict[str, str] = {}
        for is_important in (False, True):
            for declarations in matched:
                values |= {
                    name: value
                    for name, value, important in declarations
                    if important is is_important
                }
        _set_attributes(element, values)


def _set_attributes(element: etree._Element, values: dict[str, str]) -> None:
    display, height = values.get("display", ""), values.get("vertical-align", "")
    is_struck_out = "line-through" in values.get("text-decoration", "")
    is_hidden = display == "none" or values.get("visibility") in ("hidden", "collapse")
    if element.tag in ("html", "body"):
        return  # some pages hide these until a script shows them
    if is_struck_out or is_hidden:
        element.set(SHOWN, "no")
    elif display:
        element.set(SHOWN, "yes")
    if display in _BLOCKS:
        element.set(BLOCK, "")
    if height in ("top", "text-top"):
        element.set(SCRIPT, "top")
    elif _RAISING.fullmatch(height):
        element.set(SCRIPT, "super")
    elif height == "sub" or (height[:1] == "-" and _RAISING.fullmatch(height[1:])):
        element.set(SCRIPT, "sub")

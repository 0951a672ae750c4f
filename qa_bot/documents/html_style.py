"""What the style of a web page does to its words: which it hides, strikes out, raises or lowers.

The page's own style sheets and ``style`` attributes are followed as by a browser with a wide
screen; nothing is fetched. What they say is set on the elements, as attributes that no page has.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import cssselect2
import tinycss2
from lxml import etree

SHOWN = "{qa-bot}shown"  # "no" for what is hidden or struck out, "yes" for what is set to be shown
SCRIPT = "{qa-bot}script"  # "super", "sub" or "top"
BLOCK = "{qa-bot}block"  # set on what is a block, whatever its name
UNFINISHED = "{qa-bot}unfinished"  # set on the root when the style sheets took too long

MAX_CSS = 2_000_000  # characters of style sheets in one page
MAX_STEPS = 2_000_000  # in matching rules to elements; a second or so
_MAX_SELECTOR = 20_000  # characters
_SCREEN = 1280  # pixels; the width of the screen that the page is read on

_PROPERTIES = frozenset(
    "display visibility text-decoration text-decoration-line vertical-align".split()
)
_NAMED = re.compile("display|visibility|text-decoration|vertical-align", re.IGNORECASE)
_BLOCKS = frozenset("block flex grid flow-root list-item table".split())
_RAISING = re.compile(r"super|(?:0?\.[2-9]\d*|1(?:\.\d+)?)r?em|[3-9]\dpx|[3-9]px|[2-9]\d%")
_COSTLY = re.compile(r":has\b|-of-type|\bof\b", re.IGNORECASE)  # in time that cannot be limited
_MEDIA = re.compile(r"(?:only\s+)?(?P<type>all|screen)?(?:\s*\band\b\s*)?(?P<rest>.*)", re.S)
_WIDTH = re.compile(r"\(\s*(?P<side>min|max)-width\s*:\s*(?P<value>[\d.]+)(?P<unit>px|r?em)\s*\)")

# What cssselect2 raises for a selector that it does not know, or that is made to break it.
_UNKNOWN = (
    cssselect2.SelectorError,
    MemoryError,
    NotImplementedError,
    RecursionError,
    SyntaxError,
)

# A declaration: the property, its value, and whether it is !important.
_Declaration = tuple[str, str, bool]


class _TooLongError(Exception):
    """There are more elements and rules than there is time for."""


class _Steps:
    def __init__(self, left: int) -> None:
        self._left = left

    def take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise _TooLongError


class _Element(cssselect2.ElementWrapper):  # type: ignore[misc]
    """An element that counts the steps which selectors take over it."""

    def __init__(
        self, element: etree._Element, parent: "_Element | None", *args: Any, **options: Any
    ) -> None:
        super().__init__(element, parent, *args, **options)
        self.steps: _Steps = parent.steps if parent is not None else _Steps(MAX_STEPS)

    @property
    def ancestors(self) -> Iterator["_Element"]:
        return self._followed("parent")

    @property
    def previous_siblings(self) -> Iterator["_Element"]:
        return self._followed("previous")

    def _followed(self, link: str) -> Iterator["_Element"]:
        element = getattr(self, link)
        while element is not None:
            self.steps.take(1)
            yield element
            element = getattr(element, link)


class _Matcher(cssselect2.Matcher):  # type: ignore[misc]
    """Rules by what their selectors end in; counts the steps of trying them."""

    @staticmethod
    def add_relevant_selectors(
        element: _Element, selectors: list[Any], relevant: list[Any]
    ) -> None:
        element.steps.take(1 + len(selectors))
        cssselect2.Matcher.add_relevant_selectors(element, selectors, relevant)


def apply_styles(root: etree._Element, linked: Callable[[str], str] | None = None) -> None:
    """Set on each element what the page's style says of it.

    ``linked`` returns the style sheet that a link leads to; without it, links are not followed.
    """
    matcher = _Matcher()
    try:
        for sheet in _sheets(root, linked):
            _add_rules(matcher, sheet)
        if matcher.order:
            for element in _Element.from_html_root(root).iter_subtree():
                _settle(element.etree_element, matcher.match(element))
        else:
            for styled in root.iterfind(".//*[@style]"):
                _settle(styled, [])
    except _TooLongError:
        root.set(UNFINISHED, "")


def _sheets(root: etree._Element, linked: Callable[[str], str] | None) -> Iterator[str]:
    """Yield the style sheets that hold for a screen, in the order of the page."""
    for element in root.iter("style", "link"):
        if not _holds_on_screen(element.get("media", "")):
            continue
        if element.tag == "style":
            yield "".join(element.itertext())
        elif linked is not None and element.get("rel", "").lower().split() == ["stylesheet"]:
            yield linked(element.get("href", ""))


def _add_rules(matcher: _Matcher, sheet: str) -> None:
    if len(sheet) > MAX_CSS:
        raise _TooLongError
    if _NAMED.search(sheet):
        for selectors, declarations in _rules(sheet):
            for selector in selectors:
                if selector.pseudo_element is None:
                    matcher.add_selector(selector, declarations)


@lru_cache(maxsize=8)  # the chapters of a book share their style sheets
def _rules(sheet: str) -> list[tuple[list[Any], list[_Declaration]]]:
    try:
        rules = tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)
        return list(_style_rules(rules))
    except RecursionError:
        return []


def _style_rules(rules: list[Any]) -> Iterator[tuple[list[Any], list[_Declaration]]]:
    for rule in rules:
        if rule.type == "at-rule" and rule.content is not None and _holds(rule):
            yield from _style_rules(tinycss2.parse_rule_list(rule.content, True, True))
        elif rule.type == "qualified-rule":
            declarations = _declarations(rule.content)
            selectors = _selectors(rule.prelude) if declarations else []
            if selectors:
                yield selectors, declarations


def _holds(rule: Any) -> bool:
    """Whether the rules in an at-rule hold for the screen."""
    condition = tinycss2.serialize(rule.prelude)
    if rule.lower_at_keyword == "media":
        return _holds_on_screen(condition)
    return rule.lower_at_keyword in ("supports", "layer") and "not" not in condition.split()


def _holds_on_screen(media: str) -> bool:
    return any(_is_screen(query.strip().lower()) for query in media.split(","))


def _is_screen(query: str) -> bool:
    found = _MEDIA.fullmatch(query)
    if found is None:
        return False
    for condition in filter(None, re.split(r"\s*\band\b\s*", found["rest"])):
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
    except (
        cssselect2.SelectorError,
        SyntaxError,
        RecursionError,
        MemoryError,
        NotImplementedError,
    ):
        return []  # one that cssselect2 does not know, or that is made to break it


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


def _settle(element: etree._Element, rules: list[Any]) -> None:
    """Set on one element what its style makes of it, given the rules that match it."""
    matched = [declarations for *_, declarations in rules]
    style = element.get("style", "")
    if len(style) < _MAX_SELECTOR and _NAMED.search(style):
        matched.append(_inline_declarations(style))
    if matched:
        values: dict[str, str] = {}
        for important in (False, True):
            for declarations in matched:
                values |= {name: value for name, value, is_so in declarations if is_so is important}
        _mark(element, values)


def _mark(element: etree._Element, values: dict[str, str]) -> None:
    display, height = values.get("display", ""), values.get("vertical-align", "")
    struck = "line-through" in values.get("text-decoration", "")
    hidden = display == "none" or values.get("visibility") in ("hidden", "collapse")
    if element.tag in ("html", "body"):
        return  # hidden until a script shows it
    if struck or hidden:
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

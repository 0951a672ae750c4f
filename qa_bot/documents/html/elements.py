"""Classify the elements of a web page: block, superscript, formula, hidden, not to be read."""

from itertools import islice

from lxml import etree

from qa_bot.documents.formula import local_name
from qa_bot.documents.html.style import BLOCK, SCRIPT, SHOWN

LABEL = "{qa-bot}label"  # the number or bullet of a list item, set by the reader of Word files

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
LISTS = frozenset({"ul", "ol", "menu", "dir"})
INVISIBLE = dict.fromkeys([0xAD, 0x200B, 0x2060, 0xFEFF])  # where a word may or may not be broken

_LARGE = 20  # elements; a footnote reference or an exponent has fewer
_BLOCKS = (
    frozenset(
        """
        address article aside blockquote body caption center dd details dialog div dl dt fieldset
        figcaption figure footer form header hgroup hr html legend li main nav p pre section summary
        table tbody td tfoot th thead tr
        """.split()
    )
    | HEADINGS
    | LISTS
)
_INLINE = frozenset(
    """
    a abbr acronym b bdi bdo big blink br cite code data dfn em font i img ins kbd label mark nobr
    output q rb rtc ruby samp small span strong sub sup time tt u var wbr
    """.split()
)
_IGNORED = frozenset(  # not text, interactive, or navigation
    """
    applet area audio base button canvas datalist del embed frame frameset head iframe input link
    map meta nav noembed noframes noscript object optgroup option param progress rp rt s script
    select source strike style svg template textarea title track video
    """.split()
)
_IGNORED_ROLES = frozenset(  # of HTML, and of references and page numbers in EPUB
    """
    alertdialog backlink contentinfo dialog doc-backlink doc-noteref doc-pagebreak menu menubar
    navigation noteref pagebreak search toolbar tooltip
    """.split()
)
_LINES = frozenset({"p", "pre", "dt", "summary", "caption", "figcaption", "legend"}) | HEADINGS
_SECTIONS = frozenset({"article", "main", "section", "blockquote"})  # may have their own headers


def is_ignored(element: etree._Element) -> bool:
    """Whether an element is not to be read: hidden, navigation, or interactive."""
    tag = element.tag
    if tag in _IGNORED or not _IGNORED_ROLES.isdisjoint(_roles(element)) or is_hidden(element):
        return True
    if tag == "dialog":
        return element.get("open") is None
    if tag in ("header", "footer"):
        return _is_page_frame(element)
    return (tag == "a" or script_position(element) == "super") and _is_reference(element)


def is_hidden(element: etree._Element) -> bool:
    """Whether an element is hidden or struck out.

    A hidden formula in front of a picture of it counts as shown.
    """
    shown = element.get(SHOWN)
    if element.get("aria-hidden") == "true":
        return True
    if shown == "no":
        picture = element.getnext()
        return not (
            len(element) == 1
            and is_math(element[0])
            and picture is not None
            and picture.tag == "img"
        )
    return element.get("hidden") is not None and shown != "yes"


def is_math(element: etree._Element) -> bool:
    """Whether an element is a formula in MathML."""
    return element.tag.endswith("math") and local_name(element) == "math"


def is_formula_script(element: etree._Element) -> bool:
    """Whether an element is a formula that JavaScript would draw in a browser."""
    return element.tag == "script" and "math/" in element.get("type", "")


def script_position(element: etree._Element) -> str:
    """Return the position of an element in its line: ``super``, ``sub``, ``top`` or ``""``."""
    if element.tag in ("sup", "sub"):
        return "super" if element.tag == "sup" else "sub"
    return str(element.get(SCRIPT, "")) if element.tag in _INLINE else ""


def is_script(element: etree._Element) -> bool:
    """Whether an element is a superscript or subscript; a larger element is small print."""
    if not script_position(element):
        return False
    return not any(
        nth >= _LARGE or descendant.tag in _BLOCKS for nth, descendant in enumerate(element.iter())
    )


def is_block(element: etree._Element) -> bool:
    """Whether an element begins a new line."""
    tag = element.tag
    if tag in _BLOCKS or element.get(BLOCK) is not None:
        return True
    return tag not in _INLINE and not is_math(element) and _is_among_blocks(element)


def _is_among_blocks(element: etree._Element) -> bool:
    """Whether an unknown element has no text or inline element next to it."""
    parent, before, after = element.getparent(), element.getprevious(), element.getnext()
    if parent is None or parent.tag in _INLINE or parent.tag in _LINES:
        return False
    texts = (element.tail, parent.text if before is None else before.tail)
    if any(text and text.strip() for text in texts):
        return False
    return not any(sibling is not None and sibling.tag in _INLINE for sibling in (before, after))


def _roles(element: etree._Element) -> list[str]:
    return f"{element.get('role', '')} {element.get('epub:type', '')}".split()


def _is_page_frame(element: etree._Element) -> bool:
    """Whether a header or footer belongs to the whole page and does not contain its ``<h1>``."""
    in_section = any(ancestor.tag in _SECTIONS for ancestor in element.iterancestors())
    return not in_section and element.find(".//h1") is None


def _is_reference(element: etree._Element) -> bool:
    """Whether an element is a footnote reference, or a symbol that links within the page (¶, ↑)."""
    if any(True for _ in islice(element.iter(), _LARGE, None)):
        return False
    text = "".join(element.itertext()).strip()
    if element.tag == "a" and not script_position(element):
        is_symbol = not any(map(str.isalnum, text))
        return bool(text) and is_symbol and element.get("href", "").startswith("#")
    parent = element.getparent()
    link = element if element.tag == "a" else parent
    if link is not None and link.tag == "a":
        return "#" in link.get("href", "") and "".join(link.itertext()).strip() == text
    links = element.findall(".//a[@href]")
    link_text = "".join("".join(link.itertext()) for link in links)
    # Brackets and commas around the links do not count.
    is_only_links = bool(links) and _alphanumeric(link_text) == _alphanumeric(text)
    return is_only_links and all("#" in link.get("href", "") for link in links)


def _alphanumeric(text: str) -> str:
    return "".join(filter(str.isalnum, text))

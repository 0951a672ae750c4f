"""Read the paragraphs, headings, lists and tables that a person sees on a web page.

The markup is parsed; nothing is fetched and no script is run. style.py evaluates the page's style
sheets, elements.py says what kind of thing an element is, and blocks.py collects the text.
"""

from collections import Counter
from collections.abc import Callable

from lxml import etree

from qa_bot.documents.content import Content, join_blocks
from qa_bot.documents.formula import formula_text
from qa_bot.documents.html.blocks import blocks_of
from qa_bot.documents.html.elements import (
    INVISIBLE,
    is_formula_script,
    is_hidden,
    is_ignored,
    is_math,
)
from qa_bot.documents.html.style import UNFINISHED, apply_styles
from qa_bot.errors import ArticleError

_EMBEDDED = frozenset({"applet", "embed", "object"})
_MAY_HAVE_UNREAD_PARTS = etree.XPath(  # a quick test before the slow search
    "boolean(.//applet|.//embed|.//object|.//script[contains(@type, 'math/')]"
    "|.//*[contains(name(), 'math')])"
)


def read_html(text: str) -> Content:
    """Read a page of HTML, or only its main part if that is marked.

    The title is ``<title>``, else the first heading. Raises ArticleError for a page of frames, or
    one that is nested too deeply.
    """
    root = parse_html(text)
    if root is None:
        return Content("")
    titles = root.xpath("//title[not(ancestor::svg)]")
    title = "".join(titles[0].itertext()) if titles else ""
    main = _main_part(root)
    notes = unread_notes(count_unread(main))
    content = join_blocks(blocks_of(main), title.translate(INVISIBLE), notes)
    if not content.text and root.find(".//frame") is not None:
        raise ArticleError("only shows other pages in frames: save those pages and give them")
    return content


def parse_html(text: str, load_sheet: Callable[[str], str] | None = None) -> etree._Element | None:
    """Parse HTML or XHTML as browsers do; returns None for an empty page.

    Elements that the page's style hides or strikes out get an attribute. ``load_sheet`` returns the
    text of a linked style sheet; see ``apply_styles``.
    """
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True
    )
    root = etree.fromstring(text.encode(), parser)
    # The parser drops elements nested more deeply; half a document is worse than none.
    if any(entry.message.startswith("Excessive depth") for entry in parser.error_log):
        raise ArticleError("is nested too deeply to be read: save its text as plain text (.txt)")
    if root is not None:
        apply_styles(root, load_sheet)
    return root


def count_unread(root: etree._Element) -> Counter[str]:
    """Count the parts of an element that could not be read, by kind."""
    counts: Counter[str] = Counter()
    if root.getroottree().getroot().get(UNFINISHED) is not None:
        counts[UNFINISHED] += 1
    if not _MAY_HAVE_UNREAD_PARTS(root):
        return counts
    walker = etree.iterwalk(root, events=("start",))
    for _, element in walker:
        if element.tag in _EMBEDDED and not is_hidden(element):
            counts["embedded object"] += 1
        if element is not root and is_ignored(element):
            counts["formula"] += is_formula_script(element)
            walker.skip_subtree()
        elif is_math(element):
            counts["formula"] += formula_text(element) is None
            walker.skip_subtree()
    return counts


def unread_notes(counts: Counter[str]) -> list[str]:
    """Return a sentence for each kind of thing that could not be read."""
    notes = [
        f"{count} {kind}{'s' if count > 1 else ''} could not be read."
        for kind, count in counts.items()
        if count and kind != UNFINISHED
    ]
    if counts[UNFINISHED]:
        notes.append("The page's style was too large to follow: text that it hides may be read.")
    return notes


def _main_part(root: etree._Element) -> etree._Element:
    """Return the part marked as the main one if it has at least half of the text, else the root."""
    for path in ("//main|//*[@role='main']", "//article"):
        parts = root.xpath(path)
        if len(parts) == 1 and 2 * _text_length(parts[0]) >= _text_length(root):
            return parts[0]
    return root


def _text_length(element: etree._Element) -> int:
    return sum(len(block.text) for block in blocks_of(element))

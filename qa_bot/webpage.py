"""HTML -> the paragraphs, headings, lists and tables that a person sees of it.

Nothing is fetched and nothing is run: markup is parsed, and what is left of it is words.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from lxml import etree

from qa_bot.blocks import Block, Content, heading_block, join_blocks
from qa_bot.errors import ArticleError

_LONG_ITEM = 400  # characters; a list with such an item is a list of paragraphs
_LONG_CELL = 1000  # characters; a table with such a cell was made to lay out a page
_LARGE_SIGN = 20  # elements; a footnote's sign has fewer, and no more of a larger one is looked at

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_LISTS = frozenset({"ul", "ol", "menu", "dir"})
_BLOCKS = (
    frozenset(
        """
        address article aside blockquote body caption center dd details dialog div dl dt fieldset
        figcaption figure footer form header hgroup hr html legend li main nav p pre section summary
        table tbody td tfoot th thead tr
        """.split()
    )
    | _HEADINGS
    | _LISTS
)
_DROPPED = frozenset(  # what no one reads, works only in a browser, or leads elsewhere
    """
    applet area audio base button canvas datalist embed frame frameset head iframe input link map
    meta nav noembed noframes noscript object optgroup option param progress rp rt script select
    source style svg template textarea title track video
    """.split()
)
_DROPPED_ROLES = frozenset(  # of HTML and of EPUB, whose signs and page numbers stand within words
    """
    alertdialog backlink contentinfo dialog doc-backlink doc-noteref doc-pagebreak menu menubar
    navigation noteref pagebreak search toolbar tooltip
    """.split()
)
_PARTS = frozenset({"article", "main", "section", "blockquote"})  # have headers of their own
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BLANKS = re.compile(r"\s+")
_LINE_END = re.compile(r" *\n *")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")  # 10² is not 102
_INVISIBLE = dict.fromkeys([0xAD, 0x200B, 0x2060, 0xFEFF])  # where a word may, or may not, break


def read_webpage(text: str) -> Content:
    """Read a page of HTML; raises ArticleError for one of frames, or nested beyond reading.

    Of a page whose main part is marked as such, that part alone. Its title is ``<title>``, else
    its first heading.
    """
    root = parse_html(text)
    if root is None:
        return Content("")
    titles = root.xpath("//title[not(ancestor::svg)]")
    title = "".join(titles[0].itertext()) if titles else ""
    content = join_blocks(blocks_of(_main_part(root)), title.translate(_INVISIBLE))
    if not content.text and root.find(".//frame") is not None:
        raise ArticleError("only shows other pages in its frames: save and give those pages")
    return content


def parse_html(text: str) -> etree._Element | None:
    """Parse HTML or XHTML as browsers do; None for a page with nothing on it."""
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True
    )
    root = etree.fromstring(text.encode(), parser)
    # The parser drops what is nested any deeper; half an article is worse than none.
    if any(entry.message.startswith("Excessive depth") for entry in parser.error_log):
        raise ArticleError("is nested too deeply to be read: save its words as plain text (.txt)")
    return root


def blocks_of(root: etree._Element) -> Iterator[Block]:
    """Yield the paragraphs, headings, lists and tables below an element, in order."""
    yield from _Writer(root).blocks()


def _main_part(root: etree._Element) -> etree._Element:
    """Return the part marked as the main one, where one is and it holds half of the words."""
    for path in ("//main|//*[@role='main']", "//article"):
        parts = root.xpath(path)
        if len(parts) == 1 and 2 * _size(parts[0]) >= _size(root):
            return parts[0]
    return root


def _size(element: etree._Element) -> int:
    return sum(len(block.text) for block in blocks_of(element))


class _Writer:
    """Goes through the elements in order and writes down their words."""

    def __init__(self, root: etree._Element) -> None:
        self._root = root
        self._words: list[str] = []  # of the paragraph that is being written
        self._lists: list[int] = []  # the next number of each list it is in, or 0
        self._items: list[str] = []  # of the outermost of these lists
        self._sign = ""  # before the words of the next item
        self._verbatim = 0  # how many <pre> it is in

    def blocks(self) -> Iterator[Block]:
        walker = etree.iterwalk(self._root, events=("start", "end"))
        for event, element in walker:
            if event == "end":
                yield from self._end(element)
            elif element is not self._root and _is_dropped(element):
                walker.skip_subtree()
            elif element.tag == "table" and (rows := _rows(element)):
                yield from self._paragraph()
                yield from self._list()
                yield Block("\n".join(rows))
                walker.skip_subtree()
            else:
                yield from self._start(element)
        yield from self._paragraph()
        yield from self._list()

    def _start(self, element: etree._Element) -> Iterator[Block]:
        if element.tag in _BLOCKS:
            yield from self._paragraph()
        if element.tag in _HEADINGS:
            yield from self._list()
        elif element.tag in _LISTS:
            self._lists.append(_first_number(element))
        elif element.tag == "li":
            self._sign = self._next_sign()
        elif element.tag == "pre":
            self._verbatim += 1
        elif element.tag == "br":
            self._words.append("\n")
        raised = element.tag == "sup" and str(element.text).isdecimal()
        self._write(element.text.translate(_RAISED) if raised else element.text)

    def _end(self, element: etree._Element) -> Iterator[Block]:
        if element is self._root:
            return
        skipped = _is_dropped(element)
        if not skipped and element.tag in _HEADINGS:
            yield heading_block(self._take())
        elif not skipped and element.tag in _BLOCKS:
            yield from self._paragraph()
        if not skipped and element.tag in _LISTS:
            self._lists.pop()
            if not self._lists:
                yield from self._list()
        elif not skipped and element.tag == "pre":
            self._verbatim -= 1
        elif not skipped and element.tag == "li":
            self._sign = ""
        self._write(element.tail)

    def _write(self, text: str | None) -> None:
        if text:
            self._words.append(text if self._verbatim else _BLANKS.sub(" ", text))

    def _take(self) -> str:
        """Return the words written so far, and begin anew."""
        text = "".join(self._words).translate(_INVISIBLE)
        self._words.clear()
        if self._verbatim:
            return text.strip("\r\n").rstrip()
        return _LINE_END.sub("\n", re.sub(" {2,}", " ", text)).strip()

    def _paragraph(self) -> Iterator[Block]:
        text = self._take()
        if text and self._lists:
            self._items.append(self._sign + text)
            self._sign = ""
        elif text:
            yield Block(text)

    def _list(self) -> Iterator[Block]:
        """Yield the items so far: one block of lines, or a block each when they are long."""
        if any(len(item) > _LONG_ITEM for item in self._items):
            yield from map(Block, self._items)
        elif self._items:
            yield Block("\n".join(self._items))
        self._items.clear()

    def _next_sign(self) -> str:
        if not self._lists:
            return ""
        indent, number = "  " * (len(self._lists) - 1), self._lists[-1]
        if not number:
            return f"{indent}- "
        self._lists[-1] += 1
        return f"{indent}{number}. "


def _first_number(element: etree._Element) -> int:
    """Return the number of a list's first item, 0 for a list that has none."""
    if element.tag != "ol":
        return 0
    start = element.get("start", "1")
    return int(start) if re.fullmatch("[1-9][0-9]{0,5}", start) else 1


def _is_dropped(element: etree._Element) -> bool:
    """Whether an element is not for reading: hidden, navigation, or a part of the page's works."""
    tag = element.tag
    if tag in _DROPPED or not _DROPPED_ROLES.isdisjoint(_roles(element)):
        return True
    if element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    if _HIDING.search(element.get("style", "")):
        return True
    if tag == "dialog":
        return element.get("open") is None
    if tag in ("header", "footer"):
        return _is_frame(element)
    return tag in ("a", "sup") and _is_reference(element)


def _roles(element: etree._Element) -> list[str]:
    return f"{element.get('role', '')} {element.get('epub:type', '')}".split()


def _is_frame(element: etree._Element) -> bool:
    """Whether a header or footer is that of the whole page; one with the page's name is not."""
    inside = any(ancestor.tag in _PARTS for ancestor in element.iterancestors())
    return not inside and element.find(".//h1") is None


def _is_reference(element: etree._Element) -> bool:
    """Whether an element is the sign of a footnote, or a link by a sign (¶, ↑) within the page."""
    if any(True for _ in islice(element.iter(), _LARGE_SIGN, None)):
        return False
    words = "".join(element.itertext()).strip()
    if element.tag == "a":
        signs = not any(map(str.isalnum, words))
        return bool(words) and signs and element.get("href", "").startswith("#")
    links = element.findall(".//a[@href]")
    whole = "".join("".join(link.itertext()) for link in links).strip()
    return bool(links) and whole == words and all("#" in link.get("href", "") for link in links)


def _rows(table: etree._Element) -> list[str]:
    """Return the rows of a table as ``| one | two |``; none of one that only lays out a page."""
    if table.get("role") in ("presentation", "none") or table.find(".//table") is not None:
        return []
    if any(True for _ in table.iter(*_HEADINGS)):
        return []
    rows = [_cells(row) for row in table.iter("tr") if not _is_dropped(row)]
    if max(map(len, rows), default=0) < 2:
        return []
    if any(len(cell) > _LONG_CELL for row in rows for cell in row):
        return []
    captions = (_words_of([caption]) for caption in table.iterchildren("caption"))
    lines = [f"| {' | '.join(row)} |" for row in rows if any(row)]
    return [*filter(None, captions), *lines]


def _cells(row: etree._Element) -> list[str]:
    return [_words_of([cell]) for cell in row.iterchildren("td", "th") if not _is_dropped(cell)]


def _words_of(elements: Iterable[etree._Element]) -> str:
    """Return the words of elements on one line."""
    texts = (block.text for element in elements for block in blocks_of(element))
    return " ".join(" ".join(texts).split())

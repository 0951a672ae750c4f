"""Read the paragraphs, headings, lists and tables that a person sees on a web page.

The markup is parsed; nothing is fetched and no script is run.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

from lxml import etree

from qa_bot.documents.content import Block, Content, heading_block, join_blocks
from qa_bot.documents.formula import formula_text, local_name, lowered, raised
from qa_bot.documents.html_style import BLOCK, SCRIPT, SHOWN, UNFINISHED, apply_styles
from qa_bot.documents.tables import Cell, spread, table_lines
from qa_bot.errors import ArticleError

LABEL = "{qa-bot}label"  # the number or bullet of a list item, if set by the reader of Word files
_LONG_ITEM = 400  # characters; a list with such an item is a list of paragraphs
_LABEL = 100  # characters; a longer cell does not label the table beside it
_ALL_ROWS = 10_000  # meant by rowspan="0"
_LONG_CELL = 1000  # characters; a table with such a cell lays out a page
_LARGE_SIGN = 20  # elements; a footnote reference or an exponent has fewer

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
_INLINE = frozenset(
    """
    a abbr acronym b bdi bdo big blink br cite code data dfn em font i img ins kbd label mark nobr
    output q rb rtc ruby samp small span strong sub sup time tt u var wbr
    """.split()
)
_DROPPED = frozenset(  # not for reading, interactive, or navigation
    """
    applet area audio base button canvas datalist del embed frame frameset head iframe input link
    map meta nav noembed noframes noscript object optgroup option param progress rp rt s script
    select source strike style svg template textarea title track video
    """.split()
)
_DROPPED_ROLES = frozenset(  # of HTML, and of references and page numbers in EPUB
    """
    alertdialog backlink contentinfo dialog doc-backlink doc-noteref doc-pagebreak menu menubar
    navigation noteref pagebreak search toolbar tooltip
    """.split()
)
_LINES = frozenset({"p", "pre", "dt", "summary", "caption", "figcaption", "legend"}) | _HEADINGS
_PARTS = frozenset({"article", "main", "section", "blockquote"})  # may have headers of their own
_MAY_BE_LEFT_OUT = etree.XPath(  # whether to look closer
    "boolean(.//applet|.//embed|.//object|.//script[contains(@type, 'math/')]"
    "|.//*[contains(name(), 'math')])"
)
_EMBEDDED = frozenset({"applet", "embed", "object"})
_BLANKS = re.compile(r"\s+")
_LINE_END = re.compile(r" *\n *")
_INVISIBLE = dict.fromkeys(
    [0xAD, 0x200B, 0x2060, 0xFEFF]
)  # invisible marks of where a word may or may not break


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
    part = _main_part(root)
    content = join_blocks(blocks_of(part), title.translate(_INVISIBLE), notes_of(left_out(part)))
    if not content.text and root.find(".//frame") is not None:
        raise ArticleError("only shows other pages in its frames: save and give those pages")
    return content


def parse_html(text: str, linked: Callable[[str], str] | None = None) -> etree._Element | None:
    """Parse HTML or XHTML as browsers do; None for an empty page.

    Elements that the page's style hides or strikes out get an attribute; for ``linked`` see
    ``apply_styles``.
    """
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True
    )
    root = etree.fromstring(text.encode(), parser)
    # The parser drops what is nested deeper; half an article is worse than none.
    if any(entry.message.startswith("Excessive depth") for entry in parser.error_log):
        raise ArticleError("is nested too deeply to be read: save its words as plain text (.txt)")
    if root is not None:
        apply_styles(root, linked)
    return root


def blocks_of(root: etree._Element) -> Iterator[Block]:
    """Yield the paragraphs, headings, lists and tables in an element."""
    yield from _Writer(root).blocks()


def left_out(root: etree._Element) -> Counter[str]:
    """Count by kind what is left out of an element and should be reported."""
    counts: Counter[str] = Counter()
    if root.getroottree().getroot().get(UNFINISHED) is not None:
        counts[UNFINISHED] += 1
    if not _MAY_BE_LEFT_OUT(root):
        return counts
    walker = etree.iterwalk(root, events=("start",))
    for _, element in walker:
        if element.tag in _EMBEDDED and not _is_hidden(element):
            counts["embedded object"] += 1
        if element is not root and _is_dropped(element):
            counts["formula"] += _is_formula_script(element)
            walker.skip_subtree()
        elif _is_math(element):
            counts["formula"] += formula_text(element) is None
            walker.skip_subtree()
    return counts


def notes_of(counts: Counter[str]) -> list[str]:
    """Return a sentence for each kind of thing that could not be read."""
    notes = [
        f"{count} {what}{'s' if count > 1 else ''} could not be read."
        for what, count in counts.items()
        if count and what != UNFINISHED
    ]
    if counts[UNFINISHED]:
        notes.append("The page's style was too large to follow: text that it hides may be read.")
    return notes


def _main_part(root: etree._Element) -> etree._Element:
    """Return the part marked as main, if there is one with half of the words or more."""
    for path in ("//main|//*[@role='main']", "//article"):
        parts = root.xpath(path)
        if len(parts) == 1 and 2 * _size(parts[0]) >= _size(root):
            return parts[0]
    return root


def _size(element: etree._Element) -> int:
    return sum(len(block.text) for block in blocks_of(element))


class _Writer:
    """Walks the elements in document order and collects blocks of their words."""

    def __init__(self, root: etree._Element) -> None:
        self._root = root
        self._words: list[str] = []  # of the current paragraph
        self._lists: list[int] = []  # the next number of each open list, or 0
        self._items: list[str] = []  # of the outermost open list
        self._sign = ""  # before the words of the next item
        self._verbatim = 0  # number of open <pre> elements

    def blocks(self) -> Iterator[Block]:
        walker = etree.iterwalk(self._root, events=("start", "end"))
        dropped = None
        for event, element in walker:
            if event == "end":
                yield from self._end(element, element is dropped)
            elif element is not self._root and _is_dropped(element):
                dropped = element  # its end is the next event
                walker.skip_subtree()
            elif element.tag == "table" and (rows := _rows(element)):
                yield from self._paragraph()
                yield from self._list()
                yield Block("\n".join(rows))
                walker.skip_subtree()
            elif element is not self._root and (_is_math(element) or _is_script(element)):
                if _is_block(element):
                    yield from self._paragraph()
                self._words.append(self._inline(element))
                walker.skip_subtree()
            else:
                yield from self._start(element)
        yield from self._paragraph()
        yield from self._list()

    def _start(self, element: etree._Element) -> Iterator[Block]:
        if _is_block(element):
            yield from self._paragraph()
        if element.tag in _HEADINGS:
            yield from self._list()
        elif element.tag in _LISTS:
            self._lists.append(_first_number(element))
        elif element.tag == "li":
            label = element.get(LABEL)
            self._sign = self._next_sign() if label is None else f"{label} "
        elif element.tag == "pre":
            self._verbatim += 1
        elif element.tag == "br":
            self._words.append("\n")
        self._write(element.text)

    def _end(self, element: etree._Element, skipped: bool) -> Iterator[Block]:
        if element is self._root:
            return
        if not skipped and element.tag in _HEADINGS:
            yield heading_block(self._take(), int(element.tag[1]))
        elif not skipped and _is_block(element):
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

    def _inline(self, element: etree._Element) -> str:
        """Return a formula, a superscript or a subscript as text, with blanks where needed."""
        before, after = "".join(self._words[-4:]), element.tail or ""
        if _is_math(element):
            text = formula_text(element) or ""
            return " " * _touch(before, text) + text + " " * _touch(text, after)
        written, words = "".join(element.itertext()), _words_of(element)
        if _script(element) == "sub":
            words = lowered(words, before, after)
        elif _script(element) == "super" or (before[-1:].isdigit() and words[:1].isdigit()):
            words = raised(words, before, after)
        return " " * written[:1].isspace() + words + " " * written[-1:].isspace()

    def _take(self) -> str:
        """Return the words of the current paragraph, and clear them."""
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
        """Yield the items so far: one block of lines, or a block each if some are long."""
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
    """Return the number of a list's first item, 0 for a list with bullets."""
    if element.tag != "ol":
        return 0
    start = element.get("start", "1")
    return int(start) if re.fullmatch("[1-9][0-9]{0,5}", start) else 1


def _is_dropped(element: etree._Element) -> bool:
    """Whether an element is not for reading: hidden, navigation, or interactive."""
    tag = element.tag
    if tag in _DROPPED or not _DROPPED_ROLES.isdisjoint(_roles(element)) or _is_hidden(element):
        return True
    if tag == "dialog":
        return element.get("open") is None
    if tag in ("header", "footer"):
        return _is_frame(element)
    return (tag == "a" or _script(element) == "super") and _is_reference(element)


def _is_hidden(element: etree._Element) -> bool:
    """Whether an element is hidden or struck out; a formula behind its own picture is not."""
    shown = element.get(SHOWN)
    if element.get("aria-hidden") == "true":
        return True
    if shown == "no":
        picture = element.getnext()
        return not (
            len(element) == 1
            and _is_math(element[0])
            and picture is not None
            and picture.tag == "img"
        )
    return element.get("hidden") is not None and shown != "yes"


def _is_math(element: etree._Element) -> bool:
    return element.tag.endswith("math") and local_name(element) == "math"


def _is_formula_script(element: etree._Element) -> bool:
    """Whether an element is a formula that a script would draw in a browser."""
    return element.tag == "script" and "math/" in element.get("type", "")


def _script(element: etree._Element) -> str:
    """Return the position of an element in its line: ``super``, ``sub``, ``top`` or ``""``."""
    if element.tag in ("sup", "sub"):
        return "super" if element.tag == "sup" else "sub"
    return str(element.get(SCRIPT, "")) if element.tag in _INLINE else ""


def _is_script(element: etree._Element) -> bool:
    """Whether an element is an exponent or index; a larger element is small print."""
    if not _script(element):
        return False
    return not any(
        nth >= _LARGE_SIGN or part.tag in _BLOCKS for nth, part in enumerate(element.iter())
    )


def _touch(before: str, after: str) -> bool:
    return before[-1:].isalnum() and after[:1].isalnum()


def _is_block(element: etree._Element) -> bool:
    """Whether an element begins a new line."""
    tag = element.tag
    if tag in _BLOCKS or element.get(BLOCK) is not None:
        return True
    return tag not in _INLINE and not _is_math(element) and _stands_alone(element)


def _stands_alone(element: etree._Element) -> bool:
    """Whether an unknown element stands among blocks rather than among words."""
    parent, before, after = element.getparent(), element.getprevious(), element.getnext()
    if parent is None or parent.tag in _INLINE or parent.tag in _LINES:
        return False
    texts = (element.tail, parent.text if before is None else before.tail)
    if any(text and text.strip() for text in texts):
        return False
    return not any(near is not None and near.tag in _INLINE for near in (before, after))


def _roles(element: etree._Element) -> list[str]:
    return f"{element.get('role', '')} {element.get('epub:type', '')}".split()


def _is_frame(element: etree._Element) -> bool:
    """Whether a header or footer belongs to the whole page and does not hold its ``<h1>``."""
    inside = any(ancestor.tag in _PARTS for ancestor in element.iterancestors())
    return not inside and element.find(".//h1") is None


def _is_reference(element: etree._Element) -> bool:
    """Whether an element is a footnote reference, or a link within the page by a sign (¶, ↑)."""
    if any(True for _ in islice(element.iter(), _LARGE_SIGN, None)):
        return False
    words = "".join(element.itertext()).strip()
    if element.tag == "a" and not _script(element):
        signs = not any(map(str.isalnum, words))
        return bool(words) and signs and element.get("href", "").startswith("#")
    parent = element.getparent()
    link = element if element.tag == "a" else parent
    if link is not None and link.tag == "a":
        return "#" in link.get("href", "") and "".join(link.itertext()).strip() == words
    links = element.findall(".//a[@href]")
    whole = "".join("".join(link.itertext()) for link in links)
    same = _letters(whole) == _letters(words)  # but for brackets and commas
    return bool(links) and same and all("#" in link.get("href", "") for link in links)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _rows(table: etree._Element) -> list[str]:
    """Return the rows of a table as ``| one | two |``; none if it only lays out a page."""
    if table.get("role") in ("presentation", "none") or any(True for _ in table.iter(*_HEADINGS)):
        return []
    nested = table.find(".//table") is not None
    rows = _nested_rows(table) if nested else [_cells(row) for row in _own_rows(table)]
    if max(map(len, rows), default=0) < 2:
        return []
    if any(len(cell.text) > _LONG_CELL for row in rows for cell in row):
        return []
    captions = (_words_of(caption) for caption in table.iterchildren("caption"))
    return [*filter(None, captions), *table_lines(rows)]


def _own_rows(table: etree._Element) -> Iterator[etree._Element]:
    """Yield the visible rows of a table, without those of tables within it."""
    for row in table.iter("tr"):
        if next(row.iterancestors("table")) is table and not _is_dropped(row):
            yield row


def _cells(row: etree._Element) -> list[Cell]:
    return [_cell(cell) for cell in row.iterchildren("td", "th") if not _is_dropped(cell)]


def _cell(cell: etree._Element) -> Cell:
    return Cell("\n".join(_lines(cell)), _span(cell, "colspan"), _span(cell, "rowspan"))


def _span(cell: etree._Element, name: str) -> int:
    written = cell.get(name, "1").strip()
    if not re.fullmatch("[0-9]{1,5}", written):
        return 1
    return int(written) or (1 if name == "colspan" else _ALL_ROWS)


def _nested_rows(table: etree._Element) -> list[list[Cell]]:
    """Return the rows of a table with tables in its cells; none if it only lays out a page.

    A row with a table in it becomes a row for each of that table's, its other cells repeated.
    """
    if table.find(".//table//table") is not None:
        return []
    rows: list[list[Cell]] = []
    for row in _own_rows(table):
        inner = row.findall(".//table")
        cells = [cell for cell in row.iterchildren("td", "th") if not _is_dropped(cell)]
        labels = [cell for cell in cells if cell.find(".//table") is None]
        parts = [[_cells(line) for line in _own_rows(part)] for part in inner]
        texts = [_cell(cell) for cell in labels]
        if not inner:
            rows.append(texts)
        elif len(inner) > 1 or not _label(texts) or max(map(len, parts[0]), default=0) < 2:
            return []
        else:
            rows += _unnested(cells, texts, parts[0])
    return rows


def _unnested(
    cells: list[etree._Element], texts: list[Cell], lines: list[list[Cell]]
) -> list[list[Cell]]:
    at = next(nth for nth, cell in enumerate(cells) if cell.find(".//table") is not None)
    before, after = ([Cell(cell.text) for cell in part] for part in (texts[:at], texts[at:]))
    return [[*before, *map(Cell, line), *after] for line in spread(lines)]


def _label(cells: list[Cell]) -> bool:
    """Whether the cells beside a table name it in a few words."""
    return any(cell.text for cell in cells) and all(len(cell.text) <= _LABEL for cell in cells)


def _lines(element: etree._Element) -> Iterator[str]:
    """Yield the lines of an element that are not blank."""
    for block in blocks_of(element):
        for line in block.text.split("\n"):
            if words := " ".join(line.split()):
                yield words


def _words_of(element: etree._Element) -> str:
    """Return the words of an element on one line."""
    return " ".join(_lines(element))

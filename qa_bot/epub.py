"""EPUB books: a ZIP archive of web pages, and a package document that gives their order."""

import posixpath
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from urllib.parse import unquote
from zipfile import ZipFile

from lxml import etree

from qa_bot.archive import DAMAGED, open_archive, read_member, read_xml
from qa_bot.blocks import Block, Content, heading_block, join_blocks
from qa_bot.decoding import decode, is_binary
from qa_bot.errors import ArticleError
from qa_bot.webpage import blocks_of, parse_html

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGES = ("application/xhtml+xml", "text/html", "text/x-oeb1-document")  # media types
_PAGE_NAMES = (".xhtml", ".html", ".htm")  # of pages whose media type is wrong, as some are
_CONTENTS = "application/x-dtbncx+xml"  # that of an EPUB 2 table of contents
_TYPE = "{http://www.idpf.org/2007/ops}type"


@dataclass(frozen=True, slots=True)
class _Item:
    """A file of the book, as its package document lists it."""

    name: str  # of the member of the archive
    media_type: str
    properties: str

    @property
    def is_page(self) -> bool:
        """Whether it is for reading."""
        return self.media_type in _PAGES or self.name.lower().endswith(_PAGE_NAMES)


def read_epub(data: bytes) -> Content:
    """Read a book; raises ArticleError for one that is damaged or encrypted.

    The chapters come in reading order. One without a heading of its own gets the mark that the
    table of contents names it by. Its title is that of the package, else its first heading.
    """
    with open_archive(data) as archive:
        package_name = _package_name(archive)
        package = read_xml(archive, package_name)
        items = _items(package, package_name)
        pages = [items[key] for key in _spine(package) if key in items]
        names = [page.name for page in pages if page.is_page]
        if not names:
            raise ArticleError(f"{DAMAGED} (it names no pages)")
        _check_unlocked(archive, names)
        labels = _labels(archive, items.values())
        # Each page once, however often the package names it.
        chapters = (_chapter(archive, it, labels.get(it, "")) for it in dict.fromkeys(names))
        blocks = list(chain.from_iterable(chapters))
    titles = [element.text or "" for element in _all(package, "title")]
    return join_blocks(blocks, titles[0] if titles else "")


def _package_name(archive: ZipFile) -> str:
    for element in _all(read_xml(archive, _CONTAINER), "rootfile"):
        return str(element.get("full-path", ""))
    raise ArticleError(f"{DAMAGED} ({_CONTAINER!r} names no book)")


def _all(root: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the elements of a name, whatever their namespace: books often have the wrong one."""
    yield from root.iter(f"{{*}}{name}")


def _items(package: etree._Element, package_name: str) -> dict[str, _Item]:
    """Return the files of a book by the ids that the package gives them."""
    return {
        element.get("id", ""): _Item(
            _member(package_name, element.get("href", "")),
            element.get("media-type", ""),
            element.get("properties", ""),
        )
        for element in _all(package, "item")
    }


def _spine(package: etree._Element) -> list[str]:
    return [element.get("idref", "") for element in _all(package, "itemref")]


def _member(base: str, href: str) -> str:
    """Return the name of the member that a link in the member ``base`` leads to."""
    path = unquote(href.split("#")[0])
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), path))


def _check_unlocked(archive: ZipFile, names: list[str]) -> None:
    """Raise ArticleError when pages are encrypted; fonts may be."""
    if _ENCRYPTION in archive.namelist():
        locked = {
            unquote(element.get("URI", ""))
            for element in _all(read_xml(archive, _ENCRYPTION), "CipherReference")
        }
        if locked.intersection(names):
            raise ArticleError("is a book with copy protection: give a copy without it")


def _labels(archive: ZipFile, items: Iterable[_Item]) -> dict[str, str]:
    """Return what the tables of contents call each page: the first entry that leads to it."""
    found: dict[str, str] = {}
    for item in items:
        if item.media_type == _CONTENTS or "nav" in item.properties.split():
            with suppress(ArticleError):  # a book is none the worse for a poor table of contents
                for label, href in _entries(read_xml(archive, item.name)):
                    found.setdefault(_member(item.name, href), " ".join(label.split()))
    return found


def _entries(contents: etree._Element) -> Iterator[tuple[str, str]]:
    """Yield the words and the link of each entry of a table of contents, of EPUB 3 or 2."""
    for part in _all(contents, "nav"):
        if part.get(_TYPE) == "toc":
            for link in _all(part, "a"):
                yield "".join(link.itertext()), link.get("href", "")
    for point in _all(contents, "navPoint"):
        label, target = point.find("{*}navLabel"), point.find("{*}content")
        if label is not None and target is not None:
            yield "".join(label.itertext()), target.get("src", "")


def _chapter(archive: ZipFile, name: str, label: str) -> list[Block]:
    """Read a page of the book, named by its first heading or, without any, by the label."""
    text = decode(read_member(archive, name))
    if text is None or is_binary(text):
        raise ArticleError(f"{DAMAGED} ({name!r} is no text)")
    root = parse_html(text)
    blocks = [] if root is None else list(blocks_of(root))
    marks = heading_block(label).marks
    if blocks and not any(block.marks for block in blocks):
        blocks[0] = replace(blocks[0], marks=marks)
    return blocks

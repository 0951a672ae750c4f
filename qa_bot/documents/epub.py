"""Read EPUB books: ZIP archives of web pages, with a package document that orders them."""

import posixpath
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import unquote
from zipfile import ZipFile

from lxml import etree

from qa_bot.documents.content import Block, Content, heading_block, join_blocks
from qa_bot.documents.encoding import decode, is_binary
from qa_bot.documents.html import blocks_of, left_out, notes_of, parse_html
from qa_bot.documents.zip import DAMAGED, find_member, open_archive, read_member, read_xml
from qa_bot.errors import ArticleError

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGES = ("application/xhtml+xml", "text/html", "text/x-oeb1-document")  # media types
_PAGE_NAMES = (".xhtml", ".html", ".htm", ".xht")  # of pages whose media type is wrong, as some are
_CONTENTS = "application/x-dtbncx+xml"  # that of an EPUB 2 table of contents
_OTHER = ("image/", "font/", "audio/", "video/", "text/css", "application/x-dtbncx")
_START = 2000  # bytes
_FEW = 3  # files named in a note
_TYPE = "{http://www.idpf.org/2007/ops}type"


@dataclass(frozen=True, slots=True)
class _Item:
    """A file of the book, as its package document lists it."""

    name: str  # of the member of the archive
    media_type: str
    properties: str

    @property
    def is_page(self) -> bool:
        """Whether the file is a page of the text."""
        return self.media_type in _PAGES or self.name.lower().endswith(_PAGE_NAMES)

    @property
    def is_contents(self) -> bool:
        """Whether the file is a table of contents."""
        names_it = self.media_type == _CONTENTS or self.name.lower().endswith(".ncx")
        return names_it or "nav" in self.properties.split()


def read_epub(data: bytes) -> Content:
    """Read a book; raises ArticleError if it is encrypted or nothing of it can be read.

    Chapters come in reading order. A chapter without a heading is marked with its name in the table
    of contents. The title is that of the package, else the first heading. The notes say what is
    missing or could not be read.
    """
    with open_archive(data) as archive:
        book = _Book(archive)
        blocks = list(book.blocks())
        titles = [element.text or "" for element in _all(book.package, "title")]
        return join_blocks(blocks, titles[0] if titles else "", book.notes())


class _Book:
    """Reads the pages of a book, and notes those that are missing."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._notes: list[str] = []
        self._gone: list[str] = []  # pages
        self._damaged: list[str] = []
        self._left_out: Counter[str] = Counter()
        name = self._package_name()
        self.package = read_xml(archive, name)
        self._items = dict(self._listed(name))
        self._labels = self._contents()

    def notes(self) -> list[str]:
        """Return sentences on what is missing and what could not be read."""
        listed = dict.fromkeys(item.name for item in self._items.values() if not item.is_page)
        return [
            *self._notes,
            *_named("page", "missing from the book", self._gone),
            *_named("page", "damaged and not read", self._damaged),
            *_named("other file", "missing from the book", [it for it in listed if self._lost(it)]),
            *notes_of(self._left_out),
        ]

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks of the pages in reading order."""
        names = list(dict.fromkeys(page.name for page in self._pages()))
        self._check_unlocked(names)
        for name in names:
            if self._lost(name):
                self._gone.append(name)
                continue
            try:
                yield from self._chapter(name)
            except ArticleError:
                self._damaged.append(name)
        if len(names) == len(self._gone) + len(self._damaged):
            raise ArticleError(f"{DAMAGED} (none of its pages can be read)")

    def _package_name(self) -> str:
        """Return the package document: the one that the container names, or any."""
        with suppress(ArticleError):
            container = read_xml(
                self._archive, find_member(self._archive, _CONTAINER) or _CONTAINER
            )
            for element in _all(container, "rootfile"):
                found = find_member(self._archive, unquote(element.get("full-path", "")))
                if found is not None:
                    return found
        for name in self._archive.namelist():
            if name.lower().endswith(".opf"):
                self._notes.append(f"{_CONTAINER!r} names no book: {name!r} was taken.")
                return name
        raise ArticleError(f"{DAMAGED} ({_CONTAINER!r} names no book)")

    def _listed(self, package_name: str) -> Iterator[tuple[str, _Item]]:
        """Yield the files of a book and their ids in the package."""
        for element in _all(self.package, "item"):
            name = self._member(package_name, element.get("href", ""))
            kind = element.get("media-type", "").strip().lower()
            yield element.get("id", ""), _Item(name, kind, element.get("properties", ""))

    def _member(self, base: str, href: str) -> str:
        """Return the member that a link in the member ``base`` points to."""
        path = unquote(href.split("#")[0])
        name = posixpath.normpath(posixpath.join(posixpath.dirname(base), path))
        return find_member(self._archive, name) or name

    def _lost(self, name: str) -> bool:
        """Whether a file that the book lists is missing; a file on the web is not."""
        return name not in self._archive.NameToInfo and ":" not in name

    def _pages(self) -> list[_Item]:
        """Return the pages in reading order, else in the order of the table of contents."""
        keys = [element.get("idref", "") for element in _all(self.package, "itemref")]
        lost = [key for key in keys if key not in self._items]
        pages = [self._items[key] for key in keys if key in self._items]
        pages = [page for page in pages if page.is_page or self._is_html(page)]
        if not pages:
            pages = self._by_contents()
            if pages:
                self._notes.append("The book does not say in which order its pages are read.")
        if lost:
            parts = "a part" if len(lost) == 1 else f"{len(lost)} parts"
            self._notes.append(f"The reading order names {parts} that the book does not list.")
        return pages

    def _is_html(self, item: _Item) -> bool:
        """Whether a file with a wrong or missing media type begins like a page."""
        if item.media_type.startswith(_OTHER) or self._lost(item.name):
            return False
        with suppress(ArticleError):
            return b"<html" in read_member(self._archive, item.name)[:_START].lower()
        return False

    def _by_contents(self) -> list[_Item]:
        """Return all listed pages; those in the table of contents follow its order."""
        pages = [it for it in self._items.values() if it.is_page or self._is_html(it)]
        pages = [it for it in pages if "nav" not in it.properties.split()]
        by_name = {page.name: page for page in pages}
        ordered = iter([by_name[name] for name in self._labels if name in by_name])
        return [next(ordered) if name in self._labels else it for name, it in by_name.items()]

    def _check_unlocked(self, names: list[str]) -> None:
        """Raise ArticleError if pages are encrypted; fonts may be."""
        encryption = find_member(self._archive, _ENCRYPTION) or _ENCRYPTION
        locked: set[str] = set()
        with suppress(ArticleError):  # pages that are encrypted after all are no text
            for element in _all(read_xml(self._archive, encryption), "CipherReference"):
                locked.add(self._member("", element.get("URI", "")))
        if locked.intersection(names):
            raise ArticleError("is a book with copy protection: give a copy without it")

    def _contents(self) -> dict[str, str]:
        """Return the name of each page: the first entry of a table of contents that links to it."""
        found: dict[str, str] = {}
        for item in self._items.values():
            if item.is_contents:
                with suppress(ArticleError):  # a book can be read without a table of contents
                    for label, href in _entries(read_xml(self._archive, item.name)):
                        page = self._member(item.name, href)
                        found.setdefault(page, " ".join(label.split()))
        return found

    def _chapter(self, name: str) -> list[Block]:
        """Read a page; if it has no heading, mark it with its name in the table of contents."""
        root = parse_html(self._text(name), lambda href: self._sheet(name, href))
        if root is None:
            return []
        self._left_out += left_out(root)
        blocks = list(blocks_of(root))
        marks = heading_block(self._labels.get(name, "")).marks
        if blocks and not any(block.marks for block in blocks):
            blocks[0] = replace(blocks[0], marks=marks)
        return blocks

    def _text(self, name: str) -> str:
        text = decode(read_member(self._archive, name))
        if text is None or is_binary(text):
            raise ArticleError(f"{DAMAGED} ({name!r} is no text)")
        return text

    def _sheet(self, page: str, href: str) -> str:
        """Return a style sheet of the book, ``""`` if it cannot be read."""
        with suppress(ArticleError):
            return self._text(self._member(page, href))
        return ""


def _named(name: str, what: str, files: list[str]) -> list[str]:
    """Return a sentence that counts files and names the first ones; none without files."""
    if not files:
        return []
    names = ", ".join(map(repr, files[:_FEW])) + (", ..." if len(files) > _FEW else "")
    many = f"{len(files)} {name}s are" if len(files) > 1 else f"1 {name} is"
    return [f"{many} {what}: {names}."]


def _all(root: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the elements with a name in any namespace: books often have the wrong one."""
    yield from root.iter(f"{{*}}{name}")


def _entries(contents: etree._Element) -> Iterator[tuple[str, str]]:
    """Yield text and link of each entry of a table of contents, EPUB 3 or 2."""
    for part in _all(contents, "nav"):
        if part.get(_TYPE) == "toc":
            for link in _all(part, "a"):
                yield "".join(link.itertext()), link.get("href", "")
    for point in _all(contents, "navPoint"):
        label, target = point.find("{*}navLabel"), point.find("{*}content")
        if label is not None and target is not None:
            yield "".join(label.itertext()), target.get("src", "")

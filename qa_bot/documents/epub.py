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
from qa_bot.documents.html.blocks import blocks_of
from qa_bot.documents.html.document import count_unread, parse_html, unread_notes
from qa_bot.documents.zip import DAMAGED, find_member, open_archive, read_member, read_xml
from qa_bot.errors import ArticleError

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGE_TYPES = ("application/xhtml+xml", "text/html", "text/x-oeb1-document")
_PAGE_SUFFIXES = (".xhtml", ".html", ".htm", ".xht")  # some books give pages a wrong media type
_CONTENTS_TYPE = "application/x-dtbncx+xml"  # of a table of contents in EPUB 2
_OTHER_TYPES = ("image/", "font/", "audio/", "video/", "text/css", "application/x-dtbncx")
_PAGE_START = 2000  # bytes in which a page has its <html> tag
_MAX_NAMED = 3  # files named in a note
_EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"


@dataclass(frozen=True, slots=True)
class _Item:
    """A file of the book, as listed in its package document."""

    name: str  # of the member of the archive
    media_type: str
    properties: str

    @property
    def is_page(self) -> bool:
        """Whether the file is a page of the text."""
        return self.media_type in _PAGE_TYPES or self.name.lower().endswith(_PAGE_SUFFIXES)

    @property
    def is_contents(self) -> bool:
        """Whether the file is a table of contents."""
        is_epub2 = self.media_type == _CONTENTS_TYPE or self.name.lower().endswith(".ncx")
        return is_epub2 or self.is_navigation

    @property
    def is_navigation(self) -> bool:
        """Whether the file is the navigation document of EPUB 3."""
        return "nav" in self.properties.split()


def read_epub(data: bytes) -> Content:
    """Read a book; raises ArticleError if it is encrypted or none of its pages can be read.

    Chapters come in reading order. A chapter without a heading gets its name in the table of
    contents as a mark. The title comes from the package document, else it is the first heading. The
    notes say what is missing or could not be read.
    """
    with open_archive(data) as archive:
        book = _Book(archive)
        blocks = list(book.blocks())
        titles = [element.text or "" for element in _named(book.package, "title")]
        return join_blocks(blocks, titles[0] if titles else "", book.notes())


class _Book:
    """Reads the pages of a book, and notes what is missing."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._notes: list[str] = []
        self._missing_pages: list[str] = []
        self._damaged_pages: list[str] = []
        self._unread: Counter[str] = Counter()
        name = self._package_name()
        self.package = read_xml(archive, name)
        self._items = dict(self._read_manifest(name))
        self._labels = self._read_contents()

    def notes(self) -> list[str]:
        """Return sentences on what is missing and what could not be read."""
        other_files = dict.fromkeys(item.name for item in self._items.values() if not item.is_page)
        missing_files = [name for name in other_files if self._is_missing(name)]
        return [
            *self._notes,
            *_file_note("page", "missing from the book", self._missing_pages),
            *_file_note("page", "damaged and not read", self._damaged_pages),
            *_file_note("other file", "missing from the book", missing_files),
            *unread_notes(self._unread),
        ]

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks of the pages in reading order."""
        names = list(dict.fromkeys(page.name for page in self._pages()))
        self._check_not_encrypted(names)
        for name in names:
            if self._is_missing(name):
                self._missing_pages.append(name)
                continue
            try:
                yield from self._chapter(name)
            except ArticleError:
                self._damaged_pages.append(name)
        if len(names) == len(self._missing_pages) + len(self._damaged_pages):
            raise ArticleError(f"{DAMAGED} (none of its pages can be read)")

    def _package_name(self) -> str:
        """Return the name of the package document: the one in the container, or any."""
        with suppress(ArticleError):
            container_name = find_member(self._archive, _CONTAINER) or _CONTAINER
            for element in _named(read_xml(self._archive, container_name), "rootfile"):
                member = find_member(self._archive, unquote(element.get("full-path", "")))
                if member is not None:
                    return member
        for name in self._archive.namelist():
            if name.lower().endswith(".opf"):
                self._notes.append(f"{_CONTAINER!r} names no book: {name!r} was read instead.")
                return name
        raise ArticleError(f"{DAMAGED} ({_CONTAINER!r} names no book)")

    def _read_manifest(self, package_name: str) -> Iterator[tuple[str, _Item]]:
        """Yield the id and the description of each file that the package document lists."""
        for element in _named(self.package, "item"):
            name = self._linked_member(package_name, element.get("href", ""))
            media_type = element.get("media-type", "").strip().lower()
            yield element.get("id", ""), _Item(name, media_type, element.get("properties", ""))

    def _linked_member(self, base: str, href: str) -> str:
        """Return the name of the member that a link in the member ``base`` points to."""
        path = unquote(href.split("#")[0])
        name = posixpath.normpath(posixpath.join(posixpath.dirname(base), path))
        return find_member(self._archive, name) or name

    def _is_missing(self, name: str) -> bool:
        """Whether a file that the book lists is missing; files on the web do not count."""
        return name not in self._archive.NameToInfo and ":" not in name

    def _pages(self) -> list[_Item]:
        """Return the pages in reading order, else in the order of the table of contents."""
        ids = [element.get("idref", "") for element in _named(self.package, "itemref")]
        unlisted = [key for key in ids if key not in self._items]
        pages = [self._items[key] for key in ids if key in self._items]
        pages = [page for page in pages if page.is_page or self._is_html(page)]
        if not pages:
            pages = self._pages_by_contents()
            if pages:
                self._notes.append("The book does not say in which order its pages are read.")
        if unlisted:
            parts = "a part" if len(unlisted) == 1 else f"{len(unlisted)} parts"
            self._notes.append(f"The reading order names {parts} that the book does not list.")
        return pages

    def _is_html(self, item: _Item) -> bool:
        """Whether a file with a wrong or missing media type begins like a page."""
        if item.media_type.startswith(_OTHER_TYPES) or self._is_missing(item.name):
            return False
        with suppress(ArticleError):
            return b"<html" in read_member(self._archive, item.name)[:_PAGE_START].lower()
        return False

    def _pages_by_contents(self) -> list[_Item]:
        """Return all listed pages; those in the table of contents follow its order."""
        items = [item for item in self._items.values() if item.is_page or self._is_html(item)]
        pages = {item.name: item for item in items if not item.is_navigation}
        ordered = iter([pages[name] for name in self._labels if name in pages])
        return [next(ordered) if name in self._labels else page for name, page in pages.items()]

    def _check_not_encrypted(self, names: list[str]) -> None:
        """Raise ArticleError if pages are encrypted; encrypted fonts do not matter."""
        encryption = find_member(self._archive, _ENCRYPTION) or _ENCRYPTION
        encrypted: set[str] = set()
        with suppress(ArticleError):  # without the list, encrypted pages count as damaged
            for element in _named(read_xml(self._archive, encryption), "CipherReference"):
                encrypted.add(self._linked_member("", element.get("URI", "")))
        if encrypted.intersection(names):
            raise ArticleError("is a book with copy protection: give a copy without it")

    def _read_contents(self) -> dict[str, str]:
        """Return the first entry in a table of contents for each page that has one."""
        labels: dict[str, str] = {}
        for item in self._items.values():
            if item.is_contents:
                with suppress(ArticleError):  # a book can be read without a table of contents
                    for label, href in _entries(read_xml(self._archive, item.name)):
                        page = self._linked_member(item.name, href)
                        labels.setdefault(page, " ".join(label.split()))
        return labels

    def _chapter(self, name: str) -> list[Block]:
        """Read a page; if it has no heading, mark it with its entry in the table of contents."""
        root = parse_html(self._text(name), lambda href: self._sheet(name, href))
        if root is None:
            return []
        self._unread += count_unread(root)
        blocks = list(blocks_of(root))
        marks = heading_block(self._labels.get(name, "")).marks
        if blocks and not any(block.marks for block in blocks):
            blocks[0] = replace(blocks[0], marks=marks)
        return blocks

    def _text(self, name: str) -> str:
        text = decode(read_member(self._archive, name))
        if text is None or is_binary(text):
            raise ArticleError(f"{DAMAGED} ({name!r} is not text)")
        return text

    def _sheet(self, page: str, href: str) -> str:
        """Return a style sheet of the book, or ``""`` if it cannot be read."""
        with suppress(ArticleError):
            return self._text(self._linked_member(page, href))
        return ""


def _file_note(kind: str, condition: str, files: list[str]) -> list[str]:
    """Return one sentence that counts the files and names the first ones, or none."""
    if not files:
        return []
    names = ", ".join(map(repr, files[:_MAX_NAMED]))
    names += ", ..." if len(files) > _MAX_NAMED else ""
    count = f"{len(files)} {kind}s are" if len(files) > 1 else f"1 {kind} is"
    return [f"{count} {condition}: {names}."]


def _named(root: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the elements with a name in any namespace: books often use a wrong one."""
    yield from root.iter(f"{{*}}{name}")


def _entries(contents: etree._Element) -> Iterator[tuple[str, str]]:
    """Yield the text and the link of each entry in a table of contents, EPUB 3 or 2."""
    for nav in _named(contents, "nav"):
        if nav.get(_EPUB_TYPE) == "toc":
            for link in _named(nav, "a"):
                yield "".join(link.itertext()), link.get("href", "")
    for point in _named(contents, "navPoint"):
        label, target = point.find("{*}navLabel"), point.find("{*}content")
        if label is not None and target is not None:
            yield "".join(label.itertext()), target.get("src", "")

"""The parts of a Word document: XML files in a ZIP archive, and the relationships between them."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote
from zipfile import ZipFile

from lxml import etree

from qa_bot.documents.zip import DAMAGED, find_member, parse_xml, read_member
from qa_bot.errors import ArticleError

MAX_TAGS = 2_000_000  # each takes about 0.5 kB of memory; a book has half as many

_DOCUMENT = "word/document.xml"
_IS_DOCUMENT = re.compile(r"word[/\\]document\d*\.xml", re.IGNORECASE)
_STRICT = {  # the usual namespaces, and those of "Strict Open XML" documents
    b"http://schemas.openxmlformats.org/wordprocessingml/2006/main": (
        b"http://purl.oclc.org/ooxml/wordprocessingml/main"
    ),
    b"http://schemas.openxmlformats.org/officeDocument/2006/math": (
        b"http://purl.oclc.org/ooxml/officeDocument/math"
    ),
    b"http://schemas.openxmlformats.org/officeDocument/2006/relationships": (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships"
    ),
    b"http://schemas.openxmlformats.org/drawingml/2006/main": (
        b"http://purl.oclc.org/ooxml/drawingml/main"
    ),
}
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PREFIXES = {
    WORD: "w",
    "http://schemas.openxmlformats.org/officeDocument/2006/math": "m",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
    "http://schemas.microsoft.com/office/word/2010/wordml": "w14",
}


@cache
def _short(tag: str) -> str:
    namespace, _, local = tag[1:].rpartition("}")
    return f"{_PREFIXES[namespace]}:{local}" if namespace in _PREFIXES else local


def name_of(element: etree._Element) -> str:
    """Return ``w:p``, ``m:r`` and so on, whatever prefixes the file uses.

    Names in other namespaces have no prefix.
    """
    return _short(element.tag) if isinstance(element.tag, str) else ""


def child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """Return the first child with a name, in it the first child with the next name, and so on."""
    for name in path:
        if element is None:
            return None
        element = next((part for part in element if name_of(part) == name), None)
    return element


def value(element: etree._Element | None, name: str = "val", default: str = "") -> str:
    """Return an attribute of an element, in the element's namespace or in none."""
    if element is None:
        return default
    namespace = etree.QName(element).namespace
    return str(element.get(f"{{{namespace}}}{name}", element.get(name, default)))


def number(element: etree._Element | None, default: int = 0) -> int:
    """Return the ``val`` of an element as a number between -1 and 30,000."""
    try:
        return max(-1, min(int(value(element)), 30_000))
    except ValueError:
        return default


def is_on(element: etree._Element | None) -> bool | None:
    """Whether a switch is on; None if there is no such element."""
    return None if element is None else value(element) not in ("false", "0", "off", "none")


def related(element: etree._Element, name: str) -> str | None:
    """Return the id of a relationship in an attribute such as ``r:id``, or None."""
    key = element.get(f"{{{_RELATED}}}{name}")
    return None if key is None else str(key)


@dataclass(frozen=True, slots=True)
class Relationship:
    """A link to a member of the archive or, if external, to something outside the file."""

    kind: str
    target: str
    external: bool


class Package:
    """Reads the parts of a Word document, and notes which are missing or damaged."""

    def __init__(self, archive: ZipFile) -> None:
        self.notes: list[str] = []
        self._archive = archive
        self._tags = 0
        relationships = self.relationships("")
        self.main = self._main_name(relationships)

    def _main_name(self, relationships: dict[str, Relationship]) -> str:
        targets = (link.target for link in relationships.values() if link.kind == "officeDocument")
        members = (name for name in self._archive.namelist() if _IS_DOCUMENT.fullmatch(name))
        for name in (*targets, _DOCUMENT, *members):
            if self.has(name):
                return name
        raise ArticleError(f"{DAMAGED} (it has no {_DOCUMENT!r})")

    def has(self, name: str) -> bool:
        """Whether the archive has a part."""
        return find_member(self._archive, name) is not None

    def part(self, name: str) -> etree._Element:
        """Parse a part; raises ArticleError if it is missing, damaged or too large."""
        data = read_member(self._archive, find_member(self._archive, name) or name)
        for usual, strict in _STRICT.items():
            data = data.replace(strict, usual)
        self._tags += data.count(b"<")
        if self._tags > MAX_TAGS:
            raise ArticleError("is too large for a Word document: split it into smaller files")
        return parse_xml(data, name)

    def optional(self, name: str, is_expected: bool = True) -> etree._Element | None:
        """Parse a part that the document can be read without.

        If an expected part is missing, or a part is damaged, returns None and adds a note.
        """
        if not self.has(name):
            if is_expected:
                self.notes.append(f"The part {name!r} is missing from the file.")
            return None
        try:
            return self.part(name)
        except ArticleError as error:
            if DAMAGED not in str(error):
                raise
            self.notes.append(f"The part {name!r} of the file is damaged and was not read.")
            return None

    def by_kind(self, kind: str) -> etree._Element | None:
        """Parse the part that holds styles, numbering, footnotes or endnotes."""
        return self.optional(self.name_of_kind(kind), kind in self._kinds())

    def name_of_kind(self, kind: str) -> str:
        """Return the name of such a part, from the main part's relationships or by convention."""
        return self._kinds().get(kind, f"{posixpath.dirname(self.main)}/{kind}.xml")

    def _kinds(self) -> dict[str, str]:
        return {link.kind: link.target for link in self.relationships(self.main).values()}

    @cache  # noqa: B019 - a package lives only while its document is read
    def relationships(self, name: str) -> dict[str, Relationship]:
        """Return the relationships of a part by id; for ``""``, those of the package."""
        folder, base = posixpath.split(name)
        root = self.optional(posixpath.join(folder, "_rels", f"{base}.rels"), is_expected=False)
        return {} if root is None else dict(_relationships(root, folder))


def _relationships(root: etree._Element, folder: str) -> Iterator[tuple[str, Relationship]]:
    for element in root.iter("{*}Relationship"):
        target = element.get("Target", "")
        external = element.get("TargetMode") == "External"
        if not external:
            target = posixpath.normpath(posixpath.join("/", folder, unquote(target))).lstrip("/")
        kind = posixpath.basename(element.get("Type", ""))
        yield element.get("Id", ""), Relationship(kind, target, external)

"""Read ZIP archives (Word files, EPUB books) with a limit on their unpacked size."""

import zipfile
import zlib
from io import BytesIO

from lxml import etree

from qa_bot.errors import ArticleError

MAX_UNPACKED = 200_000_000  # bytes that the members of one archive may have in all

DAMAGED = "is damaged: save or download it again"


def open_archive(data: bytes, max_unpacked: int = MAX_UNPACKED) -> zipfile.ZipFile:
    """Open an archive in memory; raises ArticleError if it is damaged, encrypted or a ZIP bomb.

    The sizes in its directory can be trusted: zipfile unpacks no more of a member than its size.
    """
    try:
        archive = zipfile.ZipFile(BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise ArticleError(DAMAGED) from error
    if sum(member.file_size for member in archive.infolist()) > max_unpacked:
        raise ArticleError(
            f"unpacks to more than {max_unpacked:,} bytes, the limit for one document: "
            "split it into smaller files"
        )
    if any(member.flag_bits & 0x1 for member in archive.infolist()):
        raise ArticleError("is encrypted: save it without a password and give that file")
    return archive


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Unpack a member; raises ArticleError if it is missing or damaged."""
    try:
        return archive.read(name)
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise ArticleError(f"{DAMAGED} ({name!r} cannot be unpacked)") from error
    except NotImplementedError as error:
        raise ArticleError(
            "is compressed by a method that is not supported: save it again"
        ) from error


def find_member(archive: zipfile.ZipFile, name: str) -> str | None:
    """Return the name of a member, or of one that differs only in case or slashes; else None.

    Some programs write backslashes between folders.
    """
    if name in archive.NameToInfo:
        return name
    wanted = name.lower()
    for member in archive.namelist():
        if member.replace("\\", "/").lower() == wanted:
            return member
    return None


def read_xml(archive: zipfile.ZipFile, name: str) -> etree._Element:
    """Parse a member as XML; raises ArticleError if it is missing or not XML."""
    return parse_xml(read_member(archive, name), name)


def parse_xml(data: bytes, name: str) -> etree._Element:
    """Parse XML without resolving entities; raises ArticleError, which names it, on failure."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ArticleError(f"{DAMAGED} ({name!r} is not XML)") from error

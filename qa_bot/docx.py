"""Word documents (.docx): mammoth makes HTML of them, and that is read as a web page is."""

from io import BytesIO
from zipfile import ZipFile

from qa_bot.archive import DAMAGED, open_archive, read_member, read_xml
from qa_bot.blocks import Content, join_blocks
from qa_bot.errors import ArticleError
from qa_bot.webpage import blocks_of, parse_html

MAX_TAGS = 2_000_000  # mammoth takes about 0.5 kB and 0.05 ms for each; a book has half as many

_CORE = "docProps/core.xml"
_STYLES = """
    p[style-name='Title'] => h1:fresh
    p[style-name='Subtitle'] => p:fresh
"""


def read_docx(data: bytes) -> Content:
    """Read a Word document; raises ArticleError for one that is damaged or encrypted.

    Footnotes follow the text; headers, footers, comments, pictures and what was deleted with
    tracked changes are left out. Its title is that of its properties, else its first heading.
    """
    with open_archive(data) as archive:
        _check_size(archive)
        title = _title(archive)
    root = parse_html(_html(data))
    return Content("") if root is None else join_blocks(blocks_of(root), title)


def _check_size(archive: ZipFile) -> None:
    # All members are counted, for any may be the one that the others name as the document.
    tags = sum(read_member(archive, name).count(b"<") for name in archive.namelist())
    if tags > MAX_TAGS:
        raise ArticleError("is too large a Word document: split it into smaller files")


def _title(archive: ZipFile) -> str:
    if _CORE not in archive.namelist():
        return ""
    core = read_xml(archive, _CORE)
    return str(core.findtext("{http://purl.org/dc/elements/1.1/}title", ""))


def _html(data: bytes) -> str:
    import mammoth

    try:
        # Pictures are left out, the file's own rules for styles too, and no other file is opened.
        made = mammoth.convert_to_html(
            BytesIO(data),
            style_map=_STYLES,
            include_embedded_style_map=False,
            external_file_access=False,
            convert_image=lambda image: [],
        )
    except Exception as error:  # whatever mammoth trips over in a file that is not as it should be
        raise ArticleError(DAMAGED) from error
    return str(made.value)

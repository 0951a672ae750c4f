"""Read Markdown: the text exactly as written, with marks at its headings."""

import re
from collections.abc import Iterator

from qa_bot.datatypes import Mark
from qa_bot.documents.content import MAX_HEADING, Content
from qa_bot.header import read_header

_TITLE_REACH = 10_000  # characters after the header; a heading further down is not the title
# A code fence, or a heading without the number signs that may close it.
_LINE = re.compile(
    r"(?:\A|(?<=[\r\n])) {0,3}(?:(?P<fence>```|~~~)"
    rf"|(?P<signs>#{{1,6}})[ \t]{{1,20}}(?P<heading>[^#\s][^\r\n]{{0,{MAX_HEADING}}}?)"
    r"(?:[ \t]{1,20}#{1,20})?[ \t]{0,20}(?=[\r\n]|\Z))"
)


def read_markdown(text: str) -> Content:
    """Mark the headings; the title is the first ``# heading`` near the start, else ``""``."""
    start = read_header(text).end
    lines = list(_heading_lines(text, start))
    titles = (
        line["heading"]
        for line in lines
        if line["signs"] == "#" and line.start() < start + _TITLE_REACH
    )
    marks = tuple(
        Mark(line.start("signs"), "heading", line["heading"], len(line["signs"])) for line in lines
    )
    return Content(text, next(titles, ""), marks)


def _heading_lines(text: str, start: int) -> Iterator[re.Match[str]]:
    """Yield the heading lines, skipping code blocks, where a ``#`` is a comment."""
    in_code = False
    for line in _LINE.finditer(text, start):
        if line["fence"] is not None:
            in_code = not in_code
        elif not in_code:
            yield line

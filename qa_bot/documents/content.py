"""What the reader of a format returns: Blocks, joined into the Content of a file."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from qa_bot.datatypes import Mark

MAX_HEADING = 300  # characters; a longer heading is a paragraph in large type


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a heading, a list or a table; its marks count characters from its start."""

    text: str
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """The text of a file, its title (``""`` if it has none) and its marks.

    ``notes`` are sentences that tell the user what was not read: "2 of 3 pages have no text: scans
    are not read."
    """

    text: str
    title: str = ""
    marks: tuple[Mark, ...] = ()
    notes: tuple[str, ...] = ()


def heading_block(text: str, level: int = 1) -> Block:
    """Return a heading, with a mark unless it is blank or longer than MAX_HEADING."""
    label = " ".join(text.split())
    marks = (Mark(0, "heading", label, level),) if 0 < len(label) <= MAX_HEADING else ()
    return Block(text, marks)


def join_blocks(blocks: Iterable[Block], title: str = "", notes: Iterable[str] = ()) -> Content:
    """Join blocks with blank lines; the default title is the first heading."""
    texts: list[str] = []
    marks: list[Mark] = []
    offset = 0  # characters before the block
    for block in blocks:
        if block.text.strip():
            texts.append(block.text)
            marks += [replace(mark, start=offset + mark.start) for mark in block.marks]
            offset += len(block.text) + 2
    headings = (mark.label for mark in marks if mark.kind == "heading")
    title = " ".join(title.split())
    title = title if title else next(headings, "")
    return Content("\n\n".join(texts), title, tuple(marks), tuple(notes))

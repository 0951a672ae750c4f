"""What a file holds, paragraph by paragraph: readers make Blocks, and Blocks make a text."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from qa_bot.datatypes import Mark

MAX_HEADING = 300  # characters; a longer one is a paragraph that someone set in large type


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a heading, a list or a table; its marks are counted from its own start."""

    text: str
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """What a reader makes of a file; ``title`` is what the file calls itself, or ``""``.

    ``notes`` say what of the file was not read, each a sentence for the person who gave it:
    "2 of 3 pages have no text: scans are not read."
    """

    text: str
    title: str = ""
    marks: tuple[Mark, ...] = ()
    notes: tuple[str, ...] = ()


def heading_block(text: str, level: int = 1) -> Block:
    """Return a heading, marked as one unless it is blank or too long to name a place."""
    label = " ".join(text.split())
    marks = (Mark(0, "heading", label, level),) if 0 < len(label) <= MAX_HEADING else ()
    return Block(text, marks)


def join_blocks(blocks: Iterable[Block], title: str = "", notes: Iterable[str] = ()) -> Content:
    """Join blocks by blank lines; without a title, the first heading is the title."""
    parts: list[str] = []
    marks: list[Mark] = []
    at = 0
    for block in blocks:
        if block.text.strip():
            parts.append(block.text)
            marks += [replace(mark, start=at + mark.start) for mark in block.marks]
            at += len(block.text) + 2
    headings = (mark.label for mark in marks if mark.kind == "heading")
    name = " ".join(title.split())
    title = name if name else next(headings, "")
    return Content("\n\n".join(parts), title, tuple(marks), tuple(notes))

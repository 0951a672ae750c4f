"""What became of a file that was given to be read."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from qa_bot.datatypes import Document


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one file or text: how much of it was read, or why nothing was (``error``).

    ``notes`` say what of it was left out, each a sentence: see ``Content.notes``.
    """

    name: str
    words: int = 0
    pages: int = 0  # 0 where the format has none
    notes: tuple[str, ...] = ()
    error: str = ""
    id: str = ""  # of its document

    @classmethod
    def of(cls, document: Document, name: str, notes: Iterable[str] = ()) -> Self:
        """Report on a document that was read from what has this name."""
        pages = sum(mark.kind == "page" for mark in document.marks)
        return cls(name, len(document.text.split()), pages, tuple(notes), id=document.id)

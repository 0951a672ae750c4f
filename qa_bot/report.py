"""Reports on files that were read or skipped."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from qa_bot.datatypes import Document


@dataclass(frozen=True, slots=True)
class Report:
    """How much of a file or text was read, or why nothing was (``error``).

    ``notes`` are sentences on what was left out: see ``Content.notes``.
    """

    name: str
    words: int = 0
    pages: int = 0  # 0 if the format has no pages
    notes: tuple[str, ...] = ()
    error: str = ""
    id: str = ""  # of the document

    @classmethod
    def of(cls, document: Document, name: str, notes: Iterable[str] = ()) -> Self:
        """Report on a document that was read from the file or text with this name."""
        pages = sum(mark.kind == "page" for mark in document.marks)
        return cls(name, len(document.text.split()), pages, tuple(notes), id=document.id)

"""What became of a file that was given to be read."""

from dataclasses import dataclass


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

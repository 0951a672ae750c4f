"""Find the paragraphs of a text, as offsets."""

import re
from collections.abc import Iterable, Iterator

Offsets = tuple[int, int]  # characters [start, end)


_BLANK_LINES = re.compile(r"(?>\r\n|\r|\n)[^\S\r\n]*(?>\r\n|\r|\n)\s*")


def paragraphs(text: str, begin: int = 0, stop: int | None = None) -> list[Offsets]:
    """Return the blocks of text between blank lines, without whitespace around them."""
    stop = len(text) if stop is None else stop
    gaps = [gap.span() for gap in _BLANK_LINES.finditer(text, begin, stop)]
    starts = [begin, *(end for _, end in gaps)]
    ends = [*(start for start, _ in gaps), stop]
    return list(trimmed(text, zip(starts, ends, strict=True)))


def trimmed(text: str, spans: Iterable[Offsets]) -> Iterator[Offsets]:
    """Yield spans without whitespace around them; drop those that are blank."""
    for start, end in spans:
        piece = text[start:end]
        indent = len(piece) - len(piece.lstrip())
        if indent < len(piece):
            yield start + indent, start + len(piece.rstrip())

"""Split a document into passages, as offsets into its text."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from qa_bot.context import Outline, context_of, outline
from qa_bot.datatypes import Document, Passage
from qa_bot.paragraphs import Offsets, paragraphs, trimmed
from qa_bot.sentences import sentences

_SHORT_PARAGRAPH = 100  # characters; a shorter paragraph ("Yes.") is joined to the next
_MAX_ROW_PASSAGES = 5_000  # rows of a table; embedding each row of a longer one costs too much

_CLAUSE_END = re.compile(r"[,;:)\]—–](?=\s)")
_WORD_END = re.compile(r"(?<=\S)(?=\s)")
_NOT_BLANK = re.compile(r"\S")


def split(
    document: Document,
    count_tokens: Callable[[str], int],
    max_tokens: int,
    target_chars: int,
    overlap: int = 1,
) -> tuple[Passage, ...]:
    """Split a document into passages: runs of whole sentences that cover it.

    A passage has at most ``max_tokens`` tokens (by ``count_tokens``, without special tokens) and,
    if its sentences allow it, at most ``target_chars`` characters. It repeats the last ``overlap``
    sentences of the previous passage in the same paragraph. A short paragraph, such as a heading,
    is joined to the next; otherwise no passage crosses a paragraph. A sentence that is too long is
    cut between clauses or words. Each row of a table is a passage, but in a very long table a
    passage has several rows.
    """
    if max_tokens < 1 or target_chars < 1 or overlap < 0:
        raise ValueError("a passage needs room: max_tokens and target_chars >= 1, overlap >= 0")
    fits = _token_limit(document.text, count_tokens, max_tokens)
    passages: list[Passage] = []
    for start, end, by_row in _ranges(document, target_chars):
        pieces = [
            piece
            for sentence in sentences(document, start, end)
            for piece in _cut(document.text, sentence, max_tokens, fits)
        ]
        windows = pieces if by_row else _windows(pieces, target_chars, overlap, fits)
        passages += [
            Passage(document, *window, context_of(document, *window)) for window in windows
        ]
    return tuple(passages)


def _ranges(document: Document, target_chars: int) -> Iterator[tuple[int, int, bool]]:
    """Yield ranges of the text, each with whether each of its sentences, a row, is a passage."""
    position, text = 0, document.text
    for start, end, by_row in _table_ranges(outline(document)):
        yield from (
            (a, b, False) for a, b in _paragraph_groups(text, target_chars, position, start)
        )
        yield start, end, by_row
        position = end
    yield from (
        (a, b, False) for a, b in _paragraph_groups(text, target_chars, position, len(text))
    )


def _table_ranges(structure: Outline) -> Iterator[tuple[int, int, bool]]:
    """Yield the range of each table's rows, with whether each row becomes a passage."""
    for table in structure.tables:
        yield table.starts[0], table.ends[-1], len(table.starts) <= _MAX_ROW_PASSAGES


def _token_limit(
    text: str, count_tokens: Callable[[str], int], max_tokens: int
) -> Callable[[int, int], bool]:
    """Return a function that says whether ``text[start:end]`` has at most ``max_tokens`` tokens."""

    @lru_cache(maxsize=256)
    def fits(start: int, end: int) -> bool:
        return count_tokens(text[start:end]) <= max_tokens

    return fits


def _paragraph_groups(text: str, target_chars: int, begin: int, stop: int) -> Iterator[Offsets]:
    """Yield the paragraphs in ``[begin, stop)``, with short ones joined to the next."""
    group: Offsets | None = None
    for start, end in paragraphs(text, begin, stop):
        if group is None:
            group = (start, end)
        elif group[1] - group[0] < _SHORT_PARAGRAPH and end - group[0] <= target_chars:
            group = (group[0], end)
        else:
            yield group
            group = (start, end)
    if group is not None:
        yield group


def _windows(
    pieces: list[Offsets], target_chars: int, overlap: int, fits: Callable[[int, int], bool]
) -> Iterator[Offsets]:
    """Yield runs of pieces within both limits; each repeats the last ``overlap`` pieces."""
    first = 0
    while first < len(pieces):
        last = first
        while last + 1 < len(pieces) and _has_room(pieces, first, last + 1, target_chars, fits):
            last += 1
        yield pieces[first][0], pieces[last][1]
        if last + 1 == len(pieces):
            return
        # Repeat only as many pieces as leave room for the next one, so that every run adds one.
        first = next(
            repeated
            for repeated in range(max(first + 1, last + 1 - overlap), last + 2)
            if repeated == last + 1 or _has_room(pieces, repeated, last + 1, target_chars, fits)
        )


def _has_room(
    pieces: list[Offsets],
    first: int,
    last: int,
    target_chars: int,
    fits: Callable[[int, int], bool],
) -> bool:
    """Whether a run of pieces, from ``first`` to ``last``, is within both limits."""
    start, end = pieces[first][0], pieces[last][1]
    return end - start <= target_chars and fits(start, end)


def _cut(
    text: str, sentence: Offsets, max_tokens: int, fits: Callable[[int, int], bool]
) -> Iterator[Offsets]:
    """Yield a sentence, or else parts of it that fit, cut after a clause or a word."""
    start, end = sentence
    max_chars = 8 * max_tokens  # an English token has about 4 characters
    while start < end:
        if end - start <= max_chars and fits(start, end):
            yield start, end
            return
        stop = _longest(start, min(end, start + max_chars), fits)
        if stop < end:
            stop = _tidy_stop(text, start, stop)
        yield from trimmed(text, [(start, stop)])
        following = _NOT_BLANK.search(text, stop, end)
        start = end if following is None else following.start()


def _tidy_stop(text: str, start: int, stop: int) -> int:
    """Move a cut back to the end of a clause or a word, but not by more than half of the part."""
    half = (start + stop) // 2
    for pattern in (_CLAUSE_END, _WORD_END):
        ends = [match.end() for match in pattern.finditer(text, half, stop)]
        if ends:
            return ends[-1]
    return stop


def _longest(start: int, end: int, fits: Callable[[int, int], bool]) -> int:
    """Return the largest stop for which ``[start, stop)`` fits, at least ``start + 1``."""
    low, high = start + 1, end
    while low < high:
        middle = (low + high + 1) // 2
        if fits(start, middle):
            low = middle
        else:
            high = middle - 1
    return low

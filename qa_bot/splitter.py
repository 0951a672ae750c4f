"""Document -> paragraphs -> sentences -> Passages, as offsets into a text that never changes."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from qa_bot.datatypes import Document, Passage
from qa_bot.metadata import read_header

Offsets = tuple[int, int]  # characters [start, end)

SHORT_PARAGRAPH = 100  # characters; a shorter one (a heading, "Yes.") is joined to the next
_SOFT_LINE = 50  # characters; a line this long may have been wrapped, a shorter one ended

_BLANK_LINES = re.compile(r"(?:\r\n|\r|\n)[^\S\r\n]*(?:\r\n|\r|\n)\s*")
_LINE_END = re.compile(r"\r\n|\r|\n")
_LIST_ITEM = re.compile(r"[^\S\r\n]*(?:\||(?:[-*+•‣▪]|#{1,6}|\(?(?:\d{1,3}|[a-z])[.)])(?=\s))")
_HEADING = re.compile(r"[^\S\r\n]*#{1,6}\s")
# "(O⏎2)", as a copied page has it: the end of a line in a formula, and what the next begins with.
_SYMBOLS = re.compile(r"(?<![^\W_])\d{0,3}(?:[A-Z][a-z]?\d{0,3}){1,4}$")
_FORMULA = 80  # characters, brackets and all
_SUBSCRIPT = re.compile(r"\d{1,3}(?![\d.])")
_GLUED = re.compile(r"…[”\"]?(?=[“\"]?[A-Z])|(?<=[a-z]{3})[.!?]+[”\"]?(?=[“\"]?[A-Z][a-z])")
_CLAUSE_END = re.compile(r"[,;:)\]—–](?=\s)")
_WORD_END = re.compile(r"(?<=\S)(?=\s)")
_NOT_BLANK = re.compile(r"\S")
# sentencex keeps a quotation of five sentences whole; without its marks it sees the five. A blank
# of more than one byte between an initial and its full stop makes it panic ("Plan D\xa0.").
_MASKED = re.compile(r"[“”„«»\"]|[^\S ]")
_CLOSING = frozenset('”»"')


def paragraphs(text: str) -> list[Offsets]:
    """Return the blocks of text between blank lines, without the blanks around them."""
    starts = [0, *(gap.end() for gap in _BLANK_LINES.finditer(text))]
    ends = [*(gap.start() for gap in _BLANK_LINES.finditer(text)), len(text)]
    return list(_trimmed(text, zip(starts, ends, strict=True)))


def sentences(document: Document, start: int = 0, end: int | None = None) -> list[Offsets]:
    """Return the sentences in ``[start, end)``, in order, without the blanks between.

    They hold every non-blank character of that stretch; one that it cuts is given as cut. A
    heading, a list item and the metadata at the head of a document count as sentences; none
    crosses a paragraph.
    """
    text = document.text
    stop = len(text) if end is None else end
    # Whole paragraphs are split, so that a sentence is the same whatever stretch is asked for.
    whole = _paragraph_start(text, start), _paragraph_end(text, stop)
    header_end = read_header(text).end
    found = (
        sentence
        for a, b in paragraphs(text[slice(*whole)])
        for line in _lines(text, whole[0] + a, whole[0] + b, header_end)
        for sentence in _sentences_of_line(text, *line)
    )
    return [(max(a, start), min(b, stop)) for a, b in found if a < stop and start < b]


def split(
    document: Document,
    count_tokens: Callable[[str], int],
    max_tokens: int,
    target_chars: int,
    overlap: int = 1,
) -> tuple[Passage, ...]:
    """Cut a document into passages: runs of whole sentences that cover it.

    A passage has at most ``max_tokens`` tokens (by ``count_tokens``, special tokens not included)
    and, where sentences allow it, at most ``target_chars`` characters; it repeats the last
    ``overlap`` sentences of the one before it in the same paragraph. Short paragraphs are joined
    to the next one, and a heading to what stands below it; otherwise none crosses a paragraph.
    A sentence that is itself too long is cut between clauses or words.
    """
    if max_tokens < 1 or target_chars < 1 or overlap < 0:
        raise ValueError("a passage needs room: max_tokens and target_chars >= 1, overlap >= 0")
    fits = _limit(document.text, count_tokens, max_tokens)
    passages: list[Passage] = []
    for start, end in _groups(document.text, target_chars):
        pieces = [
            piece
            for sentence in sentences(document, start, end)
            for piece in _cut(document.text, sentence, max_tokens, fits)
        ]
        for window in _windows(pieces, target_chars, overlap, fits):
            passages.append(Passage(document, *window))
    return tuple(passages)


def _limit(
    text: str, count_tokens: Callable[[str], int], max_tokens: int
) -> Callable[[int, int], bool]:
    """Return a test whether ``text[start:end]`` has at most ``max_tokens`` tokens."""

    @lru_cache(maxsize=256)
    def fits(start: int, end: int) -> bool:
        return count_tokens(text[start:end]) <= max_tokens

    return fits


def _paragraph_start(text: str, at: int) -> int:
    """Return where the paragraph that holds ``at`` begins, looking back no further than needed."""
    reach = 4096
    while reach < 2 * at:
        gaps = list(_BLANK_LINES.finditer(text, max(at - reach, 0), at))
        if gaps:
            return gaps[-1].end()
        reach *= 2
    return 0


def _paragraph_end(text: str, at: int) -> int:
    gap = _BLANK_LINES.search(text, at)
    return len(text) if gap is None else gap.start()


def _trimmed(text: str, spans: Iterable[Offsets]) -> Iterator[Offsets]:
    """Yield the spans without the blanks at their ends; spans of blanks alone are dropped."""
    for start, end in spans:
        piece = text[start:end]
        left = len(piece) - len(piece.lstrip())
        if left < len(piece):
            yield start + left, start + len(piece.rstrip())


def _lines(text: str, start: int, end: int, header_end: int) -> Iterator[Offsets]:
    """Yield the stretches of a paragraph that no sentence crosses: items, headings, the header."""
    cuts = [header_end] if start < header_end < end else []
    line_start = start
    for line in _LINE_END.finditer(text, start, end):
        goes_on = text[line.end() : line.end() + 1].islower()
        soft = goes_on or line.start() - line_start >= _SOFT_LINE
        is_item = _LIST_ITEM.match(text, line.end(), end) is not None
        cut = not soft or is_item or _HEADING.match(text, line_start, end) is not None
        if cut and not _in_formula(text, start, line, end):
            cuts.append(line.end())
        line_start = line.end()
    cuts.sort()
    yield from _trimmed(text, zip([start, *cuts], [*cuts, end], strict=True))


def _in_formula(text: str, start: int, line_end: re.Match[str], end: int) -> bool:
    """Whether a line ends between an element and its number, and not before an item of a list."""
    subscript = _SUBSCRIPT.match(text, line_end.end(), end)
    before = text[max(start, line_end.start() - _FORMULA) : line_end.start()]
    if subscript is None or _SYMBOLS.search(before) is None:
        return False
    closes = text[subscript.end() : subscript.end() + 1] == ")"
    return not closes or before.count("(") > before.count(")")


def _sentences_of_line(text: str, start: int, end: int) -> Iterator[Offsets]:
    """Yield the sentences of one stretch, as sentencex finds them, mended at quotation marks."""
    from sentencex import get_sentence_boundaries

    masked = _MASKED.sub(" ", text[start:end])
    cuts = {match.end() for match in _GLUED.finditer(text[start:end])}
    boundary: Any
    for boundary in get_sentence_boundaries("en", masked):
        found = masked[boundary["start_index"] : boundary["end_index"]]
        cut = boundary["start_index"] + len(found.rstrip())
        # The mark that closes a quotation belongs to the sentence it closes.
        if cut and cut + start < end and text[start + cut] in _CLOSING:
            cut += 1
        cuts.add(cut)
    ordered = [start + cut for cut in sorted(cuts) if 0 < cut < end - start]
    yield from _trimmed(text, zip([start, *ordered], [*ordered, end], strict=True))


def _groups(text: str, target_chars: int) -> Iterator[Offsets]:
    """Yield runs of paragraphs that make passages together: most are one paragraph."""
    group: Offsets | None = None
    for start, end in paragraphs(text):
        if group is None:
            group = (start, end)
        elif group[1] - group[0] < SHORT_PARAGRAPH and end - group[0] <= target_chars:
            group = (group[0], end)
        else:
            yield group
            group = (start, end)
    if group is not None:
        yield group


def _windows(
    pieces: list[Offsets], target_chars: int, overlap: int, fits: Callable[[int, int], bool]
) -> Iterator[Offsets]:
    """Yield runs of pieces within both limits, each beginning ``overlap`` pieces back."""
    first = 0
    while first < len(pieces):
        last = first
        while last + 1 < len(pieces) and _room(pieces, first, last + 1, target_chars, fits):
            last += 1
        yield pieces[first][0], pieces[last][1]
        if last + 1 == len(pieces):
            return
        # Step back only as far as the next piece still fits, so that every step adds a piece.
        first = next(
            back
            for back in range(max(first + 1, last + 1 - overlap), last + 2)
            if back == last + 1 or _room(pieces, back, last + 1, target_chars, fits)
        )


def _room(
    pieces: list[Offsets],
    first: int,
    last: int,
    target_chars: int,
    fits: Callable[[int, int], bool],
) -> bool:
    start, end = pieces[first][0], pieces[last][1]
    return end - start <= target_chars and fits(start, end)


def _cut(
    text: str, sentence: Offsets, max_tokens: int, fits: Callable[[int, int], bool]
) -> Iterator[Offsets]:
    """Yield a sentence, or the parts of it that fit, cut after a clause or a word."""
    start, end = sentence
    reach = 8 * max_tokens  # characters looked at for one part; English has about 4 a token
    while start < end:
        if end - start <= reach and fits(start, end):
            yield start, end
            return
        stop = _longest(start, min(end, start + reach), fits)
        if stop < end:
            stop = _tidy_stop(text, start, stop)
        yield from _trimmed(text, [(start, stop)])
        following = _NOT_BLANK.search(text, stop, end)
        start = end if following is None else following.start()


def _tidy_stop(text: str, start: int, stop: int) -> int:
    """Move a cut back to the end of a clause or a word, unless that halves the part."""
    half = (start + stop) // 2
    for pattern in (_CLAUSE_END, _WORD_END):
        places = [match.end() for match in pattern.finditer(text, half, stop)]
        if places:
            return places[-1]
    return stop


def _longest(start: int, end: int, fits: Callable[[int, int], bool]) -> int:
    """Return the largest stop for which ``[start, stop)`` fits, by bisection, or one character."""
    low, high = start + 1, end
    while low < high:
        middle = (low + high + 1) // 2
        if fits(start, middle):
            low = middle
        else:
            high = middle - 1
    return low

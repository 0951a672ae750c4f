"""Find the sentences of a document, as offsets into its text."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise

from qa_bot.boundaries import split_line
from qa_bot.context import outline
from qa_bot.datatypes import Document
from qa_bot.paragraphs import Offsets, trimmed

PART = 4096  # characters; a paragraph of more than two parts is split part by part
# A part begins with the first sentence that starts this far into a window of the text.
_RUN_UP = 512  # characters
_WINDOW = 2048  # characters
_SHORT_LINE = 50  # characters; a shorter line was ended on purpose rather than wrapped

_LINE_END = re.compile(r"\r\n|\r|\n")
_LIST_ITEM = re.compile(r"[^\S\r\n]*(?:\||(?:[-*+•‣▪]|#{1,6}|\(?(?:\d{1,3}|[a-z])[.)])(?=\s))")
_HEADING = re.compile(r"[^\S\r\n]*#{1,6}\s")
# A formula broken by a line end, as in text copied from a page: "(O⏎2)".
_SYMBOLS = re.compile(r"(?<![^\W_])\d{0,3}(?:[A-Z][a-z]?\d{0,3}){1,4}$")
_MAX_FORMULA = 80  # characters, including brackets
_SUBSCRIPT = re.compile(r"\d{1,3}(?![\d.])")
_WORD_START = re.compile(r"(?<=\s)(?=\S)")
_FIRST_WORD = re.compile(r"\S{1,50}")


def sentences(document: Document, start: int = 0, end: int | None = None) -> list[Offsets]:
    """Return the sentences in ``[start, end)`` in order, without the whitespace between them.

    Together they contain every character in that range that is not whitespace; a sentence that
    reaches beyond the range is cut. Headings, list items and the metadata at the head of a document
    are sentences, and no sentence crosses a paragraph.
    """
    text = document.text
    stop = len(text) if end is None else end
    units = outline(document).units_in(start, stop)
    if units and not any(text[a:b].strip() for a, b in _outside(start, stop, units)):
        return [(max(a, start), min(b, stop)) for a, b in units]
    # Whole parts are split, so that the sentences do not depend on the range asked for.
    regular = (
        sentence
        for part in _paragraph_parts(document, start, stop)
        for sentence in _sentences_of_part(document, part)
    )
    combined = _with_units(text, regular, units) if units else regular
    return [(max(a, start), min(b, stop)) for a, b in combined if a < stop and start < b]


def _sentences_of_part(document: Document, part: Offsets) -> tuple[Offsets, ...]:
    """Return the sentences of a part; they are cached in the document."""
    cached = document._sentences.get(part)
    if cached is None:
        text, language = document.text, outline(document).language
        lines = _lines(text, *part, document.header.end)
        cached = tuple(sentence for line in lines for sentence in split_line(text, *line, language))
        document._sentences[part] = cached
    return cached


def _with_units(text: str, regular: Iterable[Offsets], units: list[Offsets]) -> Iterator[Offsets]:
    """Yield in order the units, and the parts of regular sentences outside the units."""
    starts, ends = [start for start, _ in units], [end for _, end in units]
    outside = [
        piece
        for start, end in list(regular)
        for piece in _outside(
            start, end, units[bisect_right(ends, start) : bisect_left(starts, end)]
        )
    ]
    yield from sorted([*trimmed(text, outside), *trimmed(text, units)])


def _outside(start: int, end: int, units: list[Offsets]) -> Iterator[Offsets]:
    """Yield the parts of ``[start, end)`` outside all units."""
    for unit_start, unit_end in units:
        if start < unit_start:
            yield start, unit_start
        start = max(start, unit_end)
    if start < end:
        yield start, end


def _paragraph_parts(document: Document, start: int, stop: int) -> Iterator[Offsets]:
    """Yield the paragraphs that overlap ``[start, stop)``; of a long one, only the parts.

    So a quote from one very long line costs no more than any other.
    """
    text, starts = document.text, document.paragraph_starts
    first = max(0, bisect_right(starts, start) - 1)
    last = bisect_left(starts, stop)
    end_of_last = starts[last] if last < len(starts) else len(text)
    for begin, end in pairwise([*starts[first:last], end_of_last]):
        if end - begin <= 2 * PART:
            yield from trimmed(text, [(begin, end)])
        else:
            parts = _parts_of_paragraph(document, begin, end, start, stop)
            yield from trimmed(text, parts)


def _parts_of_paragraph(
    document: Document, begin: int, end: int, start: int, stop: int
) -> Iterator[Offsets]:
    """Yield the parts of a paragraph ``[begin, end)`` that overlap ``[start, stop)``.

    Each part except the first begins shortly after a multiple of PART, counted from the start of
    the text. Its exact start depends only on the text nearby, so a part is found without the
    others.
    """
    lowest, highest = begin // PART + 1, end // PART - 1
    first = max(lowest, start // PART - 1)
    last = min(highest, -(-stop // PART))
    cuts = [_part_start(document, number * PART, end) for number in range(first, last + 1)]
    before = [begin] if first == lowest else []
    after = [end] if last == highest else []
    yield from pairwise([*before, *cuts, *after])


def _part_start(document: Document, position: int, end: int) -> int:
    """Return the start of the part after a position; it is cached in the document."""
    if position not in document._part_starts:
        start = _find_part_start(document.text, position, end, outline(document).language)
        document._part_starts[position] = start
    return document._part_starts[position]


def _find_part_start(text: str, position: int, end: int, language: str) -> int:
    """Return the start of the first sentence, or else word, _RUN_UP characters after a position."""
    earliest = position + _RUN_UP
    for line in _lines(text, position, min(position + _WINDOW, end), 0):
        for start, _ in split_line(text, *line, language):
            if start >= earliest:
                return start
    word = _WORD_START.search(text, earliest, min(position + PART, end))
    if word is not None:
        return word.start()
    while unicodedata.combining(text[earliest]) and earliest + 1 < min(position + PART, end):
        earliest += 1
    return earliest


def _lines(text: str, start: int, end: int, header_end: int) -> Iterator[Offsets]:
    """Yield the pieces of a paragraph that no sentence crosses: items, headings, the header."""
    cuts = [header_end] if start < header_end < end else []
    # The first line may begin before ``start``.
    beginning = _LINE_END.split(text[max(0, start - _SHORT_LINE) : start])[-1]
    line_start = start - len(beginning) if beginning.strip() else start
    width = _wrap_width(text, start, end)
    for line_end in _LINE_END.finditer(text, start, end):
        continues = text[line_end.end() : line_end.end() + 1].islower()
        is_long = line_end.start() - line_start >= _SHORT_LINE
        is_wrapped = continues or is_long or _is_full(text, line_start, line_end, width)
        is_item = _LIST_ITEM.match(text, line_end.end(), end) is not None
        is_heading = _HEADING.match(text, line_start, end) is not None
        is_cut = not is_wrapped or is_item or is_heading
        if is_cut and not _is_in_formula(text, start, line_end, end):
            cuts.append(line_end.end())
        line_start = line_end.end()
    cuts.sort()
    yield from trimmed(text, zip([start, *cuts], [*cuts, end], strict=True))


def _wrap_width(text: str, start: int, end: int) -> int:
    """Return the length of the longest line of a wrapped paragraph, 0 if it is not wrapped.

    It is wrapped if any line begins in lower case.
    """
    line_ends = list(_LINE_END.finditer(text, start, end))
    if not any(text[line_end.end() : line_end.end() + 1].islower() for line_end in line_ends):
        return 0
    starts = [start, *(line_end.end() for line_end in line_ends)]
    ends = [*(line_end.start() for line_end in line_ends), end]
    return max(stop - begin for begin, stop in zip(starts, ends, strict=True))


def _is_full(text: str, line_start: int, line_end: re.Match[str], width: int) -> bool:
    """Whether the next word would not fit on a line that does not end a sentence."""
    following = _FIRST_WORD.match(text, line_end.end())
    if not width or following is None or text[line_end.start() - 1] in ".!?:":
        return False
    return line_end.start() - line_start + 1 + len(following[0]) > width


def _is_in_formula(text: str, start: int, line_end: re.Match[str], end: int) -> bool:
    """Whether a line ends between an element and its number, and not before a list item."""
    subscript = _SUBSCRIPT.match(text, line_end.end(), end)
    before = text[max(start, line_end.start() - _MAX_FORMULA) : line_end.start()]
    if subscript is None or _SYMBOLS.search(before) is None:
        return False
    has_bracket = text[subscript.end() : subscript.end() + 1] == ")"
    return not has_bracket or before.count("(") > before.count(")")

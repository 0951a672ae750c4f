"""Cut a document into paragraphs, sentences and passages, as offsets into its text."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

from qa_bot.context import Outline, context_of, outline
from qa_bot.datatypes import Document, Passage
from qa_bot.language import is_common
from qa_bot.paragraphs import Offsets, paragraphs, trimmed

SHORT_PARAGRAPH = 100  # characters; a shorter paragraph ("Yes.") is joined to the next
PART = 4096  # characters; a paragraph of more than two parts is split part by part
ROWS_ALONE = 5_000  # rows of a table; to embed each row of a longer table costs too much
_SOFT_LINE = 50  # characters; a shorter line was ended on purpose, not wrapped

_LINE_END = re.compile(r"\r\n|\r|\n")
_LIST_ITEM = re.compile(r"[^\S\r\n]*(?:\||(?:[-*+•‣▪]|#{1,6}|\(?(?:\d{1,3}|[a-z])[.)])(?=\s))")
_HEADING = re.compile(r"[^\S\r\n]*#{1,6}\s")
# A formula broken by a line end, as in text copied from a page: "(O⏎2)".
_SYMBOLS = re.compile(r"(?<![^\W_])\d{0,3}(?:[A-Z][a-z]?\d{0,3}){1,4}$")
_FORMULA = 80  # characters, brackets included
_SUBSCRIPT = re.compile(r"\d{1,3}(?![\d.])")
_GLUED = re.compile(r"…[”\"]?(?=[“\"]?[A-Z])|(?<=[a-z]{3})[.!?]+[”\"]?(?=[“\"]?[A-Z][a-z])")
# Transcribed speech has hardly any punctuation; it is cut into quotes of a readable length.
LONGEST_RUN = 300  # characters
_MARK_EVERY = 200  # characters; with fewer marks, text counts as unpunctuated
_MARKS = re.compile(r"[,;:.!?…—–()،؛؟、，。；：！？]")
_PAUSES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<=[,;:.!?…،؛؟])\s|(?<=[、，。；：！？])",
        r"(?<!\band)\s(?=(?:and (?:then|so|the|he|she|they|we|it)|but|then|so)\s)",
        r"\s(?=(?:and|or|when|because|while|after|before|until|if|which|who|where|that)\s)",
        r"\s",
    )
)
_WITH_ORDINALS = frozenset({"de", "da"})
_ORDINAL = re.compile(r"(?<![\w.,])\d{1,2}\.\s*\Z")
_GERMAN_MONTHS = frozenset("Januar Jänner Februar März Mai Juni Juli Oktober Dezember".split())
# Followed by a number, or by a word in lower case, these end no sentence.
_ENGLISH = re.compile(
    r"\b(?:[Vv]ols?|[Aa]pprox|[Nn]os|[Pp]p?|[Ff]igs?|[Cc]f|[Cc]haps?|[Ss]ecs?|[Cc]a|[Ii]ncl|[Ee]xcl"
    r"|[Ee]st|[Tt]el|[Ee]xt|[Aa]pt|Mon|Tues?|Wed|Thu(?:rs)?|Fri|Sat|Sun|Jan|Feb|Mar|Apr|Aug|Sept?"
    r"|Oct|Nov|Dec)\.\s*\Z"
)
_HOUR = re.compile(r"\d\s?[aApP]\.[mM]\.\s*\Z")
_AFTER_HOUR = re.compile(
    r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Jan|Feb|March|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov"
    r"|Dec|[A-Z]{2,4}\b)"
)
_ABBREVIATIONS = {  # that sentencex does not know, and that no sentence ends with
    language: re.compile(rf"(?:(?<![^\W_])(?:{words})|{endings})\.\s*\Z")
    for language, words, endings in (
        (
            "de",
            "Abb|Abs|Art|Bd|Fr|Hrn?|Kap|Nr|Tel|ca|exkl|gem|inkl|lt|zzgl",
            "[Ss]tr",
        ),
        (
            "fr",
            "Dr|MM?|Me|Mgr|Mlle|Mme|Pr|Ste?|apr|art|av|bd|chap|env|fig|n|pp?|tél|vol|éd",
            "(?!)",
        ),
        ("es", "Avda|Dra?|Profa?|Sra?|Srta|art|aprox|cap|núm|pág|tel", "(?!)"),
        ("it", "art|avv|cap|dott|fig|ing|n|p|pag|prof|sig|sig\\.na|sig\\.ra|tel|v", "(?!)"),
        ("nl", "Mevr|St|art|blz|bijv|ca|dhr|drs?|ds|ir|mevr|mr|mw|nr|prof|tel", "(?!)"),
        ("pt", "Dra?|Profa?|Sra?|art|cap|núm|pág|séc|tel", "(?!)"),
        ("da", "Chr|Sct|Skt|art|bl\\.a|ca|f\\.eks|fr|hr|kl|nr|tlf", "(?!)"),
        ("sv", "art|bl\\.a|ca|d\\.v\\.s|hr|kap|kl|nr|t\\.ex|tel", "[Ss]torg"),
    )
}
_ERA = re.compile(r"\b[adAD]\.\s*\Z")  # "a. C."
# In a line of capitals, only before these words (or a number) do "FRI." and "NO." go on.
_GOES_ON = frozenset("and at between by for from in of on or till to until".split())
_WORD = re.compile(r"[^\W_]+")
_CLAUSE_END = re.compile(r"[,;:)\]—–](?=\s)")
_WORD_END = re.compile(r"(?<=\S)(?=\s)")
_WORD_START = re.compile(r"(?<=\s)(?=\S)")
_FIRST_WORD = re.compile(r"\S{1,50}")
_NOT_BLANK = re.compile(r"\S")
# A part begins with the first sentence that begins so far into a window of the text.
_RUN_UP = 512  # characters
_WINDOW = 2048
# sentencex keeps a quotation whole, however many sentences it has, unless its marks are masked. It
# panics at a blank of more than one byte between an initial and a full stop ("Plan D\xa0.").
_MASKED = re.compile(r"[“”„«»\"]|[^\S ]")
_CLOSING = frozenset('”»"')


def sentences(document: Document, start: int = 0, end: int | None = None) -> list[Offsets]:
    """Return the sentences in ``[start, end)`` in order, without the blanks between them.

    Together they hold every character of that stretch that is not blank; a sentence that reaches
    beyond it is cut. A heading, a list item and the metadata at the head of a document are
    sentences, and none crosses a paragraph.
    """
    text = document.text
    stop = len(text) if end is None else end
    units = outline(document).units_in(start, stop)
    if units and not any(text[a:b].strip() for a, b in _outside(start, stop, units)):
        return [(max(a, start), min(b, stop)) for a, b in units]
    # Whole parts are split, so that sentences do not depend on the stretch that is asked for.
    regular = (
        sentence
        for part in _parts(document, start, stop)
        for sentence in _sentences_of_part(document, part)
    )
    every = _with_units(text, regular, units) if units else regular
    return [(max(a, start), min(b, stop)) for a, b in every if a < stop and start < b]


def _sentences_of_part(document: Document, part: Offsets) -> tuple[Offsets, ...]:
    """Return the sentences of a part, which are kept with the document."""
    kept = document._sentences.get(part)
    if kept is None:
        text, language = document.text, outline(document).language
        lines = _lines(text, *part, document.header.end)
        kept = tuple(it for line in lines for it in _sentences_of_line(text, *line, language))
        document._sentences[part] = kept
    return kept


def _with_units(text: str, regular: Iterable[Offsets], units: list[Offsets]) -> Iterator[Offsets]:
    """Yield in order the units, and the parts of regular sentences outside them."""
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
    for begin, stop in units:
        if start < begin:
            yield start, begin
        start = max(start, stop)
    if start < end:
        yield start, end


def split(
    document: Document,
    count_tokens: Callable[[str], int],
    max_tokens: int,
    target_chars: int,
    overlap: int = 1,
) -> tuple[Passage, ...]:
    """Cut a document into passages: runs of whole sentences that cover it.

    A passage has at most ``max_tokens`` tokens (by ``count_tokens``, without special tokens) and,
    if its sentences allow it, at most ``target_chars`` characters. It repeats the last ``overlap``
    sentences of the passage before it in the same paragraph. A short paragraph, such as a heading,
    is joined to the next; otherwise no passage crosses a paragraph. A sentence that is too long is
    cut between clauses or words. A row of a table is a passage of its own; in a table of more than
    ROWS_ALONE rows, a passage holds several.
    """
    if max_tokens < 1 or target_chars < 1 or overlap < 0:
        raise ValueError("a passage needs room: max_tokens and target_chars >= 1, overlap >= 0")
    fits = _limit(document.text, count_tokens, max_tokens)
    passages: list[Passage] = []
    for start, end, alone in _stretches(document, target_chars):
        pieces = [
            piece
            for sentence in sentences(document, start, end)
            for piece in _cut(document.text, sentence, max_tokens, fits)
        ]
        windows = pieces if alone else _windows(pieces, target_chars, overlap, fits)
        passages += [
            Passage(document, *window, context_of(document, *window)) for window in windows
        ]
    return tuple(passages)


def _stretches(document: Document, target_chars: int) -> Iterator[tuple[int, int, bool]]:
    """Yield stretches to make passages of, and whether each sentence is one, as rows are."""
    at, text = 0, document.text
    for start, end, alone in _row_stretches(outline(document)):
        yield from ((a, b, False) for a, b in _groups(text, target_chars, at, start))
        yield start, end, alone
        at = end
    yield from ((a, b, False) for a, b in _groups(text, target_chars, at, len(text)))


def _row_stretches(known: Outline) -> Iterator[tuple[int, int, bool]]:
    """Yield the stretch of each table's rows, and whether each row is a passage."""
    for table in known.tables:
        yield table.starts[0], table.ends[-1], len(table.starts) <= ROWS_ALONE


def _limit(
    text: str, count_tokens: Callable[[str], int], max_tokens: int
) -> Callable[[int, int], bool]:
    """Return a function: whether ``text[start:end]`` has at most ``max_tokens`` tokens."""

    @lru_cache(maxsize=256)
    def fits(start: int, end: int) -> bool:
        return count_tokens(text[start:end]) <= max_tokens

    return fits


def _parts(document: Document, start: int, stop: int) -> Iterator[Offsets]:
    """Yield the paragraphs that ``[start, stop)`` touches; of a long one, only the parts.

    That keeps a quote from one very long line as cheap as any other.
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

    Each part but the first begins shortly after a multiple of PART, counted from the start of the
    text. Where exactly depends only on the text nearby, so a part is found without the others.
    """
    least, most = begin // PART + 1, end // PART - 1
    first = max(least, start // PART - 1)
    last = min(most, -(-stop // PART))
    cuts = [_part_start(document, number * PART, end) for number in range(first, last + 1)]
    before = [begin] if first == least else []
    after = [end] if last == most else []
    yield from pairwise([*before, *cuts, *after])


def _part_start(document: Document, at: int, end: int) -> int:
    """Return where the part after ``at`` starts, which is kept with the document."""
    if at not in document._part_starts:
        start = _find_part_start(document.text, at, end, outline(document).language)
        document._part_starts[at] = start
    return document._part_starts[at]


def _find_part_start(text: str, at: int, end: int, language: str) -> int:
    """Return the start of the first sentence, or else word, that follows ``at`` by _RUN_UP."""
    due = at + _RUN_UP
    for line in _lines(text, at, min(at + _WINDOW, end), 0):
        for start, _ in _sentences_of_line(text, *line, language):
            if start >= due:
                return start
    word = _WORD_START.search(text, due, min(at + PART, end))
    if word is not None:
        return word.start()
    while unicodedata.combining(text[due]) and due + 1 < min(at + PART, end):
        due += 1
    return due


def _lines(text: str, start: int, end: int, header_end: int) -> Iterator[Offsets]:
    """Yield the pieces of a paragraph that no sentence crosses: items, headings, the header."""
    cuts = [header_end] if start < header_end < end else []
    begun = _LINE_END.split(text[max(0, start - _SOFT_LINE) : start])[-1]  # of the first line
    line_start = start - len(begun) if begun.strip() else start
    width = _wrapped_at(text, start, end)
    for line in _LINE_END.finditer(text, start, end):
        goes_on = text[line.end() : line.end() + 1].islower()
        long = line.start() - line_start >= _SOFT_LINE
        soft = goes_on or long or _is_full(text, line_start, line, width)
        is_item = _LIST_ITEM.match(text, line.end(), end) is not None
        cut = not soft or is_item or _HEADING.match(text, line_start, end) is not None
        if cut and not _in_formula(text, start, line, end):
            cuts.append(line.end())
        line_start = line.end()
    cuts.sort()
    yield from trimmed(text, zip([start, *cuts], [*cuts, end], strict=True))


def _wrapped_at(text: str, start: int, end: int) -> int:
    """Return the length of the longest line of a wrapped paragraph, 0 if it is not wrapped.

    It is wrapped if a line begins in lower case.
    """
    breaks = list(_LINE_END.finditer(text, start, end))
    if not any(text[line.end() : line.end() + 1].islower() for line in breaks):
        return 0
    starts = [start, *(line.end() for line in breaks)]
    ends = [*(line.start() for line in breaks), end]
    return max(stop - begin for begin, stop in zip(starts, ends, strict=True))


def _is_full(text: str, line_start: int, line_end: re.Match[str], width: int) -> bool:
    """Whether the next word would not fit on a line, and no sentence ends there."""
    following = _FIRST_WORD.match(text, line_end.end())
    if not width or following is None or text[line_end.start() - 1] in ".!?:":
        return False
    return line_end.start() - line_start + 1 + len(following[0]) > width


def _in_formula(text: str, start: int, line_end: re.Match[str], end: int) -> bool:
    """Whether a line ends between an element and its number, and not before a list item."""
    subscript = _SUBSCRIPT.match(text, line_end.end(), end)
    before = text[max(start, line_end.start() - _FORMULA) : line_end.start()]
    if subscript is None or _SYMBOLS.search(before) is None:
        return False
    closes = text[subscript.end() : subscript.end() + 1] == ")"
    return not closes or before.count("(") > before.count(")")


def _sentences_of_line(text: str, start: int, end: int, language: str) -> Iterator[Offsets]:
    """Yield the sentences of a piece, as sentencex finds them, corrected at quotation marks."""
    from sentencex import get_sentence_boundaries

    masked = _in_title_case(_MASKED.sub(" ", text[start:end]))
    in_capitals = text[start:end].isupper()
    cuts = {match.end() for match in _GLUED.finditer(text[start:end])}
    boundary: Any
    for boundary in get_sentence_boundaries(language, masked):
        sentence = masked[boundary["start_index"] : boundary["end_index"]]
        cut = boundary["start_index"] + len(sentence.rstrip())
        # The mark that closes a quotation belongs to the sentence that it closes.
        if cut and cut + start < end and text[start + cut] in _CLOSING:
            cut += 1
        if not _abbreviated(masked, cut, language, in_capitals):
            cuts.add(cut)
    ordered = [start + cut for cut in sorted(cuts) if 0 < cut < end - start]
    for piece in trimmed(text, zip([start, *ordered], [*ordered, end], strict=True)):
        yield from _unpunctuated(text, *piece)


def _in_title_case(text: str) -> str:
    """Return a line of capitals in title case, so that sentencex knows its abbreviations."""
    if not text.isupper():
        return text
    titled = text.title()
    return titled if len(titled) == len(text) else text


def _abbreviated(text: str, cut: int, language: str, in_capitals: bool) -> bool:
    """Whether the full stop before ``cut`` ends no sentence: "am 1. Mai", "M. Dupont"."""
    before = text[max(0, cut - 20) : cut]
    following = _WORD.search(text, cut, cut + 40)
    if following is None:
        return False
    word = following[0]
    low = word.lower() in _GOES_ON or word[0].isdigit() if in_capitals else not word[0].isupper()
    ordinal = _ORDINAL.search(before) is not None
    if ordinal and (word in _GERMAN_MONTHS or (word.islower() and word[0].isalpha())):
        return True
    if language == "en":
        if _HOUR.search(before):
            return (in_capitals and low) or _AFTER_HOUR.match(word) is not None
        return low and _ENGLISH.search(before) is not None
    if not text[cut].isspace() and text[cut] not in _CLOSING:
        return True
    if _ABBREVIATIONS[language].search(before) or (low and before.endswith(".")):
        return True
    if word in ("C", "c") and _ERA.search(before):
        return True
    return ordinal and language in _WITH_ORDINALS and not is_common(word, language)


def _unpunctuated(text: str, start: int, end: int) -> Iterator[Offsets]:
    """Yield a sentence, or its parts if it is long and has hardly any punctuation."""
    ended = end - start <= 2 * LONGEST_RUN and text[end - 1] in ".!?。！？"
    while end - start > LONGEST_RUN and not ended:
        if len(_MARKS.findall(text, start, end)) * _MARK_EVERY > end - start:
            break
        stop = _pause(text, start + LONGEST_RUN // 3, start + LONGEST_RUN)
        yield from trimmed(text, [(start, stop)])
        start = stop
    yield from trimmed(text, [(start, end)])


def _pause(text: str, begin: int, end: int) -> int:
    """Return where a speaker would likeliest pause: before "and then" rather than "who".

    Text without blanks, such as Chinese, is cut after a comma, or else at ``end``.
    """
    for pattern in _PAUSES:
        places = [match.end() for match in pattern.finditer(text, begin, end)]
        if places:
            return places[-1]
    while begin < end and unicodedata.combining(text[end]):
        end -= 1
    return end


def _groups(text: str, target_chars: int, begin: int, stop: int) -> Iterator[Offsets]:
    """Yield paragraphs, short ones joined to the next."""
    group: Offsets | None = None
    for start, end in paragraphs(text, begin, stop):
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
    """Yield runs of pieces within both limits; each repeats the last ``overlap`` pieces."""
    first = 0
    while first < len(pieces):
        last = first
        while last + 1 < len(pieces) and _room(pieces, first, last + 1, target_chars, fits):
            last += 1
        yield pieces[first][0], pieces[last][1]
        if last + 1 == len(pieces):
            return
        # Repeat only as many pieces as leave room for the next, so that every run adds one.
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
    """Yield a sentence, or parts of it that fit, cut after a clause or a word."""
    start, end = sentence
    reach = 8 * max_tokens  # characters; a token of English has about 4
    while start < end:
        if end - start <= reach and fits(start, end):
            yield start, end
            return
        stop = _longest(start, min(end, start + reach), fits)
        if stop < end:
            stop = _tidy_stop(text, start, stop)
        yield from trimmed(text, [(start, stop)])
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
    """Return the largest stop for which ``[start, stop)`` fits, at least ``start + 1``."""
    low, high = start + 1, end
    while low < high:
        middle = (low + high + 1) // 2
        if fits(start, middle):
            low = middle
        else:
            high = middle - 1
    return low

"""Questions that name a numbered part of a document: "What does clause 2.2 say?"."""

import math
import re
from dataclasses import replace

from qa_bot.datatypes import Quote, Span
from qa_bot.paragraphs import paragraphs
from qa_bot.sentences import sentences

# Added to the log odds of a quote that begins with the number that the question names.
NAMED = 1.5
HEADING_CHARS = 100  # a longer line that begins with a number is no heading
BODY_CHARS = 600  # most that is quoted of the paragraph under a heading
_KIND = r"(?:articles?|chapters?|clauses?|items?|paragraphs?|points?|rules?|sections?|steps?|§+)"
_PART = re.compile(
    rf"(?<!\w){_KIND}\s*(?:no\.?\s*)?(\d{{1,3}}(?:\.\d{{1,3}}){{0,5}})(?![.]?\w)", re.I
)
_NUMBERED = re.compile(
    r"[\s#*>•‣▪(-]{0,20}(?:" + _KIND + r"\s*)?\(?(\d{1,3}(?:\.\d{1,3}){0,5})(?:[.):]|(?=\s))(?!\d)",
    re.I,
)


def raised(probability: float, query: str, quoted: Span) -> float:
    """Return the probability that a quote answers, raised if the query names it by its number."""
    part = _PART.search(query)
    if part is None or not _is_numbered(quoted, part[1]):
        return probability
    odds = probability / max(1e-9, 1 - probability) * math.exp(NAMED)
    return odds / (1 + odds)


def with_body(query: str, quote: Quote) -> Quote:
    """Add the paragraph below to a quote that is the heading of the part that the query names.

    The paragraph becomes the highlight. A quote stays as it is when it says something itself, or
    when another part begins right below it.
    """
    part = _PART.search(query)
    if part is None or not _is_numbered(quote, part[1]) or not _is_heading(quote):
        return quote
    text = quote.document.text
    end = min(len(text), quote.end + HEADING_CHARS + BODY_CHARS)
    body = next(iter(paragraphs(text, quote.end, end)), None)
    if body is None or _begins_other_part(text, body[0], part[1]):
        return quote
    said = [s for s in sentences(quote.document, *body) if s[1] - body[0] <= BODY_CHARS]
    if not said:
        return quote
    last = said[-1][1]
    return replace(quote, end=last, highlight=Span(quote.document, body[0], last))


def _is_heading(quote: Quote) -> bool:
    line = quote.text.strip()
    return len(line) <= HEADING_CHARS and not re.search(r"[.!?;]\W*$|[.!?]\s+[a-z]", line)


def _begins_other_part(text: str, start: int, number: str) -> bool:
    """Whether a paragraph begins with the number of a part that is not inside this one."""
    begins = _NUMBERED.match(text, start)
    return begins is not None and not f"{begins[1]}.".startswith(f"{number}.")


def _is_numbered(quoted: Span, number: str) -> bool:
    """Whether a quote begins with a number: "2.2 The tenant ...", "§ 4 ...", "Section 3: ..."."""
    begins = _NUMBERED.match(quoted.text)
    return begins is not None and begins[1] == number

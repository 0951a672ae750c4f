"""Questions that name a numbered part of a document: "What does clause 2.2 say?"."""

import math
import re

from qa_bot.datatypes import Span

# Added to the log odds of a quote that begins with the number that the question names.
NAMED = 1.5
_KIND = r"(?:articles?|chapters?|clauses?|items?|paragraphs?|points?|rules?|sections?|steps?|§+)"
_PART = re.compile(
    rf"(?<!\w){_KIND}\s*(?:no\.?\s*)?(\d{{1,3}}(?:\.\d{{1,3}}){{0,5}})(?![.]?\w)", re.I
)
_BEGINS = r"[\s#*>•‣▪-]{0,20}(?:" + _KIND + r"\s*)?\(?"


def raised(probability: float, query: str, quoted: Span) -> float:
    """Return the probability that a quote answers, raised if the query names it by its number."""
    part = _PART.search(query)
    if part is None or not _is_numbered(quoted, part[1]):
        return probability
    odds = probability / max(1e-9, 1 - probability) * math.exp(NAMED)
    return odds / (1 + odds)


def _is_numbered(quoted: Span, number: str) -> bool:
    """Whether a quote begins with a number: "2.2 The tenant ...", "§ 4 ...", "Section 3: ..."."""
    begins = re.compile(rf"{_BEGINS}{re.escape(number)}(?:[.):]|(?=\s))(?!\d)", re.I)
    return begins.match(quoted.text) is not None

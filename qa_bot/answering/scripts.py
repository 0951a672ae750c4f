"""Answer questions in a script that the reader was not trained on, by the words they share.

The reader knows Latin letters. In another script its answers are chance, so the sentences with
most of the question's words are quoted whole instead. Chinese, Japanese and Thai put no spaces
between words, so pairs of characters are compared.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from qa_bot.datatypes import Hit, Quote, Span
from qa_bot.sentences import sentences

_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(r"[\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3040-\u30FF\u3400-\u9FFF]+")
_STEM = 5  # letters that the forms of a word share
_DOUBT = 0.4  # chance that a sentence does not answer, per word shared with the question
_NEVER_SURE = 0.8  # no probability is higher: words in common are not an answer


def is_foreign(query: str) -> bool:
    """Whether most letters of a query are not Latin."""
    letters = [letter for letter in query if letter.isalpha()]
    foreign = [it for it in letters if not unicodedata.name(it, "LATIN").startswith("LATIN")]
    return 2 * len(foreign) > len(letters)


def quotes_by_words(query: str, hits: Sequence[Hit]) -> list[Quote]:
    """Return the sentences of the hits that share words with a query, most shared first.

    Words that most of these sentences have do not count. The score is a rule of thumb: on 9
    questions in three scripts the first sentence was right, and 2 that had no answer got none.
    """
    spans = list(dict.fromkeys(span for hit in hits for span in _sentences(hit)))
    asked = set(_units(query))
    held = [asked & set(_units(span.text)) for span in spans]
    counts = Counter(unit for units in held for unit in units)
    common = {unit for unit, count in counts.items() if count > max(1, len(spans) / 2)}
    scored = [
        Quote(
            span.document, span.start, span.end, span, min(_NEVER_SURE, 1 - _DOUBT ** len(telling))
        )
        for span, units in zip(spans, held, strict=True)
        if (telling := units - common)
    ]
    return sorted(scored, key=lambda quote: -quote.score)


def _sentences(hit: Hit) -> Iterator[Span]:
    passage = hit.passage
    for start, end in sentences(passage.document, passage.start, passage.end):
        yield Span(passage.document, start, end)


def _units(text: str) -> Iterator[str]:
    """Yield the words of a text, or pairs of characters where no spaces separate the words."""
    for word in _WORD.findall(text.lower()):
        if _UNSPACED.match(word):
            yield from (word[at : at + 2] for at in range(max(1, len(word) - 1)))
        else:
            yield word[:_STEM]

"""The Reader protocol and the default: Hits -> Quotes, and when to say nothing."""

import math
from collections.abc import Iterable, Sequence
from typing import Protocol

from qa_bot.config import Config
from qa_bot.datatypes import Document, Hit, Passage, Quote, Span
from qa_bot.metadata import asks_when_written, read_header
from qa_bot.reader_model import Card, Found, ReaderModel, load_model
from qa_bot.splitter import sentences
from qa_bot.words import telling_words

# What tells a right quote from a wrong one, in the order of ``features``.
FEATURES = ("margin", "retrieval", "similarity", "words in quote", "words in passage")


class Reader(Protocol):
    """Reads passages with a question in mind."""

    def read(self, query: str, hits: Sequence[Hit], /) -> list[Quote]:
        """Return candidate quotes, best first, each scored with the probability that it answers.

        Nothing is left out for being unlikely: ``select`` decides what is said.
        """


def select(candidates: Sequence[Quote], config: Config) -> tuple[Quote, ...]:
    """Return the candidates that are likely enough to be said; none: the article does not say."""
    likely = [quote for quote in candidates if quote.score >= config.threshold]
    return tuple(likely[: config.max_quotes])


def date_quotes(query: str, hits: Sequence[Hit]) -> list[Quote]:
    """Quote the date at the head of each article found, when the question asks for it."""
    if not asks_when_written(query):
        return []
    documents: dict[str, Document] = {hit.passage.document.id: hit.passage.document for hit in hits}
    found = []
    for document in documents.values():
        place = read_header(document.text).places.get("date")
        if place is not None:
            # More than one where "Wed. 6 May 2020" was cut after its abbreviation.
            lines = [s for s in sentences(document) if s[0] < place[1] and place[0] < s[1]]
            found.append(Quote(document, lines[0][0], lines[-1][1], Span(document, *place), 1.0))
    return found


class SpanReader:
    """Reads question and passage together and points at the words that answer, or at none.

    ``training/`` made its weights, and ``weights/README.md`` tells what they are good and bad at.
    Raises ModelError when they are missing or altered.
    """

    def __init__(self, model: ReaderModel | None = None) -> None:
        self._model = load_model() if model is None else model

    def read(self, query: str, hits: Sequence[Hit], /) -> list[Quote]:
        """Return the likeliest span of each passage, in its sentences; no two say the same."""
        found = self._model.find(query, [hit.passage.text for hit in hits])
        quotes = [
            self._quote(query, hit, span)
            for hit, span in zip(hits, found, strict=True)
            if span is not None
        ]
        return distinct(sorted(quotes, key=lambda quote: -quote.score))

    def _quote(self, query: str, hit: Hit, found: Found) -> Quote:
        """Quote the sentences around a span, with the probability that they answer."""
        quoted, highlight = quoted_around(hit.passage, found)
        score = probability(features(query, hit, quoted, found), self._model.card)
        return Quote(quoted.document, quoted.start, quoted.end, highlight, score)


def quoted_around(passage: Passage, found: Found) -> tuple[Span, Span]:
    """Return the sentences of a passage around what was found in it, and that itself."""
    document = passage.document
    highlight = Span(document, passage.start + found.start, passage.start + found.end)
    around = [
        (start, end)
        for start, end in sentences(document, passage.start, passage.end)
        if start < highlight.end and highlight.start < end
    ]
    return Span(document, around[0][0], around[-1][1]), highlight


def features(query: str, hit: Hit, quoted: Span, found: Found) -> tuple[float, ...]:
    """Return the values of FEATURES for a quote.

    The reader's margin (logits), the retriever's score, the cosine between query and passage, and
    the share of the query's words that stand in the quote and in the passage.
    """
    asked = _stems(query)
    shares = [len(asked & _stems(span.text)) / max(len(asked), 1) for span in (quoted, hit.passage)]
    return found.margin, hit.score, hit.similarity, *shares


def probability(values: Sequence[float], card: Card) -> float:
    """Return the probability, in [0, 1], that logistic regression gives to features."""
    logit = card.bias + sum(w * value for w, value in zip(card.weights, values, strict=True))
    return 1 / (1 + math.exp(-max(-500.0, min(500.0, logit))))


def distinct(quotes: Iterable[Quote]) -> list[Quote]:
    """Leave out a quote that shares words of the text, or its answer, with one before it."""
    kept: list[Quote] = []
    for quote in quotes:
        if not any(_same(quote, other) for other in kept):
            kept.append(quote)
    return kept


def _same(one: Quote, other: Quote) -> bool:
    overlap = one.document == other.document and one.start < other.end and other.start < one.end
    return overlap or _stems(one.highlight.text) == _stems(other.highlight.text) != set()


def _stems(text: str) -> set[str]:
    """Return the words of a text that tell something, each cut to its first five letters."""
    return {word[:5] for word in telling_words(text)}

"""The Reader protocol and the default: Hits -> Quotes, and when to say nothing."""

import math
import re
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from qa_bot.config import Config
from qa_bot.datatypes import Document, Hit, Quote, Span
from qa_bot.embedder import Embedder, Vectors, embed_passages, embed_query
from qa_bot.metadata import read_header
from qa_bot.splitter import sentences

# Logistic regression on sentence_features, fitted on the SQuAD titles set apart for training.
_WEIGHTS = (5.14, 5.96)
_BIAS = -8.46

_WORD = re.compile(r"\w+")
_CLAUSE = re.compile(r"(?<=[,;:—–])\s+|(?<=\))\s+|\s+(?=\()")
_STOP = frozenset(
    "a an and are as at be been but by did do does for from had has have he her him his how in is "
    "it its of on or she that the their them they this to was we were what when where which who "
    "whom whose why will with you".split()
)
_NAMES = r"(?:article|story|text|piece|report|document|page|news item)"
_ASKS_DATE = re.compile(
    rf"\bwhen (?:was|is|did) (?:this|(?:this|the) {_NAMES})\b.*"
    r"\b(?:written|published|posted|dated|released|from|come out|appear)\b"
    rf"|\b(?:date|year|day) (?:of|on) (?:this|the) {_NAMES}\b"
    rf"|\b(?:date|day|year) (?:was|is|does) (?:this|the|this {_NAMES}|the {_NAMES}) .*"
    r"\b(?:written|published|posted|dated|released|from|have|carry)\b"
    r"|\bpublication date\b|\bdate (?:written|published|of publication)\b"
    rf"|\bhow old is (?:this|the) {_NAMES}\b",
    re.IGNORECASE,
)


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
    if not _ASKS_DATE.search(query):
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


class SentenceReader:
    """Scores each sentence by its likeness to the question, in meaning and in words."""

    def __init__(self, embedder: Embedder, config: Config) -> None:
        self._embedder = embedder
        self._config = config

    def read(self, query: str, hits: Sequence[Hit], /) -> list[Quote]:
        """Return the likeliest sentences, neighbours merged, best first."""
        spans = _distinct_sentences(hits)
        if not spans:
            return []
        scores = self._scores(query, spans)
        likeliest = sorted(range(len(spans)), key=lambda i: -scores[i])[: self._config.max_quotes]
        runs: list[tuple[Span, float]] = []
        for i in likeliest:
            runs = _joined(runs, spans[i], scores[i], self._config.quote_chars)
        return [self._quote(query, run, score) for run, score in runs]

    def _scores(self, query: str, spans: list[Span]) -> list[float]:
        """Return for each sentence the probability that it answers, by logistic regression."""
        features = sentence_features(self._embedder, query, [span.text for span in spans])
        logits = features @ np.array(_WEIGHTS, dtype=np.float32) + _BIAS
        return [1 / (1 + math.exp(-float(logit))) for logit in logits]

    def _quote(self, query: str, span: Span, score: float) -> Quote:
        """Make a quote; its highlight is the clause most like the question in meaning."""
        clauses = _clauses(span)
        likeness = embed_passages(self._embedder, [c.text for c in clauses]) @ embed_query(
            self._embedder, query
        )
        return Quote(span.document, span.start, span.end, clauses[int(likeness.argmax())], score)


def sentence_features(embedder: Embedder, query: str, texts: Sequence[str]) -> Vectors:
    """Return ``(n, 2)``: the cosine of query and text, and the share of the query's words in it."""
    cosine = embed_passages(embedder, texts) @ embed_query(embedder, query)
    wanted = _stems(query)
    shared = [len(wanted & _stems(text)) / max(len(wanted), 1) for text in texts]
    return np.column_stack([cosine, np.array(shared, dtype=np.float32)])


def _stems(text: str) -> set[str]:
    """Return the words of a text that carry meaning, each cut to its first five letters."""
    return {word[:5] for word in _WORD.findall(text.lower()) if word not in _STOP}


def _distinct_sentences(hits: Sequence[Hit]) -> list[Span]:
    """Return the sentences of the passages, best passage first, none twice."""
    places = {
        (hit.passage.document, *sentence): None
        for hit in hits
        for sentence in sentences(hit.passage.document, hit.passage.start, hit.passage.end)
    }
    return [Span(*place) for place in places]


def _joined(
    runs: list[tuple[Span, float]], span: Span, score: float, limit: int
) -> list[tuple[Span, float]]:
    """Return the runs with one more sentence, merged into a neighbour where there is room."""
    for i, (run, best) in enumerate(runs):
        start, end = min(run.start, span.start), max(run.end, span.end)
        between = run.document.text[min(run.end, span.end) : max(run.start, span.start)]
        if run.document == span.document and not between.strip() and end - start <= limit:
            return [*runs[:i], (Span(run.document, start, end), best), *runs[i + 1 :]]
    return [*runs, (span, score)]


def _clauses(span: Span) -> list[Span]:
    """Return the parts of a quote between commas, dashes and the like; at least the whole."""
    cuts = [(gap.start(), gap.end()) for gap in _CLAUSE.finditer(span.text)]
    starts = [0, *(end for _, end in cuts)]
    ends = [*(start for start, _ in cuts), len(span.text)]
    pairs = [(a, b) for a, b in zip(starts, ends, strict=True) if b > a]
    return [Span(span.document, span.start + a, span.start + b) for a, b in pairs]

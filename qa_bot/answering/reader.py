"""The Reader protocol and the default: Hits -> Quotes, and when to say nothing."""

import math
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from qa_bot.answering.cues import asks_when_written
from qa_bot.context import Reading, outline, reading
from qa_bot.datatypes import Document, Hit, Passage, Quote, Span
from qa_bot.header import read_header
from qa_bot.models.span_model import Levels, ReaderModel, SpanPrediction, load_model
from qa_bot.splitter import sentences
from qa_bot.stopwords import content_words

# What tells a right quote from a wrong one: the reader's margin (logits), how far the passage's
# BM25 score is below the best one, and the weights of the query's words that the passage lacks.
FEATURES = ("margin", "BM25 behind", "missing from passage")
# What tells, before it is read, whether a passage answers: the cosine between query and passage.
PASSAGE_FEATURES = ("similarity", *FEATURES[1:])

READ_FIRST = 2  # passages that are always read
# No further passage is read when each is less likely to answer than this share of the best quote's
# probability. On 1,803 questions about SQuAD articles 2.9 of 8 passages are read so, and the first
# quote is right as often as when all are (training.calibrate).
WORTH_READING = 0.08
SHORT_CELL = 60  # characters; a cell so short is highlighted whole: "9 crowns", not "9"
NEAR_BEST = 0.9  # of a probability: readings so near cannot be told apart, and the likelier counts
NEARLY = 0.5  # of a quote's score: a neighbour that is so likely goes on with what it says


class Reader(Protocol):
    """Reads passages with a question in mind."""

    @property
    def levels(self) -> Levels:
        """From which probability on a quote is given, and from which on it may answer."""

    def read(self, query: str, hits: Sequence[Hit], /) -> list[Quote]:
        """Return candidate quotes, best first, each scored with the probability that it answers.

        Nothing is left out for being unlikely: ``select`` decides what is said.
        """


def select(candidates: Sequence[Quote], levels: Levels, max_quotes: int) -> tuple[Quote, ...]:
    """Return the candidates that are likely enough to be quoted, best first; maybe none."""
    return tuple(quote for quote in candidates if quote.score >= levels.found)[:max_quotes]


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

    @property
    def levels(self) -> Levels:
        """The levels on the weights' card, chosen by ``training.calibrate``."""
        return self._model.card.levels

    def read(self, query: str, hits: Sequence[Hit], /) -> list[Quote]:
        """Return the likeliest spans of the passages, in their sentences; no two say the same.

        Sentences that follow one another and are nearly as likely are one quote. The passages that
        are likeliest to answer are read first, and the others only while they may change that.
        """
        card = self._model.card
        rows = passage_features(query, hits)

        def read(passages: Sequence[int]) -> Scored:
            chosen = [hits[i] for i in passages], [rows[i] for i in passages]
            found = find_candidates(query, *chosen, self._model)
            return [(one, card.calibration.probability(one.values)) for one in found]

        return ranked(read_worthwhile([card.prior.probability(row) for row in rows], read))


@dataclass(frozen=True, slots=True)
class Candidate:
    """Sentences that may answer, the words in them that do, and the values of FEATURES."""

    quoted: Span
    highlight: Span
    values: tuple[float, ...]


Scored = list[tuple[Candidate, float]]  # each with the probability that it answers


def read_worthwhile(priors: Sequence[float], read: Callable[[Sequence[int]], Scored]) -> Scored:
    """Read passages, likeliest first, as long as one is left that may change the first quote.

    ``priors`` are the probabilities that they answer, before they are read; ``read`` takes the
    numbers of some.
    """
    order = sorted(range(len(priors)), key=lambda i: -priors[i])
    scored = read(order[:READ_FIRST])
    for passage in order[READ_FIRST:]:
        best = max((probability for _, probability in scored), default=0.0)
        if priors[passage] < WORTH_READING * best:
            break
        scored += read([passage])
    return scored


def find_candidates(
    query: str, hits: Sequence[Hit], rows: Sequence[Sequence[float]], model: ReaderModel
) -> list[Candidate]:
    """Return what a model finds in each passage, hit by hit; of one passage no sentence twice.

    ``rows`` are the PASSAGE_FEATURES of the hits.
    """
    readings = [reading(hit.passage) for hit in hits]
    found = model.find(query, [it.text for it in readings], [it.stretches for it in readings])
    return [
        Candidate(quoted, highlight, (margin, *row[1:]))
        for hit, it, row, spans in zip(hits, readings, rows, found, strict=True)
        for quoted, highlight, margin in _quoted(hit.passage, it, spans)
    ]


def ranked(scored: Iterable[tuple[Candidate, float]]) -> list[Quote]:
    """Make quotes of candidates, best first; no two say the same, and neighbours are joined."""
    quotes = [
        Quote(one.quoted.document, one.quoted.start, one.quoted.end, one.highlight, probability)
        for one, probability in scored
    ]
    return join(distinct(sorted(quotes, key=lambda quote: -quote.score)))


def _quoted(
    passage: Passage, read: Reading, spans: Sequence[SpanPrediction]
) -> Iterator[tuple[Span, Span, float]]:
    """Yield the sentences around each span, the span and its margin; no sentence twice."""
    taken: list[Span] = []
    for span in spans:
        quoted, highlight = quoted_around(passage, read, span)
        if not any(quoted.start < other.end and other.start < quoted.end for other in taken):
            taken.append(quoted)
            yield quoted, highlight, span.margin


def quoted_around(passage: Passage, read: Reading, found: SpanPrediction) -> tuple[Span, Span]:
    """Return the sentences of a passage around what was found in it, and that itself."""
    document = passage.document
    highlight = _whole(document, *read.place(found.start, found.end))
    around = [
        (start, end)
        for start, end in sentences(document, passage.start, passage.end)
        if start < highlight.end and highlight.start < end
    ]
    return Span(document, around[0][0], around[-1][1]), highlight


def _whole(document: Document, start: int, end: int) -> Span:
    """Return ``[start, end)`` with the whole of a short cell, and of the letters at its ends."""
    known, text = outline(document), document.text
    for row in known.rows(start, end)[:1]:
        table, nth = known.table(row)
        for cell in table.cells(text, nth):
            short = cell[1] - cell[0] <= SHORT_CELL and ". " not in text[cell[0] : cell[1]]
            if short and cell[0] <= start and end <= cell[1]:
                return Span(document, *cell)
    while start > 0 and _goes_with_last(text[start]):
        start -= 1
    while end < len(text) and _goes_with_last(text[end]):
        end += 1
    return Span(document, start, end)


def _goes_with_last(character: str) -> bool:
    """Whether a character is an accent, or another part, of the letter before it."""
    return unicodedata.category(character) in ("Mn", "Me", "Mc")


def word_weights(query: str, texts: Sequence[str]) -> dict[str, float]:
    """Return the stems of a query's words, and how much each tells one passage from the others.

    That is BM25's inverse document frequency, ``log(1 + (n - df + 0.5) / (df + 0.5))`` for a word
    in ``df`` of the ``n`` passages found: above 0 for one passage as for many.
    """
    held = [_stems(text) for text in texts]
    frequencies = {stem: sum(stem in stems for stems in held) for stem in _stems(query)}
    return {
        stem: math.log1p((len(held) - frequency + 0.5) / (frequency + 0.5))
        for stem, frequency in frequencies.items()
    }


def passage_features(query: str, hits: Sequence[Hit]) -> list[tuple[float, ...]]:
    """Return the values of PASSAGE_FEATURES for each hit."""
    texts = [reading(hit.passage).text for hit in hits]
    weights = word_weights(query, texts)
    best = max((hit.bm25 for hit in hits), default=0.0)
    return [
        (hit.similarity, hit.bm25 - best, missing(weights, text))
        for hit, text in zip(hits, texts, strict=True)
    ]


def missing(weights: Mapping[str, float], text: str) -> float:
    """Return the sum of the weights of the stems that a text lacks."""
    stems = _stems(text)
    return sum(weight for stem, weight in weights.items() if stem not in stems)


def agreed(readings: Sequence[Sequence[Quote]]) -> list[Quote]:
    """Return the quotes that the readings of a question found, best first, no two the same.

    Which reading is meant is not known, so they are in the order of the mean of the probabilities
    that the readings give them, or one that shares words of the text with them. Each keeps its own
    probability, which holds if its reading is meant.
    """
    found = sorted((quote for quotes in readings for quote in quotes), key=lambda q: -q.score)
    return distinct(sorted(found, key=lambda one: -sum(_given(quotes, one) for quotes in readings)))


def trusting(quote: Quote, readings: Sequence[Sequence[Quote]]) -> int:
    """Return the first reading of a question that gives a quote NEAR_BEST of the most any gives."""
    given = [_given(quotes, quote) for quotes in readings]
    return next(nth for nth, score in enumerate(given) if score >= NEAR_BEST * max(given))


def _given(quotes: Iterable[Quote], one: Quote) -> float:
    """Return the probability that a reading gives a quote, by its own that overlap with it."""
    return max((quote.score for quote in quotes if _overlap(quote, one)), default=0.0)


def without_repeats(quotes: Iterable[Quote], said: Span) -> list[Quote]:
    """Leave out quotes that highlight what was ``said``: nothing is its own reason."""
    return [quote for quote in quotes if not _overlap(quote.highlight, said)]


def distinct(quotes: Iterable[Quote]) -> list[Quote]:
    """Leave out a quote that shares words of the text, or its answer, with one before it."""
    kept: list[tuple[Quote, set[str]]] = []  # each with the stems of its answer
    for quote in quotes:
        stems = _stems(quote.highlight.text)
        if not any(_overlap(quote, other) or stems == own != set() for other, own in kept):
            kept.append((quote, stems))
    return [quote for quote, _ in kept]


def join(quotes: Iterable[Quote]) -> list[Quote]:
    """Make one quote of neighbours that are NEARLY as likely: lists and reasons take sentences.

    Quotes are best first; what is joined keeps the score and the highlight of the best.
    """
    rest, kept = list(quotes), []
    while rest:
        best = rest.pop(0)
        while (near := next((q for q in rest if _goes_on(best, q)), None)) is not None:
            rest.remove(near)
            best = replace(best, start=min(best.start, near.start), end=max(best.end, near.end))
        kept.append(best)
    return kept


def _goes_on(best: Quote, other: Quote) -> bool:
    """Whether a quote stands right before or after a better one, in the same paragraph.

    A row of a table stands alone: it says the same of something else.
    """
    if other.document != best.document or other.score < NEARLY * best.score:
        return False
    if outline(best.document).rows(best.start, best.end):
        return False
    between = best.document.text[min(best.end, other.end) : max(best.start, other.start)]
    return not between.strip() and between.count("\n") < 2


def _overlap(one: Span, other: Span) -> bool:
    return one.document == other.document and one.start < other.end and other.start < one.end


def _stems(text: str) -> set[str]:
    """Return the words of a text that tell something, each cut to its first five letters."""
    return {word[:5] for word in content_words(text)}

"""The Reader protocol and the default: Hits -> Quotes, and when to say nothing."""

import math
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from qa_bot.answering.clauses import raised, with_body
from qa_bot.answering.cues import Cues
from qa_bot.answering.rows import lowered
from qa_bot.answering.scripts import is_foreign, quotes_by_words
from qa_bot.context import Reading, outline, reading
from qa_bot.datatypes import Document, Hit, Passage, Quote, Span
from qa_bot.models.remembered import RememberedSpans
from qa_bot.models.span_model import Levels, ReaderModel, SpanFinder, SpanPrediction, load_model
from qa_bot.paragraphs import paragraphs
from qa_bot.sentences import sentences
from qa_bot.stopwords import content_stems
from qa_bot.turns import reply_to, said_from

# Features of the calibration: the null score difference of a span (logits), how far the passage's
# BM25 score is below the best one, and the weights of the query words that the passage lacks.
FEATURES = ("score_diff", "BM25 behind", "missing from passage")
# Features of the prior, before a passage is read: the cosine instead of the score difference.
PASSAGE_FEATURES = ("similarity", *FEATURES[1:])

MIN_READ = 2  # passages that are always read
REMEMBERED = 2_000  # texts read for a question whose spans are kept
# Reading stops when the prior of every other passage is below this share of the best quote's
# probability. On 1,803 questions about SQuAD articles this reads 2.9 of 8 passages, and the first
# quote is right as often as when all are read (training.calibrate).
PRIOR_RATIO = 0.08
SHORT_CELL = 60  # characters; a shorter cell is highlighted as a whole: "9 crowns", not "9"
PRONOUNS = frozenset(
    "i me my you your he him his she her it its we us our they them their this that these those"
    " who which".split()
)
JOIN_RATIO = 0.5  # of a quote's score; a neighbour with at least so much is joined to it
# Of the highest probability that a query gives: queries so near cannot be told apart, and the
# likelier rewrite counts.
NEAR_BEST = 0.9


class Reader(Protocol):
    """Finds quotes in passages that answer a query."""

    @property
    def levels(self) -> Levels:
        """The probabilities at which a passage is quoted, and shown as a possible answer."""

    def read(self, query: str, hits: Sequence[Hit], /) -> list[Quote]:
        """Return candidate quotes, best first, each with the probability that it answers.

        Unlikely ones are included: ``select`` decides what is quoted.
        """


def select(candidates: Sequence[Quote], levels: Levels, max_quotes: int) -> tuple[Quote, ...]:
    """Return the candidates that are likely enough to be quoted, best first."""
    return tuple(quote for quote in candidates if quote.score >= levels.found)[:max_quotes]


def date_quotes(query: str, hits: Sequence[Hit]) -> list[Quote]:
    """Quote the date in the header of each article found, when the query asks for it."""
    if not Cues(query).asks_when_written:
        return []
    documents: dict[str, Document] = {hit.passage.document.id: hit.passage.document for hit in hits}
    quotes = []
    for document in documents.values():
        place = document.header.places.get("date")
        if place is not None:
            # There are two where "Wed. 6 May 2020" is split after its abbreviation.
            lines = [s for s in sentences(document) if s[0] < place[1] and place[0] < s[1]]
            quotes.append(Quote(document, lines[0][0], lines[-1][1], Span(document, *place), 1.0))
    return quotes


class SpanReader:
    """Reads question and passage together and points at the words that answer, or at none.

    Without a ``model``, the shipped weights are loaded when they are first needed; that raises
    ModelError when they are missing or altered. ``training/`` made them, and
    ``models/weights/README.md`` says what they are good and bad at. A passage that is read again
    for the same question costs nothing: the spans of the last ``remembered`` readings are kept.
    """

    def __init__(self, model: ReaderModel | None = None, remembered: int = REMEMBERED) -> None:
        self._given, self._remembered = model, remembered

    @property
    def levels(self) -> Levels:
        """The levels on the weights' card, chosen by ``training.calibrate``."""
        return self._model.card.levels

    @cached_property
    def _model(self) -> RememberedSpans:
        model = load_model() if self._given is None else self._given
        return RememberedSpans(model, self._remembered)

    def read(self, query: str, hits: Sequence[Hit], /) -> list[Quote]:
        """Return the sentences around the likeliest spans; no two have the same answer.

        Adjacent sentences that are about as likely become one quote. Passages are read in the order
        of their prior probability, as long as another one may change the best quote.
        """
        if is_foreign(query):
            return distinct(quotes_by_words(query, hits))
        card = self._model.card
        rows = passage_features(query, hits)

        def probability(candidate: Candidate) -> float:
            likely = raised(card.calibration.probability(candidate.values), query, candidate.quoted)
            return lowered(likely, query, candidate.quoted, candidate.highlight, hits)

        def read(passages: Sequence[int]) -> Scored:
            chosen = [hits[i] for i in passages], [rows[i] for i in passages]
            candidates = find_candidates(query, *chosen, self._model)
            return [(candidate, probability(candidate)) for candidate in candidates]

        quotes = to_quotes(read_by_prior([card.prior.probability(row) for row in rows], read))
        return distinct(with_body(query, quote) for quote in quotes)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Sentences that may answer, the span in them that does, and the values of FEATURES."""

    quoted: Span
    highlight: Span
    values: tuple[float, ...]


Scored = list[tuple[Candidate, float]]  # each with the probability that it answers


def read_by_prior(priors: Sequence[float], read: Callable[[Sequence[int]], Scored]) -> Scored:
    """Read passages, likeliest first, as long as another one may change the best quote.

    ``priors`` are the probabilities that each passage answers; ``read`` takes indices of passages.
    """
    order = sorted(range(len(priors)), key=lambda i: -priors[i])
    scored = read(order[:MIN_READ])
    for passage in order[MIN_READ:]:
        best = max((probability for _, probability in scored), default=0.0)
        if priors[passage] < PRIOR_RATIO * best:
            break
        scored += read([passage])
    return scored


def find_candidates(
    query: str, hits: Sequence[Hit], rows: Sequence[Sequence[float]], model: SpanFinder
) -> list[Candidate]:
    """Return the candidates in each passage, hit by hit; no sentence of a passage twice.

    ``rows`` are the PASSAGE_FEATURES of the hits.
    """
    readings = [reading(hit.passage) for hit in hits]
    texts, stretches = [it.text for it in readings], [it.stretches for it in readings]
    predictions = model.find(query, texts, stretches)
    return [
        Candidate(quoted, highlight, (score_diff, *row[1:]))
        for hit, read, row, spans in zip(hits, readings, rows, predictions, strict=True)
        for quoted, highlight, score_diff in _quoted_spans(hit.passage, read, spans)
    ]


def to_quotes(scored: Iterable[tuple[Candidate, float]]) -> list[Quote]:
    """Make quotes of candidates, best first: without repetitions, neighbours joined."""
    quotes = [
        Quote(it.quoted.document, it.quoted.start, it.quoted.end, it.highlight, probability)
        for it, probability in scored
    ]
    return join_neighbours(distinct(sorted(quotes, key=lambda quote: -quote.score)))


def _quoted_spans(
    passage: Passage, read: Reading, spans: Sequence[SpanPrediction]
) -> Iterator[tuple[Span, Span, float]]:
    """Yield the sentences around each span, the span, and its score difference; none twice."""
    taken: list[Span] = []
    for span in spans:
        quoted, highlight = sentences_around(passage, read, span)
        if not any(quoted.start < other.end and other.start < quoted.end for other in taken):
            taken.append(quoted)
            yield quoted, highlight, span.score_diff


def sentences_around(passage: Passage, read: Reading, span: SpanPrediction) -> tuple[Span, Span]:
    """Return the sentences around a predicted span, and the span to highlight.

    A span in a question of a chat or an interview stands for the reply, which is the answer. A
    pronoun alone says nothing, and the sentence is highlighted instead.
    """
    document = passage.document
    highlight = _whole(document, *read.place(span.start, span.end))
    around = [
        (start, end)
        for start, end in sentences(document, passage.start, passage.end)
        if start < highlight.end and highlight.start < end
    ]
    start, end = around[0][0], around[-1][1]
    if highlight.text.lower() in PRONOUNS:
        highlight = Span(document, start, end)
    reply = reply_to(document.text, outline(document).turns, highlight.start, highlight.end)
    if reply is None:
        return Span(document, start, end), highlight
    said = Span(document, said_from(document.text, reply), reply.end)
    return Span(document, start, max(end, reply.end)), said


def _whole(document: Document, start: int, end: int) -> Span:
    """Return ``[start, end)``, extended to a whole short cell and to whole letters at its ends.

    Of a span over several paragraphs, a heading and the text under it, the longest part is kept.
    """
    known, text = outline(document), document.text
    parts = paragraphs(text, start, end)
    start, end = max(parts, key=lambda part: part[1] - part[0], default=(start, end))
    for row in known.rows(start, end)[:1]:
        table, nth = known.table(row)
        for cell in table.cells(text, nth):
            short = cell[1] - cell[0] <= SHORT_CELL and ". " not in text[cell[0] : cell[1]]
            if short and cell[0] <= start and end <= cell[1]:
                return Span(document, *cell)
    while start > 0 and _is_combining(text[start]):
        start -= 1
    while end < len(text) and _is_combining(text[end]):
        end += 1
    return Span(document, start, end)


def _is_combining(character: str) -> bool:
    """Whether a character is combined with the one before it, as an accent is."""
    return unicodedata.category(character) in ("Mn", "Me", "Mc")


def word_weights(query: str, texts: Sequence[str]) -> dict[str, float]:
    """Return the inverse document frequency of each stem of a query, among the passages found.

    It is BM25's: ``log(1 + (n - df + 0.5) / (df + 0.5))`` for a stem in ``df`` of ``n`` texts,
    which is above 0 for any number of passages.
    """
    held = [content_stems(text) for text in texts]
    frequencies = {stem: sum(stem in stems for stems in held) for stem in content_stems(query)}
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
        (hit.similarity, hit.bm25 - best, missing_weight(weights, text))
        for hit, text in zip(hits, texts, strict=True)
    ]


def missing_weight(weights: Mapping[str, float], text: str) -> float:
    """Return the sum of the weights of the stems that are not in a text."""
    stems = content_stems(text)
    return sum(weight for stem, weight in weights.items() if stem not in stems)


def rank_by_mean(candidates: Sequence[Sequence[Quote]]) -> list[Quote]:
    """Return the candidate quotes of all queries, best first, without repetitions.

    It is not known which query is meant, so they are ranked by the mean of the probabilities that
    the queries give to them or to an overlapping quote. Each keeps its own probability, which
    holds if its query is the one that is meant.
    """
    by_score = sorted((quote for quotes in candidates for quote in quotes), key=lambda q: -q.score)
    return distinct(
        sorted(
            by_score, key=lambda q: -sum(_highest_probability(q, quotes) for quotes in candidates)
        )
    )


def best_query(quote: Quote, candidates: Sequence[Sequence[Quote]]) -> int:
    """Return the first query that gives a quote NEAR_BEST of the most that any query gives."""
    given = [_highest_probability(quote, quotes) for quotes in candidates]
    return next(nth for nth, score in enumerate(given) if score >= NEAR_BEST * max(given))


def _highest_probability(quote: Quote, candidates: Iterable[Quote]) -> float:
    """Return the highest probability of a candidate that overlaps with a quote, or 0."""
    return max((other.score for other in candidates if _overlap(other, quote)), default=0.0)


def without_span(quotes: Iterable[Quote], span: Span) -> list[Quote]:
    """Leave out each quote whose highlight overlaps with a span."""
    return [quote for quote in quotes if not _overlap(quote.highlight, span)]


def distinct(quotes: Iterable[Quote]) -> list[Quote]:
    """Leave out each quote that overlaps with one before it, or has the same highlight."""
    kept: list[tuple[Quote, set[str]]] = []  # each with the stems of its answer
    for quote in quotes:
        stems = content_stems(quote.highlight.text)
        if not any(_overlap(quote, other) or stems == own != set() for other, own in kept):
            kept.append((quote, stems))
    return [quote for quote, _ in kept]


def join_neighbours(quotes: Iterable[Quote]) -> list[Quote]:
    """Join neighbours that are about as likely: lists and reasons take several sentences.

    Quotes are best first; a joined quote has the score and the highlight of its best part.
    """
    rest, kept = list(quotes), []
    while rest:
        best = rest.pop(0)
        while (near := next((q for q in rest if _is_next_to(best, q)), None)) is not None:
            rest.remove(near)
            best = replace(best, start=min(best.start, near.start), end=max(best.end, near.end))
        kept.append(best)
    return kept


def _is_next_to(best: Quote, other: Quote) -> bool:
    """Whether a quote is adjacent to a better one, in the same paragraph, and likely enough.

    Rows of a table are not joined: each is about something else.
    """
    if other.document != best.document or other.score < JOIN_RATIO * best.score:
        return False
    if outline(best.document).rows(best.start, best.end):
        return False
    between = best.document.text[min(best.end, other.end) : max(best.start, other.start)]
    return not between.strip() and between.count("\n") < 2


def _overlap(one: Span, other: Span) -> bool:
    return one.document == other.document and one.start < other.end and other.start < one.end

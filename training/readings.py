"""The spans that the reader finds for the questions of the dev files, cached in a file.

Reading 6,300 questions takes an hour on two cores. An interrupted run continues where it stopped.
"""

import hashlib
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.data import Collection, join_titles, read_rows
from benchmarks.retrieval import RememberingEmbedder
from qa_bot.answering.reader import Candidate, find_candidates, passage_features
from qa_bot.answering.retriever import retrieve
from qa_bot.bot import Bot
from qa_bot.datatypes import Quote, Span
from qa_bot.models.embedder import load_embedder
from qa_bot.models.span_model import Card, ReaderModel, SpanPrediction

# Sources whose paragraphs with the same title are one article. In the others, each paragraph is
# an article. A source that is left out has titles with a paragraph in the training data.
TITLED = frozenset({"squad", "squadshifts-wiki", "onestopqa", "realtimeqa"})
LEFT_OUT = frozenset({"nq-qed"})
# Number of questions about the next article that are asked of each article, unanswerably.
NEIGHBOURS = {"squad": 100, "squadshifts-wiki": 60, "onestopqa": 10}


Stretches = Sequence[tuple[int, int]]  # characters [start, end) of a text that spans may lie in


class Kind(StrEnum):
    """How an article relates to a question."""

    ANSWERABLE = "answerable"
    NEAR = "near miss"  # a person wrote the question for the article, which does not answer it
    OTHER = "about something else"  # a question of another article


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to an article, and the spans that answer it."""

    source: str
    article: str
    kind: Kind
    text: str
    answers: tuple[Span, ...]

    def held_by(self, quoted: Span | Quote) -> bool:
        """Whether a quote contains a whole answer."""
        return any(
            quoted.start <= answer.start and answer.end <= quoted.end for answer in self.answers
        )


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and the candidates in each passage retrieved for it, best first."""

    asked: Asked
    rows: tuple[tuple[float, ...], ...]  # the PASSAGE_FEATURES of each passage
    found: tuple[tuple[Candidate, ...], ...]  # the candidates of each passage

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The candidates of all passages."""
        return tuple(candidate for found in self.found for candidate in found)


class RememberingModel:
    """A ReaderModel that caches its spans in a file."""

    def __init__(self, model: ReaderModel, file: Path) -> None:
        self.card: Card = model.card
        self._model = model
        self._found: dict[str, list[SpanPrediction]] = {}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        for line in file.read_text("utf-8").splitlines():
            key, spans = json.loads(line)
            self._found[key] = [SpanPrediction(*span) for span in spans]
        self._file = file.open("a", encoding="utf-8")

    def find(
        self, query: str, texts: Sequence[str], stretches: Sequence[Stretches]
    ) -> list[list[SpanPrediction]]:
        """Return the likeliest spans of each text, as ReaderModel.find does."""
        keys = [reading_key(query, text) for text in texts]
        new = [i for i, key in enumerate(keys) if key not in self._found]
        if new:
            chosen = [texts[i] for i in new], [stretches[i] for i in new]
            for i, spans in zip(new, self._model.find(query, *chosen), strict=True):
                self._found[keys[i]] = spans
                written = [[span.start, span.end, round(span.score_diff, 4)] for span in spans]
                print(json.dumps([keys[i], written]), file=self._file, flush=True)
        return [self._found[key] for key in keys]


def reading_key(query: str, text: str) -> str:
    """Return a key for a question with a text."""
    return hashlib.sha256(f"{query}\0{text}".encode()).hexdigest()[:24]


def read_questions(file: Path, model: Any, sample: int | None = None) -> list[Question]:
    """Read the passages that are retrieved for every question of a dev file.

    At most ``sample`` questions of each article, drawn with a fixed seed. ``model`` has the
    ``find`` of ReaderModel.
    """
    embedder = RememberingEmbedder(load_embedder())
    asked = list(ask(file, sample))
    found = []
    with tqdm(total=sum(len(questions) for _, questions in asked), unit="question") as bar:
        for collection, questions in asked:
            bot = Bot.from_documents(collection.documents, embedder=embedder)
            for one in questions:
                hits = retrieve([bot.index], bot.embedder, one.text, bot.config)
                rows = passage_features(one.text, hits)
                candidates = tuple(
                    tuple(find_candidates(one.text, [hit], [row], model))
                    for hit, row in zip(hits, rows, strict=True)
                )
                found.append(Question(one, tuple(rows), candidates))
                bar.update()
    return [question for question in found if question.candidates]


def ask(file: Path, sample: int | None = None) -> Iterator[tuple[Collection, list[Asked]]]:
    """Yield each article of a file with its questions and some about the next article."""
    rows = read_rows(file)
    for source in dict.fromkeys(row["source"] for row in rows):
        if source not in LEFT_OUT:
            articles = _articles([row for row in rows if row["source"] == source], source)
            for i, article in enumerate(articles):
                yield article, _questions(article, articles[(i + 1) % len(articles)], sample)


def _articles(rows: Sequence[Mapping[str, Any]], source: str) -> list[Collection]:
    if source not in TITLED:
        rows = [{**row, "title": reading_key(row["title"], row["context"])} for row in rows]
    return join_titles(rows, unanswerable=True)


def _questions(article: Collection, neighbour: Collection, sample: int | None) -> list[Asked]:
    rng = random.Random(0)
    title = article.documents[0].title
    own = [
        Asked(
            article.source,
            title,
            Kind.ANSWERABLE if case.answers else Kind.NEAR,
            case.question,
            case.answers,
        )
        for case in article.cases
    ]
    if sample is not None:
        own = rng.sample(own, min(sample, len(own)))
    others = [case.question for case in neighbour.cases if case.answers]
    count = min(NEIGHBOURS.get(article.source, 1), len(others), sample or len(others))
    return own + [
        Asked(article.source, title, Kind.OTHER, question, ())
        for question in rng.sample(others, count)
    ]

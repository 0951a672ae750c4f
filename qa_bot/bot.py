"""Both flows, from top to bottom: build an index, answer a question. A Bot keeps no session."""

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Self

from qa_bot.answering.cues import asks_reason, asks_whether
from qa_bot.answering.history import Turn, highlighted
from qa_bot.answering.reader import (
    Reader,
    SpanReader,
    agreed,
    date_quotes,
    select,
    trusting,
    without_repeats,
)
from qa_bot.answering.retriever import retrieve
from qa_bot.answering.rewriter import Rewrite, rewrites
from qa_bot.config import Config
from qa_bot.datatypes import Answer, Document, Quote, Span, Understood
from qa_bot.documents.loader import load
from qa_bot.models.embedder import Embedder, fingerprint, load_embedder
from qa_bot.models.span_model import Levels
from qa_bot.report import Report
from qa_bot.store.index import Index, Progress, lock, manifest_stamp, stored_settings


class Bot:
    """Answers questions about the documents of one index; many threads may ask at once."""

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        reader: Reader | None = None,
        config: Config | None = None,
    ) -> None:
        _check_config(config)
        self.index = index
        self.config = Config().of_index(index.settings) if config is None else config
        self.embedder = embedder
        self.reader = SpanReader() if reader is None else reader

    @classmethod
    def from_documents(
        cls,
        documents: Iterable[Document],
        config: Config | None = None,
        *,
        embedder: Embedder | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Build a Bot in memory."""
        _check_config(config)
        config = Config() if config is None else config
        embedder = load_embedder(config.model) if embedder is None else embedder
        index = Index.new(config.build_settings(), embedder)
        index.add(documents, embedder, progress)
        return cls(index, embedder, config=config)

    @classmethod
    def build(
        cls,
        paths: Iterable[str | Path],
        folder: str | Path,
        config: Config | None = None,
        *,
        embedder: Embedder | None = None,
        title: str | None = None,
        skip_errors: bool = False,
        on_report: Callable[[Report], None] | None = None,
        reading: Progress | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Read files and folders into the index in ``folder``, made when there is none.

        An article that is already in it changes nothing. A ``title`` takes the place of what the
        one file that is read calls itself. Without a ``config``, an index that is
        there keeps the settings it was built with. ``skip_errors`` and ``on_report`` are for files
        that cannot be read, see ``load``; ``reading`` is told of files, ``progress`` of passages.
        Raises ArticleError for a file that cannot be read, IndexMismatchError for an index of
        another model or other settings; the folder then stays as it was. Raises ValueError for
        a title of several documents.
        """
        _check_config(config)
        config = Config().of_index(stored_settings(folder)) if config is None else config
        documents = load(paths, skip_errors=skip_errors, on_report=on_report, progress=reading)
        if title is not None:
            documents = [_titled(documents, title)]
        embedder = load_embedder(config.model) if embedder is None else embedder
        with lock(folder):
            index = Index.open_or_new(folder, config.build_settings(), embedder)
            if index.add(documents, embedder, progress):
                index.save(folder)
        return cls(index, embedder, config=config)

    @classmethod
    def open(
        cls, folder: str | Path, config: Config | None = None, *, embedder: Embedder | None = None
    ) -> Self:
        """Open a saved index with the model it was built with.

        Raises IndexNotFoundError, or IndexMismatchError when its files were altered, or when
        ``config`` or ``embedder`` is not what it was built with.
        """
        _check_config(config)
        index = Index.open(folder, settings=None if config is None else config.build_settings())
        embedder = load_embedder(str(index.settings["model"])) if embedder is None else embedder
        index.check_fingerprint(fingerprint(embedder))
        return cls(index, embedder, config=config)

    @property
    def documents(self) -> tuple[Document, ...]:
        """The documents that questions are about."""
        return self.index.documents

    def answer(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        documents: Collection[str] | None = None,
        without: Collection[Understood] = (),
    ) -> Answer:
        """Answer a question by quotes, or say that the documents do not.

        ``history`` is the conversation so far, oldest first: earlier Answers, or pairs of question
        and answer text. A follow-up may mean several things: the first quote answers them best on
        the whole, and the answer has the ``query`` that it answers best and what was
        ``understood`` for it. To ask again without some of that, give it as ``without``.
        ``documents``: the ids of those that may answer, None for all. Raises ValueError for a
        question without a word in it, an unknown id, and no id at all; TypeError for a history
        that is no sequence of turns, and for ids that are no collection.
        """
        question = _words(question)
        _check_history(history)
        meant = rewrites(question, history, without)
        found = [self._find(rewrite.query, documents, len(meant)) for rewrite in meant]
        if asks_reason(question) and (said := highlighted(history[-1:])) is not None:
            found = [without_repeats(quotes, said) for quotes in found]
        answer = self._answer_of(question, meant, found)
        return replace(answer, about=self._only(documents))

    @property
    def levels(self) -> Levels:
        """From which probability on a quote is given, and from which on it may answer."""
        threshold = self.config.threshold
        if threshold is None:
            return self.reader.levels
        return Levels(threshold, min(threshold, self.reader.levels.perhaps))

    def _answer_of(
        self, question: str, meant: Sequence[Rewrite], found: Sequence[Sequence[Quote]]
    ) -> Answer:
        """Make an answer of the candidate quotes that each rewrite found."""
        candidates = agreed(found)
        if asks_whether(question):
            candidates = [_highlighted_whole(quote) for quote in candidates]
        most = self.config.max_quotes
        quotes = select(candidates, self.levels, most)
        if not candidates:
            return Answer(question, meant[0].query, (), 0.0, understood=meant[0].understood)
        first = next(iter(quotes or candidates))
        best = meant[trusting(first, found)]
        perhaps = not quotes and first.score >= self.levels.perhaps
        closest = () if quotes else tuple(candidates[:most])
        return Answer(question, best.query, quotes, first.score, closest, perhaps, best.understood)

    def _only(self, documents: Collection[str] | None) -> Document | None:
        """Return the document that is asked, if it is only one."""
        asked = self.documents
        if documents is not None:
            chosen = set(documents)
            asked = tuple(document for document in asked if document.id in chosen)
        return asked[0] if len(asked) == 1 else None

    def _find(self, query: str, documents: Collection[str] | None, queries: int) -> list[Quote]:
        """Return candidate quotes, best first; each of several queries reads half the passages.

        So three cost half as much again as one.
        """
        top_k = self.config.top_k if queries == 1 else math.ceil(self.config.top_k / 2)
        config = replace(self.config, top_k=top_k)
        hits = retrieve(self.index, self.embedder, query, config, documents)
        return [*date_quotes(query, hits), *self.reader.read(query, hits)]


def answer(
    question: str, history: Sequence[Turn] = (), *, index: str | Path | None = None
) -> Answer:
    """Answer a question about the shipped article, or about the index in the folder ``index``.

    The Bot is kept between calls, and opened anew when the folder has changed. See Bot.answer.
    """
    bot = default_bot() if index is None else open_bot(index)
    return bot.answer(question, history)


def default_bot() -> Bot:
    """Return the Bot of the shipped article."""
    return open_bot(shipped_index())


def open_bot(folder: str | Path) -> Bot:
    """Return the Bot of an index folder, from memory when the folder is as it was."""
    return _bot(Path(folder).resolve(), manifest_stamp(folder))


@lru_cache(maxsize=4)
def _bot(folder: Path, stamp: tuple[int, ...]) -> Bot:
    return Bot.open(folder)


def shipped_index() -> Path:
    """Return the folder of the shipped index: inside an installed package, or in a clone."""
    package = Path(__file__).parent
    installed = package / "shipped_index"
    return installed if installed.is_dir() else package.parent / "index"


def _titled(documents: Sequence[Document], title: str) -> Document:
    if len(documents) != 1:
        raise ValueError(f"a title is for one document, and {len(documents)} were read")
    if not title.strip():
        raise ValueError("a title has words in it")
    return replace(documents[0], title=title.strip(), metadata=dict(documents[0].metadata))


def _highlighted_whole(quote: Quote) -> Quote:
    """Return a quote that decides a question of yes or no: no part of it is the answer alone."""
    return replace(quote, highlight=Span(quote.document, quote.start, quote.end))


def _check_config(config: object) -> None:
    if not (config is None or isinstance(config, Config)):
        raise TypeError(f"config is a Config, not {type(config).__name__}")


def _check_history(history: object) -> None:
    if not isinstance(history, Sequence) or isinstance(history, str | bytes):
        kind = type(history).__name__
        raise TypeError(f"history is a list of Answers or (question, answer) pairs, not {kind}")


def _words(question: str) -> str:
    """Return the question without blanks around it; raises ValueError when it holds no word."""
    if not isinstance(question, str):
        raise ValueError(f"a question is a string, not {type(question).__name__}")
    # A lone surrogate is no character: no tokenizer and no database takes it.
    text = question.encode(errors="replace").decode().strip()
    if not any(character.isalnum() for character in text):
        raise ValueError("ask a question: this one has no words in it")
    return text

"""Both flows, top to bottom: build an index, answer a question. A Bot keeps no conversation."""

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Self, cast

from qa_bot.answering.cues import Cues
from qa_bot.answering.history import Turn, highlighted
from qa_bot.answering.reader import (
    Reader,
    SpanReader,
    best_query,
    date_quotes,
    rank_by_mean,
    select,
    without_span,
)
from qa_bot.answering.retriever import retrieve
from qa_bot.answering.rewriter import Rewrite, Rewriter, TermRewriter
from qa_bot.config import Config
from qa_bot.datatypes import Answer, Document, Quote, Span, Understood
from qa_bot.documents.loader import load
from qa_bot.models.embedder import Embedder, fingerprint, load_embedder
from qa_bot.models.span_model import Levels
from qa_bot.report import Report
from qa_bot.store.embedded import Progress, Spec
from qa_bot.store.index import Index
from qa_bot.store.location import store_at
from qa_bot.store.protocols import SearchIndex, Store

Sources = str | Path | Iterable[str | Path | Document]  # paths of files and folders, or Documents


class Bot:
    """Answers questions about the documents of one or more indexes. Threads may share a Bot.

    ``add`` and ``remove`` change ``index``; the ``shared`` indexes are only searched. When
    ``store`` is given, every change is saved there. Models are loaded when they are first needed:
    loading may raise ModelError, or IndexMismatchError for an embedder with other weights.
    """

    def __init__(
        self,
        index: SearchIndex,
        embedder: Embedder | None = None,
        reader: Reader | None = None,
        rewriter: Rewriter | None = None,
        config: Config | None = None,
        *,
        shared: Sequence[SearchIndex] = (),
        store: Store | None = None,
    ) -> None:
        _check_config(config)
        self.index = index
        self.config = Config().of_index(index.settings) if config is None else config
        self.reader = SpanReader() if reader is None else reader
        self.rewriter = TermRewriter() if rewriter is None else rewriter
        self.store = store
        self._shared = tuple(shared)
        self._embedder = embedder

    @classmethod
    def from_documents(
        cls,
        documents: Iterable[Document],
        config: Config | None = None,
        *,
        embedder: Embedder | None = None,
        reader: Reader | None = None,
        rewriter: Rewriter | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Build a Bot whose index is kept in memory."""
        _check_config(config)
        config = Config() if config is None else config
        embedder = load_embedder(config.model) if embedder is None else embedder
        index = Index.new(config.build_settings(), embedder)
        index.add(documents, embedder, progress)
        return cls(index, embedder, reader, rewriter, config)

    @classmethod
    def build(
        cls,
        paths: Sources,
        folder: str | Path,
        config: Config | None = None,
        *,
        embedder: Embedder | None = None,
        reader: Reader | None = None,
        rewriter: Rewriter | None = None,
        title: str | None = None,
        skip_errors: bool = False,
        on_report: Callable[[Report], None] | None = None,
        reading: Progress | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Add files and folders to the index saved in ``folder``, or to a new one.

        Without a ``config``, an existing index keeps the settings it was built with. For the other
        parameters see ``add``. Raises ArticleError for a file that cannot be read, and
        IndexMismatchError for an index of another model or other settings; the folder is then left
        unchanged.
        """
        _check_config(config)
        store = store_at(folder)
        config = Config().of_index(store.settings()) if config is None else config
        documents = _load(paths, title, skip_errors, on_report, reading)
        bot = cls.from_documents((), config, embedder=embedder, reader=reader, rewriter=rewriter)
        bot.store = store
        bot._change(lambda index: index.add(documents, bot.embedder, progress))
        return bot

    @classmethod
    def open(
        cls,
        folder: str | Path,
        config: Config | None = None,
        *,
        embedder: Embedder | None = None,
        reader: Reader | None = None,
        rewriter: Rewriter | None = None,
    ) -> Self:
        """Open a saved index.

        Raises IndexNotFoundError when there is none, and IndexMismatchError when its files were
        altered, or when it was built with another ``config`` or ``embedder``.
        """
        _check_config(config)
        store = store_at(folder)
        index = store.open(None if config is None else config.build_settings())
        if embedder is not None:
            index.check_fingerprint(fingerprint(embedder))
        return cls(index, embedder, reader, rewriter, config, store=store)

    @classmethod
    def rebuild(
        cls,
        folder: str | Path,
        config: Config | None = None,
        *,
        embedder: Embedder | None = None,
        reader: Reader | None = None,
        rewriter: Rewriter | None = None,
        on_lost: Callable[[str], None] | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Build a saved index again from the documents in it, even if it is damaged.

        Without a ``config``, it keeps its settings. ``on_lost`` is called with the name of each
        document whose file is missing. Raises IndexNotFoundError if there is nothing to rebuild.
        """
        _check_config(config)
        store = store_at(folder)
        config = Config().of_index(store.settings()) if config is None else config
        embedder = load_embedder(config.model) if embedder is None else embedder
        index, lost = store.rebuild(embedder, config.build_settings(), progress)
        if on_lost is not None:
            for name in lost:
                on_lost(name)
        return cls(index, embedder, reader, rewriter, config, store=store)

    def extended(self) -> Self:
        """Return a Bot that has these documents too; documents added to it are not added here."""
        index = Index(self.index.settings, self.index.fingerprint, self.index.dimension)
        parts = self.embedder, self.reader, self.rewriter, self.config
        return type(self)(index, *parts, shared=self._indexes)

    @cached_property
    def embedder(self) -> Embedder:
        """The model of the index."""
        if self._embedder is not None:
            return self._embedder
        embedder = load_embedder(str(self.index.settings["model"]))
        self.index.check_fingerprint(fingerprint(embedder))
        return embedder

    @property
    def documents(self) -> tuple[Document, ...]:
        """All documents of this Bot, each once; those of the shared indexes come first."""
        documents = (document for index in self._indexes for document in index.documents)
        return tuple({document.id: document for document in documents}.values())

    def add(
        self,
        sources: Sources,
        *,
        title: str | None = None,
        skip_errors: bool = False,
        on_report: Callable[[Report], None] | None = None,
        reading: Progress | None = None,
        progress: Progress | None = None,
    ) -> tuple[Document, ...]:
        """Add files and folders, or Documents, and return the documents that were new.

        ``title`` replaces the title of a single document. For ``skip_errors`` and ``on_report`` see
        ``load``. ``reading`` is called with (files read, files in all), ``progress`` with (passages
        embedded, passages in all). If there is an error, nothing is added. Raises ArticleError for
        a file that cannot be read, and ValueError for a title with several documents.
        """
        documents = _load(sources, title, skip_errors, on_report, reading)
        return self._change(lambda index: index.add(documents, self.embedder, progress))

    def remove(self, ids: Iterable[str]) -> tuple[Document, ...]:
        """Remove documents by id and return them.

        Raises QABotError for an unknown id; no document is removed then.
        """
        id_list = tuple(ids)
        return self._change(lambda index: index.remove(id_list))

    def answer(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        documents: Collection[str] | None = None,
        without: Collection[Understood] = (),
    ) -> Answer:
        """Answer a question with quotes, or say that the documents do not answer it.

        ``history`` is the conversation so far, oldest first: Answers, or pairs of question and
        answer text. A follow-up may be rewritten in several ways; the quotes are then ranked by how
        well they answer all of them, and the Answer has the ``query`` that its first quote answers
        best, with what was ``understood`` for it. To exclude part of that, ask again with the part
        as ``without``. ``documents`` are the ids of the documents to search; None means all. Raises
        ValueError for a question without words, an unknown id, and an empty collection of ids;
        TypeError for a history or ids of another type.
        """
        question = _checked_question(question)
        _check_history(history)
        rewrites = self.rewriter.rewrite(question, history, without)
        queries = [rewrite.query for rewrite in rewrites]
        candidates = [self._candidates(query, documents, len(queries)) for query in queries]
        if Cues(question).asks_reason and (last_quoted := highlighted(history[-1:])) is not None:
            candidates = [without_span(quotes, last_quoted) for quotes in candidates]
        answer = self._select(question, rewrites, candidates)
        return answer if answer.found else replace(answer, about=self._only_document(documents))

    @property
    def levels(self) -> Levels:
        """The probabilities at which a passage is quoted, and shown as a possible answer."""
        threshold = self.config.threshold
        if threshold is None:
            return self.reader.levels
        return Levels(threshold, min(threshold, self.reader.levels.perhaps))

    @property
    def _indexes(self) -> tuple[SearchIndex, ...]:
        return (*self._shared, self.index)

    def _only_document(self, ids: Collection[str] | None) -> Document | None:
        """Return the document that is searched if it is only one, else None."""
        searched = self.documents
        if ids is not None:
            chosen = set(ids)
            searched = tuple(document for document in searched if document.id in chosen)
        return searched[0] if len(searched) == 1 else None

    def _candidates(
        self, query: str, documents: Collection[str] | None, queries: int
    ) -> list[Quote]:
        """Return candidate quotes, best first.

        Each of several queries reads half as many passages: three cost 1.5 times as much as one.
        """
        top_k = self.config.top_k if queries == 1 else math.ceil(self.config.top_k / 2)
        config = replace(self.config, top_k=top_k)
        hits = retrieve(self._indexes, self.embedder, query, config, documents)
        return [*date_quotes(query, hits), *self.reader.read(query, hits)]

    def _select(
        self, question: str, rewrites: Sequence[Rewrite], candidates: Sequence[Sequence[Quote]]
    ) -> Answer:
        """Make an Answer from the candidate quotes of each rewrite."""
        ranked = rank_by_mean(candidates)
        if Cues(question).asks_whether:
            ranked = [_highlighted_whole(quote) for quote in ranked]
        if not ranked:
            first = rewrites[0]
            return Answer(question, first.query, (), 0.0, understood=first.understood)
        levels, max_quotes = self.levels, self.config.max_quotes
        quotes = select(ranked, levels, max_quotes)
        best = next(iter(quotes or ranked))
        asked = rewrites[best_query(best, candidates)]  # the rewrite that it answers best
        perhaps = not quotes and best.score >= levels.perhaps
        closest = () if quotes else tuple(ranked[:max_quotes])
        return Answer(question, asked.query, quotes, best.score, closest, perhaps, asked.understood)

    def _change(
        self, change: Callable[[SearchIndex], tuple[Document, ...]]
    ) -> tuple[Document, ...]:
        """Change the index; a saved index is locked, read again, changed and saved.

        It is read again because another process may have changed it.
        """
        if self.store is None:
            return change(self.index)
        spec = Spec(self.index.settings, self.index.fingerprint, self.index.dimension)
        with self.store.writing(spec) as index:
            changed = change(index)
        self.index = index
        return changed


def answer(
    question: str, history: Sequence[Turn] = (), *, index: str | Path | None = None
) -> Answer:
    """Answer a question about the shipped article, or about the index in the folder ``index``.

    The Bot is cached between calls, and opened again if the folder has changed. See Bot.answer.
    """
    bot = default_bot() if index is None else open_bot(index)
    return bot.answer(question, history)


def default_bot() -> Bot:
    """Return the Bot of the shipped article."""
    return open_bot(shipped_index())


def open_bot(folder: str | Path) -> Bot:
    """Return the Bot of a saved index; it is cached until the index changes."""
    store = store_at(folder)
    return _bot(store.location, store.stamp())


@lru_cache(maxsize=4)
def _bot(location: str, stamp: tuple[object, ...]) -> Bot:
    return Bot.open(location)


def shipped_index() -> Path:
    """Return the folder of the shipped index, in an installed package or in a clone."""
    package = Path(__file__).parent
    installed = package / "shipped_index"
    return installed if installed.is_dir() else package.parent / "index"


def _load(
    sources: Sources,
    title: str | None,
    skip_errors: bool,
    on_report: Callable[[Report], None] | None,
    progress: Progress | None,
) -> list[Document]:
    """Return the Documents in ``sources``, or read those at the paths in it."""
    if isinstance(sources, Iterable) and not isinstance(sources, str | bytes):
        sources = list(sources)
    documents = _documents_in(sources)
    if not documents:
        paths = cast(str | Path | list[str | Path], sources)  # load raises for anything else
        documents = load(paths, skip_errors=skip_errors, on_report=on_report, progress=progress)
    return documents if title is None else [_with_title(documents, title)]


def _documents_in(sources: Sources) -> list[Document]:
    """Return the sources if all of them are Documents, else an empty list."""
    listed = sources if isinstance(sources, list) else []
    documents = [source for source in listed if isinstance(source, Document)]
    return documents if len(documents) == len(listed) else []


def _with_title(documents: Sequence[Document], title: str) -> Document:
    if len(documents) != 1:
        raise ValueError(f"a title is for one document, but {len(documents)} were read")
    if not title.strip():
        raise ValueError("a title needs words")
    return replace(documents[0], title=title.strip(), metadata=dict(documents[0].metadata))


def _highlighted_whole(quote: Quote) -> Quote:
    """Return a quote that is highlighted as a whole, for a yes-or-no question."""
    return replace(quote, highlight=Span(quote.document, quote.start, quote.end))


def _check_config(config: object) -> None:
    if not (config is None or isinstance(config, Config)):
        raise TypeError(f"config must be a Config, not {type(config).__name__}")


def _check_history(history: object) -> None:
    if not isinstance(history, Sequence) or isinstance(history, str | bytes):
        kind = type(history).__name__
        raise TypeError(
            f"history must be a list of Answers or (question, answer) pairs, not {kind}"
        )


def _checked_question(question: str) -> str:
    """Return the question without whitespace around it; raises ValueError if it has no words."""
    if not isinstance(question, str):
        raise ValueError(f"a question must be a string, not {type(question).__name__}")
    # Tokenizers and SQLite refuse lone surrogates, which are not characters.
    text = question.encode(errors="replace").decode().strip()
    if not any(character.isalnum() for character in text):
        raise ValueError("ask a question: this one has no words in it")
    return text

"""The Index: documents cut into passages, found by meaning (FAISS) and by words (SQLite's BM25).

``vectors.py`` has the vectors, ``bm25.py`` the words; ``folder.py`` keeps an Index on disk.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from qa_bot.context import context_of, reading
from qa_bot.datatypes import Document, Hit, Passage
from qa_bot.errors import IndexMismatchError, IndexNotFoundError, ModelError, QABotError
from qa_bot.models.embedder import (
    Embedder,
    Vectors,
    embed_passages,
    embed_query,
    token_counter,
    token_limit,
)
from qa_bot.models.embedder import fingerprint as fingerprint_of
from qa_bot.splitter import split
from qa_bot.store.bm25 import BM25Index
from qa_bot.store.folder import (
    Stored,
    check_fingerprint,
    lock,
    manifest_stamp,
    mismatch,
    read,
    recover,
    stored_settings,
    write,
)
from qa_bot.store.manifest import Settings
from qa_bot.store.vectors import VectorIndex

__all__ = ["Index", "Progress", "lock", "manifest_stamp", "rebuild", "stored_settings"]

Progress = Callable[[int, int], None]  # called with (passages done, passages in all)

REMADE_UP_TO = 10_000  # passages whose table of words is made anew, in a second, to add others
BATCH = 16  # passages embedded at a time: a question waits for one batch, not for a document
_BREATH = 0.001  # seconds between two batches, in which questions get their turn


class Index:
    """Passages of documents, with a vector and the words of each; many threads may search at once.

    Every change makes new tables and replaces the old ones in one step. So a search sees the index
    before or after it, never between. What is added to a large index goes into a copy of its
    tables. Otherwise they are made anew: what was removed is nowhere, and the same documents in
    the same order give the same files.
    """

    def __init__(self, settings: Settings, fingerprint: str, dimension: int) -> None:
        """Make an empty index for a model: ``fingerprint`` of its weights, size of its vectors."""
        self.settings: Settings = dict(settings)
        self.fingerprint = fingerprint
        self.dimension = dimension
        self._folder: Path | None = None  # where it was opened, for messages
        self._changing = threading.Lock()
        self._content = _Content.of((), (), np.empty((0, dimension), dtype=np.float32))

    @classmethod
    def new(cls, settings: Settings, embedder: Embedder) -> Self:
        """Make an empty index for an embedder."""
        return cls(settings, fingerprint_of(embedder), len(embed_query(embedder, "dimension")))

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        settings: Settings | None = None,
        fingerprint: str | None = None,
    ) -> Self:
        """Read a saved index, everything in it checked.

        Raises IndexNotFoundError when there is none; IndexMismatchError when a file is missing or
        altered, or when it was built with other ``settings`` or another ``fingerprint``.
        """
        stored = read(Path(folder), settings, fingerprint)
        try:
            content = _Content.restore(stored)
        except (ValueError, TypeError, LookupError, RuntimeError, sqlite3.Error) as error:
            raise mismatch(folder, f"its tables are damaged ({error})") from error
        index = cls(stored.settings, stored.fingerprint, stored.dimension)
        index._folder = Path(folder)
        index._content = content
        return index

    @classmethod
    def open_or_new(cls, folder: str | Path, settings: Settings, embedder: Embedder) -> Self:
        """Open the index in a folder, or make an empty one when there is none. Raises as open."""
        try:
            return cls.open(folder, settings=settings, fingerprint=fingerprint_of(embedder))
        except IndexNotFoundError:
            return cls.new(settings, embedder)

    def __len__(self) -> int:
        return len(self._content.passages)

    @property
    def documents(self) -> tuple[Document, ...]:
        """The documents, in the order they were added."""
        return self._content.documents

    @property
    def passages(self) -> tuple[Passage, ...]:
        """All passages, document after document."""
        return self._content.passages

    def check_fingerprint(self, fingerprint: str) -> None:
        """Raise IndexMismatchError unless the index was built with weights of this fingerprint."""
        if self._folder is not None:
            check_fingerprint(self._folder, self.fingerprint, fingerprint)
        elif fingerprint != self.fingerprint:
            raise IndexMismatchError(
                f"the index is of model weights {self.fingerprint[:12]}, not {fingerprint[:12]}: "
                "make a new one"
            )

    def add(
        self, documents: Iterable[Document], embedder: Embedder, progress: Progress | None = None
    ) -> tuple[Document, ...]:
        """Add documents and return those that were new; on an error nothing is added.

        Raises IndexMismatchError for an embedder with other weights than the index's, TypeError
        for what is no Document.
        """
        self.check_fingerprint(fingerprint_of(embedder))
        with self._changing:
            old = self._content
            added = _new_documents(_checked(documents), old.documents)
            if added:
                passages = self._split(added, embedder)
                vectors = self._embed(passages, embedder, progress)
                self._content = old.added(added, passages, vectors)
        return added

    def remove(self, ids: Iterable[str]) -> tuple[Document, ...]:
        """Remove documents and return them; raises QABotError, removing none, for an unknown id."""
        gone = set(ids)
        with self._changing:
            old = self._content
            if unknown := gone - {document.id for document in old.documents}:
                raise QABotError(
                    f"there is no article {min(unknown)!r} in the index: see them with: qa-bot list"
                )
            rows = [row for row, it in enumerate(old.passages) if it.document.id not in gone]
            self._content = _Content.of(
                tuple(document for document in old.documents if document.id not in gone),
                tuple(old.passages[row] for row in rows),
                old.vectors.matrix()[rows],
            )
        return tuple(document for document in old.documents if document.id in gone)

    def search_dense(
        self, vector: Vectors, k: int, documents: Collection[str] | None = None
    ) -> list[Hit]:
        """Return the ``k`` passages nearest to a unit vector ``(dim,)``, best first.

        A score is the cosine, in [-1, 1]. Among very many passages a few of the ``k`` may be
        missed (see ``VectorIndex``), among those of chosen documents none. ``documents``: the ids
        of those to search, None for all; raises ValueError when there are none, or when one is not
        in the index.
        """
        _check_count(k)
        if vector.shape != (self.dimension,):
            raise ValueError(f"a vector of shape {vector.shape} in an index of {self.dimension}")
        content = self._content
        check_ids(documents, content.rows)
        return content.search_dense(vector, k, documents)

    def search_bm25(
        self, query: str, k: int, documents: Collection[str] | None = None
    ) -> list[Hit]:
        """Return the ``k`` best passages that hold a word of the query, best first.

        Words count in any of their forms ("attacked" finds "attacks"). A score is above 0: BM25
        with k1 = 1.2 and b = 0.75 (https://www.sqlite.org/fts5.html#the_bm25_function), in which a
        word is as rare as it is in the whole index. The query is any text; nothing in it is an
        operator. ``documents``: as for ``search_dense``.
        """
        _check_count(k)
        content = self._content
        check_ids(documents, content.rows)
        return content.search_bm25(query, k, documents)

    def save(self, folder: str | Path) -> None:
        """Write the index to a folder, in place of one that is there: all of it or nothing.

        Raises QABotError when that cannot be done. To change a saved index, hold ``lock(folder)``
        from open to save, or another writer's change between them is lost.
        """
        write(Path(folder), self._stored())

    def _stored(self) -> Stored:
        content = self._content
        return Stored(
            settings=self.settings,
            fingerprint=self.fingerprint,
            dimension=self.dimension,
            documents=content.documents,
            passage_count=len(content.passages),
            passages=content.words.serialize(),
            vectors=content.vectors.serialize(),
        )

    def _split(self, documents: Iterable[Document], embedder: Embedder) -> tuple[Passage, ...]:
        count, limit = token_counter(embedder), token_limit(embedder)
        chars, overlap = self.settings["passage_chars"], self.settings["passage_overlap"]
        return tuple(
            passage
            for document in documents
            for passage in split(document, count, limit, chars, overlap)
        )

    def _embed(
        self, passages: tuple[Passage, ...], embedder: Embedder, progress: Progress | None
    ) -> Vectors:
        """Return the vectors of passages ``(n, dim)``; raises ModelError for unfit ones.

        Passages of a batch are about equally long, the longest first: a model reads each as if it
        had the length of the longest in its batch.
        """
        vectors = np.empty((len(passages), self.dimension), dtype=np.float32)
        order = sorted(
            range(len(passages)), key=lambda row: passages[row].start - passages[row].end
        )
        for start in range(0, len(order), BATCH):
            if start:  # a lock is not fair: who releases it and asks again gets it again
                time.sleep(_BREATH)
            rows = order[start : start + BATCH]
            vectors[rows] = self._embed_batch(
                [reading(passages[row]).text for row in rows], embedder
            )
            if progress is not None:
                progress(start + len(rows), len(passages))
        return vectors

    def _embed_batch(self, texts: list[str], embedder: Embedder) -> Vectors:
        vectors = embed_passages(embedder, texts)
        if vectors.shape != (len(texts), self.dimension) or not np.isfinite(vectors).all():
            raise ModelError(
                f"the model gave vectors of shape {vectors.shape}, or not finite, where "
                f"({len(texts)}, {self.dimension}) are due: index with another --model"
            )
        return vectors


@dataclass(frozen=True, slots=True)
class _Content:
    """What an index holds at one moment. Row ``n`` of each table is passage ``n``."""

    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]
    words: BM25Index
    vectors: VectorIndex
    rows: Mapping[str, range]  # of each document's passages, which stand together; by id

    @classmethod
    def of(
        cls, documents: tuple[Document, ...], passages: tuple[Passage, ...], matrix: Vectors
    ) -> Self:
        """Make the tables of passages, given their vectors ``(n, dim)``."""
        rows = _rows(documents, passages)
        return cls(documents, passages, BM25Index.build(passages), VectorIndex.build(matrix), rows)

    def added(
        self, documents: tuple[Document, ...], passages: tuple[Passage, ...], matrix: Vectors
    ) -> Self:
        """Return these tables and more; ``matrix`` has the vectors ``(n, dim)`` of the new ones."""
        every = self.passages + passages
        if len(every) <= REMADE_UP_TO:
            words = BM25Index.build(every)
        else:
            words = self.words.added(passages, len(self.passages))
        documents = self.documents + documents
        vectors = self.vectors.added(matrix)
        return type(self)(documents, every, words, vectors, _rows(documents, every))

    @classmethod
    def restore(cls, stored: Stored) -> Self:
        """Make the tables of what a folder held; raises an error when they do not agree."""
        words = BM25Index.deserialize(stored.passages)
        documents = {document.id: document for document in stored.documents}
        rows = words.passages()
        ids = list(range(len(rows)))
        if len(rows) != stored.passage_count:
            raise ValueError(f"{len(rows)} passages where {stored.passage_count} are due")
        if [row[0] for row in rows] != ids or words.ids() != ids:
            raise ValueError("the passages are not those whose words are kept")
        passages = tuple(
            Passage(documents[name], start, end, context_of(documents[name], start, end))
            for _, name, start, end in rows
        )
        vectors, due = VectorIndex.restore(stored.vectors), (len(ids), stored.dimension)
        if vectors.shape != due:
            raise ValueError(f"vectors of shape {vectors.shape} where {due} is due")
        return cls(stored.documents, passages, words, vectors, _rows(stored.documents, passages))

    def search_dense(self, vector: Vectors, k: int, documents: Collection[str] | None) -> list[Hit]:
        rows = None
        if documents is not None:
            ranges = [self.rows[name] for name in set(documents)]
            rows = np.concatenate([np.arange(it.start, it.stop) for it in ranges])
        return [
            Hit(self.passages[row], score) for row, score in self.vectors.search(vector, k, rows)
        ]

    def search_bm25(self, query: str, k: int, documents: Collection[str] | None) -> list[Hit]:
        found = self.words.search(query, min(k, len(self.passages)), documents)
        return [Hit(self.passages[row], score) for row, score in found]


def rebuild(
    folder: str | Path, embedder: Embedder, settings: Settings, progress: Progress | None = None
) -> tuple[Index, tuple[str, ...]]:
    """Make the index of a folder anew from the articles in it, whatever the state of the rest.

    Returns the index, and the names of articles that the manifest knows and nobody can bring
    back: their files are gone. See ``folder.recover`` for altered articles and a lost manifest.
    """
    with lock(folder):
        documents, lost = recover(Path(folder))
        index = Index.new(settings, embedder)
        index.add(documents, embedder, progress)
        write(Path(folder), index._stored(), mend=True)
    return index, lost


def _checked(documents: object) -> list[Document]:
    """Return the documents that were given; raises TypeError, saying what was wanted."""
    if not isinstance(documents, Iterable) or isinstance(documents, str | bytes):
        kind = type(documents).__name__
        raise TypeError(f"documents are a collection of Documents, not {kind}")
    given = list(documents)
    for document in given:
        if not isinstance(document, Document):
            raise TypeError(
                f"documents holds a {type(document).__name__}: make Documents of texts with "
                "Document.from_text"
            )
    return given


def _new_documents(
    documents: Iterable[Document], known: Iterable[Document]
) -> tuple[Document, ...]:
    """Return the documents that are not known yet, each once, in order."""
    seen = {document.id for document in known}
    new: dict[str, Document] = {}
    for document in documents:
        if document.id not in seen:
            new.setdefault(document.id, document)
    return tuple(new.values())


def _rows(documents: Iterable[Document], passages: Iterable[Passage]) -> dict[str, range]:
    """Return the rows of each document; raises ValueError when they do not stand together."""
    counts = {document.id: 0 for document in documents}
    first: dict[str, int] = {}
    for row, passage in enumerate(passages):
        name = passage.document.id
        if first.setdefault(name, row) + counts[name] != row:
            raise ValueError("the passages of a document do not stand together")
        counts[name] += 1
    return {name: range(first.get(name, 0), first.get(name, 0) + n) for name, n in counts.items()}


def check_ids(chosen: Collection[str] | None, known: Collection[str]) -> None:
    """Raise ValueError for an unknown id or an empty choice, TypeError for what is no choice."""
    if chosen is None:
        return
    if not isinstance(chosen, Collection) or isinstance(chosen, str | bytes):
        raise TypeError(f"documents are a collection of ids, not {type(chosen).__name__}")
    if any(isinstance(item, Document) for item in chosen):
        raise TypeError("documents are given by their ids: document.id")
    if not chosen:
        raise ValueError("no document is chosen: name one or more by id, or None for all")
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise ValueError(f"there is no document with the id {unknown[0]!r:.80}")


def _check_count(k: int) -> None:
    if k < 1:
        raise ValueError(f"k is a number of passages, 1 or more, not {k}")

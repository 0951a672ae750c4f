"""The Index: documents cut into passages, found by meaning (FAISS) and by words (SQLite's BM25).

``vectors.py`` has the vectors, ``bm25.py`` the words; ``folder.py`` keeps an Index on disk.
"""

import sqlite3
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from qa_bot.context import context_of
from qa_bot.datatypes import Document, Hit, Passage
from qa_bot.errors import IndexMismatchError, IndexNotFoundError, QABotError
from qa_bot.models.embedder import Embedder, Vectors
from qa_bot.models.embedder import fingerprint as fingerprint_of
from qa_bot.store.bm25 import BM25Index
from qa_bot.store.embedded import Embedded, Progress, Spec, check_ids, checked, cut, embed
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

__all__ = [
    "Index",
    "Progress",
    "check_ids",
    "lock",
    "manifest_stamp",
    "rebuild",
    "stored_settings",
]

REMADE_UP_TO = 10_000  # passages whose table of words is made anew, in a second, to add others


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
        spec = Spec.of(settings, embedder)
        return cls(spec.settings, spec.fingerprint, spec.dimension)

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

    def check_ids(self, chosen: Collection[str] | None) -> None:
        """Raise ValueError for an unknown id or an empty choice, TypeError for no choice."""
        check_ids(chosen, self._content.rows)

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
            added = _new_documents(checked(documents), old.documents)
            if added:
                passages = tuple(
                    passage
                    for document in added
                    for passage in cut(document, embedder, self.settings)
                )
                vectors = embed(passages, embedder, self.dimension, progress)
                self._content = old.added(added, passages, vectors)
        return added

    def read(self, ids: Sequence[str]) -> list[Embedded]:
        """Return documents with their passages and vectors; raises ValueError for an unknown id."""
        content = self._content
        check_ids(ids, content.rows)
        documents = {document.id: document for document in content.documents}
        return [
            Embedded(
                documents[name],
                content.passages[rows.start : rows.stop],
                content.vectors.matrix(rows),
            )
            for name in ids
            for rows in [content.rows[name]]
        ]

    def insert(self, items: Sequence[Embedded]) -> None:
        """Add what the ``read`` of an index of the same spec returned; what is here stays."""
        with self._changing:
            old = self._content
            new = [item for item in items if item.document.id not in old.rows]
            if new:
                self._content = old.added(
                    tuple(item.document for item in new),
                    tuple(passage for item in new for passage in item.passages),
                    np.concatenate([item.vectors for item in new]),
                )

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


def _check_count(k: int) -> None:
    if k < 1:
        raise ValueError(f"k is a number of passages, 1 or more, not {k}")

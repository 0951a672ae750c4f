"""The Index: documents cut into passages, found by meaning (FAISS) and by words (BM25).

``segments.py`` has what an Index holds; ``folder.py`` keeps it on disk.
"""

import sqlite3
import threading
from collections.abc import Collection, Container, Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Self

import numpy as np

from qa_bot.datatypes import Document, Hit, Passage
from qa_bot.errors import IndexMismatchError, IndexNotFoundError, QABotError
from qa_bot.models.embedder import Embedder, Vectors
from qa_bot.models.embedder import fingerprint as fingerprint_of
from qa_bot.store.embedded import Embedded, Progress, Spec, check_ids, checked, cut, embed
from qa_bot.store.folder import (
    Stored,
    check_fingerprint,
    lock,
    manifest_stamp,
    mismatch,
    read,
    stored_settings,
)
from qa_bot.store.manifest import Counts, Settings
from qa_bot.store.recovery import recover
from qa_bot.store.segment import Segment
from qa_bot.store.segments import Limits, Segments
from qa_bot.store.writing import write

__all__ = [
    "Index",
    "Limits",
    "Progress",
    "check_ids",
    "lock",
    "manifest_stamp",
    "rebuild",
    "stored_settings",
]


class Index:
    """Passages of documents, with a vector and the words of each; many threads may search at once.

    A change makes new tables for what is new or changed and replaces the old ones in one step. So a
    search sees the index before or after it, never between. See ``segments.py`` for what a change
    costs, and for how long words and vectors of a removed document stay in the tables of a large
    index. No search finds them, and its article file is deleted by the next ``save``.
    """

    def __init__(
        self, settings: Settings, fingerprint: str, dimension: int, *, limits: Limits | None = None
    ) -> None:
        """Make an empty index for a model: ``fingerprint`` of its weights, size of its vectors."""
        self.settings: Settings = dict(settings)
        self.fingerprint = fingerprint
        self.dimension = dimension
        self._changing = threading.Lock()
        self._content = Segments(dimension, Limits() if limits is None else limits)
        # Where it was opened or saved last, and the files that are known to be right there.
        self._folder: Path | None = None
        self._kept: frozenset[str] = frozenset()

    @classmethod
    def new(cls, settings: Settings, embedder: Embedder, *, limits: Limits | None = None) -> Self:
        """Make an empty index for an embedder."""
        spec = Spec.of(settings, embedder)
        return cls(spec.settings, spec.fingerprint, spec.dimension, limits=limits)

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        settings: Settings | None = None,
        fingerprint: str | None = None,
        limits: Limits | None = None,
        known: Self | None = None,
    ) -> Self:
        """Read a saved index, everything in it checked.

        Segments of a ``known`` index that was opened or saved there are shared with it, and their
        files are not read again.

        Raises IndexNotFoundError when there is none; IndexMismatchError when a file is missing or
        altered, or when it was built with other ``settings`` or another ``fingerprint``.
        """
        limits = Limits() if limits is None else limits
        here = Segments(0, limits)
        if known is not None and known._is_at(Path(folder)):
            here = known._content
        stored = read(
            Path(folder),
            settings,
            fingerprint,
            mapped_from=limits.mapped_from,
            known=here.find_saved,
        )
        try:
            index = cls(stored.settings, stored.fingerprint, stored.dimension, limits=limits)
            index._folder = Path(folder)
            index._content = _restored(stored, limits, here)
            index._kept = index._stored().file_names()
        except (ValueError, TypeError, LookupError, RuntimeError, sqlite3.Error) as error:
            raise mismatch(folder, f"its tables are damaged ({error})") from error
        return index

    @classmethod
    def open_or_new(cls, folder: str | Path, settings: Settings, embedder: Embedder) -> Self:
        """Open the index in a folder, or make an empty one when there is none. Raises as open."""
        try:
            return cls.open(folder, settings=settings, fingerprint=fingerprint_of(embedder))
        except IndexNotFoundError:
            return cls.new(settings, embedder)

    def __len__(self) -> int:
        return len(self._content)

    @property
    def documents(self) -> tuple[Document, ...]:
        """The documents, in the order they were added."""
        return self._content.documents

    @property
    def passages(self) -> tuple[Passage, ...]:
        """All passages, document after document; gathered anew at each call."""
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
        check_ids(chosen, self._content)

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
            added = _new_documents(checked(documents), old)
            if added:
                cuts = [cut(document, embedder, self.settings) for document in added]
                passages = [passage for passages in cuts for passage in passages]
                vectors = embed(passages, embedder, self.dimension, progress)
                ends = [*accumulate(map(len, cuts))]
                parts = zip(added, cuts, np.split(vectors, ends[:-1]), strict=True)
                self._content = old.added([Embedded(*part) for part in parts])
        return added

    def read(self, ids: Sequence[str]) -> list[Embedded]:
        """Return documents with their passages and vectors; raises ValueError for an unknown id."""
        content = self._content
        check_ids(ids, content)
        return [content.read(name) for name in ids]

    def insert(self, items: Sequence[Embedded]) -> None:
        """Add what the ``read`` of an index of the same spec returned; what is here stays."""
        with self._changing:
            old = self._content
            new = {it.document.id: it for it in items if it.document.id not in old}
            if new:
                self._content = old.added([*new.values()])

    def remove(self, ids: Iterable[str]) -> tuple[Document, ...]:
        """Remove documents and return them; raises QABotError, removing none, for an unknown id."""
        gone = set(ids)
        with self._changing:
            old = self._content
            if unknown := {name for name in gone if name not in old}:
                raise QABotError(
                    f"no document {min(unknown)!r} is in the index: see them with: qa-bot list"
                )
            if gone:
                self._content = old.without(gone)
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
        check_ids(documents, content)
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
        check_ids(documents, content)
        return content.search_bm25(query, k, documents)

    def save(self, folder: str | Path) -> None:
        """Write the index to a folder, in place of one that is there: all of it or nothing.

        Files that this index has read from the folder, or written to it, are not written again.
        Raises QABotError when that cannot be done. To change a saved index, hold ``lock(folder)``
        from open to save, or another writer's change between them is lost.
        """
        self._save(Path(folder))

    def _save(self, folder: Path, *, mend: bool = False) -> None:
        kept = self._kept if self._is_at(folder) else ()
        self._kept = write(folder, self._stored(), kept=kept, mend=mend)
        self._folder = folder

    def _is_at(self, folder: Path) -> bool:
        """Whether this is the folder where the index was opened or saved last."""
        return self._folder is not None and self._folder.resolve() == folder.resolve()

    def _stored(self) -> Stored:
        content = self._content
        return Stored(
            settings=self.settings,
            fingerprint=self.fingerprint,
            dimension=self.dimension,
            counts=Counts(len(content.documents), len(content)),
            segments=[segment.stored() for segment in content.segments],
        )


def _restored(stored: Stored, limits: Limits, known: Segments) -> Segments:
    """Make the tables of what a folder held; raises an error when they do not agree."""
    segments = []
    for saved in stored.segments:
        found = known.find_saved(saved.entry)
        segments.append(Segment.restore(saved, stored.dimension) if found is None else found)
    content = Segments(stored.dimension, limits, segments)
    if len(content) != stored.counts.passages:
        raise ValueError(f"{len(content)} passages where {stored.counts.passages} are due")
    return content


def rebuild(
    folder: str | Path, embedder: Embedder, settings: Settings, progress: Progress | None = None
) -> tuple[Index, tuple[str, ...]]:
    """Make the index of a folder anew from the articles in it, whatever the state of the rest.

    Returns the index, and the names of articles that the manifest knows and nobody can bring
    back: their files are gone. See ``recovery.recover`` for altered articles and a lost manifest.
    """
    with lock(folder):
        documents, lost = recover(Path(folder))
        index = Index.new(settings, embedder)
        index.add(documents, embedder, progress)
        index._save(Path(folder), mend=True)
    return index, lost


def _new_documents(documents: Iterable[Document], known: Container[str]) -> tuple[Document, ...]:
    """Return the documents that are not known yet, each once, in order."""
    new: dict[str, Document] = {}
    for document in documents:
        if document.id not in known:
            new.setdefault(document.id, document)
    return tuple(new.values())


def _check_count(k: int) -> None:
    if k < 1:
        raise ValueError(f"k is a number of passages, 1 or more, not {k}")

"""A Segment: some documents of an index, cut into passages, in tables that never change.

``vectors.py`` has the vectors, ``bm25.py`` the words. ``segments.py`` makes an index of segments.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Self

import numpy as np

from qa_bot.context import context_of
from qa_bot.datatypes import Document, Passage, Span
from qa_bot.models.embedder import Vectors
from qa_bot.store.atomic import Buffer
from qa_bot.store.bm25 import BM25Index, Mask, Part
from qa_bot.store.embedded import Embedded
from qa_bot.store.folder import Article, StoredSegment
from qa_bot.store.manifest import Counts, SegmentEntry, SegmentFiles, article_name, list_to_json
from qa_bot.store.vectors import VectorIndex


@dataclass(frozen=True, slots=True)
class Cut:
    """A document and where its passages are, which stand together in the tables.

    Their contexts are worked out when they are asked for: it takes a look at the whole document.
    """

    article: Article
    rows: range
    places: tuple[Span, ...]

    @property
    def document(self) -> Document:
        """The document."""
        return self.article.document

    @property
    def passages(self) -> tuple[Passage, ...]:
        """Its passages in order, made at each call."""
        return tuple(map(self.passage, range(len(self.places))))

    def passage(self, number: int) -> Passage:
        """Return the passage with a number in this document, counted from 0."""
        place = self.places[number]
        context = context_of(self.document, place.start, place.end)
        return Passage(self.document, place.start, place.end, context)


class Tables:
    """What the files of a segment hold: row ``n`` of each table is the n-th passage.

    They never change, and threads may share them.
    """

    def __init__(
        self,
        cuts: Iterable[Cut],
        words: BM25Index,
        vectors: VectorIndex,
        saved: tuple[SegmentEntry, Buffer] | None = None,
    ) -> None:
        """Take the documents in order, and the tables.

        ``saved``: what a folder says of them, and the list of documents. Of those that had been
        removed there only the list knows.
        """
        self.words = words
        self.vectors = vectors
        self.cuts = {cut.document.id: cut for cut in cuts}
        self._saved = saved
        self._in_order = tuple(self.cuts.values())
        self._starts = [cut.rows.start for cut in self._in_order]

    @classmethod
    def build(cls, items: Sequence[Embedded], dimension: int, exact_up_to: int) -> Self:
        """Make the tables of documents: the same for the same documents in the same order."""
        ends = accumulate((len(item.passages) for item in items), initial=0)
        cuts = [
            Cut(
                Article(number, article_name(item.document), item.document),
                range(start, end),
                tuple(Span(item.document, it.start, it.end) for it in item.passages),
            )
            for number, (item, (start, end)) in enumerate(zip(items, pairwise(ends), strict=True))
        ]
        none = np.empty((0, dimension), dtype=np.float32)
        matrix = np.concatenate([none, *(item.vectors for item in items)])
        words = BM25Index.build(item.passages for item in items)
        return cls(cuts, words, VectorIndex.build(matrix, exact_up_to=exact_up_to))

    @classmethod
    def restore(cls, saved: StoredSegment, dimension: int) -> Self:
        """Take the tables from what a folder held; raises an error when they do not agree."""
        data = saved.tables()
        words = BM25Index.deserialize(data["passages"])
        counts = saved.entry.counts
        if len(words) != counts.passages:
            raise ValueError(f"{len(words)} passages where {counts.passages} are due")
        vectors, due = VectorIndex(data["vectors"]), (len(words), dimension)
        if vectors.shape != due:
            raise ValueError(f"vectors of shape {vectors.shape} where {due} is due")
        return cls(_cuts(saved, words.places()), words, vectors, (saved.entry, data["documents"]))

    @cached_property
    def counts(self) -> Counts:
        """How many documents and passages there are, those removed included."""
        if self._saved is not None:
            return self._saved[0].counts
        return Counts(len(self.cuts), len(self.words))

    @cached_property
    def files(self) -> SegmentFiles:
        """The names, SHA-256s and sizes of the files."""
        return SegmentFiles.of(self.data()) if self._saved is None else self._saved[0].files

    def data(self) -> dict[str, Buffer]:
        """Return the contents of the files by kind."""
        return {
            "documents": self._list,
            "passages": self.words.serialize(),
            "vectors": self.vectors.data,
        }

    @cached_property
    def _list(self) -> Buffer:
        if self._saved is not None:
            return self._saved[1]
        return list_to_json(cut.document for cut in self._in_order)

    def passage(self, row: int) -> Passage:
        """Return the passage of a row that was not removed."""
        cut = self._in_order[bisect_right(self._starts, row) - 1]
        return cut.passage(row - cut.rows.start)

    def item(self, cut: Cut) -> Embedded:
        """Return a document with its passages and vectors."""
        return Embedded(cut.document, cut.passages, self.vectors.matrix(cut.rows))


def _cuts(saved: StoredSegment, places: list[tuple[int, int, int]]) -> Iterator[Cut]:
    """Yield the documents that were not removed, cut at the places that were kept."""
    numbers = [number for number, _, _ in places]
    listed = range(saved.entry.counts.documents)
    if numbers != sorted(numbers) or any(it not in listed for it in numbers[:1] + numbers[-1:]):
        raise ValueError("the passages are not those of the documents in the list")
    for article in saved.articles:
        document = article.document
        rows = range(bisect_left(numbers, article.number), bisect_right(numbers, article.number))
        spans = (Span(document, start, end) for _, start, end in places[rows.start : rows.stop])
        yield Cut(article, rows, tuple(spans))


class Segment:
    """The documents of tables that were not removed. It never changes; threads may share it."""

    def __init__(
        self, tables: Tables, removed: frozenset[int] = frozenset(), live: Mask | None = None
    ) -> None:
        """Take tables, the numbers of the documents removed, and which rows are of the others."""
        self.tables = tables
        self.removed = removed
        self.part = Part.of(tables.words, live)

    @classmethod
    def build(cls, items: Sequence[Embedded], dimension: int, exact_up_to: int) -> Self:
        """Make a segment of documents."""
        return cls(Tables.build(items, dimension, exact_up_to))

    @classmethod
    def restore(cls, saved: StoredSegment, dimension: int) -> Self:
        """Make a segment of what a folder held; raises an error when its parts do not agree."""
        tables = Tables.restore(saved, dimension)
        removed = frozenset(saved.entry.removed)
        if not removed:
            return cls(tables)
        live = np.zeros(len(tables.words), dtype=np.bool_)
        for cut in tables.cuts.values():
            live[cut.rows.start : cut.rows.stop] = True
        return cls(tables, removed, live)

    def __len__(self) -> int:
        return self.part.size

    @property
    def rows(self) -> int:
        """How many rows the tables have, those of removed documents included."""
        return len(self.tables.words)

    def find(self, name: str) -> Cut | None:
        """Return the document with this id, if it is here."""
        cut = self.tables.cuts.get(name)
        return None if cut is None or cut.article.number in self.removed else cut

    def cuts(self) -> Iterator[Cut]:
        """Yield the documents in order."""
        return (it for it in self.tables.cuts.values() if it.article.number not in self.removed)

    def items(self, without: Collection[str] = ()) -> list[Embedded]:
        """Return all documents with their passages and vectors, except those with given ids."""
        matrix = self.tables.vectors.matrix()
        return [
            Embedded(cut.document, cut.passages, matrix[cut.rows.start : cut.rows.stop])
            for cut in self.cuts()
            if cut.document.id not in without
        ]

    def without(self, cuts: Sequence[Cut]) -> Self:
        """Return the segment without some of its documents; the tables stay as they are."""
        live = np.ones(self.rows, dtype=np.bool_) if self.part.live is None else self.part.live
        live = live.copy()
        for cut in cuts:
            live[cut.rows.start : cut.rows.stop] = False
        numbers = (cut.article.number for cut in cuts)
        return type(self)(self.tables, self.removed.union(numbers), live)

    def updated(self, entry: SegmentEntry) -> Self | None:
        """Return what a manifest says has become of this segment; None if it is of another one."""
        removed = frozenset(entry.removed)
        if self.tables.files != entry.files or not self.removed <= removed:
            return None
        gone = [cut for cut in self.cuts() if cut.article.number in removed]
        return self.without(gone) if gone else self

    def search_dense(
        self, vector: Vectors, k: int, documents: Collection[str] | None
    ) -> list[tuple[int, float]]:
        """Return the ``k`` nearest rows and their cosines; of chosen documents none is missed."""
        if documents is None:
            return self.tables.vectors.search(vector, k, self.part.live)
        return self.tables.vectors.search(vector, k, self._rows_of(documents), every_cell=True)

    def searched(self, documents: Collection[str] | None) -> Part:
        """Return the words to search: all, or those of chosen documents."""
        if documents is None:
            return self.part
        return replace(self.part, chosen=self._rows_of(documents))

    def _rows_of(self, documents: Collection[str]) -> Mask:
        chosen = np.zeros(self.rows, dtype=np.bool_)
        for cut in filter(None, map(self.find, documents)):
            chosen[cut.rows.start : cut.rows.stop] = True
        return chosen

    def stored(self) -> StoredSegment:
        """Return the segment as a folder keeps it."""
        entry = SegmentEntry(self.tables.counts, self.tables.files, tuple(sorted(self.removed)))
        return StoredSegment(entry, [cut.article for cut in self.cuts()], self.tables.data)

"""What an index holds at one moment: segments, oldest first, searched as if they were one.

A change makes new segments of what is new or changed, and shares the others:

- Documents that are added are a new segment. It is merged with the older ones from the first that
  is not larger than all after it together. So each is larger than all after it together: there are
  about log2 of the number of passages, and a passage is merged about as often.
- Up to ``remade_up_to`` passages are one segment, which is made anew at every change. The same
  documents in the same order give the same files, and nothing is left of what was removed.
- In a larger segment a document that is removed is only marked as removed: no search finds it.
  Its words and vectors stay in the tables until more than ``max_dead`` of the passages are such,
  or until the segment is merged or the index rebuilt.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain
from typing import Self

from qa_bot.datatypes import Document, Hit, Passage
from qa_bot.models.embedder import Vectors
from qa_bot.store.atomic import MAPPED_FROM
from qa_bot.store.bm25 import rank
from qa_bot.store.embedded import Embedded
from qa_bot.store.manifest import SegmentEntry
from qa_bot.store.segment import Cut, Segment
from qa_bot.store.vectors import EXACT_UP_TO


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes at which an index is kept in another way."""

    remade_up_to: int = 10_000  # passages: making their tables anew takes a second
    max_dead: float = 0.1  # share of a segment's passages, more of which have it made anew
    exact_up_to: int = EXACT_UP_TO  # vectors of a segment
    mapped_from: int = MAPPED_FROM  # bytes of a file


class Segments:
    """Documents, their passages, and the tables to find them; threads may share it."""

    def __init__(self, dimension: int, limits: Limits, segments: Sequence[Segment] = ()) -> None:
        """Take the segments, oldest first, of an index whose vectors have this dimension."""
        self.dimension = dimension
        self.limits = limits
        self.segments = tuple(segments)
        self._offsets = [0, *accumulate(segment.rows for segment in self.segments)]

    def __len__(self) -> int:
        return sum(map(len, self.segments))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(it.find(name) is not None for it in self.segments)

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """The documents, in the order they were added."""
        return tuple(cut.document for segment in self.segments for cut in segment.cuts())

    @property
    def passages(self) -> tuple[Passage, ...]:
        """All passages, document after document."""
        cuts = chain.from_iterable(segment.cuts() for segment in self.segments)
        return tuple(chain.from_iterable(cut.passages for cut in cuts))

    def read(self, name: str) -> Embedded:
        """Return the document with an id that is here, with its passages and vectors."""
        cuts = ((segment, segment.find(name)) for segment in self.segments)
        return next(segment.tables.item(cut) for segment, cut in cuts if cut is not None)

    def find_saved(self, entry: SegmentEntry) -> Segment | None:
        """Return the segment that a manifest describes, if its tables are here."""
        found = (segment.updated(entry) for segment in self.segments)
        return next((segment for segment in found if segment is not None), None)

    def added(self, items: Sequence[Embedded]) -> Self:
        """Return these documents and new ones after them."""
        after = sum(len(item.passages) for item in items)
        everything = len(self) + after <= self.limits.remade_up_to
        first = len(self.segments)
        for number, segment in reversed([*enumerate(self.segments)]):
            if everything or len(segment) <= after:
                first = number
            after += len(segment)
        merged = [item for segment in self.segments[first:] for item in segment.items()]
        return self._with([*self.segments[:first], self._built([*merged, *items])])

    def without(self, names: Collection[str]) -> Self:
        """Return these documents without those with some ids."""
        gone = [
            [cut for cut in map(segment.find, names) if cut is not None]
            for segment in self.segments
        ]
        left = len(self) - sum(len(cut.rows) for cuts in gone for cut in cuts)
        if left <= self.limits.remade_up_to:
            items = [item for segment in self.segments for item in segment.items(names)]
            return self._with([self._built(items)])
        return self._with(
            self._reduced(segment, cuts) if cuts else segment
            for segment, cuts in zip(self.segments, gone, strict=True)
        )

    def search_dense(self, vector: Vectors, k: int, documents: Collection[str] | None) -> list[Hit]:
        """Return the ``k`` passages nearest to a unit vector, best first."""
        found = [
            (offset + row, score)
            for offset, segment in zip(self._offsets, self.segments, strict=False)
            for row, score in segment.search_dense(vector, k, documents)
        ]
        best = sorted(found, key=lambda it: (-it[1], it[0]))[:k]
        return [Hit(self._passage(row), score) for row, score in best]

    def search_bm25(self, query: str, k: int, documents: Collection[str] | None) -> list[Hit]:
        """Return the ``k`` best passages that hold a word of the query, best first."""
        parts = [segment.searched(documents) for segment in self.segments]
        return [Hit(self._passage(row), score) for row, score in rank(parts, query, k)]

    def _passage(self, row: int) -> Passage:
        number = bisect_right(self._offsets, row) - 1
        return self.segments[number].tables.passage(row - self._offsets[number])

    def _reduced(self, segment: Segment, cuts: Sequence[Cut]) -> Segment:
        """Return a segment without some of its documents, made anew where that is quick or due."""
        marked = segment.without(cuts)
        dead = segment.rows - len(marked)
        if segment.rows > self.limits.remade_up_to and dead <= self.limits.max_dead * segment.rows:
            return marked
        return self._built(marked.items())

    def _built(self, items: Sequence[Embedded]) -> Segment:
        return Segment.build(items, self.dimension, self.limits.exact_up_to)

    def _with(self, segments: Iterable[Segment]) -> Self:
        """Return an index of other segments, without those that hold no document."""
        return type(self)(self.dimension, self.limits, [it for it in segments if any(it.cuts())])

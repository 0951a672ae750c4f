"""What an index can do, and what a place that keeps one can do; a folder and Milvus do both."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from qa_bot.datatypes import Document, Hit
from qa_bot.models.embedder import Embedder, Vectors
from qa_bot.store.embedded import Embedded, Progress, Spec
from qa_bot.store.manifest import Settings


class SearchIndex(Protocol):
    """Documents cut into passages, found by meaning and by words; threads may share it."""

    @property
    def settings(self) -> Settings:
        """What it was built with: see ``Config.build_settings``."""

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the model's weights."""

    @property
    def dimension(self) -> int:
        """The size of a vector."""

    @property
    def documents(self) -> tuple[Document, ...]:
        """The documents, in the order they were added."""

    def __len__(self) -> int:
        """Return how many passages there are."""

    def check_fingerprint(self, fingerprint: str) -> None:
        """Raise IndexMismatchError unless the index was built with weights of this fingerprint."""

    def check_ids(self, chosen: Collection[str] | None) -> None:
        """Raise ValueError for an unknown id or an empty choice, TypeError for no choice."""

    def add(
        self, documents: Iterable[Document], embedder: Embedder, progress: Progress | None = None
    ) -> tuple[Document, ...]:
        """Add documents and return those that were new."""

    def remove(self, ids: Iterable[str]) -> tuple[Document, ...]:
        """Remove documents and return them; raises QABotError, removing none, for an unknown id."""

    def search_dense(
        self, vector: Vectors, k: int, documents: Collection[str] | None = None
    ) -> list[Hit]:
        """Return the ``k`` passages nearest to a unit vector ``(dim,)``, best first."""

    def search_bm25(
        self, query: str, k: int, documents: Collection[str] | None = None
    ) -> list[Hit]:
        """Return the ``k`` best passages that hold a word of the query, best first."""

    def read(self, ids: Sequence[str]) -> list[Embedded]:
        """Return documents with their passages and vectors, for an index of the same spec."""

    def insert(self, items: Sequence[Embedded]) -> None:
        """Add what the ``read`` of an index of the same spec returned."""


class Store(Protocol):
    """A place that keeps an index."""

    @property
    def location(self) -> str:
        """Where it is, as the command line takes it."""

    def open(self, settings: Settings | None = None, fingerprint: str | None = None) -> SearchIndex:
        """Open the index to be read.

        Raises IndexNotFoundError when there is none, IndexMismatchError when it is damaged, or
        was built with other ``settings`` or another ``fingerprint`` than given.
        """

    def writing(self, spec: Spec | None = None) -> AbstractContextManager[SearchIndex]:
        """Open the index to be changed; what was changed is kept when the block ends.

        Where there is none, one of this spec is made; without a spec IndexNotFoundError is raised.
        Raises IndexMismatchError for an index of another spec.
        """

    def settings(self) -> Settings:
        """Return what the index was built with, though it may be damaged; none without one."""

    def stamp(self) -> tuple[object, ...]:
        """Return what changes when an opened index must be opened anew."""

    def rebuild(
        self, embedder: Embedder, settings: Settings, progress: Progress | None = None
    ) -> tuple[SearchIndex, tuple[str, ...]]:
        """Make the index anew of its own documents; return it and the names of those lost."""

"""Documents -> passages with their vectors: what every index is made of, wherever it is kept."""

import time
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np

from qa_bot.context import reading
from qa_bot.datatypes import Document, Passage
from qa_bot.errors import ModelError
from qa_bot.models.embedder import (
    Embedder,
    Vectors,
    embed_passages,
    embed_query,
    fingerprint,
    token_counter,
    token_limit,
)
from qa_bot.splitter import split
from qa_bot.store.manifest import Settings

T = TypeVar("T")

Progress = Callable[[int, int], None]  # called with (passages done, passages in all)

BATCH = 16  # passages embedded at a time: a question waits for one batch, not for a document
_BREATH = 0.001  # seconds between two batches, in which questions get their turn


@dataclass(frozen=True, slots=True)
class Spec:
    """What an index is built with, and must be read and added to with."""

    settings: Settings
    fingerprint: str  # of the model's weights
    dimension: int  # of a vector

    @classmethod
    def of(cls, settings: Settings, embedder: Embedder) -> Self:
        """Return the spec of an index that is built with an embedder."""
        dimension = len(embed_query(embedder, "dimension"))
        return cls(dict(settings), fingerprint(embedder), dimension)


@dataclass(frozen=True, slots=True)
class Embedded:
    """A document cut into passages, with the unit vector of each ``(n, dim)``."""

    document: Document
    passages: tuple[Passage, ...]
    vectors: Vectors


def groups(items: Iterable[T], size: Callable[[T], int], most: int) -> Iterator[list[T]]:
    """Divide items into groups; each ends with the item that makes its size ``most`` or more."""
    group: list[T] = []
    total = 0
    for item in items:
        group.append(item)
        total += size(item)
        if total >= most:
            yield group
            group, total = [], 0
    if group:
        yield group


def cut(document: Document, embedder: Embedder, settings: Settings) -> tuple[Passage, ...]:
    """Cut a document into passages that the embedder can read whole."""
    return tuple(
        split(
            document,
            token_counter(embedder),
            token_limit(embedder),
            settings["passage_chars"],
            settings["passage_overlap"],
        )
    )


def embed(
    passages: Sequence[Passage],
    embedder: Embedder,
    dimension: int,
    progress: Progress | None = None,
) -> Vectors:
    """Return the vectors of passages ``(n, dim)``; raises ModelError for unfit ones.

    Passages of a batch are about equally long, the longest first: a model reads each as if it had
    the length of the longest in its batch.
    """
    vectors = np.empty((len(passages), dimension), dtype=np.float32)
    order = sorted(range(len(passages)), key=lambda row: passages[row].start - passages[row].end)
    for start in range(0, len(order), BATCH):
        if start:  # a lock is not fair: who releases it and asks again gets it again
            time.sleep(_BREATH)
        rows = order[start : start + BATCH]
        texts = [reading(passages[row]).text for row in rows]
        vectors[rows] = _embed_batch(texts, embedder, dimension)
        if progress is not None:
            progress(start + len(rows), len(passages))
    return vectors


def _embed_batch(texts: list[str], embedder: Embedder, dimension: int) -> Vectors:
    vectors = embed_passages(embedder, texts)
    if vectors.shape != (len(texts), dimension) or not np.isfinite(vectors).all():
        raise ModelError(
            f"the model gave vectors of shape {vectors.shape}, or not finite, where "
            f"({len(texts)}, {dimension}) are due: index with another --model"
        )
    return vectors


def checked(documents: object) -> list[Document]:
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


def check_choice(chosen: Collection[str]) -> None:
    """Raise ValueError for an empty choice of documents, TypeError for what is no choice."""
    if not isinstance(chosen, Collection) or isinstance(chosen, str | bytes):
        raise TypeError(f"documents are a collection of ids, not {type(chosen).__name__}")
    if any(isinstance(item, Document) for item in chosen):
        raise TypeError("documents are given by their ids: document.id")
    if not chosen:
        raise ValueError("no document is chosen: name one or more by id, or None for all")


def check_ids(chosen: Collection[str] | None, known: Container[str]) -> None:
    """Raise as ``check_choice``, and ValueError for an id that is not known."""
    if chosen is None:
        return
    check_choice(chosen)
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise ValueError(f"there is no document with the id {unknown[0]!r:.80}")

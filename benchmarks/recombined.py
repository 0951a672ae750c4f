"""Any number of passages of recombined real sentences, and vectors for them.

A passage is SENTENCES sentences drawn at random, a line each; its vector is the mean of theirs,
scaled to length 1. So nothing has to be embedded but the sentences, each once, and the vectors lie
where those of real text lie, if closer together: the mean of several is less extreme than each.
"""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qa_bot.datatypes import Document
from qa_bot.models.embedder import Vectors
from qa_bot.sentences import sentences

Picks = npt.NDArray[np.intp]  # (n, SENTENCES): the numbers of each passage's sentences

SENTENCES = 3  # in a passage
PASSAGES = 100  # in a document
SHORTEST, LONGEST = 70, 200  # characters of a sentence, so that a passage is never cut
MOST = 5000  # sentences
_CHUNK = 10_000  # passages whose vectors are computed at a time


def real_sentences(documents: Sequence[Document]) -> list[str]:
    """Return at most MOST distinct sentences of suitable length, in a seeded order."""
    found = {
        " ".join(document.text[start:end].split()): None
        for document in documents
        for start, end in sentences(document)
        if SHORTEST <= end - start <= LONGEST
    }
    drawn = list(found)
    random.Random(0).shuffle(drawn)
    return drawn[:MOST]


def pick(passages: int, among: int) -> Picks:
    """Draw the sentences of passages with a seed: the first passages are the same at any size."""
    return np.random.default_rng(0).integers(0, among, (passages, SENTENCES))


def vectors_of(picks: Picks, known: Vectors) -> Vectors:
    """Return the vectors of passages ``(n, dim)``, given those of the sentences."""
    made = np.empty((len(picks), known.shape[1]), dtype=np.float32)
    for at in range(0, len(picks), _CHUNK):
        part = known[picks[at : at + _CHUNK]].mean(axis=1)
        made[at : at + _CHUNK] = part / np.linalg.norm(part, axis=1, keepdims=True)
    return made


def documents_of(picks: Picks, texts: Sequence[str]) -> Iterator[Document]:
    """Yield documents with PASSAGES passages, each of them a paragraph."""
    for at in range(0, len(picks), PASSAGES):
        paragraphs = ("\n".join(texts[one] for one in row) for row in picks[at : at + PASSAGES])
        yield Document("\n\n".join(paragraphs), f"Recombined {at // PASSAGES}")


class KnownEmbedder:
    """An embedder that looks up vectors: of questions, and of passages by their sentences."""

    fingerprint = "looked up"

    def __init__(
        self,
        sentences: dict[str, npt.NDArray[np.float32]],
        questions: dict[str, npt.NDArray[np.float32]],
        tokenizer: Any,
        max_seq_length: int | None,
    ) -> None:
        self.tokenizer = tokenizer
        self.max_seq_length = max_seq_length
        self._sentences = sentences
        self._questions = questions

    def encode_query(self, inputs: list[str], /) -> Vectors:
        """Look up vectors of questions, ``(n, dim)``; unknown ones get the first question's."""
        first = next(iter(self._questions.values()))
        return np.stack([self._questions.get(text, first) for text in inputs])

    def encode_document(self, inputs: list[str], /) -> Vectors:
        """Compute the vectors of passages, ``(n, dim)``, from those of their sentences."""
        return np.stack(
            [
                np.mean([self._sentences[line] for line in text.split("\n") if line], axis=0)
                for text in inputs
            ]
        )

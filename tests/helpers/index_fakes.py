"""An embedder that needs no weights, and a small index, for the tests of the index."""

import hashlib
from collections.abc import Sequence

import numpy as np

from qa_bot.datatypes import Document, Hit
from qa_bot.models.embedder import embed_query
from qa_bot.store.index import Index, Limits
from tests.helpers.fakes import WordTokenizer

SETTINGS = {"model": "hash", "passage_chars": 60, "passage_overlap": 1}


DIMENSION = 16


RIVER = Document(
    "The river rose in March. It flooded the old mill. Nobody was hurt by the water.\n\n"
    "The mill was built by Zebulon Quick. He sold it to his daughter.",
    "The river",
    "notes/river.txt",
    {"date": "1890-03-01"},
)


FAIR = Document("The fair came to town. There was a wheel and a band. It rained on Sunday.")


DOCUMENTS = (RIVER, FAIR)


QUERIES = ["who built the mill", "rain on sunday", "flooding", "the band", "Zebulon", "town fair"]


class HashEmbedder:
    """Embeds a text as a direction derived from its hash."""

    max_seq_length: int | None = 32
    tokenizer = WordTokenizer()
    fingerprint = "hash weights"

    def encode_query(self, inputs: Sequence[str]) -> np.ndarray:
        return np.stack([self._embed(text) for text in inputs])

    encode_document = encode_query

    def _embed(self, text: str) -> np.ndarray:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        return np.random.default_rng(seed).normal(scale=3, size=DIMENSION)


EMBEDDER = HashEmbedder()


def build(documents: Sequence[Document] = DOCUMENTS, limits: Limits | None = None) -> Index:
    index = Index.new(SETTINGS, EMBEDDER, limits=limits)
    index.add(documents, EMBEDDER)
    return index


def long_document(sentences: int) -> Document:
    return Document(" ".join(f"Sentence {n} is about word{n} alone." for n in range(sentences)))


def search_all(index: Index, k: int = 10) -> list[list[Hit]]:
    """Return the results of both searches for every query."""
    dense = [index.search_dense(embed_query(EMBEDDER, query), k) for query in QUERIES]
    return dense + [index.search_bm25(query, k) for query in QUERIES]

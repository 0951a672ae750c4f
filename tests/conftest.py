"""What many tests share: the article, the real small model, and a small readable fake of it."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from qa_bot.bot import Bot, default_bot, shipped_index
from qa_bot.datatypes import Document
from qa_bot.embedder import Embedder, load_embedder

BROWSER = Path(__file__).parent / "browser"

# In CI the same examples in every run: a failure there can be repeated.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
if "CI" in os.environ:
    settings.load_profile("ci")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of the page in a browser, so that no file of them can forget to."""
    for item in items:
        if BROWSER in item.path.parents:
            item.add_marker(pytest.mark.browser)


class WordTokenizer:
    """Counts each blank-separated word as one token."""

    def __call__(self, text: str, **options: object) -> dict[str, list[int]]:
        return {"input_ids": [0] * len(text.split())}

    def num_special_tokens_to_add(self) -> int:
        return 2


class WordEmbedder:
    """Embeds a text as the bag of its words: each word has a direction of its own."""

    max_seq_length: int | None = 256
    tokenizer = WordTokenizer()
    fingerprint = "words"

    def encode_query(self, inputs: Sequence[str]) -> np.ndarray:
        return np.stack([self._embed(text) for text in inputs])

    encode_document = encode_query

    def _embed(self, text: str) -> np.ndarray:
        vector = np.zeros(64, dtype=np.float32)
        for word in text.lower().split():
            vector[int(hashlib.md5(word.encode()).hexdigest(), 16) % 64] += 1
        return vector


@pytest.fixture(scope="session")
def article_file() -> Path:
    (path,) = (shipped_index() / "articles").glob("*.txt")
    return path


@pytest.fixture(scope="session")
def article(article_file: Path) -> Document:
    return Document.from_text(article_file.read_bytes().decode())


@pytest.fixture(scope="session")
def minilm() -> Embedder:
    return load_embedder()


@pytest.fixture(scope="session")
def shipped_bot() -> Bot:
    return default_bot()

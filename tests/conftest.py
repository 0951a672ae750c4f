"""Shared fixtures: the article, the real embedder, and a small readable fake of it."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from qa_bot.bot import Bot, default_bot, shipped_index
from qa_bot.datatypes import Document
from qa_bot.models.embedder import Embedder, load_embedder

BROWSER = Path(__file__).parent / "browser"

# In CI the same examples in every run: a failure there can be repeated.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
if "CI" in os.environ:
    settings.load_profile("ci")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests in tests/browser with ``browser``, so that none is forgotten."""
    for item in items:
        if BROWSER in item.path.parents:
            item.add_marker(pytest.mark.browser)


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

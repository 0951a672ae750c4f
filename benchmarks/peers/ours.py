"""This project: the quotes of an answer at threshold 0, so that thresholds can be compared."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.peers import Result
from qa_bot.bot import Bot
from qa_bot.datatypes import Document
from qa_bot.models.embedder import load_embedder
from qa_bot.store.index import Index


class Ours:
    """A Bot."""

    def __init__(self) -> None:
        self._embedder = load_embedder()
        self._bot = Bot.from_documents((), embedder=self._embedder)

    def build(self, documents: Sequence[Document], /) -> None:
        """Index documents."""
        self._bot = Bot.from_documents(documents, embedder=self._embedder)

    def search(self, query: str, k: int, /) -> list[Result]:
        """Return the quotes, each with the probability that it answers."""
        config = replace(self._bot.config, threshold=0.0, max_quotes=k)
        asked = Bot(self._bot.index, self._embedder, self._bot.reader, config=config)
        return [
            Result(quote.text, quote.document.id, quote.score)
            for quote in asked.answer(query).quotes
        ]

    def save(self, folder: Path, /) -> None:
        """Save the index."""
        index = self._bot.index
        if isinstance(index, Index):  # as made by from_documents and open
            index.save(folder)

    def open(self, folder: Path, /) -> None:
        """Open the index, with all checks."""
        self._bot = Bot.open(folder, embedder=self._embedder)

    def __len__(self) -> int:
        return len(self._bot.index)

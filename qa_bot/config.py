"""Every default, with its unit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

DEFAULT_MODEL = "all-MiniLM-L6-v2"


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of a Bot. The first group is fixed when an index is built and kept in it."""

    model: str = DEFAULT_MODEL  # name or folder of a sentence-transformers model
    passage_chars: int = 1000  # target size of a passage, characters
    passage_overlap: int = 1  # sentences that a passage repeats from the one before it

    top_k: int = 8  # passages handed to the reader
    candidates: int = 50  # passages each retriever proposes before fusion
    rrf_k: int = 60  # rank constant of reciprocal rank fusion (Cormack et al., 2009)
    threshold: float | None = None  # least probability of a quote, in [0, 1]; None: the reader's
    max_quotes: int = 3  # quotes in an answer, and closest passages without one

    def build_settings(self) -> dict[str, Any]:
        """Return the settings an index is built with and must be read with."""
        return {
            "model": self.model,
            "passage_chars": self.passage_chars,
            "passage_overlap": self.passage_overlap,
        }

    def of_index(self, settings: Mapping[str, Any]) -> "Config":
        """Return these settings with those an index was built with."""
        return replace(self, **settings)

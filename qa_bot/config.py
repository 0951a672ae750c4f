"""Every default, with its unit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

DEFAULT_MODEL = "all-MiniLM-L6-v2"

_LEAST = {
    "passage_chars": 1,
    "passage_overlap": 0,
    "top_k": 1,
    "candidates": 1,
    "rrf_k": 0,
    "max_quotes": 1,
}


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of a Bot; raises ValueError for a value out of range.

    The first group is fixed when an index is built, and kept in it.
    """

    model: str = DEFAULT_MODEL  # name or folder of a sentence-transformers model
    passage_chars: int = 1000  # target size of a passage, characters
    passage_overlap: int = 1  # sentences that a passage repeats from the one before it

    top_k: int = 8  # passages handed to the reader
    candidates: int = 50  # passages each retriever proposes before fusion
    rrf_k: int = 60  # rank constant of reciprocal rank fusion (Cormack et al., 2009)
    threshold: float | None = None  # least probability of a quote, in [0, 1]; None: the reader's
    max_quotes: int = 3  # quotes in an answer, and closest passages without one

    def __post_init__(self) -> None:
        if not isinstance(self.model, str) or not self.model:
            raise ValueError(f"model is the name or the folder of a model, not {self.model!r:.80}")
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if type(value) is not int or value < least:  # not isinstance: True is no count
                raise ValueError(f"{name} is a whole number, {least} or more, not {value!r:.80}")
        given = self.threshold is not None
        if given and not (isinstance(self.threshold, float | int) and 0 <= self.threshold <= 1):
            raise ValueError(f"threshold is a number from 0 to 1, not {self.threshold!r:.80}")

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

"""Every default, with its unit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

DEFAULT_MODEL = "all-MiniLM-L6-v2"

_MINIMUM = {
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
    passage_overlap: int = 1  # sentences that a passage repeats from the previous one

    top_k: int = 8  # passages that the reader reads
    candidates: int = 50  # passages from each retriever before fusion
    rrf_k: int = 60  # rank constant of reciprocal rank fusion (Cormack et al., 2009)
    threshold: float | None = None  # least probability of a quote, in [0, 1]; None: the reader's
    max_quotes: int = 3  # quotes in an answer, or closest passages if nothing is quoted

    def __post_init__(self) -> None:
        if not isinstance(self.model, str) or not self.model:
            raise ValueError(
                f"model must be the name or the folder of a model, not {self.model!r:.80}"
            )
        for name, minimum in _MINIMUM.items():
            value = getattr(self, name)
            if type(value) is not int or value < minimum:  # type, because True is an int
                raise ValueError(
                    f"{name} must be a whole number, {minimum} or more, not {value!r:.80}"
                )
        has_threshold = self.threshold is not None
        if has_threshold and not (
            isinstance(self.threshold, float | int) and 0 <= self.threshold <= 1
        ):
            raise ValueError(f"threshold must be a number from 0 to 1, not {self.threshold!r:.80}")

    def build_settings(self) -> dict[str, Any]:
        """Return the settings that an index is built with, and must be read with."""
        return {
            "model": self.model,
            "passage_chars": self.passage_chars,
            "passage_overlap": self.passage_overlap,
        }

    def of_index(self, settings: Mapping[str, Any]) -> "Config":
        """Return these settings, except for those that an index was built with."""
        return replace(self, **settings)

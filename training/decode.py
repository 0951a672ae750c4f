"""From logits to a span: the best start and end, and how far they beat "no answer"."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MAX_ANSWER = 64  # tokens


@dataclass(frozen=True, slots=True)
class Found:
    """The best span of tokens, both ends inside it, and its margin over "no answer"."""

    start: int
    end: int
    score: float


def best_span(logits: npt.NDArray[np.float32], first: int, last: int) -> Found:
    """Return the best span whose ends lie in ``first..last``; ``logits`` is ``(tokens, 2)``.

    It has the highest start + end logit with start <= end and at most MAX_ANSWER tokens; its
    score is that sum less the two logits of position 0.
    """
    size = last - first + 1
    sums = logits[first : last + 1, 0][:, None] + logits[first : last + 1, 1][None, :]
    ends_after = np.triu(np.ones((size, size), dtype=bool))
    too_long = np.triu(np.ones((size, size), dtype=bool), MAX_ANSWER)
    sums = np.where(ends_after & ~too_long, sums, -np.inf)
    start, end = np.unravel_index(int(sums.argmax()), sums.shape)
    none = float(logits[0].sum())
    return Found(first + int(start), first + int(end), float(sums[start, end]) - none)

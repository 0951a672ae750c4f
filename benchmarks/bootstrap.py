"""Paired bootstrap confidence intervals: all systems get the same resampled questions."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.intp]  # numbers of resampled questions, some more than once

RESAMPLES = 1000
SEED = 0
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its confidence interval at LEVEL; NaN if it is undefined."""

    value: float
    low: float
    high: float

    def to_list(self) -> list[float | None]:
        """Return plain JSON: value, low, high."""
        return [None if math.isnan(x) else x for x in (self.value, self.low, self.high)]


def estimate(statistic: Callable[[Rows], float], questions: int) -> Estimate:
    """Return a statistic of all questions, and its percentile interval.

    The draws depend on the number of questions alone, so a difference of two systems is paired
    when it is taken inside the statistic.
    """
    random = np.random.default_rng(SEED)
    drawn = [statistic(random.integers(0, questions, questions)) for _ in range(RESAMPLES)]
    values = np.array([value for value in drawn if not math.isnan(value)])
    if not len(values):
        return Estimate(float("nan"), float("nan"), float("nan"))
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(statistic(np.arange(questions)), float(low), float(high))


def mean(values: npt.NDArray[Any], rows: Rows) -> float:
    """Return the mean of the resampled values that are not NaN, or NaN if there are none."""
    drawn = values[rows]
    known = drawn[~np.isnan(drawn)]
    return float(known.mean()) if len(known) else float("nan")

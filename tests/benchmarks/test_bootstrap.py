"""Intervals are reproducible, hold the value, and pair what is compared."""

import math

import numpy as np

from benchmarks.bootstrap import Rows, estimate, mean

VALUES = np.array([0.0, 1.0] * 50)


def test_the_interval_of_a_share_is_near_the_binomial_one() -> None:
    found = estimate(lambda rows: mean(VALUES, rows), len(VALUES))
    assert found.value == 0.5
    half = 1.96 * math.sqrt(0.25 / len(VALUES))
    assert abs(found.low - (0.5 - half)) < 0.02
    assert abs(found.high - (0.5 + half)) < 0.02


def test_the_draws_are_seeded_and_the_same_for_every_system() -> None:
    seen: list[list[int]] = []

    def note(rows: Rows) -> float:
        seen.append(rows.tolist())
        return 0.0

    estimate(note, 10)
    half = len(seen)
    estimate(note, 10)
    assert seen[:half] == seen[half:]
    assert seen[0] != seen[1]


def test_a_constant_difference_has_no_spread_though_each_side_has() -> None:
    better = VALUES + 0.25
    found = estimate(lambda rows: mean(better, rows) - mean(VALUES, rows), len(VALUES))
    assert np.allclose([found.value, found.low, found.high], 0.25)


def test_values_that_do_not_apply_are_left_out_of_a_mean() -> None:
    values = np.array([1.0, np.nan, 0.0])
    assert mean(values, np.array([0, 1])) == 1.0
    assert math.isnan(mean(values, np.array([1])))


def test_what_is_never_defined_is_null_in_json() -> None:
    assert estimate(lambda rows: float("nan"), 5).to_list() == [None, None, None]

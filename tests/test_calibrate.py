"""Calibration on questions made by hand."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")

from training.calibrate import (
    Calibration,
    First,
    Question,
    best_threshold,
    calibration_error,
    cross_validated,
    fit,
    write,
)


def test_the_threshold_weighs_a_wrong_answer_twice() -> None:
    firsts = [First(0.9, True, True), First(0.6, False, False), First(0.5, True, True)]
    # Answering all costs 2, all but the last 2 + 1, only the first 1: the wrong one goes.
    assert best_threshold(firsts) == (0.61, 1)
    assert best_threshold([First(0.2, True, True)]) == (0.0, 0)


def test_the_calibration_error_is_the_mean_gap_of_the_bins() -> None:
    firsts = [First(0.95, True, True)] * 3 + [First(0.95, False, True), First(0.05, True, True)]
    assert calibration_error(firsts) == pytest.approx((4 * 0.20 + 1 * 0.95) / 5)
    assert calibration_error([First(1.0, True, True), First(0.0, False, True)]) == 0.0


def questions(title: str, count: int, seed: int) -> list[Question]:
    """Questions with two passages, of which the one with the higher first feature is right."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        rows = rng.normal(size=(2, 4))
        rows[0, 0] += 3
        likely = 1 / (1 + np.exp(3 - 2 * rows[0, 0]))
        made.append(Question(title, True, rows, np.array([rng.random() < likely, False])))
    return made


def test_what_was_fitted_ranks_and_says_how_likely() -> None:
    firsts = cross_validated(questions("a", 300, 1) + questions("b", 300, 2))
    assert np.mean([first.right for first in firsts]) > 0.7
    assert calibration_error(firsts) < 0.1


def test_a_reader_whose_better_scores_are_worse_is_refused() -> None:
    rows = [np.array([[float(i), 0, 0, 0], [-9.0, 0, 0, 0]]) for i in range(20)]
    made = [Question("a", True, row, np.array([i < 10, False])) for i, row in enumerate(rows)]
    with pytest.raises(ValueError, match="not trained"):
        fit(made)


def test_probabilities_are_those_of_the_logistic_function() -> None:
    calibration = Calibration(np.array([1.0, 2.0]), -1.0)
    found = calibration.probabilities(np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert found == pytest.approx([0.5, 1 / (1 + np.exp(-1))])


def test_it_is_written_next_to_the_weights(tmp_path: Path) -> None:
    (tmp_path / "reader.json").write_text('{"max_tokens": 384}')
    calibration = fit(questions("a", 50, 3))
    write(tmp_path / "reader.json", calibration)
    card = json.loads((tmp_path / "reader.json").read_text())
    assert card["max_tokens"] == 384
    assert card["calibration"]["weights"] == pytest.approx(calibration.weights, abs=1e-4)
    assert card["calibration"]["bias"] == pytest.approx(calibration.bias, abs=1e-4)

"""Calibration on questions made by hand."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("sklearn")

from qa_bot.datatypes import Document, Quote, Span
from qa_bot.reader import Candidate
from training.calibrate import (
    Calibration,
    First,
    Question,
    best_threshold,
    calibration_error,
    cross_validated,
    first_quote,
    fit,
    mistakes,
    print_mistakes,
    write,
)

TEXT = Document("One is here. Two is there.\n\nThree is gone. Four is left.", "title")
LINES = (Span(TEXT, 0, 12), Span(TEXT, 13, 26), Span(TEXT, 28, 42), Span(TEXT, 43, 56))


def question(title: str, rows: npt.NDArray[np.float64], right: list[bool]) -> Question:
    """A question whose candidates, a line each, have these features; the right ones answer."""
    answers = tuple(line for line, one in zip(LINES, right, strict=False) if one)
    found = [
        Candidate(line, Span(TEXT, line.start, line.start + 3), tuple(row))
        for line, row in zip(LINES, rows, strict=False)
    ]
    return Question(title, "?", answers, tuple(found))


def first(probability: float, right: bool, answerable: bool, read: bool = True) -> First:
    """The first quote of a question, and whether a right one was read."""
    places = [line for line, one in zip(LINES, (right, read), strict=False) if one]
    answers = (places or [LINES[3]]) if answerable else []
    found = tuple(Candidate(line, line, (0.0,)) for line in LINES[:2])
    asked = Question("title", f"question {probability}", tuple(answers), found)
    return First(asked, Quote(TEXT, 0, 12, Span(TEXT, 0, 3), probability))


def test_the_threshold_weighs_a_wrong_answer_twice() -> None:
    firsts = [first(0.9, True, True), first(0.6, False, False), first(0.5, True, True)]
    # Answering all costs 2, all but the last 2 + 1, only the first 1: the wrong one goes.
    assert best_threshold(firsts) == (0.61, pytest.approx(1 / 3))
    assert best_threshold([first(0.2, True, True)]) == (0.0, 0)


def test_the_threshold_depends_on_how_many_questions_have_an_answer() -> None:
    firsts = [first(0.9, True, True), first(0.6, False, False), first(0.5, True, True)]
    # With 9 of 10 answerable each of those two weighs 0.45 and the other 0.1: to answer all costs
    # 0.2, to answer the first alone 0.45.
    assert best_threshold(firsts, 0.9) == (0.0, pytest.approx(0.2))
    # With 1 of 10: 1.8, or 0.05.
    assert best_threshold(firsts, 0.1) == (0.61, pytest.approx(0.05))


def test_mistakes_are_sorted_by_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    kept = first(0.9, True, True), first(0.1, False, False)
    missed, unread = first(0.8, False, True), first(0.7, False, True, read=False)
    refused, invented = first(0.2, True, True), first(0.5, False, False)
    found = mistakes([*kept, missed, unread, refused, invented], 0.5)
    assert found == {
        "wrong quote, a right one was read": [missed],
        "wrong quote, no right one was read": [unread],
        "refused, though answered": [refused],
        "quoted, though not answered": [invented],
    }
    print_mistakes([missed], 1)
    assert capsys.readouterr().out.splitlines()[:6] == [
        "",
        "## wrong quote, a right one was read: 1",
        "",
        "title: question 0.8 [0.80]",
        "  gold:  Two is there.",
        "  quote: One is here.",
    ]
    print_mistakes([missed], 0)
    assert capsys.readouterr().out == ""


def test_the_calibration_error_is_the_mean_gap_of_the_bins() -> None:
    firsts = [first(0.95, True, True)] * 3 + [first(0.95, False, True), first(0.05, True, True)]
    assert calibration_error(firsts) == pytest.approx((4 * 0.20 + 1 * 0.95) / 5)
    assert calibration_error([first(1.0, True, True), first(0.0, False, True)]) == 0.0


def questions(title: str, count: int, seed: int) -> list[Question]:
    """Questions with two passages, of which the one with the higher first feature is right."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        rows = rng.normal(size=(2, 4))
        rows[0, 0] += 3
        likely = 1 / (1 + np.exp(3 - 2 * rows[0, 0]))
        made.append(question(title, rows, [bool(rng.random() < likely), False]))
    return made


def test_what_was_fitted_ranks_and_says_how_likely() -> None:
    firsts = cross_validated(questions("a", 300, 1) + questions("b", 300, 2))
    assert np.mean([first.right for first in firsts]) > 0.7
    assert calibration_error(firsts) < 0.1


def test_a_first_quote_is_joined_with_its_neighbour_before_it_is_judged() -> None:
    calibration = Calibration(np.array([1.0]), 0.0)
    near = question("a", np.array([[2.0], [1.9]]), [False, True])
    found = first_quote(near, calibration)
    assert (found.quote.text, found.right) == ("One is here. Two is there.", True)
    assert found.probability == pytest.approx(1 / (1 + np.exp(-2.0)))
    far = question("a", np.array([[2.0], [-9.0], [1.9]]), [False, True, True])
    found = first_quote(far, calibration)
    assert (found.quote.text, found.right) == ("One is here.", False)


def test_a_reader_whose_better_scores_are_worse_is_refused() -> None:
    rows = [np.array([[float(i), 0, 0, 0], [-9.0, 0, 0, 0]]) for i in range(20)]
    made = [question("a", row, [i < 10, False]) for i, row in enumerate(rows)]
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

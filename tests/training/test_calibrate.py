"""Calibration on questions made by hand."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")

from qa_bot.answering.reader import Candidate
from qa_bot.datatypes import Document, Quote, Span
from qa_bot.models.span_model import Levels, Logistic
from training.calibrate import (
    Fitted,
    Outcome,
    calibration_error,
    choose_levels,
    cross_validated,
    fit,
    mistakes,
    mix_weights,
    outcome,
    print_mistakes,
    quoted_share,
    write,
)
from training.readings import Asked, Kind, Question

TEXT = Document("One is here. Two is there.\n\nThree is gone. Four is left.", "title")
LINES = (Span(TEXT, 0, 12), Span(TEXT, 13, 26), Span(TEXT, 28, 42), Span(TEXT, 43, 56))


def candidate(line: int, score_diff: float, row: tuple[float, ...] = (0.0, 0.0)) -> Candidate:
    span = LINES[line]
    return Candidate(span, Span(TEXT, span.start, span.start + 3), (score_diff, *row))


def question(
    score_diffs: dict[int, float], right: set[int], kind: Kind = Kind.ANSWERABLE, article: str = "a"
) -> Question:
    """A question with four passages, one per line; some have a candidate, and some answer."""
    asked = Asked("set", article, kind, "?", tuple(LINES[line] for line in sorted(right)))
    found = tuple(
        (candidate(line, score_diffs[line]),) if line in score_diffs else ()
        for line in range(len(LINES))
    )
    rows = tuple((1.0 if line in score_diffs else 0.0, 0.0, 0.0) for line in range(len(LINES)))
    return Question(asked, rows, found)


def result(probability: float, right: bool, kind: Kind = Kind.ANSWERABLE) -> Outcome:
    """An outcome whose first quote is the first line, and whose second is the second."""
    quotes = tuple(
        Quote(TEXT, line.start, line.end, line, score)
        for line, score in ((LINES[0], probability), (LINES[1], 0.0))
    )
    return Outcome(question({0: 0.0}, {0} if right else {1}, kind), quotes, 2)


def test_a_question_is_weighed_as_people_ask() -> None:
    weights = mix_weights([Kind.ANSWERABLE] * 3 + [Kind.NEAR, Kind.OTHER])
    assert weights == pytest.approx([1.25, 1.25, 1.25, 0.625, 0.625])
    # Without near misses the other kinds share the weight as they do among themselves.
    weights = mix_weights([Kind.ANSWERABLE, Kind.OTHER])
    assert weights == pytest.approx([2 * 0.75 / 0.875, 2 * 0.125 / 0.875])


def test_passages_are_read_best_first_and_neighbours_are_joined() -> None:
    fitted = Fitted(Logistic((1.0, 0.0, 0.0), 0.0), Logistic((20.0, 0.0, 0.0), -10.0))
    found = outcome(question({0: 2.0, 1: 1.9}, {1}), fitted)
    # The other two are next to hopeless: 0.00005 is less than 0.08 of 0.88.
    assert (found.passages, found.quotes[0].text) == (2, "One is here. Two is there.")
    assert found.probability == pytest.approx(1 / (1 + np.exp(-2.0)))
    assert found.right
    found = outcome(question({0: 2.0, 1: -9.0}, {1}), fitted)
    assert (found.quotes[0].text, found.right) == ("One is here.", False)
    even = Fitted(fitted.calibration, Logistic((0.0, 0.0, 0.0), 0.0))
    assert outcome(question({0: 2.0}, {0}), even).passages == 4


def test_the_levels_follow_the_rule_on_each_set() -> None:
    own = [result(score, True) for score in (0.05, *[0.5] * 19)]
    near = [result(score, False, Kind.NEAR) for score in (0.1, 0.3, 0.6, 0.7)]
    other = [result(0.02, False, Kind.OTHER)]
    # Above 0.3 half of the near misses are quoted, that is a quarter with the others.
    assert quoted_share([*own, *near, *other], 0.31) == 0.25
    assert choose_levels([[*own, *near, *other]]) == Levels(0.31, 0.31)
    # One answerable question of 20 may be refused; here it would be two.
    unsure = [result(score, True) for score in (0.05, 0.07, *[0.5] * 18)]
    assert choose_levels([[*own, *near, *other], unsure]) == Levels(0.31, 0.07)


def test_what_is_shown_is_the_quote_or_with_nothing_quoted_the_closest() -> None:
    levels = Levels(0.5, 0.1)
    assert result(0.5, True).shown(levels) and result(0.1, True).shown(levels)
    assert not result(0.09, True).shown(levels)
    assert not result(0.5, False).shown(levels)  # the second quote has the answer
    assert result(0.2, False).shown(levels)  # the second of the closest has it


def test_the_calibration_error_is_the_mean_gap_of_the_bins() -> None:
    outcomes = [result(0.95, True)] * 3 + [result(0.95, False), result(0.05, True)]
    assert calibration_error(outcomes) == pytest.approx((4 * 0.20 + 1 * 0.95) / 5)
    assert calibration_error([result(1.0, True), result(0.0, False)]) == 0.0


def test_mistakes_are_sorted_by_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    kept = result(0.9, True), result(0.1, False, Kind.NEAR)
    wrong, refused = result(0.8, False), result(0.2, True)
    invented = result(0.5, False, Kind.OTHER)
    levels = Levels(0.5, 0.1)
    found = mistakes([*kept, wrong, refused, invented], levels)
    assert found == {
        "wrong quote": [wrong],
        "not quoted, though answered": [refused],
        "quoted, though not answered": [invented],
    }
    print_mistakes([wrong], levels, 1)
    assert capsys.readouterr().out.splitlines()[:6] == [
        "",
        "## wrong quote: 1",
        "",
        "set: ? [0.80]",
        "  gold:  Two is there.",
        "  quote: One is here.",
    ]
    print_mistakes([wrong], levels, 0)
    assert capsys.readouterr().out == ""


def questions(article: str, count: int, seed: int) -> list[Question]:
    """Questions whose first line is more likely to answer if its score difference is higher."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        score_diff = float(rng.normal(3, 1))
        right = rng.random() < 1 / (1 + np.exp(3 - 2 * score_diff))
        kind = Kind.ANSWERABLE if right else (Kind.NEAR, Kind.OTHER)[rng.integers(2)]
        answering = {0} if right else set[int]()
        made.append(question({0: score_diff, 2: float(rng.normal())}, answering, kind, article))
    return made


def test_what_was_fitted_ranks_and_says_how_likely() -> None:
    asked = questions("a", 150, 1) + questions("b", 150, 2)
    outcomes = cross_validated(asked)
    assert [one.question for one in outcomes] == asked
    assert np.mean([one.right for one in outcomes if one.kind == Kind.ANSWERABLE]) > 0.9
    assert calibration_error(outcomes) < 0.1


def test_a_reader_whose_better_scores_are_worse_is_refused() -> None:
    made = [question({0: float(i), 2: -9.0}, {0} if i < 10 else {3}) for i in range(20)]
    with pytest.raises(ValueError, match="not trained"):
        fit(made)


def test_it_is_written_next_to_the_weights(tmp_path: Path) -> None:
    (tmp_path / "reader.json").write_text('{"max_tokens": 384}')
    fitted = Fitted(Logistic((1.00004, 2.0, 3.0), -0.5), Logistic((4.0, 5.0, 6.0), 0.25))
    write(tmp_path / "reader.json", fitted, Levels(0.4, 0.1))
    card = json.loads((tmp_path / "reader.json").read_text())
    assert (card["max_tokens"], card["levels"]) == (384, {"found": 0.4, "perhaps": 0.1})
    assert (card["calibration"]["weights"], card["calibration"]["bias"]) == ([1.0, 2.0, 3.0], -0.5)
    assert (card["prior"]["weights"], card["prior"]["bias"]) == ([4.0, 5.0, 6.0], 0.25)

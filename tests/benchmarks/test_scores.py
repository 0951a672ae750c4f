"""Scores of answers as in SQuAD, and areas under ROC curves, against values by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.scores import auroc, exact, f1, normalized
from training.examples import Row
from training.predict import Prediction, report


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The Eiffel Tower!", ["eiffel", "tower"]),
        ("an  apple\na day", ["apple", "day"]),
        ("5 a.m.", ["5", "am"]),
        ("well-known", ["wellknown"]),
        ("theatre", ["theatre"]),
        ("The", []),
    ],
)
def test_words_are_compared_as_squad_does(text: str, words: list[str]) -> None:
    assert normalized(text) == words


def test_exact_match_and_f1_take_the_best_gold_answer() -> None:
    assert exact("the Louvre.", ["Paris", "Louvre"]) == 1.0
    assert exact("in the Louvre", ["Paris", "Louvre"]) == 0.0
    assert f1("the cat sat", ["cat sat down", "dog"]) == 2 * 2 / (2 + 3)
    assert f1("cat cat", ["cat"]) == 2 * 1 / (2 + 1)
    assert f1("dog", ["cat"]) == 0.0


def test_where_nothing_answers_saying_nothing_is_right() -> None:
    assert (exact("", []), f1("", [])) == (1.0, 1.0)
    assert (exact("cat", []), f1("cat", [])) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("scores", "positive", "area"),
    [
        ([3, 2, 1], [True, True, False], 1.0),
        ([1, 2, 3], [True, True, False], 0.0),
        ([3, 1, 2], [True, True, False], 0.5),
        ([1, 1], [True, False], 0.5),
        ([2, 1, 1, 0], [True, True, False, False], 0.875),
    ],
)
def test_auroc_counts_ordered_pairs(scores: list[float], positive: list[bool], area: float) -> None:
    assert auroc(scores, positive) == area


confidences = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=8)


@given(confidences, confidences)
def test_auroc_of_the_two_kinds_exchanged_is_the_rest_of_one(
    own: list[float], others: list[float]
) -> None:
    kinds = [True] * len(own) + [False] * len(others)
    exchanged = [not kind for kind in kinds]
    assert auroc(own + others, kinds) + auroc(own + others, exchanged) == pytest.approx(1)


def test_auroc_of_one_kind_alone_is_not_a_number() -> None:
    assert math.isnan(auroc([1.0, 2.0], [True, True]))


def test_the_report_allows_no_answer_at_the_best_threshold() -> None:
    def row(answers: tuple[tuple[int, int], ...]) -> Row:
        return Row("", "squad", "", "one two three", "?", answers)

    rows = [row(((0, 3),)), row(((4, 7),)), row(()), row(())]
    found = [
        Prediction("one", 4),  # right
        Prediction("two three", 1),  # half right: F1 2/3
        Prediction("one", 2),
        Prediction("one", -3),
    ]
    # Best: answer the first alone, and both refusals are right: 3 of 4. One more answer, of 2/3,
    # would cost the refusal between them.
    assert report(rows, found)["all"] == {
        "questions": 4.0,
        "em": 50.0,
        "f1": pytest.approx(100 * (1 + 2 / 3) / 2),
        "f1_none": pytest.approx(75.0),
        "auroc": 0.75,
    }

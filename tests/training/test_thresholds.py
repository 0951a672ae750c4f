"""The thresholds at which questions are rewritten, and words are added to them."""

from collections.abc import Sequence

import pytest

from qa_bot.models.span_model import Card, Levels, Logistic, ReaderModel, Thresholds
from training.followups import TermExample
from training.thresholds import STEPS, Counts, Judged, choose, count, judge


class Judge(ReaderModel):
    """Returns the same probabilities for every question."""

    def __init__(self, needs_context: float, probabilities: Sequence[float]) -> None:
        self.needs_context, self.probabilities = needs_context, list(probabilities)
        self.card = Card(384, Logistic((1.0,), 0.0), Logistic((1.0,), 0.0), Levels(0.5, 0.1), {})

    def judge_terms(
        self, question: str, past: str, words: Sequence[tuple[int, int]]
    ) -> tuple[float, list[float]]:
        return self.needs_context, self.probabilities


def judged(needs_context: float, added: dict[float, set[str]], needed: set[str]) -> Judged:
    """Return a judged question; each entry of ``added`` also holds for the lower thresholds."""
    words: frozenset[str] = frozenset()
    by_step = {}
    for step in reversed(STEPS):
        words = frozenset(added.get(step, words))
        by_step[step] = words
    return Judged(needs_context, by_step, frozenset(needed))


def test_of_several_rewrites_the_best_counts() -> None:
    past = "Ada Berg met Bo Lund."
    words = ((0, 3), (4, 8), (9, 12), (13, 15), (16, 20))
    example = TermExample("Where did they meet?", past, words, (False, False, False, True, True))
    result = judge(Judge(0.7, [0.9, 0.9, 0.1, 0.6, 0.6]), example)
    assert (result.needs_context, result.needed) == (0.7, {"bo", "lund"})
    assert result.added[0.5] == {"bo", "lund"}  # the second rewrite; the first has Ada Berg
    assert result.added[0.8] == {"ada", "berg"}
    assert result.added[0.99] == frozenset()


def test_words_are_counted_over_all_questions() -> None:
    questions = [
        judged(0.9, {0.5: {"a", "b"}}, {"a", "c"}),
        judged(0.9, {0.5: {"d"}}, set()),
        judged(0.2, {0.5: {"e"}}, set()),
    ]
    counts = count(questions, Thresholds(0.5, 0.5))
    assert counts == Counts(added=3, right=1, needed=2, alone=2, left=1)
    assert counts.f1 == pytest.approx(2 * 1 / 5)
    assert str(counts) == "recall 0.500, precision 0.333, F1 0.400, unchanged 1 of 2"


def test_enough_self_contained_questions_are_unchanged() -> None:
    follow_ups = [judged(0.8, {0.9: {"a"}}, {"a"}) for _ in range(10)]
    alone = [judged(0.6, {0.9: {"x"}}, set()) for _ in range(5)]
    with_hint = choose([], follow_ups + alone, [])["hint"]
    assert 0.6 < with_hint.needs_context <= 0.8  # all follow-ups are above it, all others below
    assert with_hint.word <= 0.9
    # If self-contained questions score as high as follow-ups, nothing is added to any question.
    thresholds = choose([], [judged(0.6, {0.9: {"a"}}, {"a"}), *alone], [])["hint"]
    assert count(alone, thresholds).left == 5


def test_a_question_with_a_pronoun_is_always_rewritten() -> None:
    follow_ups = [judged(0.1, {0.4: {"a", "x"}, 0.6: {"a"}}, {"a"}) for _ in range(3)]
    chosen = choose([*follow_ups, judged(0.1, {0.6: {"x"}}, set())], [], [])
    assert list(chosen) == ["pronoun", "hint", "none"]
    assert chosen["pronoun"] == Thresholds(0.0, 0.45)  # the first step at which x is not added

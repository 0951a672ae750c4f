"""When a question is rewritten: the thresholds that find the needed words and leave the rest."""

from collections.abc import Sequence

import pytest

from qa_bot.models.span_model import Card, Levels, Logistic, ReaderModel, Thresholds
from training.followups import TermExample
from training.thresholds import STEPS, Counts, Judged, choose, count, judge


class Judge(ReaderModel):
    """Gives a question, and each word of its past, the chances it was made with."""

    def __init__(self, needs_context: float, chances: Sequence[float]) -> None:
        self.needs_context, self.chances = needs_context, list(chances)
        self.card = Card(384, Logistic((1.0,), 0.0), Logistic((1.0,), 0.0), Levels(0.5, 0.1), {})

    def judge_terms(
        self, question: str, past: str, words: Sequence[tuple[int, int]]
    ) -> tuple[float, list[float]]:
        return self.needs_context, self.chances


def judged(needs_context: float, added: dict[float, set[str]], needed: set[str]) -> Judged:
    """Return what becomes of a question; between two of the steps given nothing changes."""
    words: frozenset[str] = frozenset()
    every = {}
    for step in reversed(STEPS):
        words = frozenset(added.get(step, words))
        every[step] = words
    return Judged(needs_context, every, frozenset(needed))


def test_of_several_readings_the_nearest_to_what_people_wrote_counts() -> None:
    past = "Ada Berg met Bo Lund."
    words = ((0, 3), (4, 8), (9, 12), (13, 15), (16, 20))
    example = TermExample("Where did they meet?", past, words, (False, False, False, True, True))
    found = judge(Judge(0.7, [0.9, 0.9, 0.1, 0.6, 0.6]), example)
    assert (found.needs_context, found.needed) == (0.7, {"bo", "lund"})
    assert found.added[0.5] == {"bo", "lund"}  # the second reading: Ada Berg is the first
    assert found.added[0.8] == {"ada", "berg"}
    assert found.added[0.99] == frozenset()


def test_words_are_counted_over_all_questions() -> None:
    questions = [
        judged(0.9, {0.5: {"a", "b"}}, {"a", "c"}),
        judged(0.9, {0.5: {"d"}}, set()),
        judged(0.2, {0.5: {"e"}}, set()),
    ]
    found = count(questions, Thresholds(0.5, 0.5))
    assert found == Counts(added=3, right=1, needed=2, alone=2, left=1)
    assert found.f1 == pytest.approx(2 * 1 / 5)
    assert str(found) == "recall 0.500, precision 0.333, F1 0.400, left alone 1 of 2"


@pytest.mark.slow
def test_enough_questions_that_stand_alone_are_left() -> None:
    follow_ups = [judged(0.8, {0.9: {"a"}}, {"a"}) for _ in range(10)]
    alone = [judged(0.6, {0.9: {"x"}}, set()) for _ in range(5)]
    with_hint = choose([], follow_ups + alone, [])["hint"]
    assert 0.6 < with_hint.needs_context <= 0.8  # found whenever they lean, and never else
    assert with_hint.word <= 0.9
    # When those that stand alone lean as much, nothing is added to any.
    lost = choose([], [judged(0.6, {0.9: {"a"}}, {"a"}), *alone], [])["hint"]
    assert count(alone, lost).left == 5


@pytest.mark.slow
def test_a_question_with_a_pronoun_is_always_rewritten() -> None:
    follow_ups = [judged(0.1, {0.4: {"a", "x"}, 0.6: {"a"}}, {"a"}) for _ in range(3)]
    chosen = choose([*follow_ups, judged(0.1, {0.6: {"x"}}, set())], [], [])
    assert list(chosen) == ["pronoun", "hint", "none"]
    assert chosen["pronoun"] == Thresholds(0.0, 0.45)  # the first step at which x is not added

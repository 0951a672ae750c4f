"""A floor for the quality of answers, so that worse weights cannot pass.

Every third question and conversation is asked: ``python -m benchmarks.golden`` and
``python -m benchmarks.conversations`` ask them all.
"""

import pytest

from benchmarks.conversations import CONVERSATIONS, load_turns
from benchmarks.golden import QUESTIONS, Verdict, judge, load_questions
from qa_bot.bot import Bot
from qa_bot.datatypes import Answer

# What the shipped weights reach, less one.
FIRST, FIRST_OR_SHOWN, REFUSED = 18, 18, 8
FOLLOW_UPS, LEFT_ALONE = 13, 5

pytestmark = pytest.mark.slow


def test_the_golden_questions_are_answered_as_well_as_before(shipped_bot: Bot) -> None:
    rows = load_questions(QUESTIONS)[::3]
    verdicts = [judge(row, shipped_bot.answer(row.question)) for row in rows]
    assert verdicts.count(Verdict.FIRST) >= FIRST
    assert verdicts.count(Verdict.FIRST) + verdicts.count(Verdict.SHOWN) >= FIRST_OR_SHOWN
    assert verdicts.count(Verdict.SILENT) >= REFUSED


def test_follow_ups_are_understood_as_well_as_before(shipped_bot: Bot) -> None:
    right = left_alone = 0
    turns = load_turns(CONVERSATIONS)
    names = list(dict.fromkeys(turn.conversation for turn in turns))[::3]
    history: dict[str, list[Answer]] = {name: [] for name in names}
    for turn in (turn for turn in turns if turn.conversation in history):
        earlier = history[turn.conversation]
        answer = shipped_bot.answer(turn.question, earlier)
        if turn.follow_up:
            right += bool(turn.gold) and judge(turn, answer) == Verdict.FIRST
        elif earlier:
            left_alone += answer.query == turn.question
        earlier.append(answer)
    assert (right >= FOLLOW_UPS, left_alone >= LEFT_ALONE) == (True, True), (right, left_alone)

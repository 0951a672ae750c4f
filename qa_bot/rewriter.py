"""(question, history) -> a query that stands alone, in words of the question and the history."""

import re
from collections.abc import Sequence

from qa_bot.datatypes import Answer
from qa_bot.metadata import asks_when_written

Turn = Answer | tuple[str, str]  # an earlier Answer, or (question, answer text)

_LEANS = re.compile(
    r"\b(he|she|it|they|him|her|them|his|hers|its|their|theirs|this|that|these|those|there|then)\b"
    r"|^\s*(and|but|or|so|also|why|how so|what about|how about|what else|who else)\b",
    re.IGNORECASE,
)
_SHORT = 3  # words; "And in Syria?", "Why not?", "How many?" say too little alone


def rewrite(question: str, history: Sequence[Turn]) -> str:
    """Return the question itself when it stands alone, else the last turn's words before it.

    ``history`` is oldest first. Raises ValueError when one of its items is no turn.
    """
    turns = [_turn(item) for item in history]
    if not turns or not _leans(question):
        return question
    query, said = turns[-1]
    return " ".join(part for part in (query, said, question) if part)


def _leans(question: str) -> bool:
    """Whether a question seems to need the conversation to be understood."""
    if asks_when_written(question):
        return False
    return _LEANS.search(question) is not None or len(question.split()) <= _SHORT


def _turn(item: Turn) -> tuple[str, str]:
    """Return what was searched for and what was said in a turn."""
    if isinstance(item, Answer):
        return item.query, item.text
    match item:
        case (str(question), str(said)):
            return question, said
        case _:
            raise ValueError(f"history holds Answers or (question, answer) pairs, not {item!r:.80}")

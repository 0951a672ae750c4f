"""Conversations about the shipped article: are follow-ups understood?

Each turn is asked with the Bot's own earlier answers as its history; the same question is asked
in full too, which is what the best rewriting could reach. ``tests/golden/conversations.jsonl`` has
the fields of the golden questions, ``full`` (the question as it stands alone) and ``follow_up``.
An id is that of the conversation, a dot and the number of the turn.
"""

import argparse
import json
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tqdm import tqdm

from benchmarks.followups import OURS, SYSTEMS, Asking, percent, to_table
from benchmarks.golden import Golden, Verdict, judge, score
from qa_bot.answering.rewriter import rewrites
from qa_bot.bot import Bot, default_bot
from qa_bot.datatypes import Answer

CONVERSATIONS = Path(__file__).parent.parent / "tests" / "golden" / "conversations.jsonl"
FULL = "asked in full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn(Golden):
    """A golden question inside a conversation."""

    full: str
    follow_up: bool

    @property
    def conversation(self) -> str:
        """The id of the conversation."""
        return self.id.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Asked:
    """A turn, the answers before it, and its answer for each way of asking."""

    turn: Turn
    history: tuple[Answer, ...]
    answers: Mapping[str, Answer]


def load_turns(path: Path) -> list[Turn]:
    """Read turns from a file of JSON lines, in the order of their conversations."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [Turn(**{**row, "gold": tuple(row["gold"])}) for row in rows]


def hold(bot: Asking, turns: Iterable[Turn]) -> list[Asked]:
    """Hold the conversations of the turns, each from its beginning."""
    asked: list[Asked] = []
    for _, members in groupby(turns, key=lambda turn: turn.conversation):
        history: tuple[Answer, ...] = ()
        for turn in members:
            answers = {
                name: bot.answer(*system(turn.question, history))
                for name, system in SYSTEMS.items()
            }
            asked.append(Asked(turn, history, {**answers, FULL: bot.answer(turn.full, ())}))
            history = (*history, answers[OURS])
    return asked


def compare(asked: Iterable[Asked], system: str) -> tuple[int, int]:
    """Return on how many turns a system finds what the full question does not, and the reverse.

    To find is to have gold words in the first quote.
    """
    better = worse = 0
    for one in asked:
        own, full = (judge(one.turn, one.answers[name]) == Verdict.FIRST for name in (system, FULL))
        better += own and not full
        worse += full and not own
    return better, worse


def table(asked: Sequence[Asked]) -> str:
    """Count the turns that each way of asking answers and refuses."""
    head = ["in first", "not quoted", "rightly refused", "better", "worse", "difference"]
    rows = [["", *head]]
    turns = [one.turn for one in asked]
    for system in (*SYSTEMS, FULL):
        found = score(turns, [one.answers[system] for one in asked])
        better, worse = compare(asked, system)
        difference = 100 * (better - worse) / max(found.answerable, 1)
        rows.append(
            [
                system,
                f"{found.in_first} {percent(found.in_first, found.answerable):>7}",
                f"{found.not_quoted} of {found.answerable}",
                f"{found.rightly_refused} of {found.unanswerable}",
                str(better),
                str(worse),
                f"{difference:+.1f}",
            ]
        )
    return to_table(rows)


def rewriting_ms(asked: Iterable[Asked]) -> float:
    """Return the median time to rewrite a question with a history, in milliseconds."""
    seconds = []
    for one in asked:
        if one.history:
            began = time.perf_counter()
            rewrites(one.turn.question, one.history)
            seconds.append(time.perf_counter() - began)
    return 1000 * statistics.median(seconds)


def to_text(asked: Sequence[Asked]) -> str:
    """Return the report as text for a terminal."""
    follow_ups = [one for one in asked if one.turn.follow_up]
    others = [one for one in asked if not one.turn.follow_up]
    later = [one for one in others if one.history]
    return "\n".join(
        (
            "Better, worse and the difference, in points, are against the question in full.",
            "",
            f"{len(follow_ups)} follow-ups",
            table(follow_ups),
            f"left as asked: {_untouched(follow_ups)} of {len(follow_ups)}",
            "",
            f"{len(others)} questions that stand alone",
            table(others),
            f"with a history, left as asked: {_untouched(later)} of {len(later)}",
        )
    )


def _untouched(asked: Iterable[Asked]) -> int:
    return sum(one.answers[OURS].query == one.turn.question for one in asked)


def turn_to_text(one: Asked) -> str:
    """Return a turn as text, with the answers to our way of asking and to the full question."""
    turn = one.turn
    wanted = " | ".join(turn.gold) if turn.gold else f"nothing: {turn.why}"
    lines = [f"{turn.id} {turn.question}", f"    wanted: {wanted}"]
    for name in (OURS, FULL):
        answer = one.answers[name]
        quote = answer.quotes[0].text if answer.found else "-"
        lines.append(f"    {name}: {answer.query}  [{judge(turn, answer)}]")
        lines.append(f"        {quote}")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None, bot: Asking | None = None) -> None:
    """Hold the conversations and print the report; ``bot`` replaces the shipped article's."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.conversations",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--index", type=Path, help="an index folder (default: the shipped one)")
    parser.add_argument("--conversations", type=Path, default=CONVERSATIONS, help="JSON lines")
    parser.add_argument("--verbose", action="store_true", help="list each turn too")
    options = parser.parse_args(argv)

    turns = load_turns(options.conversations)
    if bot is None:
        bot = default_bot() if options.index is None else Bot.open(options.index)
    asked = hold(bot, tqdm(turns, unit="turn", disable=None))
    if options.verbose:
        print("\n\n".join(map(turn_to_text, asked)), end="\n\n")
    print(to_text(asked))
    print(f"\nrewriting a question that has a history: {rewriting_ms(asked):.2f} ms (median)")


if __name__ == "__main__":
    main()

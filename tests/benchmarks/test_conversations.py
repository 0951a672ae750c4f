"""The conversations are sound, and the report on them counts right."""

import json
from collections.abc import Sequence
from itertools import groupby, pairwise
from pathlib import Path

import pytest

from benchmarks import conversations
from benchmarks.conversations import (
    CONVERSATIONS,
    FULL,
    Asked,
    Turn,
    compare,
    hold,
    load_turns,
    rewriting_ms,
    to_text,
    turn_to_text,
)
from benchmarks.followups import IGNORED, OURS, PREPENDED
from benchmarks.golden import Golden
from qa_bot.answering.history import Turn as Earlier
from qa_bot.datatypes import Answer, Document, Quote, Span

TOWN = Document.from_text("The bridge opened in 1932. Ada Brook designed it. It is blue.")
OPENED, DESIGNED, BLUE = "The bridge opened in 1932.", "Ada Brook designed it.", "It is blue."


def turn(id: str, question: str, full: str, *gold: str, why: str = "") -> Turn:
    """Make a turn; it is a follow-up when the question in full is another."""
    return Turn(
        id=id,
        question=question,
        gold=gold,
        kind="who",
        style="plain",
        why=why,
        full=full,
        follow_up=question != full,
    )


TURNS = [
    turn("c1.1", "Who designed the bridge?", "Who designed the bridge?", "Ada Brook"),
    turn("c1.2", "When did it open?", "When did the bridge open?", "1932"),
    turn("c1.3", "How old is she?", "How old is Ada Brook?", why="no age is given"),
    turn("c2.1", "What colour is the bridge?", "What colour is the bridge?", "blue"),
]
KNOWN = {
    "Who designed the bridge?": DESIGNED,
    "What colour is the bridge?": BLUE,
    "When did the bridge open?": OPENED,
    "Who designed the bridge? When did it open?": DESIGNED,
    "How old is she?": BLUE,
}


class FakeBot:
    """Quotes what KNOWN has for a question; with a history it asks for the bridge, never for it."""

    def __init__(self) -> None:
        self.histories: list[Sequence[Earlier]] = []

    def answer(self, question: str, history: Sequence[Earlier], /) -> Answer:
        self.histories.append(history)
        query = question.replace("it", "the bridge") if history else question
        if query not in KNOWN:
            return Answer(question, query, (), 0.1)
        start = TOWN.text.index(KNOWN[query])
        end = start + len(KNOWN[query])
        quote = Quote(TOWN, start, end, Span(TOWN, start, end), 0.9)
        return Answer(question, query, (quote,), 0.9)


@pytest.fixture
def asked() -> list[Asked]:
    """The conversations of TURNS, held with a FakeBot."""
    return hold(FakeBot(), TURNS)


@pytest.fixture(scope="module")
def talks() -> list[list[Turn]]:
    """The turns of each conversation."""
    turns = load_turns(CONVERSATIONS)
    return [list(members) for _, members in groupby(turns, key=lambda one: one.conversation)]


@pytest.fixture(scope="module")
def turns(talks: list[list[Turn]]) -> list[Turn]:
    return [one for talk in talks for one in talk]


def test_every_gold_is_in_the_article_exactly_once(turns: list[Turn], article: Document) -> None:
    counts = {(one.id, words): article.text.count(words) for one in turns for words in one.gold}
    assert {key: count for key, count in counts.items() if count != 1} == {}


def test_every_paragraph_of_the_article_is_asked_about(
    turns: list[Turn], article: Document
) -> None:
    golds = [words for one in turns for words in one.gold]
    paragraphs = [paragraph for paragraph in article.text.split("\n\n") if paragraph.strip()]
    assert len(paragraphs) == 12
    assert [p for p in paragraphs if not any(words in p for words in golds)] == []


def test_conversations_are_numbered_and_have_three_to_six_turns(talks: list[list[Turn]]) -> None:
    ids = [[f"c{n:02}.{m}" for m in range(1, len(talk) + 1)] for n, talk in enumerate(talks, 1)]
    assert [[one.id for one in talk] for talk in talks] == ids
    assert len(talks) >= 14
    assert {len(talk) for talk in talks} <= {3, 4, 5, 6}


def test_a_question_is_given_in_full_exactly_where_it_is_a_follow_up(turns: list[Turn]) -> None:
    assert [one.id for one in turns if one.follow_up != (one.question != one.full)] == []


def test_a_conversation_begins_with_a_question_that_stands_alone(talks: list[list[Turn]]) -> None:
    assert [talk[0].id for talk in talks if talk[0].follow_up] == []


def test_a_reason_is_given_exactly_where_there_is_no_gold(turns: list[Turn]) -> None:
    assert [one.id for one in turns if bool(one.why) == bool(one.gold)] == []


def test_there_are_enough_turns_of_every_sort(talks: list[list[Turn]]) -> None:
    later = [pair for talk in talks for pair in pairwise(talk)]
    assert sum(one.follow_up and bool(one.gold) for _, one in later) >= 40
    assert sum(one.follow_up and not one.gold for _, one in later) >= 15
    assert sum(not one.follow_up for _, one in later) >= 10
    assert sum(one.follow_up and bool(one.gold) and not before.gold for before, one in later) >= 5


def test_the_history_is_the_answers_to_earlier_turns_of_the_conversation() -> None:
    bot = FakeBot()
    asked = hold(bot, TURNS)
    own = [one.answers[OURS] for one in asked]
    assert [one.history for one in asked] == [(), (own[0],), (own[0], own[1]), ()]
    # A system after another: ours, history ignored, last question first, asked in full.
    assert bot.histories[4:8] == [(own[0],), (), (), ()]


def test_each_way_of_asking_has_its_answer(asked: list[Asked]) -> None:
    answers = asked[1].answers
    assert {name: answer.query for name, answer in answers.items()} == {
        OURS: "When did the bridge open?",
        IGNORED: "When did it open?",
        PREPENDED: "Who designed the bridge? When did it open?",
        FULL: "When did the bridge open?",
    }
    assert [answers[name].text for name in (OURS, IGNORED, PREPENDED)] == [OPENED, "", DESIGNED]


def test_compared_with_the_question_in_full(asked: list[Asked]) -> None:
    assert compare(asked, OURS) == (0, 0)
    assert compare(asked, IGNORED) == (0, 1)
    swapped = {OURS: asked[1].answers[IGNORED], FULL: asked[1].answers[OURS]}
    reverse = {OURS: asked[1].answers[OURS], FULL: asked[1].answers[IGNORED]}
    assert compare([Asked(TURNS[1], (), swapped)], OURS) == (0, 1)
    assert compare([Asked(TURNS[1], (), reverse)], OURS) == (1, 0)


def test_the_report(asked: list[Asked]) -> None:
    lines = to_text(asked).splitlines()
    assert lines[2] == "2 follow-ups"
    assert [line.split() for line in lines[4:8]] == [
        "ours 1 100.0 % 0 of 1 0 of 1 0 0 +0.0".split(),
        "history ignored 0 0.0 % 1 of 1 0 of 1 0 1 -100.0".split(),
        "last question first 0 0.0 % 0 of 1 1 of 1 0 1 -100.0".split(),
        "asked in full 1 100.0 % 0 of 1 1 of 1 0 0 +0.0".split(),
    ]
    assert lines[8] == "left as asked: 1 of 2"
    assert lines[10] == "2 questions that stand alone"
    assert lines[12].split() == "ours 2 100.0 % 0 of 2 0 of 0 0 0 +0.0".split()
    assert lines[16] == "with a history, left as asked: 0 of 0"


def test_a_turn_shows_its_query_and_quote(asked: list[Asked]) -> None:
    assert turn_to_text(asked[1]).splitlines() == [
        "c1.2 When did it open?",
        "    wanted: 1932",
        "    ours: When did the bridge open?  [gold words in the first quote]",
        "        The bridge opened in 1932.",
        "    asked in full: When did the bridge open?  [gold words in the first quote]",
        "        The bridge opened in 1932.",
    ]
    assert turn_to_text(asked[2]).splitlines()[1:4] == [
        "    wanted: nothing: no age is given",
        "    ours: How old is she?  [quoted, though the article does not say]",
        "        It is blue.",
    ]


def test_rewriting_is_timed_where_there_is_a_history() -> None:
    answer = Answer("Who designed the bridge?", "Who designed the bridge?", (), 0.1)
    assert rewriting_ms([Asked(TURNS[0], (), {}), Asked(TURNS[1], (answer,), {})]) > 0


def test_the_command_prints_each_turn_and_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "conversations.jsonl"
    names = [*Golden.__slots__, *Turn.__slots__]
    lines = [json.dumps({name: getattr(one, name) for name in names}) for one in TURNS]
    file.write_text("\n".join(lines) + "\n", "utf-8")
    conversations.main(["--conversations", str(file), "--verbose"], FakeBot())
    printed = capsys.readouterr().out
    asked = hold(FakeBot(), TURNS)
    shown = [*map(turn_to_text, asked), to_text(asked), "rewriting a question that has a history: "]
    assert printed.startswith("\n\n".join(shown))
    assert printed.endswith(" ms (median)\n")

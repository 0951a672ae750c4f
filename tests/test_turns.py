"""Texts made of lines: turns, times of subtitles, subjects and questions."""

import pytest

from qa_bot.context import context_of
from qa_bot.datatypes import Document
from qa_bot.sentences import sentences
from qa_bot.turns import find_turns, reply_to

LONG = "We looked for it everywhere. " * 12


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(Document(text))]


def context(text: str, words: str) -> str:
    start = text.index(words)
    return context_of(Document(text), start, start + len(words))


@pytest.mark.parametrize(
    "lines",
    [
        ["[09:01] Ida: is the oar mended", "[09:02] Bo: no. ask Al", "[09:05] Ida: ok. thanks"],
        ["<ida> Is it mended? Tell me.", "<bo> No.", "<ida> Then mend it."],
        [
            "3/5/2024, 9:01 - Ida: hi. Are you in?",
            "3/5/2024, 9:02 - Bo: yes",
            "3/5/2024, 9:03 - Ida: ok",
        ],
        ["THE CHAIR: We begin. All are here.", "MS. BRUN: Yes.", "THE CHAIR: Good. Then go on."],
        ["00:01 We begin. All sit.", "00:09 The oar is lost. Bo lost it.", "01:20 We end."],
        ["Q: Is it far? Or near?", "A: Far. Very far.", "Q: How far?", "A: A day."],
    ],
)
def test_each_turn_is_a_sentence(lines: list[str]) -> None:
    assert cut("\n".join(lines)) == lines
    assert cut("\r\n".join(lines)) == lines


def test_a_turn_goes_on_in_the_lines_below_it() -> None:
    text = "IDA: We have lost\nthe oar. All of it.\nBO: Yes.\n\nIDA: Then row back."
    assert cut(text) == [
        "IDA: We have lost\nthe oar. All of it.",
        "BO: Yes.",
        "IDA: Then row back.",
    ]


def test_a_long_turn_is_cut_and_its_speaker_is_context() -> None:
    text = f"IDA: {LONG}Bo had it.\n\nHe hid it.\n\nBO: No.\n\nIDA: Yes.\n\nThe end."
    assert "Bo had it." in cut(text)
    assert context(text, "Bo had it.") == "IDA"
    assert context(text, "He hid it.") == "IDA"
    assert context(text, "BO: No.") == ""
    assert context(text, "The end.") == ""


def test_the_question_is_context_of_its_answer() -> None:
    text = f"Q: Where was it?\nA: {LONG}\n\nIn the shed.\n\nQ: Who hid it?\nA: Bo.\nQ: Why?\nA: No."
    assert context(text, "In the shed.") == "Where was it?"
    assert context(text, "A: Bo.") == "Who hid it?"
    assert context(text, "Q: Why?") == ""


@pytest.mark.parametrize(
    "text",
    [
        "Note: the shed is shut.\nKey: ask Ida.\nHours: nine to five.",
        "Sources: a. The oar was found in the shed by Ida, who was looking for a rope that day.",
        "We met at\n12:30 by the shed.\nIt rained.",
        "",
    ],
)
def test_what_has_no_turns(text: str) -> None:
    assert find_turns(text) == []


def test_the_times_of_subtitles_are_no_part_of_what_is_said() -> None:
    text = (
        "WEBVTT\n\n1\n00:01.000 --> 00:04.000 align:start\nthe oar was lost\nin the bay\n\n"
        "2\n00:04.500 --> 00:08.000\nand Bo found it."
    )
    assert cut(text) == [
        "WEBVTT",
        "1\n00:01.000 --> 00:04.000 align:start",
        "the oar was lost\nin the bay",
        "2\n00:04.500 --> 00:08.000",
        "and Bo found it.",
    ]


def test_the_subject_of_a_mail_stands_above_what_it_says() -> None:
    text = (
        "From: Ida\nSubject: The lost oar\n\nIt is in the shed.\n\n> Subject: Rope\n> Where is it?"
    )
    assert context(text, "It is in the shed.") == "The lost oar"
    assert context(text, "Where is it?") == "Rope"


def test_the_questions_of_an_faq_stand_above_their_answers() -> None:
    text = (
        "What does a boat cost?\n\nNine crowns.\n\nWhen is the shed open?\n\nAt noon.\n\nOn Monday."
    )
    assert context(text, "Nine crowns.") == "What does a boat cost?"
    assert context(text, "On Monday.") == "When is the shed open?"
    alone = "What then?\n\nHe left.\n\nShe stayed."
    assert context(alone, "He left.") == ""


CHAT = "Ida: 30 each for the rope?\nBo: 35, it is longer\nIda: fine. who pays?\nIda: i do\nBo: ok"


@pytest.mark.parametrize(
    ("words", "reply"),
    [
        ("30", "Bo: 35, it is longer"),
        ("30 each for the rope?", "Bo: 35, it is longer"),
        ("Ida: 30", None),  # who asks is no question
        ("35", None),
        ("fine", None),  # is said before the question
        ("who pays", None),  # the same person goes on
        ("ok", None),
    ],
)
def test_a_turn_replies_to_what_is_asked_before_it(words: str, reply: str | None) -> None:
    start = CHAT.index(words)
    found = reply_to(CHAT, find_turns(CHAT), start, start + len(words))
    assert (None if found is None else CHAT[found.start : found.end].strip()) == reply

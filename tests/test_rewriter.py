"""A follow-up takes the words of the last turn; a question that stands alone takes nothing."""

import pytest

from qa_bot.datatypes import Answer, Document, Quote, Span
from qa_bot.rewriter import rewrite

WHO = ("Who designed the bridge?", "Gustave Eiffel")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("When was he born?", "Who designed the bridge? Gustave Eiffel When was he born?"),
        ("And in Lyon?", "Who designed the bridge? Gustave Eiffel And in Lyon?"),
        ("Why not?", "Who designed the bridge? Gustave Eiffel Why not?"),
        ("When was this written?", "When was this written?"),
        ("How long is the bridge over the Garonne?", "How long is the bridge over the Garonne?"),
    ],
)
def test_the_last_turn_is_joined_only_to_a_question_that_leans_on_it(
    question: str, expected: str
) -> None:
    assert rewrite(question, [("Is it cold?", ""), WHO]) == expected


def test_without_history_a_question_is_left_alone() -> None:
    assert rewrite("When was he born?", []) == "When was he born?"


def test_an_answer_gives_its_query_and_its_highlight() -> None:
    document = Document("Eiffel designed it.")
    quote = Quote(document, 0, 19, Span(document, 0, 6), 0.9)
    turn = Answer("Who?", "Who designed the bridge?", (quote,), 0.9)
    assert rewrite("When did he?", [turn]) == "Who designed the bridge? Eiffel When did he?"


def test_a_refusal_gives_its_query_alone() -> None:
    turn = Answer("Who?", "Who designed the bridge?", (), 0.1)
    assert rewrite("When did he?", [turn]) == "Who designed the bridge? When did he?"


@pytest.mark.parametrize("nonsense", ["a string", None, ("one",), (1, 2), {"role": "user"}])
def test_history_that_holds_no_turns_is_refused(nonsense: object) -> None:
    with pytest.raises(ValueError, match="history holds Answers"):
        rewrite("Why?", [nonsense])  # type: ignore[list-item]

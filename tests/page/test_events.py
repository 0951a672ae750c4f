"""Event handlers: what the page shows after each action, and when."""

import json
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from qa_bot.page import events
from qa_bot.page.html import (
    awaited_to_html,
    leads_to_html,
    plain_to_html,
    question_to_html,
    source_to_html,
    suggestions_to_html,
    to_html,
)
from qa_bot.page.library import Library
from qa_bot.page.session import IN_WORDS, Session
from tests.helpers.fakes import MILL, word_bot

HARBOUR = "The harbour master is Anna Berg."
SKIPPED = gr.skip()


@pytest.fixture
def session() -> Session:
    return Session(Library(word_bot(MILL)))


def event(**data: Any) -> gr.EventData:
    return gr.EventData(None, data)


def ask(session: Session, question: str) -> list[events.Answered]:
    return list(events.ask(question, session))


def test_a_question_is_shown_at_once_and_then_its_answer_and_that_in_its_place(
    session: Session,
) -> None:
    question = "The <b>mill</b> was built"
    first, last = ask(session, question)
    user = {"role": "user", "content": question_to_html(question)}
    (exchange,) = session.conversation
    assert exchange.answer is not None
    awaited = {"role": "assistant", "content": awaited_to_html()}
    assert first == ([user, awaited], "", SKIPPED, SKIPPED, session)
    assert last[0] == [user, {"role": "assistant", "content": to_html(exchange.answer, 0)}]
    assert last[1] == SKIPPED  # a question half typed stays
    assert last[2] == source_to_html(MILL, exchange.answer.quotes[0])
    assert last[3].selected == "source"


def test_a_refusal_leaves_the_source_as_it_is(session: Session) -> None:
    *_, last = ask(session, "How long does bread by Rosa take")
    assert last[2:4] == (SKIPPED, SKIPPED)


@pytest.mark.parametrize("blank", ["", "  ", "\n\t"])
def test_a_blank_question_changes_nothing(session: Session, blank: str) -> None:
    assert ask(session, blank) == [(SKIPPED, SKIPPED, SKIPPED, SKIPPED, session)]
    assert session.conversation == []


def test_a_suggested_question_is_asked(session: Session) -> None:
    list(events.ask_suggested(session, event(question="The mill was built")))
    assert [it.question for it in session.conversation] == ["The mill was built"]


def test_after_an_answer_the_whole_conversation_is_shown_again(session: Session) -> None:
    assert events.lead_on(session) == SKIPPED
    ask(session, "The mill was built")
    (exchange,) = session.conversation
    shown = events.messages(session)
    assert events.lead_on(session) == shown  # the document leads on to nothing else
    exchange.leads = ("Who built the mill?",)
    again = events.lead_on(session)
    assert again[1]["content"] == shown[1]["content"] + leads_to_html(exchange.leads)


def test_a_follow_up_is_asked_again_in_its_place(session: Session) -> None:
    ask(session, "The mill was built")
    ask(session, "Why?")
    first, last = events.ask_without(session, event(of="without-1-0"))
    assert first[0][3] == {"role": "assistant", "content": awaited_to_html()}
    assert len(last[0]) == 4 and "qa-understood" not in last[0][3]["content"]
    nothing = (SKIPPED, SKIPPED, SKIPPED, SKIPPED, session)
    assert list(events.ask_without(session, event(of="without-1-0"))) == [nothing]


def test_a_clicked_quote_or_document_is_shown(session: Session) -> None:
    ask(session, "The mill was built")
    page, tabs, _ = events.show_quote(session, event(of="quote-0-0"))
    assert f"<mark>{MILL.text}</mark>" in page and tabs.selected == "source"
    page, tabs, _ = events.show_document(session, event(of=MILL.id))
    assert page == source_to_html(MILL) and tabs.selected == "source"


def test_the_closest_passage_is_marked_but_not_as_an_answer(session: Session) -> None:
    ask(session, "How long does bread by Rosa take")
    page, _, _ = events.show_quote(session, event(of="quote-0-0"))
    assert f"<mark>{MILL.text}</mark>" in page and "qa-said" not in page


def test_what_cannot_be_answered_is_shown_as_a_message(session: Session) -> None:
    *_, last = ask(session, "?!")
    assert last[0][1] == {"role": "assistant", "content": plain_to_html(IN_WORDS)}


def test_what_is_not_there_shows_nothing(session: Session) -> None:
    ask(session, "The mill was built")
    for nowhere in ("quote-9-9", "quote-0-0 ", "", "quote-０-0"):
        assert events.show_quote(session, event(of=nowhere)) == (SKIPPED, SKIPPED, session)
    assert events.show_document(session, event(of="../x")) == (SKIPPED, SKIPPED, session)


@pytest.mark.slow
def test_documents_are_added_chosen_and_removed(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "sent"
    path.write_text(HARBOUR)
    sent = [{"path": str(path), "orig_name": "My <harbour>.txt"}]
    reports, documents, _ = events.add_files(sent, session)
    (own,) = session.library.own
    assert "<bdi>My &lt;harbour&gt;.txt</bdi>: 6 words" in reports
    assert documents == events.documents(session) and own.id in documents
    events.choose(session, event(of=own.id, asked=False))
    assert f'data-choose="{MILL.id}" aria-label="Ask about The mill" checked>' in documents
    unticked = f'data-choose="{own.id}" aria-label="Ask about My &lt;harbour&gt;.txt">'
    assert unticked not in documents and unticked in events.documents(session)
    documents, _ = events.remove(session, event(of=own.id))
    assert own.id not in documents and session.library.own == ()


def test_a_pasted_text_is_added(session: Session) -> None:
    reports, documents, _ = events.add_text(HARBOUR, "Harbour", session)
    assert "<bdi>Harbour</bdi>: 6 words" in reports and "Harbour" in documents
    reports, _, _ = events.add_text(HARBOUR, "", session)
    assert "qa-refused" in reports


def test_suggestions_are_left_as_they_are_without_own_documents(session: Session) -> None:
    assert events.suggestions(session) == SKIPPED


def test_suggestions_about_an_own_document_are_shown(session: Session) -> None:
    about = "What is said about Rome Gate?"
    session.library.add_text(f"{about} Much. Again Rome Gate, and Rome Gate.", "Rome")
    assert events.suggestions(session) == suggestions_to_html(session.suggestions()) != ""


def test_starting_again_empties_the_conversation_and_can_be_undone(session: Session) -> None:
    assert events.clear(session)[1].visible is False
    ask(session, "mill")
    before = events.messages(session)
    chat, undo, _ = events.clear(session)
    assert (chat, undo.visible) == ([], True)
    chat, undo, _ = events.restore(session)
    assert (chat, undo.visible) == (before, False)


def test_a_page_that_is_loaded_anew_catches_up_with_what_was_awaited(session: Session) -> None:
    assert events.catch_up(session) == SKIPPED
    exchange = session.begin("The mill was built")
    shown = events.catch_up(session)
    assert exchange.answer is not None and exchange.answer.found
    assert shown[1] == {"role": "assistant", "content": to_html(exchange.answer, 0)}
    assert events.catch_up(session) == shown


def test_a_thumb_is_kept_with_its_question(session: Session, tmp_path: Path) -> None:
    keep = events.feedback_handler(tmp_path / "kept")
    ask(session, "mill")
    ask(session, "The mill was built")
    for index, liked in ((3, True), (1, False), (1, None)):
        data = {"index": index, "value": "", "liked": liked}
        keep(session, gr.LikeData(None, data))
    lines = [json.loads(line) for line in (tmp_path / "kept").read_text().splitlines()]
    assert [(line["thumb"], line["question"]) for line in lines] == [
        ("up", "The mill was built"),
        ("down", "mill"),
        ("none", "mill"),
    ]
    answer = session.conversation[1].answer
    assert answer is not None and lines[0]["answer"] == answer.to_dict()

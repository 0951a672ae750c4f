"""Session: a conversation about chosen documents, found again by its key and by nothing else."""

import copy
import gc
from concurrent.futures import ThreadPoolExecutor

import pytest

from qa_bot.datatypes import Document
from qa_bot.page.html import plain_to_html, to_html
from qa_bot.page.library import Library
from qa_bot.page.session import CHOOSE_ONE, IN_WORDS, SUGGESTIONS, Session, finder
from tests.helpers.fakes import MILL, operator

HARBOUR = "The harbour master is Anna Berg."
NOT_SAID = "“The mill” does not say."


@pytest.fixture
def session() -> Session:
    return Session(Library(operator(MILL)))


def asked(session: Session, question: str) -> str:
    exchange = session.begin(question)
    session.finish(exchange)
    return exchange.reply


def test_a_question_is_noted_at_once_and_answered_later(session: Session) -> None:
    exchange = session.begin("Who built the mill")
    assert session.conversation == [exchange]
    assert (exchange.reply, exchange.answer) == ("", None)
    session.finish(exchange)
    answer = session.shelf.answer("Who built the mill")
    assert exchange.answer == answer and answer.quotes[0].text == MILL.text
    assert exchange.reply == to_html(answer, 0)


def test_history_is_what_was_asked_before_and_answered(session: Session) -> None:
    asked(session, "?!")
    asked(session, "The mill was built")
    later = session.begin("mill")
    asked(session, "And who was it by")
    second, fourth = session.conversation[1].answer, session.conversation[3].answer
    assert second is not None and fourth is not None
    assert fourth == session.shelf.answer("And who was it by", [second])
    session.finish(later)
    assert later.answer == session.shelf.answer("mill", [second])


def test_a_question_without_words_gets_a_polite_reply(session: Session) -> None:
    assert asked(session, "?!") == plain_to_html(IN_WORDS)


def test_a_question_is_about_the_documents_with_a_tick(session: Session) -> None:
    session.shelf.add_text(HARBOUR, "Harbour")
    (own,) = session.shelf.own
    session.choose(own.id, False)
    assert NOT_SAID in asked(session, "Who is the harbour master")
    session.choose(MILL.id, False)
    assert asked(session, "Who is the harbour master") == plain_to_html(CHOOSE_ONE)
    session.choose(own.id, True)
    assert "Anna Berg" in asked(session, "Who is the harbour master")
    assert f'data-choose="{MILL.id}" aria-label="Ask about The mill">' in session.documents()
    assert f'data-choose="{own.id}" aria-label="Ask about Harbour" checked>' in session.documents()


def test_an_id_that_is_not_here_changes_nothing(session: Session) -> None:
    session.choose("x", False)
    session.remove("x")
    session.remove(MILL.id)
    assert session.opened("x") == ""
    assert "Zebulon" in asked(session, "The mill was built by Zebulon")


def test_a_removed_document_answers_no_more_but_its_quotes_stay(session: Session) -> None:
    session.shelf.add_text(HARBOUR, "Harbour")
    assert "Anna Berg" in asked(session, "Who is the harbour master")
    session.remove(session.shelf.own[0].id)
    assert session.shelf.own == ()
    assert NOT_SAID in asked(session, "Who is the harbour master")
    assert "Anna Berg" in session.source("quote-0-0")


def test_a_quote_is_found_by_its_address(session: Session) -> None:
    asked(session, "?!")
    asked(session, "The mill was built")
    marked = f"<mark>{MILL.text}</mark>"
    assert marked in session.source("quote-1-0")
    for nowhere in ("quote-0-0", "quote-1-1", "quote-2-0", "quote-1-0 ", "", "quote-１-0"):
        assert session.source(nowhere) == ""


def test_a_follow_up_is_asked_again_without_what_was_understood(session: Session) -> None:
    asked(session, "The mill was built")
    asked(session, "Why?")
    asked(session, "mill")
    follow_up = session.conversation[1]
    assert follow_up.answer is not None
    assert [str(it) for it in follow_up.answer.understood] == ["follows: The mill was built"]
    assert session.begin_without("without-1-0") is follow_up
    assert (follow_up.answer, follow_up.reply) == (None, "")
    session.finish(follow_up)
    assert follow_up.answer is not None and follow_up.answer.understood == ()
    assert [it.question for it in session.conversation] == ["The mill was built", "Why?", "mill"]
    for nowhere in ("without-1-0", "without-9-0", "quote-1-0", "without-1", ""):
        assert session.begin_without(nowhere) is None


def test_the_closest_passage_is_shown_and_not_as_an_answer(session: Session) -> None:
    asked(session, "How long does bread by Rosa take")
    page = session.source("quote-0-0")
    assert f"<mark>{MILL.text}</mark>" in page and "qa-said" not in page


def test_a_document_is_opened(session: Session) -> None:
    page = session.opened(MILL.id)
    assert "<h2><bdi>The mill</bdi></h2>" in page and MILL.text in page and "<mark" not in page


def test_a_forgotten_conversation_is_no_history_and_addresses_are_not_used_again(
    session: Session,
) -> None:
    asked(session, "The mill was built")
    session.forget()
    assert session.conversation == [] and session.source("quote-0-0") == ""
    asked(session, "The mill was built")
    assert session.source("quote-0-0") == "" and session.source("quote-1-0") != ""


def test_a_forgotten_conversation_can_be_brought_back(session: Session) -> None:
    assert session.forget() is False
    asked(session, "The mill was built")
    before = session.conversation.copy()
    assert session.forget() is True
    assert session.forget() is True  # once more, of nothing: what there was can still be restored
    session.restore()
    assert session.conversation == before and session.source("quote-0-0") != ""
    session.restore()
    assert session.conversation == before


def test_a_new_question_lets_go_of_a_forgotten_conversation(session: Session) -> None:
    asked(session, "The mill was built")
    session.forget()
    asked(session, "mill")
    session.restore()
    assert [it.question for it in session.conversation] == ["mill"]


def test_questions_asked_at_the_same_time_are_all_kept(session: Session) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: asked(session, f"mill {n}"), range(8)))
    assert sorted(it.question for it in session.conversation) == [f"mill {n}" for n in range(8)]
    assert sorted(it.number for it in session.conversation) == list(range(8))


def test_a_conversation_is_saved_with_questions_and_citations(session: Session) -> None:
    asked(session, "?!")
    asked(session, "The mill was built")
    assert session.to_markdown() == (
        "# Conversation\n\n## The mill was built\n\n"
        "> The mill was built by Zebulon Quick. [1]\n\n"
        "## Sources\n\n1. The mill, paragraph 1, characters 0–36\n"
    )


def test_suggestions_are_about_own_documents_and_answered(session: Session) -> None:
    assert session.suggestions() == []
    for place in ("Rome", "Oslo", "Bern"):
        about = f"What is said about {place} Gate?"
        session.shelf.add_text(f"{about} Much. Again {place} Gate, and {place} Gate.", place)
    found = session.suggestions()
    assert 0 < len(found) <= SUGGESTIONS
    assert not any("Rome" in question for question in found)
    for question in found:
        assert session.shelf.answer(question).found


def test_an_answer_leads_on_to_questions_that_were_not_asked() -> None:
    town = Document("The mill was built by Anna Berg. The kiln was built by Bo Lund in 1911.", "")
    session = Session(Library(operator(town)))
    assert session.lead_on() is False
    asked(session, "How long does bread take")
    assert session.lead_on() is False  # it was not answered
    asked(session, "The mill was built by Anna Berg. The kiln was built by")
    assert session.lead_on() is False  # whatever is asked is answered by the same quote
    assert session.conversation[-1].leads == ()


def test_a_copy_is_the_session_of_somebody_else(session: Session) -> None:
    session.shelf.add_text(HARBOUR)
    asked(session, "mill")
    session.choose(MILL.id, False)
    other = copy.deepcopy(session)
    assert other.key != session.key
    assert other.conversation == [] and other.shelf.documents == (MILL,)
    assert "data-remove" not in other.documents() and " checked" in other.documents()


def test_a_session_is_found_by_its_key_alone(session: Session) -> None:
    find = finder()
    assert find("", session) is session
    fresh = copy.deepcopy(session)
    assert find(session.key, fresh) is session
    for key in ("", "guess", session.key + "x"):
        fresh = copy.deepcopy(session)
        assert find(key, fresh) is fresh


def test_a_finder_keeps_no_session_alive() -> None:
    find = finder()
    key = find("", Session(Library(operator(MILL)))).key
    gc.collect()
    fresh = Session(Library(operator(MILL)))
    assert find(key, fresh) is fresh


def test_documents_are_forgotten_when_the_last_page_that_holds_them_goes(session: Session) -> None:
    session.shelf.add_text(HARBOUR)
    for _ in range(2):
        session.hold()
    session.release()
    assert [document.text for document in session.shelf.own] == [HARBOUR]
    session.release()
    assert session.shelf.own == ()
    assert session.shelf.add_text("More.").error != ""


def test_what_fails_is_told_in_words(session: Session) -> None:
    class Gone(Library):
        @property
        def documents(self) -> tuple[Document, ...]:
            return (*super().documents, Document("Removed since.", "Gone"))

    gone = Session(Gone(operator(MILL)))
    gone.choose(MILL.id, False)
    reply = asked(gone, "Who built the mill")
    assert reply.startswith('<div class="qa-plain"') and "qa-answer" not in reply

"""Session: a conversation about chosen documents, found again only by its key."""

import copy
import gc
from concurrent.futures import ThreadPoolExecutor

import pytest

from qa_bot.datatypes import Document
from qa_bot.errors import StoreError
from qa_bot.page.library import Library
from qa_bot.page.session import (
    CHOOSE_ONE,
    IN_WORDS,
    SUGGESTIONS,
    Exchange,
    Session,
    Source,
    session_finder,
)
from tests.helpers.fakes import MILL, word_bot

HARBOUR = "The harbour master is Anna Berg."


@pytest.fixture
def session() -> Session:
    return Session(Library(word_bot(MILL)))


def asked(session: Session, question: str) -> Exchange:
    exchange = session.begin(question)
    session.finish(exchange)
    return exchange


def texts(session: Session, question: str) -> list[str]:
    """Ask a question and return the texts of the quotes."""
    answer = asked(session, question).answer
    assert answer is not None
    return [quote.text for quote in answer.quotes]


def test_a_question_is_noted_at_once_and_answered_later(session: Session) -> None:
    exchange = session.begin("Who built the mill")
    assert session.conversation == [exchange]
    assert exchange.is_pending
    session.finish(exchange)
    assert not exchange.is_pending
    answer = session.library.answer("Who built the mill")
    assert exchange.answer == answer and answer.quotes[0].text == MILL.text


class AwayLibrary(Library):
    """A library whose server cannot be reached while it is ``away``."""

    away = False

    @property
    def documents(self) -> tuple[Document, ...]:
        if self.away:
            raise StoreError("the server is not there")
        return super().documents


def test_a_server_that_is_away_is_a_message_and_the_next_question_is_answered() -> None:
    library = AwayLibrary(word_bot(MILL))
    session = Session(library)
    library.away = True
    exchange = asked(session, "The mill was built")
    assert (exchange.answer, exchange.message) == (None, "the server is not there")
    library.away = False
    assert texts(session, "The mill was built") == [MILL.text]


def test_history_is_what_was_asked_before_and_answered(session: Session) -> None:
    asked(session, "?!")
    asked(session, "The mill was built")
    later = session.begin("mill")
    asked(session, "And who was it by")
    second, fourth = session.conversation[1].answer, session.conversation[3].answer
    assert second is not None and fourth is not None
    assert fourth == session.library.answer("And who was it by", [second])
    session.finish(later)
    assert later.answer == session.library.answer("mill", [second])


def test_a_question_without_words_gets_a_polite_reply(session: Session) -> None:
    exchange = asked(session, "?!")
    assert (exchange.answer, exchange.message) == (None, IN_WORDS)


def test_a_question_is_about_the_documents_with_a_tick(session: Session) -> None:
    session.library.add_text(HARBOUR, "Harbour")
    (own,) = session.library.own
    session.choose(own.id, False)
    assert texts(session, "Who is the harbour master") == []
    session.choose(MILL.id, False)
    assert asked(session, "Who is the harbour master").message == CHOOSE_ONE
    session.choose(own.id, True)
    assert texts(session, "Who is the harbour master") == [HARBOUR]
    assert session.excluded == {MILL.id}


def test_an_id_that_is_not_here_changes_nothing(session: Session) -> None:
    session.choose("x", False)
    session.remove("x")
    session.remove(MILL.id)
    assert session.document_source("x") is None
    assert texts(session, "The mill was built by Zebulon") == [MILL.text]


def test_a_removed_document_answers_no_more_but_its_quotes_stay(session: Session) -> None:
    session.library.add_text(HARBOUR, "Harbour")
    assert texts(session, "Who is the harbour master") == [HARBOUR]
    session.remove(session.library.own[0].id)
    assert session.library.own == ()
    assert texts(session, "Who is the harbour master") == []
    source = session.quote_source(0, 0)
    assert source is not None and source.document.text == HARBOUR


def test_a_quote_is_found_by_the_numbers_of_its_exchange_and_its_place(session: Session) -> None:
    asked(session, "?!")
    (quote,) = asked(session, "The mill was built").answer.quotes  # type: ignore[union-attr]
    assert session.quote_source(1, 0) == Source(MILL, quote, answers=True)
    for nowhere in ((0, 0), (1, 1), (2, 0)):
        assert session.quote_source(*nowhere) is None


def test_a_follow_up_is_asked_again_without_what_was_understood(session: Session) -> None:
    asked(session, "The mill was built")
    asked(session, "Why?")
    asked(session, "mill")
    follow_up = session.conversation[1]
    assert follow_up.answer is not None
    assert [str(it) for it in follow_up.answer.understood] == ["follows: The mill was built"]
    assert session.begin_without(1, 0) is follow_up
    assert follow_up.is_pending
    session.finish(follow_up)
    assert follow_up.answer is not None and follow_up.answer.understood == ()
    assert [it.question for it in session.conversation] == ["The mill was built", "Why?", "mill"]
    for nowhere in ((1, 0), (0, 0), (9, 0)):
        assert session.begin_without(*nowhere) is None


def test_the_closest_passage_is_a_source_that_does_not_answer(session: Session) -> None:
    closest = asked(session, "How long does bread by Rosa take").answer.closest  # type: ignore[union-attr]
    assert session.quote_source(0, 0) == Source(MILL, closest[0], answers=False)


def test_a_document_is_a_source_without_a_quote(session: Session) -> None:
    assert session.document_source(MILL.id) == Source(MILL)


def test_a_cleared_conversation_is_no_history_and_its_numbers_are_not_used_again(
    session: Session,
) -> None:
    asked(session, "The mill was built")
    session.clear()
    assert session.conversation == [] and session.quote_source(0, 0) is None
    asked(session, "The mill was built")
    assert session.quote_source(0, 0) is None and session.quote_source(1, 0) is not None


def test_a_cleared_conversation_can_be_restored(session: Session) -> None:
    assert session.clear() is False
    asked(session, "The mill was built")
    before = session.conversation.copy()
    assert session.clear() is True
    assert session.clear() is True  # once more, of nothing: what there was can still be restored
    session.restore()
    assert session.conversation == before and session.quote_source(0, 0) is not None
    session.restore()
    assert session.conversation == before


def test_after_a_new_question_a_cleared_conversation_cannot_be_restored(session: Session) -> None:
    asked(session, "The mill was built")
    session.clear()
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
        session.library.add_text(f"{about} Much. Again {place} Gate, and {place} Gate.", place)
    found = session.suggestions()
    assert 0 < len(found) <= SUGGESTIONS
    assert not any("Rome" in question for question in found)
    for question in found:
        assert session.library.answer(question).found


def test_an_answer_leads_on_to_questions_that_were_not_asked() -> None:
    town = Document("The mill was built by Anna Berg. The kiln was built by Bo Lund in 1911.", "")
    session = Session(Library(word_bot(town)))
    session.lead_on()
    refused = asked(session, "How long does bread take")
    session.lead_on()
    found = asked(session, "The mill was built by Anna Berg. The kiln was built by")
    session.lead_on()  # whatever is asked is answered by the same quote
    assert (refused.leads, found.leads) == ((), ())


def test_a_copy_is_the_session_of_somebody_else(session: Session) -> None:
    session.library.add_text(HARBOUR)
    asked(session, "mill")
    session.choose(MILL.id, False)
    other = copy.deepcopy(session)
    assert other.key != session.key
    assert other.conversation == [] and other.library.documents == (MILL,)
    assert (other.library.own, other.excluded) == ((), set())


def test_a_session_is_found_by_its_key_alone(session: Session) -> None:
    find = session_finder()
    assert find("", session) is session
    fresh = copy.deepcopy(session)
    assert find(session.key, fresh) is session
    for key in ("", "guess", session.key + "x"):
        fresh = copy.deepcopy(session)
        assert find(key, fresh) is fresh


@pytest.mark.slow
def test_a_finder_keeps_no_session_alive() -> None:
    find = session_finder()
    key = find("", Session(Library(word_bot(MILL)))).key
    gc.collect()
    fresh = Session(Library(word_bot(MILL)))
    assert find(key, fresh) is fresh


def test_documents_are_forgotten_when_the_last_page_that_holds_them_goes(session: Session) -> None:
    session.library.add_text(HARBOUR)
    for _ in range(2):
        session.hold()
    session.release()
    assert [document.text for document in session.library.own] == [HARBOUR]
    session.release()
    assert session.library.own == ()
    assert session.library.add_text("More.").error != ""


def test_what_fails_is_told_in_words(session: Session) -> None:
    class Gone(Library):
        @property
        def documents(self) -> tuple[Document, ...]:
            return (*super().documents, Document("Removed since.", "Gone"))

    gone = Session(Gone(word_bot(MILL)))
    gone.choose(MILL.id, False)
    exchange = asked(gone, "Who built the mill")
    assert exchange.answer is None
    assert exchange.message.startswith("there is no document with the id")

"""Event handlers: they change the Session and return what the page shows next, as HTML."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import gradio as gr

from qa_bot.errors import QABotError
from qa_bot.page.feedback import keep_feedback
from qa_bot.page.html import (
    awaited_to_html,
    documents_to_html,
    leads_to_html,
    plain_to_html,
    question_to_html,
    reports_to_html,
    source_to_html,
    suggestions_to_html,
    to_html,
)
from qa_bot.page.session import Exchange, Session, Source
from qa_bot.report import Report

Messages = list[dict[str, Any]]  # as gr.Chatbot takes them
Answered = tuple[Any, Any, Any, Any, Session]  # chat, question box, source, tabs, session
Shown = tuple[Any, Any, Session]  # source, tabs, session
Added = tuple[str, str, Session]  # reports, documents, session

_PROGRESS = gr.Progress()  # Gradio replaces this default of a parameter for each event
# The target of a link in to_html: a quote, or something that was understood.
_ADDRESS = re.compile(r"(?P<kind>quote|without)-(?P<exchange>[0-9]{1,9})-(?P<place>[0-9]{1,3})")


def ask(question: str, session: Session) -> Iterator[Answered]:
    """Show a question at once, then its answer and the source of the best quote."""
    if not question.strip():
        yield gr.skip(), gr.skip(), gr.skip(), gr.skip(), session
        return
    exchange = session.begin(question)
    yield messages(session), "", gr.skip(), gr.skip(), session
    yield _answered(session, exchange)


def ask_without(session: Session, event: gr.EventData) -> Iterator[Answered]:
    """Ask a follow-up again without the part of what was understood that was clicked."""
    numbers = _numbers("without", event.of)
    exchange = None if numbers is None else session.begin_without(*numbers)
    if exchange is None:
        yield gr.skip(), gr.skip(), gr.skip(), gr.skip(), session
        return
    yield messages(session), gr.skip(), gr.skip(), gr.skip(), session
    yield _answered(session, exchange)


def ask_suggested(session: Session, event: gr.EventData) -> Iterator[Answered]:
    """Ask the suggested question that was clicked."""
    yield from ask(str(event.question), session)


def lead_on(session: Session) -> Any:
    """Show the conversation again, with suggested questions below the last answer.

    It is shown even if there are none: of two concurrent answers, the older may have arrived last.
    """
    with suppress(QABotError, ValueError):  # the document was removed in the meantime
        session.lead_on()
    return messages(session) if session.conversation else gr.skip()


def show_quote(session: Session, event: gr.EventData) -> Shown:
    """Show the source of the quote whose link was clicked."""
    numbers = _numbers("quote", event.of)
    return _shown(session, None if numbers is None else session.quote_source(*numbers))


def show_document(session: Session, event: gr.EventData) -> Shown:
    """Show the document that was clicked."""
    return _shown(session, session.document_source(event.of))


def choose(session: Session, event: gr.EventData) -> Session:
    """Include or exclude the document whose box was ticked."""
    session.choose(event.of, event.asked)
    return session


def remove(session: Session, event: gr.EventData) -> tuple[str, Session]:
    """Delete the document whose button was clicked."""
    session.remove(event.of)
    return documents(session), session


def add_files(
    files: list[dict[str, Any]], session: Session, progress: gr.Progress = _PROGRESS
) -> Added:
    """Read uploaded files; Gradio gives the path and the original name of each."""
    paths = [(Path(file["path"]), str(file["orig_name"])) for file in files]
    return _added(session, session.library.add_files(paths, progress))


def add_text(text: str, title: str, session: Session) -> Added:
    """Add a pasted text."""
    return _added(session, [session.library.add_text(text, title)])


def suggestions(session: Session) -> Any:
    """Show questions about the documents added last; without any, change nothing."""
    questions = session.suggestions()
    return suggestions_to_html(questions) if questions else gr.skip()


def clear(session: Session) -> tuple[Messages, Any, Session]:
    """Start a new conversation, and offer to undo that."""
    can_restore = session.clear()
    return messages(session), gr.Button(visible=can_restore), session


def restore(session: Session) -> tuple[Messages, Any, Session]:
    """Bring back the conversation that was cleared."""
    session.restore()
    return messages(session), gr.Button(visible=False), session


def catch_up(session: Session) -> Any:
    """Answer and show the questions that were pending when the page was reloaded."""
    for exchange in session.conversation:
        if exchange.is_pending:
            session.finish(exchange)
    # Even if nothing is pending now: it may have been when the page received the conversation.
    return messages(session) if session.conversation else gr.skip()


def feedback_handler(file: Path) -> Callable[[Session, gr.LikeData], None]:
    """Return the handler that writes a thumb to a file."""

    def keep(session: Session, event: gr.LikeData) -> None:
        exchange = session.conversation[int(str(event.index)) // 2]  # a question and its reply
        keep_feedback(file, exchange, event.liked)

    return keep


def messages(session: Session) -> Messages:
    """Return a conversation as gr.Chatbot takes it."""
    last = session.conversation[-1:]
    return [
        message
        for exchange in session.conversation
        for message in _pair(exchange, is_last=exchange in last)
    ]


def documents(session: Session) -> str:
    """Return the list of documents as HTML."""
    own = {document.id for document in session.library.own}
    return documents_to_html(session.library.documents, own, session.excluded)


def _answered(session: Session, exchange: Exchange) -> Answered:
    """Answer a question, and show the source of the best quote."""
    session.finish(exchange)
    best = session.quote_source(exchange.number, 0)
    source, tabs, _ = _shown(session, best if best is not None and best.answers else None)
    # Leave the question box unchanged: the next question may be half typed.
    return messages(session), gr.skip(), source, tabs, session


def _numbers(kind: str, address: str) -> tuple[int, int] | None:
    """Return the exchange and the place in an address of a kind, or None for any other text."""
    parts = _ADDRESS.fullmatch(address)
    if parts is None or parts["kind"] != kind:
        return None
    return int(parts["exchange"]), int(parts["place"])


def _pair(exchange: Exchange, *, is_last: bool) -> Messages:
    leads = leads_to_html(exchange.leads) if is_last else ""
    return [
        {"role": "user", "content": question_to_html(exchange.question)},
        {"role": "assistant", "content": _reply(exchange) + leads},
    ]


def _reply(exchange: Exchange) -> str:
    if exchange.answer is not None:
        return to_html(exchange.answer, exchange.number)
    return plain_to_html(exchange.message) if exchange.message else awaited_to_html()


def _shown(session: Session, source: Source | None) -> Shown:
    if source is None:
        return gr.skip(), gr.skip(), session
    page = source_to_html(source.document, source.quote, answers=source.answers)
    return page, gr.Tabs(selected="source"), session


def _added(session: Session, reports: list[Report]) -> Added:
    return reports_to_html(reports), documents(session), session

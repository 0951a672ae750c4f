"""What the page does when a person does something: a Session and what was given -> what to show."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from qa_bot.errors import QABotError
from qa_bot.page.feedback import keep_feedback
from qa_bot.page.html import (
    awaited_to_html,
    leads_to_html,
    question_to_html,
    reports_to_html,
    suggestions_to_html,
)
from qa_bot.page.session import Exchange, Session
from qa_bot.report import Report

Messages = list[dict[str, Any]]  # as gr.Chatbot takes them
Answered = tuple[Any, Any, Any, Any, Session]  # chat, question box, source, tabs, session
Shown = tuple[Any, Any, Session]  # source, tabs, session
Added = tuple[str, str, Session]  # reports, documents, session

_PROGRESS = gr.Progress()  # where a parameter has it as default, Gradio puts the event's own


def ask(question: str, session: Session) -> Iterator[Answered]:
    """Show a question at once, then its answer, and the best quote of that in its place."""
    if not question.strip():
        yield gr.skip(), gr.skip(), gr.skip(), gr.skip(), session
        return
    exchange = session.begin(question)
    yield messages(session), "", gr.skip(), gr.skip(), session
    yield _answered(session, exchange)


def ask_without(session: Session, event: gr.EventData) -> Iterator[Answered]:
    """Ask a follow-up again without what was clicked of that which was understood."""
    exchange = session.begin_without(event.of)
    if exchange is None:
        yield gr.skip(), gr.skip(), gr.skip(), gr.skip(), session
        return
    yield messages(session), gr.skip(), gr.skip(), gr.skip(), session
    yield _answered(session, exchange)


def ask_suggested(session: Session, event: gr.EventData) -> Iterator[Answered]:
    """Ask the suggested question that was clicked."""
    yield from ask(str(event.question), session)


def lead_on(session: Session) -> Any:
    """Show questions that lead on from the last answer, below it."""
    try:
        return messages(session) if session.lead_on() else gr.skip()
    except (QABotError, ValueError):  # its document was removed meanwhile
        return gr.skip()


def show(session: Session, event: gr.EventData) -> Shown:
    """Show the quote that was clicked in its place."""
    return _shown(session, session.source(event.of))


def open_document(session: Session, event: gr.EventData) -> Shown:
    """Show the document that was clicked."""
    return _shown(session, session.opened(event.of))


def choose(session: Session, event: gr.EventData) -> Session:
    """Include a document in what is asked, or exclude it, as it was ticked."""
    session.choose(event.of, event.asked)
    return session


def remove(session: Session, event: gr.EventData) -> tuple[str, Session]:
    """Forget the document that was clicked."""
    session.remove(event.of)
    return session.documents(), session


def add_files(
    files: list[dict[str, Any]], session: Session, progress: gr.Progress = _PROGRESS
) -> Added:
    """Read files that were given, each as Gradio tells of it: a path here, and its own name."""
    named = [(Path(file["path"]), str(file["orig_name"])) for file in files]
    return _added(session, session.shelf.add_files(named, progress))


def add_text(text: str, title: str, session: Session) -> Added:
    """Read a text that was pasted."""
    return _added(session, [session.shelf.add_text(text, title)])


def suggestions(session: Session) -> Any:
    """Show questions that the document added last answers; without one leave what there is."""
    questions = session.suggestions()
    return suggestions_to_html(questions) if questions else gr.skip()


def forget(session: Session) -> tuple[Messages, Any, Session]:
    """Begin the conversation anew, and offer to undo that."""
    restorable = session.forget()
    return messages(session), gr.Button(visible=restorable), session


def restore(session: Session) -> tuple[Messages, Any, Session]:
    """Bring back the conversation that was forgotten."""
    session.restore()
    return messages(session), gr.Button(visible=False), session


def catch_up(session: Session) -> Any:
    """Show the answers that were awaited when the page was loaded anew."""
    for exchange in session.conversation:
        if not exchange.reply:
            session.finish(exchange)
    # Even if none is awaited now: it may have been when the page was told of the conversation.
    return messages(session) if session.conversation else gr.skip()


def keeper(file: Path) -> Callable[[Session, gr.LikeData], None]:
    """Return the function that keeps a thumb in a file."""

    def keep(session: Session, event: gr.LikeData) -> None:
        exchange = session.conversation[int(str(event.index)) // 2]  # a question and its reply
        keep_feedback(file, exchange, event.liked)

    return keep


def messages(session: Session) -> Messages:
    """Return a conversation as gr.Chatbot shows it; where no reply is yet, that it is awaited."""
    last = session.conversation[-1:]
    return [
        message
        for exchange in session.conversation
        for message in _shown_messages(exchange, is_last=exchange in last)
    ]


def _answered(session: Session, exchange: Exchange) -> Answered:
    """Answer a question; return it with the best quote in its place."""
    session.finish(exchange)
    source, tabs = gr.skip(), gr.skip()
    if exchange.answer is not None and exchange.answer.found:
        source, tabs = session.source(f"quote-{exchange.number}-0"), gr.Tabs(selected="source")
    # The box is left alone: the next question may be half typed.
    return messages(session), gr.skip(), source, tabs, session


def _shown_messages(exchange: Exchange, *, is_last: bool) -> Messages:
    reply = exchange.reply if exchange.reply else awaited_to_html()
    if is_last:
        reply += leads_to_html(exchange.leads)
    return [
        {"role": "user", "content": question_to_html(exchange.question)},
        {"role": "assistant", "content": reply},
    ]


def _shown(session: Session, page: str) -> Shown:
    if not page:
        return gr.skip(), gr.skip(), session
    return page, gr.Tabs(selected="source"), session


def _added(session: Session, reports: list[Report]) -> Added:
    return reports_to_html(reports), session.documents(), session

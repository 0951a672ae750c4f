"""The layout of the Gradio page around a Session, and what its parts do. server.py serves it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from qa_bot.bot import Bot
from qa_bot.documents.formats import SUFFIXES
from qa_bot.page import events
from qa_bot.page.api import add_api
from qa_bot.page.html import (
    heading_to_html,
    source_to_html,
    suggestions_to_html,
    welcome_to_html,
)
from qa_bot.page.library import Library
from qa_bot.page.session import Session, finder

EXAMPLES = (  # for the shipped article
    "Who stormed the U.S. Embassy in Baghdad?",
    "How many soldiers did the Pentagon deploy?",
    "What did Khamenei say to Trump?",
    "Why did the U.S. bomb Kataeb Hezbollah?",
    "When was this written?",
)
TITLE = "Ask your articles"
UNDO = "Bring the conversation back"
DOCUMENTS = "Questions are about the documents with a tick. What you add is seen by you alone."

_AT_ONCE = 4  # questions answered at the same time; more wait their turn
_READ_AT_ONCE = 2  # uploads read at the same time
_FOLDER = Path(__file__).parent
_PRIVATE: dict[str, Any] = {
    "api_visibility": "private",  # programs have what api.py offers
    "trigger_mode": "multiple",  # else what is done while an answer is awaited would be dropped
}
_ANSWERS: dict[str, Any] = {
    **_PRIVATE,
    "show_progress": "hidden",  # a row of the conversation tells that an answer is awaited
    "concurrency_limit": _AT_ONCE,
    "concurrency_id": "answers",
}
_LEADS: dict[str, Any] = {**_PRIVATE, "show_progress": "hidden", "concurrency_limit": 1}
_QUICK: dict[str, Any] = {**_PRIVATE, "queue": False, "show_progress": "hidden"}

# The key of the session lies in the browser tab's own storage: it outlives a reload, not the tab.
_READ_KEY = """(key, session) => {
  try { return [sessionStorage.getItem("qa_bot") ?? "", session]; } catch { return ["", session]; }
}"""
_KEEP_KEY = """(key) => {
  try { sessionStorage.setItem("qa_bot", key); } catch { /* then a reload begins anew */ }
}"""
_SAVE = """(text) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
  link.download = "conversation.md";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}"""


@dataclass(frozen=True, slots=True)
class Parts:
    """The components of the page that events read or change."""

    state: gr.State
    ear: gr.HTML  # what page.js hears, it says as events of this one
    chat: gr.Chatbot
    samples: gr.HTML
    box: gr.Textbox
    ask: gr.Button
    save: gr.Button
    again: gr.Button
    undo: gr.Button
    tabs: gr.Tabs
    source: gr.HTML
    documents: gr.HTML
    files: gr.File
    text: gr.Textbox
    title: gr.Textbox
    add: gr.Button
    reports: gr.HTML


def build_page(bot: Bot, examples: Sequence[str] = (), feedback: Path | None = None) -> gr.Blocks:
    """Lay out the page. What belongs to one person lives in a Session, never here."""
    first = Session(Library(bot))
    page = gr.Blocks(title=TITLE, analytics_enabled=False)
    with page:
        idle = first.shelf.limits.idle_seconds
        state = gr.State(first, time_to_live=idle, delete_callback=Session.release)
        ear = gr.HTML(heading_to_html(TITLE), js_on_load=_asset("page.js"))
        with gr.Row(elem_classes="qa-panes"):
            with gr.Column(elem_classes="qa-talk", min_width=0):
                talk = _talk(bot, examples)
            with gr.Column(elem_classes="qa-side", min_width=0):
                gr.Button("Back to the conversation", elem_classes="qa-back", size="sm")
                with gr.Tabs() as tabs:
                    with gr.Tab("Source", id="source"):
                        source = gr.HTML(_first_page(bot), js_on_load=_asset("source.js"))
                    with gr.Tab("Documents", id="documents"):
                        adding = _documents(first)
        parts = Parts(state=state, ear=ear, tabs=tabs, source=source, **talk, **adding)
        _on_asking(parts, feedback)
        _on_showing(parts)
        _on_adding(parts)
        _on_keeping(page, parts)
        add_api(bot)
    page.queue(api_open=False)  # else a call made by hand would pass by those that wait
    return page


def _talk(bot: Bot, examples: Sequence[str]) -> dict[str, Any]:
    """Lay out the conversation, and what is done with it."""
    gr.HTML(welcome_to_html(bot.documents), js_on_load=_asset("conversation.js"))
    chat = _chatbot()
    with gr.Row(elem_classes="qa-ask"):
        box = gr.Textbox(
            label="Question", placeholder="Ask a question", container=False, scale=8, max_lines=4
        )
        ask = gr.Button("Ask", variant="primary", scale=1, min_width=80)
    samples = gr.HTML(suggestions_to_html(examples))
    with gr.Row(elem_classes="qa-keep"):
        gr.Button("Source and documents", elem_classes="qa-side", size="sm", min_width=0)
        save = gr.Button("Save as Markdown", elem_classes="qa-save", size="sm", min_width=0)
        again = gr.Button("Start again", elem_classes="qa-again", size="sm", min_width=0)
        undo = gr.Button(UNDO, elem_classes="qa-undo", size="sm", min_width=0, visible=False)
    parts = {"chat": chat, "samples": samples, "box": box, "ask": ask}
    return {**parts, "save": save, "again": again, "undo": undo}


def _documents(first: Session) -> dict[str, Any]:
    """Lay out the documents, and how to add some."""
    gr.HTML(f"<p>{DOCUMENTS}</p>")
    documents = gr.HTML(first.documents())
    files = gr.File(
        file_count="multiple",
        file_types=sorted(SUFFIXES),
        label="Add files: text, Markdown, HTML, PDF, Word, EPUB",
        height=170,
        elem_classes="qa-files",
    )
    with gr.Accordion("Or paste a text", open=False):
        title = gr.Textbox(label="Title", max_lines=1)
        text = gr.Textbox(label="Text", lines=4, max_lines=8)
        add = gr.Button("Add this text", size="sm")
    reports = gr.HTML(elem_classes="qa-reports", min_height=60)
    pasted = {"text": text, "title": title, "add": add}
    return {"documents": documents, "files": files, "reports": reports, **pasted}


def _chatbot() -> gr.Chatbot:
    # Neither Markdown nor LaTeX: a message is the HTML of render.py, which Gradio cleans once more.
    return gr.Chatbot(
        render_markdown=False,
        sanitize_html=True,
        allow_tags=False,
        autoscroll=False,  # page.js brings what was asked last to the top
        latex_delimiters=[],
        label="Conversation",
        show_label=False,
        buttons=[],
        elem_classes="qa-chat",
    )


def _on_asking(parts: Parts, feedback: Path | None) -> None:
    shown = [parts.chat, parts.box, parts.source, parts.tabs, parts.state]
    asked = [parts.box.submit, parts.ask.click]
    answered = (
        gr.on(asked, events.ask, [parts.box, parts.state], shown, **_ANSWERS),
        parts.ear.qa_ask(events.ask_suggested, [parts.state], shown, **_ANSWERS),
        parts.ear.qa_without(events.ask_without, [parts.state], shown, **_ANSWERS),
    )
    for done in answered:
        done.then(events.lead_on, [parts.state], [parts.chat], **_LEADS)
    if feedback is not None:
        parts.chat.like(events.keeper(feedback), [parts.state], [], **_QUICK)


def _on_showing(parts: Parts) -> None:
    shown = [parts.source, parts.tabs, parts.state]
    parts.ear.qa_show(events.show, [parts.state], shown, **_QUICK)
    parts.ear.qa_open(events.open_document, [parts.state], shown, **_QUICK)


def _on_adding(parts: Parts) -> None:
    parts.ear.qa_choose(events.choose, [parts.state], [parts.state], **_QUICK)
    parts.ear.qa_remove(events.remove, [parts.state], [parts.documents, parts.state], **_QUICK)
    added = [parts.reports, parts.documents, parts.state]
    reads: dict[str, Any] = {**_PRIVATE, "show_progress_on": [parts.reports]}
    reads |= {"concurrency_limit": _READ_AT_ONCE, "concurrency_id": "reading"}
    given = [parts.text, parts.title, parts.state]
    sent = [parts.files, parts.state]
    # Unprocessed, a file has its own name; that it is one that was sent here, Gradio still checks.
    read = parts.files.upload(events.add_files, sent, added, preprocess=False, **reads)
    pasted = parts.add.click(events.add_text, given, added, **reads)
    read.then(lambda: None, None, [parts.files], **_QUICK)
    pasted.then(lambda: ("", ""), None, [parts.text, parts.title], **_QUICK)
    for done in (read, pasted):
        done.then(events.suggestions, [parts.state], [parts.samples], **_PRIVATE)


def _on_keeping(page: gr.Blocks, parts: Parts) -> None:
    """Wire what outlives a moment: the session over a reload, and a conversation that is saved."""
    key, markdown = gr.Textbox(visible=False), gr.Textbox(visible=False)
    find = finder()

    def load(key: str, fresh: Session) -> tuple[Any, ...]:
        session = find(key, fresh)
        # An empty conversation is not sent: the first question may have been asked meanwhile.
        chat = events.messages(session) if session.conversation else gr.skip()
        return session, session.key, chat, session.documents()

    shown = [parts.state, key, parts.chat, parts.documents]
    loaded = page.load(load, [key, parts.state], shown, js=_READ_KEY, **_QUICK)
    loaded.then(None, [key], None, js=_KEEP_KEY)
    loaded.then(events.catch_up, [parts.state], [parts.chat], **_ANSWERS)
    loaded.then(events.suggestions, [parts.state], [parts.samples], **_PRIVATE)
    begun = [parts.chat, parts.undo, parts.state]
    parts.again.click(events.forget, [parts.state], begun, **_QUICK)
    parts.undo.click(events.restore, [parts.state], begun, **_QUICK)
    saved = parts.save.click(Session.to_markdown, [parts.state], [markdown], **_QUICK)
    saved.then(None, [markdown], None, js=_SAVE)


def _first_page(bot: Bot) -> str:
    return source_to_html(bot.documents[0]) if bot.documents else ""


def _asset(name: str) -> str:
    return _FOLDER.joinpath(name).read_text(encoding="utf-8")

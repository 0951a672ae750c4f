"""The layout of the Gradio page, and the event handlers of its components."""

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
from qa_bot.page.session import Session, session_finder

EXAMPLES = (  # for the shipped article
    "Who stormed the U.S. Embassy in Baghdad?",
    "How many soldiers did the Pentagon deploy?",
    "What did Khamenei say to Trump?",
    "Why did the U.S. bomb Kataeb Hezbollah?",
    "When was this written?",
)
TITLE = "Ask your articles"
UNDO = "Bring the conversation back"
DOCUMENTS = "Questions are about the ticked documents. Only you can see what you add."

_MAX_CONCURRENT = 4  # questions answered at the same time; others wait
_MAX_UPLOADS = 2  # uploads read at the same time
_FOLDER = Path(__file__).parent
_PRIVATE: dict[str, Any] = {
    "api_visibility": "private",  # api.py is the API
    "trigger_mode": "multiple",  # otherwise Gradio drops events during an answer
}
_ANSWERS: dict[str, Any] = {
    **_PRIVATE,
    "show_progress": "hidden",  # the conversation shows that an answer is pending
    "concurrency_limit": _MAX_CONCURRENT,
    "concurrency_id": "answers",
}
# What is on view stays readable (Gradio would dim it) while something is added to it.
_BACKGROUND: dict[str, Any] = {**_PRIVATE, "show_progress": "hidden", "concurrency_limit": 1}
_QUICK: dict[str, Any] = {**_PRIVATE, "queue": False, "show_progress": "hidden"}

# The key of the session is kept in the storage of the browser tab, which survives a reload.
_READ_KEY = """(key, session) => {
  try { return [sessionStorage.getItem("qa_bot") ?? "", session]; } catch { return ["", session]; }
}"""
_KEEP_KEY = """(key) => {
  try { sessionStorage.setItem("qa_bot", key); } catch { /* a reload then starts a new session */ }
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
    """The components that the event handlers read or change."""

    state: gr.State
    head: gr.HTML  # page.js triggers its custom events
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
    """Build the page. Each person's state is a Session, a copy of the first one."""
    first = Session(Library(bot))
    page = gr.Blocks(title=TITLE, analytics_enabled=False)
    with page:
        idle_seconds = first.library.limits.idle_seconds
        state = gr.State(first, time_to_live=idle_seconds, delete_callback=Session.release)
        head = gr.HTML(heading_to_html(TITLE), js_on_load=_asset("page.js"))
        with gr.Row(elem_classes="qa-panes"):
            with gr.Column(elem_classes="qa-talk", min_width=0):
                conversation = _conversation(bot, examples)
            with gr.Column(elem_classes="qa-side", min_width=0):
                gr.Button("Back to the conversation", elem_classes="qa-back", size="sm")
                with gr.Tabs() as tabs:
                    with gr.Tab("Source", id="source"):
                        source = gr.HTML(_first_source(bot), js_on_load=_asset("source.js"))
                    with gr.Tab("Documents", id="documents"):
                        documents = _documents(first)
        parts = Parts(state=state, head=head, tabs=tabs, source=source, **conversation, **documents)
        _connect_questions(parts, feedback)
        _connect_sources(parts)
        _connect_documents(parts)
        _connect_session(page, parts)
        add_api(bot)
    page.queue(api_open=False)  # otherwise a handmade request could skip the queue
    return page


def _conversation(bot: Bot, examples: Sequence[str]) -> dict[str, Any]:
    """Lay out the conversation and its buttons."""
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
    """Lay out the list of documents, and the forms for adding some."""
    gr.HTML(f"<p>{DOCUMENTS}</p>")
    documents = gr.HTML(events.documents(first))
    files = gr.File(
        file_count="multiple",
        file_types=sorted(SUFFIXES),
        label="Add files: text, PDF, Word, HTML, Markdown, EPUB, CSV, mail, subtitles",
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
    # No Markdown and no LaTeX: messages are HTML from html.py, which Gradio sanitizes again.
    return gr.Chatbot(
        render_markdown=False,
        sanitize_html=True,
        allow_tags=False,
        autoscroll=False,  # page.js scrolls the last question to the top
        latex_delimiters=[],
        label="Conversation",
        show_label=False,
        buttons=[],
        elem_classes="qa-chat",
    )


def _connect_questions(parts: Parts, feedback: Path | None) -> None:
    """Connect the question box, the suggested questions and the thumbs."""
    outputs = [parts.chat, parts.box, parts.source, parts.tabs, parts.state]
    triggers = [parts.box.submit, parts.ask.click]
    answered = (
        gr.on(triggers, events.ask, [parts.box, parts.state], outputs, **_ANSWERS),
        parts.head.qa_ask(events.ask_suggested, [parts.state], outputs, **_ANSWERS),
        parts.head.qa_without(events.ask_without, [parts.state], outputs, **_ANSWERS),
    )
    for event in answered:
        event.then(events.lead_on, [parts.state], [parts.chat], **_BACKGROUND)
    if feedback is not None:
        parts.chat.like(events.feedback_handler(feedback), [parts.state], [], **_QUICK)


def _connect_sources(parts: Parts) -> None:
    """Connect the links that show a quote or a document in the source pane."""
    outputs = [parts.source, parts.tabs, parts.state]
    parts.head.qa_show(events.show_quote, [parts.state], outputs, **_QUICK)
    parts.head.qa_open(events.show_document, [parts.state], outputs, **_QUICK)


def _connect_documents(parts: Parts) -> None:
    """Connect the list of documents, and the forms for adding some."""
    parts.head.qa_choose(events.choose, [parts.state], [parts.state], **_QUICK)
    parts.head.qa_remove(events.remove, [parts.state], [parts.documents, parts.state], **_QUICK)
    outputs = [parts.reports, parts.documents, parts.state]
    options: dict[str, Any] = {**_PRIVATE, "show_progress_on": [parts.reports]}
    options |= {"concurrency_limit": _MAX_UPLOADS, "concurrency_id": "reading"}
    # Without preprocessing, files keep their original names. Gradio still checks that each file
    # was uploaded here.
    uploaded = parts.files.upload(
        events.add_files, [parts.files, parts.state], outputs, preprocess=False, **options
    )
    pasted = parts.add.click(
        events.add_text, [parts.text, parts.title, parts.state], outputs, **options
    )
    uploaded.then(lambda: None, None, [parts.files], **_QUICK)
    pasted.then(lambda: ("", ""), None, [parts.text, parts.title], **_QUICK)
    for event in (uploaded, pasted):
        event.then(events.suggestions, [parts.state], [parts.samples], **_BACKGROUND)


def _connect_session(page: gr.Blocks, parts: Parts) -> None:
    """Connect reloading, starting again, undoing that, and saving the conversation."""
    key, markdown = gr.Textbox(visible=False), gr.Textbox(visible=False)
    find = session_finder()

    def load(key: str, fresh: Session) -> tuple[Any, ...]:
        session = find(key, fresh)
        # Do not send an empty conversation: a question may have been asked in the meantime.
        chat = events.messages(session) if session.conversation else gr.skip()
        return session, session.key, chat, events.documents(session)

    outputs = [parts.state, key, parts.chat, parts.documents]
    loaded = page.load(load, [key, parts.state], outputs, js=_READ_KEY, **_QUICK)
    loaded.then(None, [key], None, js=_KEEP_KEY)
    loaded.then(events.catch_up, [parts.state], [parts.chat], **_ANSWERS)
    loaded.then(events.suggestions, [parts.state], [parts.samples], **_BACKGROUND)
    restarted = [parts.chat, parts.undo, parts.state]
    parts.again.click(events.clear, [parts.state], restarted, **_QUICK)
    parts.undo.click(events.restore, [parts.state], restarted, **_QUICK)
    saved = parts.save.click(Session.to_markdown, [parts.state], [markdown], **_QUICK)
    saved.then(None, [markdown], None, js=_SAVE)


def _first_source(bot: Bot) -> str:
    return source_to_html(bot.documents[0]) if bot.documents else ""


def _asset(name: str) -> str:
    return _FOLDER.joinpath(name).read_text(encoding="utf-8")

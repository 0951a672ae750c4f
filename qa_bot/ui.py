"""The Gradio page around Bot and render. It asks nothing of the network and tells it nothing."""

import errno
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from qa_bot.bot import Bot
from qa_bot.datatypes import Answer
from qa_bot.errors import QABotError
from qa_bot.render import heading_to_html, plain_to_html, to_html

HOST = "127.0.0.1"
PORT = 7860
EXAMPLES = (  # for the shipped article
    "Who stormed the U.S. Embassy in Baghdad?",
    "How many soldiers did the Pentagon deploy?",
    "What did Khamenei say to Trump?",
    "Why did the U.S. bomb Kataeb Hezbollah?",
    "When was this written?",
)
TITLE = "Ask your articles"
ABOUT = "Answers are quotes, word for word, with their place in the article. Nothing is made up."

_AT_ONCE = 4  # questions answered at the same time; more wait their turn
_CSS = """
.gradio-container { max-width: 860px !important; margin: 0 auto; }
.html-container { padding: 0 !important; }
.qa-answer, .qa-plain { font-size: 16px; line-height: 1.55; overflow-wrap: anywhere; }
.qa-plain, .qa-answer blockquote { white-space: pre-wrap; }
.qa-answer p { margin: 4px 0; }
.qa-answer blockquote {
  margin: 4px 0; padding: 0 0 0 14px; border-left: 3px solid var(--color-accent); quotes: none;
}
.qa-answer mark {
  padding: 1px 0; border-radius: 3px; color: inherit;
  background: color-mix(in srgb, #f5c518 38%, transparent);
}
.qa-answer summary { cursor: pointer; }
.qa-cite, .qa-query, .qa-answer summary, .qa-documents { font-size: 14px; opacity: 0.75; }
.qa-examples { flex-wrap: wrap; gap: 8px; }
.qa-examples button { flex: 0 1 auto; border: 1px solid var(--border-color-primary); }
"""
_SWITCHED_OFF: dict[str, Any] = {
    "share": False,
    "ssr_mode": False,
    "pwa": False,
    "mcp_server": False,
    "enable_monitoring": False,
    "run_history": False,  # else the browser would keep conversations after they are cleared
    "footer_links": [],
    "max_file_size": 1,  # bytes: there is nothing to upload
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and what the page showed for it; ``answer`` is None when that was a message."""

    question: str
    reply: str  # HTML
    answer: Answer | None


Conversation = list[Exchange]
Messages = list[dict[str, Any]]  # as gr.Chatbot takes them
Ask = Callable[[str, Conversation], Iterator[tuple[Messages, str]]]


def launch(
    bot: Bot,
    host: str = HOST,
    port: int = PORT,
    *,
    examples: Sequence[str] = (),
    open_browser: bool = False,
) -> None:
    """Serve the page until Ctrl+C. Raises QABotError when host and port cannot be listened on."""
    page = start(bot, host, port, examples=examples, open_browser=open_browser)
    print(f"The chat is at {page.local_url} - press Ctrl+C to stop it.", flush=True)
    page.block_thread()


def start(
    bot: Bot,
    host: str = HOST,
    port: int = PORT,
    *,
    examples: Sequence[str] = (),
    open_browser: bool = False,
) -> gr.Blocks:
    """Serve the page from a thread and return it; ``page.close()`` ends it. See ``launch``."""
    check_port(host, port)
    bot.answer("What is this about?")  # else the first person to ask would wait for torch to set up
    _stay_on_this_machine()
    page = build_page(bot, examples)
    page.launch(
        server_name=host,
        server_port=port,
        inbrowser=open_browser,
        prevent_thread_lock=True,
        quiet=True,
        theme=gr.themes.Default(
            primary_hue="blue", font=["system-ui", "sans-serif"], font_mono=["monospace"]
        ),
        css=_CSS,
        **_SWITCHED_OFF,
    )
    return page


def check_port(host: str, port: int) -> None:
    """Raise QABotError when host and port cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = f"port {port} is in use: choose another one with --port"
        else:
            reason = f"cannot listen on {host}, port {port}: choose others with --host and --port"
        raise QABotError(reason) from error


def build_page(bot: Bot, examples: Sequence[str] = ()) -> gr.Blocks:
    """Lay out the page. A conversation lives in its browser session's state, never in the bot."""
    page = gr.Blocks(title=TITLE, analytics_enabled=False)
    with page:
        gr.HTML(heading_to_html(TITLE, ABOUT, bot.documents))
        conversation = gr.State([])
        chat = _chatbot()
        with gr.Row(equal_height=True):
            box = gr.Textbox(
                label="Question",
                placeholder="Ask a question",
                container=False,
                scale=8,
                max_lines=4,
            )
            button = gr.Button("Ask", variant="primary", scale=1, min_width=80)
        ask = make_ask(bot)
        # Nothing here is for programs: they have qa_bot.answer.
        options: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": _AT_ONCE}
        gr.on([box.submit, button.click], ask, [box, conversation], [chat, box], **options)
        with gr.Row(elem_classes="qa-examples"):
            for question in examples:
                example = gr.Button(question, size="sm", min_width=0)
                example.click(partial(ask, question), [conversation], [chat, box], **options)
        chat.clear(_forget, [conversation], [], **options)
    return page


def _chatbot() -> gr.Chatbot:
    # Neither Markdown nor LaTeX: a message is the HTML of render.py, which Gradio cleans once more.
    return gr.Chatbot(
        render_markdown=False,
        sanitize_html=True,
        allow_tags=False,
        latex_delimiters=[],
        show_label=False,
        buttons=[],
        height="60vh",
        placeholder="Ask a question about the articles named above.",
    )


def make_ask(bot: Bot) -> Ask:
    """Return the function that answers a question in a conversation, as Gradio calls it."""

    def ask(question: str, conversation: Conversation) -> Iterator[tuple[Messages, str]]:
        if not question.strip():
            yield _messages(conversation), ""
            return
        asked = Exchange(question, "", None)
        yield _messages([*conversation, asked]), ""
        # In place: were it replaced, of two questions asked at once one would be lost.
        conversation.append(_exchange(bot, question, conversation))
        yield _messages(conversation), ""

    return ask


def _exchange(bot: Bot, question: str, conversation: Conversation) -> Exchange:
    """Answer a question; what cannot be answered for a reason gets that reason as its reply."""
    if not any(character.isalnum() for character in question):
        return Exchange(question, plain_to_html("Please ask a question in words."), None)
    history = [earlier.answer for earlier in conversation if earlier.answer is not None]
    try:
        answer = bot.answer(question, history)
    except QABotError as error:
        return Exchange(question, plain_to_html(str(error)), None)
    return Exchange(question, to_html(answer), answer)


def _messages(conversation: Conversation) -> Messages:
    """Return a conversation as gr.Chatbot shows it; a reply that is still to come is left out."""
    messages: Messages = []
    for exchange in conversation:
        messages.append({"role": "user", "content": plain_to_html(exchange.question)})
        if exchange.reply:
            messages.append({"role": "assistant", "content": exchange.reply})
    return messages


def _forget(conversation: Conversation) -> None:
    conversation.clear()


def _stay_on_this_machine() -> None:
    """Switch off Gradio's telemetry, and any proxy for the request it makes to itself at start."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    for name in ("no_proxy", "NO_PROXY"):
        hosts = [os.environ.get(name, ""), "127.0.0.1", "localhost", "::1"]
        os.environ[name] = ",".join(host for host in hosts if host)

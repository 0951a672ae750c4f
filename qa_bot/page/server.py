"""Serve the page, without any connection to other machines."""

import errno
import os
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.routes import App
from starlette.middleware import Middleware

from qa_bot.bot import Bot
from qa_bot.errors import QABotError
from qa_bot.page.allowlist import LOCAL_HOSTS, Allowlist, isolate_gradio
from qa_bot.page.api import MCP_PATH, check_mcp
from qa_bot.page.cleanup import cleaning_up
from qa_bot.page.feedback import check_feedback
from qa_bot.page.layout import EXAMPLES, build_page
from qa_bot.page.library import Limits
from qa_bot.page.malloc import limit_arenas
from qa_bot.page.suggestions import suggest

HOST = "127.0.0.1"
PORT = 7860

_FOLDER = Path(__file__).parent
_PRINT_CSS = _FOLDER.joinpath("print.css").read_text(encoding="utf-8")
_SERVED: dict[str, Any] = {
    "prevent_thread_lock": True,
    "quiet": True,
    "footer_links": ["api"],
    "max_file_size": Limits().file_bytes,
    "css_paths": _FOLDER / "style.css",
    # In a style sheet, Gradio would restrict the print rules to a part of the page.
    "head": f'<style media="print">{_PRINT_CSS}</style>',
}
_DISABLED: dict[str, Any] = {
    "share": False,
    "ssr_mode": False,
    "pwa": False,
    "mcp_server": False,  # see mcp_server.py
    "enable_monitoring": False,
    "run_history": False,  # otherwise the browser keeps conversations after they are cleared
}


def launch(
    bot: Bot,
    host: str = HOST,
    port: int = PORT,
    *,
    examples: Sequence[str] = (),
    open_browser: bool = False,
    feedback: Path | None = None,
    mcp: bool = False,
) -> None:
    """Serve the page until Ctrl+C. Raises QABotError for a host, port or file that cannot be used.

    ``open_browser`` opens a browser if a person sits at this machine: see ``is_attended``.
    """
    page = start(bot, host, port, examples=examples, feedback=feedback, mcp=mcp)
    url = str(page.local_url)
    if mcp:
        print(f"The MCP tool is at {url.rstrip('/')}{MCP_PATH}", flush=True)
    print(f"The chat is at {url} - press Ctrl+C to stop it.", flush=True)
    if open_browser and is_attended(host, sys.stdout.isatty(), os.environ):
        webbrowser.open(url)
    page.block_thread()


def start(
    bot: Bot,
    host: str = HOST,
    port: int = PORT,
    *,
    examples: Sequence[str] = (),
    feedback: Path | None = None,
    mcp: bool = False,
) -> gr.Blocks:
    """Serve the page from a thread and return it; ``page.close()`` stops it.

    Without ``examples``, the suggested questions are about the first document. Thumbs are shown if
    there is a ``feedback`` file. Raises the same as launch.
    """
    check_port(host, port)
    if feedback is not None:
        check_feedback(feedback)
    app_options = _mcp_options(bot, host) if mcp else {"lifespan": cleaning_up}
    isolate_gradio()
    limit_arenas()
    page = build_page(bot, _questions(bot, examples), feedback)
    page.launch(
        server_name=host,
        server_port=port,
        theme=_theme(),
        app_kwargs={"middleware": [Middleware(Allowlist)], **app_options},
        **_SERVED,
        **_DISABLED,
    )
    return page


def check_port(host: str, port: int) -> None:
    """Raise QABotError if the server cannot listen on a host and port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            message = f"port {port} is in use: choose another one with --port"
        else:
            message = f"cannot listen on {host}, port {port}: choose others with --host and --port"
        raise QABotError(message) from error


def is_attended(host: str, in_terminal: bool, environment: Mapping[str, str]) -> bool:
    """Whether a person at a terminal of this machine started the page."""
    return host in LOCAL_HOSTS and in_terminal and "SSH_CONNECTION" not in environment


def _mcp_options(bot: Bot, host: str) -> dict[str, Any]:
    """Return the app's options for the MCP server; raises QABotError if mcp is not installed."""
    check_mcp()
    from qa_bot.page.mcp_server import McpServer  # imported late: mcp is an extra

    server = McpServer(bot, host)

    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[None]:
        async with cleaning_up(app), server.running():
            yield

    return {"lifespan": lifespan, "routes": server.routes}


def _questions(bot: Bot, examples: Sequence[str]) -> Sequence[str]:
    """Return the suggested questions: the given ones, or some about the first document."""
    bot.answer("What is this about?")  # loads the models before the first question
    if examples or not bot.documents:
        return examples
    return suggest(bot.answer, bot.documents[0], len(EXAMPLES))


def _theme() -> gr.themes.Base:
    """Return Gradio's default theme with system fonts and enough contrast."""
    theme = gr.themes.Default(
        primary_hue="blue", font=["system-ui", "sans-serif"], font_mono=["monospace"]
    )
    return theme.set(
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
    )

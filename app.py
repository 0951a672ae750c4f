"""The chat about the shipped article: ``python app.py``. A hosting space starts this file too."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from qa_bot.bot import default_bot
from qa_bot.errors import QABotError

LOCAL = ("127.0.0.1", "localhost", "::1")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the chat; return 0, or 2 when it cannot be served."""
    options = _parser().parse_args(arguments)
    print("Loading the page and the models ...", flush=True)
    from qa_bot.ui import EXAMPLES, check_port, launch  # late: --help need not wait for Gradio

    try:
        check_port(options.host, options.port)
        launch(
            default_bot(),
            options.host,
            options.port,
            examples=EXAMPLES,
            open_browser=options.browser and options.host in LOCAL,
            feedback=options.feedback,
            mcp=options.mcp,
        )
    except QABotError as error:
        print(f"app.py: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    """Read the command line; a hosting space sets host and port by Gradio's own variables."""
    parser = argparse.ArgumentParser(description="Ask the article in a chat page.")
    parser.add_argument(
        "--host",
        default=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"),
        help="address to listen on (default: %(default)s, this machine alone)",
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=os.environ.get("GRADIO_SERVER_PORT", "7860"),
        help="port to listen on (default: %(default)s)",
    )
    parser.add_argument(
        "--no-browser", dest="browser", action="store_false", help="do not open a browser"
    )
    parser.add_argument(
        "--feedback", metavar="FILE", type=Path, help="offer thumbs, and keep them in this file"
    )
    parser.add_argument("--mcp", action="store_true", help="serve the answers as an MCP tool too")
    return parser


def _port(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 1 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())

"""The command line: parse the arguments, run a command, turn errors into exit codes."""

import argparse
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

from qa_bot.bot import shipped_index
from qa_bot.commands import FAILED, ask, chat, copy_index, index, list_documents, remove, serve
from qa_bot.config import DEFAULT_MODEL, Config
from qa_bot.documents.formats import SUFFIX_LIST
from qa_bot.errors import QABotError
from qa_bot.store.location import MILVUS

_EPILOG = (
    "Exit codes: 0 answered (or done), 1 the documents do not say, 2 an error, "
    "3 done, but some files were skipped."
)


class _Parser(argparse.ArgumentParser):
    """Prints errors on one line; the parsers of the commands are of this class too."""

    def error(self, message: str) -> NoReturn:
        self.exit(FAILED, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        with _terminable():
            return run(options)
    except (QABotError, ValueError) as error:
        print(f"qa-bot: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return FAILED
    except BrokenPipeError:
        # The reader of the pipe (head, less) has exited; keep Python from reporting it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


@contextmanager
def _terminable() -> Iterator[None]:
    """Make SIGTERM interrupt a command as Ctrl+C does, so that it cleans up."""

    def stop(number: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set a signal handler
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = _Parser(
        prog="qa-bot", description="Ask your articles, get quotes you can check.", epilog=_EPILOG
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {version('qa-bot')}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_question_commands(commands)
    _add_index_command(commands)

    listing = _command(commands, "list", list_documents, "list the documents in an index")
    _index_option(listing, default=shipped_index())
    listing.add_argument("--json", action="store_true", help="print JSON")
    removing = _command(commands, "remove", remove, "remove documents from an index")
    removing.add_argument(
        "ids", nargs="+", metavar="ID", help="the beginning of a document's id, as list prints it"
    )
    _index_option(removing)
    copying = _command(
        commands, "copy", copy_index, "copy an index; if interrupted, run it again to continue"
    )
    copying.add_argument("source", type=_location, metavar="FROM", help="an index, as for --index")
    copying.add_argument(
        "target", type=_location, metavar="TO", help="a new index, or one with the same model"
    )
    return top


def _add_question_commands(commands: "argparse._SubParsersAction[_Parser]") -> None:
    """Add ``ask``, ``chat`` and ``serve``."""
    asking = _command(commands, "ask", ask, "answer one question")
    asking.add_argument("question", nargs="+", help="the question; quotation marks are optional")
    chatting = _command(commands, "chat", chat, "ask several questions; follow-ups are understood")
    serving = _command(commands, "serve", serve, "open the chat page")
    _serve_options(serving)
    for command in (asking, chatting, serving):
        _index_option(command, default=shipped_index())
        command.add_argument(
            "--threshold", type=_probability, help="least probability of a quote, 0 to 1"
        )
    for command in (asking, chatting):
        command.add_argument("--json", action="store_true", help="print each answer as JSON")
        command.add_argument(
            "--document",
            dest="documents",
            metavar="ID",
            action="append",
            help="search only this document: the beginning of its id, as list prints it "
            "(repeatable)",
        )


def _add_index_command(commands: "argparse._SubParsersAction[_Parser]") -> None:
    indexing = _command(commands, "index", index, "read files and folders into an index")
    indexing.add_argument(
        "paths", nargs="*", type=Path, help=f"files, and folders of {SUFFIX_LIST}"
    )
    indexing.add_argument(
        "--skip-errors",
        action="store_true",
        help="skip files that cannot be read, and list them (exit code 3)",
    )
    indexing.add_argument("--title", help="title of the document, if one file is given")
    indexing.add_argument(
        "--rebuild", action="store_true", help="build the index again from its documents"
    )
    defaults = "default: that of the index, or for a new one "
    indexing.add_argument(
        "--model", help=f"sentence-transformers model ({defaults}{DEFAULT_MODEL})"
    )
    indexing.add_argument(
        "--passage-chars",
        type=int,
        help=f"size of a passage in characters ({defaults}{Config().passage_chars})",
    )
    _index_option(indexing)


def _command(
    commands: "argparse._SubParsersAction[_Parser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    purpose: str,
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name, help=purpose, description=purpose[0].upper() + purpose[1:] + ".", epilog=_EPILOG
    )
    command.set_defaults(run=run)
    return command


def _serve_options(serving: argparse.ArgumentParser) -> None:
    """Add the options of the page; hosting services set Gradio's variables for host and port."""
    serving.add_argument(
        "--host",
        default=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"),
        help="address to listen on (default: %(default)s)",
    )
    serving.add_argument(
        "--port",
        type=_port,
        default=os.environ.get("GRADIO_SERVER_PORT", "7860"),
        help="port to listen on (default: %(default)s)",
    )
    serving.add_argument(
        "--no-browser",
        dest="browser",
        action="store_false",
        help="do not open a browser (one opens only if the page is started in a local terminal)",
    )
    serving.add_argument(
        "--feedback",
        metavar="FILE",
        type=Path,
        help="show thumbs up and down, and append the votes to this file",
    )
    serving.add_argument("--mcp", action="store_true", help="also serve answers as an MCP tool")


def _index_option(command: argparse.ArgumentParser, default: Path | None = None) -> None:
    command.add_argument(
        "--index",
        metavar="FOLDER",
        type=_location,
        default=default,
        required=default is None,
        help="the index: a folder, milvus://HOST:PORT/COLLECTION or milvus:FILE.db"
        + ("" if default is None else " (default: the shipped article)"),
    )


def _location(text: str) -> str | Path:
    return text if text.startswith(MILVUS) else Path(text)


def _probability(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 1 to 65535")
    return int(text)

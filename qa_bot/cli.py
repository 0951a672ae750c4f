"""The command line: parse, call, print."""

import argparse
import io
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

from qa_bot.bot import Bot, open_bot, shipped_index
from qa_bot.config import DEFAULT_MODEL, Config
from qa_bot.datatypes import Answer, Document
from qa_bot.documents.formats import SUFFIX_LIST
from qa_bot.errors import QABotError
from qa_bot.models.embedder import load_embedder
from qa_bot.render import visible
from qa_bot.report import Report
from qa_bot.store.index import Index, Progress, lock, rebuild, stored_settings

ANSWERED, NOT_SAID, FAILED, SKIPPED = 0, 1, 2, 3  # exit codes

_EPILOG = (
    "Exit codes: 0 answered (or done), 1 the documents do not say, 2 an error, "
    "3 done, but for files that were skipped."
)


class _Parser(argparse.ArgumentParser):
    """Tells a mistake on one line; the parsers of the commands are of this class too."""

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
        # The reader of a pipe (head, less) went away; keep the interpreter from saying so at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _ask(options: argparse.Namespace) -> int:
    bot = _bot(options)
    answer = bot.answer(" ".join(options.question), documents=_chosen(bot, options.documents))
    _print_answer(answer, as_json=options.json)
    return ANSWERED if answer.found else NOT_SAID


def _chat(options: argparse.Namespace) -> int:
    bot = _bot(options)
    chosen = _chosen(bot, options.documents)
    if sys.stdin.isatty():
        about = [it for it in bot.documents if chosen is None or it.id in chosen]
        print("Ask about: " + "; ".join(_name(document) for document in about[:5]))
        print("An empty line or Ctrl-D ends the conversation.")
    history: list[Answer] = []
    for question in _lines():
        try:
            answer = bot.answer(question, history, documents=chosen)
        except ValueError as error:
            print(error)
            continue
        _print_answer(answer, as_json=options.json)
        history.append(answer)
    return ANSWERED


def _index(options: argparse.Namespace) -> int:
    _check_own(options)
    if not options.paths and not options.rebuild:
        raise ValueError("name files or folders to read: qa-bot index PATH... --index FOLDER")
    given = {"model": options.model, "passage_chars": options.passage_chars}
    chosen = {name: value for name, value in given.items() if value is not None}
    config = Config().of_index({**stored_settings(options.index), **chosen})
    index, skipped = _rebuilt(options, config) if options.rebuild else _built(options, config)
    articles, passages = _count(len(index.documents), "article"), _count(len(index), "passage")
    print(f"{options.index}: {articles}, {passages}")
    return SKIPPED if skipped else ANSWERED


def _rebuilt(options: argparse.Namespace, config: Config) -> tuple[Index, int]:
    """Make the index anew from its own articles, and name those that are lost."""
    settings, embedder = config.build_settings(), load_embedder(config.model)
    with _progress("indexing", "passage") as progress:
        index, lost = rebuild(options.index, embedder, settings, progress)
    for name in lost:
        print(f"qa-bot: {name} is gone from {options.index}: add it again", file=sys.stderr)
    return index, 0


def _built(options: argparse.Namespace, config: Config) -> tuple[Index, int]:
    """Read files into the index; return it and how many files were skipped."""
    reports: list[Report] = []

    def tell(report: Report) -> None:
        reports.append(report)
        _print_report(report)

    with _progress("reading", "file") as reading, _progress("indexing", "passage") as progress:
        bot = Bot.build(
            options.paths,
            options.index,
            config,
            title=options.title,
            skip_errors=options.skip_errors,
            on_report=tell,
            reading=reading,
            progress=progress,
        )
    return bot.index, sum(bool(report.error) for report in reports)


def _print_report(report: Report) -> None:
    """Print what of a file was left out, or why it was skipped, above the progress bar."""
    from tqdm import tqdm

    name = visible(" ".join(report.name.split()))
    notes = [f"{name}: {note}" for note in report.notes]
    for line in [f"skipped: {report.error}"] if report.error else notes:
        tqdm.write(f"qa-bot: {line}", file=sys.stderr)


def _list(options: argparse.Namespace) -> int:
    documents = Index.open(options.index).documents
    if options.json:
        print(json.dumps([_described(document) for document in documents], ensure_ascii=False))
        return ANSWERED
    for document in documents:
        date = document.metadata.get("date", "")
        print(f"{document.id[:12]}  {date:10}  {_name(document)}  ({document.source})")
    return ANSWERED


def _remove(options: argparse.Namespace) -> int:
    _check_own(options)
    with lock(options.index):
        index = Index.open(options.index)
        wanted = [_full_id(index, given) for given in options.ids]
        removed = index.remove(wanted)
        index.save(options.index)
    for document in removed:
        print(f"removed {document.id[:12]}  {_name(document)}")
    return ANSWERED


def _serve(options: argparse.Namespace) -> int:
    print("Loading the page and the models ...", flush=True)
    from qa_bot.page.layout import EXAMPLES
    from qa_bot.page.server import check_port, launch  # late: it takes seconds

    check_port(options.host, options.port)  # before the models are loaded
    launch(
        _bot(options),
        options.host,
        options.port,
        examples=EXAMPLES if options.index == shipped_index() else (),
        open_browser=options.browser,
        feedback=options.feedback,
        mcp=options.mcp,
    )
    return ANSWERED


def _bot(options: argparse.Namespace) -> Bot:
    bot = open_bot(options.index)
    if options.threshold is None:
        return bot
    return Bot(bot.index, bot.embedder, config=replace(bot.config, threshold=options.threshold))


def _chosen(bot: Bot, given: Sequence[str] | None) -> list[str] | None:
    """Return the ids of the articles that may answer, None for all; raises ValueError."""
    return None if given is None else [_full_id(bot.index, beginning) for beginning in given]


def _check_own(options: argparse.Namespace) -> None:
    """Keep a person's documents out of the shipped index, which version control tracks."""
    if not getattr(options, "rebuild", False) and options.index.resolve() == shipped_index():
        raise ValueError("the shipped index stays as it is: name a folder of your own with --index")


def _lines() -> Iterator[str]:
    """Yield what a person types, or what is piped in, until an empty line or the end."""
    prompt = "\n> " if sys.stdin.isatty() else ""
    while True:
        try:
            line = input(prompt).strip()
        except EOFError:
            return
        if not line:
            return
        yield line


def _print_answer(answer: Answer, as_json: bool) -> None:
    print(json.dumps(answer.to_dict(), ensure_ascii=False) if as_json else answer, flush=True)


def _name(document: Document) -> str:
    """Return a title fit for one line of a terminal."""
    name = document.title if document.title else document.text.strip()[:60]
    return visible(" ".join(name.split()))


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _described(document: Document) -> dict[str, object]:
    return {
        "id": document.id,
        "title": document.title,
        "source": document.source,
        "metadata": dict(document.metadata),
        "characters": len(document.text),
    }


def _full_id(index: Index, given: str) -> str:
    """Return the one document id that begins with what was given; raises ValueError."""
    found = [document.id for document in index.documents if document.id.startswith(given)]
    if len(found) != 1:
        what = "no article" if not found else f"{len(found)} articles"
        raise ValueError(f"{what} with an id beginning {given!r}: see qa-bot list")
    return found[0]


@contextmanager
def _terminable() -> Iterator[None]:
    """Make SIGTERM end a command as Ctrl+C does, so that what it holds is cleaned up."""

    def stop(number: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set what a signal does
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _progress(task: str, unit: str) -> Iterator[Progress]:
    """Show a progress bar on a terminal's standard error while the block runs."""
    from tqdm import tqdm

    with tqdm(unit=unit, desc=task, disable=None, file=sys.stderr, delay=0.5) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = _Parser(
        prog="qa-bot", description="Ask your articles, get quotes you can check.", epilog=_EPILOG
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {version('qa-bot')}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    ask = _command(commands, "ask", _ask, "answer one question")
    ask.add_argument("question", nargs="+", help="the question; quotation marks are optional")
    chat = _command(commands, "chat", _chat, "ask in turn; follow-up questions are understood")
    serve = _command(commands, "serve", _serve, "open the chat page")
    _serve_options(serve)
    for command in (ask, chat, serve):
        _index_option(command, default=shipped_index())
        command.add_argument(
            "--threshold",
            type=_probability,
            help="quote nothing less likely than this, 0 to 1",
        )
    for command in (ask, chat):
        command.add_argument("--json", action="store_true", help="print each answer as JSON")
        command.add_argument(
            "--document",
            dest="documents",
            metavar="ID",
            action="append",
            help="answer from this article alone: how its id in list begins (may be repeated)",
        )

    index = _command(commands, "index", _index, "read files and folders into an index")
    index.add_argument("paths", nargs="*", type=Path, help=f"files, and folders of {SUFFIX_LIST}")
    index.add_argument(
        "--skip-errors",
        action="store_true",
        help="read the other files when some cannot be read, and list those (exit code 3)",
    )
    index.add_argument("--title", help="what to call the article, where one file is given")
    index.add_argument(
        "--rebuild", action="store_true", help="make the index anew from its articles"
    )
    defaults = "default: those of the index, and for a new one "
    index.add_argument("--model", help=f"sentence-transformers model ({defaults}{DEFAULT_MODEL})")
    index.add_argument(
        "--passage-chars",
        type=int,
        help=f"size of a passage, characters ({defaults}{Config().passage_chars})",
    )
    _index_option(index)

    listing = _command(commands, "list", _list, "list the articles of an index")
    _index_option(listing, default=shipped_index())
    listing.add_argument("--json", action="store_true", help="print JSON")
    remove = _command(commands, "remove", _remove, "remove articles from an index")
    remove.add_argument("ids", nargs="+", metavar="ID", help="how an id in list begins")
    _index_option(remove)
    return top


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


def _serve_options(serve: argparse.ArgumentParser) -> None:
    """Add the options of the page; a hosting space sets host and port by Gradio's variables."""
    serve.add_argument(
        "--host",
        default=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"),
        help="address to listen on (default: %(default)s)",
    )
    serve.add_argument(
        "--port",
        type=_port,
        default=os.environ.get("GRADIO_SERVER_PORT", "7860"),
        help="port to listen on (default: %(default)s)",
    )
    serve.add_argument(
        "--no-browser",
        dest="browser",
        action="store_false",
        help="do not open a browser; one opens when a terminal of this machine starts the page",
    )
    serve.add_argument(
        "--feedback", metavar="FILE", type=Path, help="offer thumbs, and keep them in this file"
    )
    serve.add_argument("--mcp", action="store_true", help="serve the answers as an MCP tool too")


def _index_option(command: argparse.ArgumentParser, default: Path | None = None) -> None:
    command.add_argument(
        "--index",
        metavar="FOLDER",
        type=Path,
        default=default,
        required=default is None,
        help="the index folder" + ("" if default is None else " (the shipped article)"),
    )


def _probability(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 1 to 65535")
    return int(text)

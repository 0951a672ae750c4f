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
from typing import Any, NoReturn

from qa_bot.bot import Bot, shipped_index
from qa_bot.config import DEFAULT_MODEL, Config
from qa_bot.datatypes import Answer, Document
from qa_bot.documents.formats import SUFFIX_LIST
from qa_bot.errors import QABotError
from qa_bot.render import visible
from qa_bot.report import Report
from qa_bot.store.copying import copy
from qa_bot.store.embedded import Progress
from qa_bot.store.location import MILVUS, store_at

ANSWERED, NOT_SAID, FAILED, SKIPPED = 0, 1, 2, 3  # exit codes

_EPILOG = (
    "Exit codes: 0 answered (or done), 1 the documents do not say, 2 an error, "
    "3 done, but some files were skipped."
)


class _Parser(argparse.ArgumentParser):
    """Prints a mistake on one line; the parsers of the commands are of this class too."""

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
        # The reader of a pipe (head, less) is gone; keep the interpreter from reporting it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _ask(options: argparse.Namespace) -> int:
    bot = _open(options)
    documents = _full_ids(bot, options.documents)
    answer = bot.answer(" ".join(options.question), documents=documents)
    _print_answer(answer, as_json=options.json)
    return ANSWERED if answer.found else NOT_SAID


def _chat(options: argparse.Namespace) -> int:
    bot = _open(options)
    documents = _full_ids(bot, options.documents)
    if sys.stdin.isatty():
        about = [it for it in bot.documents if documents is None or it.id in documents]
        print("Ask about: " + "; ".join(_name(document) for document in about[:5]))
        print("An empty line or Ctrl-D ends the conversation.")
    history: list[Answer] = []
    for question in _lines():
        try:
            answer = bot.answer(question, history, documents=documents)
        except ValueError as error:
            print(error)
            continue
        _print_answer(answer, as_json=options.json)
        history.append(answer)
    return ANSWERED


def _index(options: argparse.Namespace) -> int:
    if not options.paths and not options.rebuild:
        raise ValueError("name files or folders to read: qa-bot index PATH... --index FOLDER")
    skipped: list[Report] = []
    bot = _rebuilt(options) if options.rebuild else _built(options, skipped)
    articles, passages = _count(len(bot.documents), "article"), _count(len(bot.index), "passage")
    print(f"{options.index}: {articles}, {passages}")
    return SKIPPED if skipped else ANSWERED


def _built(options: argparse.Namespace, skipped: list[Report]) -> Bot:
    _check_not_shipped(options.index)

    def on_report(report: Report) -> None:
        _print_report(report)
        if report.error:
            skipped.append(report)

    with _progress("reading", "file") as reading, _progress("indexing", "passage") as progress:
        return Bot.build(
            options.paths,
            options.index,
            _config(options.index, model=options.model, passage_chars=options.passage_chars),
            title=options.title,
            skip_errors=options.skip_errors,
            on_report=on_report,
            reading=reading,
            progress=progress,
        )


def _rebuilt(options: argparse.Namespace) -> Bot:
    def on_lost(name: str) -> None:
        print(f"qa-bot: {name} is gone from {options.index}: add it again", file=sys.stderr)

    config = _config(options.index, model=options.model, passage_chars=options.passage_chars)
    with _progress("indexing", "passage") as progress:
        return Bot.rebuild(options.index, config, on_lost=on_lost, progress=progress)


def _print_report(report: Report) -> None:
    """Print, above the progress bar, what was left out of a file, or why it was skipped."""
    from tqdm import tqdm

    name = visible(" ".join(report.name.split()))
    notes = [f"{name}: {note}" for note in report.notes]
    for line in [f"skipped: {report.error}"] if report.error else notes:
        tqdm.write(f"qa-bot: {line}", file=sys.stderr)


def _list(options: argparse.Namespace) -> int:
    documents = Bot.open(options.index).documents
    if options.json:
        print(json.dumps([_described(document) for document in documents], ensure_ascii=False))
        return ANSWERED
    for document in documents:
        date = document.metadata.get("date", "")
        print(f"{document.id[:12]}  {date:10}  {_name(document)}  ({document.source})")
    return ANSWERED


def _remove(options: argparse.Namespace) -> int:
    _check_not_shipped(options.index)
    bot = Bot.open(options.index)
    for document in bot.remove(_full_ids(bot, options.ids) or ()):
        print(f"removed {document.id[:12]}  {_name(document)}")
    return ANSWERED


def _copy(options: argparse.Namespace) -> int:
    _check_not_shipped(options.target)
    with _progress("copying", "article") as progress:
        copied, there = copy(store_at(options.source), store_at(options.target), progress)
    said = f"{_count(copied, 'article')} copied"
    print(f"{options.target}: {said}" + (f", {there:,} were there already" if there else ""))
    return ANSWERED


def _serve(options: argparse.Namespace) -> int:
    print("Loading the page and the models ...", flush=True)
    from qa_bot.page.layout import EXAMPLES
    from qa_bot.page.server import check_port, launch  # late: it takes seconds

    check_port(options.host, options.port)  # before the models are loaded
    launch(
        _open(options),
        options.host,
        options.port,
        examples=EXAMPLES if options.index == shipped_index() else (),
        open_browser=options.browser,
        feedback=options.feedback,
        mcp=options.mcp,
    )
    return ANSWERED


def _open(options: argparse.Namespace) -> Bot:
    bot = Bot.open(options.index)
    if options.threshold is not None:
        bot.config = replace(bot.config, threshold=options.threshold)
    return bot


def _config(location: str | Path, **options: Any) -> Config:
    """Return the settings of an index, if there is one, changed by the options that are given."""
    given = {name: value for name, value in options.items() if value is not None}
    return Config().of_index({**store_at(location).settings(), **given})


def _check_not_shipped(location: str | Path) -> None:
    """Raise ValueError for the shipped index, which version control tracks."""
    if store_at(location).location == store_at(shipped_index()).location:
        raise ValueError("the shipped index stays as it is: name a folder of your own with --index")


def _lines() -> Iterator[str]:
    """Yield the lines that are typed or piped in, until an empty one or the end."""
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


def _full_ids(bot: Bot, beginnings: Sequence[str] | None) -> list[str] | None:
    """Complete the ids of articles, None for None; raises ValueError unless one article fits."""
    if beginnings is None:
        return None
    return [_full_id(bot.documents, beginning) for beginning in beginnings]


def _full_id(documents: Sequence[Document], beginning: str) -> str:
    ids = [document.id for document in documents if document.id.startswith(beginning)]
    if len(ids) != 1:
        count = f"{len(ids)} articles" if ids else "no article"
        raise ValueError(f"{count} with an id beginning {beginning!r}: see qa-bot list")
    return ids[0]


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
    chat = _command(commands, "chat", _chat, "ask several questions; follow-ups are understood")
    serve = _command(commands, "serve", _serve, "open the chat page")
    _serve_options(serve)
    for command in (ask, chat, serve):
        _index_option(command, default=shipped_index())
        command.add_argument(
            "--threshold",
            type=_probability,
            help="least probability of a quote, 0 to 1",
        )
    for command in (ask, chat):
        command.add_argument("--json", action="store_true", help="print each answer as JSON")
        command.add_argument(
            "--document",
            dest="documents",
            metavar="ID",
            action="append",
            help="search only this article: the beginning of its id, see list (repeatable)",
        )

    index = _command(commands, "index", _index, "read files and folders into an index")
    index.add_argument("paths", nargs="*", type=Path, help=f"files, and folders of {SUFFIX_LIST}")
    index.add_argument(
        "--skip-errors",
        action="store_true",
        help="skip files that cannot be read, and list them (exit code 3)",
    )
    index.add_argument("--title", help="title of the article, when one file is given")
    index.add_argument(
        "--rebuild", action="store_true", help="build the index again from its articles"
    )
    defaults = "default: those of the index, and for a new one "
    index.add_argument("--model", help=f"sentence-transformers model ({defaults}{DEFAULT_MODEL})")
    index.add_argument(
        "--passage-chars",
        type=int,
        help=f"size of a passage, characters ({defaults}{Config().passage_chars})",
    )
    _index_option(index)

    listing = _command(commands, "list", _list, "list the articles in an index")
    _index_option(listing, default=shipped_index())
    listing.add_argument("--json", action="store_true", help="print JSON")
    remove = _command(commands, "remove", _remove, "remove articles from an index")
    remove.add_argument("ids", nargs="+", metavar="ID", help="the beginning of an id, see list")
    _index_option(remove)
    copying = _command(commands, "copy", _copy, "copy an index; run again, it goes on")
    copying.add_argument("source", type=_location, metavar="FROM", help="an index, as for --index")
    copying.add_argument("target", type=_location, metavar="TO", help="one of the same model")
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
    """Add the options of the page; a hosting space sets Gradio's variables for host and port."""
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
        help="do not open a browser (one opens only when a local terminal starts the page)",
    )
    serve.add_argument(
        "--feedback",
        metavar="FILE",
        type=Path,
        help="show thumbs up and down, and append them to this file",
    )
    serve.add_argument("--mcp", action="store_true", help="also serve answers as an MCP tool")


def _index_option(command: argparse.ArgumentParser, default: Path | None = None) -> None:
    command.add_argument(
        "--index",
        metavar="FOLDER",
        type=_location,
        default=default,
        required=default is None,
        help="the index: a folder, milvus://HOST:PORT/COLLECTION or milvus:FILE.db"
        + ("" if default is None else " (the shipped article)"),
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

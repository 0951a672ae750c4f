"""What each command of the command line does: one call of a Bot, and printing."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from qa_bot.bot import Bot, shipped_index
from qa_bot.config import Config
from qa_bot.datatypes import Answer, Document
from qa_bot.render import visible
from qa_bot.report import Report
from qa_bot.store.copying import copy
from qa_bot.store.embedded import Progress
from qa_bot.store.location import store_at

ANSWERED, NOT_SAID, FAILED, SKIPPED = 0, 1, 2, 3  # exit codes


def ask(options: argparse.Namespace) -> int:
    """Answer one question."""
    bot = _open(options)
    documents = _full_ids(bot, options.documents)
    answer = bot.answer(" ".join(options.question), documents=documents)
    _print_answer(answer, as_json=options.json)
    return ANSWERED if answer.found else NOT_SAID


def chat(options: argparse.Namespace) -> int:
    """Answer the questions that are typed or piped in."""
    bot = _open(options)
    ids = _full_ids(bot, options.documents)
    if sys.stdin.isatty():
        documents = [document for document in bot.documents if ids is None or document.id in ids]
        print("Ask about: " + "; ".join(_label(document) for document in documents[:5]))
        print("An empty line or Ctrl-D ends the conversation.")
    history: list[Answer] = []
    for question in _read_lines():
        try:
            answer = bot.answer(question, history, documents=ids)
        except ValueError as error:
            print(error)
            continue
        _print_answer(answer, as_json=options.json)
        history.append(answer)
    return ANSWERED


def serve(options: argparse.Namespace) -> int:
    """Serve the chat page until it is interrupted."""
    print("Loading the page and the models ...", flush=True)
    from qa_bot.page.layout import EXAMPLES
    from qa_bot.page.server import check_port, launch  # imported late: it takes seconds

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


def index(options: argparse.Namespace) -> int:
    """Read files into an index, or rebuild it."""
    if not options.paths and not options.rebuild:
        raise ValueError("name files or folders to read: qa-bot index PATH... --index FOLDER")
    skipped: list[Report] = []
    bot = _rebuild(options) if options.rebuild else _build(options, skipped)
    documents, passages = _count(len(bot.documents), "document"), _count(len(bot.index), "passage")
    print(f"{options.index}: {documents}, {passages}")
    return SKIPPED if skipped else ANSWERED


def _build(options: argparse.Namespace, skipped: list[Report]) -> Bot:
    """Build an index and add the reports of skipped files to ``skipped``."""
    _check_not_shipped(options.index)

    def on_report(report: Report) -> None:
        print_report(report)
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


def _rebuild(options: argparse.Namespace) -> Bot:
    def on_lost(name: str) -> None:
        print(
            f"qa-bot: {name} is missing from {options.index}: add the document again",
            file=sys.stderr,
        )

    config = _config(options.index, model=options.model, passage_chars=options.passage_chars)
    with _progress("indexing", "passage") as progress:
        return Bot.rebuild(options.index, config, on_lost=on_lost, progress=progress)


def print_report(report: Report) -> None:
    """Print, above the progress bar, what was left out of a file or why it was skipped."""
    from tqdm import tqdm

    name = visible(" ".join(report.name.split()))
    notes = [f"{name}: {note}" for note in report.notes]
    for line in [f"skipped: {report.error}"] if report.error else notes:
        tqdm.write(f"qa-bot: {line}", file=sys.stderr)


def list_documents(options: argparse.Namespace) -> int:
    """List the documents in an index."""
    documents = Bot.open(options.index).documents
    if options.json:
        print(json.dumps([_to_dict(document) for document in documents], ensure_ascii=False))
        return ANSWERED
    for document in documents:
        date = document.metadata.get("date", "")
        print(f"{document.id[:12]}  {date:10}  {_label(document)}  ({document.source})")
    return ANSWERED


def remove(options: argparse.Namespace) -> int:
    """Remove documents from an index."""
    _check_not_shipped(options.index)
    bot = Bot.open(options.index)
    for document in bot.remove(_full_ids(bot, options.ids) or ()):
        print(f"removed {document.id[:12]}  {_label(document)}")
    return ANSWERED


def copy_index(options: argparse.Namespace) -> int:
    """Copy the documents of an index to another index that does not have them."""
    _check_not_shipped(options.target)
    with _progress("copying", "document") as progress:
        copied, present = copy(store_at(options.source), store_at(options.target), progress)
    message = f"{options.target}: {_count(copied, 'document')} copied"
    print(message + (f", {present:,} were there already" if present else ""))
    return ANSWERED


def _open(options: argparse.Namespace) -> Bot:
    bot = Bot.open(options.index)
    if options.threshold is not None:
        bot.config = replace(bot.config, threshold=options.threshold)
    return bot


def _config(location: str | Path, **options: Any) -> Config:
    """Return the settings of an index if it exists, with the options that were given."""
    given = {name: value for name, value in options.items() if value is not None}
    return Config().of_index({**store_at(location).settings(), **given})


def _check_not_shipped(location: str | Path) -> None:
    """Raise ValueError for the shipped index, which version control tracks."""
    if store_at(location).location == store_at(shipped_index()).location:
        raise ValueError(
            "the shipped index cannot be changed: name a folder of your own with --index"
        )


def _read_lines() -> Iterator[str]:
    """Yield the lines that are typed or piped in, until an empty line or the end."""
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


def _label(document: Document) -> str:
    """Return a title, or the first words, for one line of a terminal."""
    name = document.title if document.title else document.text.strip()[:60]
    return visible(" ".join(name.split()))


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _to_dict(document: Document) -> dict[str, object]:
    return {
        "id": document.id,
        "title": document.title,
        "source": document.source,
        "metadata": dict(document.metadata),
        "characters": len(document.text),
    }


def _full_ids(bot: Bot, prefixes: Sequence[str] | None) -> list[str] | None:
    """Return the ids that begin with each prefix, or None for None.

    Raises ValueError unless exactly one document fits a prefix.
    """
    if prefixes is None:
        return None
    return [_full_id(bot.documents, prefix) for prefix in prefixes]


def _full_id(documents: Sequence[Document], prefix: str) -> str:
    ids = [document.id for document in documents if document.id.startswith(prefix)]
    if len(ids) != 1:
        count = f"{len(ids)} documents have" if ids else "no document has"
        raise ValueError(
            f"{count} an id that begins with {prefix!r}: see the ids with: qa-bot list"
        )
    return ids[0]


@contextmanager
def _progress(task: str, unit: str) -> Iterator[Progress]:
    """Show a progress bar on a terminal's standard error while the block runs."""
    from tqdm import tqdm

    with tqdm(unit=unit, desc=task, disable=None, file=sys.stderr, delay=0.5) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show

"""Follow-up questions of public data sets: are the right words added, and the right span quoted?

Words, on followups-dev.jsonl.gz: people wrote each question again so that it stands alone. The
terms wanted are those of this rewriting that the question lacks and the history has; a query's are
those it has and the question lacks. A term is a content word, lower-cased and cut to five
letters, as the reader counts words. Questions without a history have nothing to add and are
left out.

Quotes, on the documents of doc2dial.jsonl.gz that ``is_dev`` chooses: the place that answers a
follow-up is found when the first quote holds at least half of its characters.
"""

import argparse
import hashlib
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from benchmarks.data import Case, read_rows
from qa_bot.answering.history import Turn
from qa_bot.answering.reader import SpanReader, select
from qa_bot.answering.rewriter import rewrites
from qa_bot.bot import Bot
from qa_bot.config import Config
from qa_bot.datatypes import Answer, Document, Span
from qa_bot.models.embedder import load_embedder
from qa_bot.models.span_model import Levels, load_model
from qa_bot.stopwords import content_words, is_stop_word

Pair = tuple[str, str]  # a person's words, and the reply
Request = tuple[str, Sequence[Turn]]  # a question and its history, for a Bot

TERM_LETTERS = 5  # at the start of a word, which are compared, as in qa_bot.answering.reader
FOLDS = 5  # one page in this many is for development
OURS, IGNORED, PREPENDED = "ours", "history ignored", "last question first"


def prepend(question: str, history: Sequence[Turn]) -> str:
    """Prepend the last question, as it was asked, to a question."""
    if not history:
        return question
    last = history[-1]
    asked = last.question if isinstance(last, Answer) else last[0]
    return f"{asked} {question}" if asked else question


# How each system changes a question and its history before it asks a Bot.
SYSTEMS: Mapping[str, Callable[[str, Sequence[Turn]], Request]] = {
    OURS: lambda question, history: (question, history),
    IGNORED: lambda question, history: (question, ()),
    PREPENDED: lambda question, history: (prepend(question, history), ()),
}


class Asking(Protocol):
    """The part of a Bot that the benchmark needs."""

    def answer(self, question: str, history: Sequence[Turn], /) -> Answer:
        """Answer a question."""


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A question, the conversation before it, and a self-contained version of the question."""

    source: str
    history: tuple[Pair, ...]
    question: str
    full: str

    @property
    def alone(self) -> bool:
        """Whether the question is self-contained: the full version has the same words."""
        return _plain(self.question) == _plain(self.full)


@dataclass(frozen=True, slots=True)
class Terms:
    """Counts over questions that have a history."""

    questions: int
    wanted: int  # terms
    added: int
    right: int  # added and wanted
    alone: int  # self-contained questions
    untouched: int  # self-contained questions that were not changed


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A follow-up about a document, and the span that answers it."""

    history: tuple[Pair, ...]
    case: Case


@dataclass(frozen=True, slots=True)
class Places:
    """Counts of answers to follow-ups; the document answers all of them."""

    questions: int
    in_first: int
    refused: int
    best_first: int  # like in_first, but with the threshold at 0, so that nothing is refused


def is_dev(title: str) -> bool:
    """Whether a doc2dial document is for development; the others are for training.

    The part after ``#`` distinguishes versions and parts of a page, which share most of their text:
    they stay together.
    """
    page = title.partition("#")[0].strip()
    return int(hashlib.sha256(page.encode()).hexdigest(), 16) % FOLDS == 0


def terms(text: str) -> set[str]:
    """Return the terms of a text; a text of only stop words has none."""
    return {word[:TERM_LETTERS] for word in content_words(text) if not is_stop_word(word)}


def _plain(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text.lower()).split()


def load_rewritings(path: Path) -> list[Rewriting]:
    """Read questions with their self-contained versions, without questions that have no history."""
    return [
        Rewriting(row["source"], _turns(row), row["question"], row["rewrite"])
        for row in read_rows(path)
        if row["history"]
    ]


def _turns(row: Mapping[str, Any]) -> tuple[Pair, ...]:
    """Pair a row's utterances; cast2019 has only those of the person."""
    said: Sequence[str] = row["history"]
    if row["source"] == "cast2019":
        return tuple((question, "") for question in said)
    return tuple(zip(said[::2], said[1::2], strict=True))


def rewrite_all(rows: Sequence[Rewriting]) -> dict[str, list[str]]:
    """Return each system's query for each question; of several, the likeliest."""
    queries: dict[str, list[str]] = {name: [] for name in SYSTEMS}
    for row in tqdm(rows, unit="question", disable=None):
        for name, system in SYSTEMS.items():
            queries[name].append(rewrites(*system(row.question, row.history))[0].query)
    return queries


def count_terms(rewritten: Iterable[tuple[Rewriting, str]]) -> Terms:
    """Count the terms that queries add to their questions."""
    questions = wanted = added = right = alone = untouched = 0
    for row, query in rewritten:
        own, said = terms(row.question), terms(" ".join(map(" ".join, row.history)))
        gold, new = (terms(row.full) - own) & said, terms(query) - own
        questions += 1
        wanted += len(gold)
        added += len(new)
        right += len(gold & new)
        alone += row.alone
        untouched += row.alone and _plain(query) == _plain(row.question)
    return Terms(questions, wanted, added, right, alone, untouched)


def pair_speakers(utterances: Iterable[str]) -> tuple[Pair, ...]:
    """Convert utterances that begin with ``user:`` or ``agent:`` to turns.

    A person who speaks twice opens two turns; what the agent says in a row is one reply. An agent
    who speaks first replies to nothing.
    """
    pairs: list[tuple[str, str]] = []
    for utterance in utterances:
        speaker, _, text = utterance.partition(": ")
        if speaker == "user":
            pairs.append((text, ""))
        elif pairs:
            question, said = pairs.pop()
            pairs.append((question, f"{said} {text}".strip()))
        else:
            pairs.append(("", text))
    return tuple(pairs)


def load_dialogues(path: Path, sample: int | None) -> dict[Document, list[Dialogue]]:
    """Read the follow-ups about documents for development, or a ``sample`` of them, by document."""
    rows = [row for row in read_rows(path) if is_dev(row["title"]) and row["history"]]
    if sample is not None:
        rows = random.Random(0).sample(rows, min(sample, len(rows)))
    found: dict[Document, list[Dialogue]] = defaultdict(list)
    for row in rows:
        document = Document(row["context"], row["title"])
        answers = tuple(
            Span(document, place["start"], place["start"] + len(place["text"]))
            for place in row["answers"]
        )
        dialogue = Dialogue(pair_speakers(row["history"]), Case(row["question"], answers))
        found[document].append(dialogue)
    return dict(found)


def ask_all(
    dialogues: Mapping[Document, Sequence[Dialogue]], bot_of: Callable[[Document], Asking]
) -> dict[str, list[tuple[Case, Answer]]]:
    """Return the answers to each system's questions; the Bot of each document is made once."""
    asked: dict[str, list[tuple[Case, Answer]]] = {name: [] for name in SYSTEMS}
    total = sum(len(members) for members in dialogues.values())
    with tqdm(total=total, unit="question", disable=None) as bar:
        for document, members in dialogues.items():
            bot = bot_of(document)
            for dialogue in members:
                for name, system in SYSTEMS.items():
                    answer = bot.answer(*system(dialogue.case.question, dialogue.history))
                    asked[name].append((dialogue.case, answer))
                bar.update()
    return asked


def bot_maker() -> Callable[[Document], Asking]:
    """Return a function that makes a Bot of one document; all share models and refuse nothing."""
    embedder, reader, config = load_embedder(), SpanReader(), Config(threshold=0)

    def make(document: Document) -> Bot:
        index = Bot.from_documents([document], config, embedder=embedder).index
        return Bot(index, embedder, reader, config=config)

    return make


def count_places(asked: Sequence[tuple[Case, Answer]], levels: Levels) -> Places:
    """Judge the answers that are given at these levels."""
    most = Config().max_quotes
    said = [(case, select(answer.quotes, levels, most)) for case, answer in asked]
    return Places(
        questions=len(asked),
        in_first=sum(_half_inside(case, quotes[:1]) for case, quotes in said),
        refused=sum(quotes == () for _, quotes in said),
        best_first=sum(_half_inside(case, answer.quotes[:1]) for case, answer in asked),
    )


def _half_inside(case: Case, quotes: Sequence[Span]) -> bool:
    """Whether a quote contains at least half of the characters of a span that answers."""
    return any(
        2 * (min(quote.end, place.end) - max(quote.start, place.start)) >= place.end - place.start
        for quote in quotes
        for place in case.answers
    )


def percent(part: int, whole: int) -> str:
    """Return a share as text, or a dash if the total is 0."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def to_table(rows: Sequence[Sequence[str]]) -> str:
    """Align the columns of a table: the first to the left, the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def terms_table(rows: Sequence[Rewriting]) -> str:
    """Return counts of terms by source and in total, for each system."""
    table = [
        ["source", "system", "questions", "terms", "recall", "precision", "alone", "untouched"]
    ]
    queries = rewrite_all(rows)
    for source in (*sorted({row.source for row in rows}), "all"):
        for system in SYSTEMS:
            pairs = zip(rows, queries[system], strict=True)
            found = count_terms(pair for pair in pairs if source in (pair[0].source, "all"))
            shares = [
                percent(found.right, found.wanted),
                percent(found.right, found.added),
                str(found.alone),
                percent(found.untouched, found.alone),
            ]
            table.append([source, system, str(found.questions), str(found.wanted), *shares])
    return to_table(table)


def places_table(asked: Mapping[str, Sequence[tuple[Case, Answer]]]) -> str:
    """Return counts of quoted spans for each system."""
    table = [["system", "questions", "in the first quote", "refused", "were none refused"]]
    for system, answers in asked.items():
        found = count_places(answers, load_model().card.levels)
        counts = (found.in_first, found.refused, found.best_first)
        shares = [percent(count, found.questions) for count in counts]
        table.append([system, str(found.questions), *shares])
    return to_table(table)


def main(
    argv: Sequence[str] | None = None, bot_of: Callable[[Document], Asking] | None = None
) -> None:
    """Count terms, ask about documents, print; ``bot_of`` replaces ``bot_maker()``."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.followups",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "data", type=Path, help="folder with followups-dev.jsonl.gz and doc2dial.jsonl.gz"
    )
    parser.add_argument(
        "--sample", type=int, help="follow-ups of doc2dial to ask (default: all; 0: none)"
    )
    options = parser.parse_args(argv)
    print("Words added to questions that have a history\n")
    print(terms_table(load_rewritings(options.data / "followups-dev.jsonl.gz")))
    if options.sample != 0:
        dialogues = load_dialogues(options.data / "doc2dial.jsonl.gz", options.sample)
        asked = ask_all(dialogues, bot_maker() if bot_of is None else bot_of)
        print(f"\nFollow-ups about {len(dialogues)} documents of doc2dial\n")
        print(places_table(asked))


if __name__ == "__main__":
    main()

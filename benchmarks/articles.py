"""Whole articles: is the answer in the first quote, and nothing quoted if there is no answer?

All paragraphs of a SQuAD title are one article; every question is asked of it alone.
"""

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

from benchmarks.data import Case, Collection, titles
from benchmarks.retrieval import RememberingEmbedder
from benchmarks.scores import auroc, f1
from qa_bot.answering.reader import select
from qa_bot.bot import Bot
from qa_bot.config import Config
from qa_bot.datatypes import Answer, Quote
from qa_bot.models.embedder import load_embedder
from qa_bot.models.span_model import Levels, load_model


@dataclass(frozen=True, slots=True)
class Report:
    """Counts of questions; F1 of the first quote's highlight; area under the ROC curve."""

    answerable: int
    in_first: int  # answerable, and the first quote contains a whole answer
    in_any: int
    best_first: int  # like in_first, but with the threshold at 0, so that nothing is refused
    wrongly_refused: int
    highlight_f1: float  # mean over answerable questions, 0 to 1; a refusal counts 0
    unanswerable: int
    rightly_refused: int
    auroc: float


def ask_all(collections: Sequence[Collection]) -> list[tuple[Case, Answer]]:
    """Return each question with its quotes at threshold 0, so that nothing is refused."""
    embedder = RememberingEmbedder(load_embedder())
    asked = []
    with tqdm(total=sum(len(c.cases) for c in collections), unit="question") as bar:
        for collection in collections:
            bot = Bot.from_documents(collection.documents, Config(threshold=0), embedder=embedder)
            for case in collection.cases:
                asked.append((case, bot.answer(case.question)))
                bar.update()
    return asked


def score(asked: Sequence[tuple[Case, Answer]], levels: Levels) -> Report:
    """Judge the answers that are given at these levels."""
    answerable = [(case, answer) for case, answer in asked if case.answers]
    most = Config().max_quotes
    said = [(case, select(answer.quotes, levels, most)) for case, answer in answerable]
    silent = [not select(answer.quotes, levels, most) for case, answer in asked if not case.answers]
    return Report(
        answerable=len(answerable),
        in_first=sum(_right(case, quotes[:1]) for case, quotes in said),
        in_any=sum(_right(case, quotes) for case, quotes in said),
        best_first=sum(_right(case, answer.quotes[:1]) for case, answer in answerable),
        wrongly_refused=sum(quotes == () for _, quotes in said),
        highlight_f1=sum(_f1(case, quotes) for case, quotes in said) / len(said),
        unanswerable=len(silent),
        rightly_refused=sum(silent),
        auroc=auroc(
            [answer.confidence for _, answer in asked], [bool(case.answers) for case, _ in asked]
        ),
    )


def lost_at(asked: Sequence[tuple[Case, Answer]], refused: float) -> float:
    """Return the share of answerable questions lost if a share of the others is ``refused``."""
    others = sorted(answer.confidence for case, answer in asked if not case.answers)
    threshold = others[max(math.ceil(refused * len(others)) - 1, 0)]
    own = [answer.confidence for case, answer in asked if case.answers]
    return sum(confidence <= threshold for confidence in own) / len(own)


def _right(case: Case, quotes: Sequence[Quote]) -> bool:
    return any(
        quote.start <= answer.start and answer.end <= quote.end
        for quote in quotes
        for answer in case.answers
    )


def _f1(case: Case, quotes: Sequence[Quote]) -> float:
    if not quotes:
        return 0.0
    return f1(quotes[0].highlight.text, [answer.text for answer in case.answers])


def to_text(report: Report, lost: float) -> str:
    """Render a report with percentages."""

    def line(label: str, count: int, total: int) -> str:
        return f"  {label:42} {count:5}  {100 * count / total:5.1f} %"

    return "\n".join(
        [
            f"{report.answerable} questions that the article answers",
            line("answer in the first quote", report.in_first, report.answerable),
            line("answer in any quote", report.in_any, report.answerable),
            line("wrongly refused", report.wrongly_refused, report.answerable),
            line("answer in the first, were none refused", report.best_first, report.answerable),
            f"  F1 of the highlight {100 * report.highlight_f1:.1f}",
            f"{report.unanswerable} questions that it does not answer",
            line("rightly refused", report.rightly_refused, report.unanswerable),
            f"AUROC of the confidence {report.auroc:.3f}",
            f"answerable lost with 80 % of the others refused {100 * lost:.1f} %",
        ]
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Ask, judge, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.articles", description=__doc__)
    parser.add_argument("data", type=Path, help="a data file such as dev.jsonl.gz")
    parser.add_argument("--sample", type=int, help="questions of each title (default: all)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(argv)
    asked = ask_all(titles(options.data, sample=options.sample))
    report, lost = score(asked, load_model().card.levels), lost_at(asked, 0.8)
    if options.json:
        print(json.dumps({**asdict(report), "lost_at_80": lost}))
    else:
        print(to_text(report, lost))


if __name__ == "__main__":
    main()

"""The golden questions: is the right sentence quoted, and nothing if there is no answer?"""

import argparse
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from tqdm import tqdm

from benchmarks.scores import auroc
from qa_bot.bot import Bot, default_bot
from qa_bot.datatypes import Answer

QUESTIONS = Path(__file__).parent.parent / "tests" / "golden" / "questions.jsonl"


@dataclass(frozen=True, slots=True)
class Golden:
    """A question, and alternative answers in words of the article; none if it does not answer."""

    id: str
    question: str
    gold: tuple[str, ...]
    kind: str  # who, when, how many …
    style: str  # plain, paraphrase, keywords, typo, lower, why, how
    why: str = ""  # why the article does not answer


class Verdict(StrEnum):
    """The verdict on an answer."""

    # For a question that the article answers.
    FIRST = "gold words in the first quote"
    LATER = "gold words in a later quote only"
    WRONG = "gold words in no quote"
    SHOWN = "gold words in a closest passage that may answer"
    REFUSED = "wrongly refused"
    # For a question that it does not answer.
    SILENT = "rightly refused"
    INVENTED = "quoted, though the article does not say"


@dataclass(frozen=True, slots=True)
class Report:
    """Counts of questions, and the AUROC of the confidence for answerable questions."""

    answerable: int
    in_first: int
    in_any: int
    not_quoted: int
    shown: int  # of these, with gold words in a passage that may answer
    unanswerable: int
    rightly_refused: int
    auroc: float | None  # None if all or no questions are answerable


@dataclass(frozen=True, slots=True)
class Miss:
    """An imperfect answer: what was asked, expected and quoted."""

    id: str
    question: str
    verdict: Verdict
    confidence: float
    wanted: str  # the gold words, or why the article does not answer
    quotes: tuple[str, ...]


def load_questions(path: Path) -> list[Golden]:
    """Read golden questions from a file of JSON lines."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [Golden(**{**row, "gold": tuple(row["gold"])}) for row in rows]


def judge(row: Golden, answer: Answer) -> Verdict:
    """Return the verdict on an answer to a golden question."""
    if not row.gold:
        return Verdict.INVENTED if answer.found else Verdict.SILENT
    if not answer.found:
        closest = answer.closest if answer.perhaps else ()
        shown = any(words in quote.text for quote in closest for words in row.gold)
        return Verdict.SHOWN if shown else Verdict.REFUSED
    holds = [any(words in quote.text for words in row.gold) for quote in answer.quotes]
    if holds[0]:
        return Verdict.FIRST
    return Verdict.LATER if any(holds) else Verdict.WRONG


def score(rows: Sequence[Golden], answers: Sequence[Answer]) -> Report:
    """Count the verdicts on questions and their answers, in the same order."""
    pairs = list(zip(rows, answers, strict=True))
    verdicts = Counter(judge(row, answer) for row, answer in pairs)
    own = [bool(row.gold) for row in rows]
    area = auroc([answer.confidence for answer in answers], own)
    return Report(
        answerable=sum(own),
        in_first=verdicts[Verdict.FIRST],
        in_any=verdicts[Verdict.FIRST] + verdicts[Verdict.LATER],
        not_quoted=verdicts[Verdict.SHOWN] + verdicts[Verdict.REFUSED],
        shown=verdicts[Verdict.SHOWN],
        unanswerable=len(own) - sum(own),
        rightly_refused=verdicts[Verdict.SILENT],
        auroc=None if math.isnan(area) else area,
    )


def to_text(report: Report) -> str:
    """Return a report as text for a terminal."""

    def line(label: str, count: int, total: int) -> str:
        share = f"{count / total:7.1%}" if total else "      -"
        return f"  {label:<36}{count:>4} {share}"

    separation = "-" if report.auroc is None else f"{report.auroc:.3f}"
    return "\n".join(
        (
            f"{report.answerable} questions that the article answers",
            line("gold words inside the first quote", report.in_first, report.answerable),
            line("gold words inside any quote", report.in_any, report.answerable),
            line("nothing quoted", report.not_quoted, report.answerable),
            line("  but shown as one that may answer", report.shown, report.answerable),
            f"{report.unanswerable} questions that it does not answer",
            line("rightly refused", report.rightly_refused, report.unanswerable),
            f"AUROC of confidence {separation}",
        )
    )


def misses(rows: Sequence[Golden], answers: Sequence[Answer]) -> list[Miss]:
    """Return the answers that are not perfect."""
    judged = [(row, answer, judge(row, answer)) for row, answer in zip(rows, answers, strict=True)]
    return [
        Miss(
            row.id,
            row.question,
            verdict,
            answer.confidence,
            " | ".join(row.gold) if row.gold else row.why,
            tuple(quote.text for quote in answer.quotes),
        )
        for row, answer, verdict in judged
        if verdict not in (Verdict.FIRST, Verdict.SILENT)
    ]


def miss_to_text(miss: Miss) -> str:
    """Return a miss as text for a terminal."""
    head = f"{miss.id} {miss.question}  [{miss.verdict}, {miss.confidence:.2f}]"
    quotes = (f"    quote:  {quote}" for quote in miss.quotes)
    return "\n".join((head, f"    wanted: {miss.wanted}", *quotes))


class Asking(Protocol):
    """A Bot, or a substitute for one."""

    def answer(self, question: str, /) -> Answer:
        """Answer a question."""


def main(argv: Sequence[str] | None = None, bot: Asking | None = None) -> None:
    """Ask the golden questions and print the report; ``bot`` replaces the shipped article's."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.golden", description=__doc__)
    parser.add_argument("--index", type=Path, help="an index folder (default: the shipped one)")
    parser.add_argument("--questions", type=Path, default=QUESTIONS, help="JSON lines")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--verbose", action="store_true", help="list each miss too")
    args = parser.parse_args(argv)

    rows = load_questions(args.questions)
    if bot is None:
        bot = default_bot() if args.index is None else Bot.open(args.index)
    answers = [bot.answer(row.question) for row in tqdm(rows, unit="question", disable=None)]
    report = score(rows, answers)
    missed = misses(rows, answers) if args.verbose else []
    if args.json:
        detail = {"misses": [asdict(miss) for miss in missed]} if args.verbose else {}
        print(json.dumps(asdict(report) | detail, indent=2, ensure_ascii=False))
    else:
        print("\n\n".join((*map(miss_to_text, missed), to_text(report))))


if __name__ == "__main__":
    main()

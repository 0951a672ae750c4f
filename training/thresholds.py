"""Choose when a question is rewritten, and by which words: ``python -m training.thresholds``.

The rewriter's network judges follow-ups of conversations that it was not trained on, and the same
questions in full, which must be left alone. The least probabilities written into reader.json
are those with the best F1 of the words that the best reading of a question adds, among all that
leave enough full questions alone: which reading is best the articles decide later. Questions with
a pronoun for a thing of the past are always rewritten; of the others enough must be left alone.
"""

import argparse
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

from tqdm import tqdm

from qa_bot.answering.cues import context_cue
from qa_bot.answering.history import Past
from qa_bot.answering.mentions import terms
from qa_bot.answering.rewriter import resolve
from qa_bot.models.span_model import CARD, CONTEXT_CUES, WEIGHTS, ReaderModel, Thresholds
from training.followups import TermExample, held_out, read_followups, term_example

LEFT_ALONE = 0.98  # least share of questions that stand alone and stay as they are
STEPS = (*(round(0.05 * step, 2) for step in range(2, 20)), 0.97, 0.99, 1.01)


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of a question: the words of its best reading, by the least chance of a word."""

    needs_context: float
    added: Mapping[float, frozenset[str]]  # the stems, for each of STEPS
    needed: frozenset[str]

    def adds(self, least: Thresholds) -> frozenset[str]:
        """Return which words are added to the question."""
        return self.added[least.word] if self.needs_context >= least.needs_context else frozenset()


@dataclass(frozen=True, slots=True)
class Counts:
    """Words added, needed ones among them, and needed in all; questions that stand alone, left."""

    added: int
    right: int
    needed: int
    alone: int
    left: int

    def __add__(self, other: "Counts") -> "Counts":
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Counts(*(mine + its for mine, its in pairs))

    @property
    def f1(self) -> float:
        """F1 of the added words, over all questions together."""
        return 2 * self.right / max(self.added + self.needed, 1)

    def __str__(self) -> str:
        return (
            f"recall {self.right / max(self.needed, 1):.3f}, "
            f"precision {self.right / max(self.added, 1):.3f}, F1 {self.f1:.3f}, "
            f"left alone {self.left} of {self.alone}"
        )


def main() -> None:
    """Read the arguments, judge, choose, print and write."""
    parser = argparse.ArgumentParser(prog="python -m training.thresholds", description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with followups-train.jsonl.gz"
    )
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of the export")
    args = parser.parse_args()
    model = ReaderModel.open(args.weights)
    judged: dict[str, list[Judged]] = {name: [] for name in CONTEXT_CUES}
    for example in tqdm(examples(args.data), unit="question"):
        judged[context_cue(example.question)].append(judge(model, example))
    chosen = choose(**judged)
    counts = [count(judged[name], least) for name, least in chosen.items()]
    for (name, least), counted in zip(chosen.items(), counts, strict=True):
        print(f"{name}: needs_context {least.needs_context}, word {least.word}: {counted}")
    print(f"together: {sum(counts[1:], counts[0])}")
    card = json.loads((args.weights / CARD).read_text())
    card["rewriting"] = {name: asdict(least) for name, least in chosen.items()}
    (args.weights / CARD).write_text(json.dumps(card, indent=2) + "\n")


def examples(data: Path) -> list[TermExample]:
    """Return the follow-ups of CANARD that are not trained on, as asked and in full."""
    found = []
    for one in read_followups(data / "followups-train.jsonl.gz"):
        if one.source == "canard" and one.history and held_out(one):
            found.append(term_example(one.question, one.history, one.full))
            found.append(term_example(one.full, one.history, one.full))
    return [example for example in found if example.words]


def judge(model: ReaderModel, example: TermExample) -> Judged:
    """Return what a network makes of an example."""
    needs_context, chances = model.judge_terms(example.question, example.text, example.words)
    found = list(terms(example.text))
    needed = frozenset(t.stem for t, wanted in zip(found, example.needed, strict=True) if wanted)
    known = {term.stem for term in terms(example.question)}
    added = {}
    for step in STEPS:
        chosen = {t: p for t, p in zip(found, chances, strict=True) if p >= step}
        queries = [one.query for one in resolve(example.question, Past(example.text), chosen)]
        words = [frozenset(term.stem for term in terms(query)) - known for query in queries]
        added[step] = max(words, key=lambda one: _nearness(one, needed))
    return Judged(needs_context, added, needed)


def _nearness(added: frozenset[str], needed: frozenset[str]) -> float:
    """Return the F1 of a reading's words; where none are needed the most words count."""
    return 2 * len(added & needed) / (len(added) + len(needed)) if needed else len(added)


def choose(
    pronoun: Sequence[Judged], hint: Sequence[Judged], none: Sequence[Judged]
) -> dict[str, Thresholds]:
    """Return the thresholds for questions with each of CONTEXT_CUES."""
    grid = [Thresholds(needs_context, word) for needs_context in STEPS for word in STEPS]
    counted = [[(count(judged, least), least) for least in grid] for judged in (hint, none)]
    best: tuple[float, Thresholds, Thresholds] | None = None
    for (one, first), (other, second) in itertools.product(*counted):
        total = one + other
        if total.left >= LEFT_ALONE * total.alone and (best is None or total.f1 > best[0]):
            best = total.f1, first, second
    assert best is not None  # with the highest probabilities nothing is added
    always = [Thresholds(0.0, word) for word in STEPS]
    of_pronoun = max(always, key=lambda least: count(pronoun, least).f1)
    return dict(zip(CONTEXT_CUES, (of_pronoun, *best[1:]), strict=True))


def count(judged: Sequence[Judged], least: Thresholds) -> Counts:
    """Count what becomes of questions with these least probabilities."""
    adds = [one.adds(least) for one in judged]
    alone = [words for words, one in zip(adds, judged, strict=True) if not one.needed]
    return Counts(
        added=sum(map(len, adds)),
        right=sum(len(words & one.needed) for words, one in zip(adds, judged, strict=True)),
        needed=sum(len(one.needed) for one in judged),
        alone=len(alone),
        left=sum(not words for words in alone),
    )


if __name__ == "__main__":
    main()

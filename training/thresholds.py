"""Choose when a question is rewritten, and by which words: ``python -m training.thresholds``.

The rewriter's network judges follow-ups in conversations that it was not trained on, and the same
questions written in full, which should not be changed. Among the thresholds that leave enough full
questions unchanged, those written into reader.json give the words that are added the best F1. A
question may have several rewrites, of which the documents choose one later; here the best counts.
Questions with a pronoun that refers to an earlier turn are always rewritten.
"""

import argparse
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

from tqdm import tqdm

from qa_bot.answering.cues import Cues
from qa_bot.answering.history import Past
from qa_bot.answering.mentions import terms
from qa_bot.answering.rewriter import resolve
from qa_bot.models.span_model import CARD, CONTEXT_CUES, WEIGHTS, ReaderModel, Thresholds
from training.followups import TermExample, held_out, read_followups, term_example

MIN_UNCHANGED = 0.98  # least share of self-contained questions that must not be changed
STEPS = (*(round(0.05 * step, 2) for step in range(2, 20)), 0.97, 0.99, 1.01)


@dataclass(frozen=True, slots=True)
class Judged:
    """How a question is rewritten at every threshold."""

    needs_context: float  # probability that it is a follow-up
    added: Mapping[float, frozenset[str]]  # by word threshold: stems that the best rewrite adds
    needed: frozenset[str]  # the stems that it should add; none for a self-contained question

    def adds(self, thresholds: Thresholds) -> frozenset[str]:
        """Return the stems that are added to the question."""
        if self.needs_context < thresholds.needs_context:
            return frozenset()
        return self.added[thresholds.word]


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of words and of self-contained questions."""

    added: int  # words
    right: int  # words that were added and needed
    needed: int  # words
    alone: int  # self-contained questions
    left: int  # self-contained questions that were not changed

    def __add__(self, other: "Counts") -> "Counts":
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Counts(*(left + right for left, right in pairs))

    @property
    def f1(self) -> float:
        """F1 of the added words, over all questions together."""
        return 2 * self.right / max(self.added + self.needed, 1)

    def __str__(self) -> str:
        return (
            f"recall {self.right / max(self.needed, 1):.3f}, "
            f"precision {self.right / max(self.added, 1):.3f}, F1 {self.f1:.3f}, "
            f"unchanged {self.left} of {self.alone}"
        )


def main() -> None:
    """Judge the questions, choose thresholds, print the counts and write the card."""
    parser = argparse.ArgumentParser(prog="python -m training.thresholds", description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with followups-train.jsonl.gz"
    )
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of the export")
    args = parser.parse_args()
    model = ReaderModel.open(args.weights)
    judged: dict[str, list[Judged]] = {name: [] for name in CONTEXT_CUES}
    for example in tqdm(examples(args.data), unit="question"):
        judged[Cues(example.question).context].append(judge(model, example))
    chosen = choose(**judged)
    counts = [count(judged[name], thresholds) for name, thresholds in chosen.items()]
    for (name, thresholds), counted in zip(chosen.items(), counts, strict=True):
        print(
            f"{name}: needs_context {thresholds.needs_context}, word {thresholds.word}: {counted}"
        )
    print(f"together: {sum(counts[1:], counts[0])}")
    card = json.loads((args.weights / CARD).read_text())
    card["rewriting"] = {name: asdict(thresholds) for name, thresholds in chosen.items()}
    (args.weights / CARD).write_text(json.dumps(card, indent=2) + "\n")


def examples(data: Path) -> list[TermExample]:
    """Return the held-out follow-ups of CANARD, each as asked and written in full."""
    term_examples = []
    for followup in read_followups(data / "followups-train.jsonl.gz"):
        if followup.source == "canard" and followup.history and held_out(followup):
            for question in (followup.question, followup.full):
                term_examples.append(term_example(question, followup.history, followup.full))
    return [example for example in term_examples if example.words]


def judge(model: ReaderModel, example: TermExample) -> Judged:
    """Rewrite an example at every threshold."""
    needs_context, probabilities = model.judge_terms(example.question, example.text, example.words)
    past_terms = list(terms(example.text))
    needed = frozenset(
        term.stem for term, is_needed in zip(past_terms, example.needed, strict=True) if is_needed
    )
    known = {term.stem for term in terms(example.question)}
    added = {}
    for step in STEPS:
        chosen = {
            term: probability
            for term, probability in zip(past_terms, probabilities, strict=True)
            if probability >= step
        }
        rewrites = resolve(Cues(example.question), Past(example.text), chosen)
        stems = [
            frozenset(term.stem for term in terms(rewrite.query)) - known for rewrite in rewrites
        ]
        added[step] = max(stems, key=lambda of_rewrite: _score(of_rewrite, needed))
    return Judged(needs_context, added, needed)


def _score(added: frozenset[str], needed: frozenset[str]) -> float:
    """Return the F1 of the added words or, if none are needed, their number: the worst counts."""
    return 2 * len(added & needed) / (len(added) + len(needed)) if needed else len(added)


def choose(
    pronoun: Sequence[Judged], hint: Sequence[Judged], none: Sequence[Judged]
) -> dict[str, Thresholds]:
    """Return the thresholds for the questions with each of CONTEXT_CUES."""
    grid = [Thresholds(needs_context, word) for needs_context in STEPS for word in STEPS]
    counted = [_distinct(judged, grid) for judged in (hint, none)]
    best: tuple[float, Thresholds, Thresholds] | None = None
    for (with_cue, of_hint), (without_cue, of_none) in itertools.product(*counted):
        total = with_cue + without_cue
        if total.left >= MIN_UNCHANGED * total.alone and (best is None or total.f1 > best[0]):
            best = total.f1, of_hint, of_none
    assert best is not None  # at the highest thresholds nothing is added
    always = [Thresholds(0.0, word) for word in STEPS]
    of_pronoun = max(always, key=lambda thresholds: count(pronoun, thresholds).f1)
    return dict(zip(CONTEXT_CUES, (of_pronoun, *best[1:]), strict=True))


def _distinct(
    judged: Sequence[Judged], grid: Iterable[Thresholds]
) -> list[tuple[Counts, Thresholds]]:
    """Return the different counts that a grid gives, each with the first thresholds that do."""
    first: dict[Counts, Thresholds] = {}
    for thresholds in grid:
        first.setdefault(count(judged, thresholds), thresholds)
    return list(first.items())


def count(judged: Sequence[Judged], thresholds: Thresholds) -> Counts:
    """Count the words that are added to questions at these thresholds."""
    added = [question.adds(thresholds) for question in judged]
    pairs = list(zip(added, judged, strict=True))
    self_contained = [words for words, question in pairs if not question.needed]
    return Counts(
        added=sum(map(len, added)),
        right=sum(len(words & question.needed) for words, question in pairs),
        needed=sum(len(question.needed) for question in judged),
        alone=len(self_contained),
        left=sum(not words for words in self_contained),
    )


if __name__ == "__main__":
    main()

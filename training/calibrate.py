"""Turn the reader's margin into a probability: ``python -m training.calibrate --data DIR``.

On the SQuAD titles of dev.jsonl.gz, each one article, the retriever's passages are read, and
logistic regression on ``qa_bot.reader.features`` says how likely each quote holds the answer. It is
fitted on all quotes, then shifted and scaled to the quotes that came first (Platt, 1999), which are
the ones a person sees. What it prints is measured on titles it was not fitted on; what it writes
into reader.json is fitted on all of them.

The threshold is the one with the least cost, where a wrong answer costs 2 and a wrong refusal 1.
Nearly half of these questions were written to have no answer; people who ask an article ask fewer
such ones. So the costs are weighed as if a stated share of the questions had an answer.
"""

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from benchmarks.data import Case, titles
from benchmarks.retrieval import RememberingEmbedder
from qa_bot.bot import Bot
from qa_bot.config import Config
from qa_bot.datatypes import Quote, Span
from qa_bot.embedder import load_embedder
from qa_bot.reader import FEATURES, Candidate, find_candidates, ranked
from qa_bot.reader_model import WEIGHTS, ReaderModel
from qa_bot.retriever import retrieve
from training.scores import auroc

WRONG_ANSWER, WRONG_REFUSAL = 2, 1  # what they cost
MIXES = (None, 0.5, 0.8, 0.9, 0.95)  # shares of questions with an answer; None: as they are
BINS = 10  # of the reliability plot

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Question:
    """What was read for a question; without answers the article does not say."""

    title: str
    text: str
    answers: tuple[Span, ...]
    candidates: tuple[Candidate, ...]

    @property
    def rows(self) -> Floats:
        """The features of each candidate: ``(candidates, features)``."""
        return np.array([candidate.values for candidate in self.candidates])

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Whether each candidate holds an answer."""
        return np.array([self.held_by(candidate.quoted) for candidate in self.candidates])

    def held_by(self, quoted: Span | Quote) -> bool:
        """Whether an answer lies whole inside what is quoted."""
        return any(
            quoted.start <= answer.start and answer.end <= quoted.end for answer in self.answers
        )


@dataclass(frozen=True, slots=True)
class Calibration:
    """Logistic regression: ``probability = 1 / (1 + exp(-(rows @ weights + bias)))``."""

    weights: Floats
    bias: float

    def probabilities(self, rows: Floats) -> Floats:
        """Return the probability of each row."""
        found: Floats = 1 / (1 + np.exp(-(rows @ self.weights + self.bias)))
        return found


@dataclass(frozen=True, slots=True)
class First:
    """The first quote of a question, as a calibration fitted on other titles makes it."""

    question: Question
    quote: Quote

    @property
    def probability(self) -> float:
        """How likely the quote is said to hold an answer."""
        return self.quote.score

    @property
    def right(self) -> bool:
        """Whether the quote holds an answer."""
        return self.question.held_by(self.quote)

    @property
    def answerable(self) -> bool:
        """Whether the article answers the question."""
        return bool(self.question.answers)


def main() -> None:
    """Read, fit, print, and write the calibration next to the weights."""
    parser = argparse.ArgumentParser(prog="python -m training.calibrate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with dev.jsonl.gz")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of the export")
    parser.add_argument("--sample", type=int, help="questions of each title (default: all)")
    parser.add_argument("--plot", type=Path, help="file for the reliability plot (PNG)")
    parser.add_argument("--mistakes", type=int, default=0, help="show so many of each kind")
    args = parser.parse_args()
    questions = read_all(args.data / "dev.jsonl.gz", ReaderModel.open(args.weights), args.sample)
    firsts = cross_validated(questions)
    print_report(firsts)
    print_mistakes(firsts, args.mistakes)
    write(args.weights / "reader.json", fit(questions))
    if args.plot is not None:
        plot(firsts, args.plot)


def read_all(data: Path, model: ReaderModel, sample: int | None) -> list[Question]:
    """Read the passages found for every question of every title."""
    embedder = RememberingEmbedder(load_embedder())
    collections = titles(data, sample=sample)
    found = []
    with tqdm(total=sum(len(c.cases) for c in collections), unit="question") as bar:
        for collection in collections:
            bot = Bot.from_documents(collection.documents, embedder=embedder)
            for case in collection.cases:
                found.append(_read(bot, model, case))
                bar.update()
    return found


def _read(bot: Bot, model: ReaderModel, case: Case) -> Question:
    hits = retrieve(bot.index, bot.embedder, case.question, bot.config)
    found = find_candidates(case.question, hits, model)
    return Question(bot.documents[0].title, case.question, case.answers, tuple(found))


def fit(questions: Sequence[Question]) -> Calibration:
    """Fit on all quotes, then shift and scale to those that come first.

    Raises ValueError when quotes of a better score are not the better ones.
    """
    rows = np.concatenate([question.rows for question in questions])
    right = np.concatenate([question.right for question in questions])
    spread = rows.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    model = LogisticRegression(C=10, max_iter=1000).fit(rows / scale, right)
    ranking = Calibration(model.coef_[0] / scale, float(model.intercept_[0]))
    best = [int((q.rows @ ranking.weights).argmax()) for q in questions]
    logits = [q.rows[i] @ ranking.weights for q, i in zip(questions, best, strict=True)]
    firsts = [q.right[i] for q, i in zip(questions, best, strict=True)]
    likely = _scaled(ranking, logits, firsts)
    # Again, of quotes joined with their neighbours: that takes probabilities to begin with.
    return _scaled(ranking, logits, [first_quote(q, likely).right for q in questions])


def _scaled(ranking: Calibration, logits: Sequence[float], right: Sequence[bool]) -> Calibration:
    """Return a ranking scaled and shifted so that first quotes are as often right as it says."""
    platt = LogisticRegression(C=1e6).fit(np.array(logits)[:, np.newaxis], right)
    slope = float(platt.coef_[0, 0])
    if slope <= 0:
        raise ValueError("a better score does not make a better quote: this reader is not trained")
    return Calibration(ranking.weights * slope, float(platt.intercept_[0]))


def first_quote(question: Question, calibration: Calibration) -> First:
    """Return what a question is answered with first."""
    likely = calibration.probabilities(question.rows).tolist()
    return First(question, ranked(question.candidates, likely)[0])


def cross_validated(questions: Sequence[Question]) -> list[First]:
    """Return each question's first quote, judged by what was fitted on the other titles."""
    firsts = []
    for title in dict.fromkeys(question.title for question in questions):
        calibration = fit([question for question in questions if question.title != title])
        firsts += [first_quote(one, calibration) for one in questions if one.title == title]
    return firsts


def best_threshold(firsts: Sequence[First], share: float | None = None) -> tuple[float, float]:
    """Return the threshold of least cost, rounded to two places, and its cost a question.

    ``share`` of the questions count as answerable, whatever their numbers; None: as they are. Of
    thresholds that cost the same, it is the lowest.
    """
    own = np.array([first.answerable for first in firsts])
    right = np.array([first.right for first in firsts])
    probabilities = np.array([first.probability for first in firsts])
    if share is None:
        share = float(own.mean())
    weights = np.where(own, share / max(own.sum(), 1), (1 - share) / max((~own).sum(), 1))

    def cost(threshold: float) -> float:
        said = probabilities >= threshold
        costs = WRONG_ANSWER * (said & ~right) + WRONG_REFUSAL * (~said & own)
        return round(float(weights @ costs), 9)

    thresholds = [round(step / 100, 2) for step in range(101)]
    return min(((step, cost(step)) for step in thresholds), key=lambda pair: pair[1])


def calibration_error(firsts: Sequence[First]) -> float:
    """Return the expected calibration error over ten bins of equal width (Guo et al., 2017)."""
    return sum(
        len(members) * abs(float(np.mean([f.right for f in members])) - mean)
        for mean, members in _bins(firsts)
    ) / len(firsts)


def _bins(firsts: Sequence[First]) -> list[tuple[float, list[First]]]:
    """Return the mean probability and the members of each bin that has any."""
    bins: list[list[First]] = [[] for _ in range(BINS)]
    for first in firsts:
        bins[min(int(first.probability * BINS), BINS - 1)].append(first)
    return [(float(np.mean([f.probability for f in b])), b) for b in bins if b]


def print_report(firsts: Sequence[First]) -> None:
    """Print what the calibration is worth, on titles it was not fitted on."""
    probabilities = [first.probability for first in firsts]
    own = sorted(f.probability for f in firsts if f.answerable)
    others = sorted(f.probability for f in firsts if not f.answerable)
    at_80 = others[int(0.8 * len(others))]
    right = [first.right for first in firsts if first.answerable]
    print(f"questions: {len(own)} answerable, {len(others)} not; titles left out in turn")
    print(f"right first quote, of answerable: {np.mean(right):.3f}")
    print(f"AUROC, answerable or not: {auroc(probabilities, [f.answerable for f in firsts]):.3f}")
    print(f"AUROC, right or not: {auroc(probabilities, [f.right for f in firsts]):.3f}")
    print(f"answerable lost with 80 % of the others refused: {np.mean(np.array(own) < at_80):.3f}")
    print(f"expected calibration error: {calibration_error(firsts):.3f}")
    print_thresholds(firsts)
    for mean, members in _bins(firsts):
        print(f"  said {mean:.2f}, right {np.mean([f.right for f in members]):.2f}, {len(members)}")


def print_thresholds(firsts: Sequence[First]) -> None:
    """Print the threshold of least cost for each of MIXES, and what thresholds refuse."""
    found = {share: best_threshold(firsts, share) for share in MIXES}
    for share, (threshold, cost) in found.items():
        mix = "as they are" if share is None else f"{100 * share:.0f} % answerable"
        print(f"threshold, {mix}: {threshold} (cost {cost:.3f} a question)")
    own = np.array([first.probability for first in firsts if first.answerable])
    others = np.array([first.probability for first in firsts if not first.answerable])
    for level in sorted({threshold for threshold, _ in found.values()} | {0.1, 0.2, 0.3, 0.4, 0.5}):
        print(
            f"  at {level}: {np.mean(others < level):.3f} of the others refused, "
            f"{np.mean(own < level):.3f} of the answerable"
        )


def mistakes(firsts: Sequence[First], threshold: float) -> dict[str, list[First]]:
    """Return the questions that go wrong with a threshold, by what is wrong."""
    own = [first for first in firsts if first.answerable]
    said = [first for first in own if first.probability >= threshold]
    wrong = [first for first in said if not first.right]
    return {
        "wrong quote, a right one was read": [f for f in wrong if f.question.right.any()],
        "wrong quote, no right one was read": [f for f in wrong if not f.question.right.any()],
        "refused, though answered": [first for first in own if first.probability < threshold],
        "quoted, though not answered": [
            first for first in firsts if not first.answerable and first.probability >= threshold
        ],
    }


def print_mistakes(firsts: Sequence[First], count: int) -> None:
    """Print up to ``count`` mistakes of each kind, drawn at random, always the same ones."""
    for kind, found in mistakes(firsts, Config().threshold).items() if count else ():
        print(f"\n## {kind}: {len(found)}")
        for first in random.Random(0).sample(found, min(count, len(found))):
            print(f"\n{first.question.title}: {first.question.text} [{first.probability:.2f}]")
            print(f"  gold:  {' | '.join(answer.text for answer in first.question.answers)}")
            print(f"  quote: {first.quote.text}")


def write(file: Path, calibration: Calibration) -> None:
    """Put the calibration into reader.json."""
    card = json.loads(file.read_text())
    card["calibration"] = {
        "features": list(FEATURES),
        "weights": [round(float(weight), 4) for weight in calibration.weights],
        "bias": round(calibration.bias, 4),
    }
    file.write_text(json.dumps(card, indent=2) + "\n")


def plot(firsts: Sequence[First], file: Path) -> None:
    """Draw how often quotes are right against how likely they were said to be."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(4.5, 4.5))
    axes.plot([0, 1], [0, 1], color="0.7")
    bins = _bins(firsts)
    axes.plot([m for m, _ in bins], [np.mean([f.right for f in b]) for _, b in bins], "o-")
    axes.set(xlabel="probability said", ylabel="share right", title="The first quote, dev titles")
    figure.tight_layout()
    figure.savefig(file, dpi=120)


if __name__ == "__main__":
    main()

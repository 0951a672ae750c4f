"""Turn the reader's margin into a probability: ``python -m training.calibrate --data DIR``.

On the SQuAD titles of dev.jsonl.gz, each one article, the retriever's passages are read, and
logistic regression on ``qa_bot.reader.features`` says how likely each passage's quote holds the
answer. It is fitted on all passages, then shifted and scaled to the quotes that came first (Platt,
1999), which are the ones a person sees. What it prints is measured on titles it was not fitted on;
what it writes into reader.json is fitted on all of them.

The threshold is the one with the least cost, where a wrong answer costs 2 and a wrong refusal 1.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from benchmarks.articles import collections_of
from benchmarks.retrieval import Case, RememberingEmbedder
from qa_bot.bot import Bot
from qa_bot.datatypes import Span
from qa_bot.embedder import load_embedder
from qa_bot.reader import FEATURES, features, quoted_around
from qa_bot.reader_model import WEIGHTS, ReaderModel
from qa_bot.retriever import retrieve
from training.scores import auroc

WRONG_ANSWER, WRONG_REFUSAL = 2, 1  # what they cost
BINS = 10  # of the reliability plot

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Question:
    """What was read for a question: a row of features, and whether it is right, a passage each."""

    title: str
    answerable: bool
    rows: Floats  # (passages, features)
    right: npt.NDArray[np.bool_]


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
    """The likeliest quote of a question, as judged by a calibration fitted on other titles."""

    probability: float
    right: bool
    answerable: bool


def main() -> None:
    """Read, fit, print, and write the calibration next to the weights."""
    parser = argparse.ArgumentParser(prog="python -m training.calibrate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with dev.jsonl.gz")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of the export")
    parser.add_argument("--sample", type=int, help="questions of each title (default: all)")
    parser.add_argument("--plot", type=Path, help="file for the reliability plot (PNG)")
    args = parser.parse_args()
    questions = read_all(args.data / "dev.jsonl.gz", ReaderModel.open(args.weights), args.sample)
    firsts = cross_validated(questions)
    print_report(firsts)
    write(args.weights / "reader.json", fit(questions))
    if args.plot is not None:
        plot(firsts, args.plot)


def read_all(data: Path, model: ReaderModel, sample: int | None) -> list[Question]:
    """Read the passages found for every question of every title."""
    embedder = RememberingEmbedder(load_embedder())
    collections = collections_of(data, sample)
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
    rows, right = [], []
    for hit, span in zip(
        hits, model.find(case.question, [hit.passage.text for hit in hits]), strict=True
    ):
        if span is not None:
            quoted, _ = quoted_around(hit.passage, span)
            rows.append(features(case.question, hit, quoted, span))
            right.append(_holds(quoted, case.answers))
    title = bot.documents[0].title
    return Question(title, bool(case.answers), np.array(rows), np.array(right))


def _holds(quoted: Span, answers: Sequence[Span]) -> bool:
    return any(quoted.start <= answer.start and answer.end <= quoted.end for answer in answers)


def fit(questions: Sequence[Question]) -> Calibration:
    """Fit on all passages, then shift and scale to those that come first.

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
    first_right = [q.right[i] for q, i in zip(questions, best, strict=True)]
    platt = LogisticRegression(C=1e6).fit(np.array(logits)[:, np.newaxis], first_right)
    slope = float(platt.coef_[0, 0])
    if slope <= 0:
        raise ValueError("a better score does not make a better quote: this reader is not trained")
    return Calibration(ranking.weights * slope, float(platt.intercept_[0]))


def cross_validated(questions: Sequence[Question]) -> list[First]:
    """Return each question's first quote, judged by what was fitted on the other titles."""
    firsts = []
    for title in dict.fromkeys(question.title for question in questions):
        calibration = fit([question for question in questions if question.title != title])
        for question in questions:
            if question.title == title:
                values = calibration.probabilities(question.rows)
                best = int(values.argmax())
                firsts.append(
                    First(float(values[best]), bool(question.right[best]), question.answerable)
                )
    return firsts


def best_threshold(firsts: Sequence[First]) -> tuple[float, int]:
    """Return the threshold of least cost, rounded to two places, and its cost."""

    def cost(threshold: float) -> int:
        said = [first for first in firsts if first.probability >= threshold]
        refused = [first for first in firsts if first.probability < threshold]
        wrong = sum(not first.right for first in said)
        return WRONG_ANSWER * wrong + WRONG_REFUSAL * sum(first.answerable for first in refused)

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
    threshold, cost = best_threshold(firsts)
    right = [first.right for first in firsts if first.answerable]
    print(f"questions: {len(own)} answerable, {len(others)} not; titles left out in turn")
    print(f"right first quote, of answerable: {np.mean(right):.3f}")
    print(f"AUROC, answerable or not: {auroc(probabilities, [f.answerable for f in firsts]):.3f}")
    print(f"AUROC, right or not: {auroc(probabilities, [f.right for f in firsts]):.3f}")
    print(f"answerable lost with 80 % of the others refused: {np.mean(np.array(own) < at_80):.3f}")
    print(f"expected calibration error: {calibration_error(firsts):.3f}")
    print(f"threshold: {threshold} (cost {cost})")
    for level in sorted({threshold, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6}):
        lost = np.mean(np.array(own) < level)
        print(
            f"  at {level}: {np.mean(np.array(others) < level):.3f} of the others refused, "
            f"{lost:.3f} of the answerable"
        )
    for mean, members in _bins(firsts):
        print(f"  said {mean:.2f}, right {np.mean([f.right for f in members]):.2f}, {len(members)}")


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

"""Turn the score difference into a probability: ``python -m training.calibrate --data DIR``.

On dev.jsonl.gz and dev-more.jsonl.gz the retrieved passages are read, and logistic regression says
how likely each quote holds the answer (``FEATURES`` of the reader), and how likely each passage
does before it is read (``PASSAGE_FEATURES``). The first is fitted on all quotes, then scaled and
shifted to the quotes that come first (Platt, 1999), which are the ones a person sees. Questions
are weighed as people ask them (MIX). What is printed is measured on articles that were left out of
the fit; what is written into reader.json is fitted on all of them.

The levels follow a rule: ``found`` is the lowest threshold at which at most QUOTED of the questions
without an answer are quoted, near misses counting half and questions about something else half;
``perhaps`` is the highest at which at most NOT_SAID of the answerable are refused. Either holds on
each of the two files.
"""

import argparse
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from benchmarks.scores import auroc
from qa_bot.answering.reader import (
    FEATURES,
    PASSAGE_FEATURES,
    Candidate,
    Scored,
    read_by_prior,
    to_quotes,
)
from qa_bot.config import Config
from qa_bot.datatypes import Quote
from qa_bot.models.span_model import CARD, WEIGHTS, Levels, Logistic, ReaderModel
from training.readings import Kind, Question, RememberingModel, read_questions

SETS = ("dev", "dev-more")  # names of the files
# The assumed mix of questions: most are answered by the article.
MIX = {Kind.ANSWERABLE: 0.75, Kind.NEAR: 0.125, Kind.OTHER: 0.125}
QUOTED = 0.25  # largest share of unanswerable questions that may get a quote
NOT_SAID = 0.05  # largest share of answerable questions that may be refused
FOLDS = 5  # parts of the articles, each held out once
BINS = 10  # of the calibration error and the reliability plot

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fitted:
    """The regressions: that a quote answers, and that a passage answers, before it is read."""

    calibration: Logistic
    prior: Logistic


@dataclass(frozen=True, slots=True)
class Outcome:
    """The quotes for a question, by regressions that were fitted on other articles."""

    question: Question
    quotes: tuple[Quote, ...]  # best first; nothing is refused
    passages: int  # number of passages that were read

    @property
    def probability(self) -> float:
        """The predicted probability that the first quote contains an answer."""
        return self.quotes[0].score

    @property
    def right(self) -> bool:
        """Whether the first quote contains an answer."""
        return self.question.asked.held_by(self.quotes[0])

    @property
    def kind(self) -> Kind:
        """How the article relates to the question."""
        return self.question.asked.kind

    def shown(self, levels: Levels) -> bool:
        """Whether an answer is in the first quote, or else in a passage that is shown in full."""
        if self.probability >= levels.found:
            return self.right
        opened = self.quotes if self.probability >= levels.perhaps else ()
        return any(self.question.asked.held_by(quote) for quote in opened)


def main() -> None:
    """Read the questions, fit, print, and write the card next to the weights."""
    args = _arguments()
    model = RememberingModel(ReaderModel.open(args.weights), args.readings)
    sets = {
        name: read_questions(args.data / f"{name}.jsonl.gz", model, args.sample) for name in SETS
    }
    outcomes = cross_validated([question for questions in sets.values() for question in questions])
    of_sets = {
        name: [one for one in outcomes if one.question.asked.source in sources(questions)]
        for name, questions in sets.items()
    }
    levels = choose_levels(list(of_sets.values()))
    for name, found in of_sets.items():
        print_report(name, found, levels)
    print(f"levels: found {levels.found}, perhaps {levels.perhaps}")
    print_mistakes(of_sets["dev-more"], levels, args.mistakes)
    write(args.weights / CARD, fit([one.question for one in outcomes]), levels)
    if args.plot is not None:
        plot(of_sets, args.plot)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.calibrate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the dev files")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of the export")
    parser.add_argument(
        "--readings",
        type=Path,
        default=Path("runs/readings.jsonl"),
        help="file that keeps what was read, so that a stopped run goes on (%(default)s)",
    )
    parser.add_argument("--sample", type=int, help="questions of each article (default: all)")
    parser.add_argument("--plot", type=Path, help="file for the reliability plot (PNG)")
    parser.add_argument("--mistakes", type=int, default=0, help="show so many of each kind")
    return parser.parse_args()


def sources(questions: Sequence[Question]) -> set[str]:
    """Return the sources of questions."""
    return {question.asked.source for question in questions}


def mix_weights(kinds: Sequence[Kind]) -> Floats:
    """Return question weights ``(n,)`` of mean 1 that give each kind of question its share of MIX.

    Kinds without questions are left out.
    """
    own = np.array(kinds)
    weights = np.zeros(len(own))
    for kind, share in MIX.items():
        weights[own == kind] = share / max((own == kind).sum(), 1)
    found: Floats = weights * (len(own) / weights.sum())
    return found


def fit(questions: Sequence[Question]) -> Fitted:
    """Fit both regressions; raises ValueError if quotes with higher scores are not better."""
    weights = mix_weights([question.asked.kind for question in questions])
    prior = _regression(
        [row for question in questions for row in question.rows],
        [
            any(question.asked.held_by(one.quoted) for one in found)
            for question in questions
            for found in question.found
        ],
        np.repeat(weights, [len(question.rows) for question in questions]),
    )
    ranking = _regression(
        [one.values for question in questions for one in question.candidates],
        [q.asked.held_by(one.quoted) for q in questions for one in q.candidates],
        np.repeat(weights, [len(question.candidates) for question in questions]),
    )
    # Fit twice: neighbouring quotes are joined by probability, which depends on the scale.
    for _ in range(2):
        ranking = _scaled(Fitted(ranking, prior), questions, weights)
    return Fitted(ranking, prior)


def _regression(
    rows: Sequence[Sequence[float]], right: Sequence[bool], weights: Floats
) -> Logistic:
    values = np.array(rows)
    spread = values.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    model = LogisticRegression(C=10, max_iter=1000)
    model.fit(values / scale, right, sample_weight=weights)
    return Logistic(tuple((model.coef_[0] / scale).tolist()), float(model.intercept_[0]))


def _scaled(fitted: Fitted, questions: Sequence[Question], weights: Floats) -> Logistic:
    """Return the calibration, scaled so that first quotes are right as often as it predicts."""
    outcomes = [outcome(question, fitted) for question in questions]
    logits = np.array([_logit(one.probability) for one in outcomes])[:, np.newaxis]
    platt = LogisticRegression(C=1e6)
    platt.fit(logits, [one.right for one in outcomes], sample_weight=weights)
    slope = float(platt.coef_[0, 0])
    if slope <= 0:
        raise ValueError("a better score does not make a better quote: this reader is not trained")
    ranking = fitted.calibration
    bias = slope * ranking.bias + float(platt.intercept_[0])
    return Logistic(tuple(slope * weight for weight in ranking.weights), bias)


def _logit(probability: float) -> float:
    clipped = min(max(probability, 1e-9), 1 - 1e-9)
    return float(np.log(clipped / (1 - clipped)))


def outcome(question: Question, fitted: Fitted) -> Outcome:
    """Return the quotes for a question, read in the same way as SpanReader does."""
    passages = 0

    def read(chosen: Sequence[int]) -> Scored:
        nonlocal passages
        passages += len(chosen)
        found: list[Candidate] = [one for i in chosen for one in question.found[i]]
        return [(one, fitted.calibration.probability(one.values)) for one in found]

    scored = read_by_prior([fitted.prior.probability(row) for row in question.rows], read)
    return Outcome(question, tuple(to_quotes(scored)[: Config().max_quotes]), passages)


def cross_validated(questions: Sequence[Question]) -> list[Outcome]:
    """Return each question's outcome, by regressions fitted on the articles of the other folds."""
    articles = {(one.asked.source, one.asked.article): 0 for one in questions}
    fold_of = {article: number % FOLDS for number, article in enumerate(articles)}
    folds = [fold_of[one.asked.source, one.asked.article] for one in questions]
    outcomes: dict[int, Outcome] = {}
    for fold in sorted(set(folds)):
        others = [one for one, own in zip(questions, folds, strict=True) if own != fold]
        fitted = fit(others)
        for i, (one, own) in enumerate(zip(questions, folds, strict=True)):
            if own == fold:
                outcomes[i] = outcome(one, fitted)
    return [outcomes[i] for i in range(len(questions))]


def choose_levels(sets: Sequence[Sequence[Outcome]]) -> Levels:
    """Return the thresholds by the rule in the docstring of this module, to two decimals."""
    steps = [round(step / 100, 2) for step in range(101)]
    found = next(t for t in steps if all(quoted_share(one, t) <= QUOTED for one in sets))
    perhaps = max(
        t for t in steps if all(below(one, Kind.ANSWERABLE, t) <= NOT_SAID for one in sets)
    )
    return Levels(found, min(found, perhaps))


def quoted_share(outcomes: Sequence[Outcome], threshold: float) -> float:
    """Return the share of unanswerable questions that get a quote at a threshold.

    Near misses count half, questions about something else half; a kind that is not there counts 0.
    """
    kinds = (Kind.NEAR, Kind.OTHER)
    return sum((1 - below(outcomes, kind, threshold)) / len(kinds) for kind in kinds)


def below(outcomes: Sequence[Outcome], kind: Kind, threshold: float) -> float:
    """Return the share of questions of a kind with a probability below a threshold."""
    probabilities = [one.probability for one in outcomes if one.kind == kind]
    return float(np.mean([p < threshold for p in probabilities])) if probabilities else 1.0


def calibration_error(outcomes: Sequence[Outcome]) -> float:
    """Return the expected calibration error over ten bins of equal width (Guo et al., 2017)."""
    weights = mix_weights([one.kind for one in outcomes])
    gaps = weights * [one.right - one.probability for one in outcomes]
    bins = _bins(outcomes)
    return sum(abs(float(gaps[bins == number].sum())) for number in range(BINS)) / len(outcomes)


def _bins(outcomes: Sequence[Outcome]) -> npt.NDArray[np.int64]:
    probabilities = np.array([one.probability for one in outcomes])
    return np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)


def lost_at(outcomes: Sequence[Outcome], refused: float) -> float:
    """Return the share of answerable questions lost if a share of near misses is refused."""
    near = sorted(one.probability for one in outcomes if one.kind == Kind.NEAR)
    return below(outcomes, Kind.ANSWERABLE, near[int(refused * len(near))])


def separation(outcomes: Sequence[Outcome], other: Kind) -> float:
    """Return the AUROC of the probability, for answerable questions against another kind."""
    chosen = [one for one in outcomes if one.kind in (Kind.ANSWERABLE, other)]
    scores = [one.probability for one in chosen]
    return auroc(scores, [one.kind == Kind.ANSWERABLE for one in chosen])


def print_report(name: str, outcomes: Sequence[Outcome], levels: Levels) -> None:
    """Print the quality of the calibration on articles that it was not fitted on."""
    own = [one for one in outcomes if one.kind == Kind.ANSWERABLE]
    counts = ", ".join(f"{sum(o.kind == kind for o in outcomes)} {kind}" for kind in Kind)
    print(f"\n{name}: {counts}; articles left out in turn")
    print(f"right first quote, of answerable: {np.mean([one.right for one in own]):.3f}")
    for source in sorted({one.question.asked.source for one in own}):
        part = [one.right for one in own if one.question.asked.source == source]
        print(f"  {source}: {np.mean(part):.3f} of {len(part)}")
    print(f"passages read, mean: {np.mean([one.passages for one in outcomes]):.2f}")
    for kind in (Kind.NEAR, Kind.OTHER):
        print(f"AUROC, answerable or {kind}: {separation(outcomes, kind):.3f}")
    right = [one.right for one in outcomes]
    print(f"AUROC, right or not: {auroc([one.probability for one in outcomes], right):.3f}")
    print(f"answerable lost with 80 % of the near misses refused: {lost_at(outcomes, 0.8):.3f}")
    print(f"expected calibration error: {calibration_error(outcomes):.3f}")
    print(f"right sentence in the first quote or, unquoted, shown: {_shown(own, levels):.3f}")
    for kind in Kind:
        refused = below(outcomes, kind, levels.perhaps)
        quoted = 1 - below(outcomes, kind, levels.found)
        print(
            f"  {kind}: {quoted:.3f} found, {1 - quoted - refused:.3f} perhaps, {refused:.3f} not"
        )
    print(f"without an answer, quoted: {quoted_share(outcomes, levels.found):.3f}")


def _shown(own: Sequence[Outcome], levels: Levels) -> float:
    return float(np.mean([one.shown(levels) for one in own]))


def mistakes(outcomes: Sequence[Outcome], levels: Levels) -> dict[str, list[Outcome]]:
    """Return the questions that were answered wrongly, by kind of mistake."""
    own = [one for one in outcomes if one.kind == Kind.ANSWERABLE]
    quoted = [one for one in outcomes if one.probability >= levels.found]
    return {
        "wrong quote": [one for one in quoted if one.kind == Kind.ANSWERABLE and not one.right],
        "not quoted, though answered": [one for one in own if one.probability < levels.found],
        "quoted, though not answered": [one for one in quoted if one.kind != Kind.ANSWERABLE],
    }


def print_mistakes(outcomes: Sequence[Outcome], levels: Levels, count: int) -> None:
    """Print up to ``count`` mistakes of each kind, drawn at random with a fixed seed."""
    for kind, found in mistakes(outcomes, levels).items() if count else ():
        print(f"\n## {kind}: {len(found)}")
        for one in random.Random(0).sample(found, min(count, len(found))):
            asked = one.question.asked
            print(f"\n{asked.source}: {asked.text} [{one.probability:.2f}]")
            print(f"  gold:  {' | '.join(answer.text for answer in asked.answers)}")
            print(f"  quote: {one.quotes[0].text}")


def write(file: Path, fitted: Fitted, levels: Levels) -> None:
    """Write both regressions and the levels into the weights' card."""
    card = json.loads(file.read_text())
    card["calibration"] = _written(FEATURES, fitted.calibration)
    card["prior"] = _written(PASSAGE_FEATURES, fitted.prior)
    card["levels"] = asdict(levels)
    file.write_text(json.dumps(card, indent=2) + "\n")


def _written(features: Sequence[str], fitted: Logistic) -> dict[str, object]:
    weights = [round(weight, 4) for weight in fitted.weights]
    return {"features": list(features), "weights": weights, "bias": round(fitted.bias, 4)}


def plot(sets: Mapping[str, Sequence[Outcome]], file: Path) -> None:
    """Plot how often first quotes are right against their predicted probability."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(4.5, 4.5))
    axes.plot([0, 1], [0, 1], color="0.7")
    for name, outcomes in sets.items():
        weights, bins = mix_weights([one.kind for one in outcomes]), _bins(outcomes)
        said = np.array([one.probability for one in outcomes])
        right = np.array([one.right for one in outcomes])
        there = [number for number in range(BINS) if (bins == number).any()]
        points = [
            [np.average(values[bins == n], weights=weights[bins == n]) for n in there]
            for values in (said, right)
        ]
        axes.plot(*points, "o-", label=name)
    axes.set(xlabel="probability said", ylabel="share right", title="First quotes")
    axes.legend()
    figure.tight_layout()
    figure.savefig(file, dpi=120)


if __name__ == "__main__":
    main()

"""Choose when a question is rewritten, and by which words: ``python -m training.thresholds``.

The rewriter's network judges follow-ups of conversations that it was not trained on, and the same
questions in full, which must be left alone. The two least probabilities written into reader.json
are those with the best F1 of the added words among all that leave enough full questions alone.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from qa_bot.reader_model import CARD, WEIGHTS, ReaderModel
from qa_bot.rewriter import terms
from training.followups import TermExample, held_out, read_followups, term_example

LEFT_ALONE = 0.97  # least share of questions that stand alone and stay as they are
STEPS = tuple(round(0.05 * step, 2) for step in range(2, 20))


@dataclass(frozen=True, slots=True)
class Judged:
    """What the network says of a question: its words are counted once, however often said."""

    leaning: float
    chances: npt.NDArray[np.float64]  # of each different word
    needed: npt.NDArray[np.bool_]
    leans: bool

    def adds(self, least_leaning: float, least_chance: float) -> npt.NDArray[np.bool_]:
        """Return which words are added to the question."""
        return (self.leaning >= least_leaning) & (self.chances >= least_chance)


def main() -> None:
    """Read the arguments, judge, choose, print and write."""
    parser = argparse.ArgumentParser(prog="python -m training.thresholds", description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with followups-train.jsonl.gz"
    )
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of the export")
    args = parser.parse_args()
    model = ReaderModel.open(args.weights)
    judged = [judge(model, example) for example in tqdm(examples(args.data), unit="question")]
    best = choose(judged)
    for leaning in STEPS[::3]:
        print(line(judged, leaning, best[1]))
    print("chosen:", line(judged, *best), sep="\n")
    card = json.loads((args.weights / CARD).read_text())
    card["rewriting"] = {"leaning": best[0], "chosen": best[1]}
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
    """Return what a network says of an example."""
    leaning, chances = model.judge_terms(example.question, example.text, example.words)
    known = {term.stem for term in terms(example.question)}
    best: dict[str, tuple[float, bool]] = {}
    for term, chance, needed in zip(terms(example.text), chances, example.needed, strict=True):
        if term.stem not in known:
            best[term.stem] = (max(chance, best.get(term.stem, (0.0,))[0]), needed)
    columns = zip(*best.values(), strict=True) if best else ((), ())
    likely, wanted = (np.array(column) for column in columns)
    return Judged(leaning, likely, wanted.astype(bool), example.leans)


def choose(judged: Sequence[Judged]) -> tuple[float, float]:
    """Return the least probabilities, of leaning and of a word, to be rewritten by."""
    grid = [(leaning, chance) for leaning in STEPS for chance in STEPS]
    scored = [(f1(judged, *one), one) for one in grid if left_alone(judged, *one) >= LEFT_ALONE]
    return max(scored)[1]


def left_alone(judged: Sequence[Judged], leaning: float, chance: float) -> float:
    """Return the share of questions that stand alone to which no word is added."""
    alone = [one for one in judged if not one.leans]
    return float(np.mean([not one.adds(leaning, chance).any() for one in alone]))


def counts(judged: Sequence[Judged], leaning: float, chance: float) -> tuple[int, int, int]:
    """Return how many words are added, how many of them are needed, how many are needed in all."""
    adds = [one.adds(leaning, chance) for one in judged]
    right = sum(int((a & one.needed).sum()) for a, one in zip(adds, judged, strict=True))
    return sum(int(a.sum()) for a in adds), right, sum(int(one.needed.sum()) for one in judged)


def f1(judged: Sequence[Judged], leaning: float, chance: float) -> float:
    """Return F1 of the added words over all questions together."""
    added, right, needed = counts(judged, leaning, chance)
    return 2 * right / max(added + needed, 1)


def line(judged: Sequence[Judged], leaning: float, chance: float) -> str:
    """Return a line of a report."""
    added, right, needed = counts(judged, leaning, chance)
    return (
        f"leaning {leaning:.2f} word {chance:.2f}: recall {right / max(needed, 1):.3f}, precision "
        f"{right / max(added, 1):.3f}, F1 {f1(judged, leaning, chance):.3f}, "
        f"left alone {left_alone(judged, leaning, chance):.3f}"
    )


if __name__ == "__main__":
    main()

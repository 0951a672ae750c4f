"""The reader's answers to questions with a given paragraph, and their scores."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from benchmarks.scores import auroc, exact, f1
from qa_bot.models.span_model import Inputs, Logits, Network, ReaderModel
from training.examples import Row

if TYPE_CHECKING:
    from training.model import SpanModel


@dataclass(frozen=True, slots=True)
class Prediction:
    """The best span of a paragraph, even if it is bad, and its null score difference."""

    text: str
    score: float


def torch_network(model: "SpanModel") -> Network:
    """Return a model in torch as a network for ReaderModel."""
    import torch  # imported late, so that an exported reader is scored without it

    weight = next(model.parameters())

    def run(arrays: Inputs) -> Sequence[Logits]:
        ids, mask, types = (torch.from_numpy(array).to(weight.device) for array in arrays.values())
        with torch.inference_mode():
            found = model(ids, types, mask).float().cpu().numpy()
        return [found[..., side] for side in range(found.shape[-1])]

    return run


def predict(model: ReaderModel, rows: Sequence[Row]) -> list[Prediction]:
    """Return an answer for each row; raises ValueError for a paragraph without tokens."""
    predictions = []
    for row in rows:
        (found,) = model.find(row.question, [row.context])
        if not found:
            raise ValueError(f"the paragraph of row {row.id} has nothing to read")
        best = found[0]
        predictions.append(Prediction(row.context[best.start : best.end], best.score_diff))
    return predictions


def report(rows: Sequence[Row], predictions: Sequence[Prediction]) -> dict[str, dict[str, float]]:
    """Return the scores by source and for all, in percent except for ``auroc``.

    ``em`` and ``f1`` are over answerable questions, an answer always given. ``f1_none`` is over
    all questions, where the answer is "" if its score is below the best threshold on these rows.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        groups["all"].append(i)
        groups[row.source].append(i)
    return {
        name: _scores([rows[i] for i in chosen], [predictions[i] for i in chosen])
        for name, chosen in groups.items()
    }


def _scores(rows: Sequence[Row], predictions: Sequence[Prediction]) -> dict[str, float]:
    golds = [[row.context[start:end] for start, end in row.answers] for row in rows]
    answerable = [bool(gold) for gold in golds]
    right = np.array([exact(p.text, gold) for p, gold in zip(predictions, golds, strict=True)])
    shared = np.array([f1(p.text, gold) for p, gold in zip(predictions, golds, strict=True)])
    scores = [prediction.score for prediction in predictions]
    kind = np.array(answerable)
    found = {
        "questions": float(len(rows)),
        "em": 100 * float(right[kind].mean()),
        "f1": 100 * float(shared[kind].mean()),
    }
    if not kind.all():
        found["f1_none"] = 100 * _best_with_none(np.array(scores), np.where(kind, shared, 0), kind)
        found["auroc"] = auroc(scores, answerable)
    return found


def _best_with_none(
    scores: npt.NDArray[np.float64],
    shared: npt.NDArray[np.float64],
    answerable: npt.NDArray[np.bool_],
) -> float:
    """Return the mean F1 at the best threshold, below which nothing is answered."""
    order = np.argsort(-scores)
    answered = np.concatenate([[0.0], np.cumsum(shared[order])])
    refused = np.concatenate([[0], np.cumsum(~answerable[order])])
    return float((answered + refused[-1] - refused).max() / len(scores))

"""The reader's answer to questions whose paragraph is given, and the scores of those answers."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding, Tokenizer

from training.decode import best_span
from training.examples import Row
from training.scores import auroc, exact, f1

if TYPE_CHECKING:
    from training.model import SpanModel

MODEL, TOKENIZER, CARD = "reader.onnx", "tokenizer.json", "reader.json"  # files of an export
STRIDE = 128  # tokens that neighbouring windows of a long paragraph share
Logits = npt.NDArray[np.float32]  # (n, tokens, 2)
Scorer = Callable[[list[Encoding]], Logits]


@dataclass(frozen=True, slots=True)
class Prediction:
    """The best span of a paragraph, always given, and its margin over "no answer"."""

    text: str
    score: float


def torch_scorer(model: "SpanModel") -> Scorer:
    """Return a function that gives the logits of pairs."""
    import torch  # here, so that an exported reader is scored without it

    from training.model import collate

    weight = next(model.parameters())

    def score(encodings: list[Encoding]) -> Logits:
        batch = collate(encodings).to(weight.device)
        with torch.inference_mode():
            found: Logits = model(batch.ids, batch.types, batch.mask).float().cpu().numpy()
        return found

    return score


def onnx_scorer(file: Path, threads: int = 2) -> Scorer:
    """Return the same function of an exported model, run on the CPU with ``threads`` threads."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])

    def score(encodings: list[Encoding]) -> Logits:
        found = session.run(["start_logits", "end_logits"], padded(encodings))
        logits: Logits = np.stack(found, axis=-1)
        return logits

    return score


def padded(encodings: Sequence[Encoding]) -> dict[str, npt.NDArray[np.int64]]:
    """Return pairs as a model's inputs, each ``(n, tokens)``, with zeros after the shorter ones."""
    size = (len(encodings), max(len(one.ids) for one in encodings))
    ids, mask, types = (np.zeros(size, dtype=np.int64) for _ in range(3))
    for row, one in enumerate(encodings):
        ids[row, : len(one.ids)] = one.ids
        mask[row, : len(one.ids)] = one.attention_mask
        types[row, : len(one.ids)] = one.type_ids
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}


def exported_tokenizer(folder: Path) -> Tokenizer:
    """Return the tokenizer of an exported model, cutting the text where that model must."""
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    limit = json.loads((folder / CARD).read_text(encoding="utf-8"))["max_tokens"]
    tokenizer.enable_truncation(limit, strategy="only_second")
    return tokenizer


def predict(
    score: Scorer, tokenizer: Tokenizer, rows: Sequence[Row], size: int = 16
) -> list[Prediction]:
    """Return an answer for each row; a paragraph too long for the model is read in windows.

    The tokenizer's truncation says how many tokens the model reads at once; raises ValueError
    for one without.
    """
    if tokenizer.truncation is None:
        raise ValueError("the tokenizer does not cut: its truncation says how much a window holds")
    limit = tokenizer.truncation["max_length"]
    tokenizer.enable_truncation(limit, stride=STRIDE, strategy="only_second")
    tokenizer.no_padding()
    encodings = tokenizer.encode_batch([(row.question, row.context) for row in rows])
    windows = [(i, part) for i, one in enumerate(encodings) for part in (one, *one.overflowing)]
    windows.sort(key=lambda window: len(window[1].ids))
    best: dict[int, Prediction] = {}
    for at in range(0, len(windows), size):
        chunk = windows[at : at + size]
        logits = score([part for _, part in chunk])
        for (i, part), values in zip(chunk, logits, strict=True):
            found = _answer(part, values, rows[i].context)
            if i not in best or found.score > best[i].score:
                best[i] = found
    return [best[i] for i in range(len(rows))]


def _answer(encoding: Encoding, logits: Logits, context: str) -> Prediction:
    """Return the best span of one window as text."""
    inside = [place for place, sequence in enumerate(encoding.sequence_ids) if sequence == 1]
    found = best_span(logits, inside[0], inside[-1])
    start, end = encoding.offsets[found.start][0], encoding.offsets[found.end][1]
    return Prediction(context[start:end], found.score)


def report(rows: Sequence[Row], predictions: Sequence[Prediction]) -> dict[str, dict[str, float]]:
    """Return the scores by source and over all, in percent but for ``auroc``.

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

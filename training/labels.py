"""What a teacher says of examples: ``python -m training.labels --checkpoint C --base FOLDER``.

Examples are drawn as in training and read by the teacher, once. The reader then learns from them,
see ``python -m training.train --labels``, how likely each token is (Hinton et al., "Distilling the
Knowledge in a Neural Network", 2015). Shards that are there already are not made again.
"""

import argparse
import os
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import kl_div
from tqdm import tqdm

from training.examples import Example, load_items
from training.mixture import TAUGHT, Mixture
from training.model import (
    Batch,
    SpanModel,
    encode,
    load_model,
    margins_of,
    new_tokenizer,
    rows_of,
    scores_of,
    weighed_together,
)
from training.states import Projection, fitted
from training.teacher import new_teacher, teacher_folder

TEMPERATURE = 2.0  # of both, when the reader learns from the teacher
DRAW = 128  # items of a shard, about twice as many examples
READ = 16  # examples read at a time by a thread
FITTED = 4  # shards


@dataclass(frozen=True, slots=True, eq=False)
class Labelled(Example):
    """An example and a teacher's word on it, in half precision."""

    logits: Tensor  # of an answer's start and end: (tokens, 2)
    states: Tensor  # of its last layer: (tokens, features)


Asked = tuple[Labelled, ...]  # what is read for one question


def main() -> None:
    """Read the arguments and label."""
    parser = argparse.ArgumentParser(prog="python -m training.labels", description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True, help="of the teacher")
    parser.add_argument(
        "--base", type=teacher_folder, required=True, help="weights the teacher began with"
    )
    parser.add_argument("--items", type=Path, default=Path("runs/reader/data"))
    parser.add_argument("--out", type=Path, default=Path("runs/reader/labels"))
    parser.add_argument("--shards", type=int, default=200, help=f"each of {DRAW} questions")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)  # a thread reads a part of the examples
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    teacher = load_model(args.checkpoint, new_teacher(args.base, frozen=0))
    teacher = teacher.to(device, torch.bfloat16)
    tokenizer, mixture = new_tokenizer(), Mixture(*load_items(args.items), args.seed, TAUGHT)
    args.out.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(args.threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for number in tqdm(range(args.shards), unit="shard"):
            asked = mixture.draw(1.0, DRAW)
            path = args.out / f"{number:05}.pt"
            if not path.exists():
                save(path, label(teacher, tokenizer, asked, pool))


def label(
    teacher: SpanModel,
    tokenizer: Tokenizer,
    asked: Sequence[Sequence[Example]],
    pool: ThreadPoolExecutor,
) -> list[Asked]:
    """Return the examples of questions with what a teacher says of them."""
    device = teacher.head.weight.device

    def read(part: list[Example]) -> list[Labelled]:
        batch = encode(tokenizer, [(one.question, one.text) for one in part])
        there = batch.to(device)
        with torch.inference_mode():
            states = teacher.states(there.ids, there.types, there.mask)
            logits = teacher.head(states)[..., :2].half().cpu()
            states = states.half().cpu()
        # Clones, since a slice is written with all that it is a slice of.
        return [
            Labelled(one.question, one.text, one.spans, mine[:end].clone(), own[:end].clone())
            for one, mine, own, end in zip(part, logits, states, batch.mask.sum(1), strict=True)
        ]

    every = [one for texts in asked for one in texts]
    order = sorted(range(len(every)), key=lambda place: -len(every[place].text))
    parts = [order[at : at + READ] for at in range(0, len(order), READ)]
    found: dict[int, Labelled] = {}
    for part, read_part in zip(
        parts, pool.map(read, ([every[i] for i in part] for part in parts)), strict=True
    ):
        found.update(zip(part, read_part, strict=True))
    places = iter(range(len(every)))
    return [tuple(found[next(places)] for _ in texts) for texts in asked]


def soft_loss(logits: Tensor, batch: Batch, asked: Sequence[Sequence[Labelled]]) -> Tensor:
    """Return the sum of the divergences of the logits from the teacher's, in each text alone.

    And, for questions read with several texts, over all of them together, with one "no answer",
    as in ``shared_loss``.
    """
    taught = torch.zeros_like(logits[..., :2], dtype=torch.float32)
    for row, one in enumerate(one for texts in asked for one in texts):
        taught[row, : len(one.logits)] = one.logits.to(taught)
    total = _divergence(scores_of(logits, batch), scores_of(taught, batch), dim=1)
    mine, theirs = margins_of(logits, batch), margins_of(taught, batch)
    for rows, texts in zip(rows_of(asked), asked, strict=True):
        if len(texts) > 1:
            total = total + _divergence(
                weighed_together(mine, rows), weighed_together(theirs, rows), dim=0
            )
    return total


def _divergence(mine: Tensor, theirs: Tensor, dim: int) -> Tensor:
    """Return the Kullback-Leibler divergence of softened logits, so scaled that slopes are as hot.

    That is by the square of the temperature, as Hinton et al. do.
    """
    mine = (mine / TEMPERATURE).log_softmax(dim)
    theirs = (theirs / TEMPERATURE).log_softmax(dim)
    return TEMPERATURE**2 * kl_div(mine, theirs, reduction="sum", log_target=True)


def save(path: Path, asked: Sequence[Asked]) -> None:
    """Write labelled examples, all or none."""
    unfinished = path.with_suffix(".tmp")
    raw = [
        [(it.question, it.text, it.spans, it.logits, it.states) for it in texts] for texts in asked
    ]
    torch.save(raw, unfinished)
    os.replace(unfinished, path)


def load(path: Path) -> list[Asked]:
    """Read what ``save`` wrote."""
    raw = torch.load(path, map_location="cpu", weights_only=True)
    return [tuple(Labelled(*one) for one in texts) for texts in raw]


class Labels:
    """An endless stream of labelled examples, its shards shuffled anew at every pass.

    It is drawn from as a ``Mixture`` is; ``taken`` is the whole state.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self._paths = sorted(folder.glob("*.pt"))
        if not self._paths:
            raise SystemExit(f"no labels in {folder}: make them with python -m training.labels")
        self._seed = seed
        self.taken: dict[str, int] = {}

    def draw(self, progress: float, count: int) -> list[Asked]:
        """Return the questions of a shard; ``progress`` and ``count`` change nothing."""
        at = self.taken.get("shards", 0)
        self.taken["shards"] = at + 1
        number, place = divmod(at, len(self._paths))
        rng = random.Random(f"{self._seed}:{number}")
        return load(rng.sample(self._paths, len(self._paths))[place])

    def projection(self, model: SpanModel) -> Projection:
        """Return what foretells the teacher's states in the first shards from those of a reader."""
        tokenizer = new_tokenizer()
        examples = [one for path in self._paths[:FITTED] for texts in load(path) for one in texts]
        mine = []
        for at in range(0, len(examples), READ):
            part = examples[at : at + READ]
            batch = encode(tokenizer, [(one.question, one.text) for one in part])
            with torch.inference_mode():
                states = model.states(batch.ids, batch.types, batch.mask)
            mine.append(states[batch.mask.bool()])
        return fitted(torch.cat(mine).float(), torch.cat([one.states for one in examples]))


if __name__ == "__main__":
    main()

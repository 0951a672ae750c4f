"""Average the weights of checkpoints of one run: ``python -m training.average A B --out C``.

An early and a late checkpoint of the same run, averaged, can do better than either on texts that
neither has seen (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022). What is written
is the last checkpoint with the average in it, so training can go on from it.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

Weights = Mapping[str, Tensor]


def main() -> None:
    """Read the arguments, average, and write."""
    parser = argparse.ArgumentParser(prog="python -m training.average", description=__doc__)
    parser.add_argument("checkpoints", nargs="+", type=Path, help="the last one gives the rest")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write")
    args = parser.parse_args()
    states = [torch.load(c, map_location="cpu", weights_only=True) for c in args.checkpoints]
    averaged = average([state["model"] for state in states])
    args.out.parent.mkdir(parents=True, exist_ok=True)
    torch.save({**states[-1], "model": averaged}, args.out)


def average(models: Sequence[Weights]) -> dict[str, Tensor]:
    """Return the mean of the weights of models of one shape."""
    return {name: torch.stack([it[name] for it in models]).mean(dim=0) for name in models[0]}


if __name__ == "__main__":
    main()

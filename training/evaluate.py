"""Score a reader on questions with their paragraphs: ``python -m training.evaluate --data DATA``.

Reads a checkpoint that training wrote (.pt) or the folder of an exported reader, and prints exact
match and F1 on answerable questions, F1 with "no answer" allowed, and how well the score tells
the two apart (area under the ROC curve).
"""

import argparse
import json
import random
from pathlib import Path

from qa_bot.models.span_model import ReaderModel
from training.examples import read_rows
from training.predict import predict, report


def main() -> None:
    """Read the arguments and print the scores."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with dev.jsonl.gz")
    parser.add_argument(
        "--model",
        type=Path,
        default=Path("runs/reader/checkpoint.pt"),
        help="checkpoint, or folder of an exported reader",
    )
    parser.add_argument("--sample", type=int, help="questions drawn at random; default: all")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    args = parser.parse_args()
    rows = read_rows(args.data / "dev.jsonl.gz")
    if args.sample is not None:
        rows = random.Random(0).sample(rows, min(args.sample, len(rows)))
    scores = report(rows, predict(open_reader(args.model), rows))
    print(json.dumps(scores, indent=2) if args.json else table(scores))


def open_reader(path: Path) -> ReaderModel:
    """Return the reader of a checkpoint or of an exported folder."""
    if path.is_dir():
        return ReaderModel.open(path)
    from training.model import (
        load_model,
        reader_of,
    )  # imported late: an exported reader needs no torch

    return reader_of(load_model(path))


def table(scores: dict[str, dict[str, float]]) -> str:
    """Return the scores as lines, with a line per source and a column per score."""
    names = ["questions", "em", "f1", "f1_none", "auroc"]
    lines = ["| source | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for source, found in scores.items():
        digits = {"questions": 0, "auroc": 3}
        cells = [f"{found[n]:.{digits.get(n, 1)}f}" if n in found else "-" for n in names]
        lines.append(f"| {source} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

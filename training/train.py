"""Train the reader on prepared items: ``python -m training.train --minutes 90``.

A run writes checkpoint.pt, replaced every few minutes, and log.jsonl; started again with the same
folder it goes on from there. The learning rate falls to 0 when the time is up, however fast the
machine is: the time of all starts together counts.
"""

import argparse
import json
import os
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from training.examples import Example, Row, load_items, read_rows
from training.followups import Conversations, TermExample, read_followups
from training.mixture import NEAR_MISSES, STAGES, Mixture, batches
from training.model import (
    PooledDropout,
    SpanModel,
    add_dropout,
    add_layers,
    encode,
    load_model,
    mask_words,
    new_model,
    new_tokenizer,
    reader_of,
    shared_loss,
    span_loss,
    term_loss,
    weights_folder,
)
from training.predict import predict, report

BATCH = 32  # examples
DRAW = 128  # items drawn at a time, about twice as many examples
TERM_DRAW = 64  # follow-ups drawn with them
WARM_UP = 0.05  # of the time, in which the learning rate rises
DEV_ROWS = 300
CHECKPOINT_SECONDS = 300
DEV_SECONDS = 1200
DROPOUT = 0.1  # share of the features
MASKED = 0.15  # of a text's words outside the answers, at most

Batch = Sequence[tuple[Example, ...]] | Sequence[tuple[TermExample, ...]]  # of one kind


def main() -> None:
    """Read the arguments and train."""
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with dev.jsonl.gz")
    parser.add_argument("--items", type=Path, default=Path("runs/reader/data"))
    parser.add_argument("--run", type=Path, default=Path("runs/reader"), help="folder of the run")
    parser.add_argument("--start", type=Path, help="checkpoint whose weights to begin with")
    parser.add_argument(
        "--weights",
        type=weights_folder,
        help="folder of a BERT with the same words to begin with; default: all-MiniLM-L6-v2. "
        "With --start, of its --layers those that the checkpoint lacks are put on top",
    )
    parser.add_argument("--layers", type=int, help="of --weights, the first to keep; default: all")
    parser.add_argument(
        "--near-misses", action="store_true", help="read every question with some, as the bot does"
    )
    parser.add_argument("--minutes", type=float, default=90, help="time to train, of all starts")
    parser.add_argument(
        "--keep", type=int, default=0, help="checkpoints to keep beside the last, to be averaged"
    )
    parser.add_argument("--rate", type=float, default=1.5e-4, help="highest learning rate")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.layers is not None and args.weights is None:
        parser.error("--layers goes with --weights")
    if args.start is not None and args.weights is not None and args.layers is None:
        parser.error("--start with --weights needs --layers")
    if args.keep < 0:
        parser.error("--keep is a number of checkpoints, 0 or more")
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)  # see Run: a thread is a copy of the model
    torch.set_flush_denormal(True)
    try:
        model = begin(args.start, args.weights, args.layers)
    except ValueError as error:
        parser.error(str(error))
    dev = read_rows(args.data / "dev.jsonl.gz")
    stages = NEAR_MISSES if args.near_misses else STAGES
    mixture = Mixture(*load_items(args.items), args.seed, stages)
    followups = read_followups(args.data / "followups-train.jsonl.gz")
    rows = read_rows(args.data / "train.jsonl.gz")
    conversations = Conversations(followups, rows, args.seed)
    run = Run(
        args.run,
        model,
        mixture,
        conversations,
        args.rate,
        60 * args.minutes,
        args.threads,
        settled=args.start is not None,
        keep=args.keep,
    )
    run.train(random.Random(0).sample(dev, DEV_ROWS))


def begin(start: Path | None, weights: Path | None, layers: int | None) -> SpanModel:
    """Return the model of a checkpoint, with layers put on top if asked, or a new one.

    Raises ValueError for a number of ``layers`` that cannot be had.
    """
    if start is None:
        return new_model(weights, layers)
    model = load_model(start)
    return model if weights is None or layers is None else add_layers(model, weights, layers)


class Run:
    """A model in training, with all that a checkpoint keeps."""

    def __init__(
        self,
        folder: Path,
        model: SpanModel,
        mixture: Mixture,
        conversations: Conversations,
        rate: float,
        seconds: float,
        threads: int,
        settled: bool = False,  # the model was trained before: the last mixture alone
        keep: int = 0,  # checkpoints beside the last
    ) -> None:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.folder, self.mixture, self.conversations = folder, mixture, conversations
        self.rate, self.seconds, self.settled, self.keep = rate, seconds, settled, keep
        self.tokenizer = new_tokenizer()
        self.weights = model.to(device)  # fp32: what the optimizer changes
        # Copies that are run, one a thread. Each reads a part of a batch with one core: threads
        # that meet once a step, not in every operation, lose little when the machine is shared.
        workers = 1 if device.type == "cuda" else threads
        self.generators = [torch.Generator() for _ in range(workers)]
        self.copies = []
        for generator in self.generators:
            made = deepcopy(model)
            add_dropout(made, PooledDropout(DROPOUT, generator))
            self.copies.append(made.to(device, torch.bfloat16).train())
        self.pool = ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,))
        self.optimizer = torch.optim.AdamW(
            _with_decay(self.weights), lr=rate, weight_decay=0.01, fused=True
        )
        self.elapsed = 0.0  # seconds of training, of all starts
        self._zero = 0.0  # the clock when elapsed was 0, had there been one start
        self.steps = 0
        self.examples = 0
        if (folder / "checkpoint.pt").exists():
            self._load()
        self._copy_weights()

    def train(self, dev: Sequence[Row]) -> None:
        """Train until the time is up; save now and then, and at the end."""
        self.folder.mkdir(parents=True, exist_ok=True)
        saved = scored = self.elapsed
        bar = tqdm(total=round(self.seconds), initial=round(self.elapsed), unit="s", mininterval=10)
        self._zero = time.monotonic() - self.elapsed
        while self.elapsed < self.seconds:
            self._log(self._round(bar))
            if self.elapsed - scored >= DEV_SECONDS:
                self._log(self.score(dev))
                scored = self.elapsed
            if self.elapsed - saved >= CHECKPOINT_SECONDS:
                self.save()
                saved = self.elapsed
        self.save()
        self._log(self.score(dev))

    def _round(self, bar: Any) -> dict[str, float]:
        """Train on one draw of examples; return what is logged."""
        rng = random.Random(self.steps)
        progress = 1.0 if self.settled else self.elapsed / self.seconds
        drawn: list[Batch] = [*batches(self.mixture.draw(progress, DRAW), BATCH, rng)]
        terms = self.conversations.draw(TERM_DRAW, self.steps)
        drawn += batches([(one,) for one in terms], BATCH, rng)
        rng.shuffle(drawn)
        began, seen = time.monotonic(), 0
        totals = {False: [0.0, 0], True: [0.0, 0]}  # of terms or not: sum of the losses, examples
        for batch in drawn:
            total, read = totals[isinstance(batch[0][0], TermExample)], sum(map(len, batch))
            total[0] += self._step(batch) * read
            total[1] += read
            seen += read
            self.elapsed = time.monotonic() - self._zero
            bar.update(self.elapsed - bar.n)
            if self.elapsed >= self.seconds:
                break
        self.examples += seen
        rate = seen / (time.monotonic() - began)
        losses = [total / max(count, 1) for total, count in totals.values()]
        return {
            "loss": losses[0],
            "term_loss": losses[1],
            "examples_per_second": rate,
            "rate": self._rate(),
        }

    def _step(self, batch: Batch) -> float:
        """Take one step of the optimizer; return the loss."""
        shares = [batch[part :: len(self.copies)] for part in range(len(self.copies))]
        read = sum(map(len, batch))
        for part, generator in enumerate(self.generators):
            generator.manual_seed(len(self.generators) * self.steps + part)
        loss = sum(self.pool.map(self._backward, self.copies, shares, self.generators))
        loss /= read
        copies = zip(*(model.parameters() for model in self.copies), strict=True)
        for weight, copied in zip(self.weights.parameters(), copies, strict=True):
            grads = [copy.grad.float() for copy in copied if copy.grad is not None]
            weight.grad = torch.stack(grads).sum(dim=0).div_(read)
            for copy in copied:
                copy.grad = None
        torch.nn.utils.clip_grad_norm_(self.weights.parameters(), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        self.optimizer.step()
        self._copy_weights()
        self.steps += 1
        return loss

    def _backward(self, model: SpanModel, asked: Batch, generator: torch.Generator) -> float:
        """Compute a copy's gradients for its share of a batch; return the sum of the losses."""
        examples = [one for texts in asked for one in texts]
        if not examples:
            return 0.0
        pairs = [(example.question, example.text) for example in examples]
        batch = encode(self.tokenizer, pairs).to(next(model.parameters()).device)
        spans = [example for example in examples if isinstance(example, Example)]
        batch = mask_words(batch, spans, MASKED, generator) if spans else batch
        logits = model(batch.ids, batch.types, batch.mask)
        if spans:
            together = [[one for one in texts if isinstance(one, Example)] for texts in asked]
            loss = span_loss(logits, batch, spans) + shared_loss(logits, batch, together)
        else:
            needed = [example for example in examples if isinstance(example, TermExample)]
            loss = term_loss(logits, batch, needed)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()

    def _rate(self) -> float:
        """Return the learning rate now: up to the highest, then down to 0 in a straight line."""
        progress = min(self.elapsed / self.seconds, 1.0)
        return self.rate * min(progress / WARM_UP, (1 - progress) / (1 - WARM_UP))

    def _copy_weights(self) -> None:
        with torch.no_grad():
            for model in self.copies:
                for mine, copy in zip(self.weights.parameters(), model.parameters(), strict=True):
                    copy.copy_(mine)

    def score(self, dev: Sequence[Row]) -> dict[str, float]:
        """Return the scores on dev rows, of the copy that is run."""
        predictions = predict(reader_of(self.copies[0].eval()), dev)
        self.copies[0].train()
        return {f"dev_{name}": value for name, value in report(dev, predictions)["all"].items()}

    def _log(self, values: dict[str, float]) -> None:
        line = {"elapsed": self.elapsed, "steps": self.steps, "examples": self.examples} | values
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def save(self) -> None:
        """Write the checkpoint in the old one's place, and keep its weights by the step, if asked.

        Scores of checkpoints five minutes apart differ by more than the last minutes gain, so the
        average of those of a run's end (``training.average``) may do better than the last.
        """
        state = {
            "model": self.weights.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "taken": self.mixture.taken,
            "elapsed": self.elapsed,
            "steps": self.steps,
            "examples": self.examples,
        }
        _write(state, self.folder / "checkpoint.pt")
        if self.keep:
            _write({"model": state["model"]}, self.folder / f"step-{self.steps:07d}.pt")
            for older in sorted(self.folder.glob("step-*.pt"))[: -self.keep]:
                older.unlink()

    def _load(self) -> None:
        path = self.folder / "checkpoint.pt"
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.weights.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.mixture.taken = state["taken"]
        self.elapsed, self.steps = state["elapsed"], state["steps"]
        self.examples = state["examples"]


def _write(state: dict[str, Any], path: Path) -> None:
    """Write a file beside the old one, then put it in its place."""
    unfinished = path.with_name(f"{path.name}.tmp")
    torch.save(state, unfinished)
    os.replace(unfinished, path)


def _with_decay(model: SpanModel) -> list[dict[str, Any]]:
    """Return the weights in two groups: biases and norms do not decay."""
    weights = list(model.parameters())
    return [
        {"params": [weight for weight in weights if weight.ndim >= 2]},
        {"params": [weight for weight in weights if weight.ndim < 2], "weight_decay": 0.0},
    ]


if __name__ == "__main__":
    main()

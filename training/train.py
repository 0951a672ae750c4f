"""Train a teacher, then a student that learns from the labels and from the teacher.

    python -m training.train teacher --data DATA --weights MPNET --run runs/teacher
    python -m training.train student --data DATA --weights E5 --run runs/student \\
        --teacher runs/teacher/checkpoint.pt

A run writes checkpoint.pt every few minutes and log.jsonl every few seconds. Started again with
the same folder and options it goes on from the checkpoint, and ends with the same weights as if it
had not stopped.
"""

import argparse
import itertools
import json
import math
import os
import pickle
import time
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn
from torch.utils.data import DataLoader
from tqdm import tqdm

from qa_bot.errors import ModelError, QABotError
from training.arguments import default_device, device, folder_with
from training.batches import Draws, SpanBatch, Step, TermBatch, masked
from training.examples import load_items, read_rows
from training.followups import Conversations, read_followups
from training.losses import span_losses, taught_term_loss, teacher_losses, term_loss
from training.mixture import Mixture
from training.model import SpanModel, load_model, new_model, new_tokenizer

DEFAULTS = {"teacher": (4600, 6e-5), "student": (6300, 2e-4)}  # steps, and the highest rate
ALONE = {"own": 1.0, "shared": 1.0, "terms": 1.0}  # weights of the losses without a teacher
TAUGHT = {
    "own": 0.5, "shared": 0.5, "divergence": 1.0, "shared_divergence": 1.0, "margin": 0.05,
    "terms": 1.0, "taught_terms": 0.3,
}  # fmt: skip
TOKENS = 20_000  # of a batch, padding included
CPU_PART = 4_000  # tokens read at once on a CPU, to save memory
WARM_UP = 0.06  # of the steps, in which the learning rate rises
LEAST_RATE = 0.002  # of the highest
DROPOUT = 0.1
MASKED = 0.15  # of a text's tokens outside the answers, at most
AVERAGED = 0.999  # of the averaged weights is kept at each step
LOG_SECONDS = 15


DATA = folder_with(
    "train.jsonl.gz", "followups-train.jsonl.gz", hint="see “Data” in training/README.md"
)
ITEMS = folder_with(
    "windows.jsonl.gz", "items.jsonl.gz", hint="python -m training.prepare writes it"
)
WEIGHTS = folder_with(
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    hint="see “Weights to begin with” in training/README.md",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is: with other settings a checkpoint cannot be continued."""

    role: str
    steps: int
    rate: float
    tokens: int
    seed: int

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step: it rises to the highest, then falls to nearly 0."""
        done = step / self.steps
        return self.rate * max(min(done / WARM_UP, (1 - done) / (1 - WARM_UP)), LEAST_RATE)


def main() -> None:
    """Read the arguments and train."""
    parser = arguments()
    args = parser.parse_args()
    try:
        begin(args).train(args.workers, args.save_seconds)
    except (QABotError, ValueError) as error:
        parser.exit(1, f"{parser.prog}: {error}\n")


def begin(args: argparse.Namespace) -> "Run":
    """Return the run of a command line, begun or to go on with."""
    if args.threads is not None:
        torch.set_num_threads(args.threads)
    torch.set_float32_matmul_precision("high")  # TF32, where something is left in fp32
    torch.backends.cuda.enable_cudnn_sdp(False)  # it plans anew for each shape of a batch
    torch.manual_seed(args.seed)  # the new head's weights
    mixture = Mixture(*load_items(args.items), args.seed)
    followups = read_followups(args.data / "followups-train.jsonl.gz")
    conversations = Conversations(followups, read_rows(args.data / "train.jsonl.gz"), args.seed)
    part = args.tokens if args.device.type == "cuda" else min(args.tokens, CPU_PART)
    draws = Draws(mixture, conversations, new_tokenizer(), args.tokens, part)
    model = new_model(args.weights, DROPOUT)
    teacher = load_model(args.teacher) if args.role == "student" else None
    settings = Settings(args.role, args.steps, args.rate, args.tokens, args.seed)
    return Run(args.run, model, draws, settings, args.device, teacher)


def arguments() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    roles = parser.add_subparsers(dest="role", required=True)
    for role, (steps, rate) in DEFAULTS.items():
        command = roles.add_parser(role)
        add = command.add_argument
        add("--data", type=DATA, required=True, help="folder of the data sets")
        add(
            "--items",
            type=ITEMS,
            default="runs/items",
            help="folder that prepare wrote; default: %(default)s",
        )
        add("--weights", type=WEIGHTS, required=True, help="folder of the encoder to begin with")
        if role == "student":
            add("--teacher", type=_file, required=True, help="checkpoint.pt of the teacher's run")
        add("--run", type=Path, required=True, help="folder of the run")
        add(
            "--steps",
            type=_positive,
            default=steps,
            help="batches to learn from; default: %(default)s",
        )
        add("--rate", type=float, default=rate, help="highest learning rate; default: %(default)s")
        add(
            "--tokens",
            type=_positive,
            default=TOKENS,
            help="tokens of a batch; default: %(default)s",
        )
        add(
            "--seed",
            type=int,
            default=1,
            help="of the draws, of dropout and of masked tokens; default: %(default)s",
        )
        _add_machine(command)
    return parser


def _add_machine(command: argparse.ArgumentParser) -> None:
    """Add the arguments that change how fast a run is, and not what it learns."""
    add = command.add_argument
    workers = max((os.cpu_count() or 1) - 2, 0)
    add(
        "--device", type=device, default=default_device(), help="cpu, cuda, …; default: %(default)s"
    )
    add("--threads", type=_positive, help="threads on a CPU; default: torch's choice")
    add(
        "--workers",
        type=int,
        default=workers,
        help="processes that prepare batches; default: %(default)s",
    )
    add(
        "--save-seconds",
        type=float,
        default=120,
        help="seconds between checkpoints; default: %(default)s",
    )


def _file(argument: str) -> Path:
    if not Path(argument).is_file():
        raise argparse.ArgumentTypeError(f"there is no {argument}: train the teacher first")
    return Path(argument)


def _positive(argument: str) -> int:
    if int(argument) < 1:
        raise ValueError
    return int(argument)


class Run:
    """A model in training: what a checkpoint keeps, and what changes it."""

    def __init__(
        self,
        folder: Path,
        model: SpanModel,
        draws: Draws,
        settings: Settings,
        where: torch.device,
        teacher: SpanModel | None = None,
    ) -> None:
        self.folder, self.draws, self.settings, self.device = folder, draws, settings, where
        self.model, self.averaged = model.to(where).train(), deepcopy(model).to(where).eval()
        # On a GPU a copy in bf16 reads and is told the gradients; the weights stay in fp32.
        number = torch.bfloat16 if where.type == "cuda" else torch.float32
        self._network = deepcopy(self.model).to(number) if where.type == "cuda" else self.model
        self.teacher = None if teacher is None else teacher.to(where, number).eval()
        for network in filter(None, (self._network, self.teacher)):
            network.bert.set_attn_implementation("sdpa" if where.type == "cuda" else "eager")
        self.optimizer = torch.optim.AdamW(
            _with_decay(self.model), lr=settings.rate, betas=(0.9, 0.98), weight_decay=0.01,
            fused=True,
        )  # fmt: skip
        self.step = 0
        self.position = (0, 0)  # the next batch: of which draw, and which of it
        self._sums: Counter[str] = Counter()  # of the losses since they were logged
        self._read: Counter[str] = Counter()  # texts that these are of
        if self.checkpoint.exists():
            self._load()

    @property
    def checkpoint(self) -> Path:
        """The file that the run goes on from; its ``model`` are the averaged weights."""
        return self.folder / "checkpoint.pt"

    def train(self, workers: int = 0, save_seconds: float = math.inf) -> None:
        """Take the steps that are left; save every so many seconds, and at the end."""
        self.folder.mkdir(parents=True, exist_ok=True)
        saved = logged = time.monotonic()
        left = range(self.step, self.settings.steps)
        bar = tqdm(total=self.settings.steps, initial=self.step, unit="step", mininterval=1)
        for _, step in zip(left, self._steps(workers), strict=False):
            self._take(step)
            bar.update()
            if time.monotonic() - logged > LOG_SECONDS:
                bar.set_postfix(self._log(time.monotonic() - logged))
                logged = time.monotonic()
            if time.monotonic() - saved > save_seconds:
                self.save()
                saved = time.monotonic()
        self._log(time.monotonic() - logged)
        self.save()
        bar.close()

    def _steps(self, workers: int) -> Iterator[Step]:
        """Yield the batches from the position on, and move it."""
        first, skip = self.position
        loader: Any = DataLoader(
            self.draws, batch_size=None, sampler=itertools.count(first), num_workers=workers
        )
        for number, drawn in zip(itertools.count(first), loader, strict=False):
            steps = pickle.loads(drawn)
            for at in range(skip, len(steps)):
                self.position = (number, at + 1)
                yield steps[at]
            skip = 0

    def _take(self, step: Step) -> None:
        """Take one step of the optimizer on a batch, which is read part by part."""
        torch.manual_seed(1_000_003 * self.settings.seed + self.step)  # dropout, masked tokens
        texts = sum(len(part) for part in step)
        for part in step:
            losses = self._losses(part.to(self.device))
            weights = ALONE if self.teacher is None else TAUGHT
            total = torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()
            (total / texts).backward()  # type: ignore[no-untyped-call]
            self._count(losses, len(part))
        self._fetch_gradients()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.rate_at(self.step)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=self._network is self.model)
        self._send_weights()
        self.step += 1
        self._average()

    def _fetch_gradients(self) -> None:
        """Copy the gradients of the network that reads to the weights in fp32."""
        if self._network is self.model:
            return
        pairs = list(_trained(self.model, self._network))
        for weight, _ in pairs:
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
        torch._foreach_copy_([w.grad for w, _ in pairs], [read.grad for _, read in pairs])
        self._network.zero_grad()

    @torch.no_grad()
    def _send_weights(self) -> None:
        """Copy the weights in fp32 to the network that reads."""
        if self._network is not self.model:
            weights, read = zip(*_trained(self.model, self._network), strict=True)
            torch._foreach_copy_(list(read), list(weights))

    def _losses(self, part: SpanBatch | TermBatch) -> dict[str, Tensor]:
        """Return the losses of a part of a batch, before they are weighed."""
        ids = masked(part, MASKED) if isinstance(part, SpanBatch) else part.ids
        logits = self._network(ids, part.types, part.mask).float()
        taught = None
        if self.teacher is not None:
            with torch.no_grad():
                taught = self.teacher(part.ids, part.types, part.mask).float()
        if isinstance(part, SpanBatch):
            losses = span_losses(logits, part)
            return losses if taught is None else losses | teacher_losses(logits, taught, part)
        losses = {"terms": term_loss(logits, part)}
        if taught is not None:
            losses["taught_terms"] = taught_term_loss(logits, taught, part)
        return losses

    def _average(self) -> None:
        """Move the averaged weights towards those of this step, further at the beginning."""
        kept = min(AVERAGED, (1 + self.step) / (10 + self.step))
        follow = get_ema_multi_avg_fn(kept)  # type: ignore[no-untyped-call]
        follow(list(self.averaged.parameters()), list(self.model.parameters()), None)

    def _count(self, losses: dict[str, Tensor], texts: int) -> None:
        """Add losses to those to be logged, without waiting for the device."""
        for name, loss in losses.items():
            self._sums[name] = self._sums[name] + loss.detach()  # type: ignore[assignment]
            self._read[name] += texts

    def _log(self, seconds: float) -> dict[str, float]:
        """Write the mean losses of a text since the last line, and return them.

        Raises ModelError when they are no numbers.
        """
        losses = {name: float(total) / self._read[name] for name, total in self._sums.items()}
        texts = self._read["own"] + self._read["terms"]
        if not all(math.isfinite(loss) for loss in losses.values()):
            raise ModelError(
                f"the losses are not finite at step {self.step}: {losses}. Delete {self.folder} "
                "and begin again with a lower --rate"
            )
        rate = {"rate": self.settings.rate_at(self.step), "texts_per_second": texts / seconds}
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": self.step, **losses, **rate}) + "\n")
        self._sums.clear()
        self._read.clear()
        return losses

    def save(self) -> None:
        """Write the checkpoint beside the old one, then put it in its place."""
        state = {
            "model": self.averaged.state_dict(),
            "weights": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "position": self.position,
            "settings": asdict(self.settings),
        }
        unfinished = self.checkpoint.with_suffix(".tmp")
        torch.save(state, unfinished)
        os.replace(unfinished, self.checkpoint)

    def _load(self) -> None:
        """Go on from the checkpoint; raises ModelError if it is of other settings."""
        state = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
        if state["settings"] != asdict(self.settings):
            raise ModelError(
                f"{self.checkpoint} was begun with {state['settings']}. Give the same options to "
                "go on, or another --run to begin anew"
            )
        self.averaged.load_state_dict(state["model"])
        self.model.load_state_dict(state["weights"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.position = state["step"], tuple(state["position"])
        self._send_weights()


def _trained(*models: SpanModel) -> Iterator[tuple[Any, ...]]:
    """Yield the parameters that are trained, each with those of the other models."""
    for weights in zip(*(model.parameters() for model in models), strict=True):
        if weights[0].requires_grad:
            yield weights


def _with_decay(model: SpanModel) -> list[dict[str, Any]]:
    """Return the weights in two groups: biases and norms do not decay."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    return [
        {"params": [weight for weight in weights if weight.ndim >= 2]},
        {"params": [weight for weight in weights if weight.ndim < 2], "weight_decay": 0.0},
    ]


if __name__ == "__main__":
    main()

"""The reader's network: question and passage in, the likeliest span and its margin out (ONNX)."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa_bot.errors import ModelError

WEIGHTS = Path(__file__).parent / "weights"

Logits = npt.NDArray[np.float32]

QUERY_TOKENS = 64  # of a longer question the first are read
SPAN_TOKENS = 48  # the longest span that is pointed at
WINDOW_OVERLAP = 96  # tokens; more than a span, so a span at a seam is whole in one window
BATCH = 8  # windows run at once


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a passage as the network reads it: ``[CLS] query [SEP] stretch [SEP]``."""

    passage: int  # which of the passages it is of
    ids: tuple[int, ...]
    first: int  # where the stretch begins among the tokens
    offsets: tuple[tuple[int, int], ...]  # of its tokens, characters of the passage


@dataclass(frozen=True, slots=True)
class Found:
    """The likeliest span of a passage, and its logits less those of "no answer here"."""

    start: int  # characters of the passage
    end: int
    margin: float


@dataclass(frozen=True, slots=True)
class Card:
    """What reader.json says of the weights, and how a margin becomes a probability."""

    max_tokens: int  # question, text and special tokens together
    weights: tuple[float, ...]  # logistic regression on the features of reader.py
    bias: float


class ReaderModel:
    """A BERT that gives each token a start and an end logit; many threads may use it at once."""

    def __init__(self, folder: Path) -> None:
        """Load the weights in a folder; raises ModelError when they are missing or altered."""
        from onnxruntime import InferenceSession, SessionOptions
        from tokenizers import Tokenizer

        self.card = _checked_card(folder)
        options = SessionOptions()
        options.log_severity_level = 3
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._session = InferenceSession(
            folder / "reader.onnx", options, providers=["CPUExecutionProvider"]
        )
        self._cls, self._sep = self._tokenizer.encode("").ids

    def find(self, query: str, texts: Sequence[str]) -> list[Found | None]:
        """Return the likeliest span of each text; None for one without a token in it."""
        windows = [
            window for i, text in enumerate(texts) for window in self.windows(query, text, i)
        ]
        found: list[Found | None] = [None] * len(texts)
        for window, starts, ends in self._run(windows):
            span = best_span(starts, ends, window)
            best = found[window.passage]
            if best is None or span.margin > best.margin:
                found[window.passage] = span
        return found

    def windows(self, query: str, text: str, passage: int = 0) -> Iterator[Window]:
        """Yield the windows that cover a text; each but the first repeats the end of the last."""
        asked = self._tokenizer.encode(query, add_special_tokens=False).ids[:QUERY_TOKENS]
        read = self._tokenizer.encode(text, add_special_tokens=False)
        room = self.card.max_tokens - len(asked) - 3
        for at in range(0, max(len(read.ids) - WINDOW_OVERLAP, 1), room - WINDOW_OVERLAP):
            stretch = read.ids[at : at + room]
            if stretch:
                ids = (self._cls, *asked, self._sep, *stretch, self._sep)
                offsets = tuple(read.offsets[at : at + room])
                yield Window(passage, ids, len(asked) + 2, offsets)

    def _run(self, windows: Sequence[Window]) -> Iterator[tuple[Window, Logits, Logits]]:
        """Yield each window with its start and end logits; windows of like length go together."""
        ordered = sorted(windows, key=lambda window: len(window.ids))
        for at in range(0, len(ordered), BATCH):
            batch = ordered[at : at + BATCH]
            starts, ends = self._session.run(["start_logits", "end_logits"], _inputs(batch))
            yield from zip(batch, starts, ends, strict=True)


def best_span(starts: Logits, ends: Logits, window: Window) -> Found:
    """Return the span of a window's stretch with the highest start + end logit.

    ``starts`` and ``ends`` are logits ``(n,)`` of all tokens; the first token stands for "no
    answer". A span ends no earlier than it starts and has at most SPAN_TOKENS tokens.
    """
    count = len(window.offsets)
    start, end = (logits[window.first : window.first + count] for logits in (starts, ends))
    scores = start[:, np.newaxis] + end[np.newaxis, :]
    allowed = np.triu(np.ones_like(scores, dtype=bool)) & ~np.triu(
        np.ones_like(scores, dtype=bool), SPAN_TOKENS
    )
    first, last = np.unravel_index(np.where(allowed, scores, -np.inf).argmax(), scores.shape)
    margin = float(scores[first, last] - starts[0] - ends[0])
    return Found(window.offsets[first][0], window.offsets[last][1], margin)


@lru_cache(maxsize=1)
def load_model(folder: Path = WEIGHTS) -> ReaderModel:
    """Return the network of a weights folder, from memory when it was loaded before."""
    return ReaderModel(folder)


def _inputs(batch: Sequence[Window]) -> dict[str, npt.NDArray[np.int64]]:
    """Return the arrays ``(batch, length)`` that the network takes, short windows padded."""
    shape = len(batch), max(len(window.ids) for window in batch)
    ids, mask, types = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    for row, window in enumerate(batch):
        ids[row, : len(window.ids)] = window.ids
        mask[row, : len(window.ids)] = 1
        types[row, window.first : len(window.ids)] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}


def _checked_card(folder: Path) -> Card:
    """Read reader.json and check the files against the SHA-256 it gives; raises ModelError."""
    mend = "install qa-bot again: python -m pip install --force-reinstall --no-deps qa-bot"
    try:
        card: dict[str, Any] = json.loads((folder / "reader.json").read_bytes())
        for name, sha256 in card["sha256"].items():
            with (folder / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                    raise ModelError(f"the reader's {name} in {folder} was altered: {mend}")
        calibration = card["calibration"]
        return Card(int(card["max_tokens"]), tuple(calibration["weights"]), calibration["bias"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"the reader's weights in {folder} cannot be read ({error!r}): {mend}"
        ) from error

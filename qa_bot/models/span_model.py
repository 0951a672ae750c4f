"""The reader's network (ONNX): it finds answer spans, and the terms that a follow-up needs."""

import hashlib
import json
import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from qa_bot.errors import ModelError

CONTEXT_CUES = ("pronoun", "hint", "none")  # what Cues.context is


if TYPE_CHECKING:
    from tokenizers import Tokenizer

WEIGHTS = Path(__file__).parent / "weights"

MODEL, TOKENIZER, CARD = "reader.onnx", "tokenizer.json", "reader.json"  # files of a folder
OUTPUTS = ("start_logits", "end_logits", "term_logits")  # of the network

Logits = npt.NDArray[np.float32]
Inputs = dict[str, npt.NDArray[np.int64]]  # arrays (n, tokens)
Network = Callable[[Inputs], Sequence[Logits]]  # -> OUTPUTS, each (n, tokens)
Token = tuple[int, tuple[int, int]]  # its id, and its characters [start, end) in the text

QUERY_TOKENS = 64  # a longer question is truncated
SPAN_TOKENS = 48  # tokens in the longest span
SPANS = 5  # per text
DOC_STRIDE = 96  # tokens shared by two windows; longer than a span, so every span is whole in one


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a passage as the network reads it: ``[CLS] query [SEP] part [SEP]``."""

    passage: int  # index of the passage
    ids: tuple[int, ...]
    first: int  # index of the first token of the part
    offsets: tuple[tuple[int, int], ...]  # characters in the passage, for each token of the part
    stretches: tuple[int, ...] = ()  # for each token, its stretch or -1; empty: all in one stretch


@dataclass(frozen=True, slots=True)
class SpanPrediction:
    """A span of a passage, and its null score difference: its logits minus those of "no answer"."""

    start: int  # in characters of the passage
    end: int
    score_diff: float


class SpanFinder(Protocol):
    """What finds the likeliest spans of texts: a ReaderModel, or what keeps those it has found."""

    def find(
        self,
        query: str,
        texts: Sequence[str],
        stretches: Sequence[Sequence[tuple[int, int]]],
        /,
    ) -> list[list[SpanPrediction]]:
        """Return the likeliest spans of each text, best first."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The least probabilities at which a question is rewritten, and a term is added."""

    needs_context: float
    word: float


@dataclass(frozen=True, slots=True)
class Levels:
    """The least probabilities, in [0, 1], of a quote and of a passage that may answer."""

    found: float
    perhaps: float


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic regression."""

    weights: tuple[float, ...]
    bias: float

    def probability(self, values: Sequence[float]) -> float:
        """Return the probability, in [0, 1], for the values of the features."""
        logit = self.bias + sum(w * v for w, v in zip(self.weights, values, strict=True))
        return 1 / (1 + math.exp(-max(-500.0, min(500.0, logit))))


@dataclass(frozen=True, slots=True)
class Card:
    """The card of the weights, reader.json: sizes, calibration and thresholds."""

    max_tokens: int  # question, text and special tokens together
    calibration: Logistic  # FEATURES of reader.py -> probability that a quote answers
    prior: Logistic  # PASSAGE_FEATURES of reader.py -> probability that an unread passage answers
    levels: Levels
    rewriting: Mapping[str, Thresholds]  # by CONTEXT_CUES


class ReaderModel:
    """A BERT with three logits per token. Threads may share it.

    Two logits score the start and the end of an answer; the third scores whether a follow-up needs
    the term. ``network`` takes the arrays of ``inputs`` and returns the three.
    """

    def __init__(self, tokenizer: "Tokenizer", network: Network, card: Card) -> None:
        self.card = card
        self._tokenizer = tokenizer
        self._tokenizer.encode_special_tokens = True  # "[SEP]" in a text is text
        self._network = network
        self._cls, self._sep = tokenizer.encode("").ids

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Load the weights in a folder; raises ModelError if they are missing or altered."""
        from tokenizers import Tokenizer

        card = _checked_card(folder)
        return cls(Tokenizer.from_file(str(folder / TOKENIZER)), onnx_network(folder), card)

    def find(
        self,
        query: str,
        texts: Sequence[str],
        stretches: Sequence[Sequence[tuple[int, int]]] | None = None,
    ) -> list[list[SpanPrediction]]:
        """Return the likeliest spans of each text, best first: at most SPANS, without overlaps.

        ``stretches`` are the parts of each text that spans may lie in, in order; None means the
        whole text. A text without tokens has no spans.
        """
        windows = [
            window
            for number, text in enumerate(texts)
            for window in self.windows(query, text, number)
        ]
        if stretches is not None:
            windows = [_with_stretches(window, stretches[window.passage]) for window in windows]
        spans: list[list[SpanPrediction]] = [[] for _ in texts]
        for window, logits in self.read(windows):
            spans[window.passage] += best_spans(logits[0], logits[1], window)
        return [_without_overlaps(of_text)[:SPANS] for of_text in spans]

    def judge_terms(
        self, question: str, past: str, words: Sequence[tuple[int, int]]
    ) -> tuple[float, list[float]]:
        """Return the probability that a question needs its context, and that it needs each word.

        ``words`` are offsets ``[start, end)`` into ``past``. Only the end of a long ``past`` is
        read; words before it have the probability 0.
        """
        query, tokens = self._encode(question)[:QUERY_TOKENS], self._encode(past)
        window = self._window(0, query, tokens[-self._text_tokens(query) :])
        ((_, logits),) = self.read([window])
        probabilities = 1 / (1 + np.exp(-logits[2]))
        token_at = {  # by character
            character: window.first + number
            for number, (start, end) in reversed(list(enumerate(window.offsets)))
            for character in range(start, end)
        }
        positions = [token_at.get(start) for start, _ in words]
        of_words = [0.0 if token is None else float(probabilities[token]) for token in positions]
        return float(probabilities[0]), of_words

    def windows(self, query: str, text: str, passage: int = 0) -> Iterator[Window]:
        """Yield windows that cover a text; neighbours share DOC_STRIDE tokens."""
        question, tokens = self._encode(query)[:QUERY_TOKENS], self._encode(text)
        size = self._text_tokens(question)
        for first in range(0, max(len(tokens) - DOC_STRIDE, 1), size - DOC_STRIDE):
            if tokens[first : first + size]:
                yield self._window(passage, question, tokens[first : first + size])

    def read(self, windows: Iterable[Window]) -> Iterator[tuple[Window, tuple[Logits, ...]]]:
        """Yield each window with its logits.

        Windows are read one by one: eight passages in one batch, padded to the longest, take 1.6
        times as long on two cores (benchmarks.engines).
        """
        for window in windows:
            yield window, tuple(row for (row,) in self._network(inputs([window])))

    def _encode(self, text: str) -> list[Token]:
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return list(zip(encoding.ids, encoding.offsets, strict=True))

    def _text_tokens(self, query: Sequence[Token]) -> int:
        """Return how many tokens of a text fit into a window with a question."""
        return self.card.max_tokens - len(query) - 3

    def _window(self, passage: int, query: Sequence[Token], text: Sequence[Token]) -> Window:
        query_ids, text_ids = [token for token, _ in query], [token for token, _ in text]
        ids = (self._cls, *query_ids, self._sep, *text_ids, self._sep)
        return Window(passage, ids, len(query) + 2, tuple(offsets for _, offsets in text))


def _with_stretches(window: Window, stretches: Sequence[tuple[int, int]]) -> Window:
    """Return a window with the number of the stretch that each token lies in."""
    starts = [start for start, _ in stretches]

    def stretch(token: tuple[int, int]) -> int:
        number = bisect_right(starts, token[0]) - 1
        return number if number >= 0 and token[1] <= stretches[number][1] else -1

    return replace(window, stretches=tuple(map(stretch, window.offsets)))


def best_spans(starts: Logits, ends: Logits, window: Window) -> list[SpanPrediction]:
    """Return at most SPANS spans of a window by the sum of their start and end logits, best first.

    ``starts`` and ``ends`` are logits ``(n,)`` of all tokens; the first token means "no answer".
    A span has at most SPAN_TOKENS tokens, and no two spans share one.
    """
    count = len(window.offsets)
    start, end = (logits[window.first : window.first + count] for logits in (starts, ends))
    allowed = np.triu(np.ones((count, count), dtype=bool))
    allowed &= ~np.triu(allowed, SPAN_TOKENS)
    if window.stretches:
        stretches = np.array(window.stretches)
        is_same = stretches[:, np.newaxis] == stretches[np.newaxis, :]
        allowed &= is_same & (stretches >= 0)
    scores = np.where(allowed, start[:, np.newaxis] + end[np.newaxis, :], -np.inf)
    spans: list[SpanPrediction] = []
    while len(spans) < SPANS:
        first, last = np.unravel_index(scores.argmax(), scores.shape)
        if scores[first, last] == -np.inf:
            break
        score_diff = float(scores[first, last] - starts[0] - ends[0])
        spans.append(SpanPrediction(window.offsets[first][0], window.offsets[last][1], score_diff))
        scores[: last + 1, first:] = -np.inf  # all spans that share a token with this one
    return spans


def _without_overlaps(spans: Iterable[SpanPrediction]) -> list[SpanPrediction]:
    """Return the spans of one text, best first, without those that overlap a better one."""
    kept: list[SpanPrediction] = []
    for span in sorted(spans, key=lambda span: -span.score_diff):
        if not any(span.start < other.end and other.start < span.end for other in kept):
            kept.append(span)
    return kept


@lru_cache(maxsize=1)
def load_model(folder: Path = WEIGHTS) -> ReaderModel:
    """Load the network in a folder; it is cached."""
    return ReaderModel.open(folder)


def onnx_network(folder: Path, threads: int = 0) -> Network:
    """Return the network in a folder, to run on the CPU; 0 threads means one per core."""
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    # Threads that spin while they wait take the cores from the other answers of a busy server.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False  # an arena never shrinks: a GiB after 16 questions at once
    session = InferenceSession(folder / MODEL, options, providers=["CPUExecutionProvider"])

    def run(arrays: Inputs) -> Sequence[Logits]:
        logits: Sequence[Logits] = session.run(list(OUTPUTS), arrays)
        return logits

    return run


def inputs(batch: Sequence[Window]) -> Inputs:
    """Return the arrays ``(n, tokens)`` that the network takes; short windows are padded."""
    shape = len(batch), max(len(window.ids) for window in batch)
    ids, mask, types = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    for row, window in enumerate(batch):
        ids[row, : len(window.ids)] = window.ids
        mask[row, : len(window.ids)] = 1
        types[row, window.first : len(window.ids)] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}


def _checked_card(folder: Path) -> Card:
    """Read reader.json and check the SHA-256 of the other files; raises ModelError."""
    mend = "install qa-bot again: python -m pip install --force-reinstall --no-deps qa-bot"
    try:
        card: dict[str, Any] = json.loads((folder / CARD).read_bytes())
        for name, sha256 in card["sha256"].items():
            with (folder / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                    raise ModelError(f"the reader's {name} in {folder} was altered: {mend}")
        return card_of(card)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"the reader's weights in {folder} cannot be read ({error!r}): {mend}"
        ) from error


def card_of(written: Mapping[str, Any]) -> Card:
    """Return the card from the content of reader.json; raises KeyError or TypeError."""
    return Card(
        max_tokens=int(written["max_tokens"]),
        calibration=_logistic(written["calibration"]),
        prior=_logistic(written["prior"]),
        levels=Levels(**written["levels"]),
        rewriting={name: Thresholds(**written["rewriting"][name]) for name in CONTEXT_CUES},
    )


def _logistic(written: Mapping[str, Any]) -> Logistic:
    return Logistic(tuple(map(float, written["weights"])), float(written["bias"]))

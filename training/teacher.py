"""A larger encoder that is trained as the reader is, and then teaches it.

MPNet-base (Song et al., "MPNet: Masked and Permuted Pre-training for Language Understanding",
2020), from the weights of all-mpnet-base-v2, has ten times the reader's weights in its layers and
the same words in its vocabulary: what it says of a token is said of the reader's own token.
"""

import argparse
import hashlib
import os
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from training.model import SpanModel, base_folder

# Of model.safetensors of sentence-transformers/all-mpnet-base-v2 (Apache-2.0).
SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
# What stands for BERT's special tokens, as RoBERTa writes them.
_SPECIAL = {"[CLS]": "<s>", "[SEP]": "</s>", "[PAD]": "<pad>", "[MASK]": "<mask>"}


class SameTokens(nn.Module):
    """MPNet behind the token numbers of BERT."""

    table: Tensor

    def __init__(self, mpnet: Any, table: Tensor) -> None:
        super().__init__()
        self.mpnet = mpnet
        self.config = mpnet.config
        self.register_buffer("table", table, persistent=False)

    @property
    def encoder(self) -> Any:
        """MPNet's layers."""
        return self.mpnet.encoder

    def forward(self, input_ids: Tensor, token_type_ids: Tensor, attention_mask: Tensor) -> Any:
        """Return what MPNet makes of the tokens; it has no types of tokens."""
        return self.mpnet(input_ids=self.table[input_ids], attention_mask=attention_mask)


def teacher_folder(argument: str) -> Path:
    """Return the folder of a command line; argparse says so if it has not the teacher's weights."""
    weights = Path(argument) / "model.safetensors"
    if not weights.exists():
        raise argparse.ArgumentTypeError(f"there is no {weights}")
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        raise argparse.ArgumentTypeError(f"{weights} are other weights: SHA-256 {found}")
    return weights.parent


def new_teacher(folder: Path, frozen: int) -> SpanModel:
    """Return MPNet with a new head, without dropout.

    ``folder`` has the weights of all-mpnet-base-v2. Its embeddings and its first ``frozen`` layers
    are not trained: they cost much and change little.
    """
    os.environ["HF_HUB_OFFLINE"] = "1"
    from transformers import MPNetModel

    mpnet = MPNetModel.from_pretrained(
        folder, add_pooling_layer=False, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    layers: Any = mpnet.encoder.layer
    for part in (mpnet.embeddings, mpnet.encoder.relative_attention_bias, *layers[:frozen]):
        part.requires_grad_(False)
    return SpanModel(SameTokens(mpnet, token_table(folder / "tokenizer.json")))


def token_table(tokenizer: Path) -> Tensor:
    """Return MPNet's number for each of BERT's tokens: ``(vocabulary,)``.

    Raises ValueError when a token of BERT is unknown: the words are not the same.
    """
    bert = Tokenizer.from_file(str(base_folder() / "tokenizer.json")).get_vocab()
    theirs = Tokenizer.from_file(str(tokenizer)).get_vocab()
    names = {token: _SPECIAL.get(token, token) for token in bert}
    unknown = sorted(token for token, name in names.items() if name not in theirs)
    if unknown:
        raise ValueError(f"{tokenizer} lacks {len(unknown)} tokens, {unknown[0]!r} among them")
    table = torch.zeros(len(bert), dtype=torch.long)
    for token, number in bert.items():
        table[number] = theirs[names[token]]
    return table

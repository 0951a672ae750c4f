"""all-MiniLM-L6-v2 in NumPy for questions, so that answering one needs no torch.

The network is BERT (Devlin et al., 2019) with six layers of 384 units and mean pooling. A question
has about fifteen tokens; importing torch would take a hundred times as long as embedding them.
Passages are embedded by sentence-transformers, which is loaded when it is first needed.
"""

import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_LAYERS, _HEADS, _MAX_TOKENS = 6, 12, 256
_EPSILON = 1e-12  # of layer normalization


class MiniLM:
    """The default embedder. Threads may share it; questions are embedded one at a time.

    ``fingerprint`` identifies the weights, which the caller has checked; ``load`` returns the full
    model, which embeds passages and counts tokens.
    """

    max_seq_length = _MAX_TOKENS
    needs_lock = False  # for questions

    def __init__(self, folder: Path, fingerprint: str, load: Callable[[], Any]) -> None:
        from safetensors.numpy import load_file
        from threadpoolctl import ThreadpoolController
        from tokenizers import Tokenizer

        self._blas = ThreadpoolController().select(user_api="blas")
        self._lock = threading.Lock()  # ``limit`` sets and restores a setting of the process
        self.fingerprint = fingerprint
        self._load = load
        self._weights: Mapping[str, Floats] = load_file(folder / "model.safetensors")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._tokenizer.encode_special_tokens = True  # "[SEP]" in a question is text

    @cached_property
    def _full_model(self) -> Any:
        return self._load()

    @property
    def tokenizer(self) -> Any:
        """The tokenizer of the full model."""
        return self._full_model.tokenizer

    def encode_document(self, inputs: list[str], /) -> Any:
        """Embed passages: array-like ``(n, 384)``."""
        return self._full_model.encode_document(inputs)

    def encode_query(self, inputs: list[str], /) -> Floats:
        """Embed questions: ``(n, 384)``, rows of length 1."""
        tokens = [self._tokenizer.encode(text).ids for text in inputs]
        # With matrices this small, several BLAS threads mostly wait for each other: on a busy
        # machine an answer took twice as long.
        with self._lock, self._blas.limit(limits=1):
            return np.stack([self._embed(ids) for ids in tokens])

    def _embed(self, ids: list[int]) -> Floats:
        """Return the unit vector of one text's tokens."""
        weights, count = self._weights, len(ids)
        hidden = (
            weights["embeddings.word_embeddings.weight"][ids]
            + weights["embeddings.position_embeddings.weight"][:count]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        hidden = self._norm(hidden, "embeddings")
        for layer in range(_LAYERS):
            hidden = self._layer(hidden, f"encoder.layer.{layer}.")
        mean: Floats = hidden.mean(axis=0)
        unit: Floats = mean / np.linalg.norm(mean)
        return unit

    def _layer(self, hidden: Floats, name: str) -> Floats:
        """Return the hidden states ``(tokens, 384)`` after a layer."""
        attended = self._linear(self._attend(hidden, name), f"{name}attention.output.dense")
        hidden = self._norm(hidden + attended, f"{name}attention.output")
        inner = _gelu(self._linear(hidden, f"{name}intermediate.dense"))
        return self._norm(hidden + self._linear(inner, f"{name}output.dense"), f"{name}output")

    def _attend(self, hidden: Floats, name: str) -> Floats:
        """Return the output of multi-head self-attention, ``(tokens, 384)``."""
        query, key, value = (
            self._linear(hidden, f"{name}attention.self.{part}")
            .reshape(len(hidden), _HEADS, -1)
            .swapaxes(0, 1)
            for part in ("query", "key", "value")
        )
        scores = query @ key.swapaxes(1, 2) / np.sqrt(np.float32(query.shape[-1]))
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        attended: Floats = (weights @ value).swapaxes(0, 1).reshape(hidden.shape)
        return attended

    def _linear(self, inputs: Floats, name: str) -> Floats:
        outputs: Floats = inputs @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return outputs

    def _norm(self, hidden: Floats, name: str) -> Floats:
        """Apply layer normalization."""
        centred = hidden - hidden.mean(axis=-1, keepdims=True)
        scale = np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + np.float32(_EPSILON))
        weight, bias = (self._weights[f"{name}.LayerNorm.{part}"] for part in ("weight", "bias"))
        normed: Floats = centred / scale * weight + bias
        return normed


def _gelu(inputs: Floats) -> Floats:
    """Return ``x * P(X <= x)`` for a standard normal X (Hendrycks and Gimpel, 2016)."""
    outputs: Floats = np.float32(0.5) * inputs * (1 + _erf(inputs / np.sqrt(np.float32(2))))
    return outputs


def _erf(inputs: Floats) -> Floats:
    """Return the error function, off by at most 1.5e-7 (Abramowitz and Stegun, 7.1.26)."""
    size = np.abs(inputs)
    t = 1 / (1 + np.float32(0.3275911) * size)
    series = np.zeros_like(t)
    for factor in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = (series + np.float32(factor)) * t
    outputs: Floats = np.sign(inputs) * (1 - series * np.exp(-size * size))
    return outputs

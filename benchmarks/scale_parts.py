"""What every measurement of the scale benchmark is made of: material, times, recall."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from benchmarks.probe import in_new_process
from benchmarks.recombined import KnownEmbedder
from qa_bot.models.embedder import Vectors, load_embedder

T = TypeVar("T")
Costs = dict[str, float]

TOP = 10  # nearest passages
MEBI = 2**20


@dataclass(frozen=True, slots=True)
class Material:
    """What passages are made of: sentences and questions, with their vectors, unit rows."""

    sentences: tuple[str, ...]
    vectors: Vectors
    questions: tuple[str, ...]
    asked: Vectors


def known_embedder(known: Material) -> KnownEmbedder:
    """Return an embedder of these sentences and questions, which counts tokens as the real one."""
    model = load_embedder()
    return KnownEmbedder(
        dict(zip(known.sentences, known.vectors, strict=True)),
        dict(zip(known.questions, known.asked, strict=True)),
        model.tokenizer,
        model.max_seq_length,
    )


def exact_scores(vectors: Vectors, asked: Vectors) -> list[float]:
    """Return for each question the score of its TOP-th nearest vector, by comparing with all."""
    return [float(np.partition(vectors @ one, -TOP)[-TOP]) for one in asked]


def recall(found: Sequence[Sequence[float]], exact: Sequence[float]) -> float:
    """Return the share of the TOP nearest that were found, by their scores: equals are as good."""
    right = sum(
        sum(score >= least - 1e-5 for score in scores)
        for scores, least in zip(found, exact, strict=True)
    )
    return min(1.0, right / (TOP * len(exact)))


def quantiles(seconds: Sequence[float]) -> Costs:
    """Return the median and the 95th percentile of times, in milliseconds."""
    p50, p95 = np.quantile(1000 * np.array(seconds), [0.5, 0.95])
    return {"search p50 ms": float(p50), "search p95 ms": float(p95)}


def timed(call: Callable[[], T]) -> tuple[T, float]:
    """Return what a call returns, and its seconds."""
    began = time.perf_counter()
    found = call()
    return found, time.perf_counter() - began


def attempt(function: Callable[..., Costs], *arguments: Any) -> Mapping[str, Any]:
    """Measure in a new process; return under "error" why that could not be."""
    try:
        return in_new_process(function, *arguments)
    # Too little memory ends the process, and FAISS raises errors of many kinds.
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}

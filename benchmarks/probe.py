"""Measurements of a peer in a process of its own.

Nothing heavy is imported here, so that a process starts with what its peer needs and no more.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.peers import load
from qa_bot.datatypes import Document

T = TypeVar("T")
TOP = 3  # results asked for


@dataclass(frozen=True, slots=True)
class Built:
    """The costs of building and saving an index."""

    passages: int
    seconds: float
    peak: int  # bytes of memory at the peak


@dataclass(frozen=True, slots=True)
class Answered:
    """The costs of answering from a saved index."""

    first: float  # seconds from the start of the process to its first answer
    warm: tuple[float, ...]  # seconds for each of the other questions
    peak: int  # bytes


def in_new_process(function: Callable[..., T], *arguments: Any) -> T:
    """Run a function of an importable module in a fresh interpreter."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def build(name: str, documents: Sequence[tuple[str, str]], folder: Path) -> Built:
    """Build and save an index of documents, each a text and a title; loading is not timed.

    Some load a part of the model when they first build, so something is built before.
    """
    peer = load(name)
    peer.build([Document("Nothing is asked about this.", "First")])
    whole = [Document(text, title) for text, title in documents]
    began = time.perf_counter()
    peer.build(whole)
    seconds = time.perf_counter() - began
    peer.save(folder)
    return Built(len(peer), seconds, peak_memory())


def answer(name: str, folder: Path, questions: Sequence[str], began: float) -> Answered:
    """Open a saved index and answer; ``began`` is the time when the process was started.

    It is a time of perf_counter, which on Linux is one clock for all processes.
    """
    peer = load(name)
    peer.open(folder)
    peer.search(questions[0], TOP)
    first = time.perf_counter() - began
    warm = []
    for question in questions[1:]:
        asked = time.perf_counter()
        peer.search(question, TOP)
        warm.append(time.perf_counter() - asked)
    return Answered(first, tuple(warm), peak_memory())


def peak_memory() -> int:
    """Return the peak memory of this process in bytes.

    Not getrusage: its figure survives exec, so a child would start with that of its parent.
    """
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM"):
            return 1024 * int(line.split()[1])
    raise OSError("this system does not say how much memory a process has held")

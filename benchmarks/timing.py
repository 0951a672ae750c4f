"""The time of an answer about the shipped article, and of each step."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.golden import QUESTIONS, load_questions
from qa_bot.answering.reader import SpanReader
from qa_bot.answering.retriever import fuse
from qa_bot.bot import Bot, default_bot
from qa_bot.models.embedder import embed_query

T = TypeVar("T")
STEPS = ("embed the query", "dense search", "BM25 search", "read")


def time_steps(bot: Bot, question: str) -> list[float]:
    """Return the seconds that each of STEPS takes for one question."""
    vector, embedding = _timed(lambda: embed_query(bot.embedder, question))
    dense, searching = _timed(lambda: bot.index.search_dense(vector, bot.config.candidates))
    bm25, ranking = _timed(lambda: bot.index.search_bm25(question, bot.config.candidates))
    hits = fuse([dense, bm25], bot.config.rrf_k)[: bot.config.top_k]
    _, reading = _timed(lambda: bot.reader.read(question, hits))
    return [embedding, searching, ranking, reading]


def _timed(call: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    found = call()
    return found, time.perf_counter() - started


def main() -> None:
    """Warm up, time the golden questions, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.timing", description=__doc__)
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--rounds", type=int, default=3, help="times each question is asked")
    options = parser.parse_args()
    shipped = default_bot()
    # Each question is read anew in every round.
    reader = SpanReader(remembered=0)
    bot = Bot(shipped.index, shipped.embedder, reader, config=shipped.config)
    questions = [row.question for row in load_questions(options.questions)]
    for question in questions[:5]:
        time_steps(bot, question)
    rows = np.array(
        [time_steps(bot, question) for _ in range(options.rounds) for question in questions]
    )
    totals = 1000 * rows.sum(axis=1)
    print(f"milliseconds an answer: p50 {np.quantile(totals, 0.5):.0f}, ", end="")
    print(f"p95 {np.quantile(totals, 0.95):.0f} ({len(rows)} answers)")
    for step, share in zip(STEPS, rows.sum(axis=0) / rows.sum(), strict=True):
        print(f"  {step:16} {100 * share:5.1f} %")


if __name__ == "__main__":
    main()

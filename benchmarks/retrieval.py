"""How often the passage with the answer is found: by vectors, by BM25, and by both fused."""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.data import Collection, join_titles, pool, read_rows
from qa_bot.answering.retriever import retrieve
from qa_bot.config import Config
from qa_bot.datatypes import Hit, Span
from qa_bot.models.embedder import Embedder, Vectors, embed_query, fingerprint, load_embedder
from qa_bot.store.index import Index

METHODS = ("dense", "BM25", "fused")
BATCH = 256  # texts embedded between two steps of the progress bar


@dataclass(frozen=True, slots=True)
class Result:
    """The results of one way of splitting on one group of questions.

    ``ranks[method]`` has, for each question, how many passages stand above the first that holds an
    answer, or None where none of those found does.
    """

    passage_chars: int
    source: str
    passages: int
    ranks: Mapping[str, list[int | None]]


class RememberingEmbedder:
    """An embedder with a cache: a benchmark embeds the same texts many times."""

    def __init__(self, embedder: Embedder) -> None:
        self.max_seq_length = embedder.max_seq_length
        self.tokenizer = embedder.tokenizer
        self.fingerprint = fingerprint(embedder)
        self._embedder = embedder
        self._queries: dict[str, Vectors] = {}
        self._documents: dict[str, Vectors] = {}

    def encode_query(self, inputs: list[str], /) -> Vectors:
        """Embed questions: ``(n, dim)``."""
        return _remember(inputs, self._queries, self._embedder.encode_query)

    def encode_document(self, inputs: list[str], /) -> Vectors:
        """Embed passages: ``(n, dim)``."""
        return _remember(inputs, self._documents, self._embedder.encode_document)


def _remember(
    texts: list[str], known: dict[str, Vectors], encode: Callable[[list[str]], Any]
) -> Vectors:
    """Return the vectors of texts, embedding those that are not in the cache."""
    new = [text for text in dict.fromkeys(texts) if text not in known]
    if new:
        known.update(zip(new, np.asarray(encode(new), dtype=np.float32), strict=True))
    return np.stack([known[text] for text in texts])


def first_rank(found: Iterable[Span], answers: Sequence[Span]) -> int | None:
    """Return how many spans come before the first that contains a whole answer, or None."""
    for rank, span in enumerate(found):
        if any(_holds(span, answer) for answer in answers):
            return rank
    return None


def _holds(span: Span, answer: Span) -> bool:
    """Whether an answer lies inside a span."""
    return (
        span.document == answer.document and span.start <= answer.start and answer.end <= span.end
    )


def recall(ranks: Sequence[int | None], top: int) -> float:
    """Return the share of questions with a right passage among the first ``top``."""
    return sum(rank is not None and rank < top for rank in ranks) / len(ranks)


def search(
    index: Index, embedder: Embedder, question: str, config: Config
) -> dict[str, Sequence[Hit]]:
    """Return the results of each method, best first."""
    return {
        "dense": index.search_dense(embed_query(embedder, question), config.top_k),
        "BM25": index.search_bm25(question, config.top_k),
        "fused": retrieve([index], embedder, question, config),
    }


def measure(collection: Collection, embedder: Embedder, config: Config) -> Result:
    """Index a collection and ask its questions."""
    index = Index.new(config.build_settings(), embedder)
    index.add(collection.documents, embedder)
    ranks: dict[str, list[int | None]] = {method: [] for method in METHODS}
    for case in collection.cases:
        for method, hits in search(index, embedder, case.question, config).items():
            ranks[method].append(first_rank((hit.passage for hit in hits), case.answers))
    return Result(config.passage_chars, collection.source, len(index), ranks)


def measure_all(
    collections: Sequence[Collection], embedder: Embedder, config: Config
) -> list[Result]:
    """Measure each title, summed by source and in total, then each source as one collection."""
    label = f"passages of {config.passage_chars}"
    single = [
        measure(c, embedder, config) for c in tqdm(collections, label, unit="title", disable=None)
    ]
    sources = list(dict.fromkeys(result.source for result in single))
    return [
        *(merge([r for r in single if r.source == source], source) for source in sources),
        merge(single, "all"),
        *(
            measure(c, embedder, config)
            for c in tqdm(pool(collections), label, unit="pool", disable=None)
        ),
    ]


def merge(results: Sequence[Result], source: str) -> Result:
    """Combine several results of the same splitting."""
    ranks = {method: [rank for r in results for rank in r.ranks[method]] for method in METHODS}
    return Result(results[0].passage_chars, source, sum(r.passages for r in results), ranks)


def table_head(tops: Sequence[int]) -> str:
    """Return the first two lines of a Markdown table of results."""
    columns = [f"{method} @{top}" for method in METHODS for top in tops]
    head = ["passage_chars", "source", "passages", "questions", *columns]
    return "\n".join((_table_row(head), _table_row(["---:", "---", *["---:"] * len(head[2:])])))


def table_row(result: Result, tops: Sequence[int]) -> str:
    """Return a result as a row of that table, with recall in percent."""
    recalls = [recall(result.ranks[method], top) for method in METHODS for top in tops]
    counts = [str(result.passages), str(len(result.ranks["fused"]))]
    cells = [str(result.passage_chars), result.source, *counts, *(f"{r:.1%}" for r in recalls)]
    return _table_row(cells)


def _table_row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    default = Config()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval", description=__doc__)
    parser.add_argument("data", type=Path, help="questions: JSON lines, or SQuAD's format")
    parser.add_argument("--top", type=int, nargs="+", default=[1, 3, 10], metavar="K")
    parser.add_argument(
        "--passage-chars", type=int, nargs="+", default=[default.passage_chars], metavar="N"
    )
    parser.add_argument("--model", default=default.model, help="name or folder")
    args = parser.parse_args(argv)

    collections = join_titles(read_rows(args.data))
    embedder = RememberingEmbedder(load_embedder(args.model))
    questions = [case.question for collection in collections for case in collection.cases]
    for at in tqdm(range(0, len(questions), BATCH), "questions", unit="batch", disable=None):
        embedder.encode_query(questions[at : at + BATCH])
    print(table_head(args.top), flush=True)
    for size in args.passage_chars:
        config = replace(default, model=args.model, passage_chars=size, top_k=max(args.top))
        for result in measure_all(collections, embedder, config):
            print(table_row(result, args.top), flush=True)


if __name__ == "__main__":
    main()

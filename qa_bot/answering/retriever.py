"""Query -> Hits: dense search and BM25, fused by reciprocal rank."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from qa_bot.config import Config
from qa_bot.datatypes import Hit, Passage
from qa_bot.models.embedder import Embedder, embed_query
from qa_bot.store.protocols import SearchIndex


def retrieve(
    index: SearchIndex,
    embedder: Embedder,
    query: str,
    config: Config,
    documents: Collection[str] | None = None,
) -> list[Hit]:
    """Return the ``top_k`` passages for a query, best first.

    They are of the documents with these ids, or of any. A passage that only its words have found
    is given the similarity of the last one found by meaning: it has no more. One that only its
    meaning has found has a BM25 score of 0. Raises ValueError for ids that are not in the index,
    and for none.
    """
    dense = index.search_dense(embed_query(embedder, query), config.candidates, documents)
    bm25 = index.search_bm25(query, config.candidates, documents)
    similarities = {hit.passage: hit.score for hit in dense}
    least = min(similarities.values(), default=0.0)
    scores = {hit.passage: hit.score for hit in bm25}
    return [
        replace(
            hit,
            similarity=similarities.get(hit.passage, least),
            bm25=scores.get(hit.passage, 0.0),
        )
        for hit in fuse([dense, bm25], config.rrf_k)[: config.top_k]
    ]


def fuse(rankings: Iterable[Sequence[Hit]], rrf_k: int) -> list[Hit]:
    """Merge rankings by reciprocal rank: a passage scores the sum of ``1 / (rrf_k + rank)``.

    Ranks count from 1; a passage that a ranking lacks gets nothing from it. The result is best
    first; equal scores keep the order of the rankings. Source: Cormack, Clarke and Büttcher,
    "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods" (2009).
    """
    scores: dict[Passage, float] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking, start=1):
            scores[hit.passage] = scores.get(hit.passage, 0.0) + 1 / (rrf_k + rank)
    ordered = sorted(scores.items(), key=lambda item: -item[1])
    return [Hit(passage, score) for passage, score in ordered]

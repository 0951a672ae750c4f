"""Query -> Hits: dense search and BM25, fused by reciprocal rank."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import chain

from qa_bot.config import Config
from qa_bot.datatypes import Hit, Passage
from qa_bot.models.embedder import Embedder, embed_query
from qa_bot.store.embedded import check_ids
from qa_bot.store.protocols import SearchIndex


def retrieve(
    indexes: Sequence[SearchIndex],
    embedder: Embedder,
    query: str,
    config: Config,
    documents: Collection[str] | None = None,
) -> list[Hit]:
    """Return the ``top_k`` passages of all indexes for a query, best first.

    Cosines of several indexes compare, so their dense hits are merged by score. BM25 scores do not
    compare: each list is ranked alone, and its scores are shifted so that the best of every index
    is the same. A passage found only by BM25 gets the similarity of the last dense hit, because it
    has no more; one found only by dense search has the BM25 score 0, shifted too. ``documents``
    holds the ids of the documents to search; None means all. Raises ValueError for an id that is
    in no index, and for an empty collection.
    """
    vector = embed_query(embedder, query)
    hits = [
        (
            index.search_dense(vector, config.candidates, ids),
            index.search_bm25(query, config.candidates, ids),
        )
        for index, ids in _chosen(indexes, documents)
    ]
    dense = sorted(chain.from_iterable(it for it, _ in hits), key=lambda hit: -hit.score)
    dense = dense[: config.candidates]
    similarities = {hit.passage: hit.score for hit in dense}
    least = min(similarities.values(), default=0.0)
    scores = _shifted_bm25(hits)
    fused = fuse([dense, *(bm25 for _, bm25 in hits)], config.rrf_k)
    return [
        replace(hit, similarity=similarities.get(hit.passage, least), bm25=scores[hit.passage])
        for hit in fused[: config.top_k]
    ]


def _shifted_bm25(hits: Sequence[tuple[Sequence[Hit], Sequence[Hit]]]) -> dict[Passage, float]:
    """Return the BM25 scores of the (dense, BM25) hits of each index; each index has one best."""
    best = [max((hit.score for hit in bm25), default=0.0) for _, bm25 in hits]
    scores: dict[Passage, float] = {}
    for (dense, bm25), own in zip(hits, best, strict=True):
        shift = max(best) - own if bm25 else 0.0
        scores |= {hit.passage: shift for hit in dense}
        scores |= {hit.passage: hit.score + shift for hit in bm25}
    return scores


def _chosen(
    indexes: Sequence[SearchIndex], documents: Collection[str] | None
) -> list[tuple[SearchIndex, set[str] | None]]:
    """Return the indexes to search, each with the ids of the documents to search in it."""
    if documents is None:
        return [(index, None) for index in indexes]
    ids = [{document.id for document in index.documents} for index in indexes]
    check_ids(documents, set().union(*ids))
    asked = [known.intersection(documents) for known in ids]
    return [(index, some) for index, some in zip(indexes, asked, strict=True) if some]


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

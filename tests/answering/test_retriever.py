"""Fusion by reciprocal rank, and finding passages with the real model."""

import pytest

from qa_bot.answering.retriever import fuse, retrieve
from qa_bot.bot import Bot
from qa_bot.config import Config
from qa_bot.datatypes import Document, Hit, Passage
from qa_bot.models.embedder import Embedder, embed_passages, embed_query
from qa_bot.store.index import Index
from tests.helpers.fakes import WordEmbedder

DOCUMENT = Document("abcdef")
A, B, C = (Passage(DOCUMENT, i, i + 1) for i in range(3))


def test_fusion_adds_reciprocal_ranks() -> None:
    fused = fuse([[Hit(A, 9.0), Hit(B, 8.0)], [Hit(B, 0.7), Hit(C, 0.1)]], rrf_k=60)
    assert [hit.passage for hit in fused] == [B, A, C]
    assert [hit.score for hit in fused] == pytest.approx([1 / 62 + 1 / 61, 1 / 61, 1 / 62])


def test_equal_scores_keep_the_order_of_the_rankings() -> None:
    assert [hit.passage for hit in fuse([[Hit(C, 1.0)], [Hit(A, 1.0)]], rrf_k=60)] == [C, A]


def test_nothing_found_is_nothing() -> None:
    assert fuse([[], []], rrf_k=60) == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("Which division of the Army was sent?", "82nd Airborne Division"),
        ("kataeb hezbollah quds force linkage", "strong linkage"),
        ("Who thinks that peace is a good thing?", "I want to have peace"),
    ],
)
def test_the_passage_that_answers_comes_first(shipped_bot: Bot, query: str, words: str) -> None:
    hits = retrieve([shipped_bot.index], shipped_bot.embedder, query, Config())
    assert words in hits[0].passage.text
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_no_more_than_top_k(shipped_bot: Bot) -> None:
    hits = retrieve([shipped_bot.index], shipped_bot.embedder, "Iran", Config(top_k=3))
    assert len({hit.passage for hit in hits}) == 3


@pytest.mark.slow
def test_passages_of_chosen_documents_alone(minilm: Embedder) -> None:
    harbour, light = Document("The harbour is green."), Document("The lighthouse is green.")
    bot = Bot.from_documents([harbour, light], embedder=minilm)
    hits = retrieve([bot.index], minilm, "What is green?", Config(), {light.id})
    assert [hit.passage.document for hit in hits] == [light]
    assert {
        hit.passage.document for hit in retrieve([bot.index], minilm, "What is green?", Config())
    } == {harbour, light}


@pytest.mark.slow
def test_a_hit_knows_how_like_the_query_its_passage_is(minilm: Embedder) -> None:
    texts = ["The harbour is green.", "A lighthouse stands there.", "Zebra 7."]
    bot = Bot.from_documents([Document(text) for text in texts], embedder=minilm)
    query = "Which harbour has zebra 7?"
    near = retrieve([bot.index], minilm, query, Config(candidates=2))
    vector = embed_query(minilm, query)
    cosines = [float(embed_passages(minilm, [text])[0] @ vector) for text in texts]
    assert sorted(cosines)[-2:] == sorted([cosines[0], cosines[2]])  # the lighthouse is not found
    for hit in near:
        expected = cosines[texts.index(hit.passage.text)]
        assert hit.similarity == pytest.approx(expected, abs=1e-5)
    one = retrieve([bot.index], minilm, query, Config(candidates=1))
    assert {hit.similarity for hit in one} == {max(hit.similarity for hit in near)}


@pytest.mark.slow
def test_a_hit_knows_its_bm25_score(minilm: Embedder) -> None:
    texts = ["The harbour is green.", "A lighthouse stands there.", "Zebra 7."]
    bot = Bot.from_documents([Document(text) for text in texts], embedder=minilm)
    query = "Which harbour has zebra 7?"
    found = {hit.passage.text: hit.bm25 for hit in retrieve([bot.index], minilm, query, Config())}
    due = {hit.passage.text: hit.score for hit in bot.index.search_bm25(query, 3)}
    assert set(due) == {texts[0], texts[2]}
    assert found == {**due, texts[1]: 0.0}


def index_of(*texts: str) -> Index:
    index = Index(Config().build_settings(), WordEmbedder.fingerprint, 64)
    index.add([Document(text) for text in texts], WordEmbedder())
    return index


def test_passages_of_several_indexes_are_ranked_together() -> None:
    texts = "the mill is old", "a ferry sails", "the ferry is late today", "the ferry is green"
    indexes, query = [index_of(*texts[:3]), index_of(texts[3])], "the ferry is green"
    hits = retrieve(indexes, WordEmbedder(), query, Config())
    whole = retrieve([index_of(*texts)], WordEmbedder(), query, Config())
    assert hits[0].passage.text == whole[0].passage.text == query
    similarities = {hit.passage: hit.similarity for hit in whole}
    assert {hit.passage: hit.similarity for hit in hits} == pytest.approx(similarities)
    assert len(retrieve(indexes, WordEmbedder(), query, Config(top_k=2))) == 2


def test_the_best_bm25_score_of_every_index_is_the_same() -> None:
    shared = index_of("mill mill mill", "a ferry sails", "grass grows", "it rains")
    own = index_of("the mill is old", "no words here")
    query = "mill"
    scores = {
        hit.passage.text: hit.bm25
        for hit in retrieve([shared, own], WordEmbedder(), query, Config())
    }
    (best,) = shared.search_bm25(query, 5)
    (low,) = own.search_bm25(query, 5)
    assert low.score < best.score
    assert scores["mill mill mill"] == scores["the mill is old"] == pytest.approx(best.score)
    assert scores["a ferry sails"] == 0
    assert scores["no words here"] == pytest.approx(best.score - low.score)


def test_an_index_without_a_word_of_the_query_has_bm25_scores_of_0() -> None:
    indexes = [index_of("the mill is old", "it rains"), index_of("a ferry sails")]
    hits = retrieve(indexes, WordEmbedder(), "mill", Config())
    scores = {hit.passage.text: hit.bm25 for hit in hits}
    assert scores["the mill is old"] > 0
    assert (scores["it rains"], scores["a ferry sails"]) == (0, 0)


def test_only_chosen_documents_of_any_index_are_found() -> None:
    shared, own = index_of("the mill is old", "the mill is red"), index_of("the mill is green")
    ids = {Document(text).id for text in ("the mill is red", "the mill is green")}
    hits = retrieve([shared, own], WordEmbedder(), "mill", Config(), ids)
    assert {hit.passage.document.id for hit in hits} == ids
    with pytest.raises(ValueError, match="no document with the id 'x'"):
        retrieve([shared, own], WordEmbedder(), "mill", Config(), ["x"])

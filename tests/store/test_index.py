"""The index against plain arithmetic; adding, removing, many threads."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_bot.datatypes import Document
from qa_bot.errors import ModelError, QABotError
from qa_bot.models.embedder import embed_query
from qa_bot.store.embedded import BATCH
from qa_bot.store.index import Index
from tests.helpers.index_fakes import (
    DIMENSION,
    DOCUMENTS,
    EMBEDDER,
    FAIR,
    QUERIES,
    RIVER,
    SETTINGS,
    HashEmbedder,
    build,
    long_document,
    search_all,
)


class FailingEmbedder(HashEmbedder):
    """Embeds a few batches, then fails."""

    def __init__(self, batches: int) -> None:
        self.left = batches

    def encode_document(self, inputs: Sequence[str]) -> np.ndarray:
        if self.left == 0:
            raise RuntimeError("out of memory")
        self.left -= 1
        return self.encode_query(inputs)


class OddEmbedder(HashEmbedder):
    """Embeds passages as whatever it is given."""

    def __init__(self, vectors: np.ndarray) -> None:
        self.vectors = vectors

    def encode_document(self, inputs: Sequence[str]) -> np.ndarray:
        return self.vectors


def cosines(query: str, texts: list[str]) -> np.ndarray:
    """Return the cosine of a query with each text, from the definition."""
    one = EMBEDDER._embed(query)
    rows = [EMBEDDER._embed(text) for text in texts]
    return np.array([row @ one / np.linalg.norm(row) / np.linalg.norm(one) for row in rows])


def test_passages_are_those_of_the_splitter_in_order() -> None:
    index = build()
    assert index.documents == DOCUMENTS
    assert [passage.text for passage in index.passages] == [
        "The river rose in March. It flooded the old mill.",
        "It flooded the old mill. Nobody was hurt by the water.",
        "The mill was built by Zebulon Quick.",
        "He sold it to his daughter.",
        "The fair came to town. There was a wheel and a band.",
        "There was a wheel and a band. It rained on Sunday.",
    ]
    assert len(index) == 6


@pytest.mark.slow
@given(st.text(min_size=1, max_size=50), st.integers(1, 12))
@settings(deadline=None)
def test_dense_search_is_brute_force(query: str, k: int) -> None:
    index = build()
    expected = cosines(query, [passage.text for passage in index.passages])
    hits = index.search_dense(embed_query(EMBEDDER, query), k)
    order = np.argsort(-expected)[:k]
    assert [hit.passage for hit in hits] == [index.passages[row] for row in order]
    assert [hit.score for hit in hits] == pytest.approx(expected[order], abs=1e-6)


def test_dense_search_among_many_is_brute_force() -> None:
    index = build([long_document(300)])
    expected = cosines("word7", [passage.text for passage in index.passages])
    hits = index.search_dense(embed_query(EMBEDDER, "word7"), 20)
    assert [hit.passage for hit in hits] == [index.passages[r] for r in np.argsort(-expected)[:20]]


SHELF = [
    RIVER,
    Document(" \n"),  # has no passages
    FAIR,
    long_document(20),
    Document("Zebulon Quick built the fair, the mill, and the wheel of the mill."),
]


SHELF_INDEX = build(SHELF)


choices = st.sets(st.sampled_from([document.id for document in SHELF]), min_size=1)


@pytest.mark.slow
@given(st.text(min_size=1, max_size=50), st.integers(1, 30), choices)
@settings(deadline=None)
def test_dense_search_in_chosen_documents_is_brute_force(
    query: str, k: int, chosen: set[str]
) -> None:
    among = [passage for passage in SHELF_INDEX.passages if passage.document.id in chosen]
    expected = cosines(query, [passage.text for passage in among])
    hits = SHELF_INDEX.search_dense(embed_query(EMBEDDER, query), k, chosen)
    order = np.argsort(-expected)[:k]
    assert [hit.passage for hit in hits] == [among[row] for row in order]
    assert [hit.score for hit in hits] == pytest.approx(expected[order], abs=1e-6)


@pytest.mark.slow
@given(st.sampled_from([*QUERIES, "word3 word7 sentence"]), st.integers(1, 30), choices)
@settings(deadline=None)
def test_bm25_in_chosen_documents_is_bm25_in_all_without_the_others(
    query: str, k: int, chosen: set[str]
) -> None:
    in_all = SHELF_INDEX.search_bm25(query, len(SHELF_INDEX))
    expected = [hit for hit in in_all if hit.passage.document.id in chosen][:k]
    assert SHELF_INDEX.search_bm25(query, k, list(chosen)) == expected


@pytest.mark.parametrize(
    ("chosen", "complaint"), [([], "no document is chosen"), ([FAIR.id, "f00"], "id 'f00'")]
)
def test_no_documents_and_unknown_ones_are_mistakes(chosen: list[str], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        INDEX.search_bm25("mill", 3, chosen)
    with pytest.raises(ValueError, match=complaint):
        INDEX.search_dense(np.zeros(DIMENSION, dtype=np.float32), 3, chosen)


class SlowEmbedder(HashEmbedder):
    """Takes a while for each text, as a model does; tells when it took up a question."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def encode_query(self, inputs: Sequence[str]) -> np.ndarray:
        self.calls.append("question")
        return super().encode_query(inputs)

    def encode_document(self, inputs: Sequence[str]) -> np.ndarray:
        self.calls.append("batch")
        time.sleep(0.002 * len(inputs))
        return super().encode_query(inputs)


@pytest.mark.slow
def test_questions_are_taken_up_between_the_batches_of_an_upload() -> None:
    embedder = SlowEmbedder()
    index = Index(SETTINGS, embedder.fingerprint, DIMENSION)
    document = long_document(25 * BATCH)
    with ThreadPoolExecutor(1) as pool:
        adding = pool.submit(index.add, [document], embedder)
        while not embedder.calls:
            time.sleep(0.001)
        for _ in range(10):
            embed_query(embedder, "who built the mill")
        asked = [at for at, call in enumerate(embedder.calls) if call == "question"]
        assert adding.result() == (document,)
    waits = [after - before - 1 for before, after in pairwise([0, *asked])]
    assert len(asked) == 10 and max(waits) <= 2  # batches between one question and the next


def test_the_passage_itself_has_cosine_1() -> None:
    index = build()
    passage = index.passages[3]
    best = index.search_dense(embed_query(EMBEDDER, passage.text), 1)
    assert [hit.passage for hit in best] == [passage]
    assert best[0].score == pytest.approx(1)


def test_equal_vectors_come_in_the_order_of_the_passages() -> None:
    index = Index.new(SETTINGS, EMBEDDER)
    index.add(DOCUMENTS, OddEmbedder(np.ones((6, DIMENSION))))
    hits = index.search_dense(np.full(DIMENSION, 0.25, dtype=np.float32), 6)
    assert [hit.passage for hit in hits] == list(index.passages)


def test_words_find_their_passages() -> None:
    index = build()
    hits = index.search_bm25("Did Zebulon Quick's wheel turn?", 9)
    assert [hit.passage.text for hit in hits] == [
        "The mill was built by Zebulon Quick.",
        "There was a wheel and a band. It rained on Sunday.",
        "The fair came to town. There was a wheel and a band.",
    ]
    assert index.search_bm25("aardvark", 5) == []


@given(st.text())
@settings(deadline=None, max_examples=50)
def test_any_text_can_be_searched_for(query: str) -> None:
    hits = INDEX.search_bm25(query, 3)
    assert {hit.passage for hit in hits} <= set(INDEX.passages)


INDEX = build()


@pytest.mark.parametrize("k", [0, -1])
def test_a_number_of_hits_below_1_is_a_mistake(k: int) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        INDEX.search_bm25("mill", k)
    with pytest.raises(ValueError, match="1 or more"):
        INDEX.search_dense(np.zeros(DIMENSION, dtype=np.float32), k)


def test_a_vector_of_another_size_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"\(3,\) in an index of 16"):
        INDEX.search_dense(np.zeros(3, dtype=np.float32), 1)


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    index = Index.new(SETTINGS, EMBEDDER)
    assert search_all(index) == [[]] * 12
    index.save(tmp_path)
    assert search_all(Index.open(tmp_path)) == [[]] * 12
    assert Index.open(tmp_path).documents == ()


def test_a_document_without_words_is_kept_without_passages(tmp_path: Path) -> None:
    build([Document(" \n"), FAIR]).save(tmp_path)
    index = Index.open(tmp_path)
    assert [document.text for document in index.documents] == [" \n", FAIR.text]
    assert {passage.document for passage in index.passages} == {FAIR}


def test_adding_again_changes_nothing(tmp_path: Path) -> None:
    index = build()
    before = search_all(index)
    again = Document(RIVER.text, "Another title")
    assert index.add([again, FAIR], EMBEDDER) == ()
    assert search_all(index) == before
    assert index.documents[0].title == "The river"


def test_one_document_given_twice_is_added_once() -> None:
    index = Index.new(SETTINGS, EMBEDDER)
    assert index.add([FAIR, RIVER, FAIR], EMBEDDER) == (FAIR, RIVER)
    assert index.documents == (FAIR, RIVER)
    assert len(index) == 6


def test_adding_one_by_one_is_adding_at_once(tmp_path: Path) -> None:
    index = Index.new(SETTINGS, EMBEDDER)
    assert index.add([RIVER], EMBEDDER) == (RIVER,)
    assert index.add([FAIR], EMBEDDER) == (FAIR,)
    assert search_all(index) == search_all(INDEX)


class RaggedEmbedder(HashEmbedder):
    """Counts the characters a model would read: of each batch, as many as its longest text has."""

    def __init__(self) -> None:
        self.read = 0

    def encode_document(self, inputs: Sequence[str]) -> np.ndarray:
        self.read += len(inputs) * max(map(len, inputs))
        return super().encode_document(inputs)


def test_texts_of_a_batch_are_about_equally_long_and_each_keeps_its_row() -> None:
    embedder = RaggedEmbedder()
    index = Index.new(SETTINGS, embedder)
    text = "\n\n".join("w" * (1 + 37 * number % 120) + "." for number in range(500))
    index.add([Document(text)], embedder)
    assert embedder.read < 1.1 * sum(len(passage.text) for passage in index.passages)
    for passage in index.passages[::50]:
        (hit,) = index.search_dense(embed_query(embedder, passage.text), 1)
        assert hit.passage.text == passage.text


def test_progress_is_told_after_each_batch() -> None:
    index, told = Index.new(SETTINGS, EMBEDDER), list[tuple[int, int]]()
    index.add([long_document(150)], EMBEDDER, lambda done, total: told.append((done, total)))
    assert (len(index), BATCH) == (150, 16)
    assert told == [*((done, 150) for done in range(16, 150, 16)), (150, 150)]


def test_a_failure_midway_leaves_the_index_as_it_was() -> None:
    index = build()
    before = search_all(index)
    with pytest.raises(RuntimeError, match="out of memory"):
        index.add([long_document(70)], FailingEmbedder(batches=1))
    assert index.documents == DOCUMENTS
    assert search_all(index) == before


@pytest.mark.parametrize("vectors", [np.ones((1, 16)), np.ones((6, 8)), np.full((6, 16), np.inf)])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_vectors_that_do_not_fit_are_refused(vectors: np.ndarray) -> None:
    index = Index.new(SETTINGS, EMBEDDER)
    with pytest.raises(ModelError, match="--model"):
        index.add(DOCUMENTS, OddEmbedder(vectors))
    assert index.documents == ()


def test_removing_a_document_leaves_what_the_others_alone_make() -> None:
    index = build()
    assert index.remove([RIVER.id]) == (RIVER,)
    assert index.documents == (FAIR,)
    assert search_all(index) == search_all(build([FAIR]))
    assert index.remove([FAIR.id]) == (FAIR,)
    assert search_all(index) == [[]] * 12


def test_an_unknown_id_removes_nothing() -> None:
    index = build()
    with pytest.raises(QABotError, match=r"no document 'nonsense'.*qa-bot list"):
        index.remove([RIVER.id, "nonsense"])
    assert index.documents == DOCUMENTS


@pytest.mark.slow
def test_many_threads_find_what_one_finds() -> None:
    index = build([*DOCUMENTS, long_document(50)])
    expected = search_all(index)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: search_all(index), range(100)))
    assert found == [expected] * 100


@pytest.mark.slow
def test_searches_while_documents_come_and_go_see_one_state_or_the_other() -> None:
    index = build([RIVER])
    states = [search_all(build([RIVER])), search_all(INDEX)]

    def change() -> None:
        for _ in range(30):
            index.add([FAIR], EMBEDDER)
            index.remove([FAIR.id])

    with ThreadPoolExecutor(4) as pool:
        changing = pool.submit(change)
        while not changing.done():
            for found in pool.map(lambda query: index.search_bm25(query, 10), QUERIES):
                assert any(found in state for state in states)
        changing.result()
    assert search_all(index) == states[0]

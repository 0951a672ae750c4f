"""Recombined passages are what the index is given, and recall is counted against exact search."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import record
from benchmarks.recombined import (
    SENTENCES,
    KnownEmbedder,
    documents_of,
    pick,
    real_sentences,
    vectors_of,
)
from benchmarks.scale import (
    TOP,
    TYPES,
    Material,
    exact_scores,
    factory,
    kept,
    measure_changes,
    measure_type,
    quantiles,
    recall,
)
from qa_bot.config import Config
from qa_bot.datatypes import Document
from qa_bot.store.index import Index
from tests.helpers.fakes import WordTokenizer

DIMENSION = 48
TEXTS = tuple(
    f"{name} is {at} years old and has told nobody anything about it until this very day."
    for at, name in enumerate(["Ann", "Bob", "Cid", "Dan", "Eve", "Fay", "Gus", "Hal"])
)


def known_vectors(count: int) -> np.ndarray:
    drawn = np.random.default_rng(1).normal(size=(count, DIMENSION)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def test_picks_are_seeded_and_the_small_ones_begin_the_large_ones() -> None:
    assert (pick(50, 8)[:20] == pick(20, 8)).all()
    assert pick(20, 8).shape == (20, SENTENCES)


def test_the_index_holds_the_passages_and_the_vectors_that_were_made() -> None:
    vectors = known_vectors(len(TEXTS))
    sentences = dict(zip(TEXTS, vectors, strict=True))
    embedder = KnownEmbedder(sentences, {"Who?": vectors[0]}, WordTokenizer(), 256)
    picks = pick(150, len(TEXTS))
    index = Index.new(Config().build_settings(), embedder)
    index.add(documents_of(picks, TEXTS), embedder)
    assert [passage.text.split("\n") for passage in index.passages] == [
        [TEXTS[one] for one in row] for row in picks
    ]
    made = vectors_of(picks, vectors)
    best = [hit.score for hit in index.search_dense(vectors[0], TOP)]
    assert np.allclose(best, np.sort(made @ vectors[0])[::-1][:TOP], atol=1e-5)


def test_changes_are_measured_where_they_are_saved(tmp_path: Path) -> None:
    vectors = known_vectors(len(TEXTS))
    known = dict(zip(TEXTS, vectors, strict=True))
    embedder = KnownEmbedder(known, {"Who?": vectors[0]}, WordTokenizer(), 256)
    index = Index.new(Config().build_settings(), embedder)
    old, new = Document(TEXTS[0]), Document(TEXTS[1])
    index.add([old], embedder)
    index.save(tmp_path)
    costs = measure_changes(index, tmp_path, embedder, new, old)
    assert Index.open(tmp_path).documents == (new,)
    assert list(costs) == ["add one s", "save added s", "remove one s", "save removed s"]
    assert all(seconds > 0 for seconds in costs.values())


def test_made_vectors_have_length_one_and_the_direction_of_the_mean() -> None:
    vectors = known_vectors(8)
    made = vectors_of(np.array([[0, 1, 2], [3, 3, 3]]), vectors)
    assert np.allclose(np.linalg.norm(made, axis=1), 1)
    assert np.allclose(made[1], vectors[3], atol=1e-6)
    middle = vectors[:3].mean(axis=0)
    assert np.allclose(made[0], middle / np.linalg.norm(middle), atol=1e-6)


def test_sentences_taken_are_whole_of_a_fit_length_and_each_once() -> None:
    fit = "The harbour master counts every boat that comes in before the sun goes down."
    documents = [Document(f"{fit} Short one. {fit}"), Document(f"{fit}\n\nAnother short one.")]
    assert real_sentences(documents) == [fit]


def test_recall_counts_what_is_as_near_as_the_tenth() -> None:
    exact = [0.5]
    assert recall([[0.9, 0.8, 0.7, 0.6, 0.5, 0.49, 0.4, 0.3, 0.2, 0.1]], exact) == 0.5
    assert recall([[0.9] * TOP], exact) == 1.0
    assert recall([[]], exact) == 0.0


def test_the_exact_score_is_that_of_the_tenth_nearest() -> None:
    vectors = np.array([[value] for value in range(20)], dtype=np.float32)
    assert exact_scores(vectors, np.array([[1.0], [-1.0]], dtype=np.float32)) == [10.0, -9.0]


@pytest.mark.parametrize("kind", [kind for kind in TYPES if "PQ" not in kind])
def test_every_type_finds_most_of_the_nearest(kind: str) -> None:
    vectors = known_vectors(60)
    material = Material(tuple(map(str, range(60))), vectors, ("a", "b"), vectors[:2])
    found: dict[str, Any] = measure_type(kind, 300, material)
    assert found["passages"] == 300
    assert found["recall"] == 1.0 if kind == "Flat" else found["recall"] > 0.5


def test_an_inverted_file_has_cells_by_the_root_of_its_size() -> None:
    assert factory("IVF,SQ8", 10_000) == "IVF200,SQ8"
    assert factory("HNSW32", 10_000) == "HNSW32"


def test_sizes_can_be_run_in_turn_on_the_same_data_alone(tmp_path: Path) -> None:
    about = {"data": "dev", "sentences": 8, "questions": 2}
    assert kept(tmp_path, about) == ({}, {})
    types = {"Flat": {"1000": {"recall": 1.0}}}
    record.write(tmp_path, "scale", [], {**about, "ours": {"1000": {}}, "types": types})
    assert kept(tmp_path, about) == ({"1000": {}}, types)
    with pytest.raises(ValueError, match="of other data: name another --out"):
        kept(tmp_path, {**about, "questions": 3})


def test_times_are_told_in_milliseconds() -> None:
    found = quantiles([0.001, 0.002, 0.003])
    assert found["search p50 ms"] == pytest.approx(2)
    assert found["search p95 ms"] == pytest.approx(2.9)

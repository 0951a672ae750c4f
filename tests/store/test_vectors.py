"""The nearest vectors, against NumPy comparing with every one."""

import gc

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_bot.models.embedder import Vectors
from qa_bot.store import vectors
from qa_bot.store.vectors import VectorIndex

DIMENSION = 8
FEW = 40  # vectors that are searched exactly, in these tests


@pytest.fixture(autouse=True)
def soon_in_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "EXACT_UP_TO", FEW)


def unit(count: int, seed: int = 0) -> Vectors:
    drawn = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32)
    made: Vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return made


def brute_force(matrix: Vectors, vector: Vectors, k: int, among: list[int]) -> list[int]:
    scores = matrix @ vector
    return sorted(among, key=lambda row: (-float(scores[row]), row))[:k]


def rows(found: list[tuple[int, float]]) -> list[int]:
    return [row for row, _ in found]


@pytest.mark.parametrize("count", [1, FEW, FEW + 1, 700])
def test_found_is_what_comparing_with_all_finds(count: int) -> None:
    matrix = unit(count)
    kept = VectorIndex.build(matrix)  # 700: 52 cells, of which 32 are searched
    right = 0
    for vector in unit(30, seed=1):
        found = kept.search(vector, 10)
        scores = [score for _, score in found]
        assert scores == sorted(scores, reverse=True)
        assert scores == pytest.approx(
            [float(matrix[row] @ vector) for row in rows(found)], abs=1e-6
        )
        right += len(set(rows(found)) & set(brute_force(matrix, vector, 10, list(range(count)))))
    due = 30 * min(count, 10)
    assert right == due if count <= FEW else right >= 0.95 * due


@settings(deadline=None)  # FAISS is imported in the first
@given(st.integers(1, 90), st.integers(1, 12), st.data())
def test_of_chosen_rows_none_is_missed(count: int, k: int, data: st.DataObject) -> None:
    matrix = unit(count)
    among = data.draw(st.lists(st.integers(0, count - 1), unique=True))
    (vector,) = unit(1, seed=2)
    found = VectorIndex.build(matrix).search(vector, k, np.array(among, dtype=np.int64))
    assert rows(found) == brute_force(matrix, vector, k, among)


def test_equal_ones_come_by_row() -> None:
    vectors = np.repeat(unit(1), 5, axis=0)
    assert rows(VectorIndex.build(vectors).search(vectors[0], 3)) == [0, 1, 2]


def test_nothing_is_found_among_nothing() -> None:
    (vector,) = unit(1)
    assert VectorIndex.build(unit(0)).search(vector, 5) == []
    assert VectorIndex.build(unit(9)).search(vector, 5, np.array([], dtype=np.int64)) == []


@pytest.mark.parametrize("steps", [(10, 5), (39, 2), (41, 3), (41, 300), (0, 1), (0, 50, 1)])
def test_added_vectors_are_found_and_the_first_stay_as_they_were(steps: tuple[int, ...]) -> None:
    matrix = unit(sum(steps))
    grown = VectorIndex.build(matrix[: steps[0]])
    at = steps[0]
    for step in steps[1:]:
        before, old = grown, grown.matrix()
        grown = VectorIndex.restore(grown.serialize()).added(matrix[at : at + step])
        at += step
        assert np.array_equal(before.matrix(), old)
    del before
    gc.collect()  # nothing may be a view of what it was made of
    grown = VectorIndex.restore(grown.serialize())
    assert grown.shape == (len(matrix), DIMENSION)
    assert np.array_equal(grown.matrix(), matrix)
    for row in {0, steps[0], len(matrix) - 1}:
        assert grown.search(matrix[row], 1) == [(row, pytest.approx(1.0))]


def cells(kept: VectorIndex) -> int:
    return int(getattr(kept._index, "nlist", 0))


def test_cells_are_made_when_there_are_many_and_anew_when_they_are_outgrown() -> None:
    kept = VectorIndex.build(unit(FEW))
    assert cells(kept) == 0
    kept = kept.added(unit(60, seed=1))
    assert cells(kept) == 2 * 10
    kept = kept.added(unit(300, seed=2))
    assert cells(kept) == 2 * 10  # 400 vectors: four times as many
    kept = kept.added(unit(1, seed=3))
    assert cells(kept) == 2 * 20


@pytest.mark.parametrize("count", [0, 7, 300])
def test_what_is_read_again_is_the_same(count: int) -> None:
    kept = VectorIndex.build(unit(count))
    data = kept.serialize()
    assert data == VectorIndex.build(unit(count)).serialize()
    again = VectorIndex.restore(data)
    assert again.shape == (count, DIMENSION)
    assert np.array_equal(again.matrix(), unit(count))
    assert again.serialize() == data
    for vector in unit(5, seed=1):
        assert again.search(vector, 4) == kept.search(vector, 4)


def test_other_bytes_are_refused() -> None:
    data = bytes(VectorIndex.build(unit(300)).serialize())
    for other in (b"", b"text", data[:-100], data[: len(data) // 2], b"\0" * 100):
        with pytest.raises((ValueError, RuntimeError)):
            VectorIndex.restore(other)
    graph = faiss.IndexHNSWFlat(DIMENSION, 4, faiss.METRIC_INNER_PRODUCT)
    with pytest.raises(ValueError, match="IndexHNSWFlat is of no kind that is kept"):
        VectorIndex.restore(memoryview(faiss.serialize_index(graph)))


def test_what_was_kept_under_another_bound_is_read_and_kept_anew_when_added_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    matrix = unit(FEW + 20)
    monkeypatch.setattr(vectors, "EXACT_UP_TO", 1000)
    flat = VectorIndex.build(matrix).serialize()
    monkeypatch.setattr(vectors, "EXACT_UP_TO", FEW)
    kept = VectorIndex.restore(flat)
    assert (cells(kept), kept.search(matrix[3], 1)) == (0, [(3, pytest.approx(1.0))])
    assert cells(kept.added(unit(1, seed=1))) > 0

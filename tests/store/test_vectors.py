"""The nearest vectors, against NumPy comparing with every one."""

import gc

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_bot.models.embedder import Vectors
from qa_bot.store.vectors import VectorIndex

DIMENSION = 8
FEW = 40  # vectors that are searched exactly, in these tests


def unit(count: int, seed: int = 0) -> Vectors:
    drawn = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32)
    made: Vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return made


def build(matrix: Vectors) -> VectorIndex:
    return VectorIndex.build(matrix, exact_up_to=FEW)


def mask(count: int, rows: list[int]) -> np.ndarray:
    return np.isin(np.arange(count), rows)


def brute_force(matrix: Vectors, vector: Vectors, k: int, among: list[int]) -> list[int]:
    scores = matrix @ vector
    return sorted(among, key=lambda row: (-float(scores[row]), row))[:k]


def rows(found: list[tuple[int, float]]) -> list[int]:
    return [row for row, _ in found]


@pytest.mark.parametrize("left_out", [0, 30])
@pytest.mark.parametrize("count", [31, FEW, FEW + 1, 700])
def test_found_is_what_comparing_with_all_finds(count: int, left_out: int) -> None:
    matrix = unit(count)
    kept = build(matrix)  # 700: 52 cells, of which 32 are searched
    among = [*range(left_out, count)]
    right = 0
    for vector in unit(30, seed=1):
        found = kept.search(vector, 10, mask(count, among) if left_out else None)
        scores = [score for _, score in found]
        assert scores == sorted(scores, reverse=True)
        assert scores == pytest.approx(
            [float(matrix[row] @ vector) for row in rows(found)], abs=1e-6
        )
        right += len(set(rows(found)) & set(brute_force(matrix, vector, 10, among)))
    due = 30 * min(len(among), 10)
    assert right == due if count <= FEW else right >= 0.95 * due


@pytest.mark.slow
@settings(deadline=None)  # FAISS is imported in the first
@given(st.integers(1, 90), st.integers(1, 12), st.data())
def test_of_chosen_rows_none_is_missed(count: int, k: int, data: st.DataObject) -> None:
    matrix = unit(count)
    among = data.draw(st.lists(st.integers(0, count - 1), unique=True))
    (vector,) = unit(1, seed=2)
    found = build(matrix).search(vector, k, mask(count, among), every_cell=True)
    assert rows(found) == brute_force(matrix, vector, k, among)


def test_equal_ones_come_by_row() -> None:
    vectors = np.repeat(unit(1), 5, axis=0)
    assert rows(build(vectors).search(vectors[0], 3)) == [0, 1, 2]


def test_nothing_is_found_among_nothing() -> None:
    (vector,) = unit(1)
    assert build(unit(0)).search(vector, 5) == []
    assert build(unit(9)).search(vector, 5, np.zeros(9, dtype=np.bool_)) == []


@pytest.mark.parametrize(("count", "cells"), [(FEW, 0), (FEW + 1, 2 * 6), (400, 2 * 20)])
def test_many_are_kept_in_cells(count: int, cells: int) -> None:
    assert getattr(build(unit(count))._index, "nlist", 0) == cells


@pytest.mark.slow
@pytest.mark.parametrize("count", [0, 7, 300])
def test_what_is_read_again_is_the_same(count: int) -> None:
    kept = build(unit(count))
    assert kept.data == build(unit(count)).data
    again = VectorIndex(bytes(kept.data))
    gc.collect()  # nothing may be a view of what is no longer there
    assert again.shape == (count, DIMENSION)
    assert np.array_equal(again.matrix(), unit(count))
    assert np.array_equal(again.matrix(range(count // 2, count)), unit(count)[count // 2 :])
    assert again.data == kept.data
    for vector in unit(5, seed=1):
        assert again.search(vector, 4) == kept.search(vector, 4)


def test_other_bytes_are_refused() -> None:
    data = bytes(build(unit(300)).data)
    for other in (b"", b"text", data[:-100], data[: len(data) // 2], b"\0" * 100):
        with pytest.raises((ValueError, RuntimeError)):
            VectorIndex(other)
    graph = faiss.IndexHNSWFlat(DIMENSION, 4, faiss.METRIC_INNER_PRODUCT)
    with pytest.raises(ValueError, match="IndexHNSWFlat is of no kind that is kept"):
        VectorIndex(memoryview(faiss.serialize_index(graph)))


def test_what_was_kept_under_another_bound_is_read() -> None:
    matrix = unit(FEW + 20)
    kept = VectorIndex(VectorIndex.build(matrix, exact_up_to=1000).data)
    assert kept.search(matrix[3], 1) == [(3, pytest.approx(1.0))]

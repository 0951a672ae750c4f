"""Which index for how many: the cheapest of those that find enough, and where they cross."""

from pathlib import Path

import pytest

from benchmarks.plots import draw_stores
from benchmarks.scale_report import interpolated, least, overtaken, scale, stores


def test_a_power_law_is_assumed_between_two_sizes() -> None:
    costs = {10: 1.0, 1000: 100.0}
    assert interpolated(costs, 100) == pytest.approx(10.0)
    assert interpolated(costs, 10) == pytest.approx(1.0)
    assert interpolated(costs, 5) is None
    assert interpolated({}, 5) is None


def test_one_overtakes_another_where_their_lines_cross() -> None:
    growing = {10: 1.0, 1000: 100.0}
    flat = {10: 10.0, 1000: 10.0, 5000: 1.0}  # the last was not measured of the other
    assert overtaken(growing, flat) == pytest.approx(100.0)
    assert overtaken(flat, growing) is None
    assert overtaken(growing, {10: 0.5, 1000: 1.0}) == 10.0
    assert overtaken(growing, {7: 1.0}) is None
    twice = {10: 0.5, 100: 20.0, 1000: 50.0}  # cheaper at first, dearer, and cheaper for good
    assert 100 < (overtaken({10: 1.0, 100: 10.0, 1000: 100.0}, twice) or 0) < 1000


def test_an_index_that_finds_too_few_is_not_chosen() -> None:
    measured = {
        "Flat": {10: {"search p50 ms": 5.0, "recall": 1.0}},
        "codes": {10: {"search p50 ms": 1.0, "recall": 0.6}},
        "cells": {10: {"search p50 ms": 2.0, "recall": 0.96}},
    }
    assert least(measured, 10, "search p50 ms") == "cells"
    assert least(measured, 20, "search p50 ms") == "none"


def test_the_report_says_which_index_is_right_for_how_many() -> None:
    def row(size: int, milliseconds: float, megabytes: float) -> dict[str, float]:
        return {
            "passages": size,
            "build s": milliseconds,
            "search p50 ms": milliseconds,
            "recall": 1.0,
            "open s": 0.1,
            "disk MiB": megabytes,
        }

    types = {
        "Flat": {"1000": row(1000, 1.0, 1.0), "1000000": row(1_000_000, 1000.0, 4.0)},
        "IVF,Flat": {"1000": row(1000, 31.6, 2.0), "1000000": row(1_000_000, 31.6, 3.0)},
        "HNSW32": {"1000": row(1000, 0.5, 9.0)},
        "IVF,PQ48np": {"1000": {"error": "too few"}},
    }
    known = {"sentences": 5, "data": "d", "embedded a second": 1.0, "questions": 2, "ours": {}}
    text = scale({**known, "types": types})
    assert "| 1,000 | HNSW32 | HNSW32 | Flat | Flat |" in text
    assert "| 1,000,000 | IVF,Flat | IVF,Flat | Flat | IVF,Flat |" in text
    assert "- IVF,Flat: 31,600\n- HNSW32: 1,000 or fewer\n- IVF,PQ48np: never" in text
    assert "compares all up to 70,000, which takes about 70 ms there" in text


@pytest.mark.slow
def test_two_stores_are_told_and_drawn_by_size(tmp_path: Path) -> None:
    cheap, dear = (
        {"passages": 1000, "build s": cost, "search p50 ms": cost, "recall": 1.0, "disk MiB": cost}
        for cost in (2.0, 4.0)
    )
    found = {"stores": {"folder": {"1000": cheap}, "milvus": {"1000": dear}}}
    head = "| passages | build, s | search p50, ms | recall@10 | disk, MiB |"
    head += "\n| --- | ---: | ---: | ---: | ---: |"
    assert stores(found) == (
        f"folder:\n\n{head}\n| 1,000 | 2 | 2 | 1 | 2 |\n\n"
        f"Milvus Lite, a server:\n\n{head}\n| 1,000 | 4 | 4 | 1 | 4 |"
    )
    draw_stores(found, tmp_path)
    assert (tmp_path / "stores.png").read_bytes()[:4] == b"\x89PNG"

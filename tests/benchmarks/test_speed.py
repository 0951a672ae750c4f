"""Ratios are computed for each round; memory and sizes are measured correctly."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from benchmarks import record, speed
from benchmarks.golden import QUESTIONS, load_questions
from benchmarks.installed import folder_size, needed, size
from benchmarks.peers import OURS
from benchmarks.probe import in_new_process, peak_memory
from benchmarks.speed import MEASURES, Run, interleave, main, material, ratios, spread, summarise


def run(value: float) -> Run:
    return dict.fromkeys(MEASURES, value)


def test_a_ratio_is_of_the_same_round_and_has_its_spread() -> None:
    found = ratios([run(2), run(30), run(4)], [run(1), run(10), run(4)])
    assert found["cold start"] == [2, 1, 3]
    assert set(found) == set(MEASURES)


def test_the_spread_is_median_lowest_highest() -> None:
    assert spread([run(3), run(1), run(8)])["index on disk"] == [3, 1, 8]


def test_every_round_but_the_first_counts_and_who_fails_is_left_out() -> None:
    asked: list[str] = []

    def measure(name: str, documents: speed.Texts, questions: Sequence[str]) -> Run:
        asked.append(name)
        if name == "txtai":
            raise ImportError("no txtai")
        return run(len(asked))

    runs, errors = interleave([OURS, "txtai", "haystack"], 2, [], [], measure)
    assert errors == {"txtai": "failed: ImportError: no txtai"}
    assert {name: len(found) for name, found in runs.items()} == {OURS: 2, "haystack": 2}
    assert sorted(asked[:3]) == sorted([OURS, "txtai", "haystack"])
    assert asked.count("txtai") == 1
    values = [one["cold start"] for found in runs.values() for one in found]
    assert sorted(values) == [4, 5, 6, 7]


@pytest.mark.slow
def test_one_system_is_measured_again_and_the_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    took = {"ours": 2.0, "txtai": 6.0}
    monkeypatch.setattr(speed, "measure", lambda name, documents, questions: run(took[name]))
    small = replace(speed.PEERS[OURS], packages=("pytest",))
    monkeypatch.setattr(speed, "PEERS", dict.fromkeys(took, small))

    def measured(*peers: str) -> dict[str, tuple[float, bool]]:
        main(["--out", str(tmp_path), "--rounds", "2", "--questions", "2", "--peers", *peers])
        whole = record.read(tmp_path, "speed")
        assert whole is not None
        return {
            name: (one["ratios"]["cold start"][0], one["apart"])
            for name, one in summarise(whole)["peers"].items()
        }

    assert measured("txtai") == {"ours": (1.0, False), "txtai": (3.0, False)}  # ours is needed
    took["txtai"] = 8.0
    assert measured("txtai") == {"ours": (1.0, False), "txtai": (4.0, True)}
    took["ours"] = 4.0
    assert measured("ours") == {"ours": (1.0, False), "txtai": (2.0, True)}
    assert measured("ours", "txtai") == {"ours": (1.0, False), "txtai": (2.0, False)}


def test_without_our_own_package_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = replace(speed.PEERS[OURS], packages=("no-such-package",))
    monkeypatch.setattr(speed, "PEERS", {OURS: absent})
    with pytest.raises(SystemExit, match="2"):
        main(["--out", str(tmp_path), "--peers", OURS])
    assert "the package no-such-package is not installed" in capsys.readouterr().err


def test_a_peer_that_is_not_installed_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(speed.PEERS[OURS], packages=("pytest",))
    absent = replace(small, packages=("no-such-package",))
    monkeypatch.setattr(speed, "PEERS", {OURS: small, "txtai": absent})
    monkeypatch.setattr(speed, "measure", lambda name, documents, questions: run(1.0))
    main(["--out", str(tmp_path), "--rounds", "1", "--peers", "txtai"])
    whole = record.read(tmp_path, "speed")
    assert whole is not None
    assert whole["peers"]["txtai"]["error"] == "the package no-such-package is not installed"
    assert whole["peers"][OURS]["runs"] == [run(1.0)]


def test_without_a_file_the_shipped_article_is_asked_its_golden_questions() -> None:
    documents, questions = material(None, 10)
    assert [len(text) > 1000 for text, _ in documents] == [True]
    assert len(set(questions)) == 10
    assert set(questions) <= {row.question for row in load_questions(QUESTIONS)}


@pytest.mark.slow
def test_a_new_process_has_its_own_peak_of_memory() -> None:
    mine = bytearray(200 * 2**20)
    own = peak_memory()
    assert len(mine) < own
    other = in_new_process(peak_memory)
    assert 2**20 < other < own - len(mine) // 2


def test_what_a_package_needs_is_followed_to_the_end() -> None:
    found = needed(["pytest"])
    assert {"pytest", "pluggy", "iniconfig"} <= set(found)
    assert "hypothesis" not in found
    assert all(canonicalize_name(one.metadata["Name"]) == name for name, one in found.items())


def test_a_size_is_that_of_the_files_and_what_is_shared_counts_once() -> None:
    alone = size(["iniconfig"])
    (package,) = (Path(place) / "iniconfig" for place in sys.path if _holds(place, "iniconfig"))
    assert folder_size(package) < alone < folder_size(package) + 50_000
    assert size(["pytest", "iniconfig"]) == size(["pytest"])


def _holds(place: str, package: str) -> bool:
    return (Path(place) / package / "__init__.py").exists()


def test_compiled_python_is_not_counted(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"x" * 10)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_bytes(b"x" * 1000)
    assert folder_size(tmp_path) == 10

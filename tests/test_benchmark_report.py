"""The report says what was measured, what was not, and why; names from outside stay in cells."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import record
from benchmarks.__main__ import COMMANDS
from benchmarks.__main__ import main as command
from benchmarks.peers import OURS
from benchmarks.report import compose, escaped, main, number, percent, table
from benchmarks.speed import MEASURES

ABOUT = {"date": "2026-01-02", "machine": {"cores": "2"}, "versions": {"txtai": "1.0"}}


def row(size: int | None, share: float, scope: str = "title") -> dict[str, Any]:
    return {
        "setting": "default",
        "size": size,
        "scope": scope,
        "passages": 3,
        "in_first": [share, share - 0.1, share + 0.1],
        "in_top": [0.9, 0.8, 1.0],
        "length": [150.0, 140.0, 160.0],
        "read": [200.0, 190.0, 210.0],
        "in_first_against_ours": [share - 0.8, -0.4, 0.0],
        "refused_at": {"10%": [0.2, 0.1, 0.3], "20%": [0.4, 0.3, 0.5], "30%": [None] * 3},
        "auroc": [0.62, 0.6, 0.64],
        "own_refusals": {"answerable": 0.2, "unanswerable": 0.55},
    }


QUALITY = {
    **ABOUT,
    "data": "made.json",
    "chosen_on": "dev.json",
    "titles": 2,
    "characters": 12345,
    "answerable": 10,
    "unanswerable": 5,
    "sample": None,
    "resamples": 1000,
    "peers": {
        OURS: {"default": "x", "rows": [row(None, 0.8), row(None, 0.7, "all")], "curve": []},
        "txtai": {
            "default": "x",
            "rows": [row(None, 0.6), row(150, 0.5)],
            "curve": [{"size": 100, "length": 90.0, "in_first": 0.4}],
        },
        "Haystack": {"error": "not installed: no | module\nhere"},
    },
}
SPEED = {
    **ABOUT,
    "data": "the shipped article",
    "documents": 1,
    "characters": 3730,
    "questions": 5,
    "rounds": 2,
    "peers": {
        OURS: {
            "values": {name: [20.0, 19.0, 21.0] for name in MEASURES},
            "ratios": {name: [1.0, 1.0, 1.0] for name in MEASURES},
            "installation": 1420.4,
            "packages": 77,
        },
        "txtai": {"error": "failed: KeyError: 'x'"},
    },
}
COSTS = {"passages": 1000, "build s": 2.5, "search p50 ms": 1.0, "recall": 0.99, "disk MiB": 2.0}
SCALE = {
    **ABOUT,
    "data": "made.json",
    "sentences": 500,
    "questions": 20,
    "embedded a second": 50.0,
    "ours": {"1000": {**COSTS, "memory MiB": 500.0, "add one s": 0.1, "open s": 0.1}},
    "types": {"Flat": {"1000": COSTS}, "IVF,PQ48np": {"200": {"error": "too\nfew"}}},
}


def test_a_line_of_quality_has_shares_intervals_and_the_difference() -> None:
    text = compose({"quality": QUALITY, "speed": None, "scale": None})
    assert (
        "| txtai | equal length: about 150 characters | 50.0 % [40.0, 60.0] | "
        "-30.0 % [-40.0, +0.0] | 90.0 % [80.0, 100.0] | 150 [140, 160] | 200 [190, 210] |"
    ) in text
    assert "| txtai | paragraphs | 60.0 % [50.0, 70.0] |" in text
    assert "| 20.0 % [10.0, 30.0] | 40.0 % [30.0, 50.0] | none | 0.62 [0.60, 0.64] |" in text
    assert "refuses 55.0 % of the questions that no article answers, and 20.0 % of" in text
    assert "right most often on dev.json" in text


def test_a_peer_that_failed_is_named_with_its_reason_and_has_no_numbers() -> None:
    text = compose({"quality": QUALITY, "speed": SPEED, "scale": None})
    assert "- Haystack: not installed: no | module here\n" in text
    assert "- txtai: failed: KeyError: 'x'\n" in text
    assert "| Haystack" not in text


def test_what_was_not_run_is_said_with_its_command() -> None:
    text = compose({"quality": None, "speed": SPEED, "scale": None})
    assert "## Quality\n\nNot run: `python -m benchmarks quality`." in text
    assert "## Scale\n\nNot run: `python -m benchmarks scale`." in text
    assert "Machine: cores 2. Versions: txtai 1.0." in text
    assert f"| {OURS} | 1,420 | 77 |" in text


def test_scale_tells_what_embedding_would_add() -> None:
    text = compose({"quality": None, "speed": None, "scale": SCALE})
    assert "50 passages a second, so 1,000,000 would take 5.6 hours more" in text
    assert "| 1,000 | 2.5 | 1 | 0.99 | 2 |" in text
    assert "200 passages: too few" in text


def test_numbers_are_written_as_a_person_reads_them() -> None:
    assert percent([0.5, 0.25, 0.75]) == "50.0 % [25.0, 75.0]"
    assert percent([-0.05, -0.1, 0.0], signed=True) == "-5.0 % [-10.0, +0.0]"
    assert number([1234.5, 1000.0, 2000.0]) == "1,234 [1,000, 2,000]"
    assert number([0.25, 0.2, 0.3]) == "0.25 [0.20, 0.30]"
    assert percent([None, None, None]) == "none"
    assert percent([0.5, None, None]) == "50.0 %"


def test_a_cell_stays_a_cell() -> None:
    assert escaped("a | b\nc") == "a \\| b c"
    assert table(["x", "y"], [["a|b", "1"]]) == "| x | y |\n| --- | ---: |\n| a\\|b | 1 |"


def test_the_command_reads_what_was_written_and_draws(tmp_path: Path) -> None:
    for name, found in {"quality": QUALITY, "speed": SPEED, "scale": SCALE}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(found), "utf-8")
    main(["--out", str(tmp_path)])
    records = {"quality": QUALITY, "speed": SPEED, "scale": SCALE}
    assert (tmp_path / "report.md").read_text("utf-8") == compose(records)
    pictures = {path.name: path.read_bytes()[:4] for path in tmp_path.glob("*.png")}
    names = ("quality.png", "scale.png", "speed.png", "types.png")
    assert pictures == dict.fromkeys(names, b"\x89PNG")


def test_an_empty_folder_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--out", str(tmp_path)])
    assert stopped.value.code == 2
    assert "python -m benchmarks quality DATA" in capsys.readouterr().err


def test_a_record_has_its_date_machine_and_versions(tmp_path: Path) -> None:
    path = record.write(tmp_path / "new", "speed", ["pytest", "no-such-package"], {"rounds": 3})
    found = record.read(tmp_path / "new", "speed")
    assert found is not None
    assert path == tmp_path / "new" / "speed.json"
    assert found["rounds"] == 3
    assert found["versions"] == {"no-such-package": "not installed", "pytest": pytest.__version__}
    assert {"processor", "cores", "memory", "Python"} <= set(found["machine"])
    assert record.read(tmp_path, "speed") is None


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        command([name, "--help"])
    assert stopped.value.code == 0
    assert f"usage: python -m benchmarks {name}" in capsys.readouterr().out


def test_an_unknown_command_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["quantity"]) == 2
    assert "python -m benchmarks COMMAND" in capsys.readouterr().out

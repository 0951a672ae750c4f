"""The report says what was measured, what was not, and why; no text can break its tables."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import record
from benchmarks.__main__ import COMMANDS
from benchmarks.__main__ import main as command
from benchmarks.peers import OURS
from benchmarks.report import compose, main
from benchmarks.speed import MEASURES
from benchmarks.tables import escaped, number, percent, table

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
    }


QUALITY: dict[str, Any] = {
    "data": "made.json",
    "chosen_on": "dev.json",
    "titles": 2,
    "characters": 12345,
    "answerable": 10,
    "unanswerable": 5,
    "sample": None,
    "own_refusals": {"answerable": 0.2, "unanswerable": 0.55},
    "peers": {
        OURS: {**ABOUT, "rows": [row(None, 0.8), row(None, 0.7, "all")]},
        "txtai": {
            **ABOUT,
            "rows": [row(None, 0.6), row(150, 0.5)],
            "curve": [{"size": 100, "length": 90.0, "in_first": 0.4}],
            "stale": True,
        },
        "haystack": {**ABOUT, "error": "not installed: no | module\nhere"},
    },
}
SPEED: dict[str, Any] = {
    "data": "the shipped article",
    "documents": 1,
    "characters": 3730,
    "questions": 5,
    "rounds": 2,
    "peers": {
        OURS: {
            **ABOUT,
            "values": {name: [20.0, 19.0, 21.0] for name in MEASURES},
            "ratios": {name: [1.0, 1.0, 1.0] for name in MEASURES},
            "installation": 1420.4,
            "packages": 77,
        },
        "txtai": {**ABOUT, "error": "failed: KeyError: 'x'"},
    },
}
COSTS = {
    "passages": 1000,
    "build s": 2.5,
    "search p50 ms": 1.0,
    "recall": 0.99,
    "open s": 0.5,
    "disk MiB": 2.0,
}
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
    assert "qa_bot; txtai: measured on 2026-01-02. Machine: cores 2. Versions: txtai 1.0." in text
    assert "| qa_bot | 1,420 | 77 |" in text


def test_what_a_peer_does_better_is_bold() -> None:
    values = {name: [20.0, 19.0, 21.0] for name in MEASURES}
    half = {name: [0.5, 0.25, 0.75] for name in MEASURES}
    peer = {**SPEED["peers"][OURS], "values": values, "ratios": half}
    better = {**row(None, 0.9), "in_first_against_ours": [0.1, 0.05, 0.15]}
    quality = {**QUALITY, "peers": {**QUALITY["peers"], "txtai": {**ABOUT, "rows": [better]}}}
    speed = {**SPEED, "peers": {**SPEED["peers"], "llamaindex": peer}}
    text = compose({"quality": quality, "speed": speed, "scale": None})
    assert "| txtai | paragraphs | 90.0 % [80.0, 100.0] | **+10.0 % [+5.0, +15.0]** |" in text
    faster, slower = "**0.50 [0.25, 0.75]**", "0.50 [0.25, 0.75]"
    cells = [faster] * 3 + [slower] * 2 + [faster] * 3  # what is done in a second is fewer
    assert f"| LlamaIndex | {' | '.join(cells)} |" in text


def test_scale_tells_what_embedding_would_add() -> None:
    text = compose({"quality": None, "speed": None, "scale": SCALE})
    assert "50 passages a second, so 1,000,000 would take 5.6 hours more" in text
    assert "| 1,000 | 2.5 | 1 | 0.99 | 0.5 | 2 |" in text
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


def test_what_no_longer_fits_ours_is_told() -> None:
    apart = {**SPEED["peers"][OURS], "apart": True}
    speed = {**SPEED, "peers": {**SPEED["peers"], "llamaindex": apart}}
    text = compose({"quality": QUALITY, "speed": speed, "scale": None})
    assert "Measured against quotes of another length, run again: txtai.\n" in text
    assert "Measured at another time than ours, not in the same rounds: LlamaIndex.\n" in text


def test_systems_measured_on_other_days_are_told_apart() -> None:
    later = {**QUALITY["peers"][OURS], "date": "2026-01-03", "versions": {"qa-bot": "2.0"}}
    text = compose(
        {
            "quality": {**QUALITY, "peers": {**QUALITY["peers"], OURS: later}},
            "speed": None,
            "scale": None,
        }
    )
    assert "qa_bot: measured on 2026-01-03. Machine: cores 2. Versions: qa-bot 2.0.\n" in text
    assert "txtai; Haystack: measured on 2026-01-02. Machine: cores 2. Versions: txtai 1.0." in text


def kept_quality() -> dict[str, Any]:
    """Return a quality.json in which a peer is always wrong."""
    numbers = {"passages": 3, "answerable": [1.0, 0.0], "in_first": [1.0, None]}
    numbers |= {"in_top": [1.0, None], "length": [90.0, 80.0], "read": [90.0, None]}
    table = {"title": {**numbers, "score": [0.9, 0.1]}, "all": {**numbers, "score": [0.9, 0.1]}}
    ours = {**ABOUT, "length": 90.0, "threshold": 0.5, "tables": {"default": table}}
    curve = [{"size": 100, "length": 90.0, "in_first": 0.4}]
    wrong = {scope: {**one, "in_first": [0.0, None]} for scope, one in table.items()}
    peer = {**ABOUT, "size": 100, "curve": curve, "tables": {"default": wrong}}
    settings = {name: value for name, value in QUALITY.items() if name not in OF_SUMMARY}
    return {**settings, "peers": {OURS: ours, "txtai": peer}}


OF_SUMMARY = ("own_refusals", "peers")


@pytest.mark.slow
def test_the_command_reads_what_was_kept_sums_it_up_and_draws(tmp_path: Path) -> None:
    run = dict.fromkeys(MEASURES, 20.0)
    one = {**ABOUT, "session": "x", "runs": [run, run], "installation": 1.0, "packages": 2}
    speed = {**SPEED, "peers": {OURS: one}}
    for name, found in {"quality": kept_quality(), "speed": speed, "scale": SCALE}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(found), "utf-8")
    main(["--out", str(tmp_path)])
    text = (tmp_path / "report.md").read_text("utf-8")
    assert "| txtai | paragraphs | 0.0 % [0.0, 0.0] | -100.0 % [-100.0, -100.0] |" in text
    assert "refuses 100.0 % of the questions that no article answers, and 0.0 % of" in text
    assert "| qa_bot | 20 [20, 20] |" in text
    assert "| 1,000 | 2.5 | 1 | 0.99 | 0.5 | 2 |" in text
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


def test_a_peer_is_kept_beside_the_others_if_it_was_measured_on_the_same(tmp_path: Path) -> None:
    about = {"data": "made.json", "sample": None}
    record.add(tmp_path, "quality", about, "ours", [], {"size": 1})
    record.add(tmp_path, "quality", about, "txtai", [], {"size": 2})
    record.add(tmp_path, "quality", about, "ours", ["pytest"], {"size": 3})
    kept = record.kept(tmp_path, "quality", about)
    assert {name: one["size"] for name, one in kept.items()} == {"ours": 3, "txtai": 2}
    assert kept["ours"]["versions"] == {"pytest": pytest.__version__}
    assert [path.name for path in tmp_path.iterdir()] == ["quality.json"]
    assert record.kept(tmp_path / "new", "quality", about) == {}
    with pytest.raises(ValueError, match="is of other data or settings"):
        record.kept(tmp_path, "quality", {**about, "sample": 5})


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        command([name, "--help"])
    assert stopped.value.code == 0
    assert f"usage: python -m benchmarks {name}" in capsys.readouterr().out


def test_an_unknown_command_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["quantity"]) == 2
    assert "python -m benchmarks COMMAND" in capsys.readouterr().out

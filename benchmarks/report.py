"""Make tables and plots from the results of quality, speed and scale: report.md and PNG files.

Where a peer is better than we are, its number is bold.
"""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks import plots, record
from benchmarks import quality as quality_benchmark
from benchmarks import speed as speed_benchmark
from benchmarks.bootstrap import RESAMPLES
from benchmarks.peers import OURS, PEERS
from benchmarks.quality import ALONE, TOGETHER
from benchmarks.record import Results
from benchmarks.scale_report import scale
from benchmarks.speed import HIGHER_IS_BETTER, MEASURES
from benchmarks.tables import number, one_line, percent, table

SCOPES = {ALONE: "Each title alone", TOGETHER: "All titles together"}


def quality(found: Results) -> str:
    """Return the section on quality."""
    return "\n\n".join(
        [
            "## Quality",
            _asked(found),
            'A peer\'s default passages are those of its documentation. "Equal length" is the '
            f"size whose first result is right most often on {found['chosen_on']}, among those "
            "whose first result is on the mean at most a tenth longer than our quote (the "
            "shortest, where none is). Read are the characters until the answer, or all three "
            "results. Bold: a difference in a peer's favour.",
            *(_quality_of(found, scope) for scope in SCOPES),
            "### Refusals",
            "Questions that no article answers, refused when a tenth, a fifth or three tenths of "
            "those that one does answer are refused too, each title alone. "
            "A system without scores can refuse nothing.",
            table(
                ["system", "passages", "10 %", "20 %", "30 %", "AUROC"],
                [_refusal_row(*row) for row in _rows(found, ALONE)],
            ),
            _own_threshold(found),
            "![Right first result against its length](quality.png)",
            *_named(found, "stale", "Measured against quotes of another length, run again"),
            *_missing(found),
        ]
    )


def _asked(found: Results) -> str:
    sample = "all" if found["sample"] is None else f"at most {found['sample']} of each title"
    return (
        f"{found['data']}: {found['titles']} titles as articles, {found['characters']:,} "
        f"characters; {found['answerable']} questions that they answer and "
        f"{found['unanswerable']} that they do not ({sample}). In brackets: 95 % intervals of "
        f"{RESAMPLES:,} paired bootstrap draws of questions."
    )


def _missing(found: Results) -> list[str]:
    """Return a note on the systems that could not be measured, and why."""
    lines = [
        f"- {PEERS[name].name}: {one['error']}"
        for name, one in found["peers"].items()
        if "error" in one
    ]
    return ["Not measured:\n\n" + "\n".join(map(one_line, lines))] if lines else []


def _named(found: Results, mark: str, words: str) -> list[str]:
    """Return a footnote: the meaning of a mark, and the systems that have it."""
    names = [PEERS[name].name for name, one in found["peers"].items() if one.get(mark)]
    return [f"{words}: {'; '.join(names)}."] if names else []


def _quality_of(found: Results, scope: str) -> str:
    head = [
        "system",
        "passages",
        "in the first",
        "less ours",
        "in the first three",
        "length of the first",
        "characters read",
    ]
    rows = [_quality_row(*row) for row in _rows(found, scope)]
    return f"### {SCOPES[scope]}\n\n{table(head, rows)}"


def _rows(found: Results, scope: str) -> Iterable[tuple[str, Results]]:
    for name, one in found["peers"].items():
        for row in one.get("rows", ()):
            if row["scope"] == scope:
                yield name, row


def _setting(name: str, row: Results) -> str:
    if row["size"] is None:
        return PEERS[name].default
    return f"equal length: about {row['size']} characters"


def _quality_row(name: str, row: Results) -> list[str]:
    less = row["in_first_against_ours"]
    against = "" if name == OURS else _bold(percent(less, signed=True), less[0] > 0)
    return [
        PEERS[name].name,
        _setting(name, row),
        percent(row["in_first"]),
        against,
        percent(row["in_top"]),
        number(row["length"]),
        number(row["read"]),
    ]


def _refusal_row(name: str, row: Results) -> list[str]:
    shares = [percent(value) for value in row["refused_at"].values()]
    return [PEERS[name].name, _setting(name, row), *shares, number(row["auroc"])]


def _own_threshold(found: Results) -> str:
    own = {kind: percent([share, None, None]) for kind, share in found["own_refusals"].items()}
    return (
        f"At its own threshold {PEERS[OURS].name} refuses {own['unanswerable']} of the questions "
        f"that no article answers, and {own['answerable']} of the others."
    )


def speed(found: Results) -> str:
    """Return the section on speed."""
    peers = {name: one for name, one in found["peers"].items() if "error" not in one}
    heads = [f"{name}, {unit}" if unit else name for name, unit in MEASURES.items()]
    sizes = [
        [PEERS[name].name, f"{one['installation']:,.0f}", str(one["packages"])]
        for name, one in peers.items()
    ]
    return "\n\n".join(
        [
            "## Speed",
            f"{found['data']}: {found['documents']} documents, {found['characters']:,} characters; "
            f"{found['questions']} questions a run, {found['rounds']} interleaved rounds, each run "
            "in new processes, passages by default. Median [lowest, highest]. A cold start is from "
            "a new process to its first answer. We read passages to find the words that answer; "
            "the peers return passages.",
            table(["system", *heads], _speed_rows(peers)),
            "As multiples of ours in the same round; bold: better than ours.",
            table(["system", *MEASURES], _ratio_rows(peers)),
            "Size of the installation, everything needed counted:",
            table(["system", "MiB", "packages"], sizes),
            "![Cost as a multiple of ours](speed.png)",
            *_named(found, "apart", "Measured at another time than ours, not in the same rounds"),
            *_missing(found),
        ]
    )


def _speed_rows(peers: Mapping[str, Results]) -> list[list[str]]:
    return [
        [PEERS[name].name, *(number(one["values"][measure]) for measure in MEASURES)]
        for name, one in peers.items()
    ]


def _ratio_rows(peers: Mapping[str, Results]) -> list[list[str]]:
    rows = []
    for name, one in peers.items():
        cells = []
        for measure in MEASURES:
            ratio = one["ratios"][measure]
            better = ratio[0] > 1 if measure in HIGHER_IS_BETTER else ratio[0] < 1
            cells.append(_bold(number(ratio), better))
        rows.append([PEERS[name].name, *cells])
    return rows


def _bold(text: str, whether: bool) -> str:
    return f"**{text}**" if whether else text


SECTIONS: Mapping[str, Callable[[Results], str]] = {
    "quality": quality,
    "speed": speed,
    "scale": scale,
}


SUMMARIES: Mapping[str, Callable[[Results], Results]] = {
    "quality": quality_benchmark.summarise,
    "speed": speed_benchmark.summarise,
}


def about(found: Results) -> str:
    """Return when each system was measured, on what machine and with which versions."""
    whose: dict[tuple[str, str], list[str]] = {}
    versions: dict[tuple[str, str], dict[str, str]] = {}
    peers = {PEERS[name].name: one for name, one in found.get("peers", {}).items()}
    for name, one in (peers if peers else {"All": found}).items():
        machine = ", ".join(f"{part} {value}" for part, value in one["machine"].items())
        whose.setdefault((one["date"], machine), []).append(name)
        versions.setdefault((one["date"], machine), {}).update(one["versions"])
    return "\n\n".join(
        f"{'; '.join(names)}: measured on {date}. Machine: {machine}. Versions: "
        + ", ".join(f"{name} {version}" for name, version in versions[date, machine].items())
        + "."
        for (date, machine), names in whose.items()
    )


def compose(records: Mapping[str, Results | None]) -> str:
    """Return the whole report; it says which benchmarks have not been run."""
    parts = ["# qa_bot beside what people use instead"]
    for name, write in SECTIONS.items():
        found = records[name]
        if found is None:
            parts.append(f"## {name.capitalize()}\n\nNot run: `python -m benchmarks {name}`.")
        else:
            parts += [write(found), about(found)]
    return "\n\n".join(parts) + "\n"


def _read(folder: Path, name: str) -> Results | None:
    """Read the results of a benchmark, and summarise its questions and runs."""
    found = record.read(folder, name)
    return SUMMARIES[name](found) if found is not None and name in SUMMARIES else found


def main(argv: Sequence[str] | None = None) -> None:
    """Read the results of the benchmarks; write report.md and the plots beside it."""
    made = argparse.ArgumentParser(prog="python -m benchmarks report", description=__doc__)
    made.add_argument("--out", type=Path, default=record.FOLDER, help="folder with the JSON files")
    options = made.parse_args(argv)
    records = {name: _read(options.out, name) for name in SECTIONS}
    if not any(records.values()):
        made.error(f"nothing in {options.out}: run: python -m benchmarks quality DATA")
    for name, found in records.items():
        if found is not None:
            plots.DRAW[name](found, options.out)
    path = options.out / "report.md"
    path.write_text(compose(records), "utf-8")
    print(path)

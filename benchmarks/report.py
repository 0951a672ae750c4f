"""Tables and plots of what quality, speed and scale wrote: report.md and PNG files."""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import plots, record
from benchmarks import quality as quality_benchmark
from benchmarks import speed as speed_benchmark
from benchmarks.bootstrap import RESAMPLES
from benchmarks.peers import OURS, PEERS
from benchmarks.quality import ALONE, TOGETHER
from benchmarks.speed import MEASURES

Found = Mapping[str, Any]  # what a benchmark wrote
Value = Sequence[float | None]  # value, low, high

SCOPES = {ALONE: "Each title alone", TOGETHER: "All titles together"}
COLUMNS = {
    "passages": "passages",
    "build s": "build, s",
    "search p50 ms": "search p50, ms",
    "search p95 ms": "search p95, ms",
    "recall": "recall@10",
    "add one s": "add one, s",
    "save s": "save, s",
    "open s": "open, s",
    "memory MiB": "peak memory, MiB",
    "disk MiB": "disk, MiB",
}


def quality(found: Found) -> str:
    """Write what the quality benchmark found."""
    return "\n\n".join(
        [
            "## Quality",
            _asked(found),
            'A peer\'s default passages are those of its documentation. "Equal length" is the '
            f"size whose first result is right most often on {found['chosen_on']}, among those "
            "whose first result is on the mean at most a tenth longer than our quote (the "
            "shortest, where none is). Read are the characters until the answer, or all three "
            "results.",
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


def _asked(found: Found) -> str:
    sample = "all" if found["sample"] is None else f"at most {found['sample']} of each title"
    return (
        f"{found['data']}: {found['titles']} titles as articles, {found['characters']:,} "
        f"characters; {found['answerable']} questions that they answer and "
        f"{found['unanswerable']} that they do not ({sample}). In brackets: 95 % intervals of "
        f"{RESAMPLES:,} paired bootstrap draws of questions."
    )


def _missing(found: Found) -> list[str]:
    """Name the systems that could not be measured, and why."""
    lines = [
        f"- {PEERS[name].name}: {one['error']}"
        for name, one in found["peers"].items()
        if "error" in one
    ]
    return ["Not measured:\n\n" + "\n".join(map(one_line, lines))] if lines else []


def _named(found: Found, mark: str, words: str) -> list[str]:
    """Name the systems that bear a mark, behind what it means."""
    names = [PEERS[name].name for name, one in found["peers"].items() if one.get(mark)]
    return [f"{words}: {'; '.join(names)}."] if names else []


def _quality_of(found: Found, scope: str) -> str:
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


def _rows(found: Found, scope: str) -> Iterable[tuple[str, Found]]:
    for name, one in found["peers"].items():
        for row in one.get("rows", ()):
            if row["scope"] == scope:
                yield name, row


def _setting(name: str, row: Found) -> str:
    if row["size"] is None:
        return PEERS[name].default
    return f"equal length: about {row['size']} characters"


def _quality_row(name: str, row: Found) -> list[str]:
    against = "" if name == OURS else percent(row["in_first_against_ours"], signed=True)
    return [
        PEERS[name].name,
        _setting(name, row),
        percent(row["in_first"]),
        against,
        percent(row["in_top"]),
        number(row["length"]),
        number(row["read"]),
    ]


def _refusal_row(name: str, row: Found) -> list[str]:
    shares = [percent(value) for value in row["refused_at"].values()]
    return [PEERS[name].name, _setting(name, row), *shares, number(row["auroc"])]


def _own_threshold(found: Found) -> str:
    own = {kind: percent([share, None, None]) for kind, share in found["own_refusals"].items()}
    return (
        f"At its own threshold {PEERS[OURS].name} refuses {own['unanswerable']} of the questions "
        f"that no article answers, and {own['answerable']} of the others."
    )


def speed(found: Found) -> str:
    """Write what the speed benchmark found."""
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
            table(["system", *heads], _speed_rows(peers, "values")),
            "As multiples of ours in the same round:",
            table(["system", *MEASURES], _speed_rows(peers, "ratios")),
            "Size of the installation, everything needed counted:",
            table(["system", "MiB", "packages"], sizes),
            "![Cost as a multiple of ours](speed.png)",
            *_named(found, "apart", "Measured at another time than ours, not in the same rounds"),
            *_missing(found),
        ]
    )


def _speed_rows(peers: Mapping[str, Found], kind: str) -> list[list[str]]:
    return [
        [PEERS[name].name, *(number(one[kind][measure]) for measure in MEASURES)]
        for name, one in peers.items()
    ]


def scale(found: Found) -> str:
    """Write what the scale benchmark found."""
    rate = found["embedded a second"]
    tables = [
        f"### {kind}\n\n{_scale_table(sizes)}"
        for kind, sizes in {"Our index": found["ours"], **found["types"]}.items()
    ]
    return "\n\n".join(
        [
            "## Scale",
            f"Passages made of three sentences each, drawn from {found['sentences']:,} real ones "
            f"({found['data']}). Their vectors are made too: the mean of the sentences' own. "
            f"Embedding is therefore not in the times; it does {rate:,.0f} passages a second, so "
            f"1,000,000 would take {1e6 / rate / 3600:,.1f} hours more. {found['questions']} real "
            "questions. Recall is that of the ten nearest by exact search.",
            *tables,
            "![Cost against size](scale.png)",
            "![Types of FAISS index](types.png)",
        ]
    )


def _scale_table(sizes: Mapping[str, Found]) -> str:
    measured = [row for row in sizes.values() if "error" not in row]
    columns = [name for name in COLUMNS if any(name in row for row in measured)]
    rows = [[_plain(name, row[name]) for name in columns] for row in measured]
    errors = [
        f"{int(size):,} passages: {one_line(row['error'])}"
        for size, row in sizes.items()
        if "error" in row
    ]
    tables = [table([COLUMNS[name] for name in columns], rows)] if rows else []
    return "\n\n".join([*tables, *errors])


def _plain(name: str, value: float) -> str:
    return f"{value:,.0f}" if name == "passages" else f"{value:,.4g}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a Markdown table, its first column words and the others numbers."""
    marks = ["---", *["---:"] * (len(head) - 1)]
    cells = [head, marks, *([escaped(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


def escaped(text: str) -> str:
    """Keep a text from ending its cell."""
    return one_line(text).replace("|", "\\|")


def one_line(text: str) -> str:
    """Return a text with a blank for every line break."""
    return " ".join(text.split())


def percent(value: Value, signed: bool = False) -> str:
    """Write a share with its interval, in percent."""
    return _with_interval(value, lambda x: f"{100 * x:+.1f}" if signed else f"{100 * x:.1f}", " %")


def number(value: Value) -> str:
    """Write a number with its interval: whole, or with two decimals where it is below 10."""
    return _with_interval(value, lambda x: f"{x:,.{0 if abs(x) >= 10 else 2}f}", "")


def _with_interval(value: Value, write: Callable[[float], str], unit: str) -> str:
    middle, low, high = value
    if middle is None:
        return "none"
    if low is None or high is None:
        return write(middle) + unit
    return f"{write(middle)}{unit} [{write(low)}, {write(high)}]"


SECTIONS: Mapping[str, Callable[[Found], str]] = {
    "quality": quality,
    "speed": speed,
    "scale": scale,
}


SUMMARIES: Mapping[str, Callable[[Found], Found]] = {
    "quality": quality_benchmark.summarise,
    "speed": speed_benchmark.summarise,
}


def about(found: Found) -> str:
    """Say when each system was measured, on what machine and with which versions."""
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


def compose(records: Mapping[str, Found | None]) -> str:
    """Write the whole report; a benchmark that has not been run is said to be so."""
    parts = ["# qa_bot beside what people use instead"]
    for name, write in SECTIONS.items():
        found = records[name]
        if found is None:
            parts.append(f"## {name.capitalize()}\n\nNot run: `python -m benchmarks {name}`.")
        else:
            parts += [write(found), about(found)]
    return "\n\n".join(parts) + "\n"


def _read(folder: Path, name: str) -> Found | None:
    """Read what a benchmark wrote, and sum up what it kept of each question and run."""
    found = record.read(folder, name)
    return SUMMARIES[name](found) if found is not None and name in SUMMARIES else found


def main(argv: Sequence[str] | None = None) -> None:
    """Read what the benchmarks wrote; write report.md and the plots beside it."""
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

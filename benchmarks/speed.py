"""Time to start, to answer and to index, and use of memory and disk: ours against peers.

Each run is a process of its own. In a round every system runs once, in an order that changes, and
is compared with ours of the same round; a first round, not counted, warms the disk. The runs are
kept, so that one system can be measured again alone (``--peers``): it is said where a system was
not in the same rounds as ours.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks import installed, record
from benchmarks.data import pool, titles
from benchmarks.golden import QUESTIONS, load_questions
from benchmarks.peers import OURS, PEERS, PEERS_HELP
from benchmarks.probe import answer, build, in_new_process
from qa_bot.bot import default_bot

Texts = list[tuple[str, str]]  # text and title of each document
Run = dict[str, float]  # a value for each of MEASURES

MEASURES = {
    "cold start": "s",
    "answer, p50": "ms",
    "answer, p95": "ms",
    "indexed a second": "characters",
    "passages a second": "",
    "memory to index": "MiB",
    "memory to answer": "MiB",
    "index on disk": "KiB",
}
HIGHER_IS_BETTER = {"indexed a second", "passages a second"}
MEBI, KIBI = 2**20, 2**10


def measure(name: str, documents: Texts, questions: Sequence[str]) -> Run:
    """Build, save, open and ask a system, in two new processes."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "index"
        built = in_new_process(build, name, documents, folder)
        disk = installed.folder_size(folder)
        answered = in_new_process(answer, name, folder, questions, time.perf_counter())
    milliseconds = 1000 * np.array(answered.warm)
    return {
        "cold start": answered.first,
        "answer, p50": float(np.quantile(milliseconds, 0.5)),
        "answer, p95": float(np.quantile(milliseconds, 0.95)),
        "indexed a second": sum(len(text) for text, _ in documents) / built.seconds,
        "passages a second": built.passages / built.seconds,
        "memory to index": built.peak / MEBI,
        "memory to answer": answered.peak / MEBI,
        "index on disk": disk / KIBI,
    }


Measure = Callable[[str, Texts, Sequence[str]], Run]


def ratios(peer: Sequence[Run], ours: Sequence[Run]) -> dict[str, list[float]]:
    """Return a peer's measures as multiples of ours by round: median, lowest, highest."""
    found = {}
    for name in MEASURES:
        each = [own[name] / us[name] for own, us in zip(peer, ours, strict=True)]
        found[name] = [median(each), min(each), max(each)]
    return found


def spread(runs: Sequence[Run]) -> dict[str, list[float]]:
    """Return each measure's median, lowest and highest value."""
    return {
        name: [
            median(run[name] for run in runs),
            min(run[name] for run in runs),
            max(run[name] for run in runs),
        ]
        for name in MEASURES
    }


def interleave(
    names: Sequence[str],
    rounds: int,
    documents: Texts,
    questions: Sequence[str],
    measure: Measure,
) -> tuple[dict[str, list[Run]], dict[str, str]]:
    """Run every system once per round; return the runs, and the reasons why a system has none."""
    runs: dict[str, list[Run]] = {name: [] for name in names}
    errors: dict[str, str] = {}
    for turn in tqdm(range(rounds + 1), unit="round", disable=None):
        order = [name for name in names if name not in errors]
        random.Random(turn).shuffle(order)
        for name in order:
            try:
                run = measure(name, documents, questions)
            # A peer may fail in any way: the report says so, and the others continue.
            except Exception as error:
                errors[name] = f"failed: {type(error).__name__}: {error}"
                continue
            if turn:
                runs[name].append(run)
    return {name: found for name, found in runs.items() if name not in errors}, errors


def installation(name: str) -> dict[str, float]:
    """Return the MiB and the number of the packages that a system needs.

    Raises PackageNotFoundError if one is not installed.
    """
    packages = PEERS[name].packages
    return {
        "installation": installed.size(packages) / MEBI,
        "packages": len(installed.needed(packages)),
    }


def summarise(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the saved results, with each system's runs summarised and compared with ours."""
    us = found["peers"][OURS]
    peers = {}
    for name, one in found["peers"].items():
        if "error" in one:
            peers[name] = one
        else:
            summed = {"values": spread(one["runs"]), "ratios": ratios(one["runs"], us["runs"])}
            peers[name] = {**one, **summed, "apart": one["session"] != us["session"]}
    return {**found, "peers": peers}


def material(data: Path | None, count: int) -> tuple[Texts, list[str]]:
    """Return documents and questions about them; without a file, those of the shipped article."""
    if data is None:
        documents = default_bot().documents
        questions = [row.question for row in load_questions(QUESTIONS)]
    else:
        (whole,) = pool(titles(data))
        documents, questions = whole.documents, [case.question for case in whole.cases]
    random.Random(0).shuffle(questions)
    return [(document.text, document.title) for document in documents], questions[:count]


def main(argv: Sequence[str] | None = None) -> None:
    """Run all systems by turns, and write speed.json."""
    made = parser()
    options = made.parse_args(argv)
    if options.rounds < 1 or options.questions < 2:
        made.error("at least one round, of at least two questions")
    documents, questions = material(options.data, options.questions)
    about = {
        "data": "the shipped article" if options.data is None else options.data.name,
        "documents": len(documents),
        "characters": sum(len(text) for text, _ in documents),
        "questions": len(questions),
        "rounds": options.rounds,
    }
    try:
        kept = record.kept(options.out, "speed", about)
    except ValueError as error:
        made.error(str(error))
    names = options.peers if OURS in kept else list(dict.fromkeys([OURS, *options.peers]))
    installations: dict[str, dict[str, float]] = {}
    missing: dict[str, str] = {}
    for name in names:
        try:
            installations[name] = installation(name)
        except PackageNotFoundError as error:
            missing[name] = f"the package {error.name} is not installed"
    if OURS in missing:
        made.error(missing[OURS])
    session = datetime.now(UTC).isoformat()
    there = list(installations)
    runs, failed = interleave(there, options.rounds, documents, questions, measure)
    errors = missing | failed
    for name in names:
        if name in errors:
            found: dict[str, Any] = {"error": errors[name]}
        else:
            # Systems of one session ran in the same rounds.
            found = {"session": session, "runs": runs[name], **installations[name]}
        print(record.add(options.out, "speed", about, name, PEERS[name].packages, found))


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    made = argparse.ArgumentParser(prog="python -m benchmarks speed", description=__doc__)
    made.add_argument("data", type=Path, nargs="?", help="as for quality (default: our article)")
    made.add_argument("--rounds", type=int, default=5, help="(default: 5)")
    made.add_argument("--questions", type=int, default=50, help="asked in a run (default: 50)")
    made.add_argument(
        "--peers", nargs="+", choices=PEERS, default=list(PEERS), metavar="PEER", help=PEERS_HELP
    )
    made.add_argument("--out", type=Path, default=record.FOLDER, help="folder for speed.json")
    return made

"""Is the answer in the results? Ours against peers, at equal length and equal refusals.

Every paragraph of a title makes one article, asked about alone ("title") and with all the others
("all"). A peer has its default passages, and those of the size that is best on the file for
choosing (``--dev``) among the sizes whose first result is, on the mean, as short as our quote.

What each peer made of each question is kept, so that one can be measured again alone (``--peers``).
"""

import argparse
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from benchmarks import record
from benchmarks.bootstrap import Estimate, Rows, estimate, mean
from benchmarks.data import Case, Collection, pool, titles
from benchmarks.peers import OURS, PEERS, PEERS_HELP, Peer, Result, load
from benchmarks.remember import embed_once
from benchmarks.retrieval import first_rank
from benchmarks.scores import auroc
from qa_bot.datatypes import Document, Span
from qa_bot.models.span_model import load_model

Column = npt.NDArray[np.float64]  # a number for each question
Scopes = Mapping[str, Sequence[Collection]]  # the same articles, under ALONE and TOGETHER

ALONE, TOGETHER = "title", "all"

TOP = 3  # results that are shown
# characters; closest together around the length of our quotes
SIZES = (100, 150, 200, 225, 250, 300, 500, 1000)
SLACK = 1.1  # results up to this factor longer than our quotes count as equally long
REFUSED = (0.1, 0.2, 0.3)  # shares of the answerable questions that are refused
NOTHING = -1e9  # score if nothing is found; all peers' scores are higher


@dataclass(frozen=True, slots=True)
class Table:
    """A system's results, a row per question; NaN if a column does not apply."""

    passages: int
    answerable: Column  # 1 or 0
    in_first: Column  # 1 if the first result contains a whole answer; only for answerable questions
    in_top: Column  # the same for the first TOP
    length: Column  # characters of the first result
    read: Column  # characters up to the answer, or all shown; only for answerable questions
    score: Column  # of the first result; NaN if the peer has no scores

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON, null for NaN."""
        columns = asdict(self)
        passages = columns.pop("passages")
        plain = {name: _plain(column) for name, column in columns.items()}
        return {"passages": passages, **plain}

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> "Table":
        """Read the JSON from ``to_dict``."""
        columns = {name: column for name, column in found.items() if name != "passages"}
        arrays = {name: np.array(column, dtype=np.float64) for name, column in columns.items()}
        return cls(passages=found["passages"], **arrays)


def _plain(column: Column) -> list[float | None]:
    return [None if np.isnan(value) else value for value in column.tolist()]


class Places:
    """Finds text in a document, ignoring whitespace that a peer removed or added."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._offsets = [at for at, letter in enumerate(document.text) if not letter.isspace()]
        self._letters = "".join(document.text.split())

    def find(self, text: str) -> Span:
        """Return the first position of a text; raises ValueError if there is none."""
        letters = "".join(text.split())
        at = self._letters.find(letters)
        if at < 0 or not letters:
            raise ValueError(f"a result that is not in its document: {text[:80]!r}")
        end = self._offsets[at + len(letters) - 1] + 1
        return Span(self._document, self._offsets[at], end)


def ask(peer: Peer, collections: Iterable[Collection]) -> Table:
    """Build a peer on each collection and ask it that collection's questions."""
    rows: list[tuple[float, ...]] = []
    passages = 0
    for collection in collections:
        peer.build(collection.documents)
        passages += len(peer)
        places = {document.id: Places(document) for document in collection.documents}
        for case in collection.cases:
            rows.append(judge(case, peer.search(case.question, TOP), places))
    columns = np.array(rows, dtype=np.float64).T
    return Table(passages, *columns)


def judge(case: Case, results: Sequence[Result], places: Mapping[str, Places]) -> tuple[float, ...]:
    """Return the row of a question for a Table."""
    nan = float("nan")
    score = NOTHING
    if results:
        score = nan if results[0].score is None else results[0].score
    length = len(results[0].text) if results else nan
    if not case.answers:
        return 0.0, nan, nan, length, nan, score
    rank = first_rank((places[one.document].find(one.text) for one in results), case.answers)
    shown = results if rank is None else results[: rank + 1]
    read = sum(len(one.text) for one in shown)
    return 1.0, float(rank == 0), float(rank is not None), length, float(read), score


def refused_at(table: Table, share: float, rows: Rows) -> float:
    """Return the share of unanswerable questions refused, at a share of the answerable ones.

    The threshold on the score is set so that at most that share of the answerable is refused.
    """
    kind, score = table.answerable[rows] == 1, table.score[rows]
    own, other = np.sort(score[kind]), score[~kind]
    if np.isnan(score).any() or not len(own) or not len(other):
        return float("nan")
    threshold = own[int(share * len(own))]
    return float((other < threshold).mean())


def choose(curve: Sequence[Mapping[str, float]], length: float) -> int:
    """Return the size whose first results are best, among those no longer than about ``length``.

    Where even the shortest is longer, it is the shortest. ``curve`` is what ``curve`` returns.
    """
    short = [point for point in curve if point["length"] <= SLACK * length]
    if short:
        return int(max(short, key=lambda point: point["in_first"])["size"])
    return int(min(curve, key=lambda point: point["length"])["size"])


def summary(table: Table, ours: Table) -> dict[str, Any]:
    """Return the shares and lengths of a system with intervals, and the differences to ours."""
    questions = len(table.answerable)

    def difference(rows: Rows) -> float:
        return mean(table.in_first, rows) - mean(ours.in_first, rows)

    refusals = {
        f"{share:.0%}": estimate(partial(refused_at, table, share), questions).to_list()
        for share in REFUSED
    }
    return {
        "passages": table.passages,
        **{
            name: _mean(getattr(table, name)).to_list()
            for name in ("in_first", "in_top", "length", "read")
        },
        "in_first_against_ours": estimate(difference, questions).to_list(),
        "refused_at": refusals,
        "auroc": estimate(partial(_auroc, table), questions).to_list(),
    }


def _mean(column: Column) -> Estimate:
    return estimate(partial(mean, column), len(column))


def _auroc(table: Table, rows: Rows) -> float:
    score = table.score[rows]
    if np.isnan(score).any():
        return float("nan")
    return auroc(score.tolist(), (table.answerable[rows] == 1).tolist())


def measure_ours(scopes: Scopes, choosing: Sequence[Collection]) -> dict[str, Any]:
    """Ask our Bot; ``length`` is the mean length of its first quotes on the tuning questions."""
    us = load(OURS)
    tables = {scope: ask(us, members) for scope, members in scopes.items()}
    chosen_on = tables[ALONE] if choosing is scopes[ALONE] else ask(us, choosing)
    return {
        "length": float(np.nanmean(chosen_on.length)),
        "threshold": load_model().card.levels.found,
        "tables": {"default": _to_dicts(tables)},
    }


def measure_peer(
    name: str, scopes: Scopes, choosing: Sequence[Collection], length: float
) -> dict[str, Any]:
    """Ask a peer with its default size and with the size for results as long as ours."""
    sizes = {size: ask(load(name, size), choosing) for size in SIZES}
    found = curve(sizes)
    best = choose(found, length)
    default, short = load(name), load(name, best)
    equal = {
        scope: sizes[best] if members is choosing else ask(short, members)
        for scope, members in scopes.items()
    }
    tables = {
        "default": _to_dicts({scope: ask(default, members) for scope, members in scopes.items()}),
        "equal length": _to_dicts(equal),
    }
    return {"size": best, "curve": found, "tables": tables}


def _to_dicts(tables: Mapping[str, Table]) -> dict[str, dict[str, Any]]:
    return {scope: table.to_dict() for scope, table in tables.items()}


def curve(sizes: Mapping[int, Table]) -> list[dict[str, float]]:
    """Return for each size the mean length of the first results and how often they are right."""
    return [
        {
            "size": size,
            "length": float(np.nanmean(table.length)),
            "in_first": float(np.nanmean(table.in_first)),
        }
        for size, table in sizes.items()
    ]


def summarise(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the kept results, with each peer's tables summarised and compared with ours.

    A peer whose size is not the one that would be chosen now, because ours was measured again and
    its quotes have another length, is "stale".
    """
    us = found["peers"][OURS]
    ours = {scope: Table.from_dict(one) for scope, one in us["tables"]["default"].items()}
    peers = {}
    for name, one in found["peers"].items():
        if "error" in one:
            peers[name] = one
        else:
            stale = name != OURS and choose(one["curve"], us["length"]) != one["size"]
            peers[name] = {**one, "rows": list(_rows(one, ours)), "stale": stale}
    return {**found, "peers": peers, "own_refusals": own_refusals(ours[ALONE], us["threshold"])}


def _rows(one: Mapping[str, Any], ours: Mapping[str, Table]) -> Iterator[dict[str, Any]]:
    for setting, tables in one["tables"].items():
        size = None if setting == "default" else one["size"]
        for scope, table in tables.items():
            found = summary(Table.from_dict(table), ours[scope])
            yield {"setting": setting, "size": size, "scope": scope, **found}


def own_refusals(table: Table, threshold: float) -> dict[str, float | None]:
    """Return the shares of answerable and other questions that the Bot refuses by default."""
    refused = table.score < threshold
    return {
        "answerable": _share(refused[table.answerable == 1]),
        "unanswerable": _share(refused[table.answerable == 0]),
    }


def _share(refused: npt.NDArray[np.bool_]) -> float | None:
    return float(refused.mean()) if len(refused) else None


def attempt(name: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the measurements of a peer, or "error" with the reason why there are none."""
    try:
        return measure()
    except ImportError as error:
        return {"error": f"not installed: {error}"}
    # A peer may fail in any way: the report says so, and the others continue.
    except Exception as error:
        print(f"{name} failed:", file=sys.stderr)
        traceback.print_exc()
        return {"error": f"failed: {type(error).__name__}: {error}"}


def main(argv: Sequence[str] | None = None) -> None:
    """Ask all systems, and write quality.json after each."""
    made = parser()
    options = made.parse_args(argv)
    collections = titles(options.data, options.source, options.sample, options.titles)
    choosing = collections
    if options.dev is not None:
        choosing = titles(options.dev, options.source, options.sample, options.titles)
    if not collections or not choosing:
        made.error(f"no questions of the source {options.source!r}: name another with --source")
    scopes = {ALONE: collections, TOGETHER: pool(collections)}
    about = describe(options, collections, choosing)
    keep = partial(record.add, options.out, "quality", about)
    try:
        kept = record.kept(options.out, "quality", about)
    except ValueError as error:
        made.error(str(error))
    embed_once()
    if OURS in options.peers or OURS not in kept:
        kept[OURS] = measure_ours(scopes, choosing)
        print(keep(OURS, PEERS[OURS].packages, kept[OURS]))
    length = kept[OURS]["length"]
    for name in tqdm([name for name in options.peers if name != OURS], unit="peer", disable=None):
        found = attempt(name, partial(measure_peer, name, scopes, choosing, length))
        print(keep(name, PEERS[name].packages, found))


def describe(
    options: argparse.Namespace, collections: Sequence[Collection], choosing: Sequence[Collection]
) -> dict[str, Any]:
    """Describe the questions and the articles."""
    cases = [case for collection in collections for case in collection.cases]
    return {
        "data": options.data.name,
        "chosen_on": options.data.name if options.dev is None else options.dev.name,
        "chosen_on_questions": sum(len(collection.cases) for collection in choosing),
        "titles": len(collections),
        "characters": sum(len(c.documents[0].text) for c in collections),
        "answerable": sum(bool(case.answers) for case in cases),
        "unanswerable": sum(not case.answers for case in cases),
        "sample": options.sample,
    }


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    made = argparse.ArgumentParser(prog="python -m benchmarks quality", description=__doc__)
    made.add_argument("data", type=Path, help="SQuAD JSON, or rows as JSON lines; or gzipped")
    made.add_argument("--dev", type=Path, help="the same, to choose sizes on (default: the data)")
    made.add_argument("--source", default="squad", help="of rows: which (default: squad)")
    made.add_argument("--sample", type=int, help="questions of each title, drawn (default: all)")
    made.add_argument("--titles", type=int, help="titles, drawn (default: all)")
    made.add_argument(
        "--peers", nargs="+", choices=PEERS, default=list(PEERS), metavar="PEER", help=PEERS_HELP
    )
    made.add_argument("--out", type=Path, default=record.FOLDER, help="folder for quality.json")
    return made

"""The report's part about size: what an index costs, and which one is right for how many."""

from collections.abc import Mapping
from itertools import pairwise
from math import exp, log

from benchmarks.plots import STORES
from benchmarks.record import Results
from benchmarks.tables import one_line, table
from qa_bot.store.vectors import EXACT_UP_TO

Costs = Mapping[int, float]  # of a size each

COLUMNS = {
    "passages": "passages",
    "build s": "build, s",
    "search p50 ms": "search p50, ms",
    "search p95 ms": "search p95, ms",
    "recall": "recall@10",
    "save s": "save, s",
    "add one s": "add one, s",
    "save added s": "save after adding, s",
    "remove one s": "remove one, s",
    "save removed s": "save after removing, s",
    "open s": "open, s",
    "memory MiB": "peak memory, MiB",
    "disk MiB": "disk, MiB",
}
CHOSEN_BY = {
    "search p50 ms": "quickest to search",
    "build s": "quickest to build",
    "open s": "quickest to open",
    "disk MiB": "smallest",
}
LEAST_RECALL = 0.95  # of the ten nearest: an index that finds fewer is not chosen


def scale(found: Results) -> str:
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
            "### Which index for how many",
            _choices(found["types"]),
            "![Cost against size](scale.png)",
            "![Types of FAISS index](types.png)",
        ]
    )


def stores(found: Results) -> str:
    """Return a table of what a folder and Milvus Lite cost at the same sizes."""
    return "\n\n".join(
        f"{STORES[store]}:\n\n{_scale_table(sizes)}" for store, sizes in found["stores"].items()
    )


def _scale_table(sizes: Mapping[str, Results]) -> str:
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


def _choices(types: Mapping[str, Mapping[str, Results]]) -> str:
    """Say which type of index is best at each size, and where others overtake exact search."""
    measured = {
        kind: {int(size): row for size, row in sizes.items() if "error" not in row}
        for kind, sizes in types.items()
    }
    every = sorted({size for sizes in measured.values() for size in sizes})
    rows = [[f"{size:,}", *(least(measured, size, cost) for cost in CHOSEN_BY)] for size in every]
    exact = {size: row["search p50 ms"] for size, row in measured.get("Flat", {}).items()}
    lines = []
    for kind, sizes in measured.items():
        if kind != "Flat":
            other = {size: row["search p50 ms"] for size, row in sizes.items()}
            lines.append(f"- {kind}: {_where(overtaken(exact, other), min(every))}")
    ours = interpolated(exact, EXACT_UP_TO)
    taking = "" if ours is None else f", which takes about {ours:,.2g} ms there"
    return "\n\n".join(
        [
            f"The best of those that find at least {LEAST_RECALL:.0%} of the ten nearest:",
            table(["vectors", *CHOSEN_BY.values()], rows),
            "How many vectors there are, about, when a search becomes quicker than comparing all "
            "(Flat); between two measured sizes a power law is assumed:",
            "\n".join(lines),
            f"Our index compares all up to {EXACT_UP_TO:,}{taking}, and keeps more in cells "
            "(IVF,Flat).",
        ]
    )


def least(measured: Mapping[str, Mapping[int, Results]], size: int, cost: str) -> str:
    """Return the type of index that costs least at a size, of those that find enough."""
    fit = {
        kind: sizes[size][cost]
        for kind, sizes in measured.items()
        if size in sizes and sizes[size]["recall"] >= LEAST_RECALL
    }
    return min(fit, key=lambda kind: fit[kind]) if fit else "none"


def overtaken(first: Costs, other: Costs) -> float | None:
    """Return the size from which on ``other`` costs less than ``first``; None: it never does.

    The smallest size measured of both, when it costs less there already.
    """
    sizes = sorted(first.keys() & other.keys())
    # How much more the other costs, as a logarithm: a straight line in it is a power law.
    more = [log(other[size] / first[size]) for size in sizes]
    if not sizes or more[-1] >= 0:
        return None
    for (small, large), (before, after) in reversed(
        list(zip(pairwise(sizes), pairwise(more), strict=True))
    ):
        if before >= 0 > after:
            return exp(log(small) + log(large / small) * before / (before - after))
    return float(sizes[0])


def interpolated(costs: Costs, size: int) -> float | None:
    """Return the cost at a size between two that were measured, by a power law; else None."""
    for small, large in pairwise(sorted(costs)):
        if small <= size <= large:
            slope = log(costs[large] / costs[small]) / log(large / small)
            return costs[small] * exp(slope * log(size / small))
    return None


def _where(size: float | None, smallest: int) -> str:
    if size is None:
        return "never, up to the largest measured"
    return f"{smallest:,} or fewer" if size <= smallest else f"{size:,.0f}"

"""The plots of the report."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.peers import OURS, PEERS
from benchmarks.quality import ALONE
from benchmarks.record import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COSTS = {  # the sizes to plot, and their titles
    "build s": "build, s",
    "search p50 ms": "search, median, ms",
    "memory MiB": "peak memory, MiB",
    "disk MiB": "on disk, MiB",
    "add one s": "add one document, s",
    "open s": "open, s",
}
STORES = {"folder": "folder", "milvus": "Milvus Lite, a server"}
BARS = ("cold start", "answer, p50", "memory to answer", "index on disk")


def draw_quality(found: Results, folder: Path) -> None:
    """Plot how often the first result is right against its length."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    for name, peer in found["peers"].items():
        if "curve" not in peer:  # ours has one length, and failed systems have none
            continue
        line = sorted((point["length"], 100 * point["in_first"]) for point in peer["curve"])
        axes.plot(*zip(*line, strict=True), marker=".", label=PEERS[name].name)
    own = next(row for row in found["peers"][OURS]["rows"] if row["scope"] == ALONE)
    axes.plot(
        own["length"][0], 100 * own["in_first"][0], "k*", markersize=14, label=PEERS[OURS].name
    )
    axes.set(
        xscale="log",
        xlabel="mean length of the first result, characters",
        ylabel="the answer lies in it, %",
        title=f"Each title alone, {found['chosen_on']}",
    )
    axes.legend()
    figure.savefig(folder / "quality.png", dpi=150)
    plt.close(figure)


def draw_speed(found: Results, folder: Path) -> None:
    """Plot the costs of the peers as multiples of ours, with the range over the rounds."""
    import matplotlib.pyplot as plt

    peers = {name: one for name, one in found["peers"].items() if "error" not in one}
    figure, every = plt.subplots(1, len(BARS), figsize=(12, 3.5), sharey=True, layout="constrained")
    for axes, measure in zip(every, BARS, strict=True):
        for at, one in enumerate(peers.values()):
            middle, low, high = one["ratios"][measure]
            axes.barh(at, middle, xerr=[[middle - low], [high - middle]])
        axes.axvline(1, color="black", linewidth=0.8)
        axes.set(title=f"{measure}, ours = 1")
        axes.set_yticks(range(len(peers)), [PEERS[name].name for name in peers])
    figure.savefig(folder / "speed.png", dpi=150)
    plt.close(figure)


def draw_scale(found: Results, folder: Path) -> None:
    """Plot the costs of our index, and the costs and the recall of each type of FAISS index."""
    import matplotlib.pyplot as plt

    figure, every = plt.subplots(2, 3, figsize=(11, 6), layout="constrained")
    for axes, (name, title) in zip(every.flat, COSTS.items(), strict=True):
        _line(axes, found["ours"], name, "our index")
        axes.set(xscale="log", yscale="log", title=title, xlabel="passages")
    figure.savefig(folder / "scale.png", dpi=150)
    plt.close(figure)
    shown = {"search p50 ms": "search, median, ms", "recall": "recall@10", "disk MiB": "MiB"}
    figure, three = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
    for axes, (name, title) in zip(three, shown.items(), strict=True):
        for kind, sizes in found["types"].items():
            _line(axes, sizes, name, kind)
        scale = "linear" if name == "recall" else "log"
        axes.set(xscale="log", yscale=scale, title=title, xlabel="vectors")
    three[0].legend()
    figure.savefig(folder / "types.png", dpi=150)
    plt.close(figure)


def draw_stores(found: Results, folder: Path) -> None:
    """Plot what a folder and Milvus Lite cost at the same sizes."""
    import matplotlib.pyplot as plt

    figure, every = plt.subplots(2, 3, figsize=(11, 6), layout="constrained")
    for axes, (name, title) in zip(every.flat, COSTS.items(), strict=True):
        for store, sizes in found["stores"].items():
            _line(axes, sizes, name, STORES[store])
        axes.set(xscale="log", yscale="log", title=title, xlabel="passages")
    every.flat[0].legend()
    figure.savefig(folder / "stores.png", dpi=100)
    plt.close(figure)


def _line(axes: "Axes", sizes: Mapping[str, Results], name: str, label: str) -> None:
    points = [(row["passages"], row[name]) for row in sizes.values() if name in row]
    if points:
        axes.plot(*zip(*points, strict=True), marker="o", label=label)


DRAW: Mapping[str, Callable[[Results, Path], None]] = {
    "quality": draw_quality,
    "speed": draw_speed,
    "scale": draw_scale,
}

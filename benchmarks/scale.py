"""From 1,000 passages to 1,000,000: what building, searching, changing and opening cost.

The passages are real sentences recombined (see recombined.py), so a build here is all but the
embedding, whose speed is measured on its own. Each size and each type of FAISS index has a process
of its own. Recall is the share of the ten nearest by exact search that are found.
"""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import plots, record, scale_store
from benchmarks.installed import folder_size
from benchmarks.peers import OURS
from benchmarks.probe import peak_memory
from benchmarks.recombined import (
    documents_of,
    pick,
    real_sentences,
    vectors_of,
)
from benchmarks.scale_parts import (
    MEBI,
    TOP,
    Costs,
    Material,
    attempt,
    exact_scores,
    known_embedder,
    quantiles,
    recall,
    timed,
)
from benchmarks.scale_report import stores
from benchmarks.speed import material
from qa_bot.answering.retriever import retrieve
from qa_bot.config import Config
from qa_bot.datatypes import Document
from qa_bot.models.embedder import Embedder, embed_passages, embed_query, load_embedder
from qa_bot.store.index import Index
from qa_bot.store.vectors import MIN_NPROBE, NPROBE, ROUNDS, TRAINED_ON

SIZES = (1_000, 10_000, 100_000, 1_000_000)  # passages
# As FAISS writes them; "np" leaves out a slow step of training that these searches never use.
TYPES = ("Flat", "HNSW32", "IVF,Flat", "IVF,SQ8", "IVF,PQ48np")
EFFORT = 64  # candidates that HNSW keeps while it searches
FEWEST = 100  # sentences: fewer make too few different passages
EMBEDDED = 200  # passages embedded to learn how fast that is


def prepare(data: Path, questions: int) -> Material:
    """Embed the sentences of a data file, and questions about it."""
    documents, asked = material(data, questions)
    found = real_sentences([Document(text, title) for text, title in documents])
    embedder = load_embedder()
    return Material(
        tuple(found),
        embed_passages(embedder, found),
        tuple(asked),
        np.stack([embed_query(embedder, question) for question in asked]),
    )


def embedding_rate(known: Material) -> float:
    """Return how many passages are embedded a second."""
    picks = pick(EMBEDDED, len(known.sentences))
    texts = ["\n".join(known.sentences[one] for one in row) for row in picks]
    embedder = load_embedder()
    embed_passages(embedder, texts[:8])
    _, seconds = timed(lambda: embed_passages(embedder, texts))
    return EMBEDDED / seconds


def measure_index(size: int, known: Material) -> Costs:
    """Measure our own Index with so many passages."""
    embedder = known_embedder(known)
    picks = pick(size, len(known.sentences))
    config = Config()
    index = Index.new(config.build_settings(), embedder)
    documents = list(documents_of(picks, known.sentences))
    _, building = timed(lambda: index.add(documents, embedder))
    passages = len(index)
    searching = [
        timed(partial(retrieve, [index], embedder, question, config))[1]
        for question in known.questions
    ]
    found = [[hit.score for hit in index.search_dense(v, TOP)] for v in known.asked]
    exact = exact_scores(vectors_of(picks, known.vectors), known.asked)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "index"
        _, saving = timed(lambda: index.save(folder))
        _, opening = timed(lambda: Index.open(folder))
        disk = folder_size(folder)
        new, old = Document("\n".join(known.sentences[:2])), documents[len(documents) // 2]
        changing = measure_changes(index, folder, embedder, new, old)
    return {
        "passages": passages,
        "build s": building,
        **quantiles(searching),
        "recall": recall(found, exact),
        "save s": saving,
        **changing,
        "open s": opening,
        "memory MiB": peak_memory() / MEBI,
        "disk MiB": disk / MEBI,
    }


def measure_changes(
    index: Index, folder: Path, embedder: Embedder, new: Document, old: Document
) -> Costs:
    """Measure adding a document and removing one, each saved to the folder of the index."""
    _, adding = timed(lambda: index.add([new], embedder))
    _, saving_added = timed(lambda: index.save(folder))
    _, removing = timed(lambda: index.remove([old.id]))
    _, saving_removed = timed(lambda: index.save(folder))
    return {
        "add one s": adding,
        "save added s": saving_added,
        "remove one s": removing,
        "save removed s": saving_removed,
    }


def measure_type(kind: str, size: int, known: Material) -> Costs:
    """Measure one type of FAISS index with so many vectors."""
    import faiss

    vectors = vectors_of(pick(size, len(known.sentences)), known.vectors)
    exact = exact_scores(vectors, known.asked)
    index = faiss.index_factory(vectors.shape[1], factory(kind, size), faiss.METRIC_INNER_PRODUCT)
    tune(index)
    _, training = timed(partial(index.train, vectors))
    _, filling = timed(partial(index.add, vectors))
    runs = [timed(partial(index.search, one[np.newaxis], TOP)) for one in known.asked]
    # The scores of a coded index are those of the codes: what was found is scored anew.
    rows = [found[1][0][found[1][0] >= 0] for found, _ in runs]
    scores = [(vectors[row] @ one).tolist() for row, one in zip(rows, known.asked, strict=True)]
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "vectors.faiss"
        faiss.write_index(index, str(path))
        disk = path.stat().st_size
        _, opening = timed(lambda: faiss.read_index(str(path)))
    _, adding = timed(lambda: index.add(vectors[:1]))
    return {
        "passages": size,
        "build s": training + filling,
        **quantiles([seconds for _, seconds in runs]),
        "recall": recall(scores, exact),
        "add one s": adding,
        "open s": opening,
        "disk MiB": disk / MEBI,
    }


def factory(kind: str, size: int) -> str:
    """Return what FAISS calls a type of index; an inverted file has as many cells as ours."""
    return kind.replace("IVF", f"IVF{2 * isqrt(size)}")


def tune(index: Any) -> None:
    """Set how an approximate index learns and searches, cells as in ours; an exact one stays."""
    if hasattr(index, "nprobe"):
        index.nprobe = max(MIN_NPROBE, index.nlist // NPROBE)
        index.cp.max_points_per_centroid = TRAINED_ON
        index.cp.niter = ROUNDS
    if hasattr(index, "hnsw"):
        index.hnsw.efSearch = EFFORT


def main(argv: Sequence[str] | None = None) -> None:
    """Measure every size, and write scale.json after each."""
    made = argparse.ArgumentParser(prog="python -m benchmarks scale", description=__doc__)
    made.add_argument("data", type=Path, help="as for quality: whose sentences are recombined")
    made.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), metavar="N")
    made.add_argument(
        "--types",
        nargs="+",
        default=[OURS, *TYPES],
        choices=[OURS, *TYPES],
        metavar="TYPE",
        help=f"what to measure of: {', '.join([OURS, *TYPES])} (default: all)",
    )
    made.add_argument(
        "--store",
        choices=["milvus"],
        help="compare a folder with Milvus Lite instead; write stores.json and stores.png",
    )
    made.add_argument("--questions", type=int, default=100, help="(default: 100)")
    made.add_argument("--out", type=Path, default=record.FOLDER, help="folder for scale.json")
    options = made.parse_args(argv)
    known = prepare(options.data, options.questions)
    if len(known.sentences) < FEWEST:
        made.error(f"{options.data} has only {len(known.sentences)} sentences of a fit length")
    about = {
        "data": options.data.name,
        "sentences": len(known.sentences),
        "questions": len(known.questions),
    }
    if options.store is not None:
        compare_stores(options, known, about)
        return
    try:
        ours, types = kept(options.out, about)
    except ValueError as error:
        made.error(str(error))
    rate = embedding_rate(known)
    for size in options.sizes:
        for kind in options.types:
            if kind == OURS:
                ours[str(size)] = attempt(measure_index, size, known)
            else:
                types.setdefault(kind, {})[str(size)] = attempt(measure_type, kind, size, known)
        found = {**about, "embedded a second": rate, "ours": ours, "types": types}
        print(size, record.write(options.out, "scale", ["qa-bot", "faiss-cpu", "numpy"], found))


def compare_stores(options: argparse.Namespace, known: Material, about: Mapping[str, Any]) -> None:
    """Measure a folder and Milvus at every size; write stores.json, print tables, draw a plot."""
    packages = ["qa-bot", "faiss-cpu", "milvus-lite", "pymilvus"]
    found: dict[str, Any] = {**about, "stores": {}}
    for size in options.sizes:
        for kind in (scale_store.FOLDER, scale_store.MILVUS):
            costs = attempt(scale_store.measure_store, kind, size, known)
            found["stores"].setdefault(kind, {})[str(size)] = costs
            print(size, kind, costs, record.write(options.out, "stores", packages, found))
    found["quotes"] = attempt(scale_store.same_first_quotes, options.data, options.questions)
    print(found["quotes"], record.write(options.out, "stores", packages, found))
    print(stores(found))
    plots.draw_stores(found, options.out)


def kept(folder: Path, about: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what an earlier run measured of ours and of the types; sizes can be run in turn.

    Raises ValueError when that was of other sentences or questions.
    """
    found = record.read(folder, "scale")
    if found is None:
        return {}, {}
    if any(found[name] != value for name, value in about.items()):
        raise ValueError(f"{folder / 'scale.json'} is of other data: name another --out")
    return found["ours"], found["types"]

"""What a folder and Milvus cost at the same size, and whether they give the same first quotes.

Milvus is Milvus Lite, a server on this machine. For both, a build ends when all is on the disk, and
"add one" and "remove one" are what a command does: open, change, keep. The folder's memory is that
of the process that reads it, which is all there is; Milvus's is the server's.
"""

import tempfile
from functools import partial
from pathlib import Path

from benchmarks.data import titles
from benchmarks.installed import folder_size
from benchmarks.milvus_server import MilvusServer
from benchmarks.probe import peak_memory
from benchmarks.recombined import documents_of, pick, vectors_of
from benchmarks.scale_parts import (
    MEBI,
    TOP,
    Costs,
    Material,
    exact_scores,
    known_embedder,
    quantiles,
    recall,
    timed,
)
from qa_bot.answering.retriever import retrieve
from qa_bot.bot import Bot
from qa_bot.config import Config
from qa_bot.datatypes import Document
from qa_bot.models.embedder import Embedder, load_embedder
from qa_bot.store.copying import copy
from qa_bot.store.embedded import Spec
from qa_bot.store.location import store_at
from qa_bot.store.protocols import Store

FOLDER, MILVUS = "folder", "milvus"
ARTICLES = 5  # of which questions are asked


def measure_store(kind: str, size: int, known: Material) -> Costs:
    """Measure one kind of store with so many passages."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "data"
        if kind == FOLDER:
            costs = _measure(store_at(folder), size, known)
            return {**costs, "memory MiB": peak_memory() / MEBI, "disk MiB": _size(folder)}
        server = MilvusServer(folder)
        server.start()
        try:
            costs = _measure(store_at(server.location("scale")), size, known)
            memory = server.peak_memory() / MEBI
            return {**costs, "memory MiB": memory, "disk MiB": _size(folder)}
        finally:
            server.kill()


def _measure(store: Store, size: int, known: Material) -> Costs:
    embedder, config = known_embedder(known), Config()
    spec = Spec.of(config.build_settings(), embedder)
    picks = pick(size, len(known.sentences))
    documents = list(documents_of(picks, known.sentences))
    one = Document("\n".join(known.sentences[:2]))
    _, building = timed(lambda: _add(store, spec, embedder, documents))
    index, opening = timed(store.open)
    # The first search also loads (on a server) and fetches the texts (in a client).
    retrieve([index], embedder, known.questions[0], config)
    searching = [
        timed(partial(retrieve, [index], embedder, question, config))[1]
        for question in known.questions
    ]
    found = [[hit.score for hit in index.search_dense(vector, TOP)] for vector in known.asked]
    exact = exact_scores(vectors_of(picks, known.vectors), known.asked)
    _, adding = timed(lambda: _add(store, spec, embedder, [one]))
    _, removing = timed(lambda: _remove(store, one))
    return {
        "passages": len(index),
        "build s": building,
        **quantiles(searching),
        "recall": recall(found, exact),
        "add one s": adding,
        "remove one s": removing,
        "open s": opening,
    }


def _add(store: Store, spec: Spec, embedder: Embedder, documents: list[Document]) -> None:
    with store.writing(spec) as index:
        index.add(documents, embedder)


def _remove(store: Store, document: Document) -> None:
    with store.writing() as index:
        index.remove([document.id])


def _size(folder: Path) -> float:
    return folder_size(folder) / MEBI


def same_first_quotes(data: Path, questions: int) -> Costs:
    """Ask both stores the same questions about the same articles; return how often they agree.

    They agree where the first quotes have the same highlight, or where neither quotes.
    """
    collections = titles(data, sample=questions // ARTICLES, most=ARTICLES)
    asked = [case.question for collection in collections for case in collection.cases]
    documents = [it for collection in collections for it in collection.documents]
    embedder, settings = load_embedder(), Config().build_settings()
    with tempfile.TemporaryDirectory() as temporary:
        folder = store_at(Path(temporary) / "folder")
        _add(folder, Spec.of(settings, embedder), embedder, documents)
        server = MilvusServer(Path(temporary) / "data")
        server.start()
        try:
            milvus = store_at(server.location("quotes"))
            copy(folder, milvus)
            firsts = [_firsts(store, asked) for store in (folder, milvus)]
        finally:
            server.kill()
    same = [one == other for one, other in zip(*firsts, strict=True)]
    return {"questions": len(asked), "same first quote": sum(same) / len(same)}


def _firsts(store: Store, asked: list[str]) -> list[tuple[str, int, int] | None]:
    """Return the document and the place of the first quote's highlight for each question."""
    bot = Bot.open(store.location)
    answers = [bot.answer(question) for question in asked]
    first = [answer.quotes[0].highlight if answer.quotes else None for answer in answers]
    return [None if it is None else (it.document.id, it.start, it.end) for it in first]

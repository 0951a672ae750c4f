"""Haystack: a pipeline of BM25 and vectors in memory, joined by reciprocal rank."""

from collections.abc import Sequence
from pathlib import Path

from haystack import Document as Whole
from haystack import Pipeline
from haystack.components.joiners import DocumentJoiner
from haystack.components.preprocessors import DocumentSplitter
from haystack.components.retrievers.in_memory import (
    InMemoryBM25Retriever,
    InMemoryEmbeddingRetriever,
)
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.utils import ComponentDevice
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)

from benchmarks.peers import Result, model_folder
from qa_bot.datatypes import Document

CHARS_A_WORD = 6  # in English, including the space; its lengths are in words
CANDIDATES = 10  # from each retriever; the default
CPU = ComponentDevice.from_str("cpu")


class Haystack:
    """A document store, and the pipeline that queries it."""

    def __init__(self, size: int | None = None) -> None:
        words = 200 if size is None else size // CHARS_A_WORD
        overlap = 0 if size is None else words // 5
        self._splitter = DocumentSplitter(
            split_by="word", split_length=words, split_overlap=overlap
        )
        self._embedder = SentenceTransformersDocumentEmbedder(
            model=model_folder(), device=CPU, progress_bar=False, local_files_only=True
        )
        self._store = InMemoryDocumentStore(shared=False)
        self._bm25 = InMemoryBM25Retriever(self._store, top_k=CANDIDATES)
        self._dense = InMemoryEmbeddingRetriever(self._store, top_k=CANDIDATES)
        self._pipeline = self._connect()

    def build(self, documents: Sequence[Document], /) -> None:
        """Split, embed and index documents."""
        whole = [Whole(content=d.text, meta={"document": d.id}) for d in documents]
        chunks = self._splitter.run(documents=whole)["documents"]
        store = InMemoryDocumentStore(shared=False)
        store.write_documents(self._embedder.run(documents=chunks)["documents"])
        self._use(store)

    def search(self, query: str, k: int, /) -> list[Result]:
        """Return the best chunks with the fused score."""
        found = self._pipeline.run(
            {"text": {"text": query}, "bm25": {"query": query}, "joiner": {"top_k": k}}
        )
        return [
            Result(chunk.content, chunk.meta["document"], chunk.score)
            for chunk in found["joiner"]["documents"]
        ]

    def save(self, folder: Path, /) -> None:
        """Save the document store."""
        folder.mkdir(parents=True, exist_ok=True)
        self._store.save_to_disk(str(folder / "store.json"))

    def open(self, folder: Path, /) -> None:
        """Open the document store."""
        self._use(InMemoryDocumentStore.load_from_disk(str(folder / "store.json")))

    def __len__(self) -> int:
        return int(self._store.count_documents())

    def _use(self, store: InMemoryDocumentStore) -> None:
        self._store = self._bm25.document_store = self._dense.document_store = store

    def _connect(self) -> Pipeline:
        pipeline = Pipeline()
        embedder = SentenceTransformersTextEmbedder(
            model=model_folder(), device=CPU, progress_bar=False, local_files_only=True
        )
        pipeline.add_component("text", embedder)
        pipeline.add_component("bm25", self._bm25)
        pipeline.add_component("dense", self._dense)
        pipeline.add_component("joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion"))
        pipeline.connect("text.embedding", "dense.query_embedding")
        pipeline.connect("bm25", "joiner")
        pipeline.connect("dense", "joiner")
        return pipeline

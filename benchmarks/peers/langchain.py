"""LangChain: RecursiveCharacterTextSplitter with FAISS, and its ensemble of that with BM25."""

from collections.abc import Sequence
from pathlib import Path

from langchain_classic.retrievers import EnsembleRetriever
from langchain_community.retrievers import BM25Retriever
from langchain_community.vectorstores import FAISS
from langchain_core.documents import Document as Chunk
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

from benchmarks.peers import Result, model_folder
from qa_bot.datatypes import Document

CANDIDATES = 10  # from each half of the ensemble


class Dense:
    """The vector store alone, searched with scores."""

    def __init__(self, size: int | None = None) -> None:
        # Its tutorials on retrieval use 1,000 and 200.
        chars = 1000 if size is None else size
        self._splitter = RecursiveCharacterTextSplitter(chunk_size=chars, chunk_overlap=chars // 5)
        self._embeddings = HuggingFaceEmbeddings(
            model_name=model_folder(), model_kwargs={"device": "cpu"}
        )
        self._store: FAISS

    def build(self, documents: Sequence[Document], /) -> None:
        """Split, embed and index documents."""
        whole = [Chunk(page_content=d.text, metadata={"document": d.id}) for d in documents]
        self._store = FAISS.from_documents(self._splitter.split_documents(whole), self._embeddings)

    def search(self, query: str, k: int, /) -> list[Result]:
        """Return the nearest chunks; the score is the L2 distance, negated."""
        return [
            Result(chunk.page_content, chunk.metadata["document"], -float(distance))
            for chunk, distance in self._store.similarity_search_with_score(query, k=k)
        ]

    def save(self, folder: Path, /) -> None:
        """Save the vector store."""
        self._store.save_local(str(folder))

    def open(self, folder: Path, /) -> None:
        """Open the vector store; its texts are a pickle, which must be allowed explicitly."""
        self._store = FAISS.load_local(
            str(folder), self._embeddings, allow_dangerous_deserialization=True
        )

    def __len__(self) -> int:
        return int(self._store.index.ntotal)


class Ensemble(Dense):
    """BM25 and the vector store, fused by reciprocal rank with equal weights."""

    def __init__(self, size: int | None = None) -> None:
        super().__init__(size)
        self._bm25: BM25Retriever

    def build(self, documents: Sequence[Document], /) -> None:
        """Split, embed and index documents."""
        super().build(documents)
        self._index_words()

    def search(self, query: str, k: int, /) -> list[Result]:
        """Return the best chunks; the ensemble does not return scores."""
        dense = self._store.as_retriever(search_kwargs={"k": CANDIDATES})
        ensemble = EnsembleRetriever(retrievers=[self._bm25, dense], weights=[0.5, 0.5])
        return [
            Result(chunk.page_content, chunk.metadata["document"], None)
            for chunk in ensemble.invoke(query)[:k]
        ]

    def open(self, folder: Path, /) -> None:
        """Open the vector store, and build BM25 again, since it cannot be saved."""
        super().open(folder)
        self._index_words()

    def _index_words(self) -> None:
        names = self._store.index_to_docstore_id
        chunks = self._store.get_by_ids([names[row] for row in range(len(names))])
        self._bm25 = BM25Retriever.from_documents(chunks, k=CANDIDATES)

"""LlamaIndex: SentenceSplitter, and a vector index over FAISS."""

from collections.abc import Sequence
from pathlib import Path

import faiss
from llama_index.core import Document as Whole
from llama_index.core import StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.node_parser import SentenceSplitter
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.vector_stores.faiss import FaissVectorStore

from benchmarks.peers import Result, model_folder
from qa_bot.datatypes import Document

CHARS_A_TOKEN = 4  # roughly, in English; its lengths are in tokens


class LlamaIndex:
    """A vector index."""

    def __init__(self, size: int | None = None) -> None:
        tokens = 1024 if size is None else size // CHARS_A_TOKEN
        overlap = 200 if size is None else tokens // 5
        self._splitter = SentenceSplitter(chunk_size=tokens, chunk_overlap=overlap)
        self._embedder = HuggingFaceEmbedding(model_name=model_folder(), device="cpu")
        self._index: VectorStoreIndex

    def build(self, documents: Sequence[Document], /) -> None:
        """Split, embed and index documents."""
        dimension = len(self._embedder.get_query_embedding("dimension"))
        store = FaissVectorStore(faiss_index=faiss.IndexFlatL2(dimension))
        self._index = VectorStoreIndex.from_documents(
            [Whole(text=document.text, id_=document.id) for document in documents],
            storage_context=StorageContext.from_defaults(vector_store=store),
            transformations=[self._splitter],
            embed_model=self._embedder,
        )

    def search(self, query: str, k: int, /) -> list[Result]:
        """Return the nearest nodes; the score is the L2 distance, negated."""
        found = self._index.as_retriever(similarity_top_k=min(k, len(self))).retrieve(query)
        return [Result(one.get_content(), one.node.ref_doc_id, -one.score) for one in found]

    def save(self, folder: Path, /) -> None:
        """Save the stores."""
        self._index.storage_context.persist(persist_dir=str(folder))

    def open(self, folder: Path, /) -> None:
        """Open the stores."""
        context = StorageContext.from_defaults(
            vector_store=FaissVectorStore.from_persist_dir(str(folder)), persist_dir=str(folder)
        )
        self._index = load_index_from_storage(context, embed_model=self._embedder)

    def __len__(self) -> int:
        return len(self._index.index_struct.nodes_dict)

"""txtai: paragraphs in an embeddings database with hybrid search."""

from collections.abc import Sequence
from pathlib import Path

from txtai import Embeddings
from txtai.pipeline import Segmentation

from benchmarks.peers import Result, model_folder
from qa_bot.datatypes import Document


class Txtai:
    """An embeddings database that keeps its texts."""

    def __init__(self, size: int | None = None) -> None:
        # It has no splitter by length of its own; it uses chonkie for that.
        self._split = (
            Segmentation(paragraphs=True)
            if size is None
            else Segmentation(chunker="sentence", chunk_size=size, chunk_overlap=size // 5)
        )
        self._embeddings = Embeddings(path=model_folder(), hybrid=True, content=True, gpu=False)

    def build(self, documents: Sequence[Document], /) -> None:
        """Split, embed and index documents."""
        self._embeddings.index(
            (f"{document.id}/{number}", text, None)
            for document in documents
            for number, text in enumerate(self._split(document.text))
        )

    def search(self, query: str, k: int, /) -> list[Result]:
        """Return the best texts; the score is the mean of the cosine and a BM25 scaled to 1."""
        return [
            Result(row["text"], row["id"].partition("/")[0], float(row["score"]))
            for row in self._embeddings.search(query, k)
        ]

    def save(self, folder: Path, /) -> None:
        """Save the database."""
        self._embeddings.save(str(folder))

    def open(self, folder: Path, /) -> None:
        """Open the database."""
        self._embeddings.load(str(folder))

    def __len__(self) -> int:
        return int(self._embeddings.count())

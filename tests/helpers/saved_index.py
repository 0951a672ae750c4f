"""An index of two documents saved in a folder, and the bytes of its files."""

from pathlib import Path

from qa_bot.datatypes import Document
from qa_bot.store.index import Index
from tests.helpers.fakes import WordEmbedder

SETTINGS = {"model": "words", "passage_chars": 60, "passage_overlap": 1}
EMBEDDER = WordEmbedder()
MILL = Document("The old mill burned down. Nobody was hurt.", "The mill", "mill.txt", {"date": "1"})
FAIR = Document("The fair came to town. It rained on Sunday.", "The fair", "fair.txt")


def save(folder: Path, *documents: Document) -> None:
    index = Index.new(SETTINGS, EMBEDDER)
    index.add(documents, EMBEDDER)
    index.save(folder)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

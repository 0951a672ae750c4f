"""An index of two documents saved in a folder, the bytes of its files, and edits of them."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from qa_bot.datatypes import Document
from qa_bot.store.index import Index
from qa_bot.store.manifest import TableFile, seal
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


def find(folder: Path, start: str) -> Path:
    """Return the one file whose name begins so."""
    (path,) = (folder / name for name in contents(folder) if name.startswith(start))
    return path


def edit_manifest(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    """Alter a manifest as a person who knows how to seal it would."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_bytes())
    edit(manifest)
    path.write_text(json.dumps({**manifest, "sha256": seal(manifest)}))


def edit_list(folder: Path, edit: Callable[[list[dict[str, Any]]], object]) -> None:
    """Alter the list of documents, and name it in the manifest as the altered one."""
    path = find(folder, "documents-")
    listed = json.loads(path.read_bytes())
    edit(listed)
    data = json.dumps(listed).encode()
    path.unlink()
    file = TableFile.of("documents", data)
    (folder / file.name).write_bytes(data)
    edit_manifest(folder, lambda it: it["segments"][0]["files"].update(documents=asdict(file)))


def make_former(folder: Path, version: int) -> None:
    """Turn a saved index into what an older version would have saved; its tables do not matter."""
    listed = find(folder, "documents-")
    documents = json.loads(listed.read_bytes())
    if version == 1:
        for document in documents:
            del document["marks"]

    def edit(manifest: dict[str, Any]) -> None:
        (segment,) = manifest.pop("segments")
        tables = {kind: segment["files"][kind] for kind in ("passages", "vectors")}
        files = {kind: {"name": it["name"], "sha256": it["sha256"]} for kind, it in tables.items()}
        manifest.update(format=version, documents=documents, files=files)

    edit_manifest(folder, edit)
    listed.unlink()

"""Which store a location names: ``milvus:`` begins those of Milvus, all others are folders."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qa_bot.errors import IndexNotFoundError
from qa_bot.models.embedder import Embedder
from qa_bot.store.embedded import Progress, Spec
from qa_bot.store.index import Index, lock, manifest_stamp, rebuild, stored_settings
from qa_bot.store.manifest import Settings
from qa_bot.store.protocols import Store

MILVUS = "milvus:"


def store_at(location: str | Path) -> Store:
    """Return the store of a location; nothing is opened, and a folder need not be there.

    Raises ValueError for a location of Milvus that is not written as one, MissingExtraError
    where the client of Milvus is not installed.
    """
    if str(location).startswith(MILVUS):
        from qa_bot.store.milvus import MilvusStore  # late: a folder does without the client

        return MilvusStore(str(location))
    return FolderStore(location)


class FolderStore:
    """An index in a folder: see ``folder.py``."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._last: Index | None = None  # that was opened or saved here: what it shares is kept

    @property
    def location(self) -> str:
        """The folder, with the links in its path followed."""
        return str(self.folder.resolve())

    def open(self, settings: Settings | None = None, fingerprint: str | None = None) -> Index:
        """Read the index, everything in it checked."""
        self._last = Index.open(self.folder, settings=settings, fingerprint=fingerprint)
        return self._last

    @contextmanager
    def writing(self, spec: Spec | None = None) -> Iterator[Index]:
        """Hold the lock of the folder, and save the index if it was changed.

        Segments that this store has opened or saved before are not read again.
        """
        with lock(self.folder):
            index = self._open_or_new(spec)
            before = index.documents
            yield index
            if index.documents != before:
                index.save(self.folder)
            self._last = index

    def _open_or_new(self, spec: Spec | None) -> Index:
        if spec is None:
            return Index.open(self.folder, known=self._last)
        try:
            return Index.open(
                self.folder,
                settings=spec.settings,
                fingerprint=spec.fingerprint,
                known=self._last,
            )
        except IndexNotFoundError:
            return Index(spec.settings, spec.fingerprint, spec.dimension)

    def settings(self) -> Settings:
        """Return what the manifest says of them."""
        return stored_settings(self.folder)

    def stamp(self) -> tuple[int, ...]:
        """Return the stamp of the manifest: an opened index does not see what is saved later."""
        return manifest_stamp(self.folder)

    def rebuild(
        self, embedder: Embedder, settings: Settings, progress: Progress | None = None
    ) -> tuple[Index, tuple[str, ...]]:
        """Make the index anew from the articles in the folder, whatever the state of the rest."""
        return rebuild(self.folder, embedder, settings, progress)

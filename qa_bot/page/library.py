"""The Library: the documents of one browser session, in addition to the operator's."""

import re
import shutil
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from qa_bot.answering.history import Turn
from qa_bot.bot import Bot
from qa_bot.datatypes import Answer, Document, Understood
from qa_bot.documents.content import Content
from qa_bot.documents.formats import SUFFIXES
from qa_bot.documents.isolated import read_isolated
from qa_bot.documents.loader import encodable
from qa_bot.errors import ArticleError, QABotError
from qa_bot.header import read_header
from qa_bot.report import Report

PASTED = "Pasted text"  # title of a pasted text without a title

_ENDED = "the session has ended: reload the page"
_LONGEST_NAME = 255  # characters; no file system has longer names
_FOLDERS = re.compile(r"^.*[/\\]", re.DOTALL)

ReadFile = Callable[[Path, float], Content]  # (path, seconds it may take)
UploadProgress = Callable[[float, str], object]  # (share done in [0, 1], what is being done)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on what one browser session may add."""

    file_bytes: int = 20_000_000  # size of a file, or of a pasted text in UTF-8
    documents: int = 20
    characters: int = 2_000_000  # in all documents together
    seconds: float = 300  # for one upload of any number of files
    idle_seconds: int = 3600  # time after which an idle session is deleted


class Library:
    """The operator's documents and those of one session, which no other session can see.

    The session's documents are kept in memory, in a separate index. Threads may share a Library. A
    copy belongs to another session and starts without documents, so that ``gr.State`` gives each
    session its own Library.
    """

    def __init__(
        self, bot: Bot, limits: Limits | None = None, read: ReadFile = read_isolated
    ) -> None:
        self.limits = Limits() if limits is None else limits
        self._operator = bot
        self._read_file = read
        self._bot = bot.extended()
        self._closed = False
        self._changing = threading.Lock()

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return type(self)(self._operator, self.limits, self._read_file)

    @property
    def own(self) -> tuple[Document, ...]:
        """The session's own documents, in the order in which they were added."""
        return self._bot.index.documents

    @property
    def documents(self) -> tuple[Document, ...]:
        """The operator's documents, then the session's own; no two have the same id."""
        return self._bot.documents

    def add_files(
        self, files: Iterable[tuple[str | Path, str]], progress: UploadProgress | None = None
    ) -> list[Report]:
        """Read uploaded files and DELETE them; each is a (path, original name).

        A file that cannot be read is reported, and the others are read. A name is never used as a
        path.
        """
        deadline = time.monotonic() + self.limits.seconds
        with TemporaryDirectory(prefix="qa_bot-") as folder:
            # Move all files first: if two people upload the same file, Gradio has it at one path.
            moved = [
                (_move(path, name, Path(folder, str(number))), _plain_name(name))
                for number, (path, name) in enumerate(files)
            ]
            return [
                self._add_file(
                    path, name, deadline, self._step(deadline, progress, name, number, len(moved))
                )
                for number, (path, name) in enumerate(moved)
            ]

    def add_text(self, text: str, title: str = "") -> Report:
        """Add a pasted text. The title is the one given, else that in its header, else PASTED."""
        text = encodable(text)
        document = Document.from_text(text, encodable(title).strip(), PASTED)
        if not document.title:
            document = replace(document, title=PASTED, metadata=dict(document.metadata))
        step = self._step(time.monotonic() + self.limits.seconds, None, document.title, 0, 1)
        try:
            if len(text.encode()) > self.limits.file_bytes:
                raise ArticleError(
                    f"the text has more than {self.limits.file_bytes:,} bytes, the limit: "
                    "paste a part of it"
                )
            return self._add(document, step)
        except QABotError as error:
            return Report(document.title, error=str(error))

    def remove(self, id: str) -> None:
        """Delete one of the session's own documents; raises ValueError for any other id."""
        with self._changing:
            if id not in {document.id for document in self.own}:
                raise ValueError(f"none of your documents has the id {id!r:.80}")
            self._bot.remove([id])

    def answer(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        documents: Collection[str] | None = None,
        without: Collection[Understood] = (),
    ) -> Answer:
        """Answer from the documents with these ids, or from all: see Bot.answer."""
        return self._bot.answer(question, history, documents=documents, without=without)

    def close(self) -> None:
        """Delete the session's own documents, and refuse new ones; stops a file being read."""
        self._closed = True  # first, so that reading stops
        with self._changing:
            self._bot = self._operator.extended()

    def _add_file(
        self, path: Path, name: str, deadline: float, step: Callable[[int, int], None]
    ) -> Report:
        try:
            step(0, 1)
            self._check_count()
            left = deadline - time.monotonic()
            document, notes = self._read(path, name, left)
            return replace(self._add(document, step), notes=notes)
        except QABotError as error:
            return Report(name, error=str(error))
        except TimeoutError:
            return Report(name, error=self._too_long(name))
        finally:
            path.unlink(missing_ok=True)

    def _read(self, path: Path, name: str, seconds: float) -> tuple[Document, tuple[str, ...]]:
        """Read an uploaded file; return its document, and notes on what was left out.

        Raises TimeoutError, and ArticleError, which gives the file's original name.
        """
        max_bytes = self.limits.file_bytes
        try:
            if not path.exists():
                raise ArticleError("did not arrive: upload it again")
            if path.stat().st_size > max_bytes:
                raise ArticleError(
                    f"has more than {max_bytes:,} bytes, the limit: upload a part of it"
                )
            content = self._read_file(path, seconds)
        except ArticleError as error:
            raise ArticleError(f"{name!r} {error}") from error
        values = read_header(content.text).values
        return Document(content.text, name, name, values, content.marks), content.notes

    def _add(self, document: Document, step: Callable[[int, int], None]) -> Report:
        """Add a document; raises QABotError if it would exceed a limit or takes too long."""
        if not any(map(str.isalnum, document.text)):
            raise ArticleError(f"{document.title!r} has no words in it")
        with self._changing:
            self._check_room(document)
            self._bot.add([document], progress=step)
            if self._closed:
                raise ArticleError(_ENDED)
        return Report.of(document, document.title)

    def _check_count(self) -> None:
        """Raise ArticleError if the number of documents has reached its limit."""
        max_documents = self.limits.documents
        if len(self.own) >= max_documents:
            raise ArticleError(f"{max_documents} documents is the limit: remove one to add another")

    def _check_room(self, document: Document) -> None:
        """Raise ArticleError if a document was added before, or would exceed a limit."""
        titles = [other.title for other in self.documents if other == document]
        if titles:
            raise ArticleError(f"this text is already here, as {titles[0]!r}")
        self._check_count()
        total = sum(len(other.text) for other in (*self.own, document))
        max_characters = self.limits.characters
        if total > max_characters:
            raise ArticleError(
                f"with it your documents would have {total:,} characters, and "
                f"{max_characters:,} is the limit: remove others, or add a part of it"
            )

    def _step(
        self, deadline: float, progress: UploadProgress | None, name: str, number: int, count: int
    ) -> Callable[[int, int], None]:
        """Return a callback for (passages done, passages in all) of a file.

        It raises ArticleError if the session has ended or the time is up, which stops the upload.
        """
        prefix = f"{number + 1} of {count}: " if count > 1 else ""

        def step(done: int, total: int) -> None:
            if self._closed:
                raise ArticleError(_ENDED)
            if time.monotonic() > deadline:
                raise ArticleError(self._too_long(name))
            if progress is not None:
                progress((number + done / total) / count, prefix + _task(name, done, total))

        return step

    def _too_long(self, name: str) -> str:
        return (
            f"{name!r} was not read in {self.limits.seconds:g} seconds, the limit for one upload: "
            "upload fewer or smaller files"
        )


def _move(path: str | Path, name: str, target: Path) -> Path:
    """Move an uploaded file and return its new path, with the suffix of its name if it is known.

    Folders and links are not moved: they could contain the uploads of other people.
    """
    suffix = Path(_plain_name(name)).suffix.lower()
    target = target.with_suffix(suffix) if suffix in SUFFIXES else target
    uploaded = Path(path)
    if uploaded.is_file() and not uploaded.is_symlink():
        with suppress(OSError):  # the file is then reported as missing
            shutil.move(uploaded, target)
    return target


def _task(name: str, done: int, total: int) -> str:
    return f"indexing {name}, {done:,} of {total:,} passages" if done else f"reading {name}"


def _plain_name(name: str) -> str:
    """Return the name of a file without folders, in the notation of any system."""
    plain = _FOLDERS.sub("", encodable(name))
    return plain[-_LONGEST_NAME:] if plain.strip() else "file"

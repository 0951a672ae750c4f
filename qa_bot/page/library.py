"""The Library: the documents of one browser session, beside those of the operator's Bot."""

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
from qa_bot.answering.reader import distinct
from qa_bot.bot import Bot
from qa_bot.config import Config
from qa_bot.datatypes import Answer, Document, Quote, Understood
from qa_bot.documents.content import Content
from qa_bot.documents.formats import SUFFIXES
from qa_bot.documents.isolated import read_isolated
from qa_bot.errors import ArticleError, QABotError
from qa_bot.header import read_header
from qa_bot.report import Report
from qa_bot.store.index import Index, check_ids

PASTED = "Pasted text"  # title of a text that came without one

_ENDED = "the session has ended: open the page anew"
_LONGEST_NAME = 255  # characters; no file system has longer names
_FOLDERS = re.compile(r"^.*[/\\]", re.DOTALL)

ReadFile = Callable[[Path, float], Content]  # (path, seconds it may take)
UploadProgress = Callable[[float, str], object]  # (share done in [0, 1], what is being done)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one browser session may bring."""

    file_bytes: int = 20_000_000  # size of one file, or of a pasted text in UTF-8
    documents: int = 20
    characters: int = 2_000_000  # of all its documents together
    seconds: float = 300  # that one upload, of any number of files, may take
    idle_seconds: int = 3600  # after which the page forgets a session that does nothing


class Library:
    """The operator's documents and a session's own, which no other Library sees.

    Own documents live in memory alone, in an index of their own; model and reader are the Bot's.
    Threads may share it. A copy is the Library of another session: it begins with no documents,
    so ``gr.State(Library(bot), delete_callback=Library.close)`` gives each session its own.
    """

    def __init__(
        self, bot: Bot, limits: Limits | None = None, read: ReadFile = read_isolated
    ) -> None:
        self.limits = Limits() if limits is None else limits
        self._bot = bot
        self._read_file = read
        self._own: Bot | None = None  # None until there is something to ask it about
        self._closed = False
        self._changing = threading.Lock()

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return type(self)(self._bot, self.limits, self._read_file)

    @property
    def own(self) -> tuple[Document, ...]:
        """The session's own documents, in the order they came."""
        own = self._own
        return () if own is None else own.documents

    @property
    def documents(self) -> tuple[Document, ...]:
        """The operator's documents, then the session's own; no two have the same id."""
        return (*self._bot.documents, *self.own)

    def add_files(
        self, files: Iterable[tuple[str | Path, str]], progress: UploadProgress | None = None
    ) -> list[Report]:
        """Read files and DELETE them; each is a (path, name that the person's file had).

        They are copies that the page was sent, on disk only until they are read. One that cannot
        be read is reported and stops none of the others. A name is never used as a path.
        """
        deadline = time.monotonic() + self.limits.seconds
        with TemporaryDirectory(prefix="qa_bot-") as folder:
            # Moved at once: a page keeps the same file sent by two people at one path.
            taken = [
                (_take(path, name, Path(folder, str(number))), _plain_name(name))
                for number, (path, name) in enumerate(files)
            ]
            return [
                self._add_file(
                    path, name, deadline, self._step(deadline, progress, name, n, len(taken))
                )
                for n, (path, name) in enumerate(taken)
            ]

    def add_text(self, text: str, title: str = "") -> Report:
        """Add a text that was pasted, under a title, that of its header, or ``PASTED``."""
        text = _encodable(text)
        document = Document.from_text(text, _encodable(title).strip(), PASTED)
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
        """Forget one of the session's own documents; raises ValueError for any other id."""
        with self._changing:
            if self._own is None or id not in {document.id for document in self.own}:
                raise ValueError(f"none of your documents has the id {id!r:.80}")
            self._own.index.remove([id])

    def answer(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        documents: Collection[str] | None = None,
        without: Collection[Understood] = (),
    ) -> Answer:
        """Answer from the documents with these ids, or from all: see Bot.answer.

        The operator's and the session's own are asked apart and what they say is merged.
        """
        bots = [self._bot] if self._own is None else [self._bot, self._own]
        check_ids(documents, {document.id for bot in bots for document in bot.documents})
        answers = []
        for bot in bots:
            here = {document.id for document in bot.documents}
            asked = here if documents is None else here.intersection(documents)
            if asked or (bot is self._bot and documents is None):
                chosen = None if asked == here else asked
                answers.append(bot.answer(question, history, documents=chosen, without=without))
        return merge(answers, self._bot.config) if len(answers) > 1 else answers[0]

    def close(self) -> None:
        """Forget the session's own documents, also one that is being read; it takes no others."""
        self._closed = True  # first, so that what is being read stops
        with self._changing:
            self._own = None

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
        """Read a file that came under a name; return its document and notes on what was not read.

        Raises ArticleError, which names the file so, and TimeoutError.
        """
        most = self.limits.file_bytes
        try:
            if not path.exists():
                raise ArticleError("did not arrive: give it once more")
            if path.stat().st_size > most:
                raise ArticleError(f"has more than {most:,} bytes, the limit: give a part of it")
            content = self._read_file(path, seconds)
        except ArticleError as error:
            raise ArticleError(f"{name!r} {error}") from error
        values = read_header(content.text).values
        return Document(content.text, name, name, values, content.marks), content.notes

    def _add(self, document: Document, step: Callable[[int, int], None]) -> Report:
        """Add a document; raises QABotError when it is not welcome or takes too long."""
        if not any(map(str.isalnum, document.text)):
            raise ArticleError(f"{document.title!r} has no words in it")
        with self._changing:
            self._check_room(document)
            own = _beside(self._bot) if self._own is None else self._own
            own.index.add([document], own.embedder, step)
            if self._closed:
                raise ArticleError(_ENDED)
            self._own = own
        return Report.of(document, document.title)

    def _check_count(self) -> None:
        """Raise ArticleError when there is no room for another document."""
        most = self.limits.documents
        if len(self.own) >= most:
            raise ArticleError(f"{most} documents is the limit: remove one to add another")

    def _check_room(self, document: Document) -> None:
        """Raise ArticleError when a document is here already, or is too much."""
        same = [other.title for other in self.documents if other == document]
        if same:
            raise ArticleError(f"this text is here already, as {same[0]!r}")
        self._check_count()
        total = sum(len(other.text) for other in (*self.own, document))
        characters = self.limits.characters
        if total > characters:
            raise ArticleError(
                f"with it your documents would have {total:,} characters, and {characters:,} is "
                "the limit: remove others, or give a part of it"
            )

    def _step(
        self, deadline: float, progress: UploadProgress | None, name: str, number: int, count: int
    ) -> Callable[[int, int], None]:
        """Return what is told of (passages done, passages in all) of a file: it raises to stop."""
        of = f"{number + 1} of {count}: " if count > 1 else ""

        def step(done: int, total: int) -> None:
            if self._closed:
                raise ArticleError(_ENDED)
            if time.monotonic() > deadline:
                raise ArticleError(self._too_long(name))
            if progress is not None:
                progress((number + done / total) / count, of + _doing(name, done, total))

        return step

    def _too_long(self, name: str) -> str:
        return (
            f"{name!r} was not read in {self.limits.seconds:g} seconds, the limit for one upload: "
            "give fewer or smaller files"
        )


def merge(answers: Sequence[Answer], config: Config) -> Answer:
    """Return one answer of several to the same question, from different documents.

    Scores are probabilities, so they compare: the likeliest quotes come first, no two say the same.
    Where the answers read a follow-up in different ways, the most confident one's way counts.
    """
    confident = max(answers, key=lambda answer: answer.confidence)
    answers = [answer for answer in answers if answer.query == confident.query]
    quotes = [quote for answer in answers for quote in answer.quotes]
    best = distinct(sorted(quotes, key=_likeliest_first))[: config.max_quotes]
    near = [] if best else [quote for answer in answers for quote in answer.closest]
    closest = distinct(sorted(near, key=_likeliest_first))[: config.max_quotes]
    perhaps = bool(closest) and any(answer.perhaps for answer in answers)
    return Answer(
        confident.question,
        confident.query,
        tuple(best),
        confident.confidence,
        tuple(closest),
        perhaps,
        confident.understood,
    )


def _likeliest_first(quote: Quote) -> float:
    return -quote.score


def _beside(bot: Bot) -> Bot:
    """Return an empty Bot in memory with the model, reader and settings of another."""
    index = Index(bot.index.settings, bot.index.fingerprint, bot.index.dimension)
    return Bot(index, bot.embedder, bot.reader, bot.config)


def _take(path: str | Path, name: str, place: Path) -> Path:
    """Move a file to a place; of its name only an ending that tells a format is used.

    What is no file stays where it is: a folder could hold what other people have sent.
    """
    suffix = Path(_plain_name(name)).suffix.lower()
    taken = place.with_suffix(suffix) if suffix in SUFFIXES else place
    sent = Path(path)
    if sent.is_file() and not sent.is_symlink():
        with suppress(OSError):  # it is missing then, and reported as such
            shutil.move(sent, taken)
    return taken


def _doing(name: str, done: int, total: int) -> str:
    return f"indexing {name}, {done:,} of {total:,} passages" if done else f"reading {name}"


def _plain_name(name: str) -> str:
    """Return the name of a file without its folders, whatever system it came from."""
    plain = _FOLDERS.sub("", _encodable(name))
    return plain[-_LONGEST_NAME:] if plain.strip() else "file"


def _encodable(text: str) -> str:
    """Return a text as it is, but for lone surrogates, which are no characters: ``?``."""
    return text.encode(errors="replace").decode()

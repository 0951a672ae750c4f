"""The nouns: Document, Span, Passage, Hit, Quote, Understood, Answer.

A quote is a slice of its document.
"""

import hashlib
from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, cast

from qa_bot.context import outline, path_text
from qa_bot.header import Header, read_header
from qa_bot.paragraphs import Offsets, paragraphs
from qa_bot.render import to_text

MAX_LEVEL = 9  # of headings: Word has nine, HTML and Markdown six


def _check_string(value: object, name: str) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, not {type(value).__name__}")


@dataclass(frozen=True, slots=True)
class Mark:
    """A page or a heading for citations, and the character where it begins.

    ``label`` is the page's number, counted from 1, or the text of the heading. ``level`` is the
    level of a heading, from 1, the highest, to 9.
    Raises ValueError for another kind or level, a negative start, and a label that is blank or
    cannot be encoded in UTF-8; TypeError for other types.
    """

    start: int
    kind: str  # "page" or "heading"
    label: str
    level: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.start, int):
            raise TypeError(f"the start of a mark must be a whole number, not {self.start!r}")
        if not isinstance(self.level, int):
            raise TypeError(f"the level of a mark must be a whole number, not {self.level!r}")
        _check_string(self.label, "the label of a mark")
        if not 1 <= self.level <= MAX_LEVEL:
            raise ValueError(f"the level of a mark must be 1 to {MAX_LEVEL}, not {self.level}")
        if self.kind not in ("page", "heading"):
            raise ValueError(f"a mark must be a page or a heading, not {self.kind!r}")
        if self.start < 0:
            raise ValueError(f"the start of a mark must not be negative: {self.start}")
        if not self.label.strip():
            raise ValueError("the label of a mark must not be blank")
        try:
            self.label.encode()
        except UnicodeEncodeError as error:
            raise ValueError(
                "the label of a mark has a lone surrogate, which is not text"
            ) from error


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a character, as a person would look it up; ``""`` for what is not known."""

    page: str
    heading: str  # the headings above the character, or the one that contains it: "Fees > Boats"
    table: str  # for a row: the name of its part of the table, and the columns: "Item | Price"
    speaker: str  # the speaker, if named before the character
    paragraph: int  # counted from 1; blank lines separate paragraphs


@dataclass(frozen=True, slots=True)
class Document:
    """A text that never changes, and its title, source, metadata and marks.

    Two documents with the same text have the same ``id`` and are equal.
    Raises ValueError if a string cannot be encoded in UTF-8 (because of a lone surrogate), and for
    marks that are out of order or outside the text; TypeError for other types.
    """

    text: str = field(repr=False)
    title: str = field(default="", compare=False)
    source: str = field(default="", compare=False)
    metadata: Mapping[str, str] = field(default_factory=dict, compare=False)
    marks: tuple[Mark, ...] = field(default=(), compare=False, repr=False)  # in order
    id: str = field(init=False, compare=False)  # SHA-256 of the text in UTF-8, hexadecimal
    # Caches of what is computed on first use: see sentences.py and context.py.
    _header: Header | None = field(default=None, init=False, compare=False, repr=False)
    _starts: "array[int] | None" = field(default=None, init=False, compare=False, repr=False)
    _sentences: dict[Offsets, tuple[Offsets, ...]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    _part_starts: dict[int, int] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    _outline: Any = field(default=None, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        self._check_types()
        try:
            digest = hashlib.sha256(self.text.encode()).hexdigest()
            "".join((self.title, self.source, *self.metadata.values())).encode()
        except UnicodeEncodeError as error:
            raise ValueError("the document has a lone surrogate, which is not text") from error
        starts = [mark.start for mark in self.marks]
        if starts != sorted(starts) or (starts and starts[-1] >= len(self.text)):
            raise ValueError("marks must be in order and inside the text")
        object.__setattr__(self, "marks", tuple(self.marks))
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))
        object.__setattr__(self, "id", digest)

    def __reduce__(self) -> tuple[Any, ...]:
        return Document, (self.text, self.title, self.source, dict(self.metadata), self.marks)

    @classmethod
    def from_text(cls, text: str, title: str = "", source: str = "") -> "Document":
        """Make a document from a string, with the metadata (date, title) at its head."""
        _check_string(text, "the text of a document")
        values = read_header(text).values
        return cls(text, title if title else values.get("title", ""), source, values)

    @property
    def header(self) -> Header:
        """The metadata at the head of the text; it is read once."""
        if self._header is None:
            object.__setattr__(self, "_header", read_header(self.text))
        return cast(Header, self._header)

    @property
    def paragraph_starts(self) -> Sequence[int]:
        """The start of each paragraph in characters; computed once, on first use."""
        if self._starts is None:
            starts = array("q", (start for start, _ in paragraphs(self.text)))
            object.__setattr__(self, "_starts", starts)
            return starts
        return self._starts

    def _check_types(self) -> None:
        for name in ("text", "title", "source"):
            _check_string(getattr(self, name), f"the {name} of a document")
        if not isinstance(self.metadata, Mapping):
            kind = type(self.metadata).__name__
            raise TypeError(f"the metadata of a document must be a mapping, not {kind}")
        for key, value in self.metadata.items():
            if not (isinstance(key, str) and isinstance(value, str)):
                raise TypeError(
                    f"metadata must map strings to strings, not {key!r} to {value!r:.80}"
                )
        for mark in self.marks:
            if not isinstance(mark, Mark):
                raise TypeError(f"each mark must be a Mark, not {type(mark).__name__}")

    def place(self, offset: int) -> Place:
        """Return the place of the character at an offset.

        Whitespace between two paragraphs belongs to the first of them; whitespace before all text
        belongs to the first paragraph.
        """
        paragraph = bisect_right(self.paragraph_starts, offset)
        pages = [mark.label for mark in self.marks if mark.kind == "page" and mark.start <= offset]
        context = outline(self).context(offset, offset + 1)
        return Place(
            pages[-1] if pages else "",
            path_text(context.headings),
            ": ".join(filter(None, (context.part, " | ".join(context.columns)))),
            context.speaker,
            max(1, paragraph),
        )


@dataclass(frozen=True, slots=True)
class Span:
    """The characters ``[start, end)`` of a document; raises ValueError if they do not exist."""

    document: Document
    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= len(self.document.text):
            length = len(self.document.text)
            raise ValueError(f"no span [{self.start}, {self.end}) in a text of {length} characters")

    @property
    def text(self) -> str:
        """The slice of the document's text."""
        return self.document.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Passage(Span):
    """A run of whole sentences: one row of the index.

    ``context`` is the headings above it and, for a row of a table, the header. Models read it with
    the passage; it is never quoted.
    """

    context: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a query; higher scores are better.

    ``similarity`` is the cosine between query and passage, in [-1, 1], or 0 if it is not known;
    ``bm25`` is the passage's BM25 score, 0 if the search for words did not find it.
    """

    passage: Passage
    score: float
    similarity: float = 0.0
    bm25: float = 0.0


@dataclass(frozen=True, slots=True)
class Quote(Span):
    """Whole sentences that answer a question; ``highlight`` is the part of them that answers.

    ``score`` is the probability, in [0, 1], that the quote answers the question.
    """

    highlight: Span
    score: float

    def __post_init__(self) -> None:
        # Not super(): with slots, the decorator replaces the class that super() refers to.
        Span.__post_init__(self)
        inside = self.start <= self.highlight.start and self.highlight.end <= self.end
        if self.highlight.document != self.document or not inside:
            raise ValueError("a highlight must lie inside its quote")
        if not 0.0 <= self.score <= 1.0:
            raise ValueError(f"a score must be a probability, not {self.score}")

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON: the text, its place, and the document."""
        document, place = self.document, self.document.place(self.start)
        return {
            "text": self.text,
            "start": self.start,
            "end": self.end,
            "highlight": {
                "text": self.highlight.text,
                "start": self.highlight.start,
                "end": self.highlight.end,
            },
            "score": float(self.score),  # NumPy's numbers are not JSON
            "place": {
                "page": place.page,
                "heading": place.heading,
                "table": place.table,
                "speaker": place.speaker,
                "paragraph": place.paragraph,
            },
            "document": {
                "id": document.id,
                "title": document.title,
                "source": document.source,
                "metadata": dict(document.metadata),
            },
        }


class Level(StrEnum):
    """How much an Answer claims."""

    FOUND = "found"  # its quotes answer the question
    PERHAPS = "perhaps"  # nothing is quoted, but the closest passages may answer
    NOT_SAID = "not said"  # the documents do not answer the question


class Link(StrEnum):
    """How a follow-up is connected to the conversation."""

    MEANS = "means"  # a word of the question refers to something in the conversation
    ADDS = "adds"  # the question omits something in the conversation
    FOLLOWS = "follows"  # the question continues an earlier question


@dataclass(frozen=True, slots=True)
class Understood:
    """One thing that was taken from the conversation to understand a follow-up.

    ``word`` is the word in the question, such as "he", or "" if the question has none. ``meaning``
    is what it refers to, in words of the conversation, or the earlier question in full.
    """

    kind: Link
    word: str
    meaning: str

    def __str__(self) -> str:
        match self.kind:
            case Link.MEANS:
                return f"{self.word} = {self.meaning}"
            case Link.ADDS:
                return f"+ {self.meaning}"
            case Link.FOLLOWS:
                return f"follows: {self.meaning}"

    def to_dict(self) -> dict[str, str]:
        """Return plain JSON; ``text`` is the same as ``str()``."""
        return {
            "kind": str(self.kind),
            "word": self.word,
            "meaning": self.meaning,
            "text": str(self),
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """Quotes that answer a question, best first, or none if the documents do not say.

    ``query`` is what was searched for: the question with what was ``understood`` from the
    conversation. ``confidence`` is the probability, in [0, 1], that the documents answer the
    question, whether or not anything is quoted. If nothing is quoted, ``closest`` has up to three
    passages, likeliest first, for a person to judge; ``perhaps`` means that they may well answer;
    and ``about`` is the document that was asked, if it was only one. For a yes-or-no question the
    whole quotes are highlighted, since no part of them says yes or no.
    Raises ValueError if closest passages or ``perhaps`` come with quotes, or if ``perhaps`` comes
    without a closest passage.
    """

    question: str
    query: str
    quotes: tuple[Quote, ...]
    confidence: float
    closest: tuple[Quote, ...] = ()
    perhaps: bool = False
    understood: tuple[Understood, ...] = ()
    about: Document | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"a confidence must be a probability, not {self.confidence}")
        if self.quotes and (self.closest or self.perhaps):
            raise ValueError("an answer has quotes or closest passages, not both")
        if self.perhaps and not self.closest:
            raise ValueError("an answer with perhaps=True needs closest passages")

    @property
    def found(self) -> bool:
        """Whether the documents answer the question, that is, whether there is a quote."""
        return bool(self.quotes)

    @property
    def level(self) -> Level:
        """How much the answer claims."""
        if self.quotes:
            return Level.FOUND
        return Level.PERHAPS if self.perhaps else Level.NOT_SAID

    @property
    def text(self) -> str:
        """The highlight of the best quote, or ``""`` without a quote."""
        return self.quotes[0].highlight.text if self.quotes else ""

    def __str__(self) -> str:
        return to_text(self)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "question": self.question,
            "query": self.query,
            "understood": [understood.to_dict() for understood in self.understood],
            "level": str(self.level),
            "found": self.found,
            "text": self.text,
            "confidence": float(self.confidence),
            "quotes": [quote.to_dict() for quote in self.quotes],
            "closest": [quote.to_dict() for quote in self.closest],
        }

"""The Session: one person's conversation and documents, until some time after the page is closed.

When the page is reloaded, it finds its Session by a key that only that browser tab has.
"""

import secrets
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from itertools import count, zip_longest
from weakref import WeakValueDictionary

from qa_bot.datatypes import Answer, Document, Quote, Understood
from qa_bot.errors import QABotError
from qa_bot.page.export import conversation_to_markdown
from qa_bot.page.library import Library
from qa_bot.page.suggestions import lead_on, suggest

SUGGESTIONS = 4  # suggested questions about the documents that were added
LEADS = 3  # suggested questions after an answer
CHOOSE_ONE = "Choose at least one document to ask about."
IN_WORDS = "Please ask a question in words."

_SUGGESTED = 2  # the number of last added documents that suggestions are about


@dataclass(eq=False, slots=True)
class Exchange:
    """A question and the reply to it: an Answer, or a message that says why there is none.

    A pending exchange has neither.
    """

    number: int
    question: str
    answer: Answer | None = None
    message: str = ""
    without: tuple[Understood, ...] = ()  # what the person took back
    leads: tuple[str, ...] = ()  # suggested questions after the answer

    @property
    def is_pending(self) -> bool:
        """Whether there is no reply yet."""
        return self.answer is None and not self.message


@dataclass(frozen=True, slots=True)
class Source:
    """A document to show, with a quote to mark in it; ``answers``: whether the quote answers."""

    document: Document
    quote: Quote | None = None
    answers: bool = False


class Session:
    """A conversation about the documents of a Library, some of which may be excluded.

    A copy is another person's session, which starts with only the operator's documents.
    """

    def __init__(self, library: Library) -> None:
        self.key = secrets.token_urlsafe(16)
        self.library = library
        self.conversation: list[Exchange] = []
        self.excluded: set[str] = set()  # ids of documents
        self._cleared: list[Exchange] = []  # can be restored until another question is asked
        self._numbers = count()
        self._pages = 0  # page loads that use this session

    def __deepcopy__(self, memo: dict[int, object]) -> "Session":
        return Session(deepcopy(self.library))

    def hold(self) -> None:
        """Count one more page load that uses this session."""
        self._pages += 1

    def release(self) -> None:
        """Count one page load less; after the last, delete the session's documents."""
        self._pages -= 1
        if self._pages < 1:
            self.library.close()

    def begin(self, question: str) -> Exchange:
        """Add a question to the conversation before it is answered."""
        exchange = Exchange(next(self._numbers), question)
        self._cleared = []
        # Append in place: a new list could lose one of two questions asked at the same time.
        self.conversation.append(exchange)
        return exchange

    def begin_without(self, number: int, place: int) -> Exchange | None:
        """Take back the item at the index ``place`` of what was understood in an exchange.

        Returns the exchange, now pending again, or None if there is no such item.
        """
        exchange = self._exchange(number)
        if exchange is None or exchange.answer is None:
            return None
        understood = exchange.answer.understood
        if place >= len(understood):
            return None
        exchange.without = (*exchange.without, understood[place])
        exchange.answer, exchange.leads = None, ()
        return exchange

    def finish(self, exchange: Exchange) -> None:
        """Answer a question, or set a message that says why it cannot be answered."""
        if not any(map(str.isalnum, exchange.question)):
            exchange.message = IN_WORDS
            return
        try:
            included = [doc.id for doc in self.library.documents if doc.id not in self.excluded]
            if included:
                exchange.answer = self._answer(exchange, included if self.excluded else None)
            else:
                exchange.message = CHOOSE_ONE
        except (QABotError, ValueError) as error:
            # A ValueError means that a document was removed in the meantime, in another tab.
            exchange.message = str(error)

    def clear(self) -> bool:
        """Start a new conversation with the same documents; return whether undo is possible."""
        if self.conversation:
            self._cleared = self.conversation.copy()
            self.conversation.clear()
        return bool(self._cleared)

    def restore(self) -> None:
        """Bring back the conversation that was cleared, unless a question was asked since."""
        self.conversation[:0] = self._cleared
        self._cleared = []

    def quote_source(self, number: int, place: int) -> Source | None:
        """Return the source of the quote at the index ``place`` of an exchange.

        If nothing was quoted, the index counts the closest passages. Returns None if there is no
        such quote.
        """
        exchange = self._exchange(number)
        answer = None if exchange is None else exchange.answer
        quotes = () if answer is None else answer.quotes if answer.found else answer.closest
        if answer is None or place >= len(quotes):
            return None
        return Source(quotes[place].document, quotes[place], answer.found)

    def document_source(self, id: str) -> Source | None:
        """Return a document to show, or None if the session has none with that id."""
        document = self._document(id)
        return None if document is None else Source(document)

    def choose(self, id: str, included: bool) -> None:
        """Include a document in later questions, or exclude it."""
        if included:
            self.excluded.discard(id)
        elif self._document(id) is not None:
            self.excluded.add(id)

    def remove(self, id: str) -> None:
        """Delete one of the session's own documents; quotes from it stay in the conversation."""
        if any(document.id == id for document in self.library.own):
            self.library.remove(id)
        self.excluded.discard(id)

    def suggestions(self) -> list[str]:
        """Return questions about the documents added last, taken from each in turn."""
        last = self.library.own[-_SUGGESTED:]
        suggested = [suggest(self.library.answer, document, SUGGESTIONS) for document in last]
        rounds = zip_longest(*reversed(suggested))
        questions = [question for round_ in rounds for question in round_ if question is not None]
        return questions[:SUGGESTIONS]

    def lead_on(self) -> None:
        """Find suggested questions after the last answer, if it has quotes and no suggestions yet.

        Raises the same as Bot.answer if the document was removed in the meantime.
        """
        last = self.conversation[-1] if self.conversation else None
        if last is None or last.answer is None or not last.answer.found or last.leads:
            return
        asked = [exchange.question for exchange in self.conversation]
        last.leads = tuple(lead_on(self.library.answer, last.answer.quotes[0], LEADS, asked))

    def to_markdown(self) -> str:
        """Return the conversation with its quotes and citations."""
        return conversation_to_markdown(
            (exchange.question, exchange.answer)
            for exchange in self.conversation
            if exchange.answer is not None
        )

    def _answer(self, exchange: Exchange, documents: list[str] | None) -> Answer:
        history = [
            earlier.answer
            for earlier in self.conversation
            if earlier.number < exchange.number and earlier.answer is not None
        ]
        return self.library.answer(
            exchange.question, history, documents=documents, without=exchange.without
        )

    def _exchange(self, number: int) -> Exchange | None:
        exchanges = (exchange for exchange in self.conversation if exchange.number == number)
        return next(exchanges, None)

    def _document(self, id: str) -> Document | None:
        documents = (document for document in self.library.documents if document.id == id)
        return next(documents, None)


def session_finder() -> Callable[[str, Session], Session]:
    """Return a function that finds the session with a key, or else registers the one it is given.

    It keeps weak references: a session lives as long as a page load uses it.
    """
    sessions: WeakValueDictionary[str, Session] = WeakValueDictionary()

    def find(key: str, fresh: Session) -> Session:
        session = sessions.get(key, fresh)
        sessions[session.key] = session
        session.hold()
        return session

    return find

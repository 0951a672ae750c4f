"""The Session: one person's conversation and documents, while the page is open and a while after.

A reload of the page finds its Session again by a key that only that browser tab holds.
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

SUGGESTIONS = 4  # questions to begin with, about documents that were added
LEADS = 3  # questions that lead on from an answer
CHOOSE_ONE = "Choose at least one document to ask about."
IN_WORDS = "Please ask a question in words."

_SUGGESTED = 2  # documents, those added last, that suggestions are about


@dataclass(eq=False, slots=True)
class Exchange:
    """A question and the reply to it: an Answer, or a message that says why there is none.

    Both are empty until the question is answered.
    """

    number: int
    question: str
    answer: Answer | None = None
    message: str = ""
    without: tuple[Understood, ...] = ()  # what the person has said is not meant
    leads: tuple[str, ...] = ()  # questions that lead on from the answer

    @property
    def is_pending(self) -> bool:
        """Whether the reply is still to come."""
        return self.answer is None and not self.message


@dataclass(frozen=True, slots=True)
class Source:
    """A document to show, and a quote to mark in it; ``answers``: whether the quote answers."""

    document: Document
    quote: Quote | None = None
    answers: bool = False


class Session:
    """A conversation about the documents of a Library, some of which may be excluded.

    A copy is the session of another person: it starts with the operator's documents alone.
    """

    def __init__(self, library: Library) -> None:
        self.key = secrets.token_urlsafe(16)
        self.library = library
        self.conversation: list[Exchange] = []
        self.excluded: set[str] = set()  # ids of documents
        self._cleared: list[Exchange] = []  # by the last clear, until another question is asked
        self._numbers = count()
        self._pages = 0  # page loads that hold this session

    def __deepcopy__(self, memo: dict[int, object]) -> "Session":
        return Session(deepcopy(self.library))

    def hold(self) -> None:
        """Count one more page load that holds this session."""
        self._pages += 1

    def release(self) -> None:
        """Count one page load less; when none is left, the session's documents are deleted."""
        self._pages -= 1
        if self._pages < 1:
            self.library.close()

    def begin(self, question: str) -> Exchange:
        """Add a question to the conversation before it is answered."""
        exchange = Exchange(next(self._numbers), question)
        self._cleared = []
        # In place: a new list could lose one of two questions that are asked at the same time.
        self.conversation.append(exchange)
        return exchange

    def begin_without(self, number: int, place: int) -> Exchange | None:
        """Take back what was understood at ``place`` in the exchange with that number.

        Returns the exchange, which is to be answered again, or None when there is nothing there.
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
        """Answer a question, or leave a message that says why it cannot be answered."""
        if not any(map(str.isalnum, exchange.question)):
            exchange.message = IN_WORDS
            return
        try:
            chosen = [doc.id for doc in self.library.documents if doc.id not in self.excluded]
            if chosen:
                exchange.answer = self._answer(exchange, chosen if self.excluded else None)
            else:
                exchange.message = CHOOSE_ONE
        except (QABotError, ValueError) as error:
            # A ValueError means that a document was removed meanwhile, in another tab.
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
        """Return where a quote stands: the one at ``place`` in the exchange with that number.

        Closest passages are counted where nothing was quoted. None when there is no such quote.
        """
        exchange = self._exchange(number)
        answer = None if exchange is None else exchange.answer
        quotes = () if answer is None else answer.quotes if answer.found else answer.closest
        if answer is None or place >= len(quotes):
            return None
        return Source(quotes[place].document, quotes[place], answer.found)

    def document_source(self, id: str) -> Source | None:
        """Return a document to show, None when the session has none with that id."""
        document = self._document(id)
        return None if document is None else Source(document)

    def choose(self, id: str, included: bool) -> None:
        """Include a document in the questions to come, or exclude it."""
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
        """Return questions that the documents added last answer, taken from each in turn."""
        last = self.library.own[-_SUGGESTED:]
        suggested = [suggest(self.library.answer, document, SUGGESTIONS) for document in last]
        turns = zip_longest(*reversed(suggested))
        return [it for turn in turns for it in turn if it is not None][:SUGGESTIONS]

    def lead_on(self) -> None:
        """Find questions that lead on from the last answer, if it has quotes and none were found.

        Raises what Bot.answer does, when its document was removed meanwhile.
        """
        last = self.conversation[-1] if self.conversation else None
        if last is None or last.answer is None or not last.answer.found or last.leads:
            return
        asked = [it.question for it in self.conversation]
        last.leads = tuple(lead_on(self.library.answer, last.answer.quotes[0], LEADS, asked))

    def to_markdown(self) -> str:
        """Return the conversation with its quotes and citations."""
        turns = [(it.question, it.answer) for it in self.conversation if it.answer is not None]
        return conversation_to_markdown(turns)

    def _answer(self, exchange: Exchange, documents: list[str] | None) -> Answer:
        earlier = [it.answer for it in self.conversation if it.number < exchange.number]
        history = [answer for answer in earlier if answer is not None]
        return self.library.answer(
            exchange.question, history, documents=documents, without=exchange.without
        )

    def _exchange(self, number: int) -> Exchange | None:
        return next((it for it in self.conversation if it.number == number), None)

    def _document(self, id: str) -> Document | None:
        return next((it for it in self.library.documents if it.id == id), None)


def session_finder() -> Callable[[str, Session], Session]:
    """Return a function that finds the session of a key, or else keeps the one it is given.

    Its references are weak: a session lives as long as a page load holds it.
    """
    sessions: WeakValueDictionary[str, Session] = WeakValueDictionary()

    def find(key: str, fresh: Session) -> Session:
        session = sessions.get(key, fresh)
        sessions[session.key] = session
        session.hold()
        return session

    return find

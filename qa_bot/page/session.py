"""The Session: one person's conversation and documents, while the page is open and a while after.

A reload of the page finds its Session again by a key that only that browser tab holds.
"""

import re
import secrets
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from itertools import count, zip_longest
from weakref import WeakValueDictionary

from qa_bot.datatypes import Answer, Document, Quote, Understood
from qa_bot.errors import QABotError
from qa_bot.page.export import conversation_to_markdown
from qa_bot.page.html import (
    documents_to_html,
    plain_to_html,
    shown_quotes,
    source_to_html,
    to_html,
)
from qa_bot.page.library import Library
from qa_bot.page.suggestions import lead_on, suggest

SUGGESTIONS = 4  # questions to begin with, about documents that were added
LEADS = 3  # questions that lead on from an answer
CHOOSE_ONE = "Choose at least one document to ask about."
IN_WORDS = "Please ask a question in words."

_SUGGESTED = 2  # documents, those added last, that suggestions are about
# The exchange, and which of its quotes or of what was understood; see to_html.
_ADDRESS = re.compile(r"(quote|without)-([0-9]{1,9})-([0-9]{1,3})")


@dataclass(eq=False, slots=True)
class Exchange:
    """A question and what the page shows for it; ``answer`` is None when that is a message."""

    number: int
    question: str
    reply: str = ""  # HTML; empty while it is still to come
    answer: Answer | None = None
    without: tuple[Understood, ...] = ()  # what the person has said is not meant
    leads: tuple[str, ...] = ()  # questions that lead on from the answer


class Session:
    """A conversation about a Library, some documents of which may be left out.

    A copy is the session of somebody else: it begins with nothing but the operator's documents.
    """

    def __init__(self, library: Library) -> None:
        self.key = secrets.token_urlsafe(16)
        self.shelf = library  # what it may ask
        self.conversation: list[Exchange] = []
        self._forgotten: list[Exchange] = []  # by the last forget, as long as nothing was asked
        self._left_out: set[str] = set()  # ids of documents
        self._numbers = count()
        self._pages = 0  # page loads that hold it

    def __deepcopy__(self, memo: dict[int, object]) -> "Session":
        return Session(deepcopy(self.shelf))

    def hold(self) -> None:
        """Note that one more page load holds this session."""
        self._pages += 1

    def release(self) -> None:
        """Note that one fewer does; with the last of them its documents are forgotten."""
        self._pages -= 1
        if self._pages < 1:
            self.shelf.close()

    def begin(self, question: str) -> Exchange:
        """Note a question, before it is answered."""
        exchange = Exchange(next(self._numbers), question)
        self._forgotten = []
        # In place: were the list replaced, of two questions asked at once one would be lost.
        self.conversation.append(exchange)
        return exchange

    def begin_without(self, address: str) -> Exchange | None:
        """Take back one thing that was understood; return the question, which is to be answered.

        None when there is no such thing at the address.
        """
        exchange, nth = self._at("without", address)
        if exchange is None or exchange.answer is None:
            return None
        understood = exchange.answer.understood
        if nth >= len(understood):
            return None
        exchange.without = (*exchange.without, understood[nth])
        exchange.reply, exchange.answer, exchange.leads = "", None, ()
        return exchange

    def finish(self, exchange: Exchange) -> None:
        """Answer a question; what cannot be answered for a reason gets that reason as its reply."""
        chosen = [it.id for it in self.shelf.documents if it.id not in self._left_out]
        if not any(map(str.isalnum, exchange.question)):
            exchange.reply = plain_to_html(IN_WORDS)
        elif not chosen:
            exchange.reply = plain_to_html(CHOOSE_ONE)
        else:
            self._answer(exchange, chosen if self._left_out else None)

    def forget(self) -> bool:
        """Begin the conversation anew; the documents stay. Return whether it can be restored."""
        if self.conversation:
            self._forgotten = self.conversation.copy()
            self.conversation.clear()
        return bool(self._forgotten)

    def restore(self) -> None:
        """Bring back the conversation that was forgotten, if nothing was asked since."""
        self.conversation[:0] = self._forgotten
        self._forgotten = []

    def source(self, address: str) -> str:
        """Return the page with the quote at an address marked; "" when there is none there."""
        found = self._quote(address)
        return "" if found is None else source_to_html(found[0], found[1], answers=found[2])

    def opened(self, id: str) -> str:
        """Return the page of a document; "" when it is not here."""
        document = self._document(id)
        return "" if document is None else source_to_html(document)

    def choose(self, id: str, asked: bool) -> None:
        """Include a document in what is asked, or exclude it."""
        if asked:
            self._left_out.discard(id)
        elif self._document(id) is not None:
            self._left_out.add(id)

    def remove(self, id: str) -> None:
        """Forget an own document; quotes of it in the conversation stay."""
        if any(document.id == id for document in self.shelf.own):
            self.shelf.remove(id)
        self._left_out.discard(id)

    def documents(self) -> str:
        """Return the list of documents as HTML."""
        own = {document.id for document in self.shelf.own}
        return documents_to_html(self.shelf.documents, own, self._left_out)

    def suggestions(self) -> list[str]:
        """Return questions that the documents added last answer; none when there are none."""
        last = self.shelf.own[-_SUGGESTED:]
        found = [suggest(self.shelf.answer, document, SUGGESTIONS) for document in last]
        turns = zip_longest(*reversed(found))  # one of each document, then another of each
        return [it for turn in turns for it in turn if it is not None][:SUGGESTIONS]

    def lead_on(self) -> bool:
        """Find questions that lead on from the last answer; return whether there are any."""
        last = self.conversation[-1] if self.conversation else None
        if last is None or last.answer is None or not last.answer.found or last.leads:
            return False
        asked = [it.question for it in self.conversation]
        last.leads = tuple(lead_on(self.shelf.answer, last.answer.quotes[0], LEADS, asked))
        return last.leads != ()

    def to_markdown(self) -> str:
        """Return the conversation with its quotes and citations."""
        turns = [(it.question, it.answer) for it in self.conversation if it.answer is not None]
        return conversation_to_markdown(turns)

    def _answer(self, exchange: Exchange, documents: list[str] | None) -> None:
        earlier = [it.answer for it in self.conversation if it.number < exchange.number]
        history = [answer for answer in earlier if answer is not None]
        try:
            answer = self.shelf.answer(
                exchange.question, history, documents=documents, without=exchange.without
            )
        except (QABotError, ValueError) as error:
            # A ValueError is a document that was removed since, in another tab.
            exchange.reply = plain_to_html(str(error))
            return
        exchange.answer = answer
        exchange.reply = to_html(answer, exchange.number)

    def _quote(self, address: str) -> tuple[Document, Quote, bool] | None:
        """Return the document and the quote at an address, and whether it answers."""
        exchange, nth = self._at("quote", address)
        if exchange is None or exchange.answer is None:
            return None
        quotes = shown_quotes(exchange.answer)
        if nth >= len(quotes):
            return None
        return quotes[nth].document, quotes[nth], exchange.answer.found

    def _at(self, kind: str, address: str) -> tuple[Exchange | None, int]:
        """Return the exchange at an address, None where there is none, and which part of it."""
        place = _ADDRESS.fullmatch(address)
        if place is None or place[1] != kind:
            return None, 0
        number = int(place[2])
        exchanges = [it for it in self.conversation if it.number == number]
        return next(iter(exchanges), None), int(place[3])

    def _document(self, id: str) -> Document | None:
        return next((it for it in self.shelf.documents if it.id == id), None)


def finder() -> Callable[[str, Session], Session]:
    """Return a function that finds the session of a key, or else takes the one it is given.

    It knows sessions as long as a page load holds them, and keeps none alive itself.
    """
    sessions: WeakValueDictionary[str, Session] = WeakValueDictionary()

    def find(key: str, fresh: Session) -> Session:
        session = sessions.get(key, fresh)
        sessions[session.key] = session
        session.hold()
        return session

    return find

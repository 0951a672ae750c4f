"""Questions to begin with, for any document: made of its headings, names and years, and tried."""

import re
import time
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import islice, zip_longest
from typing import Protocol

from qa_bot.answering.mentions import find_names
from qa_bot.datatypes import Answer, Document
from qa_bot.dates import MONTHS, WEEKDAYS
from qa_bot.splitter import sentences
from qa_bot.stopwords import POSSESSIVE, is_stop_word, stem

ABOUT = "What is said about {}?"
WHEN = "What happened in {}?"

TRIES = 4  # questions asked for each that is wanted, at most
SECONDS = 5.0  # after which no other is tried

_LONGEST = 80  # characters of a heading that makes a question
_READ = 200_000  # characters at the head of a document that names and years are taken from
_CALENDAR = frozenset(MONTHS + WEEKDAYS)
_YEAR = re.compile(rf"\b(?:(?:{'|'.join(MONTHS)}) )?(?:1\d|20)\d\d\b(?![-–.,]\d)")


class Asked(Protocol):
    """Bot.answer, or Library.answer."""

    def __call__(self, question: str, /, *, documents: Collection[str]) -> Answer: ...


def suggest(answer: Asked, document: Document, count: int, seconds: float = SECONDS) -> list[str]:
    """Return at most ``count`` questions that a document answers, each by another quote.

    Each is asked, and left out when it is refused or when its quote does not name its topic. After
    ``seconds`` no other is tried.
    """
    deadline = time.monotonic() + seconds
    questions: list[str] = []
    told: set[tuple[int, int]] = set()
    for question, topic in islice(candidates(document), TRIES * count):
        if len(questions) == count or time.monotonic() > deadline:
            break
        quotes = answer(question, documents=[document.id]).quotes
        if quotes and topic in quotes[0].text and (quotes[0].start, quotes[0].end) not in told:
            told.add((quotes[0].start, quotes[0].end))
            questions.append(question)
    return questions


def candidates(document: Document) -> Iterator[tuple[str, str]]:
    """Yield questions, each once, with the words that the quote must have; best ones first."""
    headings = list(_headings(document))
    kinds = (
        [(heading, "") for heading in headings if heading.endswith("?")],
        [(ABOUT.format(name), name) for name in _names(document)],
        [(ABOUT.format(heading), "") for heading in headings if not heading.endswith("?")],
        [(WHEN.format(year), year) for year in _years(document)],
    )
    mixed = [candidate for row in zip_longest(*kinds) for candidate in row if candidate is not None]
    yield from dict.fromkeys(mixed)


def _headings(document: Document) -> Iterator[str]:
    """Yield the headings of a document that say something, on one line each."""
    for mark in document.marks:
        heading = " ".join(mark.label.split())
        fits = len(heading) <= _LONGEST and sum(map(str.isalpha, heading)) > 3
        if mark.kind == "heading" and fits and heading != document.title:
            yield heading


def _names(document: Document) -> list[str]:
    """Return the names in a text: capitalised words, those of more words and mentions first.

    One word counts as a name when it recurs, and not at the beginning of sentences alone. Of names
    that begin alike ("America", "Americans") the first is taken.
    """
    text = document.text[:_READ]
    begun = {start for start, _ in sentences(document, 0, len(text))}
    counts: Counter[str] = Counter()
    inside: set[str] = set()
    for start, end in find_names(text):
        name = _without_days(text[start:end])
        counts[name] += 1
        if " " in name or start not in begun:
            inside.add(name)
    named = [n for n in inside - {""} if counts[n] > 1 or " " in n]
    named.sort(key=lambda name: (-counts[name] * len(name.split(" ")), name))
    first: dict[str, str] = {}
    for name in named:
        first.setdefault(stem(name), name)
    return list(first.values())


def _without_days(name: str) -> str:
    """Return a name without the stop words, days and months before and after it."""
    words = name.split(" ")
    for end in (0, -1):
        while words and (is_stop_word(words[end].lower()) or words[end] in _CALENDAR):
            words.pop(end)
    return POSSESSIVE.sub("", " ".join(words))


def _years(document: Document) -> list[str]:
    """Return the years of a text, with their months where they are told, the commonest first."""
    found = (year[0] for year in _YEAR.finditer(document.text, 0, _READ))
    return [year for year, _ in Counter(found).most_common()]

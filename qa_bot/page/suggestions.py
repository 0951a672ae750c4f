"""Questions that a document answers, made of its own facts, and each tried.

A fact is a sentence of a plain form: "The mill was built by Anna Berg in 1911." gives "Who built
the mill?" and "When was the mill built?".
"""

import re
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Protocol

from qa_bot.answering.mentions import find_names
from qa_bot.datatypes import Answer, Document, Quote
from qa_bot.dates import MONTHS, WEEKDAYS
from qa_bot.render import STRONG
from qa_bot.sentences import sentences
from qa_bot.stopwords import POSSESSIVE, is_stop_word, stem

ABOUT = "What is said about {}?"

TRIES = 4  # questions asked for each that is wanted, at most
SECONDS = 10.0  # after which no other is tried

_LONGEST = 90  # characters of a question
_READ = 200_000  # characters at the head of a document that facts are taken from

_CAPITAL = "A-ZÀ-ÖØ-ÞΑ-ΩА-Я"
_WORD = rf"(?:(?:[{_CAPITAL}]\.)+|[{_CAPITAL}][\w’'-]+)"
_NAME = rf"{_WORD}(?: (?:(?:of|the|de|van|von) )*{_WORD})*"
_DONE = (  # verbs whose past is their participle
    r"\b(?:[a-z]{3,}ed|(?:re)?built|sent|made|held|shot|led|won|lost|found|brought|paid|sold|bought"
    r"|caught|struck|set|hit)"
)
_ENDS = (
    "about|after|and|as|at|because|before|but|by|due|during|for|from|had|has|have|he|in|into|is|it"
    "|near|of|on|or|she|since|that|they|this|to|under|until|was|were|when|where|which|while|who|will"
    "|with|would"
)
_PHRASE = rf"(?:[Tt]he|[Aa]n?)(?: (?!(?:{_ENDS})\b)[\w’'-]+){{1,3}}(?: {_WORD})*"
_THING = rf"(?:{_PHRASE}|{_NAME})"
_CALENDAR = frozenset(MONTHS + WEEKDAYS)
_MONTH, _DAY = "|".join(MONTHS), "|".join(WEEKDAYS)
_TIME = re.compile(
    r"(?<!until )(?<!since )(?<!by )"
    rf"\b(?:(?:1\d|20)\d\d|{_DAY}|(?:{_MONTH})\b(?= \d)|(?<=[io]n )(?:{_MONTH}))\b"
)
_REASON = re.compile(r"\b(?:because|as a result of|in response to|in retaliation for|due to)\b")
_NUMBER = (
    r"(?:\d[\d,]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty"
    r"|fifty|sixty|seventy|eighty|ninety|dozens of|hundreds of)"
)
_COUNTED = r"(?:(?:[a-z-]+ )?[a-z]{3,}s|people|men|women|children)\b"
_PASSIVE = re.compile(rf"^(?P<thing>{_THING}) (?P<be>was|were) (?P<done>{_DONE})\b(?P<rest>.*)")
_BY = re.compile(rf"\bby (?P<who>{_NAME}|{_PHRASE})")
_ACTIVE = re.compile(
    rf"^(?P<who>{_NAME})(?:, [^,]+,)? (?P<done>{_DONE}) (?P<thing>{_THING})"
    r"(?=[\s,;:.]|\Z)(?P<rest>.*)"
)
_MANY = re.compile(
    rf"(?P<done>{_DONE}) (?:some |about |nearly )?(?P<number>{_NUMBER}) (?P<things>{_COUNTED})"
)
_MANY_FIRST = re.compile(
    rf"^(?P<number>(?i:{_NUMBER})) (?P<things>{_COUNTED}) were (?P<done>{_DONE})\b"
)
_COST = re.compile(
    rf"(?P<thing>{_PHRASE}) (?:(?P<modal>will|would) cost|costs) (?P<price>[\d$€£][^,;.]*)"
)
_SAID = re.compile(
    rf"(?P<who>(?:[Tt]he )?{_NAME}) "
    r"(?P<verb>said|announced|declared|tweeted|warned|explained|claimed)\b"
)
_KINDS = ("Who", "When", "How many", "Why", "What", "How much")  # the order they are mixed in
_SAY = {"said": "say", "tweeted": "tweet", "warned": "warn", "explained": "explain"}
_POINTS = re.compile(r"\b(?:it|its|he|his|she|her|they|their|them|this|that|these|those)\b", re.I)


@dataclass(frozen=True, slots=True)
class Fact:
    """A question, words that its quote must have, and the sentence it was made of, or the text."""

    question: str
    words: str
    start: int
    end: int


class Asked(Protocol):
    """Bot.answer, or Library.answer."""

    def __call__(self, question: str, /, *, documents: Collection[str]) -> Answer: ...


def suggest(answer: Asked, document: Document, count: int, seconds: float = SECONDS) -> list[str]:
    """Return at most ``count`` questions that a document answers, each by another quote.

    Each was asked, and is answered by a strong match that has the words it must have. After
    ``seconds`` no other is tried.
    """
    return _answered(answer, document, candidates(document), count, [], seconds)


def lead_on(
    answer: Asked,
    quote: Quote,
    count: int,
    asked: Collection[str] = (),
    seconds: float = SECONDS,
) -> list[str]:
    """Return at most ``count`` questions that lead on from a quote: of the facts nearest to it."""
    document = quote.document
    facts = [fact for fact in _facts(document) if fact.question not in asked]
    facts.sort(key=lambda fact: (abs(fact.start - quote.start), fact.start))
    return _answered(answer, document, facts, count, [(quote.start, quote.end)], seconds)


def _answered(
    answer: Asked,
    document: Document,
    facts: Iterable[Fact],
    count: int,
    told: Sequence[tuple[int, int]],
    seconds: float,
) -> list[str]:
    """Return the first questions that are answered well, each by a quote not ``told`` before."""
    deadline = time.monotonic() + seconds
    known = list(told)
    questions: list[str] = []
    for fact in islice(facts, TRIES * count):
        if len(questions) == count or time.monotonic() > deadline:
            break
        if any(fact.start < end and start < fact.end for start, end in known if fact.words):
            continue
        quotes = answer(fact.question, documents=[document.id]).quotes
        if quotes and _is_answer(quotes[0], fact, known):
            known.append((quotes[0].start, quotes[0].end))
            questions.append(fact.question)
    return questions


def _is_answer(quote: Quote, fact: Fact, known: Iterable[tuple[int, int]]) -> bool:
    is_new = (quote.start, quote.end) not in known
    return quote.score >= STRONG and is_new and fact.words in _on_one_line(quote.text)


def candidates(document: Document) -> Iterator[Fact]:
    """Yield questions, each once: those of an FAQ, of one kind of fact after another, of names."""
    kinds: dict[str, list[Fact]] = {kind: [] for kind in _KINDS}
    for fact in _facts(document):
        kinds[next(kind for kind in kinds if fact.question.startswith(kind))].append(fact)
    whole = 0, len(document.text)
    headings = [Fact(heading, "", *whole) for heading in _questions(document)]
    names = [Fact(ABOUT.format(name), name, *whole) for name in _names(document)]
    mixed = [fact for row in zip_longest(headings, *kinds.values()) for fact in row if fact]
    first: dict[str, Fact] = {}
    for fact in [*mixed, *names]:
        first.setdefault(fact.question, fact)
    yield from first.values()


def _facts(document: Document) -> Iterator[Fact]:
    """Yield the questions that the sentences of a document answer, in their order."""
    for start, end in sentences(document, 0, min(_READ, len(document.text))):
        sentence = _on_one_line(document.text[start:end])
        for question, words in _of_sentence(sentence):
            if len(question) <= _LONGEST and not _POINTS.search(question):
                yield Fact(question, words, start, end)


def _of_sentence(sentence: str) -> Iterator[tuple[str, str]]:
    """Yield questions that a sentence answers, each with words of the answer."""
    if passive := _PASSIVE.match(sentence):
        thing, be, done, rest = passive.group("thing", "be", "done", "rest")
        if by := _BY.search(rest):
            yield f"Who {done} {_inside(thing)}?", by["who"]
        yield from _when_and_why(f"{be} {_inside(thing)} {done}", rest)
    if active := _ACTIVE.match(sentence):
        who, done, thing, rest = active.group("who", "done", "thing", "rest")
        if not _CALENDAR.intersection((*who.split(), *thing.split())):
            yield f"Who {done} {thing}?", who
            yield from _when_and_why(f"was {thing} {done}", rest)
    for many in filter(None, (_MANY_FIRST.match(sentence), _MANY.search(sentence))):
        yield f"How many {many['things']} were {many['done']}?", many["number"]
    if cost := _COST.search(sentence):
        modal = "does" if cost["modal"] is None else cost["modal"]
        yield f"How much {modal} {_inside(cost['thing'])} cost?", cost["price"].split(" ")[0]
    if (said := _SAID.search(sentence)) and not _CALENDAR.intersection(said["who"].split()):
        verb = said["verb"]
        asked = f"What did {_inside(said['who'])} {_SAY.get(verb, verb.removesuffix('d'))}?"
        yield asked, said["who"]


def _when_and_why(happened: str, rest: str) -> Iterator[tuple[str, str]]:
    if found := _TIME.search(rest):
        yield f"When {happened}?", found[0]
    if reason := _REASON.search(rest):
        yield f"Why {happened}?", reason[0]


def _inside(thing: str) -> str:
    """Return what a sentence begins with as it stands inside one: "The mill" as "the mill"."""
    first, _, rest = thing.partition(" ")
    return f"{first.lower()} {rest}" if first in ("The", "A", "An") else thing


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _questions(document: Document) -> Iterator[str]:
    """Yield the headings of a document that are questions."""
    for mark in document.marks:
        heading = _on_one_line(mark.label)
        if mark.kind == "heading" and heading.endswith("?") and len(heading) <= _LONGEST:
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

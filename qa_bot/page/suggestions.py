"""Suggest questions that a document answers: they are made from its sentences, and tried.

Only sentences of simple forms are used: "The mill was built by Anna Berg in 1911." gives "Who built
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

TRIES = 4  # most questions to try for each one to be returned
SECONDS = 10.0  # time after which no more questions are tried

_MAX_QUESTION = 90  # characters
_SAMPLE = 200_000  # characters at the start of a document that questions are made from

_CAPITAL = "A-ZÀ-ÖØ-ÞΑ-ΩА-Я"
_WORD = rf"(?:(?:[{_CAPITAL}]\.)+|[{_CAPITAL}][\w’'-]+)"
_NAME = rf"{_WORD}(?: (?:(?:of|the|de|van|von) )*{_WORD})*"
_PARTICIPLE = (  # of verbs whose past tense is the same
    r"\b(?:[a-z]{3,}ed|(?:re)?built|sent|made|held|shot|led|won|lost|found|brought|paid|sold|bought"
    r"|caught|struck|set|hit)"
)
_PHRASE_END = (  # words that are not part of a noun phrase
    "about|after|and|as|at|because|before|but|by|due|during|for|from|had|has|have|he|in|into|is|it"
    "|near|of|on|or|she|since|that|they|this|to|under|until|was|were|when|where|which|while|who|will"
    "|with|would"
)
_PHRASE = rf"(?:[Tt]he|[Aa]n?)(?: (?!(?:{_PHRASE_END})\b)[\w’'-]+){{1,3}}(?: {_WORD})*"
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
_PASSIVE = re.compile(
    rf"^(?P<thing>{_THING}) (?P<be>was|were) (?P<done>{_PARTICIPLE})\b(?P<rest>.*)"
)
_BY = re.compile(rf"\bby (?P<who>{_NAME}|{_PHRASE})")
_ACTIVE = re.compile(
    rf"^(?P<who>{_NAME})(?:, [^,]+,)? (?P<done>{_PARTICIPLE}) (?P<thing>{_THING})"
    r"(?=[\s,;:.]|\Z)(?P<rest>.*)"
)
_MANY = re.compile(
    rf"(?P<done>{_PARTICIPLE}) (?:some |about |nearly )?"
    rf"(?P<number>{_NUMBER}) (?P<things>{_COUNTED})"
)
_MANY_FIRST = re.compile(
    rf"^(?P<number>(?i:{_NUMBER})) (?P<things>{_COUNTED}) were (?P<done>{_PARTICIPLE})\b"
)
_COST = re.compile(
    rf"(?P<thing>{_PHRASE}) (?:(?P<modal>will|would) cost|costs) (?P<price>[\d$€£][^,;.]*)"
)
_SAID = re.compile(
    rf"(?P<who>(?:[Tt]he )?{_NAME}) "
    r"(?P<verb>said|announced|declared|tweeted|warned|explained|claimed)\b"
)
_KINDS = ("Who", "When", "How many", "Why", "What", "How much")  # in the order of suggestions
_INFINITIVES = {"said": "say", "tweeted": "tweet", "warned": "warn", "explained": "explain"}
_PRONOUN = re.compile(r"\b(?:it|its|he|his|she|her|they|their|them|this|that|these|those)\b", re.I)


@dataclass(frozen=True, slots=True)
class Fact:
    """A question made from a sentence, or from the whole document."""

    question: str
    words: str  # words that a quote must have to answer it; "" for any
    start: int  # of the sentence, in characters
    end: int


class Ask(Protocol):
    """Bot.answer, or Library.answer."""

    def __call__(self, question: str, /, *, documents: Collection[str]) -> Answer: ...


def suggest(answer: Ask, document: Document, count: int, seconds: float = SECONDS) -> list[str]:
    """Return at most ``count`` questions that a document answers, each with a different quote.

    Each question was tried: it is answered by a strong match that has the right words. After
    ``seconds`` no more questions are tried.
    """
    return _answerable(answer, document, candidates(document), count, [], seconds)


def lead_on(
    answer: Ask,
    quote: Quote,
    count: int,
    asked: Collection[str] = (),
    seconds: float = SECONDS,
) -> list[str]:
    """Return at most ``count`` questions to ask next, made from the sentences near a quote."""
    document = quote.document
    facts = [fact for fact in _facts(document) if fact.question not in asked]
    facts.sort(key=lambda fact: (abs(fact.start - quote.start), fact.start))
    return _answerable(answer, document, facts, count, [(quote.start, quote.end)], seconds)


def _answerable(
    answer: Ask,
    document: Document,
    facts: Iterable[Fact],
    count: int,
    quoted: Sequence[tuple[int, int]],
    seconds: float,
) -> list[str]:
    """Return the first questions that are answered well, each with a quote not in ``quoted``."""
    deadline = time.monotonic() + seconds
    spans = list(quoted)
    questions: list[str] = []
    for fact in islice(facts, TRIES * count):
        if len(questions) == count or time.monotonic() > deadline:
            break
        if any(fact.start < end and start < fact.end for start, end in spans if fact.words):
            continue
        quotes = answer(fact.question, documents=[document.id]).quotes
        if quotes and _is_answer(quotes[0], fact, spans):
            spans.append((quotes[0].start, quotes[0].end))
            questions.append(fact.question)
    return questions


def _is_answer(quote: Quote, fact: Fact, spans: Iterable[tuple[int, int]]) -> bool:
    """Whether a quote is a strong match for a fact and not yet one of the spans."""
    is_new = (quote.start, quote.end) not in spans
    return quote.score >= STRONG and is_new and fact.words in _on_one_line(quote.text)


def candidates(document: Document) -> Iterator[Fact]:
    """Yield distinct questions: headings that are questions and facts by turns, then names."""
    by_kind: dict[str, list[Fact]] = {kind: [] for kind in _KINDS}
    for fact in _facts(document):
        by_kind[next(kind for kind in by_kind if fact.question.startswith(kind))].append(fact)
    whole = 0, len(document.text)
    headings = [Fact(heading, "", *whole) for heading in _question_headings(document)]
    names = [Fact(ABOUT.format(name), name, *whole) for name in _names(document)]
    mixed = [fact for row in zip_longest(headings, *by_kind.values()) for fact in row if fact]
    distinct: dict[str, Fact] = {}
    for fact in [*mixed, *names]:
        distinct.setdefault(fact.question, fact)
    yield from distinct.values()


def _facts(document: Document) -> Iterator[Fact]:
    """Yield the questions that the sentences of a document answer, in their order."""
    for start, end in sentences(document, 0, min(_SAMPLE, len(document.text))):
        sentence = _on_one_line(document.text[start:end])
        for question, words in _questions_of(sentence):
            if len(question) <= _MAX_QUESTION and not _PRONOUN.search(question):
                yield Fact(question, words, start, end)


def _questions_of(sentence: str) -> Iterator[tuple[str, str]]:
    """Yield questions that a sentence answers, each with words of the answer."""
    if passive := _PASSIVE.match(sentence):
        thing, be, done, rest = passive.group("thing", "be", "done", "rest")
        if by := _BY.search(rest):
            yield f"Who {done} {_mid_sentence(thing)}?", by["who"]
        yield from _when_and_why(f"{be} {_mid_sentence(thing)} {done}", rest)
    if active := _ACTIVE.match(sentence):
        who, done, thing, rest = active.group("who", "done", "thing", "rest")
        if not _CALENDAR.intersection((*who.split(), *thing.split())):
            yield f"Who {done} {thing}?", who
            yield from _when_and_why(f"was {thing} {done}", rest)
    for many in filter(None, (_MANY_FIRST.match(sentence), _MANY.search(sentence))):
        yield f"How many {many['things']} were {many['done']}?", many["number"]
    if cost := _COST.search(sentence):
        modal = "does" if cost["modal"] is None else cost["modal"]
        yield f"How much {modal} {_mid_sentence(cost['thing'])} cost?", cost["price"].split(" ")[0]
    if (said := _SAID.search(sentence)) and not _CALENDAR.intersection(said["who"].split()):
        infinitive = _INFINITIVES.get(said["verb"], said["verb"].removesuffix("d"))
        yield f"What did {_mid_sentence(said['who'])} {infinitive}?", said["who"]


def _when_and_why(happened: str, rest: str) -> Iterator[tuple[str, str]]:
    if time_match := _TIME.search(rest):
        yield f"When {happened}?", time_match[0]
    if reason := _REASON.search(rest):
        yield f"Why {happened}?", reason[0]


def _mid_sentence(phrase: str) -> str:
    """Return the beginning of a sentence as it is written inside one: "the mill" for "The mill"."""
    first, _, rest = phrase.partition(" ")
    return f"{first.lower()} {rest}" if first in ("The", "A", "An") else phrase


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _question_headings(document: Document) -> Iterator[str]:
    """Yield the headings of a document that are questions."""
    for mark in document.marks:
        heading = _on_one_line(mark.label)
        if mark.kind == "heading" and heading.endswith("?") and len(heading) <= _MAX_QUESTION:
            yield heading


def _names(document: Document) -> list[str]:
    """Return the names in a text, long and frequent ones first.

    A single word counts as a name if it occurs more than once, and not only at the beginning of
    sentences. Of names with the same stem ("America", "Americans") the first is kept.
    """
    text = document.text[:_SAMPLE]
    sentence_starts = {start for start, _ in sentences(document, 0, len(text))}
    counts: Counter[str] = Counter()
    eligible: set[str] = set()
    for start, end in find_names(text):
        name = _without_calendar(text[start:end])
        counts[name] += 1
        if " " in name or start not in sentence_starts:
            eligible.add(name)
    names = [name for name in eligible - {""} if counts[name] > 1 or " " in name]
    names.sort(key=lambda name: (-counts[name] * len(name.split(" ")), name))
    by_stem: dict[str, str] = {}
    for name in names:
        by_stem.setdefault(stem(name), name)
    return list(by_stem.values())


def _without_calendar(name: str) -> str:
    """Return a name without stop words, days and months at its ends."""
    words = name.split(" ")
    for end in (0, -1):
        while words and (is_stop_word(words[end].lower()) or words[end] in _CALENDAR):
            words.pop(end)
    return POSSESSIVE.sub("", " ".join(words))

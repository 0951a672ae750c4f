"""Questions about who said what, made from quotes in texts; few data sets have any.

A text says it in three ways: "…," said NAME; NAME said, "…"; NAME said that … Of each come a
question for the speaker and one for the words.
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from training.examples import Item, Offsets
from training.exchange import KEPT
from training.negatives import NO_NAMES, holds_any
from training.wordnet import WordNet

NEAR = 4  # near misses kept for a question
_SAID = "said|says|replied|answered|declared|argued|claimed|stated|added|explained|announced"
_SAID += "|warned|noted|wrote|remarked|exclaimed|cried|asked|shouted"
_NAME = r"(?:[A-Z][\w'-]+(?: (?:of |the |de |von )?[A-Z][\w'-]+){0,3}|[Tt]he (?:[a-z]+ )?[a-z]{3,})"
_WORDS = r"(?<![\w.,!?])[\"“](?=\w)(?P<words>[^\"“”\n]{15,250}?)"
_SPOKEN = (
    re.compile(rf"{_WORDS}(?:[,!?][\"”]|[\"”],) (?:{_SAID}) (?P<name>{_NAME})\b"),
    re.compile(rf"{_WORDS}(?:[,!?][\"”]|[\"”],) (?P<name>{_NAME}) (?:{_SAID})\b"),
    re.compile(rf"(?<![\w'-])(?P<name>{_NAME}) (?:{_SAID})(?: \w+)?[,:]? {_WORDS}[,.!?;]?[\"”]"),
    re.compile(
        rf"(?<![\w'-])(?P<name>{_NAME}) (?:said|says|argued|claimed|stated|announced|explained"
        rf"|warned|noted|declared|replied) that (?P<words>[^.;:\"“”\n]{{20,160}})(?=[.;])"
    ),
)
_LEAST, _TOLD = 6, 14  # words that are said, at least; of which a question repeats the first
_WORD = re.compile(r"(?<![\w'-])[a-z]{4,}(?![\w'-])")
_CLAUSE = re.compile(r"[,;:.!?]\s")


@dataclass(frozen=True, slots=True)
class Speech:
    """A quotation in a text: offsets of the speaker's name and of the words."""

    name: Offsets
    words: Offsets


def speeches(text: str) -> list[Speech]:
    """Return the distinct quotations in a text that have a named speaker."""
    found: dict[Offsets, Speech] = {}
    for pattern in _SPOKEN:
        for match in pattern.finditer(text):
            opening = match["name"].split()[0].lower()
            if opening not in NO_NAMES and len(match["words"].split()) >= _LEAST:
                said = match.span("words")
                found.setdefault(said, Speech(match.span("name"), said))
    return list(found.values())


def speech_items(windows: Sequence[str], wordnet: WordNet, rng: random.Random) -> Iterator[Item]:
    """Yield items on who said what, of the source "speech"; what was said twice is asked once.

    Near misses are windows in which the same one says something else, then any that quote.
    """
    known: set[tuple[str, str]] = set()
    chosen: list[tuple[int, Speech]] = []
    by_name: dict[str, list[int]] = defaultdict(list)
    for number, text in enumerate(windows):
        for speech in speeches(text):
            name, told = text[slice(*speech.name)], text[slice(*speech.words)]
            by_name[name].append(number)
            if (name, told) not in known:
                known.add((name, told))
                chosen.append((number, speech))
    anywhere = sorted({number for number, _ in chosen})
    for number, speech in chosen:
        text = windows[number]
        name, told = text[slice(*speech.name)], text[slice(*speech.words)]
        others = [*rng.sample(by_name[name], min(NEAR, len(by_name[name])))]
        others += rng.sample(anywhere, min(NEAR, len(anywhere)))
        near = [one for one in dict.fromkeys(others) if not holds_any(windows[one], [told])]
        for question, span in (
            (asked_whom(told, rng), speech.name),
            (asked_what(name, told, wordnet, rng), speech.words),
        ):
            yield Item("speech", question, number, (span,), tuple(near[:NEAR]), "")


def asked_whom(told: str, rng: random.Random) -> str:
    """Return a question about who said something, with its first clauses, up to _TOLD words."""
    short = _shortened(told)
    if re.search(r"[?!]", told):
        return f'Who said "{short}"?'
    lowered = short if re.match(r"I\b|[A-Z]\w+ [A-Z]", short) else short[:1].lower() + short[1:]
    verb = rng.choice(["said that", "said that", "said", "claimed that", "says"])
    return rng.choice([f"Who {verb} {lowered}?", f"Who {verb} {lowered}?", f'Who said "{short}"?'])


def asked_what(name: str, told: str, wordnet: WordNet, rng: random.Random) -> str:
    """Return a question about what somebody said, sometimes with a noun from it as the topic."""
    content = (word for word in _WORD.findall(told) if word not in KEPT)
    about = [word for word in content if wordnet.kinds(word) == {"n"}]
    asked = [f"What did {name} say?", f"What was said by {name}?"]
    if about:
        thing = rng.choice(about)
        asked += [f"What did {name} say about {thing}?", f"What does {name} think of {thing}?"] * 3
    return rng.choice(asked)


def _shortened(told: str) -> str:
    """Return the opening clauses of what was said, of _TOLD words at most but for the first."""
    end = 0
    for found in [*_CLAUSE.finditer(told), None]:
        stop = len(told) if found is None else found.start()
        if end and len(told[:stop].split()) > _TOLD:
            break
        end = stop
    return " ".join(told[:end].split()[: 2 * _TOLD])

"""Questions twisted so that a text that answers them no longer does, in the text's own words.

The ways are those of the people who wrote SQuAD 2.0's questions without an answer (Rajpurkar et
al., "Know What You Don't Know", 2018, table 3): another name or number of the text, half of a
name, a digit, things that change places, a "not", and a condition that the text does not name.
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from training.exchange import KEPT
from training.negatives import NAMED, NO_NAMES, holds_any, spliced, words
from training.wordnet import WordNet

LEAST_SEEN = 2  # times that an adjective stands before a noun to be put there
_SHORT = 2  # letters: a name of so few is an initial
_CAPITALISED = re.compile(r"\b[A-Z][\w'-]*(?: (?:of (?:the )?|the )?[A-Z][\w'-]*)*")
_FULL_NAME = re.compile(r"([A-Z][a-z]{2,}) ([A-Z][a-z]{2,})")
_HELPING = re.compile(
    r"^((?:who|what|which|when|where|why|how)\b[^,?]{0,40}?\b"
    r"(?:is|are|was|were|do|does|did|has|have|had|could|would|should))(?= )",
    re.I,
)
_NOUN = r"[a-z]{3,}"
_RELATED = re.compile(
    rf"(?<![\w'-])({_NOUN}) (?:than|in|into|from|over|against|by) (?:the |an? )?({_NOUN})(?![\w'-])"
)
_COORDINATED = re.compile(r"[\s,]*(?:and|or|&)?\s*(?:the\s)?")
_DESCRIBED = re.compile(rf"(?<![\w'-])({_NOUN}) (?=({_NOUN})(?![\w'-]))")
_TO_DESCRIBE = re.compile(rf"\b(?i:the|many|which|what) ({_NOUN})(?![\w'-])")
# Adjectives that leave a thing what it is, as "the famous tower" is the tower.
_VAGUE = frozenset(
    "able actual additional another any available certain chief common complete considerable "
    "continued current different due earlier entire every famous few following former full "
    "further general given good great important individual known large largest last later "
    "latter least less like little local long main major many modern more most much necessary "
    "new next notable original other overall own particular popular possible potential present "
    "primary prominent recent related same several significant similar single so-called some "
    "special specific strong such total true typical usual various very well whole".split()
)


def other_names(
    question: str, text: str, answers: Sequence[str], rng: random.Random, count: int
) -> list[str]:
    """Return up to ``count`` questions with a name, a year or a number exchanged for the text's.

    One that the text has, and that is no part of an answer: whom the text says it of is another.
    """
    own = set(words(question))
    for pattern in NAMED.values():
        mine = [found for found in pattern.finditer(question) if holds_any(text, [found[0]])]
        there = {found[0] for found in pattern.finditer(text)} if mine else set()
        new = sorted(
            name
            for name in there
            if len(name) > _SHORT
            and not own & set(words(name))
            and not any(
                holds_any(answer, [name]) or holds_any(name, [answer]) for answer in answers
            )
        )
        if new:
            places = [rng.choice(mine) for _ in range(count)]
            names = rng.sample(new, min(count, len(new)))
            return [
                spliced(question, place.span(), name)
                for place, name in zip(places, names, strict=False)
            ]
    return []


def half_names(question: str, text: str, rng: random.Random) -> list[str]:
    """Return the question with half of a name exchanged: "John Boyle" where the text has Robert.

    The other half is of another full name of the text. One question or none.
    """
    mine = [found for found in _full_names(question) if holds_any(text, [found[0]])]
    if not mine:
        return []
    place = rng.choice(mine)
    first, last = place[0].split()
    made = {
        name
        for found in _full_names(text)
        if not set(found[0].split()) & set(question.split())
        for name in (f"{found[0].split()[0]} {last}", f"{first} {found[0].split()[1]}")
        if not holds_any(f"{text} {question}", [name])
    }
    return [spliced(question, place.span(), rng.choice(sorted(made)))] if made else []


def _full_names(text: str) -> list[re.Match[str]]:
    """Return the capitalised runs of two words that may be a person's name."""
    return [
        found
        for found in _CAPITALISED.finditer(text)
        if _FULL_NAME.fullmatch(found[0]) and found[0].split()[0].lower() not in KEPT | NO_NAMES
    ]


def other_digits(question: str, text: str, rng: random.Random) -> list[str]:
    """Return the question with a digit changed in a number that the text has: one, or none.

    It is one of the last two, so that a year stays near.
    """
    mine = [found for found in NAMED["number"].finditer(question) if holds_any(text, [found[0]])]
    if not mine:
        return []
    place = rng.choice(mine)
    at = rng.choice([i for i, letter in enumerate(place[0]) if letter.isdigit()][-2:])
    new = [
        place[0][:at] + digit + place[0][at + 1 :]
        for digit in "0123456789"
        if at > 0 or digit != "0"
    ]
    absent = [number for number in new if not holds_any(f"{text} {question}", [number])]
    return [spliced(question, place.span(), rng.choice(absent))] if absent else []


def negated(question: str, rng: random.Random) -> list[str]:
    """Return the question with a "not" in it: "What is not made of iron?"; one, or none."""
    found = _HELPING.match(question)
    if found is None or re.search(r"\b(?:not|never|no)\b|n't", question, re.I):
        return []
    return [found[1] + rng.choice(["n't", " not"]) + question[found.end() :]]


class Twists:
    """Twists that take a knowledge of words: which are nouns, and what is said of them.

    What may be put before a noun is what stands before it in ``texts``: words that are adjectives
    and nothing else, LEAST_SEEN times at least.
    """

    def __init__(self, texts: Iterable[str], wordnet: WordNet) -> None:
        self._wordnet = wordnet
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for text in texts:
            for found in _DESCRIBED.finditer(text):
                counts[found[2]][found[1]] += 1
        self._before: Mapping[str, list[str]] = {
            noun: sorted(
                word
                for word, seen in before.items()
                if seen >= LEAST_SEEN and word not in _VAGUE and wordnet.kinds(word) == {"a"}
            )
            for noun, before in counts.items()
            if self._is_noun(noun)
        }

    def narrowed(self, question: str, text: str, rng: random.Random, count: int) -> list[str]:
        """Return up to ``count`` questions with a condition put in, which the text lacks.

        "How many soldiers fled?" becomes "How many wounded soldiers fled?".
        """
        held = {*words(text), *words(question)}
        found = []
        for place in _TO_DESCRIBE.finditer(question):
            new = [word for word in self._before.get(place[1], ()) if word not in held]
            found += [
                spliced(question, (place.start(1), place.start(1)), f"{word} ") for word in new
            ]
        return rng.sample(found, min(count, len(found)))

    def turned(self, question: str, text: str, rng: random.Random) -> list[str]:
        """Return the question with two things in each other's place: one, or none.

        "When did France attack Spain?" asks when Spain attacked France; "oxygen in water" becomes
        "water in oxygen". The text has both; names that are listed ("France and Spain") stay.
        """
        names = [found for found in NAMED["name"].finditer(question) if holds_any(text, [found[0]])]
        pairs = [
            (one.span(), other.span())
            for i, one in enumerate(names)
            for other in names[i + 1 :]
            if one[0] != other[0]
            and not _COORDINATED.fullmatch(question[one.end() : other.start()])
        ]
        pairs += [
            (found.span(1), found.span(2))
            for found in _RELATED.finditer(question)
            if found[1] != found[2]
            and all(self._is_noun(one) and holds_any(text, [one]) for one in found.groups())
        ]
        if not pairs:
            return []
        one, other = rng.choice(pairs)
        first, second = question[slice(*one)], question[slice(*other)]
        return [spliced(spliced(question, other, first), one, second)]

    def _is_noun(self, word: str) -> bool:
        """Whether a word names a thing or several, and is no adjective."""
        kinds = self._wordnet.kinds(word) | self._wordnet.kinds(word.removesuffix("s"))
        return word not in KEPT and "n" in kinds and "a" not in kinds

"""Exchange a word of a question, so that a text no longer answers it, or still does.

People who wrote SQuAD 2.0's questions without an answer took one that has an answer and put in an
opposite or another word of the same kind (Rajpurkar et al., "Know What You Don't Know", 2018;
what else they did is in twists.py). So that a reader does not learn that a word which the text
lacks means "no answer", other questions have a word exchanged for a synonym.
"""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from training.negatives import spliced, words
from training.wordnet import KINDS, WordNet

CLOSEST = 5  # replacements for a word: opposites first, then by the cosine of their embeddings
LEAST_COSINE = 0.3
_LEADING = 4  # letters; words with the same first letters are forms of one word
# Words that are not exchanged: they say too little, or shape the question itself.
KEPT = frozenset(
    "the and for with from are was were been does did has have had what which who whom whose when "
    "where why how many much that this its name names type kind term word called known year one "
    "two people person time country city part use used place not she they his her their there date "
    "thing things than into between during after before most more can could will would about make "
    "made group found during other world".split()
)
_WORD = re.compile(r"(?<![\w'-])[a-z]{3,}(?![\w'-])")


class Exchange:
    """Replaces words in questions.

    ``vocabulary`` are the words that may be put in, common ones, with the rows of ``embeddings``
    ``(n, features)`` that belong to them.
    """

    def __init__(
        self, wordnet: WordNet, vocabulary: dict[str, int], embeddings: npt.NDArray[np.float32]
    ) -> None:
        centred = embeddings - embeddings.mean(axis=0)
        self._units = centred / np.linalg.norm(centred, axis=1, keepdims=True).clip(min=1e-9)
        self._wordnet = wordnet
        self._vocabulary = vocabulary
        self._others = cache(self._others_of)
        self._same = cache(self._same_of)

    def other_words(self, question: str, text: str, rng: random.Random, count: int) -> list[str]:
        """Return up to ``count`` questions with a word exchanged for an opposite or sister term.

        Neither question nor text has the new word, so the text does not answer the question.
        """
        return _exchanged(question, text, rng, self._others)[:count]

    def same_words(self, question: str, text: str, rng: random.Random, count: int) -> list[str]:
        """Return up to ``count`` questions with a word exchanged for a synonym that neither has."""
        return _exchanged(question, text, rng, self._same)[:count]

    def _others_of(self, word: str) -> list[str]:
        """Return a word's opposites and closest sister terms, CLOSEST in all, in the same form."""
        for form in _forms(word):
            opposites = self._common(self._wordnet.opposites(form.lemma, form.kind), form)
            sisters = self._common(self._wordnet.sisters(form.lemma, form.kind), form) - opposites
            closeness = {other: self._cosine(word, other) for other in sisters}
            close = sorted(
                (
                    other
                    for other, cosine in closeness.items()
                    if cosine > LEAST_COSINE and other[:_LEADING] != word[:_LEADING]
                ),
                key=lambda other: (-closeness[other], other),
            )
            if found := [*sorted(opposites), *close]:
                return found[:CLOSEST]
        return []

    def _same_of(self, word: str) -> list[str]:
        """Return the synonyms of a word, in the same form."""
        for form in _forms(word):
            if found := self._common(self._wordnet.synonyms(form.lemma, form.kind), form):
                return sorted(found)
        return []

    def _common(self, lemmas: set[str], form: "_Form") -> set[str]:
        """Return words inflected like another, if they are single and common words."""
        found = {form.inflected(lemma) for lemma in lemmas if lemma.isalpha()}
        return {word for word in found if word in self._vocabulary}

    def _cosine(self, one: str, other: str) -> float:
        """Return the similarity of two words; an uncommon word is similar to none."""
        if one not in self._vocabulary:
            return 0.0
        a, b = (self._units[self._vocabulary[word]] for word in (one, other))
        return float(a @ b)


@dataclass(frozen=True, slots=True)
class _Form:
    """A base form that a word may have, and how to inflect other words in the same way."""

    lemma: str
    kind: str  # part of speech
    ending: str

    def inflected(self, lemma: str) -> str:
        """Return another word with the same ending."""
        return lemma + self.ending.removeprefix("e" if lemma.endswith("e") else "")


def _forms(word: str) -> Iterator[_Form]:
    """Yield the base forms that a word may have; irregular ones ("ran") are not recognised."""
    yield from (_Form(word, kind, "") for kind in KINDS)
    if word.endswith("s") and not word.endswith("ss"):
        yield from (_Form(word[:-1], kind, "s") for kind in "nv")
    if word.endswith("ed"):
        yield from (_Form(word[:-end], "v", "ed") for end in (1, 2))


def _exchanged(
    question: str, text: str, rng: random.Random, new_words: Callable[[str], list[str]]
) -> list[str]:
    """Return a question with each of its words exchanged in turn, in random order."""
    held, found = {*words(text), *words(question)}, []
    places = [place for place in _WORD.finditer(question) if place[0] not in KEPT]
    for place in rng.sample(places, len(places)):
        if new := [word for word in new_words(place[0]) if word not in held]:
            found.append(spliced(question, place.span(), rng.choice(new)))
    return found

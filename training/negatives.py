"""Near misses: passages that seem to answer but do not; and names to exchange in questions."""

import random
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from training.examples import Offsets

Scores = npt.NDArray[np.float32]

_WORD = re.compile(r"\w+")
_YEAR = re.compile(r"\b1[0-9]{3}\b|\b20[0-9]{2}\b")
_NUMBER = re.compile(r"\b\d+(?:[.,]\d+)*\b")
# Capitalised words, but not at the start of the question.
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w'-]+(?: (?:of |the )?[A-Z][\w'-]+)*")
# Words that are capitalised at the start of a sentence but are not names.
NO_NAMES = frozenset(
    "a all also although an and another as at because both but by each even every few for he her "
    "his however if in it its later many more most mr mrs ms my no nobody not now of on once one "
    "only or our other others she since so some soon such that their then there these they this "
    "those though thus to we what when where which while who with yet you".split()
)
NAMED = {
    "name": _NAME,
    "year": _YEAR,
    "number": _NUMBER,
}  # the kinds of names, the most common first


def words(text: str) -> list[str]:
    """Return the lower-case words of a text."""
    return _WORD.findall(text.lower())


def fused_order(rankings: Sequence[Scores], depth: int, rrf_k: int = 60) -> list[int]:
    """Return the first ``depth`` rows by reciprocal rank over several score arrays ``(n,)``."""
    total = np.zeros(len(rankings[0]))
    for scores in rankings:
        ranks = np.empty(len(scores))
        ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
        total += 1 / (rrf_k + ranks)
    return [int(row) for row in np.argsort(-total, kind="stable")[:depth]]


def holds_any(text: str, answers: Sequence[str]) -> bool:
    """Whether a text contains one of the answers, ignoring case and punctuation."""
    line = f" {' '.join(words(text))} "
    return any(f" {' '.join(words(answer))} " in line for answer in answers)


def cut_answer(text: str, sentences: Sequence[Offsets], spans: Sequence[Offsets]) -> str:
    """Return a text without the sentences that answer, or "" if too little or an answer is left.

    It is about the same thing, in the same words, and lacks just the fact: the nearest miss.
    """
    kept = [
        text[start:end]
        for start, end in sentences
        if not any(start < stop and begin < end for begin, stop in spans)
    ]
    rest = " ".join(kept)
    answers = [text[start:end] for start, end in spans]
    return "" if len(rest) < 200 or holds_any(rest, answers) else rest


def spliced(text: str, span: Offsets, new: str) -> str:
    """Return a text with the text of a span replaced."""
    return text[: span[0]] + new + text[span[1] :]


def names(questions: Sequence[str]) -> dict[str, list[str]]:
    """Return the names, years and numbers of questions on one article, by kind, sorted."""
    return {
        kind: sorted({found[0] for question in questions for found in pattern.finditer(question)})
        for kind, pattern in NAMED.items()
    }


def swap_name(question: str, text: str, pool: dict[str, list[str]], rng: random.Random) -> str:
    """Replace a name, a year or a number with another, so that ``text`` no longer answers.

    The new one comes from ``pool``, see names(), and is not in the text. Returns "" when nothing
    can be exchanged.
    """
    for kind, pattern in NAMED.items():
        mine = [found for found in pattern.finditer(question) if holds_any(text, [found[0]])]
        new = rng.sample(pool[kind], min(10, len(pool[kind]))) if mine else []
        absent = [name for name in new if not holds_any(f"{text} {question}", [name])]
        if absent:
            place = rng.choice(mine)
            return spliced(question, place.span(), absent[0])
    return ""

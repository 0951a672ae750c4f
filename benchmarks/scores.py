"""Scores of answers: exact match and F1 as in SQuAD, and the area under the ROC curve."""

import re
import string
from collections import Counter
from collections.abc import Sequence

import numpy as np

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_MARKS = str.maketrans("", "", string.punctuation)


def normalized(text: str) -> list[str]:
    """Return the words of an answer in lower case, without punctuation or articles, as in SQuAD."""
    return _ARTICLES.sub(" ", text.lower().translate(_MARKS)).split()


def exact(answer: str, golds: Sequence[str]) -> float:
    """Return 1.0 if the answer is a gold answer, else 0.0; without gold answers, "" is right."""
    return float(any(normalized(answer) == normalized(gold) for gold in golds or [""]))


def f1(answer: str, golds: Sequence[str]) -> float:
    """Return the best word F1 with any gold answer; without gold answers, "" is right."""
    return max(_f1(normalized(answer), normalized(gold)) for gold in golds or [""])


def _f1(answer: list[str], gold: list[str]) -> float:
    if not answer or not gold:
        return float(answer == gold)
    shared = (Counter(answer) & Counter(gold)).total()
    return 2 * shared / (len(answer) + len(gold))


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """Return the probability that a positive scores above a negative; ties count half."""
    values, kind = np.asarray(scores), np.asarray(positive, dtype=bool)
    high, low = values[kind], np.sort(values[~kind])
    if not len(high) or not len(low):
        return float("nan")
    below = np.searchsorted(low, high, "left") + np.searchsorted(low, high, "right")
    return float(below.mean() / 2 / len(low))

"""Write questions as people do, and turn them into yes-or-no questions."""

import random
import re

_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w'-]+(?: (?:of |the )?[A-Z][\w'-]+)*")
_STOP = frozenset(
    "a an the of in on at to for by with from and or is are was were be been do does did has have "
    "had what which who whom whose when where why how many much that this it its as".split()
)
_BEING = r"(?:is|are|was|were)"
_HELPING = rf"(?:{_BEING}|do|does|did|has|have|had|can|could|will|would|may|must|should)"
_ASKS_WHAT = re.compile(rf"^(?:who|what|which \w+|what \w+) ({_BEING}) (.+?)[?\s]*$", re.I)
_ASKS_WHEN = re.compile(rf"^(when|where|why|how) ({_HELPING}) (.+?)[?\s]*$", re.I)
_LONGEST = 6  # words; a longer answer does not become part of a question


def as_yes_no(question: str, answer: str) -> str:
    """Turn "What was the tower built of?" into "Was iron the tower built of?", if possible.

    "When did it open?" becomes "Did it open in 1889?". The same words of the text answer it.
    """
    short = answer if len(answer.split()) <= _LONGEST else ""
    what, when = _ASKS_WHAT.match(question), _ASKS_WHEN.match(question)
    if what is not None and short:
        return f"{what[1].capitalize()} {short} {what[2]}?"
    if when is not None:
        told = short if when[1].lower() in ("when", "where") else ""
        return f"{when[2].capitalize()} {' '.join(filter(None, [when[3], told]))}?"
    return question


def vary(question: str, rng: random.Random) -> str:
    """Write a question as people do: sometimes lower case, unpunctuated, keywords, or mistyped."""
    if rng.random() < 0.05:
        question = _name_last(question, rng)
    if rng.random() < 0.08:
        kept = [word for word in re.findall(r"[\w'-]+", question) if word.lower() not in _STOP]
        question = " ".join(kept) if len(kept) >= 2 else question
    if rng.random() < 0.05:
        question = _mistype(question, rng)
    if rng.random() < 0.20:
        question = question.lower()
    return question.rstrip("? ") if rng.random() < 0.20 else question


def _name_last(question: str, rng: random.Random) -> str:
    """Write a name as the rewriter adds it to a follow-up: "When was he born? Ada Lovelace"."""
    names = [found for found in _NAME.finditer(question) if len(found[0]) > 3]
    if not names:
        return question
    name = rng.choice(names)
    pronoun = rng.choice(["it", "they", "he", "she", "that", "this"])
    before = question[: name.start()].removesuffix("the ")
    return f"{before}{pronoun}{question[name.end() :]} {name[0]}"


def _mistype(question: str, rng: random.Random) -> str:
    """Exchange, drop or double one letter inside a word."""
    places = [i for i in range(1, len(question) - 2) if question[i - 1 : i + 2].isalpha()]
    if not places:
        return question
    i = rng.choice(places)
    pair = question[i : i + 2]
    return question[:i] + rng.choice([pair[::-1], pair[0], pair[0] + pair]) + question[i + 2 :]

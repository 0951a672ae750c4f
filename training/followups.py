"""Examples that teach which words of a conversation a follow-up question omits.

Those of CANARD and GECOR were rewritten by people. Others are made of questions on one article:
a name that was said before becomes a pronoun, "How many are in Iraq?" is followed by "And in
Syria?", and a question that stands alone follows others that it has nothing to do with.
"""

import gzip
import json
import random
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from qa_bot.answering.history import conversation
from qa_bot.answering.mentions import terms
from training.examples import Offsets, Row

HELD_OUT = 10  # one conversation in this many is held out, to choose thresholds on

_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w'-]+(?: (?:of |the )?[A-Z][\w'-]+)*")
# What may follow a name that a pronoun can replace, unlike in "the Russian policy".
_AFTER_NAME = re.compile(
    r"'s\b|\s*[?,]|$|\s(?:is|was|were|are|do|does|did|have|has|had|in|on|at|from|to|and|for|by|with"
    r"|as|after|before|during|be|become|get|go|begin|start|use|want|think|say|make|take)\b"
)
LEANS = re.compile(
    r"\b(he|she|it|they|him|her|them|his|hers|its|their|theirs|this|that|these|those|there|then)\b",
    re.IGNORECASE,
)
_PLACED = re.compile(r"\b(in|of|for|by|from|with|at|to) (?:the )?([A-Z][\w'-]+(?: [A-Z][\w'-]+)*)")
_BARE = (
    "Why?", "Why not?", "How?", "When?", "Where?", "When was that?", "Where was that?",
    "Why was that?", "How so?", "Who did that?", "When did that happen?", "Where did this happen?",
    "What happened then?", "How many?", "What else?", "Who else?", "Why did this happen?",
    "And why?", "And when?", "And where?", "Since when?", "By whom?", "What were the reasons?",
)  # fmt: skip
_OPENINGS = ("And {}?", "And {}?", "What about {}?", "How about {}?", "{}?", "and {}", "But {}?")
_SENTENCE = re.compile(r"[^.!?]+[.!?]*")


@dataclass(frozen=True, slots=True)
class TermExample:
    """A question, the conversation before it, and the words of it that the question needs."""

    question: str
    text: str  # the conversation
    words: tuple[Offsets, ...]  # the candidates, as characters [start, end) in the text
    needed: tuple[bool, ...]  # for each candidate, whether the question needs it

    @property
    def needs_context(self) -> bool:
        """Whether the question needs any word."""
        return any(self.needed)


@dataclass(frozen=True, slots=True)
class Followup:
    """A question in a conversation, and people's self-contained version of it."""

    id: str
    source: str
    history: tuple[str, ...]
    question: str
    full: str


def read_followups(path: Path) -> list[Followup]:
    """Read a gzipped file of follow-ups."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        raws = [json.loads(line) for line in file]
    return [
        Followup(raw["id"], raw["source"], tuple(raw["history"]), raw["question"], raw["rewrite"])
        for raw in raws
    ]


def held_out(followup: Followup) -> bool:
    """Whether a follow-up is from a conversation that is not trained on."""
    name = followup.id.rsplit(":", 2 if followup.source == "gecor" else 1)[0]
    return zlib.crc32(name.encode()) % HELD_OUT == 0


def term_example(question: str, said: Sequence[str], full: str) -> TermExample:
    """Return the example of a question that means ``full`` after ``said``, oldest turn first."""
    past = conversation(said)
    given = {term.stem for term in terms(question)}
    wanted = {term.stem for term in terms(full)} - given
    found = list(terms(past))
    words = tuple((term.start, term.end) for term in found)
    return TermExample(question, past, words, tuple(term.stem in wanted for term in found))


class Conversations:
    """An endless stream of follow-ups, and of questions that only look like follow-ups."""

    def __init__(self, followups: Sequence[Followup], rows: Sequence[Row], seed: int) -> None:
        self._seed = seed
        self._rng = random.Random(seed)  # draw() replaces it
        kept = [one for one in followups if one.history and not held_out(one)]
        self._canard = [one for one in kept if one.source == "canard"]
        self._gecor = [one for one in kept if one.source == "gecor"]
        self._titles: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            if row.answers and row.source in ("squad", "fairytaleqa"):
                self._titles[row.title].append(row)
        self._names = [title for title, rows in self._titles.items() if len(rows) >= 6]

    def draw(self, count: int, seed: int) -> list[TermExample]:
        """Return ``count`` examples; the same for the same ``seed``."""
        self._rng = random.Random(f"{self._seed}:{seed}")
        makers: list[Callable[[], TermExample | None]] = [
            lambda: self._of(self._rng.choice(self._canard)),
            lambda: self._of(self._rng.choice(self._gecor)),
            lambda: self._full(self._rng.choice(self._canard)),
            self._alone,
            self._pronoun,
            self._ellipsis,
            self._bare,
        ]
        shares = [32, 8, 12, 16, 18, 8, 6]
        found: list[TermExample] = []
        while len(found) < count:
            example = self._rng.choices(makers, shares)[0]()
            if example is not None and example.words:
                found.append(example)
        return found

    def _of(self, one: Followup) -> TermExample | None:
        said = self._cut(one.history)
        example = term_example(one.question, said, one.full)
        alone = _plain(one.question) == _plain(one.full)
        return example if alone or example.needs_context else None

    def _full(self, one: Followup) -> TermExample | None:
        return term_example(one.full, self._cut(one.history), one.full)

    def _cut(self, history: Sequence[str]) -> Sequence[str]:
        """Drop the beginning of some long conversations, since short ones cost less to train on."""
        return history[-self._rng.choice([2, 4, 6, 100]) :]

    def _title(self) -> list[Row]:
        return self._titles[self._rng.choice(self._names)]

    def _said(self, rows: Sequence[Row]) -> list[str]:
        """Return a conversation of questions and the sentences that answer them."""
        return [text for row in rows for text in (row.question, _sentence(row))]

    def _alone(self) -> TermExample | None:
        """A self-contained question after others about the same or another article."""
        rows = self._title()
        question = self._rng.choice(rows)
        if LEANS.search(question.question) or len(question.question.split()) < 5:
            return None
        before = rows if self._rng.random() < 0.6 else self._title()
        others = [row for row in before if row != question]
        past = self._said(self._rng.sample(others, min(len(others), self._rng.randint(1, 4))))
        return term_example(question.question, past, question.question)

    def _pronoun(self) -> TermExample | None:
        """A question with a pronoun for a name from an earlier turn."""
        rows = self._title()
        row = self._rng.choice(rows)
        names = [
            found
            for found in _NAME.finditer(row.question)
            if len(found[0]) > 3 and _AFTER_NAME.match(row.question, found.end())
        ]
        if not names or LEANS.search(row.question):
            return None
        name = self._rng.choice(names)
        before = [
            other for other in rows if other != row and name[0] in " ".join(self._said([other]))
        ]
        if not before:
            return None
        others = self._rng.sample(rows, self._rng.randint(0, 2))
        said = self._said([self._rng.choice(before)])
        past = [*said, *self._said(others)] if self._rng.random() < 0.4 else said
        return term_example(_replaced(row.question, name, self._rng), past, row.question)

    def _ellipsis(self) -> TermExample | None:
        """ "And in Syria?" after a question about another place."""
        rows = self._title()
        row = self._rng.choice(rows)
        place = _PLACED.search(row.question)
        others = [found for other in rows for found in _PLACED.finditer(other.question)]
        names = [found[2] for found in others if place is not None and found[2] != place[2]]
        if place is None or not names:
            return None
        name = self._rng.choice(names)
        short = name if self._rng.random() < 0.4 else f"{place[1]} {name}"
        question = self._rng.choice(_OPENINGS).format(short)
        full = row.question.replace(place[2], name)
        return term_example(question[0].upper() + question[1:], self._said([row]), full)

    def _bare(self) -> TermExample | None:
        """ "Why?" after a question: all that was asked about is left out."""
        row = self._rng.choice(self._title())
        if LEANS.search(row.question):
            return None
        others = self._said(self._rng.sample(self._title(), self._rng.randint(0, 1)))
        asked = re.sub(r"^(?:\w+ )", "", row.question)
        question = self._rng.choice(_BARE)
        return term_example(question, [*others, *self._said([row])], f"{question} {asked}")


def _sentence(row: Row) -> str:
    """Return the sentence of a row's paragraph with the first answer in it."""
    start, end = row.answers[0]
    for found in _SENTENCE.finditer(row.context):
        if found.end() > start:
            return row.context[found.start() : max(found.end(), end)].strip()[:300]
    return row.context[start:end]


def _replaced(question: str, name: re.Match[str], rng: random.Random) -> str:
    """Return a question with a pronoun in place of a name."""
    start, end = name.span()
    possessive = name[0].endswith("'s")
    before = question[:start].removesuffix("the ")
    subject = rng.choice(["he", "she", "it", "they", "it", "they", "this"])
    if possessive:
        subject = rng.choice(["his", "her", "its", "their"])
    elif re.search(r"\b(?:of|for|by|with|to|from|about|against|on)\s$", before):
        subject = rng.choice(["him", "her", "it", "them", "it", "that"])
    elif re.search(r"\b(?:in|at)\s$", before) and rng.random() < 0.7:
        return re.sub(r"\b(?:in|at)\s$", "", before) + "there" + question[end:]
    return before + subject + question[end:]


def _plain(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())

"""Which examples are seen when: sources in a mixture that changes as training goes on."""

import random
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from training.examples import Example, Item
from training.followups import TermExample

Read = TypeVar("Read", Example, TermExample)


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of training: until when, in [0, 1], the share of each source, and how much is read.

    Texts are cropped to about ``chars`` characters: short ones teach the same at half the price.
    """

    until: float
    chars: int
    shares: dict[str, float]


# QAMR's short odd questions teach what a question word asks for, and then make way for the
# articles that resemble what the bot is asked about.
STAGES = (
    Stage(0.30, 400, {"qamr": 40, "squad": 26, "nq-qed": 19, "nq-open": 7, "fairytaleqa": 12}),
    Stage(
        0.88,
        600,
        {"qamr": 18, "squad": 40, "nq-qed": 23, "nq-open": 7, "fairytaleqa": 14, "doc2dial": 8},
    ),
    Stage(
        1.00,
        1000,
        {"qamr": 8, "squad": 56, "nq-qed": 22, "nq-open": 6, "fairytaleqa": 10, "doc2dial": 8},
    ),
)
NEAR_SHARE = {
    "squad": 0.8,
    "qamr": 0.15,
    "nq-qed": 0.8,
    "nq-open": 0.8,
    "fairytaleqa": 0.8,
    "doc2dial": 0.5,
}
CUT_SHARE = 0.15  # of the questions that have a window without the answer's sentence
SWAP_SHARE = 0.20  # of the questions that have an exchanged form

_SENTENCE_END = re.compile(r"[.!?][”\"')]*\s+")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w'-]+(?: (?:of |the )?[A-Z][\w'-]+)*")
_STOP = frozenset(
    "a an the of in on at to for by with from and or is are was were be been do does did has have "
    "had what which who whom whose when where why how many much that this it its as".split()
)


class Mixture:
    """An endless stream of examples, each source shuffled anew at every pass.

    ``taken`` says how many items each source has given; with the seed it is the whole state.
    """

    def __init__(self, windows: Sequence[str], items: Sequence[Item], seed: int) -> None:
        self.taken: dict[str, int] = {}
        self._windows = windows
        self._seed = seed
        self._items: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            self._items[item.source].append(item)
        self._passes: dict[str, tuple[int, list[Item]]] = {}

    def draw(self, progress: float, count: int) -> list[Example]:
        """Return the examples of ``count`` items; ``progress`` in [0, 1] sets the mixture."""
        rng = random.Random(f"{self._seed}:{sum(self.taken.values())}")
        stage = next((stage for stage in STAGES if progress < stage.until), STAGES[-1])
        known = [source for source in stage.shares if source in self._items]
        weights = [stage.shares[source] for source in known]
        examples: list[Example] = []
        for source in rng.choices(known, weights, k=count):
            examples.extend(self._examples(self._next(source), rng))
        return [crop(example, stage.chars, rng) for example in examples]

    def _next(self, source: str) -> Item:
        """Return the next item of a source."""
        items = self._items[source]
        number, place = divmod(self.taken.get(source, 0), len(items))
        if self._passes.get(source, (-1, []))[0] != number:
            shuffled = random.Random(f"{self._seed}:{source}:{number}").sample(items, len(items))
            self._passes[source] = (number, shuffled)
        self.taken[source] = self.taken.get(source, 0) + 1
        return self._passes[source][1][place]

    def _examples(self, item: Item, rng: random.Random) -> list[Example]:
        """Return an item's window, and now and then windows that do not answer."""
        text = self._windows[item.window]
        found = [Example(vary(item.question, rng), text, item.spans)]
        if item.near and rng.random() < NEAR_SHARE[item.source]:
            near = self._windows[rng.choice(item.near)]
            found.append(Example(vary(item.question, rng), near, ()))
        if item.cut and rng.random() < CUT_SHARE:
            found.append(Example(vary(item.question, rng), item.cut, ()))
        if item.swap and rng.random() < SWAP_SHARE:
            found.append(Example(vary(item.swap, rng), text, ()))
        return found


def vary(question: str, rng: random.Random) -> str:
    """Write a question as people do: at times in lower case, unmarked, keywords, mistyped."""
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


def crop(example: Example, chars: int, rng: random.Random) -> Example:
    """Keep a run of sentences of about ``chars`` characters, at random, with all the answers.

    An example whose answers do not fit stays whole.
    """
    text = example.text
    if len(text) <= chars:
        return example
    ends = [found.end() for found in _SENTENCE_END.finditer(text) if found.end() < len(text)]
    runs = []
    for start in [0, *ends]:
        later = [end for end in [*ends, len(text)] if end > start]
        runs.append((start, max([later[0], *(end for end in later if end <= start + chars)])))
        if runs[-1][1] == len(text):
            break  # every later run would be shorter
    fitting = [run for run in runs if all(run[0] <= s and e <= run[1] for s, e in example.spans)]
    if not fitting:
        return example
    start, end = rng.choice(fitting)
    spans = tuple((first - start, last - start) for first, last in example.spans)
    return Example(example.question, text[start:end], spans)


def batches(examples: Sequence[Read], size: int, rng: random.Random) -> list[list[Read]]:
    """Cut examples into batches of like length, in random order, so that little is padding."""
    ordered = sorted(examples, key=lambda example: len(example.question) + len(example.text))
    found = [ordered[at : at + size] for at in range(0, len(ordered), size)]
    rng.shuffle(found)
    return found

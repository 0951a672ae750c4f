"""Which examples are seen when: sources in a mixture that changes as training goes on."""

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from training.examples import Example, Item
from training.followups import TermExample
from training.questions import as_yes_no, vary

Read = TypeVar("Read", Example, TermExample)
Asked = tuple[Read, ...]  # what is read for one question


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of training: until when, in [0, 1], the share of each source, and how much is read.

    Texts are cropped to about ``chars`` characters: short ones teach the same at half the price.
    The other shares are of the questions: those read with a near miss too, by source; of these,
    those read with two; of those that can be so, the ones asked for yes or no, read without the
    sentence that answers, asked with a word exchanged so that nothing answers (``swap``), and with
    a synonym (``same``).
    """

    until: float
    chars: int
    shares: Mapping[str, float]
    near: Mapping[str, float]
    second: float = 0.40
    yes_no: float = 0.10
    cut: float = 0.12
    swap: float = 0.15
    same: float = 0.0


_ARTICLES = ("squad", "nq-qed", "nq-open", "fairytaleqa", "doc2dial")
_NEAR = {"qamr": 0.25, **dict.fromkeys(_ARTICLES, 0.85)}

# QAMR's short odd questions teach what a question word asks for, and then make way for the
# articles that resemble what the bot is asked about.
STAGES = (
    Stage(
        0.30,
        400,
        {"qamr": 40, "squad": 26, "nq-qed": 19, "nq-open": 7, "fairytaleqa": 12},
        _NEAR,
    ),
    Stage(
        0.88,
        600,
        {"qamr": 18, "squad": 40, "nq-qed": 23, "nq-open": 7, "fairytaleqa": 14, "doc2dial": 8},
        _NEAR,
    ),
    Stage(
        1.00,
        1200,
        {"qamr": 12, "squad": 42, "nq-qed": 24, "nq-open": 5, "fairytaleqa": 11, "doc2dial": 6},
        _NEAR,
    ),
)
# To go on with: questions with what does not answer them, as the bot reads an article.
NEAR_MISSES = (
    Stage(
        1.00,
        700,
        {
            "qamr": 6,
            "squad": 47,
            "nq-qed": 25,
            "nq-open": 9,
            "fairytaleqa": 6,
            "doc2dial": 4,
            "speech": 3,
        },
        {"qamr": 0.25, **dict.fromkeys((*_ARTICLES, "speech"), 0.85)},
        second=0.50,
        yes_no=0.08,
        swap=0.50,
        same=0.20,
    ),
)

_SENTENCE_END = re.compile(r"[.!?][”\"')]*\s+")


class Mixture:
    """An endless stream of examples, each source shuffled anew at every pass.

    ``taken`` says how many items each source has given; with the seed it is the whole state.
    """

    def __init__(
        self,
        windows: Sequence[str],
        items: Sequence[Item],
        seed: int,
        stages: Sequence[Stage] = STAGES,
    ) -> None:
        self.taken: dict[str, int] = {}
        self._stages = stages
        self._windows = windows
        self._seed = seed
        self._items: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            self._items[item.source].append(item)
        self._passes: dict[str, tuple[int, list[Item]]] = {}

    def draw(self, progress: float, count: int) -> list[tuple[Example, ...]]:
        """Return ``count`` items and more, each the windows that a question is read with.

        ``progress`` in [0, 1] sets the mixture.
        """
        rng = random.Random(f"{self._seed}:{sum(self.taken.values())}")
        stage = next((it for it in self._stages if progress < it.until), self._stages[-1])
        known = [source for source in stage.shares if source in self._items]
        weights = [stage.shares[source] for source in known]
        found: list[tuple[Example, ...]] = []
        for source in rng.choices(known, weights, k=count):
            found.extend(self._asked(self._next(source), stage, rng))
        return [tuple(crop(one, stage.chars, rng) for one in asked) for asked in found]

    def _next(self, source: str) -> Item:
        """Return the next item of a source."""
        items = self._items[source]
        number, place = divmod(self.taken.get(source, 0), len(items))
        if self._passes.get(source, (-1, []))[0] != number:
            shuffled = random.Random(f"{self._seed}:{source}:{number}").sample(items, len(items))
            self._passes[source] = (number, shuffled)
        self.taken[source] = self.taken.get(source, 0) + 1
        return self._passes[source][1][place]

    def _asked(self, item: Item, stage: Stage, rng: random.Random) -> Iterator[tuple[Example, ...]]:
        """Yield an item's question with its window, and now and then others that do not answer.

        A question in its exchanged form is another question.
        """
        text, question = self._windows[item.window], item.question
        if item.spans and rng.random() < stage.yes_no:
            question = as_yes_no(question, text[slice(*item.spans[0])])
        elif item.same and rng.random() < stage.same:
            question = rng.choice(item.same)
        question = vary(question, rng)
        found = [Example(question, text, item.spans)]
        if item.near and rng.random() < stage.near[item.source]:
            count = min(1 + (rng.random() < stage.second), len(item.near))
            near = rng.sample(item.near, count)
            found += [Example(question, self._windows[one], ()) for one in near]
        if item.cut and rng.random() < stage.cut:
            found.append(Example(question, item.cut, ()))
        yield tuple(found)
        if item.swaps and rng.random() < stage.swap:
            yield (Example(vary(rng.choice(item.swaps), rng), text, ()),)


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


def batches(asked: Sequence[Asked[Read]], size: int, rng: random.Random) -> list[list[Asked[Read]]]:
    """Cut questions into batches that read about ``size`` texts, in random order.

    The texts of a batch are of like length, so that little is padding.
    """
    found: list[list[Asked[Read]]] = []
    room = 0
    for one in sorted(asked, key=lambda one: max(len(read.text) for read in one)):
        if room < len(one):
            found.append([])
            room = size
        found[-1].append(one)
        room -= len(one)
    rng.shuffle(found)
    return found

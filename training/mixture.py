"""The training mixture: the shares of the sources, and the texts that a question is read with."""

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from training.examples import Example, Item
from training.questions import as_yes_no, vary

Question = tuple[Example, ...]  # a question with each of the texts it is read with


@dataclass(frozen=True, slots=True)
class Share:
    """A source's share of the questions, and the share of these that is read with near misses."""

    questions: float
    near: float = 0.85


SHARES = {
    "squad": Share(30),
    "squad-train": Share(13),
    "squadshifts-wiki": Share(17),
    "squadshifts-reddit": Share(9, near=0.5),
    "squadshifts-amazon": Share(6, near=0.4),
    "nq-qed": Share(16),
    "nq-open": Share(5),
    "qamr": Share(9, near=0.25),
    "afriqa": Share(8),
    "fairytaleqa": Share(7),
    "tweetqa": Share(6, near=0.5),
    "qadiscourse": Share(4, near=0.3),
    "speech": Share(4),
    "timeqa-human": Share(3),
    "doc2dial": Share(3),
    "selqa": Share(2.5, near=0.6),
    "friendsqa": Share(2, near=0.6),
    "onestopqa": Share(2),
    "bioasq": Share(2),
    "clapnq": Share(1.5),
    "quoref-contrast": Share(1.5),
    "covidqa": Share(1.2),
    "multispanqa": Share(1),
    "tatqa": Share(0.6),
    "quotesum": Share(0.2),
}
CHARS = (600, 700, 1000, 1200)  # lengths that texts are cropped to; each draw takes the next
SECOND = 0.5  # share of the questions with near misses that are read with two of them
CUT = 0.15  # share read with their own text without the sentence that answers
SWAP = 0.4  # share asked again with a detail exchanged, so that the text does not answer
YES_NO = 0.06  # share turned into a yes-or-no question
SAME = 0.2  # share asked with a synonym

_SENTENCE_END = re.compile(r"[.!?][”\"')]*\s+")


class Mixture:
    """Draws of questions, numbered from 0; draw ``n`` does not depend on earlier draws.

    A source gives its items in order, shuffled anew at each pass, and to every draw its share of
    them. So training can go on at any draw, and several processes can share the draws.
    """

    def __init__(
        self,
        windows: Sequence[str],
        items: Sequence[Item],
        seed: int,
        shares: Mapping[str, Share] = SHARES,
    ) -> None:
        self._windows, self._seed = windows, seed
        self._items: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            self._items[item.source].append(item)
        if unknown := sorted(self._items.keys() - shares.keys()):
            raise ValueError(f"training/mixture.py has no share for: {', '.join(unknown)}")
        self._shares = {source: shares[source] for source in sorted(self._items)}
        self._total = sum(share.questions for share in self._shares.values())
        self._passes: dict[str, tuple[int, list[Item]]] = {}

    def draw(self, number: int, count: int) -> list[Question]:
        """Return about ``count`` items of a draw, each as one or two questions."""
        rng = random.Random(f"{self._seed}:{number}")
        chars = CHARS[number % len(CHARS)]
        return [
            tuple(crop(example, chars, rng) for example in question)
            for source in self._shares
            for item in self._items_of(source, number, count)
            for question in self._questions(item, rng)
        ]

    def _items_of(self, source: str, number: int, count: int) -> Iterator[Item]:
        """Yield the items of a source in a draw."""
        each = count * self._shares[source].questions / self._total
        items = self._items[source]
        for place in range(int(number * each), int((number + 1) * each)):
            turn, at = divmod(place, len(items))
            if self._passes.get(source, (-1, []))[0] != turn:
                rng = random.Random(f"{self._seed}:{source}:{turn}")
                self._passes[source] = (turn, rng.sample(items, len(items)))
            yield self._passes[source][1][at]

    def _questions(self, item: Item, rng: random.Random) -> Iterator[Question]:
        """Yield an item's question with its texts, and sometimes a form with a word exchanged."""
        question = vary(self._asked(item, rng), rng)
        read = [Example(question, self._windows[item.window], item.spans)]
        if item.near and rng.random() < self._shares[item.source].near:
            count = min(1 + (rng.random() < SECOND), len(item.near))
            near = rng.sample(item.near, count)
            read += [Example(question, self._windows[window], ()) for window in near]
        if item.cut and rng.random() < CUT:
            read.append(Example(question, item.cut, ()))
        yield tuple(read)
        if item.swaps and rng.random() < SWAP:
            swapped = vary(rng.choice(item.swaps), rng)
            yield (Example(swapped, self._windows[item.window], ()),)

    def _asked(self, item: Item, rng: random.Random) -> str:
        """Return an item's question, sometimes in another form that its text also answers."""
        if item.spans and rng.random() < YES_NO:
            return as_yes_no(item.question, self._windows[item.window][slice(*item.spans[0])])
        if item.same and rng.random() < SAME:
            return rng.choice(item.same)
        return item.question


def crop(example: Example, chars: int, rng: random.Random) -> Example:
    """Keep a random run of sentences of about ``chars`` characters that has all the answers.

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

"""How well sentence boundaries are found: our splitter against the libraries we could have used.

Two measures. Sentences that stood alone (the QAMR contexts of train.jsonl.gz) are joined eight at
a time by a blank, so the true boundaries are known: precision, recall and F1. And an answer (those
of dev.jsonl.gz) seldom runs over the end of a sentence: the share of answers cut by a boundary.
The time is that of both, in the same run. A splitter that is not installed is said to be so.
"""

import argparse
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.data import read_rows
from qa_bot.datatypes import Document
from qa_bot.sentences import sentences

Offsets = tuple[int, int]  # characters [start, end)
Splitter = Callable[[str], list[int]]  # a text -> the ends of its sentences

GROUP = 8  # sentences joined to one text
SEED = 0  # of the order in which sentences are joined
_MASK = str.maketrans(dict.fromkeys('“”„«»"', " "))


@dataclass(frozen=True, slots=True)
class Joined:
    """Sentences joined with spaces, and the positions of the boundaries between them."""

    text: str
    ends: frozenset[int]


@dataclass(frozen=True, slots=True)
class Score:
    """The results of a splitter; ``seconds`` are comparable only within a run."""

    right: int  # boundaries that were found and exist
    wrong: int  # boundaries that were found but do not exist
    missed: int  # boundaries that exist but were not found
    cut: int  # answers cut by a boundary that was found
    answers: int
    seconds: float

    @property
    def precision(self) -> float:
        """The share of the boundaries found that exist."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """The share of the existing boundaries that were found."""
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)


def ours() -> Splitter:
    """Return the splitter of this project."""
    return lambda text: [end for _, end in sentences(Document(text))]


def sentencex() -> Splitter:
    """Return sentencex without changes."""
    from sentencex import get_sentence_boundaries

    return lambda text: [found["end_index"] for found in get_sentence_boundaries("en", text)]


def sentencex_masked() -> Splitter:
    """Return sentencex with spaces for quotation marks, since it keeps a quotation whole."""
    plain = sentencex()

    def split(text: str) -> list[int]:
        masked = text.translate(_MASK)
        ends = [len(masked[:end].rstrip()) for end in plain(masked)]
        # A closing quotation mark belongs to the sentence before it.
        return [end + (text[end : end + 1] in ("”", "»", '"')) for end in ends]

    return split


def pysbd() -> Splitter:
    """Return pySBD: handmade rules."""
    from pysbd import Segmenter

    segmenter = Segmenter(language="en", clean=False, char_span=True)
    return lambda text: [span.end for span in segmenter.segment(text)]


def nupunkt() -> Splitter:
    """Return nupunkt: Punkt with abbreviations from law and finance."""
    from nupunkt import sent_spans

    return lambda text: [end for _, end in sent_spans(text)]


def syntok() -> Splitter:
    """Return syntok: rules over tokens."""
    from syntok.segmenter import analyze

    def split(text: str) -> list[int]:
        lasts = [list(sentence)[-1] for paragraph in analyze(text) for sentence in paragraph]
        return [last.offset + len(last.value) for last in lasts]

    return split


def blingfire() -> Splitter:
    """Return Bling Fire: a finite-state machine."""
    from blingfire import text_to_sentences_and_offsets

    return lambda text: [end for _, end in text_to_sentences_and_offsets(text)[1]]


OTHERS: Mapping[str, Callable[[], Splitter]] = {
    "sentencex, quotation marks masked": sentencex_masked,
    "sentencex": sentencex,
    "nupunkt": nupunkt,
    "blingfire": blingfire,
    "syntok": syntok,
    "pysbd": pysbd,
}


def join(contexts: Iterable[str], size: int = GROUP, seed: int = SEED) -> list[Joined]:
    """Join sentences, ``size`` at a time, in a seeded order, without the remainder."""
    shuffled = sorted({context.strip() for context in contexts})
    random.Random(seed).shuffle(shuffled)
    groups = []
    for at in range(0, len(shuffled) - size + 1, size):
        members = shuffled[at : at + size]
        ends = (len(" ".join(members[:count])) for count in range(1, size))
        groups.append(Joined(" ".join(members), frozenset(ends)))
    return groups


def answer_places(rows: Iterable[Mapping[str, Any]]) -> dict[str, set[Offsets]]:
    """Return for each context the positions of its answers."""
    places: dict[str, set[Offsets]] = {}
    for row in rows:
        for answer in row["answers"]:
            place = (answer["start"], answer["start"] + len(answer["text"]))
            places.setdefault(row["context"], set()).add(place)
    return places


def boundaries(text: str, ends: Iterable[int]) -> set[int]:
    """Return the ends of the sentences inside a text, before the whitespace that follows."""
    return {len(text[:end].rstrip()) for end in ends} - {0, len(text.rstrip())}


def measure(split: Splitter, groups: Sequence[Joined], places: Mapping[str, set[Offsets]]) -> Score:
    """Measure a splitter on joined sentences, and on answers in their contexts."""
    split("The first call may load something. It is not timed.")
    began = time.perf_counter()
    in_groups = [split(group.text) for group in groups]
    in_contexts = [split(context) for context in places]
    seconds = time.perf_counter() - began

    right = wrong = missed = cut = 0
    for group, ends in zip(groups, in_groups, strict=True):
        found = boundaries(group.text, ends)
        right += len(found & group.ends)
        wrong += len(found - group.ends)
        missed += len(group.ends - found)
    for (context, answers), ends in zip(places.items(), in_contexts, strict=True):
        found = boundaries(context, ends)
        cut += sum(any(start < end < stop for end in found) for start, stop in answers)
    return Score(right, wrong, missed, cut, sum(map(len, places.values())), seconds)


def to_markdown(scores: Mapping[str, Score | None], unit: float) -> str:
    """Return a table with a row per splitter; None is not installed, ``unit`` is in seconds."""
    rows = [
        ["splitter", "precision", "recall", "F1", "answers cut", "time, ours = 1"],
        ["---", *["---:"] * 5],
    ]
    for name, found in scores.items():
        if found is None:
            rows.append([name, "not installed", *[""] * 4])
        else:
            rates = [f"{rate:.3f}" for rate in (found.precision, found.recall, found.f1)]
            cut = f"{found.cut} of {found.answers}"
            rows.append([name, *rates, cut, f"{found.seconds / unit:.2f}"])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sentences",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, help="folder with train.jsonl.gz and dev.jsonl.gz")
    args = parser.parse_args(argv)

    rows = read_rows(args.data / "train.jsonl.gz")
    groups = join(row["context"] for row in rows if row["source"] == "qamr")
    places = answer_places(read_rows(args.data / "dev.jsonl.gz"))
    own = measure(ours(), groups, places)
    scores: dict[str, Score | None] = {"ours": own}
    for name, make in OTHERS.items():
        try:
            scores[name] = measure(make(), groups, places)
        except ImportError:
            scores[name] = None
    print(f"Sentences joined: {len(groups) * GROUP}; answers: {own.answers}\n")
    print(to_markdown(scores, own.seconds))


if __name__ == "__main__":
    main()

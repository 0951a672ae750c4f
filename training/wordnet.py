"""WordNet's files, as far as exchanging a word takes them: its synonyms, opposites and sisters.

The format is that of wndb(5WN), for WordNet 3.0 (wordnet.princeton.edu); Debian has the files in
the package wordnet-base.
"""

from argparse import ArgumentTypeError
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

KINDS = {"n": "noun", "v": "verb", "a": "adj"}  # parts of speech, and the ends of their files
_MEANINGS = 2  # of a word, the most frequent first, that it has opposites and sisters by
_OPPOSITE, _ABOVE, _BELOW = "!", "@", "~"  # pointers to other synsets

Key = tuple[str, str]  # part of speech and place in its file


@dataclass(frozen=True, slots=True)
class Pointer:
    """From a synset to another; ``source`` and ``target`` count words from 1, 0: all of them."""

    symbol: str
    to: Key
    source: int
    target: int


@dataclass(frozen=True, slots=True)
class Synset:
    """Words that mean the same, and what is related to them."""

    words: tuple[str, ...]
    pointers: tuple[Pointer, ...]


class WordNet:
    """What words mean; asked for a word that is not there, it knows nothing of it."""

    def __init__(self, folder: Path) -> None:
        self._synsets: dict[Key, Synset] = {}
        self._meanings: dict[tuple[str, str], tuple[Key, ...]] = {}  # by part of speech and word
        for kind, name in KINDS.items():
            for line in _lines(folder / f"data.{name}"):
                place, synset = _synset(line)
                self._synsets[kind, place] = synset
            for line in _lines(folder / f"index.{name}"):
                word, *rest = line.split()
                count = int(rest[1])
                seen = int(rest[4 + int(rest[2])])  # of its meanings, those in WordNet's own texts
                places = tuple((kind, place) for place in rest[-count:])
                if seen:
                    self._meanings[kind, word] = places

    def synonyms(self, word: str, kind: str) -> set[str]:
        """Return the other words for the most frequent meaning of a word."""
        places = self._meanings.get((kind, word), ())[:1]
        return {other for place in places for other in self._synsets[place].words} - {word}

    def opposites(self, word: str, kind: str) -> set[str]:
        """Return the words that are said to mean the opposite of a word."""
        return {
            self._synsets[pointer.to].words[pointer.target - 1]
            for synset in self._frequent(word, kind)
            for pointer in synset.pointers
            if pointer.symbol == _OPPOSITE and synset.words[pointer.source - 1] == word
        }

    def sisters(self, word: str, kind: str) -> set[str]:
        """Return words that are the same kind of thing ("north" and "east"), and no synonyms."""
        found = {
            other
            for synset in self._frequent(word, kind)
            for above in self._related(synset, _ABOVE)
            for sister in self._related(above, _BELOW)
            for other in sister.words
        }
        return found - self._alike(word, kind)

    def kinds(self, word: str) -> set[str]:
        """Return the parts of speech that a word is in WordNet's own texts, of KINDS."""
        return {kind for kind in KINDS if (kind, word) in self._meanings}

    def _frequent(self, word: str, kind: str) -> Iterator[Synset]:
        for place in self._meanings.get((kind, word), ())[:_MEANINGS]:
            yield self._synsets[place]

    def _alike(self, word: str, kind: str) -> set[str]:
        """Return a word's synonyms in any meaning, and what these point at: wider, narrower …"""
        found = {word}
        for place in self._meanings.get((kind, word), ()):
            synset = self._synsets[place]
            found.update(synset.words)
            for pointer in synset.pointers:
                if pointer.symbol != _OPPOSITE and pointer.to in self._synsets:
                    found.update(self._synsets[pointer.to].words)
        return found

    def _related(self, synset: Synset, symbol: str) -> list[Synset]:
        return [self._synsets[one.to] for one in synset.pointers if one.symbol == symbol]


def wordnet_folder(argument: str) -> Path:
    """Return the folder of a command line; argparse says so if it lacks a file of WordNet."""
    folder = Path(argument)
    for name in KINDS.values():
        for file in (folder / f"data.{name}", folder / f"index.{name}"):
            if not file.exists():
                raise ArgumentTypeError(f"there is no {file}: Debian has it in wordnet-base")
    return folder


def _lines(file: Path) -> Iterator[str]:
    """Yield the lines of a file but for the licence at its head, whose lines are indented."""
    with file.open(encoding="latin-1") as lines:
        yield from (line for line in lines if not line.startswith("  "))


def _synset(line: str) -> tuple[str, Synset]:
    """Return a line's place in its file, and what it says."""
    place, _, _, count, *rest = line.partition("|")[0].split()
    size = 2 * int(count, 16)  # words, each with a number
    words = tuple(word.partition("(")[0].lower() for word in rest[:size:2])
    fields = rest[size + 1 :][: 4 * int(rest[size])]
    pointers = tuple(
        Pointer(symbol, (kind.replace("s", "a"), to), int(ends[:2], 16), int(ends[2:], 16))
        for symbol, to, kind, ends in zip(*(fields[at::4] for at in range(4)), strict=True)
    )
    return place, Synset(words, pointers)

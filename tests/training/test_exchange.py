"""Questions with a word exchanged: from WordNet's files to questions without an answer."""

import argparse
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.wordnet_fakes import FILES, write_wordnet
from training.exchange import Exchange
from training.wordnet import WordNet, wordnet_folder

# "east" and "orient" are close to "north", "northward" is not, "south" is nowhere near.
WORDS = {
    "north": (1, 0), "east": (1, 0.2), "orient": (0.9, 0.5), "northward": (-1, 0.1),
    "south": (0, -1), "released": (0, 1), "freed": (0, 1), "moved": (0, 1), "big": (0, 1),
    "little": (-1, -1),
}  # fmt: skip


@pytest.fixture(scope="module")
def wordnet(tmp_path_factory: pytest.TempPathFactory) -> WordNet:
    return WordNet(write_wordnet(tmp_path_factory.mktemp("wordnet")))


@pytest.fixture(scope="module")
def exchange(wordnet: WordNet) -> Exchange:
    numbers = {word: at for at, word in enumerate(WORDS)}
    return Exchange(wordnet, numbers, np.array(list(WORDS.values()), dtype=np.float32))


def test_words_have_synonyms_opposites_and_sisters(wordnet: WordNet) -> None:
    assert wordnet.synonyms("north", "n") == {"northward"}
    assert wordnet.opposites("north", "n") == {"south"}
    assert wordnet.sisters("north", "n") == {"south", "east", "orient"}
    # An opposite is one of the words that mean a thing: of "big", not of "large".
    assert (wordnet.opposites("big", "a"), wordnet.opposites("large", "a")) == ({"little"}, set())
    # A meaning that WordNet's own texts never have is left out, as is a word that is not there.
    assert wordnet.opposites("south", "n") == wordnet.sisters("west", "n") == set()
    assert [wordnet.kinds(word) for word in ("north", "south", "big")] == [{"n"}, set(), {"a"}]


def test_a_word_is_exchanged_for_an_opposite_or_a_sister_that_is_close(exchange: Exchange) -> None:
    asked = "Who went north of Berlin?"
    many = {
        one for seed in range(40) for one in exchange.other_words(asked, "", random.Random(seed), 3)
    }
    assert many == {f"Who went {word} of Berlin?" for word in ("south", "east", "orient")}
    rest = exchange.other_words(asked, "South of it, in the orient.", random.Random(1), 3)
    assert rest == ["Who went east of Berlin?"]
    assert exchange.other_words("Which north is east?", "", random.Random(1), 3) != []
    assert exchange.other_words("Who went East?", "", random.Random(1), 3) == []


def test_a_word_keeps_its_form(exchange: Exchange) -> None:
    rng = random.Random(1)
    assert exchange.same_words("Who released it?", "", rng, 2) == ["Who freed it?"]
    assert exchange.same_words("Who released it?", "He was freed.", rng, 2) == []
    assert exchange.same_words("Who looked north?", "", rng, 2) == ["Who looked northward?"]


@pytest.mark.slow
@given(st.lists(st.sampled_from([*WORDS, "Ada", "of", "tree"]), min_size=1, max_size=8), st.data())
def test_one_word_is_exchanged_for_one_that_the_text_lacks(
    exchange: Exchange, asked: list[str], data: st.DataObject
) -> None:
    text = " ".join(data.draw(st.lists(st.sampled_from([*WORDS]), max_size=5)))
    rng = random.Random(1)
    for found in (
        *exchange.other_words(" ".join(asked), text, rng, 9),
        *exchange.same_words(" ".join(asked), text, rng, 9),
    ):
        (changed,) = {
            new for old, new in zip(asked, found.split(), strict=True) if old != new
        }  # one place
        assert changed not in text.split() and changed not in asked


def test_a_folder_without_a_file_of_wordnet_is_refused(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).touch()
    (tmp_path / "index.adj").unlink()
    with pytest.raises(argparse.ArgumentTypeError, match=r"there is no .*index\.adj: Debian"):
        wordnet_folder(str(tmp_path))
    (tmp_path / "index.adj").touch()
    assert wordnet_folder(str(tmp_path)) == tmp_path

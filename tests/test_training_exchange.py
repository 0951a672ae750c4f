"""Questions with a word exchanged: from WordNet's files to what a text no longer answers."""

import argparse
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.examples import Item
from training.exchange import Exchange, other_names
from training.prepare import exchanged
from training.wordnet import WordNet, wordnet_folder

LICENCE = "  1 This is not the licence of WordNet.  \n"
# place, file, kind, words (hexadecimal), each with a number, pointers, each of four fields
FILES = {
    "data.noun": """\
00000010 15 n 01 compass_point 0 003 ~ 00000020 n 0000 ~ 00000030 n 0000 ~ 00000040 n 0000 | a
00000020 15 n 02 north 0 northward 0 002 @ 00000010 n 0000 ! 00000030 n 0101 | to the left of east
00000030 15 n 01 south 0 002 @ 00000010 n 0000 ! 00000020 n 0101 | warm
00000040 15 n 02 east 0 orient 1 001 @ 00000010 n 0000 | where the sun rises
""",
    "index.noun": """\
north n 1 2 @ ! 1 1 00000020
south n 1 2 @ ! 1 0 00000030
east n 1 1 @ 1 1 00000040
""",
    "data.verb": """\
00000050 30 v 02 free 0 release 0 002 ! 00000060 v 0101 @ 00000070 v 0000 01 + 08 00 | let go
00000060 30 v 01 hold 0 002 ! 00000050 v 0101 @ 00000070 v 0000 01 + 08 00 | keep
00000070 30 v 01 move 0 002 ~ 00000050 v 0000 ~ 00000060 v 0000 01 + 08 00 | go
""",
    "index.verb": "release v 1 2 ! @ 1 1 00000050\n",
    "data.adj": "00000080 00 s 02 large 0 big(p) 0 001 ! 00000090 a 0202 | wide\n"
    "00000090 00 a 02 tiny 0 little 0 001 ! 00000080 a 0202 | not wide\n",
    "index.adj": "large a 1 1 ! 1 1 00000080\nbig a 1 1 ! 1 1 00000080\n",
}
# "east" and "orient" are close to "north", "northward" is not, "south" is nowhere near.
WORDS = {
    "north": (1, 0), "east": (1, 0.2), "orient": (0.9, 0.5), "northward": (-1, 0.1),
    "south": (0, -1), "released": (0, 1), "freed": (0, 1), "moved": (0, 1), "big": (0, 1),
    "little": (-1, -1),
}  # fmt: skip


@pytest.fixture(scope="module")
def wordnet(tmp_path_factory: pytest.TempPathFactory) -> WordNet:
    folder = tmp_path_factory.mktemp("wordnet")
    for name, text in FILES.items():
        (folder / name).write_text(LICENCE + text, encoding="latin-1")
    return WordNet(folder)


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


def test_a_name_of_the_text_is_put_in_the_place_of_another() -> None:
    text = "In 1889 the tower of Gustave Eiffel rose. In 1900 that of Ada Berg fell, says Bo."
    rng = random.Random(1)
    assert other_names("When did the tower of Ada Berg fall?", text, ["1900"], rng, 2) == [
        "When did the tower of Gustave Eiffel fall?"
    ]
    assert other_names("What rose in 1889?", text, ["tower"], rng, 1) == ["What rose in 1900?"]
    # Neither an answer nor a part of one, and no name that the text does not have.
    assert other_names("Whose tower, if not of Ada Berg?", text, ["Gustave Eiffel"], rng, 2) == []
    assert other_names("Where did Olof Lund live?", text, ["Ada"], rng, 2) == []


def test_only_a_question_that_its_window_answers_is_asked_in_other_words(
    exchange: Exchange,
) -> None:
    text = "Ada went north with Bo Lund, they say of Cy Berg."
    asked = Item("squad", "Who went north of Bo Lund?", 0, ((0, 3),), (), "", ("a",))
    new = exchanged(asked, text, exchange, random.Random(1))
    assert new.swaps[:2] == ("a", "Who went north of Cy Berg?")
    assert new.swaps[2:] != () and {one.split()[2] for one in new.swaps[2:]} <= {
        "south", "east", "orient"
    }  # fmt: skip
    assert new.same == ("Who went northward of Bo Lund?",)
    unanswered = Item("squad", "Who went north of Bo Lund?", 0, (), (), "")
    assert exchanged(unanswered, text, exchange, random.Random(1)) == unanswered


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

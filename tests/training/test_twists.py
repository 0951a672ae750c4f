"""Questions changed so that a text no longer answers them."""

import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.wordnet_fakes import write_wordnet
from training.examples import Item
from training.exchange import Exchange
from training.prepare import exchanged
from training.twists import Twists, half_names, negated, other_digits, other_names
from training.wordnet import WordNet

TEXTS = [
    "The wounded soldiers fled. Any wounded soldiers slept. Any soldiers ate; any soldiers drank.",
    "Big soldiers came once. The north soldiers went, the north soldiers came.",
]


@pytest.fixture(scope="module")
def wordnet(tmp_path_factory: pytest.TempPathFactory) -> WordNet:
    return WordNet(write_wordnet(tmp_path_factory.mktemp("wordnet")))


@pytest.fixture(scope="module")
def twists(wordnet: WordNet) -> Twists:
    return Twists(TEXTS, wordnet)


def all_of(twist: Callable[[random.Random], list[str]]) -> set[str]:
    """Return the results of a twist on a question for many seeds."""
    return {one for seed in range(60) for one in twist(random.Random(seed))}


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


def test_half_of_a_name_is_exchanged_for_half_of_another() -> None:
    text = "Robert Boyle proved it. The Royal Society of London Town heard John Mayow."
    asked = "What did John Mayow prove?"
    assert all_of(lambda rng: half_names(asked, text, rng)) == {
        "What did Robert Mayow prove?",
        "What did John Boyle prove?",
    }
    # A name that the text lacks; one of which the text has both halves in other places.
    assert half_names("What did Ada Berg prove?", text, random.Random(1)) == []
    mixed = "Robert Boyle, John Mayow, Robert Mayow and John Boyle came."
    assert half_names(asked, mixed, random.Random(1)) == []


def test_a_digit_of_a_number_that_the_text_has_is_changed() -> None:
    found = all_of(lambda rng: other_digits("Who won in 1889?", "In 1889 and 1880.", rng))
    assert found == {
        *(f"Who won in 188{digit}?" for digit in (1, 2, 3, 4, 5, 6, 7, 8)),
        *(f"Who won in 18{digit}9?" for digit in (0, 1, 2, 3, 4, 5, 6, 7, 9)),
    }
    # No number becomes one with a nought before it.
    assert all_of(lambda rng: other_digits("Which 7 won?", "These 7 won, not 8 or 9.", rng)) == {
        f"Which {digit} won?" for digit in (1, 2, 3, 4, 5, 6)
    }
    assert other_digits("Who won in 1889?", "In 1888.", random.Random(1)) == []


def test_two_things_change_places(twists: Twists) -> None:
    text = "France attacked Spain. The oxygen in the water was little."
    rng = random.Random(1)
    assert twists.turned("When did France attack Spain?", text, rng) == [
        "When did Spain attack France?"
    ]
    assert twists.turned("How much oxygen in the water was there?", text, rng) == [
        "How much water in the oxygen was there?"
    ]
    assert twists.turned("When did France and Spain fight?", text, rng) == []
    assert twists.turned("When did France attack Italy?", text, rng) == []
    assert twists.turned("How much oxygen in the north was there?", text, rng) == []


def test_a_not_is_put_in() -> None:
    assert all_of(lambda rng: negated("Which of them was built in iron?", rng)) == {
        "Which of them was not built in iron?",
        "Which of them wasn't built in iron?",
    }
    assert negated("Who has never been there?", random.Random(1)) == []
    assert negated("Name the tower.", random.Random(1)) == []


def test_a_condition_is_put_in_that_texts_have_before_the_noun(twists: Twists) -> None:
    asked = "How many soldiers ate?"
    # Not "any", which leaves them what they are, nor "north", a noun, nor "big", seen once.
    assert all_of(lambda rng: twists.narrowed(asked, "Soldiers ate.", rng, 2)) == {
        "How many wounded soldiers ate?"
    }
    assert twists.narrowed(asked, "The wounded ate.", random.Random(1), 2) == []
    assert twists.narrowed("How many water ate?", "", random.Random(1), 2) == []


def test_only_a_question_that_its_window_answers_is_twisted(
    twists: Twists, wordnet: WordNet
) -> None:
    exchange = Exchange(wordnet, {"east": 0, "north": 1}, np.array([[1, 0.1], [1, 0]], np.float32))
    text = "Ada went north with Bo Lund, they say of Cy Berg."
    asked = Item("squad", "Who went north of Bo Lund?", 0, ((0, 3),), (), "", ("a",))
    new = exchanged(asked, text, exchange, twists, random.Random(1))
    assert new.swaps[:2] == ("a", "Who went north of Cy Berg?")
    unanswered = Item("squad", "Who went north of Bo Lund?", 0, (), (), "")
    assert exchanged(unanswered, text, exchange, twists, random.Random(1)) == unanswered


@given(st.text(max_size=80), st.text(max_size=120), st.integers(0, 9))
def test_any_question_may_be_twisted(twists: Twists, asked: str, text: str, seed: int) -> None:
    rng = random.Random(seed)
    for found in (
        *half_names(asked, text, rng),
        *other_digits(asked, text, rng),
        *negated(asked, rng),
        *twists.turned(asked, text, rng),
        *twists.narrowed(asked, text, rng, 2),
    ):
        assert found != asked

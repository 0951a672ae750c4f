"""Questions about who said what, made from quotes in texts."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.wordnet_fakes import write_wordnet
from training.speech import asked_whom, speech_items, speeches
from training.wordnet import WordNet

TEXT = (
    "“The water in the valley is rising fast,” said Ada Berg. She left. "
    'The mayor replied, "Nobody has told us of any danger yet." '
    "Bo Lund said that the soldiers had come too late to help. He added, “I saw it all myself.”"
)
OTHER = "“The winter was the coldest of all,” said Ada Berg. It was long."


@pytest.fixture(scope="module")
def wordnet(tmp_path_factory: pytest.TempPathFactory) -> WordNet:
    return WordNet(write_wordnet(tmp_path_factory.mktemp("wordnet")))


def test_who_says_what_is_found_where_a_text_names_them() -> None:
    found = [(TEXT[slice(*one.name)], TEXT[slice(*one.words)]) for one in speeches(TEXT)]
    assert found == [
        ("Ada Berg", "The water in the valley is rising fast"),
        ("The mayor", "Nobody has told us of any danger yet"),
        ("Bo Lund", "the soldiers had come too late to help"),
    ]
    assert speeches("“Too short for it,” said Ada Berg.") == []


def test_the_questions_are_for_the_speaker_and_for_the_words(wordnet: WordNet) -> None:
    windows = ["Nothing is said.", TEXT, OTHER, TEXT]
    items = list(speech_items(windows, wordnet, random.Random(1)))
    assert [item.source for item in items] == ["speech"] * 8
    asked = [(windows[item.window][slice(*item.spans[0])], item.window) for item in items]
    assert asked == [
        ("Ada Berg", 1),
        ("The water in the valley is rising fast", 1),
        ("The mayor", 1),
        ("Nobody has told us of any danger yet", 1),
        ("Bo Lund", 1),
        ("the soldiers had come too late to help", 1),
        ("Ada Berg", 2),
        ("The winter was the coldest of all", 2),
    ]
    # What answers is no near miss, wherever it stands again.
    assert [set(item.near) for item in items] == [{2}] * 6 + [{1, 3}] * 2
    assert items[0].question.endswith(
        ("he water in the valley is rising fast?", 'e water in the valley is rising fast"?')
    )
    assert "Ada Berg" in items[1].question and "Ada Berg" not in items[0].question


def test_a_long_speech_is_asked_for_by_its_opening() -> None:
    told = "we came here, as we had been told, to look for the one who had written to us of it"
    found = {asked_whom(told, random.Random(seed)) for seed in range(30)}
    assert found == {
        *(f"Who {verb} we came here, as we had been told?" for verb in ("said", "says")),
        *(f"Who {verb} that we came here, as we had been told?" for verb in ("said", "claimed")),
        'Who said "we came here, as we had been told"?',
    }
    assert asked_whom("Why did you come so late?", random.Random(1)) == (
        'Who said "Why did you come so late?"?'
    )


@given(st.text(alphabet='ab AB."“”,;said', max_size=120))
def test_a_speech_lies_in_its_text(text: str) -> None:
    for found in speeches(text):
        assert 0 <= found.name[0] < found.name[1] <= len(text)
        assert 0 <= found.words[0] < found.words[1] <= len(text)
        assert found.name[1] <= found.words[0] or found.words[1] <= found.name[0]

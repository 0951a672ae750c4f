"""Names are found whole, phrases with what stands before them, and each thing once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.answering.mentions import Term, is_named_thing, is_person, referents, terms


def found(text: str, *chosen: str) -> list[str]:
    """Return the referents of chosen words, of which the first is the likeliest."""
    chances = {
        term: 0.9 - 0.1 * chosen.index(text[term.start : term.end])
        for term in terms(text)
        if text[term.start : term.end] in chosen
    }
    return [text[one.start : one.end] for one in referents(text, chances)]


@pytest.mark.parametrize(
    ("text", "chosen", "expected"),
    [
        ("Then came Mark Esper.", ["Esper"], ["Mark Esper"]),
        ("What did the U.S. military bomb?", ["U"], ["U.S."]),
        ("They stormed the U.S. Embassy.", ["Embassy"], ["U.S. Embassy"]),
        ("The Duke of Wellington won.", ["Duke"], ["Duke of Wellington"]),
        ("It is Y. A. Tittle.", ["Tittle"], ["Y. A. Tittle"]),
        ("From the 82nd Airborne Division.", ["Airborne"], ["82nd Airborne Division"]),
        ("At Fort Bragg, North Carolina.", ["Bragg"], ["Fort Bragg"]),
        ("It is of Iran's Quds Force.", ["Quds"], ["Quds Force"]),
        ("It is of Iran's Quds Force.", ["Iran's"], ["Iran"]),
        ("Who saw Anna?", ["Anna"], ["Anna"]),
        ("Esper spoke. It was Mark Esper. He left.", ["Esper"], ["Mark Esper"]),
        ("They see the full brigade there.", ["brigade"], ["full brigade"]),
        ("They fear long hot summers there.", ["hot", "summers"], ["hot summers"]),
        ("Berg met Lund.", ["Lund", "Berg"], ["Lund", "Berg"]),
        ("Berg met Lund.", [], []),
    ],
)
def test_what_chosen_words_are_about(text: str, chosen: list[str], expected: list[str]) -> None:
    assert found(text, *chosen) == expected


def test_a_thing_is_as_likely_as_its_likeliest_mention() -> None:
    text = "Mark Esper | Anna Berg | Esper"
    mark, _, anna, _, esper = terms(text)
    (first, second) = referents(text, {mark: 0.2, anna: 0.5, esper: 0.8})
    assert (text[first.start : first.end], first.score) == ("Mark Esper", 0.8)
    assert (text[second.start : second.end], second.score) == ("Anna Berg", 0.5)


def test_a_noun_has_an_article_or_the_like_before_it() -> None:
    text = "They saw a long war and fled."
    chances = dict.fromkeys(terms(text), 0.5)
    kinds = {text[one.start : one.end]: one.is_noun for one in referents(text, chances)}
    assert kinds == {"saw": False, "long war": True, "fled": False}


@pytest.mark.parametrize(
    ("name", "thing"),
    [
        ("U.S. Embassy", True),
        ("Iraq", True),
        ("Esper", False),
        ("F16", True),
        ("Iran", True),
        ("Bo", False),
    ],
)
def test_a_named_thing(name: str, thing: bool) -> None:
    text = "Esper was at the U.S. Embassy in Iraq. To Esper, Esper spoke of Iraq, in Iraq. F16"
    text += " Iran-backed fighters fought Iran, Bo-Peep and Bo."
    assert is_named_thing(text, name) == thing


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("Trump", True),
        ("Defense Secretary Mark Esper", True),
        ("Mark Esper", True),
        ("Ali Khamenei", True),
        ("Anna Berg", True),
        ("Berg", True),
        ("Kataeb Hezbollah", False),
        ("State", False),
        ("Defense", False),
        ("Iran", False),
        ("Ira", False),
    ],
)
def test_a_person_has_a_title_or_does_what_people_do(name: str, person: bool) -> None:
    text = (
        "President Trump and Defense Secretary Mark Esper met the Secretary of State. Iran said "
        "that supreme leader Ayatollah Ali Khamenei saw Anna Berg, who left. The director of "
        "Iran has left, Kataeb Hezbollah said. President Iraola met Ira."
    )
    assert is_person(text, name) == person


@pytest.mark.slow
@given(st.text(), st.data())
def test_a_referent_is_a_slice_that_holds_a_chosen_word(text: str, data: st.DataObject) -> None:
    every = list(terms(text))
    chosen: list[Term] = data.draw(st.lists(st.sampled_from(every), unique=True)) if every else []
    chances = {term: 0.5 for term in every if term in chosen}
    some = referents(text, chances)
    assert bool(some) == bool(chosen)
    for one in some:
        assert 0 <= one.start < one.end <= len(text)
        assert one.score == 0.5
        assert any(term.stem in one.stems for term in chosen)

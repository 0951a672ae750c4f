"""BM25: against its formula, and with any text as a query."""

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_bot.datatypes import Document, Passage
from qa_bot.store.bm25 import MAX_QUERY_WORDS, BM25Index, stems

# Words that stemming leaves as they are, so that a bag of blank-separated words is what counts.
TEXTS = [
    "red fox red hill",
    "blue fox",
    "green hill green hill green pond by a long road",
    "pond",
    "grey cloud over grey town",
]


def whole(text: str) -> Passage:
    return Passage(Document(text), 0, len(text))


def bm25(query: str, texts: list[str], k1: float = 1.2, b: float = 0.75) -> dict[int, float]:
    """Robertson's formula, straight from the page: score by number of text, if above nothing."""
    bags = [Counter(text.split()) for text in texts]
    mean = sum(bag.total() for bag in bags) / len(bags)
    scores: dict[int, float] = {}
    for word in query.split():
        holding = sum(word in bag for bag in bags)
        weight = math.log((len(bags) - holding + 0.5) / (holding + 0.5))
        for number, bag in enumerate(bags):
            if word in bag:
                length = 1 - b + b * bag.total() / mean
                part = weight * bag[word] * (k1 + 1) / (bag[word] + k1 * length)
                scores[number] = scores.get(number, 0.0) + part
    return scores


WORDS = BM25Index.build(map(whole, TEXTS))


@pytest.mark.parametrize("query", ["fox", "red fox", "green hill pond", "grey red pond", "town"])
def test_scores_are_those_of_the_formula(query: str) -> None:
    expected = bm25(query, TEXTS)
    found = WORDS.search(query, 10)
    assert dict(found) == pytest.approx(expected)
    assert [row for row, _ in found] == sorted(expected, key=lambda row: -expected[row])


def test_equal_scores_come_in_the_order_of_the_passages() -> None:
    words = BM25Index.build(map(whole, ["same fox", "other", "same fox", "thing", "item"]))
    (first, one), (second, other) = words.search("fox", 10)
    assert (first, second, one) == (0, 2, other)
    assert words.search("fox", 1) == [(first, one)]


def test_only_chosen_documents_are_looked_at_and_scores_stay() -> None:
    in_all = dict(WORDS.search("red fox hill", 10))
    assert set(in_all) == {0, 1, 2}
    chosen = [Document(TEXTS[row]).id for row in (2, 1, 3)]
    best = sorted([(1, in_all[1]), (2, in_all[2])], key=lambda found: -found[1])
    assert WORDS.search("red fox hill", 10, chosen) == best
    assert WORDS.search("red fox hill", 1, chosen) == best[:1]
    assert WORDS.search("red fox hill", 10, [chosen[2]]) == []


@pytest.mark.parametrize("odd", ["'", '"]', "\0", "\ud800", ") OR (1 = 1", "%"])
def test_an_id_is_data(odd: str) -> None:
    assert WORDS.search("fox", 10, [odd]) == []


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("attacked", "the attacks went on"),
        ("cafe", "a Café in Paris"),
        ("CAFÉ", "a cafe in Paris"),
        ("don't worry", "no worries"),
        ("U.S. embassy?", "The U.S. Embassy"),
        ("snake_case", "a case for it"),
        ("beta", "alpha\0beta"),
        ("Иран", "в Иране и иран"),
        ("in 2020", "written in 2020-01-01"),
        ("c++", "written in C"),
    ],
)
def test_a_word_is_found_in_its_other_forms(query: str, text: str) -> None:
    words = BM25Index.build([whole("nothing here"), whole(text), whole("pond")])
    assert [row for row, _ in words.search(query, 10)] == [1]


def test_stop_words_count_when_there_is_nothing_else() -> None:
    words = BM25Index.build(map(whole, ["the who", "a band", "rock"]))
    assert [row for row, _ in words.search("who was it", 10)] == [0]
    assert [row for row, _ in words.search("who was the band", 10)] == [1]


@pytest.mark.parametrize("query", ["", "  ", "?!", '"', "*", "()", "\0", "_", "…", "\ud800"])
def test_a_query_without_words_finds_nothing(query: str) -> None:
    assert WORDS.search(query, 10) == []


@pytest.mark.parametrize(
    "query",
    ['fox"', "fox*", "fox AND nothing", "text:fox", "NEAR(fox)", "fox NOT red", "^fox", "-fox"],
)
def test_operators_are_words_like_others(query: str) -> None:
    assert {0, 1} <= {row for row, _ in WORDS.search(query, 10)}


def test_no_more_than_so_many_words_are_looked_for() -> None:
    words = [f"word{number}" for number in range(MAX_QUERY_WORDS + 1)]
    index = BM25Index.build(map(whole, [words[-2], words[-1], "other"]))
    assert [row for row, _ in index.search(" ".join(words), 10)] == [0]


@given(st.integers(0, len(TEXTS)))
def test_passages_added_are_found_as_if_they_had_always_been_there(first: int) -> None:
    old = BM25Index.build(map(whole, TEXTS[:first]))
    before = old.serialize()
    words = old.added(map(whole, TEXTS[first:]), first)
    assert words.passages() == WORDS.passages()
    assert words.ids() == WORDS.ids()
    for query in ("red fox", "green hill pond", "grey town", "by a long road"):
        assert words.search(query, 10) == WORDS.search(query, 10)
    assert old.serialize() == before


def test_words_that_too_many_passages_hold_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["old fox", "old hill", "old road", "old pond", "grey fox", "mill", "river", "cloud"]
    index = BM25Index.build(map(whole, texts))
    assert [index.count(word) for word in ("old", "FOX", "foxes", "mill", "sea")] == [4, 2, 2, 1, 0]
    every = [row for row, _ in index.search("old grey fox", 10)]
    assert set(every) == {0, 1, 2, 3, 4}
    monkeypatch.setattr("qa_bot.store.bm25.MAX_READ", 3)
    assert [row for row, _ in index.search("old grey fox", 10)] == [4, 0]
    assert [row for row, _ in index.search("old", 10)] == [0, 1, 2, 3]  # there is no rarer one
    assert [row for row, _ in index.search("old sea", 10)] == [0, 1, 2, 3]


@given(st.text() | st.text(alphabet='ab "*()^:+-{}.,ANDORT\0\ud800é'))
@settings(deadline=None)
def test_any_text_is_a_query(query: str) -> None:
    found = WORDS.search(query, 3)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert all(score > 0 for _, score in found)


def test_the_same_passages_make_the_same_bytes_that_hold_everything() -> None:
    data = BM25Index.build(map(whole, TEXTS)).serialize()
    assert data == WORDS.serialize()
    again = BM25Index.deserialize(data)
    assert again.passages() == WORDS.passages()
    assert again.passages()[1] == (1, Document("blue fox").id, 0, 8)
    assert again.ids() == [0, 1, 2, 3, 4]
    assert again.search("red hill", 10) == WORDS.search("red hill", 10) != []


def test_other_bytes_are_no_database() -> None:
    for data in (b"", b"text", WORDS.serialize()[1:]):
        with pytest.raises(ValueError, match="not an SQLite database"):
            BM25Index.deserialize(data)


def test_stems_are_the_words_as_the_index_keeps_them() -> None:
    assert stems(["The mills were attacked, cafés!", "", "don't 3.5 Иран"]) == [
        ["the", "mill", "were", "attack", "cafe"],
        [],
        ["don", "t", "3", "5", "иран"],
    ]
    assert stems([]) == []

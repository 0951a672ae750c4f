"""BM25: against its formula and SQLite's own, over several tables, and with any text as a query."""

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_bot.datatypes import Document, Passage
from qa_bot.stopwords import content_words
from qa_bot.store.bm25 import MAX_QUERY_WORDS, BM25Index, Part, rank, stems

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


def table(texts: Sequence[str]) -> BM25Index:
    """Make a table of texts, each a document of one passage."""
    return BM25Index.build([whole(text)] for text in texts)


def search(words: BM25Index, query: str, k: int) -> list[tuple[int, float]]:
    return rank([Part.of(words)], query, k)


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


WORDS = table(TEXTS)


@pytest.mark.parametrize("query", ["fox", "red fox", "green hill pond", "grey red pond", "town"])
def test_scores_are_those_of_the_formula(query: str) -> None:
    expected = bm25(query, TEXTS)
    found = search(WORDS, query, 10)
    assert dict(found) == pytest.approx(expected)
    assert [row for row, _ in found] == sorted(expected, key=lambda row: -expected[row])


def test_equal_scores_come_in_the_order_of_the_passages() -> None:
    words = table(["same fox", "other", "same fox", "thing", "item"])
    (first, one), (second, other) = search(words, "fox", 10)
    assert (first, second, one) == (0, 2, other)
    assert search(words, "fox", 1) == [(first, one)]


def test_only_chosen_rows_are_found_and_scores_stay() -> None:
    in_all = dict(search(WORDS, "red fox hill", 10))
    assert set(in_all) == {0, 1, 2}
    chosen = replace(Part.of(WORDS), chosen=np.array([False, True, True, True, False]))
    best = sorted([(1, in_all[1]), (2, in_all[2])], key=lambda found: -found[1])
    assert rank([chosen], "red fox hill", 10) == best
    assert rank([chosen], "red fox hill", 1) == best[:1]
    none = replace(Part.of(WORDS), chosen=np.zeros(5, dtype=np.bool_))
    assert rank([none], "red fox hill", 10) == []


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
    words = table(["nothing here", text, "pond"])
    assert [row for row, _ in search(words, query, 10)] == [1]


def test_stop_words_count_when_there_is_nothing_else() -> None:
    words = table(["the who", "a band", "rock"])
    assert [row for row, _ in search(words, "who was it", 10)] == [0]
    assert [row for row, _ in search(words, "who was the band", 10)] == [1]


@pytest.mark.parametrize("query", ["", "  ", "?!", '"', "*", "()", "\0", "_", "…", "\ud800"])
def test_a_query_without_words_finds_nothing(query: str) -> None:
    assert search(WORDS, query, 10) == []


@pytest.mark.parametrize(
    "query",
    ['fox"', "fox*", "fox AND nothing", "text:fox", "NEAR(fox)", "fox NOT red", "^fox", "-fox"],
)
def test_operators_are_words_like_others(query: str) -> None:
    assert {0, 1} <= {row for row, _ in search(WORDS, query, 10)}


def test_no_more_than_so_many_words_are_looked_for() -> None:
    words = [f"word{number}" for number in range(MAX_QUERY_WORDS + 1)]
    index = table([words[-2], words[-1], "other"])
    assert [row for row, _ in search(index, " ".join(words), 10)] == [0]


WORD_LISTS = st.lists(st.sampled_from("red fox hill green pond town attacks attacked the".split()))
PASSAGES = st.lists(WORD_LISTS.map(" ".join).filter(bool), min_size=1, max_size=12)


@pytest.mark.slow
@given(PASSAGES, WORD_LISTS.map(" ".join))
@settings(deadline=None)
def test_scores_are_those_of_sqlite(texts: list[str], query: str) -> None:
    words = table(texts)
    terms = " OR ".join(f'"{word}"' for word in content_words(query))
    expected = words._connection.execute(
        "SELECT rowid, -bm25(words) FROM words WHERE words MATCH ?", (terms or "nothing",)
    )
    assert dict(search(words, query, 99)) == pytest.approx(dict(expected.fetchall()))


@pytest.mark.slow
@given(st.lists(st.tuples(PASSAGES, st.randoms()), max_size=4), WORD_LISTS.map(" ".join))
@settings(deadline=None)
def test_several_tables_without_their_dead_rows_are_ranked_as_one(
    tables: list[tuple[list[str], random.Random]], query: str
) -> None:
    parts, live_texts, live_rows, first = [], [], [], 0
    for texts, chance in tables:
        live = np.array([chance.random() < 0.7 for _ in texts])
        parts.append(Part.of(table(texts), live))
        live_texts += [text for text, alive in zip(texts, live, strict=True) if alive]
        live_rows += (first + np.flatnonzero(live)).tolist()
        first += len(texts)
    expected = search(table(live_texts), query, 5)
    found = rank(parts, query, 5)
    assert [row for row, _ in found] == [live_rows[row] for row, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected])


def test_words_that_too_many_passages_hold_are_left_out() -> None:
    texts = ["old fox", "old hill", "old road", "old pond", "grey fox", "mill", "river", "cloud"]
    words = table(texts)
    assert [words.count(stem) for stem in ("old", "fox", "mill", "sea")] == [4, 2, 1, 0]
    assert {row for row, _ in search(words, "old grey foxes", 10)} == {0, 1, 2, 3, 4}
    found = [
        [row for row, _ in rank([Part.of(words)], query, 10, max_read=3)]
        for query in ("old grey fox", "old", "old sea")
    ]
    assert found == [[4, 0], [0, 1, 2, 3], [0, 1, 2, 3]]  # of the last two no word is rarer


@given(st.text() | st.text(alphabet='ab "*()^:+-{}.,ANDORT\0\ud800é'))
@settings(deadline=None)
def test_any_text_is_a_query(query: str) -> None:
    found = search(WORDS, query, 3)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert all(score > 0 for _, score in found)


def test_the_same_passages_make_the_same_bytes_that_hold_everything() -> None:
    data = table(TEXTS).serialize()
    assert data == WORDS.serialize()
    again = BM25Index.deserialize(data)
    assert again.places() == [(row, 0, len(text)) for row, text in enumerate(TEXTS)]
    assert again.lengths.tolist() == [len(text.split()) for text in TEXTS]
    assert again.serialize() == data
    assert search(again, "red hill", 10) == search(WORDS, "red hill", 10) != []


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

"""Recall is counted by position: the offsets of answers in joined articles, and the passages."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.data import Collection, join_titles, pool
from benchmarks.retrieval import (
    RememberingEmbedder,
    Result,
    first_rank,
    measure_all,
    merge,
    recall,
    table_head,
    table_row,
)
from qa_bot.config import Config
from qa_bot.datatypes import Document, Span


def row(title: str, context: str, question: str, *answers: str, source: str = "made") -> Any:
    """Make a row of data; each answer is where its words first occur in the context."""
    places = [{"text": words, "start": context.index(words)} for words in answers]
    return {
        "source": source,
        "title": title,
        "context": context,
        "question": question,
        "answers": places,
    }


CATS = "Cats sleep all day. They eat fish."
DOGS = "Dogs eat meat. They bark at cats."
BEES = "Bees make honey. They live in hives."
ROWS = [
    row("Pets", CATS, "What do cats eat?", "fish"),
    row("Pets", DOGS, "What do dogs eat?", "meat"),
    row("Pets", DOGS, "Where do dogs sleep?"),
    row("Pets", CATS, "When do cats sleep?", "all day", "day"),
    row("Insects", BEES, "What do bees make?", "honey", source="other"),
]


class CountingEmbedder:
    """Embeds a text as its length, and records the texts."""

    fingerprint = "lengths"
    tokenizer: Any = None

    def __init__(self) -> None:
        self.max_seq_length: int | None = None
        self.asked: list[list[str]] = []

    def encode_query(self, inputs: list[str], /) -> list[list[float]]:
        self.asked.append(inputs)
        return [[len(text)] for text in inputs]

    encode_document = encode_query


class WordTokenizer:
    """Takes every word for a token."""

    def __call__(self, text: str, **_: Any) -> dict[str, list[str]]:
        return {"input_ids": text.split()}

    def num_special_tokens_to_add(self) -> int:
        return 2


class WordEmbedder:
    """Embeds a text by the words of VOCABULARY in it, so that shared words mean similarity."""

    VOCABULARY = ("cats", "dogs", "bees", "eat", "sleep", "fish", "meat", "bark", "honey", "make")
    fingerprint = "words"

    def __init__(self) -> None:
        self.max_seq_length: int | None = 256
        self.tokenizer: Any = WordTokenizer()

    def encode_query(self, inputs: list[str], /) -> Any:
        return np.array([[word in text.lower() for word in self.VOCABULARY] for text in inputs])

    encode_document = encode_query


def test_paragraphs_of_a_title_become_one_article() -> None:
    pets, insects = join_titles(ROWS)
    assert [d.text for d in pets.documents] == [CATS + "\n\n" + DOGS]
    assert [d.title for d in pets.documents] == ["Pets"]
    assert [d.text for d in insects.documents] == [BEES]
    assert (pets.source, insects.source) == ("made", "other")


def test_answers_are_mapped_by_offset_and_unanswerable_questions_left_out() -> None:
    pets, _ = join_titles(ROWS)
    places = [(c.question, [(a.start, a.end) for a in c.answers]) for c in pets.cases]
    assert places == [
        ("What do cats eat?", [(29, 33)]),
        ("What do dogs eat?", [(45, 49)]),
        ("When do cats sleep?", [(11, 18), (15, 18)]),
    ]


@pytest.mark.slow
@given(
    st.lists(st.text(alphabet="ab \n", min_size=1, max_size=9), min_size=1, max_size=6), st.data()
)
def test_a_mapped_answer_is_the_very_words_of_its_paragraph(
    contexts: list[str], data: st.DataObject
) -> None:
    rows = []
    for number, context in enumerate(contexts):
        start = data.draw(st.integers(0, len(context) - 1))
        end = data.draw(st.integers(start + 1, len(context)))
        answer = {"text": context[start:end], "start": start}
        rows.append(row("T", context, str(number)) | {"answers": [answer]})
    (collection,) = join_titles(rows)
    found = [case.answers[0].text for case in collection.cases]
    assert found == [r["answers"][0]["text"] for r in rows]


def test_pool_puts_the_articles_of_a_source_together() -> None:
    rows = [*ROWS, row("Wasps", "Wasps sting.", "Who stings?", "Wasps", source="other")]
    made, other = pool(join_titles(rows))
    assert (made.source, other.source) == ("made, pooled", "other, pooled")
    assert [d.title for d in other.documents] == ["Insects", "Wasps"]
    assert [c.question for c in other.cases] == ["What do bees make?", "Who stings?"]


ARTICLE = Document("0123456789")
TWIN = Document("0123456789!")


@pytest.mark.parametrize(
    ("found", "rank"),
    [
        ([(0, 5), (3, 8)], 1),  # [0, 5) holds but half of the answer [4, 6)
        ([(4, 6)], 0),
        ([(0, 4), (6, 10)], None),
        ([(5, 9), (0, 5), (0, 10)], 2),
        ([], None),
    ],
)
def test_first_rank(found: list[tuple[int, int]], rank: int | None) -> None:
    assert first_rank([Span(ARTICLE, *place) for place in found], [Span(ARTICLE, 4, 6)]) == rank


def test_first_rank_takes_any_of_several_answers() -> None:
    found = [Span(ARTICLE, 0, 3), Span(ARTICLE, 3, 6)]
    assert first_rank(found, [Span(ARTICLE, 8, 9), Span(ARTICLE, 1, 2)]) == 0


def test_the_same_place_in_another_document_holds_nothing() -> None:
    assert first_rank([Span(TWIN, 0, 10)], [Span(ARTICLE, 4, 6)]) is None


def test_recall_by_hand() -> None:
    ranks = [0, 2, None, 1, 9, 10, 0, 3]
    assert recall(ranks, 1) == 2 / 8
    assert recall(ranks, 3) == 4 / 8
    assert recall(ranks, 10) == 6 / 8


def test_merge_adds_up_questions_and_passages() -> None:
    one = Result(700, "a", 2, {"dense": [0], "BM25": [None], "fused": [1]})
    two = Result(700, "b", 3, {"dense": [1, 2], "BM25": [0, 0], "fused": [0, 0]})
    both = Result(700, "all", 5, {"dense": [0, 1, 2], "BM25": [None, 0, 0], "fused": [1, 0, 0]})
    assert merge([one, two], "all") == both


def test_table_of_a_hand_made_result() -> None:
    result = Result(700, "a", 5, {"dense": [0, 1], "BM25": [None, 0], "fused": [0, 0]})
    table = table_head([1, 3]) + "\n" + table_row(result, [1, 3])
    assert table.splitlines() == [
        "| passage_chars | source | passages | questions | dense @1 | dense @3 | BM25 @1 | BM25 @3 "
        "| fused @1 | fused @3 |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| 700 | a | 5 | 2 | 50.0% | 100.0% | 50.0% | 50.0% | 100.0% | 100.0% |",
    ]


def test_a_text_is_embedded_once() -> None:
    inner = CountingEmbedder()
    embedder = RememberingEmbedder(inner)
    assert embedder.encode_query(["aa", "b"]).tolist() == [[2.0], [1.0]]
    assert embedder.encode_query(["b", "ccc", "b"]).tolist() == [[1.0], [3.0], [1.0]]
    assert embedder.encode_document(["aa"]).tolist() == [[2.0]]
    assert inner.asked == [["aa", "b"], ["ccc"], ["aa"]]


def test_measured_on_a_collection_that_shared_words_settle() -> None:
    config = Config(passage_chars=20, passage_overlap=0, top_k=4)
    collections: list[Collection] = join_titles(ROWS)
    results = measure_all(collections, RememberingEmbedder(WordEmbedder()), config)
    assert [(r.source, r.passages) for r in results] == [
        ("made", 4),
        ("other", 2),
        ("all", 6),
        ("made, pooled", 4),
        ("other, pooled", 2),
    ]
    # "They eat fish." shares but "eat" with "What do cats eat?": the sentence on cats is above it.
    by_source = {r.source: r.ranks for r in results}
    assert by_source["made"]["dense"] == [1, 0, 0]
    assert by_source["other"] == {"dense": [0], "BM25": [0], "fused": [0]}

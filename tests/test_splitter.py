"""Passages are slices that cover the text, within their limits."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_bot.datatypes import Document, Passage
from qa_bot.models.embedder import Embedder, token_counter, token_limit
from qa_bot.paragraphs import paragraphs
from qa_bot.sentences import sentences
from qa_bot.splitter import split
from tests.helpers.spans import TEXTS, is_covered


def count_words(text: str) -> int:
    return len(text.split())


@given(TEXTS, st.integers(1, 30), st.integers(1, 200), st.integers(0, 3))
@settings(deadline=None)
def test_passages_cover_the_text_within_their_limits(
    text: str, max_tokens: int, target_chars: int, overlap: int
) -> None:
    document = Document.from_text(text)
    found = split(document, count_words, max_tokens, target_chars, overlap)
    assert is_covered(text, [(p.start, p.end) for p in found])
    assert all(count_words(p.text) <= max_tokens for p in found)
    assert all(a.start < b.start and a.end < b.end for a, b in pairwise(found))


@pytest.mark.slow
@given(TEXTS, st.integers(20, 200))
def test_a_passage_is_longer_than_its_target_only_when_one_sentence_is(
    text: str, target_chars: int
) -> None:
    document = Document.from_text(text)
    for passage in split(document, count_words, 1000, target_chars):
        inside = sentences(document, passage.start, passage.end)
        assert len(passage.text) <= target_chars or len(inside) == 1


def test_passages_overlap_by_a_sentence_within_a_paragraph() -> None:
    document = Document("One is here. Two is here. Three is here. Four is here.")
    texts = [p.text for p in split(document, count_words, 100, 28, 1)]
    assert texts == [
        "One is here. Two is here.",
        "Two is here. Three is here.",
        "Three is here. Four is here.",
    ]


def test_passages_without_overlap() -> None:
    document = Document("One is here. Two is here. Three is here.")
    texts = [p.text for p in split(document, count_words, 100, 27, 0)]
    assert texts == ["One is here. Two is here.", "Three is here."]


def test_a_paragraph_is_not_crossed_but_a_heading_joins_what_it_heads() -> None:
    body = (
        "This paragraph is long enough to say something on its own, with a number of words in it."
    )
    document = Document(f"# Heading\n\n{body} {body}\n\n{body} {body}")
    assert [p.text for p in split(document, count_words, 100, 1000)] == [
        f"# Heading\n\n{body} {body}",
        f"{body} {body}",
    ]


def test_each_paragraph_of_the_article_is_a_passage(article: Document, minilm: Embedder) -> None:
    found = split(article, token_counter(minilm), token_limit(minilm), 1000)
    assert [(p.start, p.end) for p in found] == paragraphs(article.text)


@pytest.mark.parametrize(
    "text",
    [
        "word, and another word; " * 420,
        "a" * 10_000,
        "1.2/3-4_" * 1250,
        "漢字" * 5000,
        "“" + "Iran said so and " * 600 + "left.”",
    ],
)
def test_no_passage_is_longer_than_the_model_reads(text: str, minilm: Embedder) -> None:
    count, limit = token_counter(minilm), token_limit(minilm)
    found = split(Document(text), count, limit, 1000)
    assert limit == 254
    assert max(count(p.text) for p in found) <= limit
    assert is_covered(text, [(p.start, p.end) for p in found])


def test_a_long_sentence_is_cut_after_a_clause() -> None:
    document = Document("one two three, four five six seven eight nine ten.")
    assert [p.text for p in split(document, count_words, 5, 1000, 0)] == [
        "one two three,",
        "four five six seven eight",
        "nine ten.",
    ]


def test_the_sentences_of_a_passage_are_those_of_the_document(article: Document) -> None:
    whole = sentences(article)
    for passage in split(article, count_words, 60, 300):
        inside = [(a, b) for a, b in whole if passage.start <= a and b <= passage.end]
        assert sentences(article, passage.start, passage.end) == inside


def test_settings_without_room_are_refused() -> None:
    for wrong in ((0, 10, 1), (10, 0, 1), (10, 10, -1)):
        with pytest.raises(ValueError, match="a passage needs room"):
            split(Document("text"), count_words, *wrong)


def test_passages_are_spans_of_the_document(article: Document) -> None:
    passage = split(article, count_words, 100, 500)[3]
    assert isinstance(passage, Passage)
    assert passage.text == article.text[passage.start : passage.end]

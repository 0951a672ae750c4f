"""Quotes are whole sentences of the passages; the threshold alone decides what is said."""

import pytest
from conftest import WordEmbedder
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_bot.config import Config
from qa_bot.datatypes import Document, Hit, Quote, Span
from qa_bot.reader import SentenceReader, date_quotes, select, sentence_features
from qa_bot.splitter import sentences, split

DOCUMENT = Document.from_text(
    "date 2020-01-01 The bridge was built in 1889, by Eiffel.\n\n"
    "Rain fell all day. The dog slept in the house. A cat walked past."
)


def hits_of(document: Document) -> list[Hit]:
    passages = split(document, lambda text: len(text.split()), 100, 1000)
    return [Hit(passage, 1.0) for passage in passages]


def quote(start: int, end: int, score: float) -> Quote:
    return Quote(DOCUMENT, start, end, Span(DOCUMENT, start, end), score)


def test_features_are_the_cosine_and_the_share_of_words() -> None:
    found = sentence_features(WordEmbedder(), "dog house", ["dog house", "dog barks", "rain falls"])
    assert found.shape == (3, 2)
    assert found[0].tolist() == pytest.approx([1.0, 1.0])
    assert found[1].tolist() == pytest.approx([0.5, 0.5])
    assert found[2, 1] == 0.0


def test_the_sentence_with_the_words_comes_first() -> None:
    reader = SentenceReader(WordEmbedder(), Config(max_quotes=1))
    (best,) = reader.read("Where has the dog slept?", hits_of(DOCUMENT))
    assert best.text == "The dog slept in the house."


def test_neighbours_are_merged_and_no_words_are_quoted_twice() -> None:
    reader = SentenceReader(WordEmbedder(), Config())
    found = reader.read("dog slept house cat walked past", hits_of(DOCUMENT) * 2)
    assert (
        found[0].text == ("Rain fell all day. The dog slept in the house. A cat walked past.")
        or found[0].text == "The dog slept in the house. A cat walked past."
    )
    places = [(q.start, q.end) for q in found]
    assert len(set(places)) == len(places)


def test_neighbours_beyond_the_size_of_a_quote_stay_apart() -> None:
    reader = SentenceReader(WordEmbedder(), Config(quote_chars=30))
    found = reader.read("dog slept house cat walked past", hits_of(DOCUMENT))
    assert {q.text for q in found} >= {"The dog slept in the house.", "A cat walked past."}


@given(st.text(alphabet="ab .?!\n,", max_size=200), st.text(alphabet="ab ", max_size=20))
@settings(deadline=None, max_examples=60)
def test_quotes_are_whole_sentences_in_order_of_score(text: str, query: str) -> None:
    document = Document(text)
    found = SentenceReader(WordEmbedder(), Config()).read(query, hits_of(document))
    starts = {start for start, _ in sentences(document)}
    ends = {end for _, end in sentences(document)}
    assert all(q.start in starts and q.end in ends for q in found)
    assert [q.score for q in found] == sorted((q.score for q in found), reverse=True)
    taken: set[int] = set()
    for q in found:
        assert taken.isdisjoint(range(q.start, q.end))
        taken |= set(range(q.start, q.end))


def test_without_hits_there_are_no_candidates() -> None:
    assert SentenceReader(WordEmbedder(), Config()).read("anything", []) == []


def test_selection_keeps_what_is_at_the_threshold_and_above() -> None:
    candidates = [quote(0, 5, 0.9), quote(6, 9, 0.5), quote(10, 15, 0.49)]
    assert select(candidates, Config(threshold=0.5)) == tuple(candidates[:2])
    assert select(candidates, Config(threshold=0.0, max_quotes=1)) == (candidates[0],)
    assert select(candidates, Config(threshold=0.95)) == ()
    assert select([], Config()) == ()


@pytest.mark.parametrize(
    "question",
    [
        "When was this written?",
        "when was the article published",
        "What is the date of this article?",
        "What date was this story posted?",
        "How old is this article?",
        "publication date?",
    ],
)
def test_the_date_of_the_article_is_quoted(question: str) -> None:
    (found,) = date_quotes(question, hits_of(DOCUMENT))
    assert (found.text, found.highlight.text, found.score) == ("date 2020-01-01", "2020-01-01", 1.0)


@pytest.mark.parametrize(
    "question",
    [
        "When was the bridge built?",
        "When did the militia attack?",
        "When was the statement released by Esper?",
        "Who wrote this?",
    ],
)
def test_other_questions_do_not_ask_for_the_date(question: str) -> None:
    assert date_quotes(question, hits_of(DOCUMENT)) == []


def test_a_date_that_is_cut_into_sentences_is_quoted_whole() -> None:
    document = Document.from_text("Date: Wed. 6 May 2020, 10 a.m. GMT\n\nThe body.")
    (found,) = date_quotes("When was this written?", hits_of(document))
    assert found.highlight.text == "Wed. 6 May 2020, 10 a.m. GMT"
    assert found.text == "Date: Wed. 6 May 2020, 10 a.m. GMT"


def test_an_article_without_a_date_has_none_to_quote() -> None:
    assert date_quotes("When was this written?", hits_of(Document.from_text("No date."))) == []

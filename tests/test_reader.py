"""Quotes are whole sentences of the passages; the threshold alone decides what is said."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_bot.config import Config
from qa_bot.datatypes import Document, Hit, Quote, Span
from qa_bot.reader import FEATURES, SpanReader, date_quotes, features, probability, select
from qa_bot.reader_model import Card, Found, Least
from qa_bot.splitter import sentences, split

DOCUMENT = Document.from_text(
    "date 2020-01-01 The bridge was built in 1889, by Eiffel.\n\n"
    "Rain fell all day. The dog slept in the house. A cat walked past."
)


def hits_of(document: Document) -> list[Hit]:
    passages = split(document, lambda text: len(text.split()), 100, 60)
    return [Hit(passage, 1.0) for passage in passages]


def quote(start: int, end: int, score: float) -> Quote:
    return Quote(DOCUMENT, start, end, Span(DOCUMENT, start, end), score)


class FixedModel:
    """Finds in each text the words it is told to look for, with a margin of its own for each."""

    card = Card(
        384, weights=(1, 0, 0, 0, 0), bias=0, signed=Least(0.5, 0.5), unsigned=Least(0.5, 0.5)
    )

    def __init__(self, margins: dict[str, float]) -> None:
        self.margins = margins

    def find(self, query: str, texts: Sequence[str]) -> list[Found | None]:
        return [self._find(text) for text in texts]

    def _find(self, text: str) -> Found | None:
        words = next((words for words in self.margins if words in text), None)
        if words is None:
            return None
        return Found(text.index(words), text.index(words) + len(words), self.margins[words])


def reader(**margins: float) -> SpanReader:
    """A reader that finds each word given, with its margin."""
    return SpanReader(FixedModel({name.replace("_", " "): m for name, m in margins.items()}))  # type: ignore[arg-type]


def test_a_quote_is_the_sentence_around_what_was_found() -> None:
    first, second = reader(Eiffel=0.0, in_the_house=2.0).read("?", hits_of(DOCUMENT))
    assert (first.text, first.highlight.text) == ("The dog slept in the house.", "in the house")
    assert second.text == "The bridge was built in 1889, by Eiffel."
    assert first.score == pytest.approx(1 / (1 + math.exp(-2)))
    assert second.score == 0.5


def test_what_spans_sentences_is_quoted_whole() -> None:
    (found,) = SpanReader(FixedModel({"day. The dog": 1.0})).read("?", hits_of(DOCUMENT))  # type: ignore[arg-type]
    assert found.text == "Rain fell all day. The dog slept in the house."
    assert found.highlight.text == "day. The dog"


def test_the_same_words_are_quoted_once() -> None:
    found = reader(Eiffel=1.0).read("?", hits_of(DOCUMENT) * 2)
    assert [quote.text for quote in found] == ["The bridge was built in 1889, by Eiffel."]


def test_the_same_answer_is_quoted_once_from_the_likelier_place() -> None:
    text = (
        "Eiffel drew it, as " + "x " * 50 + "said.\n\nIt was the Eiffel, of " + "y " * 50 + "Paris."
    )
    document = Document(text)
    (found,) = reader(Eiffel=1.0).read("Who drew it?", hits_of(document))
    assert found.highlight.text == "Eiffel"


def test_passages_without_anything_to_find_give_nothing() -> None:
    assert reader(Napoleon=1.0).read("?", hits_of(DOCUMENT)) == []
    assert reader().read("?", []) == []


def test_features_are_margin_retrieval_similarity_and_shares_of_words() -> None:
    (hit,) = hits_of(Document("The dog slept. A cat walked past."))
    quoted = Span(hit.passage.document, 0, 14)
    values = features(
        "Did a dog and a cat walk?", Hit(hit.passage, 0.03, 0.6), quoted, Found(0, 3, 1.5)
    )
    assert values == (1.5, 0.03, 0.6, 1 / 3, 2 / 3)  # of dog, cat, walk: "walke" is not "walk"
    assert len(values) == len(FEATURES)


def test_a_probability_is_that_of_logistic_regression() -> None:
    card = Card(384, (2, 10), -1, Least(0.5, 0.5), Least(0.5, 0.5))
    assert probability((0.5, 0.1), card) == pytest.approx(1 / (1 + math.exp(-1)))
    assert probability((1e6, 0), card) == pytest.approx(1)
    assert probability((-1e6, 0), card) == pytest.approx(0)


@given(st.text(alphabet="ab .?!\n,😀", min_size=1, max_size=200), st.text(max_size=30))
@settings(deadline=None, max_examples=40)
def test_quotes_of_the_real_reader_are_whole_sentences(text: str, query: str) -> None:
    document = Document(text)
    found = SpanReader().read(query, hits_of(document))
    starts = {start for start, _ in sentences(document)}
    ends = {end for _, end in sentences(document)}
    assert all(q.start in starts and q.end in ends for q in found)
    assert [q.score for q in found] == sorted((q.score for q in found), reverse=True)
    taken: set[int] = set()
    for q in found:
        assert taken.isdisjoint(range(q.start, q.end))
        taken |= set(range(q.start, q.end))


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

"""Laws of the data types: a quote is a slice of its document, or it cannot be created."""

import copy
import hashlib
import json
import math
import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qa_bot.datatypes import (
    Answer,
    Document,
    Hit,
    Link,
    Mark,
    Passage,
    Quote,
    Span,
    Understood,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))  # Cs: surrogates
FULL_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
PROBABILITIES = st.floats(0, 1)
NO_PROBABILITIES = st.floats().filter(lambda number: not 0 <= number <= 1)  # nan among them


@st.composite
def spans(draw: st.DrawFn) -> Span:
    """Any span of any document."""
    document = Document(draw(FULL_TEXTS))
    start = draw(st.integers(0, len(document.text) - 1))
    return Span(document, start, draw(st.integers(start + 1, len(document.text))))


@st.composite
def quotes(draw: st.DrawFn) -> Quote:
    """Any quote with any highlight inside it."""
    span = draw(spans())
    start = draw(st.integers(span.start, span.end - 1))
    highlight = Span(span.document, start, draw(st.integers(start + 1, span.end)))
    return Quote(span.document, span.start, span.end, highlight, draw(PROBABILITIES))


ANSWERS = st.builds(Answer, TEXTS, TEXTS, st.lists(quotes(), max_size=3).map(tuple), PROBABILITIES)


@given(TEXTS)
def test_a_document_is_known_by_the_sha256_of_its_text(text: str) -> None:
    assert Document(text).id == hashlib.sha256(text.encode("utf-8")).hexdigest()


@given(TEXTS, TEXTS)
def test_documents_are_equal_when_their_texts_are(one: str, other: str) -> None:
    first = Document(one, "a title", "a source", {"date": "2020-01-01"})
    assert first == Document(one)
    assert hash(first) == hash(Document(one))
    assert (first == Document(other)) == (one == other)
    assert len({first, Document(one), Document(other)}) == len({one, other})


@given(TEXTS)
def test_from_text_keeps_the_text_as_it_came(text: str) -> None:
    document = Document.from_text(text, "a title", "a source")
    assert (document.text, document.title, document.source) == (text, "a title", "a source")


def test_from_text_reads_the_header() -> None:
    document = Document.from_text("Title: On war\nDate: 2020-01-01\n\nBody.")
    assert document.title == "On war"
    assert document.metadata == {"title": "On war", "date": "2020-01-01"}
    assert Document.from_text(document.text, "Mine").title == "Mine"


@pytest.mark.parametrize("name", ["text", "title", "source", "metadata", "id"])
def test_a_document_cannot_be_changed(name: str) -> None:
    document = Document("Words.", "a title")
    with pytest.raises(FrozenInstanceError):
        setattr(document, name, "other")
    assert (document.text, document.title) == ("Words.", "a title")


def test_metadata_cannot_be_changed_from_inside_or_outside() -> None:
    given_metadata = {"date": "2020-01-01"}
    document = Document("Words.", metadata=given_metadata)
    given_metadata["date"] = "1999-01-01"
    inside: Any = document.metadata
    with pytest.raises(TypeError):
        inside["date"] = "1999-01-01"
    assert document.metadata == {"date": "2020-01-01"}


@given(FULL_TEXTS)
def test_the_text_is_no_part_of_the_repr(text: str) -> None:
    # Not the bare text: "a" is in any repr.
    marked = f"<{text}>" * 2
    assert marked not in repr(Document(marked))
    assert repr(Document(marked, "t")) == (
        f"Document(title='t', source='', metadata=mappingproxy({{}}), id='{Document(marked).id}')"
    )


@pytest.mark.parametrize("name", ["text", "title", "source"])
def test_a_lone_surrogate_is_no_text(name: str) -> None:
    values: dict[str, Any] = {"text": "Words.", name: "half \ud83d of a face"}
    with pytest.raises(ValueError, match="lone surrogate"):
        Document(**values)
    with pytest.raises(ValueError, match="lone surrogate"):
        Document("Words.", metadata={"author": "\udc80"})


@given(FULL_TEXTS, st.data())
def test_a_span_is_a_slice_or_an_error(text: str, data: st.DataObject) -> None:
    around = st.integers(-2, len(text) + 2)
    start, end = data.draw(around), data.draw(around)
    document = Document(text)
    for kind in (Span, Passage):
        if 0 <= start < end <= len(text):
            assert kind(document, start, end).text == text[start:end]
        else:
            with pytest.raises(ValueError, match="no span"):
                kind(document, start, end)


@given(quotes())
def test_a_quote_is_the_very_words_and_its_highlight_lies_in_them(quote: Quote) -> None:
    assert quote.text == quote.document.text[quote.start : quote.end]
    assert quote.highlight.text in quote.text
    offset = quote.highlight.start - quote.start
    assert quote.text[offset : offset + len(quote.highlight.text)] == quote.highlight.text


@pytest.mark.slow
@given(spans(), st.data(), PROBABILITIES)
def test_a_highlight_outside_its_quote_is_an_error(
    highlight: Span, data: st.DataObject, score: float
) -> None:
    document = highlight.document
    start = data.draw(st.integers(0, len(document.text) - 1))
    end = data.draw(st.integers(start + 1, len(document.text)))
    assume(not (start <= highlight.start and highlight.end <= end))
    with pytest.raises(ValueError, match="inside its quote"):
        Quote(document, start, end, highlight, score)


def test_a_highlight_in_another_document_is_an_error() -> None:
    with pytest.raises(ValueError, match="inside its quote"):
        Quote(Document("Words."), 0, 6, Span(Document("Others."), 0, 6), 0.5)


@given(st.integers(-2, 8), st.integers(-2, 8))
def test_a_quote_outside_the_text_is_an_error(start: int, end: int) -> None:
    document = Document("Words.")
    assume(not 0 <= start < end <= 6)
    with pytest.raises(ValueError, match="no span"):
        Quote(document, start, end, Span(document, 0, 1), 0.5)


@given(NO_PROBABILITIES)
def test_a_score_is_a_probability(number: float) -> None:
    document = Document("Words.")
    with pytest.raises(ValueError, match="probability"):
        Quote(document, 0, 6, Span(document, 0, 5), number)
    with pytest.raises(ValueError, match="probability"):
        Answer("Who?", "Who?", (), number)


@pytest.mark.parametrize("number", [math.nan, math.inf, -0.001, 1.001])
def test_these_are_no_probabilities(number: float) -> None:
    with pytest.raises(ValueError, match="probability"):
        Answer("Who?", "Who?", (), number)


@pytest.mark.parametrize("name", ["document", "start", "end", "highlight", "score"])
def test_a_quote_cannot_be_changed(name: str) -> None:
    document = Document("Words.")
    quote = Quote(document, 0, 6, Span(document, 0, 5), 0.5)
    with pytest.raises(FrozenInstanceError):
        setattr(quote, name, 1)
    assert (quote.text, quote.highlight.text, quote.score) == ("Words.", "Words", 0.5)


@pytest.mark.slow
@given(ANSWERS)
def test_an_answer_survives_pickling_and_copying(answer: Answer) -> None:
    for twin in (pickle.loads(pickle.dumps(answer)), copy.deepcopy(answer)):
        assert twin == answer
        assert twin.to_dict() == answer.to_dict()


def test_a_document_survives_pickling_with_all_that_is_known_of_it() -> None:
    document = Document("Words.", "a title", "a source", {"date": "2020-01-01"})
    twin = pickle.loads(pickle.dumps(document))
    assert (twin.text, twin.title, twin.source) == ("Words.", "a title", "a source")
    assert (twin.metadata, twin.id) == ({"date": "2020-01-01"}, document.id)
    hit = Hit(Passage(document, 0, 5), 0.5)
    assert pickle.loads(pickle.dumps(hit)) == hit


@pytest.mark.slow
@given(ANSWERS)
def test_an_answer_is_plain_json(answer: Answer) -> None:
    # allow_nan=False: NaN is not JSON, though Python writes it.
    written = json.dumps(answer.to_dict(), allow_nan=False)
    assert json.loads(written) == answer.to_dict()


@pytest.mark.slow
@given(ANSWERS)
def test_found_and_text_follow_from_the_quotes(answer: Answer) -> None:
    assert answer.found == (answer.quotes != ())
    assert answer.text == (answer.quotes[0].highlight.text if answer.found else "")


def test_a_refusal_has_no_quotes_and_no_words() -> None:
    refusal = Answer("Who?", "Who is it?", (), 0.25)
    assert refusal.to_dict() == {
        "question": "Who?",
        "query": "Who is it?",
        "understood": [],
        "level": "not said",
        "found": False,
        "text": "",
        "confidence": 0.25,
        "quotes": [],
        "closest": [],
    }


def test_a_refusal_keeps_the_closest_passage_apart_from_the_quotes() -> None:
    document = Document("It rained. Then it stopped.")
    closest = Quote(document, 0, 10, Span(document, 3, 9), 0.125)
    refusal = Answer("Who?", "Who?", (), 0.125, (closest,))
    written = refusal.to_dict()
    assert (refusal.found, refusal.text, written["quotes"]) == (False, "", [])
    assert written["closest"] == [closest.to_dict()]
    with pytest.raises(ValueError, match="quotes or closest passages"):
        Answer("Who?", "Who?", (closest,), 0.125, (closest,))


def test_an_answer_claims_that_it_is_found_or_perhaps_there_or_not_said() -> None:
    document = Document("It rained. Then it stopped.")
    near = Quote(document, 0, 10, Span(document, 3, 9), 0.125)
    answers = [
        Answer("Who?", "Who?", (near,), 0.5),
        Answer("Who?", "Who?", (), 0.125, (near,), perhaps=True),
        Answer("Who?", "Who?", (), 0.125, (near,)),
        Answer("Who?", "Who?", (), 0.0),
    ]
    assert [answer.level for answer in answers] == ["found", "perhaps", "not said", "not said"]
    assert [answer.found for answer in answers] == [True, False, False, False]
    assert [answer.to_dict()["level"] for answer in answers[:2]] == ["found", "perhaps"]
    for quotes in ((), (near,)):
        with pytest.raises(ValueError, match="closest passages"):
            Answer("Who?", "Who?", quotes, 0.125, (), perhaps=True)


def test_what_was_understood_in_words_and_as_json() -> None:
    he = Understood(Link.MEANS, "he", "Mark Esper")
    adds = Understood(Link.ADDS, "", "Kataeb Hezbollah")
    follows = Understood(Link.FOLLOWS, "", "Who left?")
    answer = Answer("Who?", "Who?", (), 0.1, understood=(he, adds, follows))
    assert [str(it) for it in answer.understood] == [
        "he = Mark Esper",
        "+ Kataeb Hezbollah",
        "follows: Who left?",
    ]
    assert answer.to_dict()["understood"][0] == {
        "kind": "means",
        "word": "he",
        "meaning": "Mark Esper",
        "text": "he = Mark Esper",
    }


def test_an_answer_as_json() -> None:
    marks = (Mark(0, "page", "4"), Mark(3, "heading", "Weather"))
    document = Document(
        "It rained. Then it stopped.", "Rain", "rain.txt", {"date": "2020-01-01"}, marks
    )
    quote = Quote(document, 11, 27, Span(document, 19, 26), 0.5)
    assert Answer("When?", "When?", (quote,), 0.5).to_dict() == {
        "question": "When?",
        "query": "When?",
        "understood": [],
        "level": "found",
        "found": True,
        "text": "stopped",
        "confidence": 0.5,
        "quotes": [
            {
                "text": "Then it stopped.",
                "start": 11,
                "end": 27,
                "highlight": {"text": "stopped", "start": 19, "end": 26},
                "score": 0.5,
                "place": {
                    "page": "4",
                    "heading": "Weather",
                    "table": "",
                    "speaker": "",
                    "paragraph": 1,
                },
                "document": {
                    "id": document.id,
                    "title": "Rain",
                    "source": "rain.txt",
                    "metadata": {"date": "2020-01-01"},
                },
            }
        ],
        "closest": [],
    }


def test_numbers_of_numpy_become_json() -> None:
    document = Document("Words.")
    half, quarter = np.array([0.5, 0.25], dtype=np.float32)
    quote = Quote(document, 0, 6, Span(document, 0, 5), half)
    answer = Answer("Who?", "Who?", (quote,), quarter)
    written = json.loads(json.dumps(answer.to_dict()))
    assert (written["confidence"], written["quotes"][0]["score"]) == (0.25, 0.5)


def test_paragraphs_are_found_once_for_a_document() -> None:
    document = Document("\n\nOne.\n\nTwo\nand more.\n \n\nThree.")
    assert list(document.paragraph_starts) == [2, 8, 25]
    assert document.paragraph_starts is document.paragraph_starts
    assert [document.place(offset).paragraph for offset in (0, 2, 7, 8, 24, 25)] == [
        1,
        1,
        1,
        2,
        2,
        3,
    ]

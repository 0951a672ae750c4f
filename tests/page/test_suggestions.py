"""Suggested questions: in the document's words, each answered by it."""

from collections.abc import Collection
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from qa_bot.bot import Bot
from qa_bot.datatypes import Answer, Document, Mark, Quote, Span
from qa_bot.page.suggestions import TRIES, candidates, suggest
from qa_bot.splitter import sentences

BRIDGE = Document(
    "The Bridge\n\nWho built it?\n\nOn Monday John Roebling drew the bridge. It was opened by "
    "Emily Roebling in May 1883, and people of Brooklyn saw Emily Roebling cross.\n\nCost\n\n"
    "The price in Brooklyn was high. They say that the U.S. Congress paid in 1883. They did not.",
    "The Bridge",
    marks=(
        Mark(0, "heading", "The Bridge"),
        Mark(12, "heading", "Who built\nit?"),
        Mark(20, "page", "Page seven"),
        Mark(153, "heading", "Cost"),
    ),
)


class Echo:
    """Answers with the first sentence that holds all but the fixed words of a question."""

    def __init__(self, document: Document, refused: Collection[str] = ()) -> None:
        self.document = document
        self.refused = refused
        self.asked: list[str] = []

    def __call__(self, question: str, /, *, documents: Collection[str]) -> Answer:
        assert list(documents) == [self.document.id]
        self.asked.append(question)
        topic = question.removeprefix("What is said about ").removeprefix("What happened in ")
        topic = "built" if topic.startswith("Who") else topic.rstrip("?")
        for start, end in sentences(self.document):
            if topic in self.document.text[start:end] and question not in self.refused:
                span = Span(self.document, start, end)
                return Answer(question, question, (Quote(span.document, start, end, span, 1),), 1)
        return Answer(question, question, (), 0)


def test_candidates_are_headings_names_and_years() -> None:
    assert list(candidates(BRIDGE)) == [
        ("Who built it?", ""),
        ("What is said about Emily Roebling?", "Emily Roebling"),
        ("What is said about Cost?", ""),
        ("What happened in May 1883?", "May 1883"),
        ("What is said about Brooklyn?", "Brooklyn"),
        ("What happened in 1883?", "1883"),
        ("What is said about John Roebling?", "John Roebling"),
        ("What is said about U.S. Congress?", "U.S. Congress"),
    ]


def test_of_names_that_begin_alike_one_is_taken() -> None:
    document = Document("She saw America. He saw America. The band of Americans met Americans.")
    assert [topic for _, topic in candidates(document)] == ["America"]


def test_a_document_without_names_has_no_candidates() -> None:
    assert list(candidates(Document("They came. They saw. It rained, and they left."))) == []


def test_suggestions_are_answered_each_by_another_quote() -> None:
    assert suggest(Echo(BRIDGE), BRIDGE, 4) == [
        "Who built it?",
        "What is said about Emily Roebling?",
        "What is said about Cost?",
        "What is said about John Roebling?",
    ]
    assert suggest(Echo(BRIDGE), BRIDGE, 0) == []


def test_what_is_refused_is_not_suggested() -> None:
    refused = ["Who built it?", "What is said about Emily Roebling?"]
    assert suggest(Echo(BRIDGE, refused), BRIDGE, 2) == [
        "What is said about Cost?",
        "What happened in May 1883?",
    ]


class Off(Echo):
    """Answers whatever is asked with the first sentence of the document."""

    def __call__(self, question: str, /, *, documents: Collection[str]) -> Answer:
        found = super().__call__("What is said about The Bridge?", documents=documents)
        return replace(found, question=question, query=question)


def test_a_quote_that_does_not_name_the_topic_is_no_answer_to_it() -> None:
    assert suggest(Off(BRIDGE), replace(BRIDGE, marks=()), 3) == []


def test_tries_and_time_are_bounded() -> None:
    text = " ".join(f"There was {a}{b}ix Tee." for a in "ABCDE" for b in "pqrst")
    nothing = Echo(Document(text), [question for question, _ in candidates(Document(text))])
    assert len(nothing.refused) == 25
    assert suggest(nothing, nothing.document, 2) == []
    assert len(nothing.asked) == 2 * TRIES
    late = Echo(BRIDGE)
    assert (suggest(late, BRIDGE, 3, seconds=-1.0), late.asked) == ([], [])


@given(st.text(max_size=300) | st.text(alphabet="AB of.\n-'’1890 JuneX", max_size=80))
@settings(deadline=None, max_examples=100)
def test_the_words_of_a_candidate_are_the_documents(text: str) -> None:
    for question, topic in candidates(Document(text)):
        assert topic and topic in text
        assert question in (f"What is said about {topic}?", f"What happened in {topic}?")


def test_the_shipped_article(shipped_bot: Bot) -> None:
    (article,) = shipped_bot.documents
    found = suggest(shipped_bot.answer, article, 2, seconds=120)
    assert len(found) == 2
    for question in found:
        topic = question.removeprefix("What is said about ").rstrip("?")
        assert topic in shipped_bot.answer(question).quotes[0].text

"""Suggested questions: about a document's facts, each answered by a strong match."""

from collections.abc import Collection
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_bot.bot import Bot
from qa_bot.datatypes import Answer, Document, Mark, Quote, Span
from qa_bot.page.suggestions import ABOUT, TRIES, Fact, candidates, lead_on, suggest
from qa_bot.sentences import sentences

TOWN = Document(
    "Opening hours?\n\nThe mill was built by Anna Berg in 1911. Oskar Brandt repaired the old kiln "
    "on Monday, as he had time. The harbour was closed because of a storm.\n\n"
    "The town sent 40 workers to Rosvik. A ticket will cost 9 crowns. It was sold in 1980. "
    "“We are glad,” Brandt said.",
    "The town",
    marks=(Mark(0, "heading", "Opening\nhours?"), Mark(16, "page", "7")),
)
FACTS = [
    "Opening hours?",
    "Who built the mill?",
    "When was the mill built?",
    "How many workers were sent?",
    "Why was the harbour closed?",
    "What did Brandt say?",
    "How much will a ticket cost?",
    "Who repaired the old kiln?",
    "When was the old kiln repaired?",
]


class Echo:
    """Answers a question with the sentence that has the words of its fact."""

    def __init__(
        self, document: Document, refused: Collection[str] = (), score: float = 1.0
    ) -> None:
        self.document, self.refused, self.score = document, refused, score
        self.places = {fact.question: fact for fact in candidates(document)}
        self.asked: list[str] = []

    def __call__(self, question: str, /, *, documents: Collection[str]) -> Answer:
        assert list(documents) == [self.document.id]
        self.asked.append(question)
        fact = self.places[question]
        if question in self.refused:
            return Answer(question, question, (), 0)
        start, end = self.place(fact)
        span = Span(self.document, start, end)
        quote = Quote(self.document, start, end, span, self.score)
        return Answer(question, question, (quote,), self.score)

    def place(self, fact: Fact) -> tuple[int, int]:
        return next(
            (start, end)
            for start, end in sentences(self.document)
            if fact.start <= start and fact.words in self.document.text[start:end]
        )


def questions(document: Document) -> list[str]:
    return [fact.question for fact in candidates(document)]


def test_candidates_are_questions_about_facts_one_kind_after_another() -> None:
    found = questions(TOWN)
    assert found[: len(FACTS)] == FACTS
    assert found[len(FACTS) :] == [ABOUT.format(name) for name in ("Anna Berg", "Oskar Brandt")]


@pytest.mark.parametrize(
    ("sentence", "question", "words"),
    [
        ("The pier was rebuilt by Ida Holm after the storm.", "Who rebuilt the pier?", "Ida Holm"),
        ("The ferry was sold to Lund in May 1987.", "When was the ferry sold?", "May"),
        ("Petra Vance closed the port on Friday.", "When was the port closed?", "Friday"),
        ("Vance closed the port due to a storm.", "Why was the port closed?", "due to"),
        ("Ida Roth blamed the firm Kest Ltd for it.", "Who blamed the firm Kest Ltd?", "Ida Roth"),
        ("Forty guests were saved by a boat.", "How many guests were saved?", "Forty"),
        ("The storm destroyed about eleven boats.", "How many boats were destroyed?", "eleven"),
        ("The permit costs 300 crowns a year.", "How much does the permit cost?", "300"),
        ("The Office announced a strike.", "What did the Office announce?", "The Office"),
    ],
)  # fmt: skip
def test_a_question_of_a_sentence(sentence: str, question: str, words: str) -> None:
    assert (question, words) in [(it.question, it.words) for it in candidates(Document(sentence))]


@pytest.mark.parametrize(
    "sentence",
    [
        "Vance closed the port until Monday.",  # does not tell when it was closed
        "Trump tweeted Tuesday.",
        "She painted its roof by hand in 1911.",
        "In 1911 it rained.",
    ],
)
def test_no_question_of_when_is_made_of_a_sentence(sentence: str) -> None:
    assert [it for it in questions(Document(sentence)) if it.startswith(("When", "Who t"))] == []


def test_of_names_that_begin_alike_one_is_taken() -> None:
    document = Document("She saw America. He saw America. The band of Americans met Americans.")
    assert questions(document) == ["What is said about America?"]


def test_a_document_without_names_has_no_candidates() -> None:
    assert list(candidates(Document("They came. They saw. It rained, and they left."))) == []


def test_suggestions_are_answered_each_by_another_quote() -> None:
    assert suggest(Echo(TOWN), TOWN, 4) == [
        "Opening hours?",
        "Who built the mill?",
        "How many workers were sent?",
        "Why was the harbour closed?",
    ]
    assert suggest(Echo(TOWN), TOWN, 0) == []


def test_what_is_refused_or_a_weak_match_is_not_suggested() -> None:
    assert suggest(Echo(TOWN, FACTS[:2]), TOWN, 2) == [FACTS[2], FACTS[3]]
    assert suggest(Echo(TOWN, score=0.7), TOWN, 2) == []


class Off(Echo):
    """Answers every question with the first sentence of the document."""

    def place(self, fact: Fact) -> tuple[int, int]:
        return sentences(self.document)[0]


def test_a_quote_from_elsewhere_is_no_answer() -> None:
    assert suggest(Off(TOWN), replace(TOWN, marks=(), metadata={}), 3) == []


def test_what_leads_on_is_of_the_facts_nearest_to_a_quote() -> None:
    echo = Echo(TOWN)
    (quote,) = echo("Why was the harbour closed?", documents=[TOWN.id]).quotes
    asked = ["Who repaired the old kiln?"]
    assert lead_on(echo, quote, 2, asked) == [
        "How many workers were sent?",
        "When was the old kiln repaired?",
    ]


def test_tries_and_time_are_bounded() -> None:
    text = " ".join(f"There was {a}{b}ix Tee." for a in "ABCDE" for b in "pqrst")
    nothing = Echo(Document(text), questions(Document(text)))
    assert len(nothing.refused) == 25
    assert suggest(nothing, nothing.document, 2) == []
    assert len(nothing.asked) == 2 * TRIES
    late = Echo(TOWN)
    assert (suggest(late, TOWN, 3, seconds=-1.0), late.asked) == ([], [])


@pytest.mark.slow
@given(st.text(max_size=300) | st.text(alphabet="AB of.\n-'’1890 JuneX", max_size=80))
@settings(deadline=None, max_examples=100)
def test_the_words_of_a_candidate_are_the_documents(text: str) -> None:
    for fact in candidates(Document(text)):
        assert fact.words and fact.words in " ".join(text.split())
        assert 0 <= fact.start < fact.end <= len(text)


@pytest.mark.slow
def test_the_shipped_article(shipped_bot: Bot) -> None:
    (article,) = shipped_bot.documents
    found = suggest(shipped_bot.answer, article, 2, seconds=300)
    assert 1 <= len(found) <= 2
    for question in found:
        assert shipped_bot.answer(question).level == "found"

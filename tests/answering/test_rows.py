"""Which rows and headings are about a question, and which only look like it."""

import math

import pytest

from qa_bot.answering.rows import OTHER_ROW, is_about, lowered
from qa_bot.datatypes import Document, Hit, Mark, Passage, Span

FARES = (
    "The Skua sails daily.\n\n"
    "| Boat | Owner | Fare |\n| Tern | Ida Brun | 9 crowns |\n| Gull | Bo Hald | 12 crowns |"
)
FORM = "| Builder | Hald & Sons |\n| Launched | 1931 |\n| Length | 38 m |"


def span(document: Document, words: str) -> Span:
    start = document.text.index(words)
    return Span(document, start, start + len(words))


def about(query: str, text: str, row: str, answer: str) -> bool:
    document = Document(text)
    return is_about(query, span(document, row), span(document, answer), hits(document, 0.5, 0.5))


def hits(document: Document, *similarities: float) -> list[Hit]:
    """Return the last rows as hits with these similarities."""
    lines = document.text.split("\n")[-len(similarities) :]
    return [
        Hit(Passage(document, it.start, it.end), 1.0, similarity)
        for line, similarity in zip(lines, similarities, strict=True)
        for it in [span(document, line)]
    ]


TERN = "| Tern | Ida Brun | 9 crowns |"


@pytest.mark.parametrize(
    ("query", "answer", "expected"),
    [
        ("What is the fare of the Tern?", "9 crowns", True),
        ("How much does the Tern cost?", "9 crowns", True),
        ("Who owns the Tern?", "Ida Brun", True),
        ("Which boat costs 9 crowns?", "Tern", True),
        ("What is the fare of Ida Brun on the Skua?", "9 crowns", True),  # named in the text
        ("What is the fare of the Puffin?", "9 crowns", False),
        ("What does the Tern cost in Amble?", "9 crowns", False),
        ("How much does a rowing boat cost?", "9 crowns", False),
        ("How many crowns is it?", "9 crowns", False),  # crowns are in every row
        ("Which boat costs 19 crowns?", "Tern", False),
        ("Is there a cook on the Tern?", "Tern", False),
        ("Does the Tern cost 9 crowns?", "9 crowns", True),
    ],
)
def test_a_row_is_about_what_it_holds_beside_the_answer(
    query: str, answer: str, expected: bool
) -> None:
    assert about(query, FARES, TERN, answer) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [("Who built it?", True), ("Who is the builder?", True), ("Who steers it?", False)],
)
def test_words_may_have_other_endings(query: str, expected: bool) -> None:
    assert about(query, FORM, "| Builder | Hald & Sons |", "Hald & Sons") == expected


@pytest.mark.parametrize(("similarity", "expected"), [(0.58, True), (0.52, False)])
def test_a_row_that_stands_out_among_the_rows_found_needs_no_common_word(
    similarity: float, expected: bool
) -> None:
    document = Document(FORM)
    quoted, answer = span(document, "| Length | 38 m |"), span(document, "38 m")
    assert is_about("How big is it?", quoted, answer, hits(document, 0.5, similarity)) == expected


def test_the_only_row_found_is_taken_to_be_meant() -> None:
    document = Document(FORM)
    quoted, answer = span(document, "| Length | 38 m |"), span(document, "38 m")
    assert is_about("How big is it?", quoted, answer, hits(document, 0.5))


@pytest.mark.parametrize(
    ("query", "answer", "expected"),
    [
        ("Who resigned?", "Mayor Fisk", True),
        ("When was the mill sold?", "Mayor Fisk", False),
    ],
)
def test_a_heading_holds_a_word_of_the_question(query: str, answer: str, expected: bool) -> None:
    text = "Mayor Fisk resigns\n\nIt rained."
    document = Document(text, marks=(Mark(0, "heading", "Mayor Fisk resigns"),))
    assert is_about(query, span(document, "Mayor Fisk resigns"), span(document, answer), []) is (
        expected
    )


def test_the_header_of_a_table_answers_little() -> None:
    document = Document(FARES)
    quoted, answer = span(document, "| Boat | Owner | Fare |"), span(document, "Owner")
    assert not is_about("Who is the cook?", quoted, answer, [])


def test_prose_is_left_as_it_is() -> None:
    document = Document(FARES)
    quoted = span(document, "The Skua sails daily.")
    assert lowered(0.8, "Who is the cook?", quoted, quoted, []) == 0.8


@pytest.mark.parametrize(("before", "after"), [(0.5, 0.0759), (0.9, 0.4248), (1.0, 1.0)])
def test_a_doubtful_row_loses_log_odds(before: float, after: float) -> None:
    document = Document(FARES)
    quoted, answer = span(document, TERN), span(document, "9 crowns")
    assert lowered(before, "Who is the cook?", quoted, answer, hits(document, 0.5, 0.5)) == (
        pytest.approx(after, abs=1e-4)
    )


def test_a_row_that_lacks_a_word_of_another_row_is_less_likely() -> None:
    document = Document(
        "| Group | Age | Fee |\n| Members | Adult | 12 crowns |\n| Guests | Adult | 20 crowns |"
    )
    members, guests = "| Members | Adult | 12 crowns |", "| Guests | Adult | 20 crowns |"
    scores = [
        lowered(0.5, "What does an adult member pay?", span(document, row), span(document, fee), [])
        for row, fee in ((members, "12 crowns"), (guests, "20 crowns"))
    ]
    assert scores == [0.5, pytest.approx(1 / (1 + math.exp(OTHER_ROW)))]

"""render: answers as text show the exact words, and nothing in them acts."""

import unicodedata

import pytest
from hypothesis import given

from qa_bot.datatypes import Document, Quote, Span
from qa_bot.page.export import to_markdown
from qa_bot.page.html import (
    documents_to_html,
    heading_to_html,
    plain_to_html,
    source_to_html,
    suggestions_to_html,
    to_html,
    welcome_to_html,
)
from qa_bot.render import NOT_FOUND, citation, document_name, likelihood, to_text, visible
from tests.helpers.render_samples import (
    ANYTHING,
    BIRDS,
    HARMLESS,
    LAST,
    PAPER,
    answer_of,
    quote_of,
    quotes,
)

BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def test_text_has_the_answer_then_each_quote_and_its_place() -> None:
    assert to_text(answer_of(BIRDS, LAST)) == (
        "750 birds\n\n"
        "> Anna saw 750 birds, then left.\n"
        "— Birds, 2020-01-01, paragraph 2, characters 21–51, very likely\n\n"
        "> Last.\n"
        "— Birds, paragraph 3, characters 53–58, likely"
    )


def test_text_says_an_answer_that_is_the_whole_quote_once() -> None:
    assert to_text(answer_of(LAST)) == "> Last.\n— Birds, paragraph 3, characters 53–58, likely"


def test_str_of_an_answer_is_its_text_for_a_terminal() -> None:
    assert str(answer_of(BIRDS)) == to_text(answer_of(BIRDS))


def test_a_citation_names_page_and_heading() -> None:
    quote = Quote(PAPER, 28, 30, Span(PAPER, 28, 29), 0.95)
    assert quote.text == "E."
    assert citation(quote) == (
        "Paper, 2020-01-01, page 2, “Two”, paragraph 2, characters 28–30, very likely"
    )


def test_nothing_found_is_one_plain_sentence() -> None:
    assert to_text(answer_of()) == NOT_FOUND == "The article does not say."
    assert (
        to_html(answer_of()) == f'<div class="qa-answer"><p class="qa-none">{NOT_FOUND}</p></div>'
    )


def test_a_reworded_question_is_shown_as_it_was_understood() -> None:
    answer = answer_of(question="And he?", query="Did *he* leave?")
    assert to_text(answer) == f"Understood as: Did *he* leave?\n\n{NOT_FOUND}"
    understood = '<p class="qa-query">Understood as: <q><bdi>Did *he* leave?</bdi></q></p>'
    assert understood in to_html(answer)


def test_blanks_do_not_make_a_question_reworded() -> None:
    assert to_text(answer_of(question=" Who\n left?", query="Who left?")) == NOT_FOUND


def test_a_document_is_called_by_its_title_or_where_it_came_from() -> None:
    assert document_name(Document("a", "A", "notes/a.txt")) == "A"
    assert document_name(Document("a", "", "notes/a.txt")) == "notes/a.txt"
    assert document_name(Document("a", " ", "")) == "untitled"


def test_a_title_cannot_forge_a_line() -> None:
    quote = quote_of("Yes.", "Yes.", "Yes.", title="Report\n\n> I said no.\x1b[2K")
    expected = "Report > I said no.␛[2K, paragraph 1, characters 0–4, very likely"
    assert citation(quote) == expected


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (1.0, "very likely"),
        (0.9, "very likely"),
        (0.89, "likely"),
        (0.7, "likely"),
        (0.69, "possibly"),
        (0.5, "possibly"),
        (0.49, "doubtful"),
        (0.0, "doubtful"),
    ],
)
def test_likelihood_in_words(score: float, words: str) -> None:
    assert likelihood(score) == words


def test_controls_are_shown_as_signs() -> None:
    assert visible("a\x00b\x1b[31mc\x7f\x9b\td") == "a␀b␛[31mc␡\ufffd\td"
    assert visible("\u202eevil\u202c \u2066x\u2069") == "\ufffdevil\ufffd \ufffdx\ufffd"
    assert visible("one\r\ntwo\rthree\n") == "one\ntwo\nthree\n"
    assert visible("\ud800") == "\ufffd"


@given(HARMLESS)
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert visible(text) == text


@given(quotes(ANYTHING), ANYTHING)
def test_no_output_holds_a_control_or_a_bidi_control(quote: Quote, query: str) -> None:
    answer = answer_of(quote, quote, query=query)
    shown = [to_text(answer), to_markdown(answer), to_html(answer)]
    shown += [source_to_html(quote.document, quote), documents_to_html([quote.document], (), ())]
    shown += [plain_to_html(query), heading_to_html(query), suggestions_to_html([query])]
    shown += [welcome_to_html([quote.document])]
    for character in "".join(shown):
        assert character in "\n\t" or unicodedata.category(character) != "Cc"
        assert unicodedata.bidirectional(character) not in BIDI_CONTROLS


@given(quotes(HARMLESS))
def test_text_shows_the_exact_words(quote: Quote) -> None:
    quoted = "> " + "\n> ".join(quote.text.split("\n")) + "\n— "
    assert quoted in to_text(answer_of(quote))

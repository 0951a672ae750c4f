"""render: answers as text show the exact words, and nothing in them acts."""

import unicodedata

import pytest
from hypothesis import given

from qa_bot.datatypes import Answer, Document, Link, Quote, Span, Understood
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
from qa_bot.render import STRONG, asked_of, citation, document_name, match, to_text, visible
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
        "— Birds, 2020-01-01, paragraph 2, characters 21–51, strong match\n\n"
        "> Last.\n"
        "— Birds, paragraph 3, characters 53–58, weak match"
    )


def test_text_says_an_answer_that_is_the_whole_quote_once() -> None:
    assert to_text(answer_of(LAST)) == "> Last.\n— Birds, paragraph 3, characters 53–58, weak match"


def test_str_of_an_answer_is_its_text_for_a_terminal() -> None:
    assert str(answer_of(BIRDS)) == to_text(answer_of(BIRDS))


def test_a_citation_names_page_and_heading() -> None:
    quote = Quote(PAPER, 28, 30, Span(PAPER, 28, 29), 0.95)
    assert quote.text == "E."
    assert citation(quote) == (
        "Paper, 2020-01-01, page 2, “Two”, paragraph 2, characters 28–30, strong match"
    )


def test_nothing_found_is_one_plain_sentence_about_what_was_asked() -> None:
    several = answer_of()
    assert to_text(several) == "The documents do not say."
    assert to_html(several) == (
        '<div class="qa-answer"><p class="qa-none">The documents do not say.</p></div>'
    )
    assert to_text(about(BIRDS.document)) == "“Birds” does not say."
    perhaps = Answer("Who?", "Who?", (), 0.4, (BIRDS,), perhaps=True, about=BIRDS.document)
    assert to_text(perhaps).startswith("“Birds” may not answer this. The closest passages:\n\n> ")


def about(document: Document) -> Answer:
    return Answer("Who?", "Who?", (), 0.1, about=document)


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (Document("a", "Report\n<1>"), "“Report <1>”"),
        (Document("a", "", "notes/a.txt"), "“notes/a.txt”"),
        (Document("a"), "The document"),
        (Document("a", "x" * 61), "The document"),
    ],
)
def test_what_was_asked_is_called_by_its_name_unless_that_is_long(
    document: Document, name: str
) -> None:
    assert asked_of(about(document)) == name


def test_what_was_understood_is_told_as_a_person_would_say_it() -> None:
    understood = (
        Understood(Link.MEANS, "he", "Mark\nEsper"),
        Understood(Link.ADDS, "", "Kataeb Hezbollah"),
        Understood(Link.FOLLOWS, "", "Which militia was *bombed*?"),
    )
    answer = Answer("And he?", "Did he?", (), 0.1, understood=understood)
    assert to_text(answer) == (
        "(he = Mark Esper; + Kataeb Hezbollah; follows: Which militia was *bombed*?)\n\n"
        "The documents do not say."
    )
    chip = '<a class="qa-chip" href="#without-7-1" title="Ask again without this">'
    assert f'{chip}<bdi>+ Kataeb Hezbollah</bdi> <span aria-hidden="true">×</span></a>' in to_html(
        answer, 7
    )


def test_a_query_is_never_shown_as_a_sentence() -> None:
    assert to_text(answer_of(question="And he?", query="order press Esper he?")) == (
        "The documents do not say."
    )


def test_a_document_is_called_by_its_title_or_where_it_came_from() -> None:
    assert document_name(Document("a", "A", "notes/a.txt")) == "A"
    assert document_name(Document("a", "", "notes/a.txt")) == "notes/a.txt"
    assert document_name(Document("a", " ", "")) == "untitled"


def test_a_title_cannot_forge_a_line() -> None:
    quote = quote_of("Yes.", "Yes.", "Yes.", title="Report\n\n> I said no.\x1b[2K")
    expected = "Report > I said no.␛[2K, paragraph 1, characters 0–4, strong match"
    assert citation(quote) == expected


def test_how_well_a_quote_matches_in_words() -> None:
    assert [match(score) for score in (1.0, STRONG, STRONG - 0.01, 0.0)] == [
        "strong match",
        "strong match",
        "weak match",
        "weak match",
    ]


def test_controls_are_shown_as_signs() -> None:
    assert visible("a\x00b\x1b[31mc\x7f\x9b\td") == "a␀b␛[31mc␡\ufffd\td"
    assert visible("\u202eevil\u202c \u2066x\u2069") == "\ufffdevil\ufffd \ufffdx\ufffd"
    assert visible("one\r\ntwo\rthree\n") == "one\ntwo\nthree\n"
    assert visible("\ud800") == "\ufffd"


@given(HARMLESS)
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert visible(text) == text


@pytest.mark.slow
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


@pytest.mark.slow
@given(quotes(HARMLESS))
def test_text_shows_the_exact_words(quote: Quote) -> None:
    quoted = "> " + "\n> ".join(quote.text.split("\n")) + "\n— "
    assert quoted in to_text(answer_of(quote))

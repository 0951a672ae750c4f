"""Export: Markdown with the exact words, readable as plain text, without accidental markup."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from markdown_it import MarkdownIt

from qa_bot.datatypes import Answer, Link, Quote, Span, Understood
from qa_bot.page.export import conversation_to_markdown, escape, to_markdown
from qa_bot.render import has_highlight
from tests.helpers.render_samples import (
    BIRDS,
    HARMLESS,
    LAST,
    PAPER,
    answer_of,
    mixed,
    quote_of,
    quotes,
)

MARKDOWN = MarkdownIt("js-default", {"html": True, "linkify": False})


def test_each_quote_has_the_number_of_its_citation() -> None:
    assert to_markdown(answer_of(BIRDS, LAST)) == (
        "> Anna saw <mark>750 birds</mark>, then left. [1]\n\n"
        "> Last. [2]\n\n"
        "1. Birds, 2020-01-01, paragraph 2, characters 21–51\n"
        "2. Birds, paragraph 3, characters 53–58\n"
    )


def test_a_conversation_has_its_citations_at_the_end_each_once() -> None:
    turns = [
        ("Who *left*?", answer_of(LAST)),
        ("And then?", answer_of()),
        ("Who left, and what was seen?", answer_of(BIRDS, LAST)),
    ]
    assert conversation_to_markdown(turns) == (
        "# Conversation\n\n"
        "## Who \\*left\\*?\n\n> Last. [1]\n\n"
        "## And then?\n\nThe documents do not say.\n\n"
        "## Who left, and what was seen?\n\n"
        "> Anna saw <mark>750 birds</mark>, then left. [2]\n\n> Last. [1]\n\n"
        "## Sources\n\n"
        "1. Birds, paragraph 3, characters 53–58\n"
        "2. Birds, 2020-01-01, paragraph 2, characters 21–51\n"
    )


def test_without_a_quote_there_are_no_sources() -> None:
    expected = "# Conversation\n\n## Why?\n\nThe documents do not say.\n"
    assert conversation_to_markdown([("Why?", answer_of())]) == expected


def test_passages_that_may_answer_are_given_without_a_mark() -> None:
    perhaps = Answer("Who?", "Who?", (), 0.4, (BIRDS, LAST), perhaps=True)
    assert to_markdown(perhaps) == (
        "The documents may not answer this. The closest passages:\n\n"
        "> Anna saw 750 birds, then left. [1]\n\n> Last. [2]\n\n"
        "1. Birds, 2020-01-01, paragraph 2, characters 21–51\n"
        "2. Birds, paragraph 3, characters 53–58\n"
    )


def test_a_citation_names_page_and_heading() -> None:
    quote = Quote(PAPER, 28, 30, Span(PAPER, 28, 29), 0.95)
    assert to_markdown(answer_of(quote)).endswith(
        "\n1. Paper, 2020-01-01, page 2, “Two”, paragraph 2, characters 28–30\n"
    )


def test_what_was_understood_is_told() -> None:
    understood = (Understood(Link.MEANS, "he", "*Esper*"), Understood(Link.FOLLOWS, "", "Who?"))
    answer = Answer("And he?", "Did Esper leave?", (), 0.1, understood=understood)
    assert to_markdown(answer) == (
        "(he = \\*Esper\\*; follows: Who?)\n\nThe documents do not say.\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "Mr. Orban (72), of the U.N. – “no,” he said; it’s 5% of $3,000!",
        "He wrote [sic] that x < 5 & y > 3, a/b = c_d, #1 and C#.",
        "-5 degrees",
        "1.5 million",
        "2020 was long",
        "R&D, snake_case_name",
    ],
)
def test_ordinary_text_is_not_escaped(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("# No heading", "\\# No heading"),
        ("- no item", "\\- no item"),
        ("--- no rule", "--- no rule"),
        ("---", "\\---"),
        ("> no quotation", "\\> no quotation"),
        ("3. no item", "3\\. no item"),
        ("_no_ *emphasis* ~~no~~ `code`", "\\_no\\_ \\*emphasis\\* \\~\\~no\\~\\~ \\`code\\`"),
        ("[no](link) ![no](image)", "\\[no](link) !\\[no](image)"),
        ("<b> &lt; \\* C:\\temp", "\\<b> \\&lt; \\\\\\* C:\\temp"),
        ("Title #", "Title \\#"),
    ],
)
def test_what_markdown_acts_on_is_escaped(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@pytest.mark.slow
@given(mixed(HARMLESS))
def test_a_question_is_a_heading_with_its_exact_words(text: str) -> None:
    (_, first, _, opened, inline, *_) = MARKDOWN.parse(
        conversation_to_markdown([(f"a{text}", answer_of())])
    )
    assert (first.content, opened.type, opened.tag) == ("Conversation", "heading_open", "h2")
    children = inline.children or []
    assert {child.type for child in children} == {"text"}
    assert "".join(child.content for child in children).split() == f"a{text}".split()


@pytest.mark.slow
@given(quotes(HARMLESS), mixed(HARMLESS))
@example(quote_of("[a b](javascript:c)", "[a b](javascript:c)", "b"), "x")
@example(quote_of("a\\b", "a\\b", "b"), "x")
@example(quote_of("# a", "# a", "a"), "x")
def test_the_words_are_shown_and_nothing_is_made_of_them(quote: Quote, query: str) -> None:
    understood = (Understood(Link.ADDS, "", f"a{query}"),)
    tokens = MARKDOWN.parse(to_markdown(replace(answer_of(quote), understood=understood)))
    opened = [token.type for token in tokens if token.nesting == 1]
    assert opened == [
        "paragraph_open",
        "blockquote_open",
        "paragraph_open",
        "ordered_list_open",
        "list_item_open",
        "paragraph_open",
    ]
    inline = [token.children for token in tokens if token.type == "inline"]
    shown = [[child for child in children or [] if child.content] for children in inline]
    markup = [child.content for child in shown[1] if child.type != "text"]
    words = "".join(child.content for child in shown[1] if child.type == "text")
    assert markup == (["<mark>", "</mark>"] if has_highlight(quote) else [])
    assert words.split() == [*quote.text.split(), "[1]"]
    assert {child.type for child in [*shown[0], *shown[2]]} == {"text"}

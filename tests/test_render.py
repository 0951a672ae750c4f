"""render: every renderer shows the exact words, and nothing in them acts as markup or control."""

import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from qa_bot.datatypes import Answer, Document, Mark, Quote, Span
from qa_bot.render import (
    CLOSEST,
    NOT_FOUND,
    citation,
    document_name,
    documents_to_html,
    heading_to_html,
    likelihood,
    plain_to_html,
    reports_to_html,
    shown_quotes,
    source_to_html,
    to_html,
    to_markdown,
    to_text,
    turns_to_markdown,
    visible,
)
from qa_bot.uploads import Report

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</blockquote></details>",
    "<!--",
    "&amp;lt;",
    "&#60;b&#62;",
    "[here](javascript:alert(1))",
    "![pic](http://example.org/x.png)",
    "https://example.org",
    "<https://example.org>",
    "``` `code` ```",
    "**bold** _it_ ~~no~~",
    "$x$ $$y$$ \\(z\\)",
    "{{value}} ${value}",
    "\n\n# head\n\n- item\n\n    block\n\n---\n",
    "| a | b |\n|---|---|\n",
    "1. one\n2) two\n",
    "\t\\\n",
    "“What? No.”",
]
CONTROLS = ["\x1b[2J", "\x9b", "\0", "\r", "\r\n", "\x0c", "\u202e", "\u2066", "\u2069"]
BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}

ANYTHING = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(CONTROLS)
HARMLESS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf"]), max_size=20)


class Page(HTMLParser):
    """Collects the tags of a page in order, and the text inside each kind of tag."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.inside: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(" ".join([tag, *(f"{name}={value}" for name, value in attrs)]))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self._open):
            self.inside[tag] = self.inside.get(tag, "") + data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def mixed(pieces: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Texts of ordinary and hostile pieces."""
    return st.lists(pieces | st.sampled_from(HOSTILE), min_size=1, max_size=6).map("".join)


def quote_of(text: str, quoted: str, highlight: str, score: float = 0.95, **known: str) -> Quote:
    document = Document(text, known.get("title", "Report"), "", {"date": known.get("date", "")})
    start, inside = text.index(quoted), text.index(highlight)
    span = Span(document, inside, inside + len(highlight))
    return Quote(document, start, start + len(quoted), span, score)


def answer_of(*quotes: Quote, question: str = "Who?", query: str = "Who?") -> Answer:
    return Answer(question, query, quotes, 0.9)


@st.composite
def quotes(draw: st.DrawFn, pieces: st.SearchStrategy[str]) -> Quote:
    """A quote anywhere in a text of such pieces, with a highlight anywhere in it."""
    text = draw(mixed(pieces).filter(bool))
    document = Document(text, draw(mixed(pieces).filter(str.strip)))
    places = st.integers(0, len(text))
    start, a, b, end = sorted(draw(st.tuples(places, places, places, places)))
    if start == end:
        start, end = 0, len(text)
    if a == b:
        a, b = start, end
    return Quote(document, start, end, Span(document, a, b), draw(st.floats(0, 1)))


TEXT = "First one.\n\nHe came. Anna saw 750 birds, then left.\n\nLast."
BIRDS = quote_of(
    TEXT, "Anna saw 750 birds, then left.", "750 birds", title="Birds", date="2020-01-01"
)
LAST = quote_of(TEXT, "Last.", "Last.", 0.7, title="Birds")


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


def test_markdown_is_a_quotation_with_its_place() -> None:
    assert to_markdown(answer_of(BIRDS, LAST)) == (
        "> Anna saw <mark>750 birds</mark>\\, then left\\.\n\n"
        "— Birds\\, 2020\\-01\\-01\\, paragraph 2\\, characters 21–51\\, very likely\n\n"
        "> <mark>Last\\.</mark>\n\n"
        "— Birds\\, paragraph 3\\, characters 53–58\\, likely"
    )


def test_html_has_the_short_answer_and_folds_all_but_the_best_quote_away() -> None:
    assert to_html(answer_of(BIRDS, LAST), "quote-7") == (
        '<div class="qa-answer"><p class="qa-short" dir="auto">750 birds</p>'
        '<div class="qa-quote">'
        '<blockquote dir="auto">Anna saw <mark>750 birds</mark>, then left.</blockquote>'
        '<p class="qa-cite"><a href="#quote-7-0"><bdi>Birds</bdi>, <bdi>2020-01-01</bdi>, '
        '<bdi>paragraph 2</bdi></a><span class="qa-sure">How sure: very likely</span>'
        '<button type="button" class="qa-copy">Copy</button></p></div>'
        "<details><summary>1 more quote</summary>"
        '<div class="qa-quote"><blockquote dir="auto"><mark>Last.</mark></blockquote>'
        '<p class="qa-cite"><a href="#quote-7-1"><bdi>Birds</bdi>, <bdi>paragraph 3</bdi></a>'
        '<span class="qa-sure">How sure: likely</span>'
        '<button type="button" class="qa-copy">Copy</button></p></div>'
        "</details></div>"
    )


def test_html_says_an_answer_that_is_the_whole_quote_once() -> None:
    assert "qa-short" not in to_html(answer_of(LAST))


def test_html_of_a_refusal_folds_the_closest_passage_and_marks_no_answer_in_it() -> None:
    refusal = Answer("Who?", "Who?", (), 0.2, BIRDS)
    assert shown_quotes(refusal) == (BIRDS,)
    assert to_html(refusal, "quote-7") == (
        f'<div class="qa-answer"><p class="qa-none">{NOT_FOUND}</p>'
        f"<details><summary>{CLOSEST}</summary>"
        '<div class="qa-quote"><blockquote dir="auto">Anna saw 750 birds, then left.</blockquote>'
        '<p class="qa-cite"><a href="#quote-7-0"><bdi>Birds</bdi>, <bdi>2020-01-01</bdi>, '
        '<bdi>paragraph 2</bdi></a><button type="button" class="qa-copy">Copy</button></p></div>'
        "</details></div>"
    )


PAPER = Document(
    "One came.\n# Two\nA, b. C\n\nD. E.",
    "Paper",
    metadata={"date": "2020-01-01"},
    marks=(Mark(0, "page", "1"), Mark(10, "heading", "Two"), Mark(22, "page", "2")),
)


def test_a_citation_names_page_and_heading() -> None:
    quote = Quote(PAPER, 28, 30, Span(PAPER, 28, 29), 0.95)
    assert quote.text == "E."
    assert citation(quote) == (
        "Paper, 2020-01-01, page 2, “Two”, paragraph 2, characters 28–30, very likely"
    )


def test_a_source_is_a_page_with_the_quote_marked_and_what_answers_marked_more() -> None:
    quote = Quote(PAPER, 16, 29, Span(PAPER, 19, 23), 0.95)
    assert (quote.text, quote.highlight.text) == ("A, b. C\n\nD. E", "b. C")
    head = '<article class="qa-source" tabindex="0"><h2><bdi>Paper</bdi></h2>'
    page = '<span class="qa-page">page {}</span>'
    assert source_to_html(PAPER, quote) == (
        f'{head}<p class="qa-date"><bdi>2020-01-01</bdi></p>'
        f'<p dir="auto">{page.format(1)}One came.&#10;</p><h3 dir="auto"># Two</h3>'
        f'<p dir="auto"><mark>A, </mark><mark class="qa-said">b. </mark>{page.format(2)}'
        '<mark class="qa-said">C</mark></p><p dir="auto"><mark>D. E</mark>.</p></article>'
    )


def test_a_source_marks_no_answer_where_there_is_none() -> None:
    page = source_to_html(BIRDS.document, BIRDS, answers=False)
    assert "<mark>Anna saw 750 birds, then left.</mark>" in page
    assert "mark" not in source_to_html(BIRDS.document)


def test_of_a_very_long_source_what_is_around_the_quote_is_shown() -> None:
    document = Document("\n\n".join(f"Part {n} " + "x" * 1000 for n in range(1000)), "Long")
    start = document.text.index("Part 500")
    page = source_to_html(
        document, Quote(document, start, start + 8, Span(document, start, start + 4), 1)
    )
    assert '<mark class="qa-said">Part</mark><mark> 500</mark>' in page
    assert len(page) < 400_000
    assert "Part 100 " not in page and "Part 900 " not in page
    assert "paragraphs before this not shown" in page and "paragraphs after this not shown" in page


@given(quotes(HARMLESS))
def test_a_source_shows_the_exact_words(quote: Quote) -> None:
    page = Page(source_to_html(quote.document, quote))
    assert "".join(page.inside["mark"].split()) == "".join(quote.text.split())
    shown = "".join((page.inside["p"] + page.inside.get("h3", "")).split())
    assert shown == "".join(quote.document.text.split())


@given(quotes(ANYTHING))
def test_a_source_has_exactly_our_tags(quote: Quote) -> None:
    page = Page(source_to_html(quote.document, quote))
    ours = {"article class=qa-source tabindex=0", "h2", "bdi", "p dir=auto", "mark"}
    assert set(page.tags) <= ours | {"mark class=qa-said"}


def test_documents_can_be_ticked_opened_and_own_ones_removed() -> None:
    dated = Document("a b", "One <1>", metadata={"date": "2020-01-01"})
    own = Document("c", "Two")
    assert documents_to_html([dated, own], {own.id}, {dated.id}) == (
        '<ul class="qa-documents">'
        f'<li><input type="checkbox" data-choose="{dated.id}" aria-label="Ask about One &lt;1&gt;">'
        f'<button type="button" data-open="{dated.id}"><bdi>One &lt;1&gt;</bdi></button>'
        '<span class="qa-size"><bdi>2020-01-01, 2 words</bdi></span></li>'
        f'<li><input type="checkbox" data-choose="{own.id}" aria-label="Ask about Two" checked>'
        f'<button type="button" data-open="{own.id}"><bdi>Two</bdi></button>'
        '<span class="qa-size"><bdi>1 word</bdi></span>'
        f'<button type="button" data-remove="{own.id}" aria-label="Remove Two">Remove</button></li>'
        "</ul>"
    )


def test_reports_say_what_was_read_and_what_was_not() -> None:
    reports = [Report("a<b>", 1234, 1), Report("c", 1), Report("d", error="'d' is <empty>")]
    assert reports_to_html(reports) == (
        '<ul class="qa-reports"><li><bdi>a&lt;b&gt;</bdi>: 1,234 words, 1 page</li>'
        "<li><bdi>c</bdi>: 1 word</li>"
        '<li class="qa-refused">&#x27;d&#x27; is &lt;empty&gt;</li></ul>'
    )


def test_a_conversation_as_markdown_has_its_questions_quotes_and_places() -> None:
    turns = [("Who *left*?", answer_of(LAST)), ("And then?", answer_of())]
    assert turns_to_markdown(turns) == (
        "## Who \\*left\\*\\?\n\n> <mark>Last\\.</mark>\n\n"
        "— Birds\\, paragraph 3\\, characters 53–58\\, likely\n\n"
        "## And then\\?\n\nThe article does not say.\n"
    )


def test_nothing_found_is_one_plain_sentence() -> None:
    assert to_text(answer_of()) == NOT_FOUND == "The article does not say."
    assert to_markdown(answer_of()) == NOT_FOUND
    assert (
        to_html(answer_of()) == f'<div class="qa-answer"><p class="qa-none">{NOT_FOUND}</p></div>'
    )


def test_a_reworded_question_is_shown_as_it_was_understood() -> None:
    answer = answer_of(question="And he?", query="Did *he* leave?")
    assert to_text(answer) == f"Understood as: Did *he* leave?\n\n{NOT_FOUND}"
    assert to_markdown(answer) == f"Understood as: Did \\*he\\* leave\\?\n\n{NOT_FOUND}"
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
    shown += [plain_to_html(query), heading_to_html(query, query)]
    for character in "".join(shown):
        assert character in "\n\t" or unicodedata.category(character) != "Cc"
        assert unicodedata.bidirectional(character) not in BIDI_CONTROLS


@given(quotes(ANYTHING), mixed(ANYTHING))
def test_html_has_exactly_our_tags_on_one_line(quote: Quote, query: str) -> None:
    rendered = to_html(answer_of(quote, quote, question="", query=f"a{query}"))
    shown = ["div class=qa-quote", "blockquote dir=auto", "mark", "p class=qa-cite", "a href=#{}"]
    shown += ["bdi", "bdi", "span class=qa-sure", "button type=button class=qa-copy"]
    first = [tag.format("quote-0") for tag in shown]
    second = [tag.format("quote-1") for tag in shown]
    short = [] if quote.highlight.text == quote.text else ["p class=qa-short dir=auto"]
    asked = ["div class=qa-answer", "p class=qa-query", "q", "bdi"]
    assert Page(rendered).tags == [*asked, *short, *first, "details", "summary", *second]
    assert "\n" not in rendered


@given(quotes(HARMLESS))
def test_html_shows_the_exact_words(quote: Quote) -> None:
    page = Page(to_html(answer_of(quote)))
    assert page.inside["blockquote"] == quote.text
    assert page.inside["mark"] == quote.highlight.text
    assert page.inside["bdi"].startswith(" ".join(quote.document.title.split()))


@given(mixed(HARMLESS))
def test_html_of_a_message_shows_just_that(text: str) -> None:
    page = Page(plain_to_html(text))
    assert page.tags == ["div class=qa-plain dir=auto"]
    assert page.inside.get("div", "") == text


@given(quotes(HARMLESS))
def test_text_shows_the_exact_words(quote: Quote) -> None:
    quoted = "> " + "\n> ".join(quote.text.split("\n")) + "\n— "
    assert quoted in to_text(answer_of(quote))


@given(quotes(HARMLESS), mixed(HARMLESS))
def test_markdown_shows_the_words_and_makes_nothing_of_them(quote: Quote, query: str) -> None:
    answer = answer_of(quote, question="", query=f"a{query}")
    tokens = MarkdownIt("js-default", {"html": True, "linkify": False}).parse(to_markdown(answer))
    opened = [token.type for token in tokens if token.nesting == 1]
    assert opened == ["paragraph_open", "blockquote_open", "paragraph_open", "paragraph_open"]
    inline = [token.children for token in tokens if token.type == "inline"]
    shown = [[child for child in children or [] if child.content] for children in inline]
    markup = [child.content for child in shown[1] if child.type != "text"]
    words = "".join(child.content for child in shown[1] if child.type == "text")
    assert markup == ["<mark>", "</mark>"]
    assert words.split() == quote.text.split()
    assert {child.type for child in [*shown[0], *shown[2]]} == {"text"}


def test_a_heading_is_shown_as_characters() -> None:
    assert heading_to_html("A & B", "<About>") == "<h1>A &amp; B</h1><p>&lt;About&gt;</p>"


def test_a_long_question_scrolls_in_its_own_box() -> None:
    assert Page(plain_to_html("x" * 1001)).tags == ["div class=qa-plain dir=auto tabindex=0"]

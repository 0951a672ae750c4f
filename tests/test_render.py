"""render: every renderer shows the exact words, and nothing in them acts as markup or control."""

import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from qa_bot.datatypes import Answer, Document, Quote, Span
from qa_bot.render import (
    NOT_FOUND,
    Place,
    citation,
    heading_to_html,
    likelihood,
    place,
    plain_to_html,
    to_html,
    to_markdown,
    to_text,
    visible,
)

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


def test_html_folds_all_but_the_best_quote_away() -> None:
    assert to_html(answer_of(BIRDS, LAST)) == (
        '<div class="qa-answer">'
        '<blockquote dir="auto">Anna saw <mark>750 birds</mark>, then left.</blockquote>'
        '<p class="qa-cite"><bdi>Birds</bdi>, <bdi>2020-01-01</bdi>, <bdi>paragraph 2</bdi>, '
        "<bdi>characters 21–51</bdi>, <bdi>very likely</bdi></p>"
        "<details><summary>1 more quote</summary>"
        '<blockquote dir="auto"><mark>Last.</mark></blockquote>'
        '<p class="qa-cite"><bdi>Birds</bdi>, <bdi>paragraph 3</bdi>, '
        "<bdi>characters 53–58</bdi>, <bdi>likely</bdi></p>"
        "</details></div>"
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


@pytest.mark.parametrize(
    ("quoted", "paragraph"), [("First", 1), ("He came", 2), ("left.", 2), ("Last.", 3)]
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_place_counts_paragraphs_from_one(quoted: str, paragraph: int, line_end: str) -> None:
    text = line_end * 3 + TEXT.replace("\n", line_end)
    start = text.index(quoted)
    span = quote_of(text, quoted, quoted, date="2020-01-01")
    assert place(span) == Place("Report", "2020-01-01", paragraph, start, start + len(quoted))


def test_blanks_before_the_first_paragraph_count_to_it() -> None:
    assert place(Span(Document("\n\n  One."), 0, 1)).paragraph == 1


def test_place_names_the_source_of_a_document_without_title() -> None:
    assert place(Span(Document("a", "", "notes/a.txt"), 0, 1)).title == "notes/a.txt"
    assert place(Span(Document("a", " ", ""), 0, 1)).title == "untitled"


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
    shown += [plain_to_html(query), heading_to_html(query, query, [quote.document])]
    for character in "".join(shown):
        assert character in "\n\t" or unicodedata.category(character) != "Cc"
        assert unicodedata.bidirectional(character) not in BIDI_CONTROLS


@given(quotes(ANYTHING), mixed(ANYTHING))
def test_html_has_exactly_our_tags_on_one_line(quote: Quote, query: str) -> None:
    rendered = to_html(answer_of(quote, quote, question="", query=f"a{query}"))
    shown = ["blockquote dir=auto", "mark", "p class=qa-cite", "bdi", "bdi", "bdi", "bdi"]
    asked = ["div class=qa-answer", "p class=qa-query", "q", "bdi"]
    assert Page(rendered).tags == [*asked, *shown, "details", "summary", *shown]
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


def test_a_heading_lists_documents_with_their_dates() -> None:
    dated = Document("a", "One <1>", metadata={"date": "2020-01-01"})
    assert heading_to_html("A & B", "<About>", [dated, Document("b", "Two")]) == (
        "<h1>A &amp; B</h1><p>&lt;About&gt;</p>"
        '<div class="qa-documents">Answers come from: <cite><bdi>One &lt;1&gt;</bdi></cite>'
        " (<bdi>2020-01-01</bdi>), <cite><bdi>Two</bdi></cite></div>"
    )


def test_many_documents_are_folded_away() -> None:
    page = Page(heading_to_html("", "", (Document(str(n), f"T{n}") for n in range(7))))
    assert page.inside["cite"] == "T0T1T2T3T4T5T6"
    assert page.inside["summary"] == "2 more articles"
    assert page.inside["details"] == "2 more articlesT5T6"

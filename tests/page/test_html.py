"""HTML: everything on the page has the exact words and only our tags."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import example, given

from qa_bot.datatypes import Answer, Document, Link, Quote, Span, Understood
from qa_bot.page.html import (
    CLOSEST,
    awaited_to_html,
    documents_to_html,
    heading_to_html,
    leads_to_html,
    plain_to_html,
    question_to_html,
    reports_to_html,
    shown_quotes,
    source_to_html,
    suggestions_to_html,
    to_html,
    welcome_to_html,
)
from qa_bot.render import has_highlight
from qa_bot.report import Report
from tests.helpers.render_samples import (
    ANYTHING,
    BIRDS,
    HARMLESS,
    LAST,
    PAPER,
    answer_of,
    mixed,
    quote_of,
    quotes,
)


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
        if tag != "input":  # it has no end
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self._open):
            self.inside[tag] = self.inside.get(tag, "") + data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def test_html_has_the_short_answer_and_folds_all_but_the_best_quote_away() -> None:
    assert to_html(answer_of(BIRDS, LAST), 7) == (
        '<div class="qa-answer"><p class="qa-short" dir="auto">750 birds</p>'
        '<div class="qa-quote">'
        '<blockquote dir="auto">Anna saw <mark>750 birds</mark>, then left.</blockquote>'
        '<p class="qa-cite"><a href="#quote-7-0"><bdi>Birds</bdi>, <bdi>2020-01-01</bdi>, '
        '<bdi>paragraph 2</bdi></a><span class="qa-match" '
        'title="95 % likely to answer the question">strong match</span>'
        '<button type="button" class="qa-copy">Copy</button></p></div>'
        "<details><summary>1 more quote</summary>"
        '<div class="qa-quote"><blockquote dir="auto">Last.</blockquote>'
        '<p class="qa-cite"><a href="#quote-7-1"><bdi>Birds</bdi>, <bdi>paragraph 3</bdi></a>'
        '<span class="qa-match" '
        'title="70 % likely to answer the question">weak match</span>'
        '<button type="button" class="qa-copy">Copy</button></p></div>'
        "</details></div>"
    )


def test_html_says_an_answer_that_is_the_whole_quote_once() -> None:
    assert "qa-short" not in to_html(answer_of(LAST))


def test_html_of_a_refusal_folds_the_closest_passage_and_marks_no_answer_in_it() -> None:
    refusal = Answer("Who?", "Who?", (), 0.2, (BIRDS, LAST))
    assert shown_quotes(refusal) == (BIRDS,)
    assert to_html(refusal, 7) == (
        '<div class="qa-answer"><p class="qa-none">The documents do not say.</p>'
        f"<details><summary>{CLOSEST}</summary>"
        '<div class="qa-quote"><blockquote dir="auto">Anna saw 750 birds, then left.</blockquote>'
        '<p class="qa-cite"><a href="#quote-7-0"><bdi>Birds</bdi>, <bdi>2020-01-01</bdi>, '
        '<bdi>paragraph 2</bdi></a><button type="button" class="qa-copy">Copy</button></p></div>'
        "</details></div>"
    )


def test_html_of_passages_that_may_answer_shows_them_all_and_marks_no_answer() -> None:
    perhaps = Answer("Who?", "Who?", (), 0.4, (BIRDS, LAST), perhaps=True)
    page = to_html(perhaps, 7)
    assert shown_quotes(perhaps) == (BIRDS, LAST)
    said = "The documents may not answer this. The closest passages:"
    assert page.startswith(f'<div class="qa-answer"><p class="qa-none">{said}</p><div')
    assert page.count("<blockquote") == 2
    assert "<details" not in page and "<mark" not in page and "qa-match" not in page


def test_a_source_is_a_page_with_the_quote_marked_and_what_answers_marked_more() -> None:
    quote = Quote(PAPER, 16, 29, Span(PAPER, 19, 23), 0.95)
    assert (quote.text, quote.highlight.text) == ("A, b. C\n\nD. E", "b. C")
    page = '<span class="qa-page">page {}</span>'
    shown = source_to_html(PAPER, quote)
    assert shown.startswith('<div class="qa-reader"><div class="qa-find" role="search">')
    assert shown[shown.index("<article") :] == (
        '<article class="qa-source" tabindex="0"><h2><bdi>Paper</bdi></h2>'
        '<p class="qa-meta"><bdi>2020-01-01</bdi></p>'
        f'<p dir="auto">{page.format(1)}One came.&#10;</p><h3 dir="auto"># Two</h3>'
        f'<p dir="auto"><mark>A, </mark><mark class="qa-said">b. </mark>{page.format(2)}'
        '<mark class="qa-said">C</mark></p><p dir="auto"><mark>D. E</mark>.</p></article></div>'
    )


HEADED = " date 2020-01-01 It began. Then it ended.\n\nLater."
FRONT = "---\ntitle: On boats\ndate: 2020-01-01\n---\n\nIt began."


def test_the_header_of_a_text_is_set_apart_from_its_first_words() -> None:
    page = source_to_html(Document.from_text(HEADED, "One"))
    assert '<p class="qa-meta" dir="auto">date 2020-01-01 </p><p dir="auto">It began.' in page
    page = source_to_html(Document.from_text(FRONT))
    assert page.count("2020-01-01") == 1
    assert '---&#10;</p><p dir="auto">It began.</p>' in page


def test_a_quote_in_the_header_is_marked_there() -> None:
    document = Document.from_text(HEADED, "One")
    start = HEADED.index("date")
    quote = Quote(document, start, start + 15, Span(document, start + 5, start + 15), 1)
    assert (
        '<p class="qa-meta" dir="auto"><mark>date </mark><mark class="qa-said">2020-01-01</mark>'
    ) in source_to_html(document, quote)


def test_an_answer_leaves_out_the_header_before_its_first_sentence() -> None:
    document = Document.from_text(HEADED, "One")
    start, end = HEADED.index("It"), HEADED.index(" Then")
    page = to_html(answer_of(Quote(document, 1, end, Span(document, start, start + 2), 1)))
    assert '<blockquote dir="auto"><mark>It</mark> began.</blockquote>' in page
    asked = Answer("Did it?", "Did it?", (Quote(document, 1, end, Span(document, 1, end), 1),), 1)
    assert '<blockquote dir="auto">It began.</blockquote>' in to_html(asked)
    dated = Quote(document, 1, end, Span(document, 6, 16), 1)
    assert '<blockquote dir="auto">date <mark>2020-01-01</mark> It began' in to_html(
        answer_of(dated)
    )


def test_a_quote_over_the_end_of_the_header_is_marked_on_both_sides() -> None:
    document = Document.from_text(HEADED, "One")
    start, end = HEADED.index("2020"), HEADED.index(" Then")
    quote = Quote(document, start, end, Span(document, start, start + 10), 1)
    page = source_to_html(document, quote)
    assert '<mark class="qa-said">2020-01-01</mark><mark> </mark></p>' in page
    assert '<p dir="auto"><mark>It began.</mark> Then' in page


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


@pytest.mark.slow
@given(quotes(HARMLESS))
@example(quote_of("\t\\\n", "\t", "\t"))  # blank: there is nothing to mark
def test_a_source_shows_the_exact_words(quote: Quote) -> None:
    page = Page(source_to_html(quote.document, quote))
    assert "".join(page.inside.get("mark", "").split()) == "".join(quote.text.split())
    shown = "".join((page.inside["p"] + page.inside.get("h3", "")).split())
    assert shown == "".join(quote.document.text.split())


@pytest.mark.slow
@given(quotes(ANYTHING))
def test_a_source_has_exactly_our_tags(quote: Quote) -> None:
    page = Page(source_to_html(quote.document, quote))
    found = Page(source_to_html(Document("a"))).tags
    ours = {*found, "mark", "mark class=qa-said"}
    assert page.tags[: len(found) - 1] == found[:-1]
    assert set(page.tags) <= ours


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
    noted = Report("a<b>", 1234, 1, notes=("No <form> was read.", "Nor scans."))
    reports = [noted, Report("c", 1), Report("d", error="'d' is <empty>")]
    assert reports_to_html(reports) == (
        '<ul class="qa-reports"><li><bdi>a&lt;b&gt;</bdi>: 1,234 words, 1 page'
        '<p class="qa-note">No &lt;form&gt; was read.</p><p class="qa-note">Nor scans.</p></li>'
        "<li><bdi>c</bdi>: 1 word</li>"
        '<li class="qa-refused">&#x27;d&#x27; is &lt;empty&gt;</li></ul>'
    )


@pytest.mark.slow
@given(quotes(ANYTHING), mixed(ANYTHING))
def test_html_has_exactly_our_tags_on_one_line(quote: Quote, query: str) -> None:
    understood = (Understood(Link.ADDS, "", f"a{query}"),)
    rendered = to_html(replace(answer_of(quote, quote), understood=understood))
    marked = ["mark"] if has_highlight(quote) else []
    shown = ["div class=qa-quote", "blockquote dir=auto", *marked, "p class=qa-cite", "a href=#{}"]
    place = quote.document.place(quote.start)
    above = filter(None, (place.page, place.heading, place.table, place.speaker))
    shown += ["bdi", *("bdi" for _ in above), "bdi"]  # title, headings, columns, paragraph
    match = f"span class=qa-match title={100 * quote.score:.0f} % likely to answer the question"
    shown += [match, "button type=button class=qa-copy"]
    first = [tag.replace("{}", "quote-0-0") for tag in shown]
    second = [tag.replace("{}", "quote-0-1") for tag in shown]
    short = ["p class=qa-short dir=auto"] if has_highlight(quote) else []
    chip = "a class=qa-chip href=#without-0-0 title=Ask again without this"
    told = ["div class=qa-answer", "p class=qa-understood", chip, "bdi", "span aria-hidden=true"]
    assert Page(rendered).tags == [*told, *short, *first, "details", "summary", *second]
    assert "\n" not in rendered


@pytest.mark.slow
@given(quotes(HARMLESS))
def test_html_shows_the_exact_words(quote: Quote) -> None:
    page = Page(to_html(answer_of(quote)))
    assert page.inside["blockquote"] == quote.text
    assert page.inside.get("mark", quote.text) == (
        quote.highlight.text if has_highlight(quote) else quote.text
    )
    assert page.inside["bdi"].startswith(" ".join(quote.document.title.split()))


@pytest.mark.slow
@given(mixed(HARMLESS))
def test_html_of_a_message_shows_just_that(text: str) -> None:
    page = Page(plain_to_html(text))
    assert page.tags == ["div class=qa-plain dir=auto"]
    assert page.inside.get("div", "") == text


def test_a_heading_is_shown_as_characters() -> None:
    assert heading_to_html("A & <B>") == "<h1>A &amp; &lt;B&gt;</h1>"


def test_a_question_can_be_edited() -> None:
    assert question_to_html("Who <is> it?") == (
        '<div class="qa-question"><div class="qa-plain" dir="auto">Who &lt;is&gt; it?</div>'
        '<button type="button" class="qa-edit">Edit</button></div>'
    )


def test_an_awaited_answer_is_a_status() -> None:
    assert 'role="status"' in awaited_to_html()


def test_the_welcome_names_what_can_be_asked_about() -> None:
    one, two, three = (Document(text, f"<{text}>") for text in ("one", "two", "three"))
    named = "<b>“<bdi>&lt;one&gt;</bdi>”</b>", "<b>“<bdi>&lt;two&gt;</bdi>”</b>"
    assert f"Ask about {named[0]}, or add" in welcome_to_html([one])
    assert f"Ask about {named[0]} and {named[1]}, or add" in welcome_to_html([one, two])
    assert f"{named[0]}, {named[1]} and 1 more document, or" in welcome_to_html([one, two, three])
    assert "Add a document first." in welcome_to_html([])


def test_suggestions_are_buttons_that_ask() -> None:
    assert suggestions_to_html([]) == ""
    assert suggestions_to_html(['Who is "A"?', "Why?"]) == (
        '<details class="qa-samples" open><summary>Questions to begin with</summary><ul>'
        '<li><button type="button" data-ask="Who is &quot;A&quot;?">Who is &quot;A&quot;?</button>'
        '</li><li><button type="button" data-ask="Why?">Why?</button></li></ul></details>'
    )


def test_what_leads_on_are_buttons() -> None:
    assert leads_to_html([]) == ""
    assert leads_to_html(["Who is <A>?"]) == (
        '<div class="qa-leads">'
        '<button type="button" class="qa-lead">Who is &lt;A&gt;?</button></div>'
    )


def test_a_long_question_scrolls_in_its_own_box() -> None:
    assert Page(plain_to_html("x" * 1001)).tags == ["div class=qa-plain dir=auto tabindex=0"]

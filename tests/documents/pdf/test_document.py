"""PDF documents, as Chromium printed them: paragraphs and pages, and nothing that runs along.

``data/bridge.html`` says what stands in ``data/bridge.pdf``: three pages with a header and a
footer, two columns, words cut at line ends, a table, a ligature. ``turned.pdf`` is the same with
its pages laid on their sides, and ``locked.pdf`` one line behind the password "secret", both by
pypdf; ``scan.pdf`` is a drawing.
"""

import threading
from pathlib import Path

import pytest

from qa_bot.documents.content import Content
from qa_bot.documents.pdf.document import read_pdf
from qa_bot.documents.pdf.lines import Line
from qa_bot.documents.pdf.paragraphs import Paragraphs
from qa_bot.errors import ArticleError
from tests.helpers.pdf_pages import Item, Rule, Text, make_pdf

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def bridge() -> Content:
    return read_pdf((DATA / "bridge.pdf").read_bytes())


def test_the_paragraphs_are_those_that_were_written(bridge: Content) -> None:
    paragraphs = bridge.text.split("\n\n")
    assert paragraphs[:2] == [
        "The Bridge at Kelmer Sound",
        "The bridge over Kelmer Sound was opened on 4 May 1931 after nine years of work. It was "
        "designed by Ida Varrow, who had built two smaller bridges in the north, and it cost the "
        "harbour board 312,000 crowns, a third more than had been voted.",
    ]
    assert [text.split(". ")[0][:30] for text in paragraphs[2:]] == [
        "Its main span measures 214 met",
        "How it was paid for",
        "A well-known shipping firm len",
        "In two columns",
        "The communication between the ",
        "Every communication from the b",
        "Oskar Lund kept the ferry for ",
        "Traffic",
        "The table gives the number of ",
        "| Year | Carts | Cars |\n| 1932",
        "What was said of it",
        "The first keeper, Marta Ehn, w",
        "Engineers came from abroad to ",
        "In 1962 the deck was made two ",
        "The bridge was painted green i",
        "Notes",
        "The toll was two öre for a per",
        "The ferry was sold to a museum",
        "The efficient lamp was lit on ",
        "The figures are those of the h",
    ]


def test_columns_are_read_one_after_the_other(bridge: Content) -> None:
    assert "which took a rider eleven hours in good weather and two days in bad.\n" in bridge.text


def test_words_are_mended_and_true_hyphens_kept(bridge: Content) -> None:
    assert "the work was done without closing the bridge" in bridge.text
    assert "kept the ferry for thirty-one years. He was offered" in bridge.text
    assert "the efficient lamp" in bridge.text.lower()


def test_a_table_is_rows(bridge: Content) -> None:
    assert (
        "\n\n| Year | Carts | Cars |\n| 1932 | 18,400 | 2,150 |\n| 1936 | 9,700 | 11,300 |\n"
        "| 1940 | 7,900 | 4,020 |\n\n"
    ) in bridge.text


def test_what_runs_along_the_pages_is_left_out(bridge: Content) -> None:
    assert "annual report" not in bridge.text
    assert "Page" not in bridge.text


def test_pages_are_marked_where_they_begin(bridge: Content) -> None:
    assert [(it.kind, it.label, bridge.text[it.start :][:12]) for it in bridge.marks] == [
        ("page", "1", "The Bridge a"),
        ("page", "2", "Traffic\n\nThe"),
        ("page", "3", "Notes\n\nThe t"),
    ]
    assert bridge.title == "The Bridge at Kelmer Sound"


def test_pages_that_lie_on_their_sides_read_the_same(bridge: Content) -> None:
    assert read_pdf((DATA / "turned.pdf").read_bytes()) == bridge


def test_many_threads_read_the_same(bridge: Content) -> None:
    found: list[Content] = []
    data = (DATA / "bridge.pdf").read_bytes()
    threads = [threading.Thread(target=lambda: found.append(read_pdf(data))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [bridge] * 4


@pytest.mark.parametrize(
    ("name", "message"),
    [("locked.pdf", "is protected by a password"), ("scan.pdf", "has pages but no text")],
)
def test_what_cannot_be_read(name: str, message: str) -> None:
    with pytest.raises(ArticleError, match=message):
        read_pdf((DATA / name).read_bytes())


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"%PDF-1.7\n" + b"words " * 1000])
def test_what_is_damaged(data: bytes) -> None:
    with pytest.raises(ArticleError, match="is a damaged PDF"):
        read_pdf(data)


# ---- how lines become paragraphs


def line(text: str, page: int = 1, base: float = 500, left: float = 50, width: int = 40) -> Line:
    """Make a line of type of 10 points, as wide as its letters or ``width`` of them."""
    return Line(text, page, left, left + 5 * max(width, len(text)), base, 10, 0, 0.5)


def paragraphs(*lines: Line) -> list[str]:
    pages = [[it for it in lines if it.page == page] for page in (1, 2)]
    return [block.text for block in Paragraphs(pages).blocks()]


def stack(*texts: str, page: int = 1) -> list[Line]:
    """Make lines of one column, 12 points apart, each as wide as the column."""
    return [line(text, page, 500 - 12 * at) for at, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("before", "cut", "following", "joined"),
    [
        ("", "inter-", "national", "international"),
        ("", "inter\u00ad", "national", "international"),
        ("a well-known man", "well-", "known", "well-known"),
        ("the cost was effective", "cost-", "effective", "cost-effective"),
        ("the careful", "care-", "ful", "careful"),
        ("", "twenty-", "two", "twenty-two"),
        ("", "Anglo-", "Saxon", "Anglo-Saxon"),
        ("", "1914-", "18", "1914-18"),
        ("", "yes -", "no", "yes -no"),
    ],
)
def test_hyphens_at_line_ends(before: str, cut: str, following: str, joined: str) -> None:
    (text,) = paragraphs(*stack(f"{before} and {cut}".strip(), f"{following} and on"))
    assert text == f"{before} and {joined} and on".strip()


def test_a_sentence_goes_on_over_a_page_whose_beginning_is_marked() -> None:
    (block,) = Paragraphs([stack("It went"), stack("on and on.", page=2)]).blocks()
    assert block.text == "It went on and on."
    assert [(mark.start, mark.label) for mark in block.marks] == [(0, "1"), (8, "2")]


def test_a_sentence_that_ends_on_a_page_ends_its_paragraph() -> None:
    assert paragraphs(*stack("It ended."), *stack("Another began.", page=2)) == [
        "It ended.",
        "Another began.",
    ]


def test_a_gap_an_indent_a_bullet_and_larger_type_begin_paragraphs() -> None:
    body = stack("One goes on", "and on.", "Two.")
    assert paragraphs(*body[:2], line("Two.", base=460)) == ["One goes on and on.", "Two."]
    assert paragraphs(*body[:2], line("Two.", base=476, left=60)) == ["One goes on and on.", "Two."]
    assert paragraphs(*body[:2], line("• Two", base=476)) == ["One goes on and on.", "• Two"]
    large = Line("Two", 1, 50, 250, 476, 14, 0, 0.5)
    assert paragraphs(*body[:2], large) == ["One goes on and on.", "Two"]


def test_a_short_line_ends_a_paragraph_and_one_without_room_does_not() -> None:
    wide = "w" * 40
    assert paragraphs(
        line(wide), line("short", base=488, width=5), line("Next", base=476, width=4)
    ) == [
        f"{wide} short",
        "Next",
    ]
    assert paragraphs(*stack(wide, "Next")) == [f"{wide} Next"]


# ---- what is said not to be read


def test_pages_with_pictures_alone_are_told_and_blank_ones_are_not() -> None:
    text, picture = [Text("The mill.")], [Rule(50, 700, 100)]
    blank: list[Item] = []
    one = read_pdf(make_pdf(text, picture, blank))
    assert one.notes == ("1 of 3 pages has no text: scans are not read.",)
    two = read_pdf(make_pdf(picture, text, picture))
    assert two.notes == ("2 of 3 pages have no text: scans are not read.",)
    assert read_pdf(make_pdf(text, blank)).notes == ()

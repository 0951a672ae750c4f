"""Which lines run along the pages, and which only stand at their edges."""

import pytest

from qa_bot.documents.pdf.lines import Line, without_running_lines


def line(text: str, page: int, base: float = 400, size: float = 10) -> Line:
    return Line(text, page, 50, 50 + 5 * len(text), base, size, 0, base / 800)


def left(*headers: str, base: float = 770, size: float = 10) -> list[list[str]]:
    """Return what is left of pages that have a header each, and 30 words of text."""
    pages = [
        [line(header, page, base, size), line("words " * 30, page)]
        for page, header in enumerate(headers, start=1)
    ]
    return [[it.text for it in page[:-1]] for page in without_running_lines(pages)]


@pytest.mark.parametrize(
    "headers",
    [
        ["Report", "Report"],
        ["Report", "REPORT ", "Report"],
        ["1", "2", "3"],
        ["Page 1 of 9", "Page 2 of 9", "Page 3 of 9"],
        ["i", "ii", "iii"],
        ["7 Left", "Right 8", "9 Left", "Right 10"],
        ["Left", "Right", "Left", "Right", "Left", "Right"],
        ["| One | 11 |", "| Two | 12 |", "| Three | 13 |"],
        ["| Report | of 1900 |", "| Report |  | of 1900 |", "|  | Report | of 1900 |"],
    ],
)
@pytest.mark.parametrize("base", [20, 100, 700, 770])
def test_headers_and_footers_go(headers: list[str], base: float) -> None:
    assert left(*headers, base=base) == [[]] * len(headers)


@pytest.mark.parametrize(
    "headers",
    [
        ["Report"],
        ["One", "Two", "Three"],
        ["Chapter 1", "Chapter 1900", "Chapter 7"],
        ["1", "7", "4"],
        ["|", "One", "Two"],
        ["| Report | one |", "| Report | two |", "| Report | three |"],
    ],
)
def test_what_does_not_repeat_stays(headers: list[str]) -> None:
    assert left(*headers) == [[header] for header in headers]


def test_what_repeats_elsewhere_or_in_larger_type_stays() -> None:
    assert left("Report", "Report", base=600) == [["Report"], ["Report"]]
    assert left("Report", "Report", size=14) == [["Report"], ["Report"]]


def test_what_repeats_far_away_stays() -> None:
    headers = ["One", *map(str.__mul__, "abcdefghij", range(3, 13)), "One"]
    assert left(*headers) == [[header] for header in headers]


def test_a_document_of_nothing_but_headers_is_kept() -> None:
    pages = [[line("Report", page, 770)] for page in (1, 2)]
    assert without_running_lines(pages) == pages

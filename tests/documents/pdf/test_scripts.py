"""Raised and lowered text: a mark is no digit of the number that it stands behind."""

import pytest

from qa_bot.documents.pdf.document import read_pdf
from qa_bot.documents.pdf.scripts import script
from tests.helpers.pdf_pages import Text, make_pdf


@pytest.mark.parametrize(
    ("before", "text", "raised"),
    [
        ("412", "3", "³"),
        ("10", "-6", "⁻⁶"),
        ("1998", "12", "¹²"),
        ("Olsen", "1,2", "¹,²"),
        ("21", "st", "st"),
        ("2", "e", "e"),
        ("n", "o", "ᵒ"),
        ("1", "o", "º"),
        ("412", "b", "ᵇ"),
        ("mill", "a", "ᵃ"),
        ("Acme", "TM", "™"),
        ("M", "me", "me"),
        ("10", "3.5", "^3.5"),
        ("Fisk", "*", "*"),
        ("412", "3 ", "³ "),
    ],
)
def test_raised(before: str, text: str, raised: str) -> None:
    assert script(text, before, raised=True) == raised


@pytest.mark.parametrize(("text", "lowered"), [("2", "₂"), ("10", "₁₀"), ("max", "_max")])
def test_lowered(text: str, lowered: str) -> None:
    assert script(text, "H", raised=False) == lowered


def drawn(*parts: tuple[str, float, float]) -> list[Text]:
    """Make text of parts one behind the other: what it is, how far raised, its size."""
    items: list[Text] = []
    x = 50.0
    for text, raised, size in parts:
        items.append(Text(text, x, 700 + raised, size))
        x += 0.6 * size * len(text)
    return items


FERRY = drawn(
    ("The ferry of Brannock", 0, 11),
    ("2", 4, 7),
    (" carried 412", 0, 11),
    ("3", 4, 7),
    (" passengers and 10", 0, 11),
    ("6", 5, 7),
    (" g of H", 0, 11),
    ("2", -2, 7),
    ("O.", 0, 11),
)
READ = "The ferry of Brannock² carried 412³ passengers and 10⁶ g of H₂O."


def test_marks_exponents_and_indices_in_a_line() -> None:
    assert read_pdf(make_pdf(FERRY)).text == READ


def test_marks_that_are_drawn_after_the_text() -> None:
    late = [*FERRY[::2], *FERRY[1::2]]
    assert read_pdf(make_pdf(late)).text == READ


def test_a_mark_of_the_size_of_its_line() -> None:
    items = drawn(("It carried 412", 0, 10), ("3", 4, 10), (" of us.", 0, 10))
    assert read_pdf(make_pdf(items)).text == "It carried 412³ of us."


def test_a_footnote_begins_with_its_mark() -> None:
    items = drawn(("3", 3, 6), ("Counted by the harbour office.", 0, 8))
    assert read_pdf(make_pdf(items)).text == "³ Counted by the harbour office."


def test_a_smaller_line_below_is_not_lowered() -> None:
    items = [Text("Alba", 50, 700, 10), Text("1911", 74, 688, 7)]
    assert "1911" in read_pdf(make_pdf(items)).text

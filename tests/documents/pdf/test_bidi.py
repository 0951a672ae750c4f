"""Right-to-left lines are read in the order they were written, whatever order they were drawn."""

import pytest

from qa_bot.documents.pdf.bidi import logical_text
from qa_bot.documents.pdf.letters import Letter


def letters(visual: str) -> list[Letter]:
    """Make the letters of a line that looks like this from left to right."""
    return [
        Letter(text, 6.0 * at, 6.0 * at + 6, 700, 10, 0)
        for at, text in enumerate(visual)
        if text != " "
    ]


@pytest.mark.parametrize(
    ("visual", "logical"),
    [
        (".1962 תנשב", "בשנת 1962."),
        ("ריעה ןולא", "אלון העיר"),
        ("4,000 ריעב", "בעיר 4,000"),
        ("30-1914 םינשב", "בשנים 30-1914"),
        (".(Hull) לש ןולא", "אלון של (Hull)."),
        (".)לאה( לש ןולא", "אלון של (האל)."),
        ("50% קר", "רק 50%"),
        ("the word םולש is old", "the word שלום is old"),
    ],
)
def test_logical_order(visual: str, logical: str) -> None:
    line = letters(visual)
    assert logical_text(line) == logical
    assert logical_text(line[::-1]) == logical


def test_points_stay_on_their_letters() -> None:
    shin, point = Letter("ש", 6, 12, 700, 10, 0), Letter("\u05c1", 9, 9, 700, 10, 0)
    assert logical_text([shin, point, Letter("ם", 0, 6, 700, 10, 0)]) == "ש\u05c1ם"

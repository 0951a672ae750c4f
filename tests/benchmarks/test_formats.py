"""The same prose in every format, and how fast it is read."""

import pytest

from benchmarks.formats import FORMATS, Speed, measure, prose, to_text
from qa_bot.documents.formats import SUFFIXES, read_content

PROSE = prose(20_000)


def letters(text: str) -> str:
    return "".join(filter(str.isalpha, text))


@pytest.mark.slow
@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_holds_the_same_prose(suffix: str) -> None:
    assert suffix in SUFFIXES
    content = read_content(FORMATS[suffix](PROSE), suffix)
    assert letters(PROSE[0]) in letters(content.text)
    assert letters(PROSE[-1]) in letters(content.text)
    assert content.notes == ()


def test_a_format_is_measured_by_what_is_read_of_it() -> None:
    speed = measure(".txt", PROSE, 2)
    assert speed.characters == speed.size == len("\n\n".join(PROSE))
    assert speed.seconds > 0


def test_times_are_multiples_of_that_of_plain_text() -> None:
    speeds = [Speed(".txt", 0.5, 1_000_000, 1, 0), Speed(".pdf", 2.0, 1_000_000, 1, 100)]
    assert to_text(speeds).splitlines()[2:] == [
        "| .txt | 1.0 | 2.0 |",
        "| .pdf | 4.0 | 0.5, 50 pages |",
    ]

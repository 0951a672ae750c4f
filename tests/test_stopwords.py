"""Stop words, and the content words of a text."""

import pytest

from qa_bot.stopwords import content_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Did the US strike?", ["us", "strike"]),
        ("Did it strike us?", ["strike"]),
        ("WHO IS IT?", ["who", "is", "it"]),
        ("WHO STRUCK?", ["struck"]),
        ("A plan I made", ["plan", "made"]),
        ("What is it?", ["what", "is", "it"]),
        ("Strike, strike!", ["strike"]),
        ("", []),
    ],
)
def test_content_words(text: str, expected: list[str]) -> None:
    assert content_words(text) == expected

"""Markdown headings get marks, and the text is unchanged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.documents.markdown import read_markdown

LINES = st.sampled_from(["# One", "## Two ##", "  ### *Three*", "#tag", "```", "~~~", "words", ""])


@pytest.mark.parametrize(
    ("text", "headings"),
    [
        ("# One\n\nwords\n\n### Two ###\nwords", ["One", "Two"]),
        ("   ###### Six\n####### Seven\n    # Code", ["Six"]),
        ("```\n# no\n```\n# yes", ["yes"]),
        ("---\ntitle: x\n# no\n---\n# yes", ["yes"]),
        ("# C#\r## \r\n#\ttab", ["C#", "tab"]),
        ("words # no", []),
    ],
)
def test_headings(text: str, headings: list[str]) -> None:
    content = read_markdown(text)
    assert [mark.label for mark in content.marks] == headings
    assert [text[mark.start] for mark in content.marks] == ["#"] * len(headings)


@pytest.mark.slow
@given(st.lists(LINES).map("\n".join))
def test_the_text_is_never_changed_and_marks_stand_on_their_headings(text: str) -> None:
    content = read_markdown(text)
    assert content.text == text
    for mark in content.marks:
        assert text[mark.start :].lstrip("# ").startswith(mark.label)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("## Part\n# Title\n# Other", "Title"),
        ("## Part", ""),
        ("words\n" * 2000 + "# Far down", ""),
    ],
)
def test_the_title_is_the_first_heading_of_the_first_rank(text: str, title: str) -> None:
    assert read_markdown(text).title == title

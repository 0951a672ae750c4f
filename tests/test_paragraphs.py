"""Paragraphs are the text between blank lines."""

import pytest

from qa_bot.datatypes import Document
from qa_bot.paragraphs import paragraphs


def test_paragraphs_of_the_article(article: Document) -> None:
    found = [article.text[start:end] for start, end in paragraphs(article.text)]
    assert found == [block.strip() for block in article.text.split("\n\n")]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_one_line_end_does_not_part_paragraphs(line_end: str) -> None:
    text = line_end.join(["one", "two", "", "three"])
    assert [text[start:end] for start, end in paragraphs(text)] == [f"one{line_end}two", "three"]

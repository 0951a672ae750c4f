"""Blocks are joined into a text with blank lines, and their marks are moved accordingly."""

from qa_bot.datatypes import Mark
from qa_bot.documents.content import Block, Content, heading_block, join_blocks


def test_marks_move_with_their_blocks() -> None:
    page = Block("two three", (Mark(0, "page", "1"), Mark(4, "page", "2")))
    content = join_blocks([Block("one"), Block(" "), page, heading_block("four\nfive")], "A  title")
    assert content.text == "one\n\ntwo three\n\nfour\nfive"
    assert [(it.label, content.text[it.start :][:4]) for it in content.marks] == [
        ("1", "two "),
        ("2", "thre"),
        ("four five", "four"),
    ]
    assert content.title == "A title"


def test_without_a_title_the_first_heading_is_it() -> None:
    page = Block("one", (Mark(0, "page", "1"),))
    assert join_blocks([page, heading_block("two"), heading_block("three")], " ").title == "two"
    assert join_blocks([page]).title == ""


def test_nothing_makes_an_empty_text() -> None:
    assert join_blocks([]) == Content("", "", ())

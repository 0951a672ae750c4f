"""What a reader finds in tables and among accents, with the weights that ship."""

import numpy as np
import pytest

from qa_bot.answering.reader import SpanReader, join_neighbours, sentences_around
from qa_bot.context import reading
from qa_bot.datatypes import Document, Hit, Passage, Quote
from qa_bot.models.span_model import SpanPrediction, Window, best_spans
from qa_bot.splitter import split

SHOP = "| Item | Price | In stock |\n| rope | 9 crowns | 40 m |\n| sail | 75 crowns | 2 |"


def passages(text: str) -> tuple[Passage, ...]:
    return split(Document(text), lambda words: len(words.split()), 100, 600)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("question", "row", "cell"),
    [
        ("How much does the rope cost?", "| rope | 9 crowns | 40 m |", "9 crowns"),
        ("What is the price of a sail?", "| sail | 75 crowns | 2 |", "75 crowns"),
        ("Which item costs 75 crowns?", "| sail | 75 crowns | 2 |", "sail"),
    ],
)
def test_the_cell_that_answers_is_highlighted_in_its_row(
    question: str, row: str, cell: str
) -> None:
    quotes = SpanReader().read(question, [Hit(it, 1.0) for it in passages(SHOP)])
    assert (quotes[0].text, quotes[0].highlight.text) == (row, cell)


def test_a_highlight_never_lies_in_the_context() -> None:
    text = "Nils Hald built it in 1902."
    whole = Document(text)
    hit = Hit(Passage(whole, 0, len(text), "Who built the mill of Tarn in 1844?"), 1.0)
    for quote in SpanReader().read("When was the mill of Tarn built?", [hit]):
        assert quote.highlight.text in text


def test_a_span_lies_in_one_stretch() -> None:
    logits = np.array([0, 5, 1, 1, 9], dtype=np.float32)
    tokens = ((0, 1), (1, 2), (2, 3))
    free = Window(0, (0,) * 5, 2, tokens)
    assert best_spans(logits, logits, free)[0] == SpanPrediction(2, 3, 18)
    apart = Window(0, (0,) * 5, 2, tokens, (0, -1, 1))
    assert [(it.start, it.end) for it in best_spans(logits, logits, apart)] == [(2, 3), (0, 1)]


def test_rows_are_not_joined() -> None:
    first, second = (Quote(it.document, it.start, it.end, it, 0.9) for it in passages(SHOP)[1:])
    assert join_neighbours([first, second]) == [first, second]


@pytest.mark.parametrize(
    ("text", "start", "end", "highlight"),
    [
        ("Zoe\u0308 Bru\u0302le\u0301 left.", 0, 3, "Zoe\u0308"),
        ("Zoe\u0308 Bru\u0302le\u0301 left.", 8, 11, "u\u0302le\u0301"),
        ("Plain words.", 0, 5, "Plain"),
    ],
)
def test_a_letter_keeps_its_accent(text: str, start: int, end: int, highlight: str) -> None:
    passage = Passage(Document(text), 0, len(text))
    _, found = sentences_around(passage, reading(passage), SpanPrediction(start, end, 1.0))
    assert found.text == highlight


def test_what_is_asked_in_a_chat_is_answered_by_the_reply() -> None:
    text = "Ida: 30 each for the rope?\nBo: 35, it is longer\nIda: fine, i pay\n"
    passage = Passage(Document(text), 0, len(text))
    quoted, highlight = sentences_around(passage, reading(passage), SpanPrediction(5, 7, 1.0))
    assert quoted.text == "Ida: 30 each for the rope?\nBo: 35, it is longer"
    assert highlight.text == "35, it is longer"

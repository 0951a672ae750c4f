"""Spans are chosen by hand-computable arithmetic; windows lose nothing; weights are checked."""

import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_bot.errors import ModelError
from qa_bot.models.span_model import (
    DOC_STRIDE,
    SPAN_TOKENS,
    SPANS,
    WEIGHTS,
    ReaderModel,
    SpanPrediction,
    Window,
    best_spans,
    load_model,
)

TEXT = "The bridge was designed by Gustave Eiffel in 1889. It is made of iron."


def logits(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def window(count: int, first: int = 2) -> Window:
    """A window of ``count`` tokens of one character each, after ``first`` others."""
    return Window(
        0, tuple(range(first + count + 1)), first, tuple((i, i + 1) for i in range(count))
    )


def test_the_best_span_has_the_highest_sum() -> None:
    found = best_spans(logits(1, 9, 0, 3, 0, 9), logits(2, 9, 0, 0, 4, 9), window(3))
    assert found[0] == SpanPrediction(1, 3, 3 + 4 - 1 - 2)


def test_the_next_spans_share_no_token_with_a_better_one() -> None:
    found = best_spans(logits(0, 0, 1, 8, 2, 0, 0), logits(0, 0, 1, 9, 0, 3, 0), window(4))
    # Of the tokens 0 to 3 the second is best alone; what is left lies before or after it.
    assert found == [SpanPrediction(1, 2, 17), SpanPrediction(2, 4, 5), SpanPrediction(0, 1, 2)]
    many = best_spans(logits(*[0] * 23), logits(*[0] * 23), window(20))
    assert len(many) == SPANS


def test_a_span_does_not_end_before_it_starts() -> None:
    found = best_spans(logits(0, 0, 0, 0, 5, 0), logits(0, 0, 5, 0, 1, 0), window(3))
    assert found[0] == SpanPrediction(2, 3, 6)


def test_a_span_has_no_more_tokens_than_allowed() -> None:
    starts, ends = np.zeros(103, dtype=np.float32), np.zeros(103, dtype=np.float32)
    starts[2] = 5
    ends[2 + SPAN_TOKENS], ends[1 + SPAN_TOKENS] = 5, 4
    assert best_spans(starts, ends, window(100))[0] == SpanPrediction(0, SPAN_TOKENS, 9)


def test_tokens_of_the_question_and_padding_are_never_chosen() -> None:
    found = best_spans(logits(0, 9, 1, 2, 0, 9, 9), logits(0, 9, 1, 2, 0, 9, 9), window(3))
    assert found == [SpanPrediction(1, 2, 4), SpanPrediction(0, 1, 2), SpanPrediction(2, 3, 0)]


@pytest.mark.slow
@given(st.integers(0, 1500), st.integers(1, 90))
@settings(max_examples=50, deadline=None)
def test_windows_cover_every_token_and_every_span_is_whole_in_one(tokens: int, asked: int) -> None:
    words = [f"{i % 10}" for i in range(tokens)]
    found = list(load_model().windows(" ".join(["why"] * asked), " ".join(words)))
    stretches = [{start // 2 for start, _ in one.offsets} for one in found]
    assert set(range(tokens)) == set().union(*stretches)
    for start in range(0, tokens - DOC_STRIDE, 37):
        span = set(range(start, start + DOC_STRIDE))
        assert any(span <= stretch for stretch in stretches)
    assert all(len(one.ids) == one.first + len(one.offsets) + 1 <= 384 for one in found)


def test_a_window_is_question_and_stretch_between_marks() -> None:
    (one,) = load_model().windows("who", "He did.")
    assert one.ids == (101, 2040, 102, 2002, 2106, 1012, 102)
    assert one.first == 3
    assert one.offsets == ((0, 2), (3, 6), (6, 7))


def test_the_words_that_answer_are_found() -> None:
    (found,) = load_model().find("Who designed the bridge?", [TEXT])
    assert TEXT[found[0].start : found[0].end] == "Gustave Eiffel"


@pytest.mark.slow
@given(st.text(alphabet="ab .?!\n,", max_size=300))
@settings(max_examples=20, deadline=None)
def test_spans_of_one_text_are_apart_and_the_best_comes_first(text: str) -> None:
    (found,) = load_model().find("Who is ab?", [text * 8])
    assert len(found) <= SPANS
    assert [one.score_diff for one in found] == sorted(
        (one.score_diff for one in found), reverse=True
    )
    ordered = sorted(found, key=lambda one: one.start)
    assert all(one.end <= other.start for one, other in pairwise(ordered))


@pytest.mark.slow
def test_what_is_found_in_a_text_does_not_depend_on_the_other_texts() -> None:
    texts = [TEXT, "It rained.", TEXT * 30]
    alone = [load_model().find("Who designed it?", [text])[0] for text in texts]
    assert load_model().find("Who designed it?", texts) == alone


def test_a_text_without_tokens_has_nothing_to_find() -> None:
    assert load_model().find("who?", ["", "\u200b", "He."])[:2] == [[], []]


def test_weights_are_checked_when_loaded(tmp_path: Path) -> None:
    folder = shutil.copytree(WEIGHTS, tmp_path / "weights")
    with (folder / "reader.onnx").open("r+b") as file:
        file.seek(1000)
        file.write(b"altered")
    with pytest.raises(ModelError, match=r"reader\.onnx .* was altered: install qa-bot again"):
        ReaderModel.open(folder)
    (folder / "reader.onnx").unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        ReaderModel.open(folder)
    with pytest.raises(ModelError, match="cannot be read"):
        ReaderModel.open(tmp_path / "nowhere")


def test_a_card_without_its_parts_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(WEIGHTS, tmp_path / "weights")
    card = json.loads((folder / "reader.json").read_text())
    del card["calibration"]
    (folder / "reader.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="calibration"):
        ReaderModel.open(folder)


def test_the_weights_are_small() -> None:
    assert (WEIGHTS / "reader.onnx").stat().st_size <= 29_000_000

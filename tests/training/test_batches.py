"""Examples as arrays: tokens of answers, batches of so many tokens, masked tokens."""

import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.training_fakes import PARAGRAPHS, conversations, trained_items
from training.batches import (
    MULTIPLE,
    Draws,
    SpanBatch,
    TermBatch,
    cut,
    masked,
    pack_questions,
    pack_terms,
    token_spans,
)
from training.examples import Example
from training.followups import TermExample
from training.mixture import Mixture
from training.model import MAX_TOKENS, new_tokenizer

TOKENIZER = new_tokenizer()


@pytest.mark.slow
@given(PARAGRAPHS, st.data())
@settings(deadline=None)
def test_tokens_cover_an_answer(lines: list[str], data: st.DataObject) -> None:
    text = " ".join(lines)
    starts = [0, *(at + 1 for at, character in enumerate(text) if character == " ")]
    start = data.draw(st.sampled_from(starts))
    end = data.draw(st.sampled_from([text.find(" ", start), len(text)]).filter(lambda at: at > 0))
    encoding = TOKENIZER.encode("amber or birch?", text)
    (span,) = token_spans(encoding, [(start, end)])
    assert span is not None
    first, last = span
    assert text[encoding.offsets[first][0] : encoding.offsets[last][1]] == text[start:end]


def test_an_answer_that_was_cut_away_has_no_tokens() -> None:
    text = "amber " * MAX_TOKENS + "birch"
    encoding = TOKENIZER.encode("Which tree?", text)
    cut_away, begun, kept = (len(text) - 5, len(text)), (0, len(text)), (0, 5)
    spans = token_spans(encoding, [cut_away, begun, kept])
    assert spans[:2] == [None, None]
    assert spans[2] is not None and spans[2][0] == spans[2][1]
    assert token_spans(TOKENIZER.encode("Which tree?", ""), [(0, 1)]) == [None]


def test_questions_are_packed_with_their_texts_and_answers() -> None:
    long = "amber " * MAX_TOKENS + "birch"
    asked = [
        (Example("which?", "amber birch", ((6, 11), (0, 11))), Example("which?", "fir", ())),
        (Example("who?", long, ((len(long) - 5, len(long)),)),),
    ]
    batch = pack_questions(TOKENIZER, asked)
    assert batch.ids.shape == batch.types.shape == batch.mask.shape == batch.text.shape
    assert batch.ids.shape == (3, MAX_TOKENS) and MAX_TOKENS % MULTIPLE == 0
    assert batch.question.tolist() == [0, 0, 1]
    assert batch.answerable.tolist() == [True, False, True]
    assert batch.several.tolist() == [True, False]
    text = batch.text[0].nonzero()[:, 0].tolist()
    assert [TOKENIZER.id_to_token(token) for token in batch.ids[0, text]] == ["amber", "birch"]
    answers = torch.stack([batch.rows, batch.starts, batch.ends], dim=1).tolist()
    assert answers == [[0, text[1], text[1]], [0, *text]]  # that of row 2 was cut away
    assert not batch.maskable[0].any()
    assert torch.equal(batch.maskable[1:], batch.text[1:])


def test_a_word_that_was_cut_away_is_no_term() -> None:
    text = "amber " * MAX_TOKENS + "birch"
    example = TermExample("is it?", text, ((0, 5), (len(text) - 5, len(text))), (True, True))
    batch = pack_terms(TOKENIZER, [(example,)])
    assert (batch.rows.tolist(), batch.needed.tolist(), batch.needs_context.tolist()) == (
        [0],
        [1.0],
        [1.0],
    )


@pytest.mark.slow
@given(
    st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=3), max_size=30),
    st.integers(30, 999),
)
def test_batches_hold_every_question_once_and_few_tokens(
    lengths: list[list[int]], tokens: int
) -> None:
    asked = [
        tuple(Example(str(number), 43 * "x" * size, ()) for size in sizes)
        for number, sizes in enumerate(lengths)
    ]
    runs = cut(asked, tokens)
    assert (
        sorted((one for run in runs for one in run), key=lambda one: int(one[0].question)) == asked
    )
    for run in runs:
        longest = max(30 + (len(e.question) + len(e.text)) / 4.3 for one in run for e in one)
        assert len(run) == 1 or sum(map(len, run)) * longest <= tokens


def test_tokens_are_masked_but_for_answers_and_questions() -> None:
    text = "amber birch " * 60
    example = Example("which amber tree?", text, ((0, 5), (24, 35)))
    batch = pack_questions(TOKENIZER, [(example,)] * 8)
    torch.manual_seed(1)
    ids = masked(batch, 0.5)
    changed = ids != batch.ids
    assert set(ids[changed].tolist()) == {TOKENIZER.token_to_id("[MASK]")}
    assert not changed[~batch.text].any()
    for row, first, last in zip(batch.rows, batch.starts, batch.ends, strict=True):
        assert not changed[row, first : last + 1].any()
    share = changed.sum() / batch.text.sum()
    assert share.item() == pytest.approx(0.25, abs=0.1)  # up to a half, drawn for each text
    assert torch.equal(masked(batch, 0.0), batch.ids)


def test_a_draw_is_the_same_whenever_it_is_made() -> None:
    def draws() -> Draws:
        mixture = Mixture(*trained_items(), seed=1)
        return Draws(mixture, conversations(), TOKENIZER, tokens=600, part=300, questions=20)

    first = draws()
    third, again = pickle.loads(first[2]), pickle.loads(draws()[2])
    assert first[1] != first[2]
    assert len(third) == len(again) > 2
    kinds = {type(part) for step in third for part in step}
    assert kinds == {SpanBatch, TermBatch}
    assert max(len(step) for step in third) > 1  # parts
    for step, other in zip(third, again, strict=True):
        assert all(torch.equal(a.ids, b.ids) for a, b in zip(step, other, strict=True))
    assert sum(len(part) for step in third for part in step if isinstance(part, TermBatch)) == 6

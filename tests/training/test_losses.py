"""The losses of training, against values worked out by hand."""

import math

import pytest
import torch

from training.batches import SpanBatch, pack_questions, pack_terms
from training.examples import Example
from training.followups import TermExample
from training.losses import (
    margins,
    own_log_probs,
    shared_log_probs,
    span_losses,
    taught_term_loss,
    teacher_losses,
    term_loss,
)
from training.model import MAX_TOKENS, new_tokenizer

TOKENIZER = new_tokenizer()
RIGHT, NEAR = Example("who?", "amber birch", ((0, 5),)), Example("who?", "cedar", ())
OTHER, NOTHING = Example("who?", "delta", ()), Example("who?", "amber birch", ())
CUT_AWAY = Example("who?", "amber " * MAX_TOKENS + "birch", ((6 * MAX_TOKENS, 6 * MAX_TOKENS + 5),))


def pack(*questions: tuple[Example, ...]) -> SpanBatch:
    return pack_questions(TOKENIZER, questions)


def zeros(batch: SpanBatch) -> torch.Tensor:
    return torch.zeros(*batch.ids.shape, 3)


def first_token(batch: SpanBatch, row: int) -> int:
    """The first token of a text."""
    return int(batch.text[row].nonzero()[0, 0])


def test_the_loss_of_a_text_is_of_any_right_answer() -> None:
    batch = pack((Example("who?", "amber birch", ((0, 5), (6, 11))),))
    logits = zeros(batch)
    logits[0, first_token(batch, 0)] = math.log(2)
    # "No answer", amber and birch weigh 1, 2 and 1: amber (2/4)², birch (1/4)².
    assert span_losses(logits, batch)["own"].item() == pytest.approx(-math.log(1 / 4 + 1 / 16))
    nothing = pack((NOTHING,))
    assert span_losses(logits, nothing)["own"].item() == pytest.approx(-math.log(1 / 16))


def test_start_and_end_are_chosen_by_logits_of_their_own() -> None:
    batch = pack((Example("who?", "amber birch", ((0, 11),)),))
    logits = zeros(batch)
    amber = first_token(batch, 0)
    logits[0, amber, 0] = math.log(4)  # start: 4/6
    logits[0, amber + 1, 1] = math.log(8)  # end: 8/10
    logits[..., 2] = 50.0  # of terms, which are not asked for
    assert span_losses(logits, batch)["own"].item() == pytest.approx(-math.log(4 / 6 * 8 / 10))


def test_the_texts_of_a_question_share_one_no_answer() -> None:
    batch = pack((RIGHT, NEAR), (OTHER,))
    logits = zeros(batch)
    logits[0, first_token(batch, 0)] = math.log(2)
    logits[1] = 7.0  # another level of logits: only differences within a text count
    logits[1, first_token(batch, 1)] += math.log(3)
    # "No answer" weighs 1, amber and birch 2 and 1, cedar 3: amber (2/7)².
    assert span_losses(logits, batch)["shared"].item() == pytest.approx(-2 * math.log(2 / 7))
    # Nothing answers: "no answer" (1/7)².
    batch = pack((NOTHING, NEAR), (OTHER,))
    assert span_losses(logits, batch)["shared"].item() == pytest.approx(-2 * math.log(1 / 7))
    # By themselves: "no answer" (1/4)² twice, of cedar's and of delta's text (1/2)².
    alone = -2 * (math.log(1 / 4) + math.log(1 / 4) + math.log(1 / 2))
    assert span_losses(logits, batch)["own"].item() == pytest.approx(alone)


def test_questions_with_one_text_share_nothing() -> None:
    batch = pack((RIGHT,), (NEAR,), (OTHER,))
    assert span_losses(zeros(batch), batch)["shared"].item() == 0.0


def test_a_text_whose_answer_was_cut_away_teaches_nothing() -> None:
    batch = pack((CUT_AWAY, NEAR))
    logits = zeros(batch).requires_grad_()
    losses = span_losses(logits, batch)
    assert losses["shared"].item() == 0.0
    assert losses["own"].item() == pytest.approx(2 * math.log(2))  # cedar's text alone
    (losses["own"] + losses["shared"]).backward()
    assert logits.grad is not None
    assert logits.grad[0].abs().max() == 0.0
    assert logits.grad[1].abs().max() > 0.1


def test_log_probabilities_add_up_to_one() -> None:
    torch.manual_seed(1)
    batch = pack((RIGHT, NEAR), (OTHER,), (NOTHING, NEAR, OTHER))
    logits = 5 * torch.randn(*batch.ids.shape, 3)
    own = own_log_probs(logits, batch).exp().sum(1)
    assert torch.allclose(own, torch.ones_like(own))
    shared, none = (one.exp() for one in shared_log_probs(logits, batch))
    total = none.index_add(0, batch.question, shared.sum(1))
    assert torch.allclose(total, torch.ones_like(total))


def test_the_divergence_from_the_teacher_is_that_of_kullback_and_leibler() -> None:
    batch = pack((NEAR,))  # "no answer" or cedar
    logits, taught = zeros(batch), zeros(batch)
    taught[0, first_token(batch, 0), 0] = math.log(3)  # start: 1/4 and 3/4; end: 1/2 and 1/2
    losses = teacher_losses(logits, taught, batch)
    expected = 1 / 4 * math.log((1 / 4) / (1 / 2)) + 3 / 4 * math.log((3 / 4) / (1 / 2))
    assert losses["divergence"].item() == pytest.approx(expected)
    assert losses["shared_divergence"].item() == 0.0  # one text
    # The margin of the best start is 0 and log 3, that of the end 0 and 0; below 2 it is squared.
    assert losses["margin"].item() == pytest.approx(math.log(3) ** 2 / 2 / 2)
    same = teacher_losses(taught, taught, batch)
    assert [loss.item() for loss in same.values()] == [0.0, 0.0, 0.0]


def test_the_shared_divergence_is_over_all_texts_of_a_question() -> None:
    batch = pack((NEAR, OTHER))
    logits, taught = zeros(batch), zeros(batch)
    taught[1] = 4.0
    taught[1, first_token(batch, 1), 1] += math.log(2)
    # End: "no answer", cedar and delta have 1/4, 1/4 and 2/4 instead of 1/3 each.
    expected = 2 * 1 / 4 * math.log(3 / 4) + 2 / 4 * math.log(3 * 2 / 4)
    loss = teacher_losses(logits, taught, batch)["shared_divergence"]
    assert loss.item() == pytest.approx(expected, abs=1e-6)


def test_a_margin_that_is_far_off_counts_by_its_distance() -> None:
    batch = pack((NEAR,))
    logits, taught = zeros(batch), zeros(batch)
    taught[0, first_token(batch, 0), :2] = 10.0
    assert margins(taught, batch).amax(1).tolist() == [[10.0, 10.0]]
    # Smooth L1 with beta 2: the distance less half of beta, for start and end.
    assert teacher_losses(logits, taught, batch)["margin"].item() == pytest.approx(2 * (10 - 1))


def test_the_loss_of_terms_is_of_words_and_of_needing_them_alike() -> None:
    example = TermExample("is it old?", "amber and birch", ((0, 5), (10, 15)), (True, False))
    batch = pack_terms(TOKENIZER, [(example,)])
    logits = torch.zeros(*batch.ids.shape, 3)
    amber, birch = batch.places.tolist()
    assert birch == amber + 2
    logits[0, 0, 2] = math.log(3)  # needs the conversation: 3/4, and it does
    logits[0, amber, 2] = math.log(3)  # 3/4, and it is needed; birch: 1/2, and it is not
    expected = -math.log(3 / 4) - 2 * (math.log(3 / 4) + math.log(1 / 2)) / 2
    assert term_loss(logits, batch).item() == pytest.approx(expected)
    alone = TermExample("is it old?", "amber and birch", ((0, 5),), (False,))
    batch = pack_terms(TOKENIZER, [(alone,)])
    expected = -math.log(1 / 4) - 2 * math.log(1 / 4)
    assert term_loss(logits, batch).item() == pytest.approx(expected)


def test_the_words_of_a_long_conversation_weigh_no_more() -> None:
    short = TermExample("is it old?", "amber", ((0, 5),), (True,))
    long = TermExample(
        "is it old?", "amber " * 9, tuple((6 * n, 6 * n + 5) for n in range(9)), (True,) * 9
    )
    losses = []
    for example in (short, long):
        batch = pack_terms(TOKENIZER, [(example,)])
        losses.append(term_loss(torch.ones(*batch.ids.shape, 3), batch).item())
    assert losses[0] == pytest.approx(losses[1])


def test_the_teachers_terms_are_learned_by_cross_entropy() -> None:
    example = TermExample("is it old?", "amber and birch", ((0, 5), (10, 15)), (True, False))
    batch = pack_terms(TOKENIZER, [(example,), (example,)])
    logits, taught = (torch.zeros(*batch.ids.shape, 3) for _ in range(2))
    logits[..., 2] = math.log(3)  # 3/4
    taught[..., 2] = -math.log(4)  # 1/5
    expected = -2 * (1 / 5 * math.log(3 / 4) + 4 / 5 * math.log(1 / 4))
    assert taught_term_loss(logits, taught, batch).item() == pytest.approx(expected)

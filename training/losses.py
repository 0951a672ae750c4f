"""The losses: of the labels, and the distance of a student from its teacher.

All losses are sums over texts or questions, so that a batch can be read in parts. Start and end
of an answer are chosen independently: the probability of a span is a product, and those of
several right spans add up (marginal likelihood).
"""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, kl_div, smooth_l1_loss

from training.batches import SpanBatch, TermBatch
from training.model import NEVER

MARGIN_BETA = 2.0  # difference of two margins up to which the loss is quadratic


def span_losses(logits: Tensor, batch: SpanBatch) -> dict[str, Tensor]:
    """Return ``-log P(an answer)``, or ``-log P("no answer")`` if there is none.

    ``own`` is over each text by itself. ``shared`` is over all texts of a question, which have one
    "no answer" between them, so that margins can be compared between passages: the shared
    normalization of Clark and Gardner, "Simple and Effective Multi-Paragraph Reading
    Comprehension" (2018); questions with one text are left out. A text or a question whose answers
    were all cut away adds nothing.
    """
    own = own_log_probs(logits, batch)
    shared, none = shared_log_probs(logits, batch)
    rows, questions = batch.rows, batch.question[batch.rows]
    answerable = _sums(batch.answerable.float(), batch.question, len(none)) > 0
    alone = _label_loss(_of_answers(own, batch), rows, own[:, 0].sum(1), batch.answerable)
    together = _label_loss(_of_answers(shared, batch), questions, none.sum(1), answerable)
    return {"own": alone.sum(), "shared": together.masked_fill(~batch.several, 0.0).sum()}


def teacher_losses(logits: Tensor, taught: Tensor, batch: SpanBatch) -> dict[str, Tensor]:
    """Return the distance of logits from the teacher's, ``taught``.

    ``divergence`` is the Kullback-Leibler divergence from the teacher's start and end of each text
    by itself, ``shared_divergence`` that over all texts of a question, and ``margin`` the smooth
    L1 distance of the best margins.
    """
    own = _divergences(own_log_probs(logits, batch), own_log_probs(taught, batch)).sum()
    (shared, none), (shared_taught, none_taught) = (
        shared_log_probs(one, batch) for one in (logits, taught)
    )
    together = _sums(_divergences(shared, shared_taught).sum((1, 2)), batch.question, len(none))
    together = together + _divergences(none, none_taught).sum(1)
    best, best_taught = (margins(one, batch).amax(1) for one in (logits, taught))
    return {
        "divergence": own,
        "shared_divergence": together.masked_fill(~batch.several, 0.0).sum(),
        "margin": smooth_l1_loss(best, best_taught, reduction="sum", beta=MARGIN_BETA),
    }


def term_loss(logits: Tensor, batch: TermBatch) -> Tensor:
    """Return the cross-entropy of whether a question needs the conversation, and which words of it.

    The words of a conversation count by their mean, twice, so that a long one weighs no more.
    """
    values = logits[..., 2]
    needs = binary_cross_entropy_with_logits(values[:, 0], batch.needs_context, reduction="sum")
    words = values[batch.rows, batch.places]
    each = binary_cross_entropy_with_logits(words, batch.needed, reduction="none")
    totals = _sums(each, batch.rows, len(batch))
    counts = _sums(torch.ones_like(each), batch.rows, len(batch))
    return needs + 2 * (totals / counts.clamp(min=1)).sum()


def taught_term_loss(logits: Tensor, taught: Tensor, batch: TermBatch) -> Tensor:
    """Return the mean cross-entropy of the words with the teacher's, times the questions."""
    words, wanted = (one[..., 2][batch.rows, batch.places] for one in (logits, taught))
    total = binary_cross_entropy_with_logits(words, wanted.sigmoid(), reduction="sum")
    return total * len(batch) / max(len(words), 1)


def own_log_probs(logits: Tensor, batch: SpanBatch) -> Tensor:
    """Return the log-probabilities ``(n, tokens, 2)`` of start and end among a text's tokens.

    Those of "no answer" stand at position 0.
    """
    allowed = batch.text.clone()
    allowed[:, 0] = True
    return logits[..., :2].masked_fill(~allowed[..., None], NEVER).log_softmax(dim=1)


def shared_log_probs(logits: Tensor, batch: SpanBatch) -> tuple[Tensor, Tensor]:
    """Return the log-probabilities among the tokens of all texts of a question and "no answer".

    Those of the tokens are ``(n, tokens, 2)``, those of "no answer" ``(questions, 2)``. A token
    counts by its margin over the "no answer" of its own text.
    """
    scores = margins(logits, batch)
    count = len(batch.several)
    each = _grouped_logsumexp(scores.logsumexp(dim=1), batch.question, count)
    total = torch.logaddexp(each, torch.zeros_like(each))
    return scores - total[batch.question][:, None], -total


def margins(logits: Tensor, batch: SpanBatch) -> Tensor:
    """Return the logits of start and end over those of "no answer": ``(n, tokens, 2)``."""
    scores = logits[..., :2]
    return (scores - scores[:, :1]).masked_fill(~batch.text[..., None], NEVER)


def _of_answers(log_probs: Tensor, batch: SpanBatch) -> Tensor:
    """Return the log-probability of each answer of a batch."""
    return log_probs[batch.rows, batch.starts, 0] + log_probs[batch.rows, batch.ends, 1]


def _label_loss(answers: Tensor, groups: Tensor, none: Tensor, answerable: Tensor) -> Tensor:
    """Return the loss of each group from the log-probabilities of its answers and "no answer"."""
    found = _sums(torch.ones_like(answers), groups, len(none)) > 0
    any_answer = _grouped_logsumexp(answers[:, None], groups, len(none))[:, 0]
    losses = -torch.where(found, any_answer, none)
    return losses.masked_fill(answerable & ~found, 0.0)


def _divergences(log_probs: Tensor, taught: Tensor) -> Tensor:
    return kl_div(log_probs, taught, log_target=True, reduction="none")


def _grouped_logsumexp(values: Tensor, groups: Tensor, count: int) -> Tensor:
    """Return the logsumexp of the rows ``(n, k)`` of each group: ``(count, k)``.

    That of a group without rows is as low as can be.
    """
    lowest = values.new_full((count, values.shape[1]), torch.finfo(values.dtype).min)
    index = groups[:, None].expand_as(values)
    largest = lowest.scatter_reduce(0, index, values.detach(), "amax")
    total = _sums((values - largest[groups]).exp(), groups, count)
    return largest + total.clamp(min=torch.finfo(values.dtype).tiny).log()


def _sums(values: Tensor, groups: Tensor, count: int) -> Tensor:
    """Return the sum of the rows of each group."""
    return values.new_zeros((count, *values.shape[1:])).index_add(0, groups, values)

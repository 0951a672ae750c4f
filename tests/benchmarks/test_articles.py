"""The scores of whole articles, on answers made by hand."""

import pytest

from benchmarks.articles import lost_at, score
from benchmarks.data import Case
from qa_bot.datatypes import Answer, Document, Quote, Span
from qa_bot.models.span_model import Levels

TEXT = Document("Anna Berg is the harbour master. The ferry leaves at noon. It rains.")
ANNA, NOON = Span(TEXT, 0, 9), Span(TEXT, 53, 57)


def quote(start: int, end: int, highlight: Span, likely: float) -> Quote:
    return Quote(TEXT, start, end, highlight, likely)


def answer(*quotes: Quote) -> Answer:
    return Answer("?", "?", quotes, max((quote.score for quote in quotes), default=0.0))


FERRY, MASTER = quote(33, 58, NOON, 0.8), quote(0, 32, Span(TEXT, 0, 4), 0.7)
ASKED = [
    (Case("Who is the master?", (ANNA,)), answer(MASTER)),
    (Case("Who?", (ANNA,)), answer(FERRY, MASTER)),
    (Case("When?", (NOON,)), answer(quote(33, 58, NOON, 0.2))),
    (Case("Why?", ()), answer(quote(59, 68, Span(TEXT, 59, 68), 0.3))),
    (Case("How?", ()), answer(FERRY)),
]


def test_the_scores_at_a_threshold() -> None:
    found = score(ASKED, Levels(0.5, 0.1))
    assert (found.answerable, found.in_first, found.in_any) == (3, 1, 2)
    assert (found.best_first, found.wrongly_refused) == (2, 1)
    assert (found.unanswerable, found.rightly_refused) == (2, 1)
    assert found.highlight_f1 == pytest.approx((2 / 3 + 0 + 0) / 3)


def test_the_area_under_the_curve_counts_pairs() -> None:
    # 0.7, 0.8, 0.2 against 0.3, 0.8: of six pairs two are won and one is a tie.
    assert score(ASKED, Levels(0.4, 0.1)).auroc == pytest.approx(2.5 / 6)


def test_what_is_lost_when_a_share_of_the_others_is_refused() -> None:
    assert lost_at(ASKED, 0.5) == pytest.approx(1 / 3)
    assert lost_at(ASKED, 1.0) == 1.0

"""What was read for a question is kept: that, and no more."""

from collections.abc import Sequence
from typing import cast

from qa_bot.models.remembered import RememberedSpans
from qa_bot.models.span_model import ReaderModel, SpanPrediction

Stretches = Sequence[tuple[int, int]]


class CountingModel:
    """Finds the whole of each text, and notes what it has read."""

    card = None

    def __init__(self) -> None:
        self.read: list[tuple[str, str]] = []

    def find(
        self, query: str, texts: Sequence[str], stretches: Sequence[Stretches]
    ) -> list[list[SpanPrediction]]:
        self.read += [(query, text) for text in texts]
        return [[SpanPrediction(start, end, 1.0) for start, end in parts] for parts in stretches]


def remembering(size: int) -> tuple[CountingModel, RememberedSpans]:
    model = CountingModel()
    return model, RememberedSpans(cast(ReaderModel, model), size)


def find(spans: RememberedSpans, query: str, *texts: str) -> list[list[SpanPrediction]]:
    return spans.find(query, texts, [[(0, len(text))] for text in texts])


def whole(text: str) -> list[SpanPrediction]:
    return [SpanPrediction(0, len(text), 1.0)]


def test_a_text_is_read_once_for_a_question() -> None:
    model, spans = remembering(10)
    assert find(spans, "Who?", "Anna", "Bo") == [whole("Anna"), whole("Bo")]
    assert find(spans, "Who?", "Bo", "Carlo", "Anna") == [
        whole(it) for it in ("Bo", "Carlo", "Anna")
    ]
    assert find(spans, "When?", "Bo") == [whole("Bo")]
    assert model.read == [("Who?", "Anna"), ("Who?", "Bo"), ("Who?", "Carlo"), ("When?", "Bo")]


def test_other_parts_of_a_text_are_read_again() -> None:
    model, spans = remembering(10)
    assert spans.find("Who?", ["Anna"], [[(0, 4)]]) == [whole("Anna")]
    assert spans.find("Who?", ["Anna"], [[(0, 2)]]) == [[SpanPrediction(0, 2, 1.0)]]
    assert model.read == [("Who?", "Anna")] * 2


def test_what_was_read_first_goes_first() -> None:
    model, spans = remembering(2)
    for text in ("Anna", "Bo", "Carlo", "Bo", "Anna"):
        assert find(spans, "Who?", text) == [whole(text)]
    assert [text for _, text in model.read] == ["Anna", "Bo", "Carlo", "Anna"]


def test_more_texts_at_once_than_are_kept() -> None:
    model, spans = remembering(1)
    assert find(spans, "Who?", "Anna", "Bo") == [whole("Anna"), whole("Bo")]
    assert find(spans, "Who?", "Bo", "Anna") == [whole("Bo"), whole("Anna")]
    assert [text for _, text in model.read] == ["Anna", "Bo", "Anna"]


def test_nothing_is_kept_without_room() -> None:
    model, spans = remembering(0)
    assert find(spans, "Who?", "Anna") == find(spans, "Who?", "Anna") == [whole("Anna")]
    assert model.read == [("Who?", "Anna")] * 2

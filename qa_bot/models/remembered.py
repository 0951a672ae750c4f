"""Spans that were read lately: a question that is asked again costs no reading."""

import hashlib
import threading
from collections.abc import Sequence

from qa_bot.models.span_model import Card, ReaderModel, SpanPrediction

Stretches = Sequence[tuple[int, int]]


class RememberedSpans:
    """Finds spans as a ReaderModel does, and keeps those of the last readings in memory.

    A suggested question was answered when it was chosen, and the rewrites of two questions are
    often the same. ``size`` is the number of texts whose spans are kept; those read first are
    dropped first. Of a question and a text only a hash is kept, with at most SPANS spans: 2,000
    texts take about 2 MiB. Threads may share it.
    """

    def __init__(self, model: ReaderModel, size: int) -> None:
        self.card: Card = model.card
        self._model, self._size = model, size
        self._kept: dict[bytes, list[SpanPrediction]] = {}
        self._lock = threading.Lock()

    def find(
        self, query: str, texts: Sequence[str], stretches: Sequence[Stretches]
    ) -> list[list[SpanPrediction]]:
        """Return the likeliest spans of each text, as ``ReaderModel.find`` does."""
        keys = [_key(query, text, parts) for text, parts in zip(texts, stretches, strict=True)]
        found = self._recall(keys)
        new = [i for i, key in enumerate(keys) if key not in found]
        if new:
            read = self._model.find(query, [texts[i] for i in new], [stretches[i] for i in new])
            found |= zip((keys[i] for i in new), read, strict=True)
            self._keep(found)
        return [found[key] for key in keys]

    def _recall(self, keys: Sequence[bytes]) -> dict[bytes, list[SpanPrediction]]:
        with self._lock:
            return {key: self._kept[key] for key in keys if key in self._kept}

    def _keep(self, found: dict[bytes, list[SpanPrediction]]) -> None:
        with self._lock:
            self._kept.update(found)
            while len(self._kept) > self._size:
                del self._kept[next(iter(self._kept))]


def _key(query: str, text: str, stretches: Stretches) -> bytes:
    return hashlib.sha256(repr((query, text, list(stretches))).encode()).digest()

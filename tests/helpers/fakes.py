"""Small readable fakes of the models, and a Bot that uses them."""

import hashlib
from collections.abc import Collection, Sequence

import numpy as np

from qa_bot.answering.history import Turn
from qa_bot.answering.rewriter import Rewrite
from qa_bot.bot import Bot
from qa_bot.config import Config
from qa_bot.datatypes import Answer, Document, Hit, Link, Quote, Understood
from qa_bot.models.span_model import Levels
from qa_bot.store.index import Index

MILL = Document("The mill was built by Zebulon Quick.", "The mill")


class WordTokenizer:
    """Counts each word as one token."""

    def __call__(self, text: str, **options: object) -> dict[str, list[int]]:
        return {"input_ids": [0] * len(text.split())}

    def num_special_tokens_to_add(self) -> int:
        return 2


class WordEmbedder:
    """Embeds a text as a bag of words; each word has its own direction."""

    max_seq_length: int | None = 256
    tokenizer = WordTokenizer()
    fingerprint = "words"

    def encode_query(self, inputs: Sequence[str]) -> np.ndarray:
        return np.stack([self._embed(text) for text in inputs])

    encode_document = encode_query

    def _embed(self, text: str) -> np.ndarray:
        vector = np.zeros(64, dtype=np.float32)
        for word in text.lower().split():
            vector[int(hashlib.md5(word.encode()).hexdigest(), 16) % 64] += 1
        return vector


class WordReader:
    """Quotes whole passages; the score is the share of the query's words in them."""

    levels = Levels(0.4, 0.3)

    def read(self, query: str, hits: Sequence[Hit]) -> list[Quote]:
        quotes = [self._quote(set(query.lower().split()), hit) for hit in hits]
        return sorted(quotes, key=lambda quote: -quote.score)

    def _quote(self, asked: set[str], hit: Hit) -> Quote:
        span = hit.passage
        share = len(asked & set(span.text.lower().split())) / len(asked)
        return Quote(span.document, span.start, span.end, span, share)


class WordRewriter:
    """Adds the words of the last question to a question."""

    def rewrite(
        self, question: str, history: Sequence[Turn], without: Collection[Understood] = ()
    ) -> tuple[Rewrite, ...]:
        if not history:
            return (Rewrite(question),)
        last = history[-1]
        asked = last.query if isinstance(last, Answer) else last[0]
        follows = Understood(Link.FOLLOWS, "", asked)
        if follows in without:
            return (Rewrite(question),)
        return Rewrite(f"{question} {asked}", (follows,)), Rewrite(question)


class FixedRewriter:
    """Returns the same queries for every question."""

    def __init__(self, *queries: str) -> None:
        self.rewrites = tuple(map(Rewrite, queries))

    def rewrite(
        self, question: str, history: Sequence[Turn], without: Collection[Understood] = ()
    ) -> tuple[Rewrite, ...]:
        return self.rewrites


def word_bot(*documents: Document, embedder: WordEmbedder | None = None) -> Bot:
    """Make a Bot that needs no weights."""
    embedder = WordEmbedder() if embedder is None else embedder
    index = Index(Config().build_settings(), embedder.fingerprint, 64)
    index.add(documents, embedder)
    return Bot(index, embedder, WordReader(), WordRewriter())


def long_text(passages: int) -> str:
    """Return a text that is split into this many passages."""
    return "\n\n".join(f"Part {n} " + "is long. " * 60 for n in range(passages))

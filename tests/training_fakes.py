"""Small texts, items and a small model for the tests of training."""

from collections.abc import Sequence

import torch
from hypothesis import strategies as st
from transformers import BertConfig, BertModel

from training.examples import Example, Item, Row
from training.followups import Conversations, Followup
from training.mixture import Mixture
from training.model import SpanModel

# Few words, so that an answer turns up again in other paragraphs, as it does in articles.
WORDS = "amber birch cedar delta ember flint grove heron iris jade".split()
SENTENCES = st.lists(st.sampled_from(WORDS), min_size=6, max_size=12).map(
    lambda words: " ".join(words).capitalize() + "."
)
PARAGRAPHS = st.lists(SENTENCES, min_size=1, max_size=9)


class Stopped(Exception):
    """Stands for a kill."""


class StoppingMixture(Mixture):
    """A mixture that is killed when a draw is asked for after the given number of draws."""

    def __init__(self, windows: Sequence[str], items: Sequence[Item], draws: int) -> None:
        super().__init__(windows, items, seed=1)
        self.draws = draws

    def draw(self, progress: float, count: int) -> list[tuple[Example, ...]]:
        if self.draws == 0:
            raise Stopped
        self.draws -= 1
        return super().draw(progress, count)


def tiny_model() -> SpanModel:
    """A BERT of random weights, the same at every call, large enough to give varied logits."""
    torch.manual_seed(1)
    config = BertConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        initializer_range=0.2,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    bert = BertModel(config, add_pooling_layer=False)
    bert.set_attn_implementation("eager")  # as in training
    return SpanModel(bert).eval()


def trained_items() -> tuple[list[str], list[Item]]:
    windows = [f"{word.capitalize()} met {other} here." for word in WORDS for other in WORDS]
    items = [
        Item("squad" if at % 3 else "nq-qed", f"Who met {at}?", at, ((0, 4),), (at - 1,), "")
        for at in range(1, len(windows))
    ]
    return windows, items


def conversations() -> Conversations:
    """Follow-ups of one kind: "it" is the tree that was asked about."""
    asked = [
        Followup(f"canard:{at}:1", source, (f"Where is the {tree}?", "By the river."), "Is it old?",
                 f"Is the {tree} old?")
        for at, tree in enumerate(WORDS)
        for source in ("canard", "gecor")
    ]  # fmt: skip
    rows = [
        Row(
            str(at),
            "squad",
            "trees",
            f"The {tree} is old.",
            f"How old is a {tree} tree?",
            ((4, 9),),
        )
        for at, tree in enumerate(WORDS)
    ]
    return Conversations(asked, rows, seed=1)

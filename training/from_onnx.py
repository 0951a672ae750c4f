"""Read a BERT's weights from an ONNX file: ``python -m training.from_onnx --onnx FILE``.

For encoders that are published as ONNX alone, with the words of the reader. Writes config.json,
model.safetensors and tokenizer.json into a folder for ``training.train --weights``.
"""

import argparse
import shutil
from pathlib import Path

import onnx
import torch
from onnx import ModelProto, numpy_helper
from torch import Tensor

from qa_bot.errors import ModelError
from qa_bot.models.span_model import TOKENIZER, WEIGHTS
from training.model import blank_model


def main() -> None:
    """Read the arguments, and write the weights."""
    parser = argparse.ArgumentParser(prog="python -m training.from_onnx", description=__doc__)
    parser.add_argument("--onnx", type=Path, required=True, help="file; its .data lies beside it")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    args = parser.parse_args()
    layers = write(onnx.load(args.onnx), args.out)
    print(f"{args.out}: {layers} layers")


def write(model: ModelProto, folder: Path) -> int:
    """Write the weights of a model and return the number of its layers.

    Raises ModelError when it lacks some of a BERT's weights.
    """
    weights = read(model)
    try:
        bert = blank_model({f"bert.{name}": weight for name, weight in weights.items()}).bert
        bert.load_state_dict({name: weights[name] for name in bert.state_dict()})
    except KeyError as error:
        raise ModelError(f"this is not the ONNX file of a BERT: it lacks {error}") from error
    bert.save_pretrained(folder)
    shutil.copy(WEIGHTS / TOKENIZER, folder)
    return int(bert.config.num_hidden_layers)


def read(model: ModelProto) -> dict[str, Tensor]:
    """Return the weights by their names in torch.

    An exporter keeps the names of biases and tables, and transposes matrices, which it leaves
    without a name: a matrix belongs to the bias that is added to its product.
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

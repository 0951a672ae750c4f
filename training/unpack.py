"""Make a checkpoint of an exported reader: ``python -m training.unpack --out runs/shipped``.

So that training goes on from the weights that ship, which are all that is kept of a run. They are
as they were rounded; exported again, they are rounded to the same.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import ModelProto, numpy_helper
from torch import Tensor

from qa_bot.reader_model import MODEL, WEIGHTS
from training.export import WORD_BLOCK, WORDS
from training.model import blank_model
from training.sixbits import PACKED, QUANTIZED
from training.sixbits import unpack as from_six_bits

Numbers = npt.NDArray[np.float32]

_INT4 = "_Q4"  # end of a table's name


def main() -> None:
    """Read the arguments, and write the checkpoint."""
    parser = argparse.ArgumentParser(prog="python -m training.unpack", description=__doc__)
    parser.add_argument(
        "--model", type=Path, default=WEIGHTS, help="folder of the reader; default: what ships"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    args = parser.parse_args()
    weights = unpack(onnx.load(args.model / MODEL))
    model = blank_model(weights)
    model.load_state_dict(weights)
    args.out.mkdir(parents=True, exist_ok=True)
    torch.save({"model": model.state_dict()}, args.out / "checkpoint.pt")
    print(f"{args.out / 'checkpoint.pt'}: {model.bert.config.num_hidden_layers} layers")


def unpack(exported: ModelProto) -> dict[str, Tensor]:
    """Return the weights that ``training.export`` made a graph of, its integers as floats again."""
    arrays = {one.name: numpy_helper.to_array(one) for one in exported.graph.initializer}
    for name in [name for name in arrays if name.endswith(PACKED)]:
        arrays[name.removesuffix(PACKED) + QUANTIZED] = from_six_bits(arrays.pop(name))
    weights = {name: array for name, array in arrays.items() if name.endswith((".weight", ".bias"))}
    for name in arrays:
        if name.endswith(QUANTIZED):
            table = name.removesuffix(QUANTIZED)
            weights[_matrix(exported, name) or table] = _floats(arrays, table)
    words = next(name for name in arrays if name.endswith(WORDS + _INT4))
    weights[words.removesuffix(_INT4)] = _blocks(arrays, words.removesuffix(_INT4))
    return {
        name.removeprefix("model.").replace(".linear.", "."): torch.tensor(array)
        for name, array in weights.items()
    }


def _floats(arrays: Mapping[str, Numbers], table: str) -> Numbers:
    """Return a table of eight bits as floats; it has a scale for each column, or one for all."""
    zero = arrays[f"{table}_zero_point"].astype(np.float32)
    steps = arrays[table + QUANTIZED].astype(np.float32) - zero
    found: Numbers = steps * arrays[f"{table}_scale"]
    return found if zero.ndim == 0 else found.T


def _blocks(arrays: Mapping[str, Numbers], table: str) -> Numbers:
    """Return a table of four bits as floats; it has a scale for each WORD_BLOCK of a row."""
    steps = arrays[table + _INT4].astype(np.float32)
    return steps * arrays[f"{table}_scales"].repeat(WORD_BLOCK, axis=1)[:, : steps.shape[1]]


def _matrix(exported: ModelProto, name: str) -> str | None:
    """Return what a nameless matrix is the weight of: its bias is added to its product."""
    users = {input: node for node in exported.graph.node for input in node.input}
    node = users[name]
    if node.op_type != "MatMulInteger":
        return None
    while node.op_type != "Add":
        node = users[node.output[0]]
    bias = next(name for name in node.input if name.endswith(".bias"))
    return f"{bias.removesuffix('bias')}weight"


if __name__ == "__main__":
    main()

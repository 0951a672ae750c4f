"""Matrices in six bits, four numbers in three bytes, that are bytes again once a model is loaded.

ONNX has numbers of four and of eight bits. An exported model keeps a packed matrix and a function
of shifts and masks, which onnxruntime works out when it loads the model, as it does with all that
is constant; then the matrix is multiplied as any other in eight bits.
"""

import numpy as np
import numpy.typing as npt
from onnx import FunctionProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

Packed = npt.NDArray[np.uint8]
Matrix = npt.NDArray[np.int8]

QUANTIZED, PACKED = "_quantized", "_packed"  # ends of names: a table in integers, and packed
STEPS, STEPS_BEFORE = 31, 127  # to either side of 0, in six bits and in eight
ZERO = 32  # what 0 is packed as
DOMAIN, FUNCTION = "qa_bot", "Unpack"


def pack(matrix: Matrix) -> Packed:
    """Return numbers from -STEPS to STEPS ``(4 n, columns)`` as bytes ``(3 n, columns)``."""
    a, b, c, d = np.split((matrix.astype(np.int16) + ZERO).astype(np.uint8), 4)
    return np.concatenate([a | b << 6, b >> 2 | c << 4, c >> 4 | d << 2])


def unpack(packed: Packed) -> Matrix:
    """Return the numbers that ``pack`` made bytes of."""
    x, y, z = np.split(packed, 3)
    parts = [x & 63, (x >> 6 | y << 2) & 63, (y >> 4 | z << 4) & 63, z >> 2]
    return (np.concatenate(parts).astype(np.int16) - ZERO).astype(np.int8)


def to_six_bits(model: ModelProto, size: int) -> None:
    """Round and pack each matrix of a model in int8 that has ``size`` rows or columns.

    A matrix has a scale for each column, of which one number at least is STEPS_BEFORE from 0.
    """
    graph = model.graph
    tables = {one.name: one for one in graph.initializer}
    unpacking = []
    for name, table in tables.items():
        if not name.endswith(QUANTIZED) or size not in table.dims:
            continue
        base = name.removesuffix(QUANTIZED)
        scale = tables[f"{base}_scale"]
        rounded = np.rint(numpy_helper.to_array(table) * (STEPS / STEPS_BEFORE)).astype(np.int8)
        larger = numpy_helper.to_array(scale) * np.float32(STEPS_BEFORE / STEPS)
        graph.initializer.remove(table)
        graph.initializer.append(numpy_helper.from_array(pack(rounded), base + PACKED))
        scale.CopyFrom(numpy_helper.from_array(larger, scale.name))
        unpacking.append(helper.make_node(FUNCTION, [base + PACKED], [name], domain=DOMAIN))
    nodes = [*unpacking, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    model.functions.append(_function(model))
    model.opset_import.append(helper.make_opsetid(DOMAIN, 1))


def _function(model: ModelProto) -> FunctionProto:
    """Return ``unpack`` in ONNX."""

    def constant(name: str, value: int, kind: int = TensorProto.UINT8) -> NodeProto:
        tensor = helper.make_tensor(name, kind, [], [value])
        return helper.make_node("Constant", [], [name], value=tensor)

    def shift(byte: str, by: str, way: str, name: str) -> NodeProto:
        return helper.make_node("BitShift", [byte, by], [name], direction=way)

    node = helper.make_node
    nodes = [
        *(constant(name, value) for name, value in (("2", 2), ("4", 4), ("6", 6), ("63", 63))),
        constant("zero", ZERO, TensorProto.INT32),
        node("Split", ["packed"], ["x", "y", "z"], axis=0, num_outputs=3),
        node("BitwiseAnd", ["x", "63"], ["a"]),
        shift("x", "6", "RIGHT", "x >> 6"),
        shift("y", "2", "LEFT", "y << 2"),
        node("BitwiseOr", ["x >> 6", "y << 2"], ["b and more"]),
        node("BitwiseAnd", ["b and more", "63"], ["b"]),
        shift("y", "4", "RIGHT", "y >> 4"),
        shift("z", "4", "LEFT", "z << 4"),
        node("BitwiseOr", ["y >> 4", "z << 4"], ["c and more"]),
        node("BitwiseAnd", ["c and more", "63"], ["c"]),
        shift("z", "2", "RIGHT", "d"),
        node("Concat", ["a", "b", "c", "d"], ["bytes"], axis=0),
        node("Cast", ["bytes"], ["wide"], to=TensorProto.INT32),
        node("Sub", ["wide", "zero"], ["numbers"]),
        node("Cast", ["numbers"], ["matrix"], to=TensorProto.INT8),
    ]
    opset = helper.make_opsetid("", model.opset_import[0].version)
    return helper.make_function(DOMAIN, FUNCTION, ["packed"], ["matrix"], nodes, [opset])

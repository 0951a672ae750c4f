"""Matrices in six bits: what is packed comes back, in NumPy and in ONNX."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip("onnx", reason="run: python -m pip install -e .[training]")

from onnx import TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession

from training.sixbits import STEPS, Matrix, pack, to_six_bits, unpack

MATRICES = st.tuples(st.integers(1, 5), st.integers(1, 6)).flatmap(
    lambda size: arrays(np.int8, (4 * size[0], size[1]), elements=st.integers(-STEPS, STEPS))
)


def test_four_numbers_are_three_bytes() -> None:
    # 63, 1, 32 and 33, that is 111111, 000001, 100000 and 100001, lowest bits first.
    packed = pack(np.array([[31], [-31], [0], [1]], dtype=np.int8))
    assert packed.tolist() == [[0b01_111111], [0b0000_0000], [0b100001_10]]


@given(MATRICES)
def test_what_is_packed_comes_back(matrix: Matrix) -> None:
    packed = pack(matrix)
    assert (packed.dtype, packed.size) == (np.uint8, matrix.size * 3 / 4)
    assert np.array_equal(unpack(packed), matrix)


def test_a_packed_matrix_multiplies_as_the_rounded_one() -> None:
    numbers = np.random.default_rng(0).integers(-126, 127, (8, 5)).astype(np.int8)
    numbers[0] = 127  # the largest of a column
    scales = np.linspace(0.01, 0.05, 5, dtype=np.float32)
    tables = {
        "m_quantized": numbers,
        "m_scale": scales,
        "m_zero_point": np.zeros(5, dtype=np.int8),
        "zero": np.array(0, dtype=np.uint8),
    }
    graph = helper.make_graph(
        [
            helper.make_node("MatMulInteger", ["x", "m_quantized", "zero", "m_zero_point"], ["i"]),
            helper.make_node("Cast", ["i"], ["f"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["f", "m_scale"], ["y"]),
        ],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, [None, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 5])],
        [numpy_helper.from_array(array, name) for name, array in tables.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    to_six_bits(model, 5)
    session = InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = session.run(["y"], {"x": np.eye(8, dtype=np.uint8)})[0]
    step = scales * 127 / STEPS
    assert found == pytest.approx(np.rint(numbers * scales / step) * step, abs=1e-6)
    assert np.abs(found - numbers * scales).max(axis=0) == pytest.approx(step / 2, rel=0.2)

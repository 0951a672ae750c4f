"""Time the reader on different engines, which read the same passages by turns.

``python -m benchmarks.engines --fp32 FILE`` reads the passages retrieved for golden questions with
the shipped int8 weights in onnxruntime: as the package does, padded and together, on one thread,
and with threads that sleep while they wait. FILE is the same network in fp32
(``training.export --fp32 FILE``): with it, onnxruntime and, when it is installed, OpenVINO read
them too, OpenVINO also with bf16 and, when NNCF is installed, in int8.
"""

import argparse
import importlib.util
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.golden import QUESTIONS, load_questions
from qa_bot.answering.retriever import retrieve
from qa_bot.bot import Bot, default_bot
from qa_bot.models.span_model import (
    MODEL,
    OUTPUTS,
    WEIGHTS,
    Inputs,
    Logits,
    Network,
    ReaderModel,
    inputs,
)

EXACT = "onnxruntime fp32"
Batches = Sequence[Inputs]  # the passages of each question


def main() -> None:
    """Read the arguments, time every engine, print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description=__doc__)
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--sample", type=int, default=8, help="questions to read for")
    parser.add_argument("--rounds", type=int, default=3, help="times each question is read for")
    parser.add_argument("--fp32", type=Path, help="the network in fp32, as ONNX")
    options = parser.parse_args()
    asked = [row.question for row in load_questions(options.questions)][: options.sample]
    batches = passages_of(default_bot(), asked)
    networks = dict(engines(options.fp32, batches))
    seconds = time_in_turn(list(networks.values()), batches, options.rounds)
    passages = np.array([len(batch["input_ids"]) for batch in batches])
    reference = np.median(seconds[0] / passages)
    exact = networks.get(EXACT)
    for (name, network), row in zip(networks.items(), seconds, strict=True):
        per_passage = np.median(row / passages)
        error = "" if exact is None else f"; logits {logit_error(network, exact, batches):.3f} off"
        print(
            f"{name:42} {1000 * per_passage:6.1f} ms a passage, "
            f"{per_passage / reference:5.2f} of the first{error}"
        )


def passages_of(bot: Bot, questions: Sequence[str]) -> Batches:
    """Return the inputs of the passages retrieved for each question, together."""
    model = ReaderModel.open(WEIGHTS)
    batches = []
    for question in questions:
        hits = retrieve([bot.index], bot.embedder, question, bot.config)
        windows = [next(model.windows(question, hit.passage.text)) for hit in hits]
        batches.append(inputs(windows))
    return batches


def engines(fp32: Path | None, batches: Batches) -> Iterator[tuple[str, Network]]:
    """Yield the name and the network of each engine that is installed."""
    shipped = WEIGHTS / MODEL
    yield "onnxruntime int8, as shipped", one_by_one(onnxruntime_network(shipped))
    yield "the same, padded and together", onnxruntime_network(shipped)
    yield "the same, one thread", one_by_one(onnxruntime_network(shipped, threads=1))
    yield "the same, spinning", one_by_one(onnxruntime_network(shipped, spin=True))
    if fp32 is None:
        return
    yield EXACT, one_by_one(onnxruntime_network(fp32))
    if importlib.util.find_spec("openvino") is None:
        return
    yield "OpenVINO fp32", one_by_one(openvino_network(fp32, "f32"))
    yield "OpenVINO bf16", one_by_one(openvino_network(fp32, "bf16"))
    if importlib.util.find_spec("nncf") is not None:
        yield "OpenVINO int8 (NNCF, calibrated on these)", one_by_one(openvino_int8(fp32, batches))


def onnxruntime_network(file: Path, threads: int = 0, spin: bool = False) -> Network:
    """Return a network run by onnxruntime; 0 threads means one per core."""
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    options.enable_cpu_mem_arena = False  # as in the package
    options.add_session_config_entry("session.intra_op.allow_spinning", "1" if spin else "0")
    session = InferenceSession(file, options, providers=["CPUExecutionProvider"])

    def run(arrays: Inputs) -> Sequence[Logits]:
        logits: Sequence[Logits] = session.run(list(OUTPUTS), arrays)
        return logits

    return run


def one_by_one(network: Network) -> Network:
    """Return a network that reads the rows one by one, without padding."""

    def run(arrays: Inputs) -> Sequence[Logits]:
        shape = arrays["input_ids"].shape
        logits = [np.zeros(shape, dtype=np.float32) for _ in OUTPUTS]
        for row, length in enumerate(arrays["attention_mask"].sum(axis=1)):
            single = {name: array[row : row + 1, :length] for name, array in arrays.items()}
            for whole, part in zip(logits, network(single), strict=True):
                whole[row, :length] = part[0]
        return logits

    return run


def openvino_network(file: Path, precision: str) -> Network:
    """Return a network run by OpenVINO at this inference precision."""
    return _compiled(_openvino_model(file), precision)


def openvino_int8(file: Path, batches: Batches) -> Network:
    """Return a network quantized to int8 by NNCF, calibrated on some batches."""
    import nncf

    model = nncf.quantize(
        _openvino_model(file), nncf.Dataset(batches), model_type=nncf.ModelType.TRANSFORMER
    )
    return _compiled(model, "f32")


def _openvino_model(file: Path):  # type: ignore[no-untyped-def]  # OpenVINO is optional here
    import openvino

    return openvino.Core().read_model(file)


def _compiled(model, precision: str) -> Network:  # type: ignore[no-untyped-def]
    import openvino

    hints = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
    compiled = openvino.Core().compile_model(model, "CPU", hints)
    outputs = [compiled.output(name) for name in OUTPUTS]

    def run(arrays: Inputs) -> Sequence[Logits]:
        results = compiled(arrays)
        return [results[output] for output in outputs]

    return run


def time_in_turn(networks: Sequence[Network], batches: Batches, rounds: int) -> np.ndarray:
    """Return the best seconds of each network on each batch, ``(networks, batches)``."""
    for network in networks:
        network(batches[0])
    best = np.full((len(networks), len(batches)), np.inf)
    for _ in range(rounds):
        for nth, batch in enumerate(batches):
            for row, network in enumerate(networks):
                best[row, nth] = min(best[row, nth], _seconds(network, batch))
    return best


def _seconds(network: Network, batch: Inputs) -> float:
    started = time.perf_counter()
    network(batch)
    return time.perf_counter() - started


def logit_error(network: Network, exact: Network, batches: Batches) -> float:
    """Return the root mean square difference of two networks' logits, without padding."""
    differences = []
    for batch in batches:
        read = batch["attention_mask"] == 1
        pairs = zip(network(batch), exact(batch), strict=True)
        differences += [(a - b)[read] for a, b in pairs]
    return float(np.sqrt(np.mean(np.square(np.concatenate(differences)))))


if __name__ == "__main__":
    os.environ.setdefault("OPENVINO_TELEMETRY", "0")
    main()

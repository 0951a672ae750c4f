"""Export a checkpoint as the weights of the package: ``python -m training.export --out FOLDER``.

Writes reader.onnx, the model in int8; tokenizer.json, which neither cuts nor pads; and
reader.json, the SHA-256 of both and how many tokens the model reads at once; what calibrate and
thresholds had written into it is gone, so run them next. With --data it then compares the
checkpoint and the export: their answers to the same questions, and their speed.
"""

import argparse
import copy
import hashlib
import json
import logging
import random
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import ModelProto
from onnx_ir.passes.common import ClearMetadataAndDocStringPass
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from torch import Tensor, nn

from qa_bot.models.span_model import (
    CARD,
    MODEL,
    OUTPUTS,
    TOKENIZER,
    Network,
    ReaderModel,
    Window,
    inputs,
    onnx_network,
)
from training.examples import Row, read_rows
from training.model import (
    MAX_TOKENS,
    SpanModel,
    load_model,
    new_tokenizer,
    reader_of,
    uncalibrated,
)
from training.predict import predict, report, torch_network

WORDS, POSITIONS = "word_embeddings.weight", "position_embeddings.weight"
WORD_BLOCK = 128  # numbers of a word embedding that share a scale
OPSET = 21  # the first opset with 4-bit numbers
TIMED = 64  # pairs, in batches of BATCH
BATCH = 16
ROUNDS = 3


def main() -> None:
    """Read the arguments, export, and compare if there are questions to compare on."""
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=Path("runs/reader/checkpoint.pt"))
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--fp32", type=Path, help="file to write, too: the network in fp32")
    parser.add_argument("--data", type=Path, help="folder with dev.jsonl.gz: compare on it")
    parser.add_argument("--sample", type=int, default=300, help="questions to compare on")
    parser.add_argument("--threads", type=int, default=2, help="threads of either when compared")
    args = parser.parse_args()
    logging.getLogger().setLevel(logging.WARNING)  # onnxruntime's quantizer sets INFO when imported
    model = load_model(args.checkpoint)
    export(model, args.out)
    if args.fp32 is not None:
        onnx.save(to_onnx(model), args.fp32)
    print(f"size of {args.out / MODEL}: {(args.out / MODEL).stat().st_size / 1e6:.1f} MB")
    if args.data is not None:
        rows = read_rows(args.data / "dev.jsonl.gz")
        rows = random.Random(0).sample(rows, min(args.sample, len(rows)))
        for name, value in compare(model, args.out, rows, args.threads).items():
            print(f"{name}: {value:.4g}")


def export(model: SpanModel, folder: Path) -> None:
    """Write a model, its tokenizer and finally their checksums into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    quantize(to_onnx(model), folder / MODEL)
    tokenizer = new_tokenizer()
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(folder / TOKENIZER), pretty=False)
    sums = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in (MODEL, TOKENIZER)
    }
    card = {"sha256": sums, "max_tokens": MAX_TOKENS, **uncalibrated()}
    (folder / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


class _Exported(nn.Module):
    """A model with the inputs and outputs of its exported form, and its layers row-scaled."""

    def __init__(self, model: SpanModel) -> None:
        super().__init__()
        self.model = copy.deepcopy(model)
        _scale_rows(self.model.bert)

    def forward(self, ids: Tensor, mask: Tensor, types: Tensor) -> tuple[Tensor, ...]:
        logits: Tensor = self.model(ids, types, mask)
        return logits.unbind(dim=-1)


class _RowScaled(nn.Module):
    """A linear layer that scales tokens to [-1, 1] before, and back after, with the same result.

    In int8 a batch has one scale for all its tokens. A few ([CLS], full stops) are up to eight
    times as large as most, which would be left with few of the 255 steps.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear

    def forward(self, inputs: Tensor) -> Tensor:
        size = inputs.abs().amax(dim=-1, keepdim=True).clamp(min=1e-6)
        return (inputs / size) @ self.linear.weight.T * size + self.linear.bias


def _scale_rows(module: nn.Module) -> None:
    """Replace every linear layer with a _RowScaled."""
    for name, child in list(module.named_children()):
        if isinstance(child, nn.Linear):
            setattr(module, name, _RowScaled(child))
        else:
            _scale_rows(child)


def to_onnx(model: SpanModel) -> ModelProto:
    """Return a model in ONNX, in fp32, for any number of pairs and of tokens."""
    # Three tensors, since the same one three times would become one input.
    pairs = tuple(torch.ones((2, 16), dtype=torch.int64) for _ in range(3))
    sizes = {0: torch.export.Dim("pairs"), 1: torch.export.Dim("tokens")}
    program = torch.onnx.export(
        _Exported(model).eval(),
        pairs,
        input_names=["input_ids", "attention_mask", "token_type_ids"],
        output_names=list(OUTPUTS),
        dynamic_shapes=(sizes, sizes, sizes),
        opset_version=OPSET,
        verbose=False,
    )
    assert program is not None  # only the older exporter returns None
    # Remove the source lines of the operators, which contain folders of this machine.
    ClearMetadataAndDocStringPass()(program.model)
    return program.model_proto


def quantize(model: ModelProto, file: Path) -> None:
    """Write a model in int8, with one scale per matrix column, and its word embeddings in 4 bits.

    The word embeddings, the largest table, have one scale per WORD_BLOCK numbers. The token type
    embeddings, two rows, stay in fp32. Matrices use 7 of their 8 bits: without VNNI a processor
    adds two products in 16 bits, and with all 8 such a sum can overflow. With 7 the integers are
    the same on every processor, and so are the answers.
    """
    tables = {node.input[0]: node.name for node in model.graph.node if node.op_type == "Gather"}
    others = [name for table, name in tables.items() if not table.endswith(WORDS)]
    words = MatMulNBitsQuantizer(
        model,
        bits=4,
        block_size=WORD_BLOCK,
        is_symmetric=True,
        op_types_to_quantize=("Gather",),
        nodes_to_exclude=others,
    )
    with np.errstate(invalid="ignore"):  # the padding token's row is all 0, and so is its scale
        words.process()
    quantize_dynamic(
        words.model.model,
        file,
        op_types_to_quantize=["MatMul", "Gather"],
        nodes_to_exclude=[name for table, name in tables.items() if not table.endswith(POSITIONS)],
        per_channel=True,
        weight_type=QuantType.QInt8,
        reduce_range=True,
    )


def compare(
    model: SpanModel, folder: Path, rows: Sequence[Row], threads: int = 2
) -> dict[str, float]:
    """Compare a model with its export: scores, cosine of their logits, speed."""
    torch.set_num_threads(threads)
    fp32, int8 = torch_network(model), onnx_network(folder, threads)
    exported = ReaderModel.open(folder)
    given = predict(reader_of(model), rows), predict(exported, rows)
    before, after = (report(rows, answers)["all"] for answers in given)
    found = {f"{name}, fp32": value for name, value in before.items()}
    found |= {f"{name}, int8": value for name, value in after.items()}
    found["f1 lost, points"] = before["f1"] - after["f1"]
    same = [one.text == other.text for one, other in zip(*given, strict=True)]
    found["same answers, percent"] = 100 * float(np.mean(same))
    batches = _batches(exported, rows[:TIMED])
    found["cosine, lowest of a batch"] = min(cosine(fp32, int8, batch) for batch in batches)
    slow, fast = passages_per_second([fp32, int8], batches)
    return found | {
        "passages a second, fp32": slow,
        "passages a second, int8": fast,
        "int8 to fp32": fast / slow,
    }


def _batches(model: ReaderModel, rows: Sequence[Row]) -> list[list[Window]]:
    """Return questions with their paragraphs in batches of similar length."""
    windows = [next(model.windows(row.question, row.context)) for row in rows]
    windows.sort(key=lambda window: len(window.ids))
    return [windows[at : at + BATCH] for at in range(0, len(windows), BATCH)]


def cosine(one: Network, other: Network, batch: Sequence[Window]) -> float:
    """Return the cosine between the logits of two networks on a batch, without padding."""
    arrays = inputs(batch)
    read = arrays["attention_mask"] == 1
    a, b = (np.stack(network(arrays))[:, read].ravel() for network in (one, other))
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def passages_per_second(
    networks: Sequence[Network], batches: Sequence[Sequence[Window]]
) -> list[float]:
    """Return the best speed of each network in ROUNDS; they take turns, since machines vary."""
    best = [0.0] * len(networks)
    for _ in range(ROUNDS):
        for i, network in enumerate(networks):
            began = time.perf_counter()
            for batch in batches:
                network(inputs(batch))
            read = sum(len(batch) for batch in batches)
            best[i] = max(best[i], read / (time.perf_counter() - began))
    return best


if __name__ == "__main__":
    main()

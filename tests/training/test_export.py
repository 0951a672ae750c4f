"""The int8 export: it gives the same answers as its model, and its card describes it."""

import hashlib
import json
from pathlib import Path

import pytest

from qa_bot.answering.reader import FEATURES
from qa_bot.models.span_model import OUTPUTS, ReaderModel, Window, inputs, onnx_network
from tests.helpers.training_fakes import tiny_model
from training.examples import Row
from training.model import MAX_TOKENS, reader_of
from training.predict import predict, torch_network

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason="run: python -m pip install -e .[training]")
    from training.export import export

    folder = tmp_path_factory.mktemp("exported")
    export(tiny_model(), folder)
    return folder


def windows(folder: Path) -> list[Window]:
    texts = [("who?", "amber birch."), ("Where is the heron?", "In the grove of cedar, by iris.")]
    return [next(ReaderModel.open(folder).windows(*pair)) for pair in texts]


def test_int8_gives_nearly_the_logits_of_fp32(exported: Path) -> None:
    from training.export import cosine

    fp32, int8 = torch_network(tiny_model()), onnx_network(exported)
    before, after = (network(inputs(windows(exported))) for network in (fp32, int8))
    assert len(before) == len(after) == len(OUTPUTS)
    for one, other in zip(before, after, strict=True):
        for row, window in enumerate(windows(exported)):
            size = len(window.ids)
            assert one[row, :size].std() > 0.15  # else anything would be alike
            assert other[row, :size] == pytest.approx(one[row, :size], abs=0.15)
    assert cosine(fp32, int8, windows(exported)) > 0.995


def test_words_have_four_bits_and_matrices_eight(exported: Path) -> None:
    import onnx

    graph = onnx.load(exported / "reader.onnx").graph
    kinds = {one.name: onnx.TensorProto.DataType.Name(one.data_type) for one in graph.initializer}
    embeddings = {name: kind for name, kind in kinds.items() if "embeddings.weight" in name}
    tables = {name.rpartition("embeddings.weight")[2]: kind for name, kind in embeddings.items()}
    assert (tables["_Q4"], tables["_quantized"], tables[""]) == ("INT4", "UINT8", "FLOAT")
    matrices = [array for array in graph.initializer if len(array.dims) == 2]
    others = [array for array in matrices if array.name not in embeddings]
    assert {kinds[one.name] for one in others} == {"INT8", "INT64"}


def test_int8_scores_a_pair_alike_in_any_company(exported: Path) -> None:
    int8 = onnx_network(exported)
    together = int8(inputs(windows(exported)))
    for row, window in enumerate(windows(exported)):
        for alone, beside in zip(int8(inputs([window])), together, strict=True):
            assert alone[0] == pytest.approx(beside[row, : len(window.ids)], abs=0.05)


def test_an_export_reads_as_the_model_it_was_made_of(exported: Path) -> None:
    texts = ["amber birch.", "In the grove of cedar, by iris. No heron is in the jade grove."]
    rows = [Row("", "squad", "", text, "Where is the heron?", ()) for text in texts]
    fp32, int8 = (predict(m, rows) for m in (reader_of(tiny_model()), ReaderModel.open(exported)))
    assert [one.text for one in fp32] == [one.text for one in int8]
    assert [one.score for one in int8] == pytest.approx([one.score for one in fp32], abs=0.2)


def test_an_export_is_described_and_names_no_folder_of_this_machine(exported: Path) -> None:
    card = json.loads((exported / "reader.json").read_text())
    files = {name: (exported / name).read_bytes() for name in ("reader.onnx", "tokenizer.json")}
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    assert (card["sha256"], card["max_tokens"]) == (sums, MAX_TOKENS)
    # Before calibration the score difference, the first feature, is the logit of the confidence.
    assert card["calibration"]["features"] == list(FEATURES)
    assert card["calibration"]["weights"] == [1.0, *([0.0] * (len(FEATURES) - 1))]
    assert (FEATURES[0], card["calibration"]["bias"]) == ("score_diff", 0.0)
    for trace in (b"stack_trace", b"site-packages", bytes(Path(__file__).parents[2])):
        assert trace not in files["reader.onnx"]


def test_the_exported_tokenizer_neither_cuts_nor_pads(exported: Path) -> None:
    kept = json.loads((exported / "tokenizer.json").read_text())
    assert (kept["truncation"], kept["padding"]) == (None, None)

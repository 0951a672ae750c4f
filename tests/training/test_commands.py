"""The commands in training/README.md can be run as they are written there."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from training import train

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "training" / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted(set(re.findall(r"python -m training\.(\w+)", README)))


def test_the_readme_names_the_steps() -> None:
    assert {"prepare", "train", "export", "calibrate", "evaluate"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_tells_its_use(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [f"{name}.py", "--help"])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(REPOSITORY / "training" / f"{name}.py"), run_name="__main__")
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: python -m training.{name} [-h]")


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Folders with empty files under the names that training.train expects."""
    for name in (
        "data/train.jsonl.gz", "data/followups-train.jsonl.gz", "items/windows.jsonl.gz",
        "items/items.jsonl.gz", "mpnet/config.json", "mpnet/model.safetensors",
        "mpnet/tokenizer.json", "teacher.pt",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


COMPLETE = "student --data data --items items --weights mpnet --run run --teacher teacher.pt"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        (("--data data", "--data no"), "there is no no/train.jsonl.gz: see “Data”"),
        (("--items items", "--items no"), "no/windows.jsonl.gz: python -m training.prepare"),
        (("--weights mpnet", "--weights no"), "no/config.json: see “Weights to begin with”"),
        (("--teacher teacher.pt", ""), "arguments are required: --teacher"),
        (("teacher.pt", "no.pt"), "there is no no.pt: train the teacher first"),
        (("student", "teacher"), "unrecognized arguments: --teacher"),
        (("--run run", "--run run --device moon"), "moon cannot be used here"),
        (("--run run", "--run run --steps 0"), "argument --steps"),
    ],
)
def test_arguments_that_are_missing_or_wrong_are_refused(
    folders: Path,
    changed: tuple[str, str],
    error: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folders)
    with pytest.raises(SystemExit) as stopped:
        train.arguments().parse_args(COMPLETE.replace(*changed, 1).split())
    assert stopped.value.code == 2
    assert error in capsys.readouterr().err


def test_the_defaults_are_those_of_the_recipe(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folders)
    args = train.arguments().parse_args(COMPLETE.split())
    assert (args.steps, args.rate, args.tokens) == (6300, 2e-4, 20_000)
    assert args.device.type in ("cpu", "cuda")


@pytest.mark.slow
def test_training_needs_no_more_than_torch_and_tokenizers() -> None:
    """A machine with a GPU should need only few packages."""
    seldom = "faiss gradio sentencex onnxruntime sentence_transformers bm25s sklearn onnx".split()
    code = f"import sys, training.train; print([name for name in {seldom} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

"""The wheel carries all that answering needs, and works from any directory."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(folder),
        str(ROOT),
    ]
    subprocess.run([sys.executable, "-m", "pip", *command], check=True)
    (made,) = folder.glob("qa_bot-*.whl")
    return made


def test_the_wheel_carries_the_index_the_weights_and_the_page(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {
        f"qa_bot/shipped_index/{path.relative_to(ROOT / 'index').as_posix()}"
        for path in (ROOT / "index").rglob("*")
        if path.is_file() and path.name != ".lock"
    }
    weights = {
        f"qa_bot/models/weights/{name}" for name in ("reader.onnx", "reader.json", "tokenizer.json")
    }
    page = {
        f"qa_bot/page/{name}"
        for name in ("page.js", "conversation.js", "source.js", "style.css", "print.css")
    }
    assert shipped | weights | page <= names
    assert not any(name.startswith(("tests/", "training/", "benchmarks/")) for name in names)


def test_the_wheel_answers_from_any_directory(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    install = ["install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True)
    code = (
        "import qa_bot; print(qa_bot.__file__); print(qa_bot.answer('When was this written?').text)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{site / 'qa_bot' / '__init__.py'}\n2020-01-01\n"

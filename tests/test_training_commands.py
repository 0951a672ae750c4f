"""The commands that training/README.md names can be run as it names them."""

import re
import runpy
import sys
from pathlib import Path

import pytest

from training import train

REPOSITORY = Path(__file__).parent.parent
README = (REPOSITORY / "training" / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted(set(re.findall(r"python -m training\.(\w+)", README)))


def test_the_readme_names_the_steps() -> None:
    assert {"prepare", "train", "labels", "export", "calibrate", "evaluate"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_tells_its_use(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [f"{name}.py", "--help"])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(REPOSITORY / "training" / f"{name}.py"), run_name="__main__")
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: python -m training.{name} [-h]")


def test_what_is_trained_on_is_one_thing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", "train.py --data d --labels l --near-misses".split())
    with pytest.raises(SystemExit) as stopped:
        train.main()
    assert stopped.value.code == 2
    assert "--near-misses: not allowed with argument --labels" in capsys.readouterr().err

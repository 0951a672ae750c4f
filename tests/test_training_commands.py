"""The commands that training/README.md names can be run as it names them."""

import re
import runpy
import sys
from pathlib import Path

import pytest

from training import train
from training.model import base_folder

REPOSITORY = Path(__file__).parent.parent
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


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("--layers 10", "--layers goes with --weights"),
        ("--weights nowhere", "there is no nowhere"),
        (f"--start c.pt --weights {base_folder()}", "--start with --weights needs --layers"),
        (f"--weights {base_folder()} --layers 99", "99 layers of 6"),
        ("--keep -1", "--keep is a number of checkpoints"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(
    arguments: str, error: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", f"train.py --data d {arguments}".split())
    with pytest.raises(SystemExit) as stopped:
        train.main()
    assert stopped.value.code == 2
    assert error in capsys.readouterr().err

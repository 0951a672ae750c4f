"""What the README shows works as shown."""

import re
import shlex
from pathlib import Path

import pytest

from qa_bot.cli import parser

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(from qa_bot.*?)```", README, re.DOTALL)
COMMANDS = re.findall(r"^qa-bot .*$", README, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("code", PYTHON)
def test_the_python_of_the_readme_runs(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "Mark Esper" in printed
    assert "Anna Berg\nFalse\n" in printed


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_of_the_readme_are_understood(command: str) -> None:
    options = parser().parse_args(shlex.split(command, comments=True)[1:])
    assert callable(options.run)


def test_the_readme_has_two_commands_that_set_everything_up() -> None:
    commands = re.findall(r"^    python3 -m venv .*$", README, re.MULTILINE)
    assert [command.rsplit("&& ", 1)[1] for command in commands] == [
        ".venv/bin/python app.py",
        ".venv/bin/python -m pytest -n 2 --dist worksteal",
    ]


def test_the_readme_names_every_command() -> None:
    help_text = parser().format_help()
    named = set(re.findall(r"^    (\w+) ", help_text, re.MULTILINE))
    assert named == {"ask", "chat", "copy", "serve", "index", "list", "remove"}
    assert named == {shlex.split(command)[1] for command in COMMANDS}

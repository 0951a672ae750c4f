"""The command line: options, help, and errors on one line."""

import subprocess
import sys
from pathlib import Path

import pytest

from qa_bot.cli import main, parser
from qa_bot.documents.formats import SUFFIX_LIST

Printed = pytest.CaptureFixture[str]


def test_the_threshold_can_be_set(capsys: Printed) -> None:
    assert main(["ask", "--threshold", "1", "Who is the Defense Secretary?"]) == 1
    with pytest.raises(SystemExit) as stopped:
        main(["ask", "--threshold", "2", "Who?"])
    assert stopped.value.code == 2


def test_errors_are_one_plain_line(tmp_path: Path, capsys: Printed) -> None:
    assert main(["ask", "Who?", "--index", str(tmp_path / "none")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("qa-bot: ")
    assert error.count("\n") == 1
    assert "qa-bot index" in error


def test_the_help_names_the_formats_that_are_read(capsys: Printed) -> None:
    with pytest.raises(SystemExit):
        main(["index", "--help"])
    said = "".join(capsys.readouterr().out.split())
    assert "".join(SUFFIX_LIST.split()) in said


@pytest.mark.parametrize("port", ["99999", "65536", "0", "-1", "abc", "", "80.5", "٣"])
def test_what_is_no_port_is_told_on_one_line(port: str, capsys: Printed) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["serve", "--port", port])
    assert stopped.value.code == 2
    assert capsys.readouterr().err == (
        f"qa-bot serve: argument --port: {port!r} is not a port: "
        "give a number from 1 to 65535 (see qa-bot serve --help)\n"
    )


@pytest.mark.parametrize("arguments", [["ask"], ["nothing"], [], ["serve", "--host"]])
def test_any_mistake_of_the_command_line_is_one_line(arguments: list[str], capsys: Printed) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("qa-bot") and error.count("\n") == 1 and "--help" in error


def test_a_hosting_space_says_where_the_page_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    options = parser().parse_args(["serve"])
    assert (options.host, options.port, options.browser) == ("127.0.0.1", 7860, True)
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    monkeypatch.setenv("GRADIO_SERVER_PORT", "8080")
    options = parser().parse_args(["serve"])
    assert (options.host, options.port) == ("0.0.0.0", 8080)
    options = parser().parse_args(["serve", "--host", "::1", "--port", "9000", "--no-browser"])
    assert (options.host, options.port, options.browser) == ("::1", 9000, False)


@pytest.mark.slow
def test_it_runs_as_a_module_and_says_its_version() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "qa_bot", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("qa-bot ")

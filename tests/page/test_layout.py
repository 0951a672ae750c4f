"""The layout and app.py: what the page shows and keeps, and that nothing leaves this machine."""

import html
import json
import os
import re
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

import qa_bot.page.layout
from qa_bot.bot import Bot
from qa_bot.errors import QABotError
from qa_bot.page.html import to_html
from qa_bot.page.layout import build_page
from qa_bot.page.server import check_port, is_attended
from tests.helpers.fakes import MILL, word_bot
from tests.helpers.served import numbers

APP = Path(__file__).parents[2] / "app.py"

# Runs a script in which any name look-up or connection beyond this machine is noted and refused.
SEALED = """
import runpy, sys

def refuse(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        host = arguments[1][0] if isinstance(arguments[1], tuple) else None
    else:
        return
    if host not in ("127.0.0.1", "::1", "localhost", None):
        print("OUTBOUND", event, host, flush=True)
        raise OSError("no network")

sys.addaudithook(refuse)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.slow
def test_the_page_offers_programs_one_endpoint_and_reports_nothing() -> None:
    page = build_page(word_bot(MILL), ["Who built <it>?"])
    info = page.get_api_info()
    assert list(info["named_endpoints"]) == ["/answer"] and info["unnamed_endpoints"] == {}
    config = page.get_config_file()
    assert config["analytics_enabled"] is False
    shown = html.unescape(str(config["components"]))
    assert MILL.text in shown and "Who built <it>?" in shown


@pytest.mark.slow
def test_thumbs_are_offered_only_where_they_are_kept(tmp_path: Path) -> None:
    pages = [build_page(word_bot(MILL), (), feedback) for feedback in (None, tmp_path / "kept")]
    assert [bool(numbers(page, "like")) for page in pages] == [False, True]


def test_nothing_is_taken_from_another_host() -> None:
    for asset in Path(qa_bot.page.layout.__file__).parent.glob("*.[cj]s*"):
        text = asset.read_text(encoding="utf-8")
        assert "//" not in re.sub(r"(^|\s)//\s", " ", text) and "@import" not in text


def test_a_free_port_is_fine_and_a_taken_one_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(QABotError, match=rf"^port {port} is in use: .*--port$"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)


def test_an_address_that_is_not_here_is_named() -> None:
    with pytest.raises(QABotError, match=r"^cannot listen on 192\.0\.2\.1, port 7860: .*--host"):
        check_port("192.0.2.1", 7860)


@pytest.mark.parametrize(
    ("host", "in_terminal", "environment", "attended"),
    [
        ("127.0.0.1", True, {}, True),
        ("::1", True, {"DISPLAY": ":0"}, True),
        ("0.0.0.0", True, {}, False),
        ("127.0.0.1", False, {}, False),
        ("localhost", True, {"SSH_CONNECTION": "192.0.2.1 5000 192.0.2.2 22"}, False),
    ],
)
def test_a_browser_opens_where_a_person_sits(
    host: str, in_terminal: bool, environment: dict[str, str], attended: bool
) -> None:
    assert is_attended(host, in_terminal, environment) is attended


def run_app(*options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(APP), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.mark.slow
def test_app_tells_a_taken_port_on_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_app("--no-browser", "--port", str(port))
    assert done.returncode == 2
    assert done.stderr == f"qa-bot: port {port} is in use: choose another one with --port\n"


@pytest.mark.slow
def test_app_has_the_options_of_the_command() -> None:
    done = run_app("--help")
    assert done.returncode == 0
    assert done.stdout.startswith("usage: qa-bot serve ")
    assert "--no-browser" in done.stdout


@pytest.fixture
def sealed_app() -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Start app.py without network access and with a dead proxy; yield its address and process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {"http_proxy": "http://127.0.0.1:9", "GRADIO_SERVER_PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "-c", SEALED, str(APP), "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        cwd=APP.parent,
    )
    watchdog = threading.Timer(240, process.kill)  # seconds; a hanging app must end
    watchdog.start()
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()


def read_until(stream: IO[str] | None, pattern: str) -> str:
    """Return the output of a process up to the first line with a pattern, or to its end."""
    assert stream is not None
    said = ""
    for line in stream:
        said += line
        if re.search(pattern, line):
            break
    return said


def call_over_http(url: str, number: int, *data: object) -> str:
    """Send an event through Gradio's queue as the page does, and return the last response."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    call = {"data": [*data, None], "fn_index": number, "session_hash": "test"}
    request = urllib.request.Request(
        f"{url}/gradio_api/queue/join",
        json.dumps(call).encode(),
        {"Content-Type": "application/json"},
    )
    opener.open(request, timeout=60).close()
    with opener.open(f"{url}/gradio_api/queue/data?session_hash=test", timeout=60) as events:
        for line in events:
            event = json.loads(line.removeprefix(b"data: ")) if line.strip() else {}
            if event.get("msg") == "process_completed":
                return json.dumps(event["output"])
    raise AssertionError("no answer came")


@pytest.mark.slow
def test_app_starts_and_answers_with_every_way_out_closed(
    sealed_app: tuple[str, "subprocess.Popen[str]"], shipped_bot: Bot
) -> None:
    url, process = sealed_app
    said = read_until(process.stdout, "chat is at")
    assert f"The chat is at {url}/" in said
    question = "Who stormed the U.S. Embassy in Baghdad?"
    output = call_over_http(url, 0, question)
    assert json.dumps(to_html(shipped_bot.answer(question), 0))[1:-1] in output
    process.terminate()  # not SIGINT: a shell has its background jobs ignore that
    said += read_until(process.stdout, "$^")
    assert "OUTBOUND" not in said and "Traceback" not in said

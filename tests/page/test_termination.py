"""A terminated page shuts down cleanly, and leaves nothing in the temporary directory."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.helpers.served import free_port, named

pytestmark = pytest.mark.slow

APP = Path(__file__).parents[2] / "app.py"
SECONDS = 60  # that ending may take on a busy machine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A substitute for the machine's temporary directory."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def served(folder: Path) -> Iterator[tuple["subprocess.Popen[str]", httpx.Client]]:
    """Serve the shipped article, and yield the process and a client of it."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, str(APP), "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"TMPDIR": str(folder)},
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "chat is at" in line:
            break
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
        yield process, client
    process.kill()
    process.wait()


def send(client: httpx.Client, name: str, text: str) -> str:
    """Upload a file without having it read; return its path."""
    (path,) = client.post("gradio_api/upload", files={"files": (name, text.encode())}).json()
    return str(path)


def read(client: httpx.Client, path: str) -> None:
    """Start reading a file, without waiting for it."""
    events = client.get("config").json()["dependencies"]
    (number,) = [it["id"] for it in events if "upload" in [name for _, name in it["targets"]]]
    call = {"data": [named(path), None], "fn_index": number, "session_hash": "tab"}
    client.post("gradio_api/queue/join", json=call).raise_for_status()


def left(folder: Path) -> list[Path]:
    """Return our files in the temporary directory; Gradio leaves some empty folders."""
    return sorted(folder.glob("qa_bot-*"))


def wait_for(folder: Path, pattern: str) -> None:
    until = time.monotonic() + SECONDS
    while not list(folder.glob(pattern)):
        assert time.monotonic() < until, sorted(folder.rglob("*"))
        time.sleep(0.05)


def test_files_that_were_sent_and_are_being_read_are_gone_when_the_page_is_terminated(
    served: tuple["subprocess.Popen[str]", httpx.Client], folder: Path
) -> None:
    process, client = served
    path = Path(send(client, "secret.txt", "The password is Zanzibar."))
    assert folder in path.parents and path.exists()
    sentences = (f"The gate of number {n} was painted by person {n}." for n in range(30_000))
    read(client, send(client, "long.txt", "\n\n".join(sentences)))
    wait_for(folder, "qa_bot-[!s]*")
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert "Traceback" not in said
    assert left(folder) == []


def test_a_page_that_is_still_starting_ends_at_once(folder: Path) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import qa_bot.cli, runpy; runpy.run_path('app.py', {}, '__main__')",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"TMPDIR": str(folder), "GRADIO_SERVER_PORT": str(free_port())},
        cwd=APP.parent,
    )
    assert process.stdout is not None
    assert "Loading" in process.stdout.readline()
    process.terminate()
    said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 2 and "Traceback" not in said
    assert left(folder) == []

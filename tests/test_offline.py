"""Nothing leaves the machine and nothing is written unasked: watched from outside, by strace."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from qa_bot.offline import ENVIRONMENT
from tests.helpers.milvus_server import needs_milvus
from tests.helpers.system_calls import outbound, traced, why_not_traced, written

ROOT = Path(__file__).parent.parent
PDF, PAGE = (str(ROOT / "tests" / "data" / name) for name in ("bridge.pdf", "bridge.html"))
QUESTION = "Who is the Defense Secretary?"
IDLE = 30  # seconds that a process lives on after an answer: onnxruntime reports home after 25
# It answers, makes an index in a folder, adds documents to Milvus Lite, and lives on for IDLE.
PROGRAM = f"""
import os, tempfile, time
import qa_bot
from qa_bot.cli import main
from qa_bot.store.embedded import Spec
from qa_bot.store.location import store_at
from tests.helpers.index_fakes import DOCUMENTS, EMBEDDER, SETTINGS

print(qa_bot.answer({QUESTION!r}).text)
answered = time.monotonic()
print(os.listdir() + os.listdir(tempfile.gettempdir()))
assert main(["index", {PDF!r}, {PAGE!r}, "--index", os.path.abspath("made")]) == 0
with store_at("milvus:made.db").writing(Spec.of(SETTINGS, EMBEDDER)) as index:
    index.add(DOCUMENTS, EMBEDDER)
    print(len(index.search_bm25("mill", 9)))
time.sleep(max(0, answered + {IDLE} - time.monotonic()))
"""

needs_strace = pytest.mark.skipif(bool(why_not_traced()), reason=why_not_traced())


@dataclass(frozen=True)
class Watch:
    """A new home, temporary folder and working folder, and the log of what a program does."""

    home: Path
    temporary: Path
    work: Path
    log: Path

    @contextmanager
    def start(self, *arguments: str) -> Iterator[tuple["subprocess.Popen[str]", int]]:
        """Run Python under strace; yield strace's process and the number of Python's."""
        command = traced([sys.executable, *arguments], self.log)
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=self.environment(), cwd=self.work
        ) as process:
            assert process.stdout is not None
            try:
                yield process, int(process.stdout.readline())
            finally:
                process.kill()

    def run(self, code: str) -> str:
        """Run a program to its end and return what it prints."""
        with self.start("-c", code) as (process, _):
            said, _ = process.communicate(timeout=300)
            assert process.returncode == 0
        return said

    def environment(self) -> dict[str, str]:
        """Return the environment of a person who has set nothing."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        # Python's own cache of bytecode is not what is watched.
        ours = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        return {**kept, **ours, "HOME": str(self.home), "TMPDIR": str(self.temporary)}

    def check(self) -> None:
        """Fail unless nothing left the machine or was written outside the folders given."""
        assert outbound(self.log) == []
        assert written(self.log, [self.temporary, self.work]) == []
        assert list(self.home.iterdir()) == []


def new_watch(folder: Path) -> Watch:
    """Return a watch with new folders in a new folder."""
    folders = [folder / name for name in ("home", "temporary", "work")]
    for made in folders:
        made.mkdir(parents=True)
    return Watch(*folders, folder / "calls")


@pytest.mark.slow
@pytest.mark.parametrize("package", ["qa_bot", "training", "benchmarks", "benchmarks.peers", "app"])
def test_every_package_is_told_before_its_modules_are_imported(package: str) -> None:
    code = f"import os, sys, {package}; print(os.environ, 'onnxruntime' in sys.modules)"
    environment = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT}
    environment["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert all(f"{name!r}: {value!r}" in done.stdout for name, value in ENVIRONMENT.items())
    assert done.stdout.endswith("False\n")


@needs_strace
def test_the_watch_sees_what_must_not_happen(tmp_path: Path) -> None:
    watch = new_watch(tmp_path)
    watch.run(
        "import os, pathlib, socket\n"
        "def udp(): return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "udp().sendto(b'', ('127.0.0.1', 9))  # allowed: this machine\n"
        "udp().connect(('127.0.0.1', 53))  # a name server, though on this machine\n"
        "udp().connect(('192.0.2.1', 443))\n"
        "home = pathlib.Path.home()\n"
        "(home / 'id').write_text('1')\n"
        "os.rename(home / 'id', pathlib.Path('moved').resolve())\n"
        "pathlib.Path('asked').write_text('1')  # allowed\n"
    )
    assert [re.search(r"htons\((\d+)\)", line)[1] for line in outbound(watch.log)] == ["53", "443"]
    outside = written(watch.log, [watch.work, watch.temporary])
    assert outside == [str(watch.home / "id")] * 2


@pytest.mark.slow
@needs_strace
@needs_milvus
def test_the_page_and_a_program_speak_to_their_own_machine_and_write_what_they_are_told_to(
    tmp_path: Path,
) -> None:
    page, program = new_watch(tmp_path / "page"), new_watch(tmp_path / "program")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with page.start("-u", "-m", "qa_bot", "serve", "--port", str(port)) as (process, pid):
        assert process.stdout is not None
        assert any("The chat is at" in line for line in process.stdout)
        assert "Mark Esper" in ask_page(f"http://127.0.0.1:{port}")
        answered = time.monotonic()
        said = program.run(PROGRAM)
        assert time.monotonic() > answered + IDLE
        os.kill(pid, signal.SIGTERM)
        process.wait(timeout=60)
    page.check()
    assert said == f"Mark Esper\n[]\n{program.work}/made: 2 documents, 34 passages\n3\n"
    assert {path.name for path in program.work.iterdir()} == {"made", "made.db"}
    program.check()


def ask_page(url: str) -> str:
    """Ask a page by its endpoint, and return what it sends."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    call = urllib.request.Request(
        f"{url}/gradio_api/call/answer",
        json.dumps({"data": [QUESTION, [], []]}).encode(),
        {"Content-Type": "application/json"},
    )
    with opener.open(call, timeout=60) as reply:
        event = json.load(reply)["event_id"]
    with opener.open(f"{url}/gradio_api/call/answer/{event}", timeout=120) as events:
        found: str = events.read().decode()
    return found

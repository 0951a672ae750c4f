"""A server of Milvus Lite in a process of its own, which tests start, kill and start again."""

import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

needs_milvus = pytest.mark.skipif(
    find_spec("pymilvus") is None or find_spec("milvus_lite") is None,
    reason="Milvus Lite is not installed: pip install qa-bot[milvus]",
)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


class MilvusServer:
    """A server on a free port of this machine; it keeps its data over a restart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def location(self, collection: str) -> str:
        return f"milvus://127.0.0.1:{self.port}/{collection}"

    def start(self) -> None:
        """Start the server and wait until it listens."""
        # One worker: Milvus Lite does not guard a collection against two writers, Milvus does.
        command = [sys.executable, "-m", "milvus_lite", "server", "--max-workers", "1"]
        command += ["--data-dir", str(self.folder), "--host", "127.0.0.1"]
        with (self.folder.parent / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--port", str(self.port)], stdout=log, stderr=log
            )
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert self._process.poll() is None, "the server ended"
                time.sleep(0.05)
        raise TimeoutError("the server does not listen")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

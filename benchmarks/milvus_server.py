"""A server of Milvus Lite in a process of its own, for the scale benchmark and for tests."""

import socket
import subprocess
import sys
import time
from pathlib import Path

STARTING = 60  # seconds that a server may take to listen


class MilvusServer:
    """A server on a free port of this machine; it keeps its data in a folder, over a restart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def location(self, collection: str) -> str:
        """Return the location of a collection of this server."""
        return f"milvus://127.0.0.1:{self.port}/{collection}"

    def start(self) -> None:
        """Start the server and wait until it listens."""
        # One worker: Milvus Lite does not guard a collection against two writers, Milvus does.
        command = [sys.executable, "-m", "milvus_lite", "server", "--max-workers", "1"]
        command += ["--data-dir", str(self.folder), "--host", "127.0.0.1"]
        with self.folder.with_suffix(".log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--port", str(self.port)], stdout=log, stderr=log
            )
        end = time.monotonic() + STARTING
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self._process.poll() is not None:
                    raise RuntimeError("the server of Milvus Lite ended") from None
                time.sleep(0.05)
        raise TimeoutError("the server of Milvus Lite does not listen")

    def peak_memory(self) -> int:
        """Return the most memory that the server has held, bytes."""
        if self._process is None:
            return 0
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024

    def kill(self) -> None:
        """End the server at once, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def free_port() -> int:
    """Return a port of this machine on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port

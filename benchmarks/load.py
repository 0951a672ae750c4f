"""Load test of the real page: many people at once, each with their own document, as in browsers.

Every tab uploads a file, asks about it, follows up, and asks about the shipped article. All ask the
same questions and have other answers, so one that came from the wrong document or conversation
shows. One more person uploads a long document meanwhile. Prints how many answers were right, how
long they waited, and the server's memory: after a warm-up, at most, and after each round, when all
tabs are closed and what they brought is forgotten.
"""

import argparse
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
import numpy as np
from tqdm import tqdm

T = TypeVar("T")
QUESTION = "Who is the harbour master?"
FOLLOW_UP = "When did that person take office?"
ABOUT_SHIPPED = ("Who is the Defense Secretary?", "Mark Esper")
APP = Path(__file__).parents[1] / "app.py"
SETTLED = (
    45  # seconds from the closing of the last tab until all is deleted, see qa_bot/page/cleanup.py
)
WARM_UP = 8  # people; more than the page serves at once, so that all its threads have run
_FIRST = "Anna Bertil Cecilia Dag Elsa Folke Greta Hugo".split()
_LAST = "Berg Lund Strand Holm Dahl Falk Vik Nord".split()
PEOPLE = tuple(f"{first} {last}" for first in _FIRST for last in _LAST)


@dataclass(frozen=True, slots=True)
class Visit:
    """What one person saw: whether each answer was right, and names of other people."""

    right: tuple[bool, ...]
    foreign: int  # names of other people, wherever the page showed them
    seconds: tuple[float, ...]  # from each question to its answer
    ended: tuple[float, ...]  # when each answer came, by time.monotonic


def article(name: str, paragraphs: int = 30) -> str:
    """Return a text that says once who the harbour master is and since when."""
    filler = [
        f"Quay {n} lies {n * 7} metres from the gate. It was mended with {n} planks of oak."
        for n in range(1, paragraphs)
    ]
    middle = len(filler) // 2
    said = f"The harbour master is {name}. {name} took office in {year(name)}."
    return "\n\n".join([*filler[:middle], said, *filler[middle:]])


def year(name: str) -> str:
    """Return a year that belongs to only one person."""
    return str(1901 + PEOPLE.index(name))


class Tab:
    """The page in a browser tab, as seen by the server; closing it ends its session."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=f"{url}gradio_api", timeout=600, trust_env=False)
        self._hash = secrets.token_hex(6)
        config = self._client.get(f"{url}config").json()
        self._events = {
            trigger: event["id"]
            for event in config["dependencies"]
            for _, trigger in event["targets"]
        }
        # Browsers keep this connection open as long as the tab; its content is not read.
        self._beat = self._client.stream("GET", f"/heartbeat/{self._hash}")
        self._beat.__enter__()
        self.send("load", "", None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._beat.__exit__(None, None, None)
        self._client.close()

    def upload(self, name: str, text: str) -> str:
        """Upload a file; return the report and the documents that the page then shows."""
        (path,) = self._client.post("/upload", files={"files": (name, text.encode())}).json()
        file = {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}
        return json.dumps(self.send("upload", [file], None), ensure_ascii=False)

    def ask(self, question: str) -> list[str]:
        """Ask; return the whole conversation that the page then shows, as HTML messages."""
        conversation = self.send("submit", question, None)[0]
        return ["".join(part["text"] for part in it["content"]) for it in conversation]

    def send(self, trigger: str, *data: Any) -> list[Any]:
        """Send an event and return the page's output for it."""
        call = {"data": data, "fn_index": self._events[trigger], "session_hash": self._hash}
        self._client.post("/queue/join", json=call).raise_for_status()
        with self._client.stream(
            "GET", "/queue/data", params={"session_hash": self._hash}
        ) as lines:
            for line in lines.iter_lines():
                event = json.loads(line.removeprefix("data: ")) if line else {}
                if event.get("msg") == "process_completed":
                    if not event["success"]:
                        raise RuntimeError(f"{trigger}: {event['output']}")
                    return list(event["output"]["data"])
        raise RuntimeError(f"{trigger}: no answer came")


def visit(url: str, name: str) -> Visit:
    """Open the page as one person, upload a document and ask."""
    asked = ((QUESTION, name), (FOLLOW_UP, year(name)), ABOUT_SHIPPED)
    right, seconds, ended, seen = [], [], [], ""
    with Tab(url) as tab:
        seen += tab.upload(f"Harbour of {name}.txt", article(name))
        for question, answer in asked:
            started = time.monotonic()
            conversation = tab.ask(question)
            ended.append(time.monotonic())
            seconds.append(ended[-1] - started)
            right.append(len(conversation) == 2 * len(ended) and answer in conversation[-1])
            seen += "".join(conversation)
    foreign = sum(other in seen for other in PEOPLE if other != name)
    return Visit(tuple(right), foreign, tuple(seconds), tuple(ended))


def call(url: str, question: str) -> dict[str, Any]:
    """Ask the API over HTTP, as programs do: a POST, then the events of the answer."""
    with httpx.Client(timeout=600, trust_env=False) as client:
        endpoint = f"{url}gradio_api/call/answer"
        event = client.post(endpoint, json={"data": [question, None, None]}).json()["event_id"]
        *_, last = client.get(f"{endpoint}/{event}").text.strip().splitlines()
    (answer,) = json.loads(last.removeprefix("data: "))
    return dict(answer)


def at_once(items: Sequence[T], do: Callable[[T], Any], what: str) -> list[Any]:
    """Call a function for each item at the same moment, each in its own thread."""
    ready = threading.Barrier(len(items))

    def start(item: T) -> Any:
        ready.wait()
        return do(item)

    with ThreadPoolExecutor(len(items)) as pool:
        return list(tqdm(pool.map(start, items), total=len(items), desc=what, disable=None))


@contextmanager
def served() -> Iterator[tuple[str, int]]:
    """Serve the page in a process of its own; yield its address and the process id."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, str(APP), "--no-browser", "--port", str(port)]
    # Gradio's switch for its own tests: the session of a closed tab ends in a second, not an hour.
    environment = os.environ | {"GRADIO_IS_E2E_TEST": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout is not None
            for line in server.stdout:
                if "chat is at" in line:
                    break
            yield f"http://127.0.0.1:{port}/", server.pid
        finally:
            server.terminate()


class Memory:
    """The resident memory of a process in megabytes (Linux); a thread records the peak."""

    def __init__(self, pid: int) -> None:
        self._file = Path(f"/proc/{pid}/statm")
        self.most = self.now()
        threading.Thread(target=self._watch, daemon=True).start()

    def now(self) -> float:
        """Return the current value in megabytes."""
        pages = int(self._file.read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def _watch(self) -> None:
        while self._file.exists():
            try:
                self.most = max(self.most, self.now())
            except OSError:
                return
            time.sleep(0.2)


def upload_long(url: str, paragraphs: int) -> tuple[str, float, float]:
    """Upload a long document; return the page's report, and when reading began and ended."""
    with Tab(url) as tab:
        begun = time.monotonic()
        said = tab.upload("long.txt", article(PEOPLE[-1], paragraphs))
        report = re.sub(r"<[^>]+>", "", said).split('"')[1]
        return report, begun, time.monotonic()


def run_round(url: str, names: Sequence[str], paragraphs: int) -> tuple[list[Visit], int, str]:
    """Return what each person saw, and the answers during the reading of a long document."""
    with ThreadPoolExecutor(1) as other:
        long = other.submit(upload_long, url, paragraphs)
        visits = at_once(names, lambda name: visit(url, name), "visits")
        said, begun, read = long.result()
    ended = [moment for seen in visits for moment in seen.ended]
    return visits, sum(begun < moment < read for moment in ended), said


def main() -> None:
    """Warm up, run the rounds, then the calls, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--people", type=int, default=50, help=f"at once, less than {len(PEOPLE)}")
    parser.add_argument("--rounds", type=int, default=3, help="times that all of them come")
    parser.add_argument("--long", type=int, default=3000, help="paragraphs of the long document")
    options = parser.parse_args()
    names = PEOPLE[: options.people]
    with served() as (url, pid):
        expected = call(url, ABOUT_SHIPPED[0])
        at_once(names[:WARM_UP], lambda name: visit(url, name), "warm up")
        time.sleep(SETTLED)
        memory = Memory(pid)
        print(f"MB after the warm-up              {memory.now():.0f}", flush=True)
        for number in range(options.rounds):
            visits, meanwhile, said = run_round(url, names, options.long)
            answers = at_once(names, lambda _: call(url, ABOUT_SHIPPED[0]), "calls")
            most = memory.most
            time.sleep(SETTLED)
            print(f"round {number + 1}, {len(names)} people at once")
            _report(visits, meanwhile, said)
            print(f"  right answers to programs       {sum(it == expected for it in answers)}")
            print(
                f"  MB at most, MB when all have gone  {most:.0f}  {memory.now():.0f}", flush=True
            )


def _report(visits: Sequence[Visit], meanwhile: int, said: str) -> None:
    right = [sum(column) for column in zip(*(seen.right for seen in visits), strict=True)]
    waits = np.quantile([wait for seen in visits for wait in seen.seconds], [0.5, 0.95])
    print(f"  right: own document, follow-up, shipped article  {', '.join(map(str, right))}")
    print(f"  names of others shown           {sum(seen.foreign for seen in visits)}")
    print(f"  seconds waited, p50 / p95       {waits[0]:.1f} / {waits[1]:.1f}")
    print(f"  answers while a long document was read  {meanwhile} ({said})")


if __name__ == "__main__":
    main()

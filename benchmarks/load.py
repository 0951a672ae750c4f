"""Many people at once: each asks about a document of their own, and programs ask over HTTP.

Everybody asks the same question and has another answer, so one that came from the wrong document
shows. Prints how many were right, how long they waited, and the memory before and after.
"""

import argparse
import gc
import json
import os
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from tqdm import tqdm

from qa_bot.bot import Bot, default_bot
from qa_bot.uploads import Library

T = TypeVar("T")
QUESTION = "Who is the harbour master?"
ABOUT_SHIPPED = "Who is the Defense Secretary?"
_FIRST = "Anna Bertil Cecilia Dag Elsa Folke Greta Hugo".split()
_LAST = "Berg Lund Strand Holm Dahl Falk Vik Nord".split()
PEOPLE = tuple(f"{first} {last}" for first in _FIRST for last in _LAST)


@dataclass(frozen=True, slots=True)
class Visit:
    """What one person saw: whether the answer was right, and quotes from others' documents."""

    right: bool
    foreign: int
    seconds: float  # from the question to the answer


def article(name: str, paragraphs: int = 30) -> str:
    """Return a text that says once who the harbour master is."""
    filler = [
        f"Quay {n} lies {n * 7} metres from the gate. It was mended with {n} planks of oak."
        for n in range(1, paragraphs)
    ]
    middle = len(filler) // 2
    return "\n\n".join([*filler[:middle], f"The harbour master is {name}.", *filler[middle:]])


def open_libraries(bot: Bot, names: Sequence[str]) -> list[Library]:
    """Return a Library for each name, its document read; all are read at once."""
    libraries = [Library(bot) for _ in names]

    def read(number: int) -> None:
        report = libraries[number].add_text(article(names[number]), f"Harbour of {names[number]}")
        if report.error:
            raise RuntimeError(report.error)

    at_once(range(len(names)), read, "read")
    return libraries


def visit(library: Library, name: str) -> Visit:
    """Ask one Library about its own document."""
    own = [document.id for document in library.own]
    started = time.perf_counter()
    found = library.answer(QUESTION, documents=own)
    seconds = time.perf_counter() - started
    foreign = sum(quote.document.id not in own for quote in found.quotes)
    return Visit(bool(found.quotes) and name in found.quotes[0].text, foreign, seconds)


def call(url: str, question: str) -> dict[str, Any]:
    """Ask the API over HTTP: a POST, then the events of the answer."""
    endpoint = f"{url}gradio_api/call/answer"
    body = json.dumps({"data": [question, None]}).encode()
    request = urllib.request.Request(endpoint, body, {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=300) as reply:
        event = json.load(reply)["event_id"]
    with opener.open(f"{endpoint}/{event}", timeout=300) as events:
        *_, last = events.read().decode().strip().splitlines()
    (answer,) = json.loads(last.removeprefix("data: "))
    return dict(answer)


def at_once(items: Sequence[T], do: Callable[[T], Any], what: str) -> list[Any]:
    """Do something with each item, all at the same moment, each in its own thread."""
    ready = threading.Barrier(len(items))

    def start(item: T) -> Any:
        ready.wait()
        return do(item)

    with ThreadPoolExecutor(len(items)) as pool:
        return list(tqdm(pool.map(start, items), total=len(items), desc=what, disable=None))


@contextmanager
def served(bot: Bot) -> Iterator[str]:
    """Serve the API of a bot on this machine; yield its address."""
    import gradio as gr

    from qa_bot.api import add_api

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with gr.Blocks(analytics_enabled=False) as page:
        add_api(bot)
    page.launch(
        server_name="127.0.0.1",
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        share=False,
        ssr_mode=False,
    )
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        page.close(verbose=False)


def resident() -> float:
    """Return the memory of this process, megabytes (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def run_visits(bot: Bot, names: Sequence[str]) -> list[Visit]:
    """Return what each person saw; all come, ask and go together."""
    libraries = open_libraries(bot, names)
    numbers = range(len(names))
    visits = at_once(numbers, lambda number: visit(libraries[number], names[number]), "ask")
    for library in libraries:
        library.close()
    return visits


def main() -> None:
    """Run the visits, then the calls, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--people", type=int, default=50, help=f"at once, at most {len(PEOPLE)}")
    parser.add_argument("--rounds", type=int, default=2, help="times that all of them come")
    options = parser.parse_args()
    names = PEOPLE[: options.people]
    bot = default_bot()
    expected = bot.answer(ABOUT_SHIPPED).to_dict()
    memory, visits = [resident()], list[Visit]()
    for _ in range(options.rounds):
        visits += run_visits(bot, names)
        gc.collect()
        memory.append(resident())
    with served(bot) as url:
        answers = at_once(names, lambda _: call(url, ABOUT_SHIPPED), "call")
    waits = np.quantile([seen.seconds for seen in visits], [0.5, 0.95])
    print(f"people at once               {len(names)}")
    print(f"right answers                {sum(seen.right for seen in visits)} of {len(visits)}")
    print(f"quotes of others' documents  {sum(seen.foreign for seen in visits)}")
    print(f"seconds waited, p50 / p95    {waits[0]:.1f} / {waits[1]:.1f}")
    print(f"right answers over HTTP      {sum(answer == expected for answer in answers)}", end="")
    print(f" of {len(answers)}")
    print("MB before, after each round  " + ", ".join(f"{size:.0f}" for size in memory))


if __name__ == "__main__":
    main()

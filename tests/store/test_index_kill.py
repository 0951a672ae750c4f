"""Processes killed at any moment of a write, and processes that read while one writes."""

import multiprocessing
import os
import random
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from qa_bot.datatypes import Document
from qa_bot.store.index import Index, lock
from tests.helpers.fakes import WordEmbedder

pytestmark = pytest.mark.slow

SETTINGS = {"model": "words", "passage_chars": 60, "passage_overlap": 1}
EMBEDDER = WordEmbedder()
KEPT = Document("The old mill burned down. Nobody was hurt.", "The mill")
KILLS = 12


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Starts processes in a few milliseconds: a helper that has done the imports forks."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["faiss", "qa_bot.store.index", "pytest"])
    return context


def step(number: int) -> Document:
    return Document(f"This is step{number} of many. The step after it is due.", f"Step {number}")


def make(folder: Path, number: int) -> None:
    """Write the first index: what is kept, and a step."""
    index = Index.new(SETTINGS, EMBEDDER)
    index.add([KEPT, step(number)], EMBEDDER)
    index.save(folder)


def advance(folder: Path) -> int:
    """Replace the step in an index by the next one, and return its number."""
    with lock(folder):
        index = Index.open(folder, settings=SETTINGS, fingerprint=EMBEDDER.fingerprint)
        number = step_of(index)
        index.remove([step(number).id])
        index.add([step(number + 1)], EMBEDDER)
        index.save(folder)
    return number + 1


def step_of(index: Index) -> int:
    """Return the step that an index is at, everything in it checked."""
    kept, last = index.documents
    number = int(last.title.removeprefix("Step "))
    assert (kept, last) == (KEPT, step(number))
    (hit,) = index.search_bm25(f"step{number}", 5)
    assert hit.passage == index.passages[1]
    assert [passage.text for passage in index.passages] == [KEPT.text, last.text]
    return number


def files(folder: Path) -> set[str]:
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return found - {".lock"}


def advance_forever(folder: Path, told: Connection) -> None:
    """Write step after step, telling each one that is done."""
    while True:
        told.send(advance(folder))


def last_told(told: Connection, done: int) -> int:
    """Return the last number a process told before it died, or ``done`` if it told no more."""
    with suppress(EOFError):
        while True:
            done = told.recv()
    return done


def advance_and_die(folder: Path, event: int) -> None:
    """Write a step, but be killed just before the given change to the folder's files."""
    left = event

    def count(name: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        writes = name == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_WRONLY
        changes = writes or name in ("os.rename", "os.remove")
        if changes and str(folder) in str(arguments[0]):
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    sys.addaudithook(count)
    advance(folder)


def test_killed_at_random_moments_it_is_the_old_index_or_the_new(
    tmp_path: Path, processes: ForkServerContext
) -> None:
    make(tmp_path, 0)
    moments = random.Random(2020)
    clean = files(tmp_path)
    interrupted = 0
    for _ in range(KILLS):
        told, tell = processes.Pipe(duplex=False)
        child = processes.Process(target=advance_forever, args=(tmp_path, tell))
        child.start()
        tell.close()  # the child's alone, so that its death is heard
        done = told.recv()
        time.sleep(moments.uniform(0, 0.06))
        child.kill()
        child.join()
        done = last_told(told, done)
        assert child.exitcode == -signal.SIGKILL
        assert step_of(Index.open(tmp_path)) in (done, done + 1)
        interrupted += len(files(tmp_path)) != len(clean)
    assert interrupted > 0  # else no kill came in the middle of a write
    advance(tmp_path)
    assert len(files(tmp_path)) == len(clean)


def test_killed_before_each_change_it_is_the_old_index_or_the_new(
    tmp_path: Path, processes: ForkServerContext
) -> None:
    make(tmp_path, 0)
    clean = files(tmp_path)
    advanced = []
    for event in range(100):
        before = step_of(Index.open(tmp_path))
        child = processes.Process(target=advance_and_die, args=(tmp_path, event))
        child.start()
        child.join()
        advanced.append(step_of(Index.open(tmp_path)) - before)
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL
        advance(tmp_path)
        assert len(files(tmp_path)) == len(clean)
    # Five files, the manifest last, are each opened and renamed, and their temporary names
    # made sure to be gone; then four old files are deleted; the last child came to its end.
    assert advanced == [0] * 14 + [1] * 6


def read_for(folder: Path, seconds: float) -> list[int]:
    """Open an index again and again, and return the steps it was at."""
    end = time.monotonic() + seconds
    seen = []
    while time.monotonic() < end:
        seen.append(step_of(Index.open(folder)))
    return seen


def test_two_processes_read_while_one_writes(tmp_path: Path, processes: ForkServerContext) -> None:
    make(tmp_path, 0)
    with ProcessPoolExecutor(2, mp_context=processes) as pool:
        reading = [pool.submit(read_for, tmp_path, 2.0) for _ in range(2)]
        while not all(reader.done() for reader in reading):
            last = advance(tmp_path)
    for reader in reading:
        seen = reader.result()
        assert seen == sorted(seen)
        assert 1 < len(set(seen)) <= last + 1

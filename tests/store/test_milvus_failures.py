"""Milvus with several writers and readers, and servers that are killed, missing, slow or refuse."""

import multiprocessing
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent import futures
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from benchmarks.milvus_server import MilvusServer, free_port
from qa_bot.cli import main
from qa_bot.datatypes import Document
from qa_bot.errors import StoreError
from qa_bot.store.embedded import Spec
from qa_bot.store.location import store_at
from tests.helpers.index_fakes import DOCUMENTS, EMBEDDER, FAIR, SETTINGS, long_document
from tests.helpers.milvus_server import needs_milvus

pytestmark = pytest.mark.slow

SPEC = Spec.of(SETTINGS, EMBEDDER)
SENTENCES = 12
TOKEN = "root:a-secret-token"


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["qa_bot.store.index", "pytest"])
    return context


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MilvusServer]:
    server = MilvusServer(tmp_path / "data")
    server.start()
    yield server
    server.kill()


def story(number: int) -> Document:
    """Return a document of which every passage holds the word "common"."""
    text = " ".join(f"Common line {n} of story{number} is here." for n in range(SENTENCES))
    return Document(text, f"Story {number}")


WHOLE = SENTENCES  # passages of a story: two sentences do not fit into one


def add_stories(location: str, numbers: list[int]) -> int:
    """Add stories one after another, and remove each third one again."""
    with store_at(location).writing(SPEC) as index:
        for number in numbers:
            index.add([story(number)], EMBEDDER)
            if number % 3 == 0:
                index.remove([story(number).id])
    return len(numbers)


def read_until(location: str, stop: str) -> list[int]:
    """Search until a file is there; return how many passages of a document each search found."""
    index, counts = store_at(location).open(), list[int]()
    while not Path(stop).exists():
        hits = index.search_bm25("common", 1_000)
        counts += Counter(hit.passage.document.id for hit in hits).values()
    return counts


@needs_milvus
def test_two_processes_add_while_two_read_whole_documents(
    server: MilvusServer, processes: ForkServerContext, tmp_path: Path
) -> None:
    location, stop = server.location("stories"), tmp_path / "stop"
    with store_at(location).writing(SPEC) as index:
        index.add([story(1)], EMBEDDER)
    with ProcessPoolExecutor(4, mp_context=processes) as pool:
        reading = [pool.submit(read_until, location, str(stop)) for _ in range(2)]
        adding = [
            pool.submit(add_stories, location, numbers)
            for numbers in (list(range(2, 12)), list(range(12, 22)))
        ]
        try:
            assert [writer.result(timeout=300) for writer in adding] == [10, 10]
        finally:
            stop.touch()
        seen = [reader.result(timeout=60) for reader in reading]
    assert all(set(counts) == {WHOLE} for counts in seen)
    kept = {story(number).id for number in range(1, 22) if number % 3}
    assert {document.id for document in index.documents} == kept
    assert len(index) == WHOLE * len(kept)


@needs_milvus
def test_a_server_killed_while_documents_are_added_loses_none_that_was_added(
    server: MilvusServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILVUS_TIMEOUT", "5")
    location = server.location("killed")
    done: list[int] = []
    with store_at(location).writing(SPEC) as index:
        index.add([story(1)], EMBEDDER)
        timer = threading.Timer(1.0, server.kill)
        timer.start()
        with pytest.raises(StoreError, match=r"killed does not answer within 5 seconds"):
            for number in range(2, 1_000):
                index.add([story(number)], EMBEDDER)
                done.append(number)
        timer.join()
        with pytest.raises(StoreError):
            index.search_bm25("common", 5)
        server.start()
        there = {document.id for document in store_at(location).open().documents}
        assert {story(number).id for number in [1, *done]} <= there
        failed = len(done) + 2
        index.add([story(failed)], EMBEDDER)  # the same index goes on
    hits = index.search_bm25("common", 10_000)
    counts = Counter(hit.passage.document.id for hit in hits)
    assert set(counts.values()) == {WHOLE}
    assert counts.keys() == {story(number).id for number in [1, *done, failed]}


@needs_milvus
def test_a_writer_killed_at_any_moment_leaves_whole_documents(
    server: MilvusServer, processes: ForkServerContext
) -> None:
    location = server.location("writers")
    with store_at(location).writing(SPEC) as index:
        index.add([story(1)], EMBEDDER)
    for number, moment in enumerate([0.2, 0.35, 0.5, 0.8], start=1):
        first = 100 * number
        child = processes.Process(
            target=add_stories, args=(location, list(range(first, first + 90)))
        )
        child.start()
        time.sleep(moment)
        child.kill()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        hits = index.search_bm25("common", 10_000)
        counts = Counter(hit.passage.document.id for hit in hits)
        assert set(counts.values()) == {WHOLE}
        index.add([story(first + 90)], EMBEDDER)
        assert len(index.search_bm25(f"story{first + 90}", 1_000)) == WHOLE


def timed_failure(location: str) -> tuple[str, float]:
    began = time.monotonic()
    with pytest.raises(StoreError) as caught:
        store_at(location).open()
    return str(caught.value), time.monotonic() - began


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILVUS_TIMEOUT", "2")
    monkeypatch.setenv("MILVUS_TOKEN", TOKEN)


@needs_milvus
@pytest.mark.usefixtures("hurried")
def test_a_server_that_is_not_there_is_told_in_time() -> None:
    port = free_port()
    said, seconds = timed_failure(f"milvus://127.0.0.1:{port}/none")
    assert said == (
        f"milvus://127.0.0.1:{port}/none does not answer within 2 seconds: see that it runs and "
        "can be reached, or set MILVUS_TIMEOUT, and try again"
    )
    assert seconds < 4


@needs_milvus
@pytest.mark.usefixtures("hurried")
def test_a_server_that_is_slow_is_told_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, says nothing
        said, seconds = timed_failure(f"milvus://127.0.0.1:{silent.getsockname()[1]}/none")
    assert "does not answer within 2 seconds" in said
    assert seconds < 4


@contextmanager
def refusing_server() -> Iterator[int]:
    """Serve gRPC on a port, refusing every call as a Milvus does that checks tokens."""
    import grpc

    class Refuse(grpc.GenericRpcHandler):
        def service(self, details: Any) -> Any:
            def refuse(request: bytes, context: Any) -> bytes:
                sent = dict(context.invocation_metadata()).get("authorization", "")
                context.abort(grpc.StatusCode.UNAUTHENTICATED, f"auth check failure: {sent}")
                return b""

            return grpc.unary_unary_rpc_method_handler(refuse)

    server = grpc.server(futures.ThreadPoolExecutor(2), handlers=[Refuse()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(0)


@needs_milvus
@pytest.mark.usefixtures("hurried")
def test_a_token_that_is_refused_is_told_and_never_shown(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with refusing_server() as port:
        said, seconds = timed_failure(f"milvus://127.0.0.1:{port}/none")
    assert "refuses the token: set MILVUS_TOKEN" in said
    assert seconds < 4
    everything = said + caplog.text + "".join(capfd.readouterr())
    assert TOKEN not in everything and "secret" not in everything


@needs_milvus
def test_the_command_line_does_on_a_server_what_it_does_on_a_folder(
    server: MilvusServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MILVUS_TOKEN", TOKEN)
    told = ""

    def run(*arguments: str, seconds: int = 60) -> tuple[int, str, str]:
        nonlocal told
        monkeypatch.setenv("MILVUS_TIMEOUT", str(seconds))
        code = main(arguments)
        said = capsys.readouterr()
        told += said.out + said.err
        return code, said.out, said.err

    there = server.location("articles")
    (tmp_path / "mill.txt").write_text(
        "The old mill was built by Zebulon Quick in 1850. Its wheel was made of oak."
    )
    _, made, _ = run("index", str(tmp_path / "mill.txt"), "--index", there, "--title", "The mill")
    assert made == f"{there}: 1 document, 1 passage\n"
    code, asked, _ = run("ask", "Who built the old mill?", "--index", there)
    assert (code, "Zebulon Quick" in asked) == (0, True)
    _, listed, _ = run("list", "--index", there)
    assert "The mill" in listed
    _, copied, _ = run("copy", there, str(tmp_path / "folder"))
    assert copied == f"{tmp_path / 'folder'}: 1 document copied\n"
    _, removed, _ = run("remove", listed[:12], "--index", there)
    assert removed == f"removed {listed[:12]}  The mill\n"
    assert run("list", "--index", there)[1] == ""
    assert run("list", "--index", str(tmp_path / "folder"))[1] == listed
    server.kill()
    code, out, error = run("list", "--index", there, seconds=2)
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert "does not answer within 2 seconds" in error
    assert "secret" not in told


@needs_milvus
def test_an_index_that_is_open_goes_on_when_the_server_is_back(
    server: MilvusServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILVUS_TIMEOUT", "2")
    location = server.location("back")
    with store_at(location).writing(SPEC) as index:
        index.add([*DOCUMENTS, long_document(5)], EMBEDDER)
    found = index.search_bm25("sunday", 5)
    assert [hit.passage.document for hit in found] == [FAIR] * len(found) != []
    listed = index.documents
    server.kill()
    with pytest.raises(StoreError, match="does not answer within 2 seconds"):
        index.search_bm25("sunday", 5)
    assert index.documents == listed  # so that a page has something to show
    server.start()
    assert index.search_bm25("sunday", 5) == found


def test_without_its_client_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['pymilvus'] = None\n"
        "from qa_bot.cli import main; sys.exit(main(['list', '--index', 'milvus://127.0.0.1/a']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "qa-bot: an index in Milvus needs its client: run: pip install qa-bot[milvus]\n"
    )

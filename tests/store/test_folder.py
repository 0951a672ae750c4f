"""Writing a folder: all of it or nothing, one writer at a time, a person's own files left alone."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import qa_bot
from qa_bot.datatypes import Document
from qa_bot.errors import IndexMismatchError, IndexNotFoundError, QABotError
from qa_bot.models.embedder import embed_query
from qa_bot.store.folder import lock, read
from qa_bot.store.index import Index, rebuild
from tests.helpers.saved_index import EMBEDDER, FAIR, MILL, SETTINGS, contents, find, save


def test_a_removed_document_leaves_no_trace_in_any_file(folder: Path) -> None:
    vector = embed_query(EMBEDDER, MILL.text).tobytes()
    traces = [MILL.id.encode(), b"mill", b"burn", b"nobod", vector]
    before = b"".join(contents(folder).values())
    assert [trace in before for trace in traces] == [True] * 5

    index = Index.open(folder)
    index.remove([MILL.id])
    index.save(folder)
    after = contents(folder)
    raw = b"".join(after.values())
    assert [trace in raw or trace in raw.lower() for trace in traces] == [False] * 5
    assert MILL.id[:12] not in "".join(after)
    assert Index.open(folder).documents == (FAIR,)


def test_the_same_documents_make_the_same_files_however_they_came(tmp_path: Path) -> None:
    save(tmp_path / "one", MILL, FAIR)
    save(tmp_path / "two", FAIR, MILL)
    index = Index.open(tmp_path / "two")
    index.remove([FAIR.id])
    index.save(tmp_path / "two")
    index.add([FAIR], EMBEDDER)
    index.save(tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert [name.split("-")[0] for name in sorted(contents(tmp_path / "one"))] == [
        ".lock", "articles/the", "articles/the", "documents", "manifest.json", "passages", "vectors"
    ]  # fmt: skip


PERSONS = {
    "notes.txt": b"mine",
    "passages-.sqlite": b"mine",
    "documents-2020.json": b"mine",
    "vectors-0123.faiss": b"mine",
    "articles/notes.txt": b"mine",
    "articles/minutes-202001011200.txt": b"mine",
    "articles/Draft-0123456789ab.txt": b"mine",
    "articles/data.tmp": b"mine",
    "below/passages-0123456789ab.sqlite": b"mine",
}


def test_a_persons_own_files_stay(tmp_path: Path) -> None:
    for name, data in PERSONS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    for documents in ([MILL], [MILL, FAIR], [FAIR], []):
        save(tmp_path, *documents)
        assert PERSONS.items() <= contents(tmp_path).items()
    rebuild(tmp_path, EMBEDDER, SETTINGS)
    assert PERSONS.items() <= contents(tmp_path).items()


@pytest.mark.parametrize("data", [b'{"name": "a web page", "icons": []}', b"", b"not JSON"])
def test_a_manifest_that_is_not_ours_is_not_overwritten(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(data)
    with pytest.raises(IndexMismatchError, match="--rebuild"):
        save(tmp_path, MILL)
    with pytest.raises(IndexNotFoundError):
        rebuild(tmp_path, EMBEDDER, SETTINGS)
    assert (tmp_path / "manifest.json").read_bytes() == data
    assert not list((tmp_path).glob("*.sqlite"))


def test_what_a_killed_write_left_is_deleted_by_the_next(folder: Path) -> None:
    left = {
        "passages-0123456789ab.sqlite": b"half",
        "documents-0123456789ab.json": b"half",
        "vectors-0123456789ab.faiss.qa-bot-tmp": b"half",
        "manifest.json.qa-bot-tmp": b"{",
        "articles/gone-0123456789ab.txt.qa-bot-tmp": b"ha",
        f"articles/orphan-{Document('orphan').id[:12]}.txt": b"orphan",
    }
    before = contents(folder)
    for name, data in left.items():
        (folder / name).write_bytes(data)
    save(folder, MILL, FAIR)
    assert contents(folder) == before


class FullDisk:
    """Lets a number of files be brought to the disk, then has no room."""

    def __init__(self, room: int) -> None:
        self.room = room

    def __call__(self, handle: int) -> None:
        self.room -= 1
        if self.room < 0:
            raise OSError(28, "No space left on device")


@pytest.mark.parametrize("room", range(7))
def test_a_full_disk_leaves_the_old_index(
    folder: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    before = contents(folder)
    new = Document("Something else happened. And more of it.", "News")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", FullDisk(room))
        with pytest.raises(QABotError, match=r"cannot write .*No space left.*is as it was"):
            save(folder, FAIR, new)
    assert contents(folder) == before
    save(folder, FAIR, new)
    assert Index.open(folder).documents == (FAIR, new)


@pytest.mark.parametrize("room", range(7))
def test_a_full_disk_leaves_no_half_of_a_first_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", FullDisk(room))
        with pytest.raises(QABotError, match="cannot write"):
            save(tmp_path, MILL)
    assert contents(tmp_path) == {".lock": b""}


def test_an_interrupt_just_after_the_switch_leaves_the_new_index(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def interrupted(source: Path, target: Path) -> None:
        replace(source, target)
        if target.name == "manifest.json":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "replace", interrupted)
        save(folder, FAIR, Document("Something else happened.", "News"))
    assert [it.title for it in Index.open(folder).documents] == ["The fair", "News"]


@pytest.mark.parametrize("room", [7, 8, 9])
def test_a_disk_that_fails_after_the_switch_leaves_the_new_index(
    folder: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    new = Document("Something else happened. And more of it.", "News")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", FullDisk(room))
        with pytest.raises(QABotError, match=r"was written, but .*No space left"):
            save(folder, FAIR, new)
    assert Index.open(folder).documents == (FAIR, new)
    save(folder, FAIR)
    assert not (folder / "articles").joinpath(f"news-{new.id[:12]}.txt").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("I am no folder.")
    with pytest.raises(QABotError, match=r"cannot write the index in .*file"):
        save(tmp_path / "file", MILL)
    with pytest.raises(QABotError, match=r"cannot write the index in .*file"):
        save(tmp_path / "file" / "below", MILL)


def test_a_reader_starts_again_when_a_writer_deletes_its_files(
    folder: Path,
) -> None:
    find(folder, "passages-").unlink()
    pauses: list[float] = []

    def write_meanwhile(seconds: float) -> None:
        pauses.append(seconds)
        save(folder, FAIR)

    stored = read(folder, pause=write_meanwhile)
    assert [it.document for segment in stored.segments for it in segment.articles] == [FAIR]
    assert len(pauses) == 1


def test_a_lock_for_nothing_leaves_nothing(tmp_path: Path) -> None:
    for path in (tmp_path / "new", tmp_path / "new" / "below"):
        with pytest.raises(IndexNotFoundError), lock(path):
            Index.open(path)
        assert not path.exists()
    (tmp_path / "empty").mkdir()
    with pytest.raises(IndexNotFoundError), lock(tmp_path / "empty"):
        Index.open(tmp_path / "empty")
    assert (tmp_path / "empty").is_dir()


def test_what_could_not_be_read_again_is_not_written(folder: Path) -> None:
    before = contents(folder)
    index = Index.new({**SETTINGS, "unknown": 1}, EMBEDDER)
    with pytest.raises(TypeError, match="unknown"):
        index.save(folder)
    assert contents(folder) == before


@pytest.mark.slow
def test_one_writer_at_a_time_among_processes(tmp_path: Path) -> None:
    code = f"""
from qa_bot.store.folder import lock
with lock({str(tmp_path)!r}):
    print("held", flush=True)
    input()
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(qa_bot.__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as child:
        assert child.stdout is not None and child.stdout.readline() == "held\n"
        with pytest.raises(QABotError, match="another process is writing"), lock(tmp_path, 0.1):
            pass
        child.communicate("\n")
    with lock(tmp_path, 0.1):
        pass


def test_one_writer_at_a_time_among_threads_and_the_holder_may_write(tmp_path: Path) -> None:
    refused = []

    def try_to_hold() -> None:
        try:
            with lock(tmp_path, 0.1):
                pass
        except QABotError as error:
            refused.append(str(error))

    with lock(tmp_path):
        save(tmp_path, FAIR)
        thread = threading.Thread(target=try_to_hold)
        thread.start()
        thread.join()
    assert [message.split(":")[0] for message in refused] == [
        f"another process is writing to the index in {tmp_path}"
    ]
    try_to_hold()
    assert len(refused) == 1

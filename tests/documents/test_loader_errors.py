"""What cannot be loaded is refused on one line that says why."""

import codecs
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from qa_bot.documents.loader import MAX_BYTES, load, load_file
from qa_bot.errors import ArticleError
from tests.helpers.loading import brief, error_of, forbid


def test_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "gone.txt"
    assert error_of(path) == f"{str(path)!r} does not exist: check the path"


def test_the_empty_path_is_not_the_current_folder() -> None:
    assert error_of("") == "an empty path was given: name a file or a folder"


def test_a_folder_without_articles(write: Callable[..., Path], tmp_path: Path) -> None:
    write("Words.", "page.css")
    assert error_of(tmp_path) == (
        f"{str(tmp_path)!r} has no documents in it: put text, Markdown or other documents there "
        "(.csv, .docx, .eml, .epub, .htm, .html, .markdown, .md, .pdf, .srt, .text, .tsv, .txt, "
        ".vtt, .xhtml)"
    )


@pytest.mark.parametrize(
    "data",
    [b"", b" \n\r\n\t ", codecs.BOM_UTF8, b"\xff\xfe \0", b"\0\0", "\u200b\u3000".encode()],
    ids=brief,
)
def test_a_blank_file(write: Callable[..., Path], data: bytes) -> None:
    path = write(data)
    assert error_of(path) == f"{str(path)!r} is empty: give a file with text in it"


@pytest.mark.parametrize(
    "data",
    [
        random.Random(0).randbytes(1000),
        random.Random(1).randbytes(100_001),
        bytes(range(32)) * 10,
        b"\0" * 1000,
        b"word \1\2\3\4\5\6 " * 3,
        Path(sys.executable).read_bytes()[100:20_000],
        codecs.BOM_UTF8 + "café".encode("latin-1"),
        codecs.BOM_UTF16_LE + b"odd",
        "emoji 😀 cut".encode("utf-16")[:17],
        codecs.BOM_UTF32_BE + b"\0\x11\0\0",
    ],
    ids=brief,
)
def test_bytes_that_are_no_text(write: Callable[..., Path], data: bytes) -> None:
    path = write(data)
    assert error_of(path) == (
        f"{str(path)!r} is not text, or its encoding cannot be recognised: "
        "save it as plain text in UTF-8 (.txt or .md) and give that file"
    )


def test_the_limit_is_in_bytes_and_named(write: Callable[..., Path]) -> None:
    path = write("é" * 600)
    assert load([path], max_bytes=1200)[0].text == "é" * 600
    assert error_of(path, max_bytes=1199) == (
        f"{str(path)!r} has more than 1,199 bytes, the limit for one document: "
        "split it into smaller files"
    )


def test_a_file_over_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sparse.txt"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    monkeypatch.setattr(Path, "open", None)
    assert "more than 50,000,000 bytes" in error_of(path)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_a_file_that_does_not_tell_its_size_is_read_up_to_the_limit() -> None:
    path = Path("/proc/self/status")
    assert path.stat().st_size == 0
    assert "more than 100 bytes" in error_of(path, max_bytes=100)
    assert load([path])[0].text.startswith("Name:")


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and devices among the files")
@pytest.mark.parametrize("kind", ["device", "pipe", "pipe in a folder"])
def test_only_files_are_read(tmp_path: Path, kind: str) -> None:
    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    path = Path("/dev/zero") if kind == "device" else pipe
    given_path = tmp_path if kind == "pipe in a folder" else path
    assert error_of(given_path) == (
        f"{str(path)!r} is a pipe or a device, not a file: save its content as a text file"
    )


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ArticleError) as caught:
        load_file(tmp_path)
    assert str(caught.value) == f"{str(tmp_path)!r} is a folder: give a file in it"


@pytest.mark.parametrize("name", ["dead.txt", "dead"])
def test_a_dead_link(write: Callable[..., Path], tmp_path: Path, name: str) -> None:
    write("Words.", "a.txt")
    link = tmp_path / name
    link.symlink_to(tmp_path / "gone")
    message = f"{str(link)!r} is a broken link: repair or remove it"
    assert error_of(link) == message
    assert error_of(tmp_path) == message


def test_a_folder_that_leads_back_to_itself(write: Callable[..., Path], tmp_path: Path) -> None:
    write("Words.", "folder/a.txt")
    link = tmp_path / "folder" / "back"
    link.symlink_to(tmp_path)
    assert error_of(tmp_path) == (
        f"{str(link)!r} is a link to a folder that contains it: remove the link"
    )


@pytest.mark.parametrize("name", ["self.txt", "self"])
def test_a_link_to_itself(tmp_path: Path, name: str) -> None:
    link = tmp_path / name
    link.symlink_to(link)
    assert error_of(link).startswith(f"{str(link)!r} cannot be read (")
    assert error_of(tmp_path).startswith(f"{str(link)!r} cannot be read (")


@pytest.mark.parametrize("path", ["nul\0in it.txt", "x" * 5000], ids=brief)
def test_a_path_that_cannot_be(path: str) -> None:
    assert error_of(path).startswith(f"{path!r} cannot be read (")


@pytest.mark.parametrize("method", ["open", "stat", "iterdir"])
def test_what_may_not_be_read(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    path = write("Words.")
    path = path.parent if method == "iterdir" else path
    monkeypatch.setattr(Path, method, forbid)
    assert error_of(path) == (
        f"{str(path)!r} cannot be read (Permission denied): check its path and permissions"
    )

"""Files that are written whole, and read or mapped."""

import mmap
from pathlib import Path

import pytest

from qa_bot.store.atomic import TEMPORARY, holds, load, put


@pytest.mark.parametrize("mapped_from", [1, 100])
def test_what_was_put_is_loaded(tmp_path: Path, mapped_from: int) -> None:
    path = tmp_path / "table"
    put(path, memoryview(b"some words"))
    data = load(path, mapped_from)
    assert data == b"some words"
    assert isinstance(data, bytes) == (mapped_from > 10)
    assert holds(path, b"some words")
    assert not holds(path, b"some wordz")
    assert not holds(path, b"some word")
    assert not holds(tmp_path / "none", b"some words")
    assert [found.name for found in tmp_path.iterdir()] == ["table"]


def test_what_is_mapped_stays_when_the_file_is_replaced_or_goes(
    tmp_path: Path,
) -> None:
    path = tmp_path / "table"
    put(path, b"the first words")
    data = load(path, 1)
    assert isinstance(data, memoryview) and isinstance(data.obj, mmap.mmap)
    put(path, b"others")
    path.unlink()
    assert data == b"the first words"


def test_an_empty_file_is_no_bytes(tmp_path: Path) -> None:
    put(tmp_path / "table", b"")
    assert load(tmp_path / "table") == b""


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "table").mkdir()
    with pytest.raises(OSError, match="directory"):
        put(tmp_path / "table", b"words")
    assert not (tmp_path / f"table{TEMPORARY}").exists()

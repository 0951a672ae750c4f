"""Free memory is returned to the system (with glibc only)."""

import ctypes
from pathlib import Path

import pytest

from qa_bot.page import malloc


def resident() -> int:
    """Return the memory of this process, pages."""
    return int(Path("/proc/self/statm").read_text().split()[1])


@pytest.fixture
def library() -> ctypes.CDLL:
    library = malloc._glibc()
    if library is None:
        pytest.skip("no glibc")
    library.malloc.restype = ctypes.c_void_p
    library.free.argtypes = [ctypes.c_void_p]
    return library


def test_what_is_free_below_what_is_used_goes_back(library: ctypes.CDLL) -> None:
    blocks = [library.malloc(100_000) for _ in range(1000)]
    for block in blocks:
        ctypes.memset(block, 1, 100_000)
    for block in blocks[:-1]:
        library.free(block)
    before = resident()
    malloc.trim_heap()
    assert before - resident() > 50_000_000 / 4096
    library.free(blocks[-1])


def test_sharing_arenas_is_granted(library: ctypes.CDLL) -> None:
    assert library.mallopt(malloc._ARENA_MAX, malloc._ARENAS) == 1
    malloc.limit_arenas()

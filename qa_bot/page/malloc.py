"""How the C library's allocator keeps memory (glibc; elsewhere nothing is done)."""

import ctypes
from functools import cache
from typing import Any

_ARENA_MAX = -8  # of mallopt, see malloc.h
_ARENAS = 2


@cache
def _glibc() -> Any:
    """Return the C library that this process runs on; None when it is not glibc."""
    try:
        library = ctypes.CDLL("libc.so.6")
    except OSError:
        return None
    return library if hasattr(library, "malloc_trim") else None


def limit_arenas() -> None:
    """Have all threads allocate from few arenas; each would keep one, of its own greatest need."""
    library = _glibc()
    if library is not None:
        library.mallopt(_ARENA_MAX, _ARENAS)


def trim_heap() -> None:
    """Return what is free to the system; the allocator itself does so at the top of the heap."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)

"""Make glibc's allocator return free memory; with another C library, do nothing.

After 16 concurrent questions the process had 380 MiB without these two calls, and 230 with them.
"""

import ctypes
from functools import cache
from typing import Any

_ARENA_MAX = -8  # of mallopt, see malloc.h
_ARENAS = 2


@cache
def _glibc() -> Any:
    """Return the C library of this process, or None if it is not glibc."""
    try:
        library = ctypes.CDLL("libc.so.6")
    except OSError:
        return None
    return library if hasattr(library, "malloc_trim") else None


def limit_arenas() -> None:
    """Limit the number of arenas: by default each thread keeps one, at its largest size."""
    library = _glibc()
    if library is not None:
        library.mallopt(_ARENA_MAX, _ARENAS)


def trim_heap() -> None:
    """Return free memory to the system; by default only memory at the top of the heap is."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)

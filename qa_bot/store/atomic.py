"""Files that never change: written whole, and brought to the disk, before they have their name."""

import mmap
import os
from pathlib import Path

Buffer = bytes | memoryview

TEMPORARY = ".qa-bot-tmp"  # ends the name of a file that is being written
MAPPED_FROM = 64 * 2**20  # bytes: smaller files are read


def load(path: Path, mapped_from: int = MAPPED_FROM) -> Buffer:
    """Return the bytes of a file, mapped into memory when they are ``mapped_from`` or more.

    What is mapped is read when it is needed and may leave the memory again. It never changes:
    files are replaced, not written to.
    """
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size < mapped_from:
            return file.read()
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def has_size(path: Path, size: int) -> bool:
    """Whether there is a file of so many bytes."""
    return path.is_file() and path.stat().st_size == size


def holds(path: Path, data: Buffer) -> bool:
    """Whether a file holds exactly these bytes."""
    return has_size(path, len(data)) and load(path) == data


def put(path: Path, data: Buffer) -> None:
    """Make ``path`` a file of these bytes, on the disk: whenever it is there, it is whole."""
    temporary = path.with_name(path.name + TEMPORARY)
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Bring new and changed names in a folder to the disk, where the system lets one do so."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

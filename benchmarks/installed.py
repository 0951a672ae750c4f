"""The installed size of a package and all its dependencies."""

from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import qa_bot
from qa_bot.bot import shipped_index


def needed(packages: Iterable[str]) -> dict[str, Distribution]:
    """Return packages and their dependencies by name; raises PackageNotFoundError for a root.

    What is needed for an extra counts where that extra is asked for. What is needed and not here
    is left out: nothing of it is on the disk.
    """
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(package, frozenset[str](), True) for package in packages]
    while waiting:
        name, extras, root = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            found[canonicalize_name(name)] = distribution(name)
        except PackageNotFoundError:
            if root:
                raise
            continue
        waiting.extend(
            (requirement.name, frozenset(requirement.extras), False)
            for requirement in map(Requirement, distribution(name).requires or [])
            if _applies(requirement, extras)
        )
    return found


def _applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({"extra": extra}) for extra in extras or {""})


def size(packages: Iterable[str]) -> int:
    """Return the size of packages and their dependencies on disk, in bytes."""
    return sum(_size(name, found) for name, found in needed(packages).items())


def _size(name: str, found: Distribution) -> int:
    if name == "qa-bot":  # installed from a clone, it lists no files of its own
        package = Path(qa_bot.__file__).parent
        return folder_size(package) + folder_size(shipped_index())
    paths = (Path(str(found.locate_file(file))) for file in found.files or ())
    return sum(path.stat().st_size for path in paths if path.is_file() and path.suffix != ".pyc")


def folder_size(folder: Path) -> int:
    """Return the size of the files in a folder in bytes, without compiled Python."""
    return sum(
        path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    )

"""Save the numbers of a benchmark as JSON, with the date, the machine and the versions."""

import json
import os
import platform
from collections.abc import Iterable, Mapping
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

FOLDER = Path("runs/benchmarks")
Results = Mapping[str, Any]  # what a benchmark wrote


def write(folder: Path, name: str, packages: Iterable[str], found: Mapping[str, Any]) -> Path:
    """Write a benchmark's numbers to ``name``.json in a folder, and return the path."""
    return _save(folder, name, _stamped(packages, found))


def kept(folder: Path, name: str, about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the saved results of each peer; raises ValueError if their settings differ.

    ``about`` is what peers must have in common to be compared: data, questions, rounds.
    """
    found = read(folder, name)
    if found is None:
        return {}
    peers: dict[str, Any] = found.pop("peers", {})
    if found != about:
        raise ValueError(
            f"{folder / name}.json is of other data or settings: name another folder with --out, "
            "or remove it"
        )
    return peers


def add(
    folder: Path,
    name: str,
    about: Mapping[str, Any],
    peer: str,
    packages: Iterable[str],
    found: Mapping[str, Any],
) -> Path:
    """Save the results of a peer beside those of the others, and return the path."""
    peers = {**kept(folder, name, about), peer: _stamped(packages, found)}
    return _save(folder, name, {**about, "peers": peers})


def _stamped(packages: Iterable[str], found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "date": date.today().isoformat(),
        "machine": machine(),
        "versions": versions(packages),
        **found,
    }


def _save(folder: Path, name: str, whole: Mapping[str, Any]) -> Path:
    """Write atomically: an interrupted run leaves the old file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    new = path.with_suffix(".new")
    new.write_text(json.dumps(whole, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
    return new.replace(path)


def read(folder: Path, name: str) -> dict[str, Any] | None:
    """Read a benchmark's numbers, or return None if it has not been run."""
    path = folder / f"{name}.json"
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def machine() -> dict[str, str]:
    """Describe the hardware of this machine, without its name or owner."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "threads": os.environ.get("OMP_NUM_THREADS", "as many as cores"),
        "memory": f"{pages / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the installed versions of packages."""
    return {package: _version(package) for package in sorted(set(packages))}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"

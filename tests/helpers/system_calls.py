"""Run a program under strace, and report its network calls and the files it wrote."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

_OPENS = frozenset({"open", "openat", "openat2"})
_CHANGES = frozenset(
    "creat mkdir mkdirat mknod mknodat rename renameat renameat2 unlink unlinkat rmdir link linkat"
    " symlink symlinkat truncate".split()
)
_NO_FILES = ("/dev/null", "/dev/shm")  # the second: semaphores, which are memory
_FOR_WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC")
_CALL = re.compile(r"^\d+ +(\w+)\((.*)$")
_PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')
_NAMES = frozenset({"getsockname", "getpeername"})  # they only read what a socket is called
_INTERNET = re.compile(r"sa_family=AF_INET6?\b")
_LOOPBACK = re.compile(r'inet_addr\("127\.|AF_INET6.*"(?:::1|::ffff:127\.[\d.]+)"')
_LOOKUP = re.compile(r"sin6?_port=htons\((?:53|853|5353)\)|sun_path=\"[^\"]*resolve")


@cache
def why_not_traced() -> str:
    """Return why programs cannot be traced on this machine, or "" if they can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, text=True)
    return f"strace does not work here: {tried.stderr.strip()}" if tried.returncode else ""


def traced(command: Sequence[str], log: Path) -> list[str]:
    """Return a command that runs another under strace, children too, and writes its calls.

    Before anything else it prints the number of the process that is traced.
    """
    shell = ["sh", "-c", 'echo $$; exec "$@"', "sh", *command]
    files = ",".join(f"?{name}" for name in sorted(_OPENS | _CHANGES))  # ?: where there is such
    options = ["-f", "-y", "-qq", "-s", "512", "-e", f"trace=network,{files}", "-o", str(log)]
    return ["strace", *options, *shell]


def outbound(log: Path) -> list[str]:
    """Return the calls that look up a name or connect to another machine."""
    return [
        line
        for line, name, arguments in _calls(log)
        if name not in _NAMES
        and (
            _LOOKUP.search(arguments)
            or (_INTERNET.search(arguments) and not _LOOPBACK.search(arguments))
        )
    ]


def written(log: Path, allowed: Sequence[Path]) -> list[str]:
    """Return the paths that were created, changed or deleted outside the allowed ones.

    A path relative to the working folder is not always logged with it: then it counts as outside.
    """
    paths = (path for _, name, arguments in _calls(log) for path in _changed(name, arguments))
    within = [Path(allow).resolve() for allow in (*allowed, *_NO_FILES)]
    return [str(path) for path in paths if not any(path.is_relative_to(allow) for allow in within)]


def _calls(log: Path) -> Iterator[tuple[str, str, str]]:
    """Yield each line, the name of its call and the arguments, as they were when it began."""
    for line in log.read_text(errors="replace").splitlines():
        if call := _CALL.match(line):
            yield line, call[1], call[2]


def _changed(name: str, arguments: str) -> Iterator[Path]:
    """Yield the paths that a call creates, changes or deletes."""
    if name in _CHANGES or (name in _OPENS and _FOR_WRITING.search(arguments)):
        for folder, path in _PATH.findall(arguments):
            yield Path(folder if folder else "/", path).resolve()

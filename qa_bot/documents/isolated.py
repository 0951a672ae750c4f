"""Read a file in a process of its own: ``python -m qa_bot.documents.isolated FILE``."""

import json
import logging
import subprocess
import sys
from pathlib import Path

from qa_bot.datatypes import Mark
from qa_bot.documents.content import Content
from qa_bot.documents.formats import read_content
from qa_bot.errors import ArticleError

_COMMAND = (sys.executable, "-m", "qa_bot.documents.isolated")
_ROOT = Path(__file__).parents[2]  # where Python finds this package


def read_isolated(path: Path, seconds: float) -> Content:
    """Read a file as ``read_content`` does, for at most ``seconds``.

    A malicious file can hang or crash the library that parses it. Raises ArticleError, whose
    message continues the name of the file, and TimeoutError.
    """
    command = [*_COMMAND, str(path)]
    try:
        done = subprocess.run(
            command,
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=max(seconds, 0.01),
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"not read in {seconds:g} seconds") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace")[-2000:]
        logging.getLogger(__name__).error("an upload cannot be read: %s", said)
        raise ArticleError("cannot be read: save it anew, or as plain text")
    found = json.loads(done.stdout.splitlines()[-1])
    if "error" in found:
        raise ArticleError(found["error"])
    marks = tuple(Mark(*mark) for mark in found["marks"])
    return Content(found["text"], found["title"], marks, tuple(found["notes"]))


def main() -> None:
    """Read the file in the first argument, and print its content, or the error, as JSON."""
    path = Path(sys.argv[1])
    try:
        content = read_content(path.read_bytes(), path.suffix)
    except ArticleError as error:
        found: dict[str, object] = {"error": str(error)}
    else:
        marks = [(it.start, it.kind, it.label, it.level) for it in content.marks]
        found = {
            "text": content.text,
            "title": content.title,
            "marks": marks,
            "notes": content.notes,
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main()

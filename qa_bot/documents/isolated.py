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
_ROOT = Path(__file__).parents[2]  # the folder that contains this package


def read_isolated(path: Path, seconds: float) -> Content:
    """Read a file as ``read_content`` does, for at most ``seconds``.

    A malicious file can hang or crash the library that parses it. Raises TimeoutError, and
    ArticleError, whose message is a predicate to be put after the name of the file.
    """
    command = [*_COMMAND, str(path)]
    try:
        process = subprocess.run(
            command,
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=max(seconds, 0.01),
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"not read in {seconds:g} seconds") from error
    if process.returncode != 0:
        stderr = process.stderr.decode(errors="replace")[-2000:]
        logging.getLogger(__name__).error("an upload cannot be read: %s", stderr)
        raise ArticleError("cannot be read: save it again, or as plain text")
    result = json.loads(process.stdout.splitlines()[-1])
    if "error" in result:
        raise ArticleError(result["error"])
    marks = tuple(Mark(*mark) for mark in result["marks"])
    return Content(result["text"], result["title"], marks, tuple(result["notes"]))


def main() -> None:
    """Read the file named by the first argument; print its content or the error as JSON."""
    path = Path(sys.argv[1])
    try:
        content = read_content(path.read_bytes(), path.suffix)
    except ArticleError as error:
        result: dict[str, object] = {"error": str(error)}
    else:
        marks = [(mark.start, mark.kind, mark.label, mark.level) for mark in content.marks]
        result = {
            "text": content.text,
            "title": content.title,
            "marks": marks,
            "notes": content.notes,
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()

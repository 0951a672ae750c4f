"""Feedback: a person's thumbs, kept in a file when the operator asks for it."""

import json
import threading
from datetime import UTC, datetime
from pathlib import Path

from qa_bot.errors import QABotError
from qa_bot.page.session import Exchange

_WORDS = {True: "up", False: "down"}  # anything else takes a thumb back
_writing = threading.Lock()


def check_feedback(file: Path) -> None:
    """Raise QABotError when a file cannot be appended to."""
    try:
        file.open("a", encoding="utf-8").close()
    except OSError as error:
        raise QABotError(f"feedback cannot be kept in {file}: choose another --feedback") from error


def keep_feedback(file: Path, exchange: Exchange, liked: object) -> None:
    """Append one line of JSON: when, which thumb, and the question with its answer."""
    thumb = _WORDS.get(liked, "none") if isinstance(liked, bool) else "none"
    line = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "thumb": thumb,
        "question": exchange.question,
        "answer": None if exchange.answer is None else exchange.answer.to_dict(),
    }
    with _writing, file.open("a", encoding="utf-8", errors="replace") as lines:
        lines.write(json.dumps(line) + "\n")

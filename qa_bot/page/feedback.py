"""Feedback: thumbs up and down, appended to a file if the operator wants them."""

import json
import threading
from datetime import UTC, datetime
from pathlib import Path

from qa_bot.errors import QABotError
from qa_bot.page.session import Exchange

_THUMBS = {True: "up", False: "down"}  # any other value withdraws the thumb
_writing = threading.Lock()


def check_feedback(file: Path) -> None:
    """Raise QABotError if a file cannot be appended to."""
    try:
        file.open("a", encoding="utf-8").close()
    except OSError as error:
        raise QABotError(
            f"cannot write feedback to {file}: choose another file with --feedback"
        ) from error


def keep_feedback(file: Path, exchange: Exchange, liked: object) -> None:
    """Append one line of JSON: time, thumb, question and answer."""
    thumb = _THUMBS.get(liked, "none") if isinstance(liked, bool) else "none"
    line = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "thumb": thumb,
        "question": exchange.question,
        "answer": None if exchange.answer is None else exchange.answer.to_dict(),
    }
    with _writing, file.open("a", encoding="utf-8", errors="replace") as lines:
        lines.write(json.dumps(line) + "\n")

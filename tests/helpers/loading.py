"""What the tests of loading share."""

from pathlib import Path

import pytest

from qa_bot.documents.loader import MAX_BYTES, load
from qa_bot.errors import ArticleError


def brief(value: object) -> str:
    """Return a short test id for a value that may be long or not text."""
    return ascii(value)[:30]


def error_of(path: Path | str, max_bytes: int = MAX_BYTES) -> str:
    """Return the error message for a path."""
    with pytest.raises(ArticleError) as caught:
        load([path], max_bytes=max_bytes)
    return str(caught.value)


def forbid(self: Path, *args: object, **options: object) -> None:
    """Raise PermissionError, as the system does for everyone except root."""
    raise PermissionError(13, "Permission denied")

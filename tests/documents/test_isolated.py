"""Reading in a separate process: the same text, marks and errors, and a time limit."""

import sys
from pathlib import Path

import pytest

from qa_bot.documents import isolated
from qa_bot.documents.formats import read_content
from qa_bot.documents.isolated import read_isolated
from qa_bot.errors import ArticleError

MARKDOWN = "# The Küste\n\nAnna “Ann” Berg \U0001f600 came.\n\n## Later\n\nShe\u2028left.\r\n"


@pytest.mark.slow
@pytest.mark.parametrize("text", [MARKDOWN, "# One line"])
def test_what_is_read_apart_is_what_is_read_here(tmp_path: Path, text: str) -> None:
    path = tmp_path / "-x 'y'.md"
    path.write_bytes(text.encode())
    content = read_isolated(path, 60)
    assert content == read_content(text.encode(), ".md")
    assert content.text == text and content.marks[0].kind == "heading"


@pytest.mark.slow
def test_what_is_no_article_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"GIF89a")
    with pytest.raises(ArticleError, match=r"^is a GIF image, not text: save it as"):
        read_isolated(path, 60)


def test_a_crash_and_a_wait_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "_COMMAND", (sys.executable, "-c", "import os; os.abort()"))
    with pytest.raises(ArticleError, match=r"^cannot be read: "):
        read_isolated(tmp_path, 60)
    monkeypatch.setattr(isolated, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
    with pytest.raises(TimeoutError, match=r"0\.1 seconds"):
        read_isolated(tmp_path, 0.1)

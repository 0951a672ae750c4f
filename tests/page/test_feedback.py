"""Feedback: one line of JSON for each thumb, and a clear error if it cannot be written."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qa_bot.errors import QABotError
from qa_bot.page.feedback import check_feedback, keep_feedback
from qa_bot.page.session import Exchange


def test_a_file_that_can_be_appended_to_keeps_what_is_in_it(tmp_path: Path) -> None:
    file = tmp_path / "kept"
    file.write_text("before\n")
    check_feedback(file)
    assert file.read_text() == "before\n"


def test_a_file_that_cannot_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        QABotError, match=r"^cannot write feedback to .*: choose another file with --feed"
    ):
        check_feedback(tmp_path / "no folder" / "kept")


def test_each_thumb_is_a_line_whatever_was_asked(tmp_path: Path) -> None:
    questions = [f"{n} <b>\n\ud800 \u2028é" for n in range(16)]
    with ThreadPoolExecutor(8) as threads:
        list(
            threads.map(
                lambda it: keep_feedback(tmp_path / "kept", Exchange(0, it), True), questions
            )
        )
    lines = (tmp_path / "kept").read_text().split("\n")[:-1]
    assert sorted(json.loads(line)["question"] for line in lines) == sorted(questions)
    assert {(json.loads(line)["thumb"], json.loads(line)["answer"]) for line in lines} == {
        ("up", None)
    }

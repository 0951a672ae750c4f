"""Cleanup: what is deleted after people have left, and what is not deleted yet."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import gradio as gr
import pytest
from gradio.state_holder import StateHolder

from qa_bot.page.cleanup import delete_stale_files, drop_closed_pages

NOW = datetime(2026, 1, 1)


@pytest.fixture
def state() -> gr.State:
    return gr.State("a session", render=False, time_to_live=60)


@pytest.fixture
def holder(state: gr.State) -> StateHolder:
    """The state of pages: open, just closed, ended, long idle; and of a program's call."""
    page = gr.Blocks(analytics_enabled=False)
    with page:
        state.render()
    holder = StateHolder()
    holder.set_blocks(page)
    for name in ("open", "closed", "ended", "idle"):
        holder[name][state._id] = name
    assert holder["call"].state_data == {}
    for name in ("closed", "ended"):
        holder[name].is_closed = True
    for name in ("ended", "idle"):
        holder[name].state_data.clear()  # as Gradio does when its time is over
    for name in list(holder.session_data):
        holder.time_last_used[name] = NOW
    return holder


def test_pages_go_when_closed_and_without_session(holder: StateHolder) -> None:
    assert drop_closed_pages(holder, NOW + timedelta(seconds=29)) == 0
    assert set(holder.session_data) == {"open", "closed", "ended", "idle", "call"}
    assert drop_closed_pages(holder, NOW + timedelta(seconds=31)) == 2
    assert set(holder.session_data) == {"open", "closed", "idle"}
    assert set(holder.time_last_used) == {"open", "closed", "idle"}


def test_files_that_were_left_over_go(tmp_path: Path) -> None:
    for name, age in (("old", 901), ("new", 899)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "a.txt").touch()
        (tmp_path / f"{name}.part").touch()
        for path in (folder, tmp_path / f"{name}.part"):
            os.utime(path, (1000 - age, 1000 - age))
    delete_stale_files(tmp_path, 1000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "new.part"]
    assert (tmp_path / "new" / "a.txt").exists()
    delete_stale_files(tmp_path / "none", 1000)

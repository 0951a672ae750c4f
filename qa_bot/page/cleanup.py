"""Forgets what Gradio would keep of people who have gone: what their page showed, their files."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

from gradio.routes import App
from gradio.state_holder import StateHolder

from qa_bot.page.malloc import trim_heap

_EVERY = 10  # seconds
_UNUSED = 30  # seconds, so that no page is dropped that is only about to get its Session
_LEFT_OVER = 900  # seconds, after which a file that was sent and never read is deleted


@asynccontextmanager
async def cleaning_up(app: App) -> AsyncIterator[None]:
    """Sweep now and then while a page is served."""
    task = asyncio.create_task(_clean_up(app))
    try:
        yield
    finally:
        task.cancel()


async def _clean_up(app: App) -> None:
    while True:
        await asyncio.sleep(_EVERY)
        if drop_closed_pages(app.state_holder, datetime.now()):
            await asyncio.to_thread(trim_heap)
        delete_stale_files(Path(app.uploaded_file_dir), time.time())


def drop_closed_pages(holder: StateHolder, now: datetime) -> int:
    """Drop the pages that are closed and whose Session has ended, and those that had none.

    The latter are calls of programs. Gradio ends the Session alone (``gr.State.time_to_live``) and
    keeps the rest, the last value of every component, of up to ``state_session_capacity`` pages.
    Returns how many were dropped.
    """
    dropped = 0
    for name, page in list(holder.session_data.items()):
        unused = (now - holder.time_last_used.get(name, now)).total_seconds()
        ended = page.is_closed or not page._state_ttl  # what had a Session has an entry there
        if ended and not page.state_data and unused > _UNUSED:
            holder.session_data.pop(name, None)
            holder.time_last_used.pop(name, None)
            dropped += 1
    return dropped


def delete_stale_files(folder: Path, now: float) -> None:
    """Delete what was sent and never read, and the empty folders of what was; ``now`` as of Unix.

    Gradio's own ``delete_cache`` would stop for good at a call that names a folder as its file.
    """
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(OSError):  # it is gone, or being written anew
            if now - path.lstat().st_mtime < _LEFT_OVER:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

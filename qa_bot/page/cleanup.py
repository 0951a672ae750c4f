"""Delete what Gradio keeps after a page is closed: its state, and uploaded files."""

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

_INTERVAL = 10  # seconds
_GRACE = 30  # seconds; a page that is newer may not have its Session yet
_MAX_AGE = 900  # seconds after which an unread upload is deleted


@asynccontextmanager
async def cleaning_up(app: App) -> AsyncIterator[None]:
    """Clean up regularly while a page is served."""
    task = asyncio.create_task(_clean_up(app))
    try:
        yield
    finally:
        task.cancel()


async def _clean_up(app: App) -> None:
    while True:
        await asyncio.sleep(_INTERVAL)
        if drop_closed_pages(app.state_holder, datetime.now()):
            await asyncio.to_thread(trim_heap)
        delete_stale_files(Path(app.uploaded_file_dir), time.time())


def drop_closed_pages(holder: StateHolder, now: datetime) -> int:
    """Drop the state of closed pages without a Session, and return how many were dropped.

    Gradio deletes only the Session (see ``gr.State.time_to_live``) and keeps the last value of
    every component of up to ``state_session_capacity`` pages. Calls from programs have no Session.
    """
    dropped = 0
    for name, page in list(holder.session_data.items()):
        unused = (now - holder.time_last_used.get(name, now)).total_seconds()
        ended = page.is_closed or not page._state_ttl  # a page that had a Session has an entry
        if ended and not page.state_data and unused > _GRACE:
            holder.session_data.pop(name, None)
            holder.time_last_used.pop(name, None)
            dropped += 1
    return dropped


def delete_stale_files(folder: Path, now: float) -> None:
    """Delete uploads that were not read, and the empty folders of others; ``now`` is Unix time.

    Gradio's own ``delete_cache`` stops for good when a request names a folder as its file.
    """
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(OSError):  # the file was deleted or changed in the meantime
            if now - path.lstat().st_mtime < _MAX_AGE:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

"""Helpers for a served page: a free port, its events, an uploaded file."""

import socket
from typing import Any

import gradio as gr

META = {"_type": "gradio.FileData"}


def free_port() -> int:
    """Return a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def named(path: str, **more: Any) -> list[dict[str, Any]]:
    """Return the description of an uploaded file as the page sends it."""
    return [{"path": path, "orig_name": "a.txt", "meta": META, **more}]


def numbers(page: gr.Blocks, trigger: str) -> list[int]:
    """Return the numbers of the events with a trigger."""
    events = page.get_config_file()["dependencies"]
    return [it["id"] for it in events if trigger in [name for _, name in it["targets"]]]

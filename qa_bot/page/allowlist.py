"""Restricts Gradio's server to what the page uses, and keeps Gradio off the network."""

import atexit
import os
import re
import shutil
from functools import cache
from tempfile import mkdtemp

from gradio import processing_utils
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from qa_bot.errors import QABotError

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")  # reachable only from this machine

_ALLOWED = re.compile(
    r"/|/(assets|static)/.+|/(config|theme\.css|favicon\.ico|robots\.txt|manifest\.json)/?"
    r"|/gradio_api/(info|openapi\.json|app_id|startup-events|theme\.css"
    r"|queue/(join|data|status)|cancel|reset|run/predict|heartbeat/[^/]+"
    r"|upload|upload_progress|call/answer(/[^/]+)?|call/v2/answer(/[^/]+)?|mcp)/?"
)


class Allowlist:
    """ASGI middleware that answers 404 for every path that the page does not use.

    Gradio's other paths return uploads to anyone who knows their path, fetch a URL, or write a
    conversation to disk.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and _ALLOWED.fullmatch(scope["path"]) is None:
            await PlainTextResponse("Not found", 404)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


@cache
def isolate_gradio() -> None:
    """Keep Gradio off the network, and uploads in a folder that only this user can read.

    This changes settings of the whole process. Call it before a page is built.
    """
    # Gradio logs who asked, when, and how long it took: keep few events, and never analyse them.
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "100"
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = "1000000000"  # seconds
    for name in ("no_proxy", "NO_PROXY"):  # Gradio makes a request to itself at start-up
        hosts = [os.environ.get(name, ""), "127.0.0.1", "localhost", "::1"]
        os.environ[name] = ",".join(host for host in hosts if host)
    # A handmade request may have a URL in place of a file.
    processing_utils.async_ssrf_protected_download = _refuse_download
    # Gradio's default is one folder for all programs, which every user of the machine can read.
    folder = mkdtemp(prefix="qa_bot-sent-")
    os.environ["GRADIO_TEMP_DIR"] = folder
    # Gradio imports matplotlib if it is installed, which would write to the home folder.
    os.environ["MPLCONFIGDIR"] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


async def _refuse_download(url: str, cache_dir: str) -> str:
    raise QABotError("the page does not fetch URLs: upload the file itself")

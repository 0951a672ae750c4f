"""What the page's server lets in and out: of all that Gradio can do, what the page itself uses."""

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

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")  # to listen on for this machine alone

_USED = re.compile(
    r"/|/(assets|static)/.+|/(config|theme\.css|favicon\.ico|robots\.txt|manifest\.json)/?"
    r"|/gradio_api/(info|openapi\.json|app_id|startup-events|theme\.css"
    r"|queue/(join|data|status)|cancel|reset|run/predict|heartbeat/[^/]+"
    r"|upload|upload_progress|call/answer(/[^/]+)?|call/v2/answer(/[^/]+)?|mcp)/?"
)


class Allowlist:
    """Answers "not found" wherever the page itself never asks.

    There Gradio would hand out what was sent to whoever knows the path, fetch an address, or write
    a conversation to disk.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and _USED.fullmatch(scope["path"]) is None:
            await PlainTextResponse("Not found", 404)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


@cache
def isolate_gradio() -> None:
    """Have Gradio ask nothing of the network, and keep what is sent where nobody else looks.

    It holds for the whole process; call it before a page is laid out.
    """
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "100"  # who asked, when and how long it took
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = "1000000000"  # else it is summed up each time
    for name in ("no_proxy", "NO_PROXY"):  # for the request it makes to itself at start
        hosts = [os.environ.get(name, ""), "127.0.0.1", "localhost", "::1"]
        os.environ[name] = ",".join(host for host in hosts if host)
    # A call made by hand may name an address as the place of its file.
    processing_utils.async_ssrf_protected_download = _fetch_nothing
    # Gradio's own choice is one folder for all its programs, open to every user of the machine.
    folder = mkdtemp(prefix="qa_bot-sent-")
    os.environ["GRADIO_TEMP_DIR"] = folder
    # Gradio imports matplotlib where it is installed, which would write to the home folder.
    os.environ["MPLCONFIGDIR"] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


async def _fetch_nothing(url: str, cache_dir: str) -> str:
    raise QABotError("the page fetches nothing: send the file itself")

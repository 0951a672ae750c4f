"""The MCP server: the tool ``answer``, at ``/gradio_api/mcp/`` of the page's own server.

Gradio can make an MCP server from its API, but that returns Python's repr of a result as text and
no structured content, so this uses the server of the ``mcp`` package. Import this module only if
``mcp`` is installed: see ``api.check_mcp``.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import Tool, ToolAnnotations
from pydantic import BaseModel, ConfigDict, Field
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from qa_bot.bot import Bot
from qa_bot.page.allowlist import LOCAL_HOSTS
from qa_bot.page.api import MAX_CONCURRENT, MCP_PATH, answer_json

_DESCRIPTION = (
    "Answer a question about the documents with quotes from them, word for word. Nothing is made "
    'up: "quotes" is empty if the documents do not answer. If "level" is "perhaps", the passages '
    'in "closest" may answer.'
)
_INPUT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "question": {"type": "string", "description": "The question, in plain words."},
        "history": {
            "type": ["array", "null"],
            "description": "The conversation so far, oldest first: [question, answer] for each.",
            "items": {
                "type": "array",
                "items": {"type": "string"},
                "minItems": 2,
                "maxItems": 2,
            },
        },
        "without": {
            "type": ["array", "null"],
            "description": (
                'To ask a follow-up again: items of the answer\'s "understood" that were not meant.'
            ),
            "items": {
                "type": "object",
                "properties": {
                    "kind": {"type": "string", "enum": ["means", "adds", "follows"]},
                    "word": {"type": "string"},
                    "meaning": {"type": "string"},
                },
                "required": ["kind", "word", "meaning"],
            },
        },
    },
    "required": ["question"],
    "additionalProperties": False,
}


class _Exact(BaseModel):
    """An object with exactly these keys."""

    model_config = ConfigDict(extra="forbid")


class Words(_Exact):
    """A slice of a document: the characters [start, end)."""

    text: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class WherePlace(_Exact):
    """The place of a quote; "" if there is no page, heading, table or speaker."""

    page: str
    heading: str = Field(description='the headings above it: "Fees > Boats"')
    table: str = Field(description='for a row of a table, its columns: "Item | Price"')
    speaker: str = Field(description="who speaks, if named before the quote")
    paragraph: int = Field(ge=1)


class Source(_Exact):
    """The document of a quote."""

    id: str = Field(description="SHA-256 of the text")
    title: str
    source: str
    metadata: dict[str, str]


class QuoteJson(Words):
    """Whole sentences of a document, word for word."""

    highlight: Words = Field(description="the words in the quote that answer")
    score: float = Field(ge=0, le=1, description="probability that the quote answers")
    place: WherePlace
    document: Source


class UnderstoodJson(_Exact):
    """One thing that was taken from the conversation to understand a follow-up."""

    kind: Literal["means", "adds", "follows"]
    word: str = Field(description='the word in the question, such as "he"; "" if it has none')
    meaning: str = Field(description="what it refers to, or the question that is continued")
    text: str = Field(description='the same as one text: "he = Mark Esper"')


class AnswerJson(_Exact):
    """The schema of ``Answer.to_dict``."""

    question: str
    query: str = Field(description="what was searched for: the question, made self-contained")
    understood: list[UnderstoodJson] = Field(description="what was taken from the conversation")
    level: Literal["found", "perhaps", "not said"] = Field(description="how much it claims")
    found: bool = Field(description="whether the documents answer the question")
    text: str = Field(description="the words that answer; empty if nothing is quoted")
    confidence: float = Field(ge=0, le=1, description="probability that the documents answer")
    quotes: list[QuoteJson] = Field(description="quotes that answer, best first")
    closest: list[QuoteJson] = Field(description="if nothing is quoted, the likeliest passages")


class McpServer:
    """Serves the tool; add ``routes`` to an app, and ``running`` to its lifespan."""

    def __init__(self, bot: Bot, host: str) -> None:
        self._sessions = StreamableHTTPSessionManager(
            _server(bot), json_response=True, stateless=True, security_settings=_security(host)
        )
        self.routes = [Route(path, _Endpoint(self._sessions)) for path in (MCP_PATH, MCP_PATH[:-1])]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Accept requests within the context."""
        async with self._sessions.run():
            yield


class _Endpoint:
    """An ASGI app. It is a class because Starlette would take a function for a request handler."""

    def __init__(self, sessions: StreamableHTTPSessionManager) -> None:
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._sessions.handle_request(scope, receive, send)


def _server(bot: Bot) -> "Server[dict[str, Any], Any]":
    server: Server[dict[str, Any], Any] = Server("qa-bot")
    limiter = CapacityLimiter(MAX_CONCURRENT)
    tool = Tool(
        name="answer",
        title="Ask the documents",
        description=_DESCRIPTION,
        inputSchema=_INPUT,
        outputSchema=AnswerJson.model_json_schema(),
        annotations=ToolAnnotations(readOnlyHint=True, idempotentHint=True, openWorldHint=False),
    )

    @server.list_tools()  # type: ignore[no-untyped-call, untyped-decorator]
    async def list_tools() -> list[Tool]:
        return [tool]

    # Our own messages about wrong arguments are clearer than those of the schema.
    @server.call_tool(validate_input=False)  # type: ignore[untyped-decorator]
    async def call_tool(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if name != tool.name:
            raise ValueError(f"there is no tool {name!r:.80}: the only one is {tool.name!r}")
        question, history, without = (arguments.get(name) for name in _INPUT["properties"])
        return await run_sync(answer_json, bot, question, history, without, limiter=limiter)

    return server


def _security(host: str) -> TransportSecuritySettings | None:
    """Accept only local host names when the page is served to this machine alone.

    This prevents DNS rebinding: a web page could otherwise resolve its own name to 127.0.0.1 and
    ask questions from a visitor's browser.
    """
    if host not in LOCAL_HOSTS:
        return None
    hosts = [f"[{name}]:*" if ":" in name else f"{name}:*" for name in LOCAL_HOSTS]
    origins = [f"http://{name}" for name in hosts]
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins)

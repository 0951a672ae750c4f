"""The MCP server as seen by a real MCP client over HTTP, behind the allowlist of the page."""

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import Any

import gradio as gr
import httpx
import jsonschema
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent, Tool

from qa_bot.page.api import MCP_PATH
from qa_bot.page.server import start
from tests.helpers.fakes import MILL, word_bot
from tests.helpers.served import free_port

SAID = "The mill was built by Zebulon Quick"
NOT_SAID = "How long does bread by Rosa take"
BOT = word_bot(MILL)


@pytest.fixture(scope="module")
def page() -> Iterator[gr.Blocks]:
    page = start(BOT, port=free_port(), mcp=True)
    yield page
    page.close(verbose=False)


def visit(
    page: gr.Blocks, arguments: dict[str, Any], tool: str = "answer", path: str = MCP_PATH
) -> tuple[list[Tool], CallToolResult]:
    """Return the list of tools, and the result of a call."""

    async def talk() -> tuple[list[Tool], CallToolResult]:
        url = str(page.local_url).rstrip("/") + path
        async with (
            streamable_http_client(url) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = (await session.list_tools()).tools
            return tools, await session.call_tool(tool, arguments)

    return asyncio.run(talk())


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


@pytest.mark.slow
@pytest.mark.parametrize("question", [SAID, NOT_SAID])
def test_an_answer_is_json_as_text_and_the_same_as_structured_content(
    page: gr.Blocks, question: str
) -> None:
    (tool,), result = visit(page, {"question": question})
    assert not result.isError
    assert result.structuredContent == BOT.answer(question).to_dict()
    assert json.loads(text_of(result)) == result.structuredContent
    assert tool.outputSchema is not None
    jsonschema.validate(result.structuredContent, tool.outputSchema)


@pytest.mark.slow
def test_the_output_schema_tells_what_an_answer_is_made_of(page: gr.Blocks) -> None:
    (tool,), result = visit(page, {"question": SAID})
    schema, answer = tool.outputSchema, result.structuredContent
    assert schema is not None and answer is not None
    assert list(schema["properties"]) == list(answer)
    assert set(schema["required"]) == set(answer)
    for broken in ({**answer, "confidence": 2}, {**answer, "quotes": [{}]}, {"found": True}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)


def test_one_tool_is_offered_that_changes_nothing(page: gr.Blocks) -> None:
    (tool,), _ = visit(page, {"question": SAID})
    assert tool.name == "answer"
    assert tool.description is not None and "word for word" in tool.description
    assert tool.inputSchema["required"] == ["question"]
    assert set(tool.inputSchema["properties"]) == {"question", "history", "without"}
    assert tool.annotations is not None and tool.annotations.readOnlyHint is True


def test_a_history_is_the_conversation(page: gr.Blocks) -> None:
    history = [[SAID, "Zebulon Quick"]]
    _, result = visit(page, {"question": "When was it built", "history": history})
    expected = BOT.answer("When was it built", [(SAID, "Zebulon Quick")])
    assert result.structuredContent == expected.to_dict()


@pytest.mark.slow
def test_what_was_not_meant_is_not_understood_again(page: gr.Blocks) -> None:
    call: dict[str, Any] = {
        "question": "When did he build it?",
        "history": [[SAID, "Zebulon Quick"]],
    }
    _, first = visit(page, call)
    assert first.structuredContent is not None and first.structuredContent["understood"]
    understood = first.structuredContent["understood"]
    _, second = visit(page, call | {"without": understood})
    assert second.structuredContent is not None
    assert not [it for it in second.structuredContent["understood"] if it in understood]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({}, "a question must be a string, not NoneType"),
        ({"question": 3}, "a question must be a string, not int"),
        ({"question": "?!"}, "ask a question: this one has no words in it"),
        (
            {"question": "Who?", "history": "x"},
            "history must be a list of pairs [question, answer]",
        ),
        (
            {"question": "Who?", "history": [["Who?"]]},
            "history must have pairs [question, answer], not ['Who?']",
        ),
    ],
)
def test_a_mistake_is_told(page: gr.Blocks, arguments: dict[str, Any], complaint: str) -> None:
    _, result = visit(page, arguments)
    assert result.isError and text_of(result) == complaint
    assert result.structuredContent is None


def test_another_tool_is_not_there(page: gr.Blocks) -> None:
    _, result = visit(page, {"question": SAID}, tool="delete")
    assert result.isError and "there is no tool 'delete'" in text_of(result)


def test_the_path_may_end_without_a_slash(page: gr.Blocks) -> None:
    _, result = visit(page, {"question": SAID}, path=MCP_PATH.rstrip("/"))
    assert not result.isError


def test_no_name_is_looked_up(page: gr.Blocks, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[object] = set()
    look_up = socket.getaddrinfo

    def noted(host: Any, *arguments: Any, **options: Any) -> Any:
        asked.add(host.decode() if isinstance(host, bytes) else host)
        return look_up(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    visit(page, {"question": SAID})
    assert asked <= {"127.0.0.1", "localhost"}


def test_a_request_under_another_name_is_refused(page: gr.Blocks) -> None:
    """A request as from a web page whose host name resolves to this machine."""
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"Accept": "application/json, text/event-stream"}
    url = str(page.local_url).rstrip("/") + MCP_PATH
    with httpx.Client(trust_env=False) as client:
        assert client.post(url, json=call, headers=accept).status_code == 200
        for forged in ({"Host": "elsewhere.invalid"}, {"Origin": "http://elsewhere.invalid"}):
            reply = client.post(url, json=call, headers=accept | forged)
            assert reply.status_code in (403, 421)


def test_the_page_is_served_beside_it_and_nothing_more(page: gr.Blocks) -> None:
    with httpx.Client(base_url=page.local_url, trust_env=False) as client:
        assert "<html" in client.get("/").text
        assert client.get("gradio_api/mcp/sse").status_code == 404
        assert client.get("gradio_api/mcp/schema").status_code == 404


@pytest.mark.slow
def test_there_is_none_where_it_was_not_asked_for() -> None:
    page = start(BOT, port=free_port())
    with httpx.Client(base_url=page.local_url, trust_env=False) as client:
        assert client.post("gradio_api/mcp/", json={}).status_code in (404, 405)
    page.close(verbose=False)

"""The API as programs see it: gradio_client and plain HTTP."""

import json
import re
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from qa_bot.datatypes import Link, Understood
from qa_bot.errors import QABotError
from qa_bot.page.api import add_api, check_mcp, make_answer
from tests.helpers.fakes import MILL, word_bot

QUESTION = "Who built the mill"
BOT = word_bot(MILL)
EXPECTED = BOT.answer(QUESTION).to_dict()
HE = {"kind": "means", "word": "he", "meaning": "Oskar Brandt"}
NOT_UNDERSTOOD = 'without must have items {{"kind", "word", "meaning"}}, not {0!r}'
BAD_HISTORY = "history must have pairs [question, answer], not ['Who?']"


@pytest.fixture(scope="module")
def page() -> Iterator[gr.Blocks]:
    """A page with a private event and the API, served here; name look-ups are recorded."""
    with gr.Blocks(title="Ask", analytics_enabled=False) as page:
        box = gr.Textbox()
        box.submit(str.upper, box, box, api_visibility="private")
        add_api(BOT)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("no_proxy", "127.0.0.1,localhost")
        asked = _note_lookups(patched)
        page.launch(
            server_name="127.0.0.1",
            prevent_thread_lock=True,
            quiet=True,
            share=False,
            ssr_mode=False,
        )
        yield page
        page.close(verbose=False)
    assert asked <= {"127.0.0.1", "localhost", "0.0.0.0", None}


def _note_lookups(patched: pytest.MonkeyPatch) -> set[object]:
    asked: set[object] = set()
    look_up = socket.getaddrinfo

    def noted(host: Any, *arguments: Any, **options: Any) -> Any:
        asked.add(host.decode() if isinstance(host, bytes) else host)
        return look_up(host, *arguments, **options)

    patched.setattr(socket, "getaddrinfo", noted)
    return asked


@pytest.fixture(scope="module")
def client(page: gr.Blocks) -> Client:
    """A client that does not connect to a model hub, so that only the page's connections count."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        return Client(page.local_url, verbose=False, analytics_enabled=False)


@pytest.mark.slow
def test_the_client_of_the_documentation_works(
    page: gr.Blocks, capsys: pytest.CaptureFixture[str]
) -> None:
    page_of_docs = Path(__file__).parents[2] / "docs" / "how-it-works.md"
    text = page_of_docs.read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(from gradio_client.*?)```", text, re.DOTALL)
    code = code.replace("http://127.0.0.1:7860", page.local_url)
    code = code.replace("Who is the Defense Secretary?", QUESTION)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        exec(compile(code, str(page_of_docs), "exec"), {})
    assert capsys.readouterr().out.splitlines()[-1] == EXPECTED["text"]


@pytest.mark.slow
def test_one_endpoint_is_offered_with_types_and_words(page: gr.Blocks) -> None:
    info = page.get_api_info()
    assert info["unnamed_endpoints"] == {}
    assert list(info["named_endpoints"]) == ["/answer"]
    endpoint = info["named_endpoints"]["/answer"]
    assert endpoint["description"].startswith("Answer a question about the documents with quotes")
    assert [
        (it["parameter_name"], it["python_type"]["type"], it["parameter_has_default"])
        for it in endpoint["parameters"]
    ] == [
        ("question", "str", False),
        ("history", "None | list[list[str]]", True),
        ("without", "None | list[dict(str, str)]", True),
    ]
    assert endpoint["returns"][0]["type"]["type"] == "object"


@pytest.mark.slow
def test_the_python_client(client: Client) -> None:
    assert client.predict(QUESTION, api_name="/answer") == EXPECTED
    assert client.predict(question=QUESTION, history=[], api_name="/answer") == EXPECTED


@pytest.mark.parametrize(
    ("question", "history", "complaint"),
    [
        ("?!", None, "ask a question: this one has no words in it"),
        (["who"], None, "a question must be a string, not list"),
        ("Who?", "earlier", "history must be a list of pairs [question, answer]"),
        ("Who?", [["Who?"]], BAD_HISTORY),
        ("Who?", [["Who?", 3]], "history must have pairs [question, answer], not ['Who?', 3]"),
    ],
)
def test_a_mistake_is_told(client: Client, question: Any, history: Any, complaint: str) -> None:
    with pytest.raises(AppError) as caught:
        client.predict(question, history, api_name="/answer")
    assert str(caught.value) == complaint


@pytest.mark.parametrize(
    ("without", "complaint"),
    [
        ("he", 'without must be a list of items of an answer\'s "understood"'),
        ([{"kind": "adds"}], NOT_UNDERSTOOD.format({"kind": "adds"})),
        ([HE | {"kind": "is"}], NOT_UNDERSTOOD.format(HE | {"kind": "is"})),
    ],
)
def test_what_was_never_understood_is_told(without: Any, complaint: str) -> None:
    bot: Any = Recorder()
    with pytest.raises(gr.Error) as caught:
        make_answer(bot)("Why?", [], without)
    assert caught.value.message == complaint
    assert bot.asked == []


def over_http(url: str, data: list[Any]) -> tuple[str, Any]:
    """Ask by POST, then read the stream of events; return the name of the last and its data."""
    call = f"{url}gradio_api/call/answer"
    body = json.dumps({"data": data}).encode()
    request = urllib.request.Request(call, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        event_id = json.load(response)["event_id"]
    with urllib.request.urlopen(f"{call}/{event_id}", timeout=30) as events:
        *_, name, values = events.read().decode().strip().splitlines()
    return name.removeprefix("event: "), json.loads(values.removeprefix("data: "))


def test_plain_http(page: gr.Blocks) -> None:
    assert over_http(page.local_url, [QUESTION, None, None]) == ("complete", [EXPECTED])
    name, values = over_http(page.local_url, ["Who?", [["Who?"]], None])
    assert (name, values["error"]) == ("error", BAD_HISTORY)


class Recorder:
    """Records the questions it is asked, and refuses."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, object, object]] = []

    def answer(self, question: str, history: object, *, without: object) -> Any:
        self.asked.append((question, history, without))
        raise QABotError("the index is altered: run: qa-bot index --rebuild")


def test_arguments_reach_the_bot_and_errors_come_back_as_their_words() -> None:
    bot: Any = Recorder()
    with pytest.raises(gr.Error, match="the index is altered") as caught:
        make_answer(bot)("Why?", [["Who?", "Anna"], ["Where?", ""]], [HE | {"text": "he = Oskar"}])
    without = [Understood(Link.MEANS, "he", "Oskar Brandt")]
    assert bot.asked == [("Why?", [("Who?", "Anna"), ("Where?", "")], without)]
    assert caught.value.print_exception is False


def test_what_mcp_needs_is_named_when_it_is_missing() -> None:
    check_mcp()
    with pytest.raises(QABotError, match=r"python -m pip install 'qa-bot\[mcp\]'"):
        check_mcp("no_such_package")

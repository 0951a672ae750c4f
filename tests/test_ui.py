"""ui and app.py: what the page says and keeps, and that nothing leaves this machine."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

import pytest

from qa_bot.bot import Bot
from qa_bot.datatypes import Answer, Document, Quote, Span
from qa_bot.errors import QABotError
from qa_bot.render import NOT_FOUND, plain_to_html, to_html
from qa_bot.ui import Ask, Exchange, build_page, check_port, make_ask

APP = Path(__file__).parents[1] / "app.py"
TEXT = "Anna saw 750 birds."

# Runs a script in which any name look-up or connection beyond this machine is noted and refused.
SEALED = """
import runpy, sys

def refuse(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        host = arguments[1][0] if isinstance(arguments[1], tuple) else None
    else:
        return
    if host not in ("127.0.0.1", "::1", "localhost", None):
        print("OUTBOUND", event, host, flush=True)
        raise OSError("no network")

sys.addaudithook(refuse)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class BirdBot:
    """Quotes its one sentence for a question about birds; fails when asked to; remembers."""

    documents = (Document(TEXT, "Birds <1>"),)

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str]]] = []  # (question, earlier questions)

    def answer(self, question: str, history: Sequence[Answer] = ()) -> Answer:
        self.asked.append((question, [earlier.question for earlier in history]))
        if "fail" in question:
            raise QABotError("the index <is> altered: run: qa-bot index")
        if "bird" not in question:
            return Answer(question, question, (), 0.1)
        (document,) = self.documents
        quote = Quote(document, 0, len(TEXT), Span(document, 9, 18), 0.95)
        return Answer(question, question, (quote,), 0.95)


def ask_of(bot: BirdBot) -> Ask:
    return make_ask(cast(Bot, bot))


def texts(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in messages]


def test_a_question_is_shown_at_once_and_then_its_answer() -> None:
    bot, conversation = BirdBot(), list[Exchange]()
    question = "How many <b>birds</b>?"
    first, last = ask_of(bot)(question, conversation)
    user = ("user", plain_to_html(question))
    reply = to_html(bot.answer(question))
    assert (texts(first[0]), first[1]) == ([user], "")
    assert (texts(last[0]), last[1]) == ([user, ("assistant", reply)], "")
    assert "&lt;b&gt;birds" in user[1] and "<mark>750 birds</mark>" in reply
    assert [exchange.question for exchange in conversation] == [question]


def test_a_refusal_is_an_answer_and_part_of_the_history() -> None:
    bot, conversation = BirdBot(), list[Exchange]()
    ask = ask_of(bot)
    for question in ("How many birds?", "And cats?", "Who?"):
        *_, (messages, _) = ask(question, conversation)
    assert NOT_FOUND in texts(messages)[3][1]
    assert bot.asked == [
        ("How many birds?", []),
        ("And cats?", ["How many birds?"]),
        ("Who?", ["How many birds?", "And cats?"]),
    ]


def test_an_error_is_shown_as_its_words_and_is_no_history() -> None:
    bot, conversation = BirdBot(), list[Exchange]()
    ask = ask_of(bot)
    *_, (messages, _) = ask("Please fail", conversation)
    assert texts(messages)[1] == (
        "assistant",
        plain_to_html("the index <is> altered: run: qa-bot index"),
    )
    list(ask("How many birds?", conversation))
    assert bot.asked[-1] == ("How many birds?", [])


@pytest.mark.parametrize("blank", ["", "  ", "\n\t"])
def test_a_blank_question_changes_nothing(blank: str) -> None:
    bot, conversation = BirdBot(), list[Exchange]()
    assert list(ask_of(bot)(blank, conversation)) == [([], "")]
    assert bot.asked == [] and conversation == []


def test_a_question_without_words_gets_a_polite_reply() -> None:
    bot, conversation = BirdBot(), list[Exchange]()
    *_, (messages, _) = ask_of(bot)("?!", conversation)
    assert texts(messages)[1][1] == plain_to_html("Please ask a question in words.")
    assert bot.asked == []


def test_questions_asked_at_the_same_time_are_all_kept() -> None:
    bot, conversation = BirdBot(), list[Exchange]()
    ask = ask_of(bot)
    one, two = ask("One bird?", conversation), ask("Two birds?", conversation)
    next(one), next(two)
    list(two), list(one)
    assert [exchange.question for exchange in conversation] == ["Two birds?", "One bird?"]


def test_the_page_offers_programs_nothing_and_reports_nothing() -> None:
    page = build_page(cast(Bot, BirdBot()), ["How many birds?"])
    assert page.get_api_info() == {"named_endpoints": {}, "unnamed_endpoints": {}}
    config = page.get_config_file()
    assert config["analytics_enabled"] is False
    shown = str(config["components"])
    assert "Birds &lt;1&gt;" in shown and "How many birds?" in shown


def test_a_free_port_is_fine_and_a_taken_one_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(QABotError, match=rf"^port {port} is in use: .*--port$"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)


def test_an_address_that_is_not_here_is_named() -> None:
    with pytest.raises(QABotError, match=r"^cannot listen on 192\.0\.2\.1, port 7860: .*--host"):
        check_port("192.0.2.1", 7860)


def run_app(*options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(APP), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_app_tells_a_taken_port_on_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_app("--no-browser", "--port", str(port))
    assert done.returncode == 2
    assert done.stderr == f"app.py: port {port} is in use: choose another one with --port\n"


def test_app_help_names_its_options() -> None:
    done = run_app("--help")
    assert done.returncode == 0
    assert all(option in done.stdout for option in ("--host", "--port", "--no-browser"))


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_app_refuses_what_is_no_port(port: str) -> None:
    done = run_app("--port", port)
    assert done.returncode == 2
    assert "give a number from 1 to 65535" in done.stderr.splitlines()[-1]


@pytest.fixture
def sealed_app() -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Start app.py with every way out closed, a dead proxy set; yield its address and process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {"http_proxy": "http://127.0.0.1:9", "GRADIO_SERVER_PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "-c", SEALED, str(APP), "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        cwd=APP.parent,
    )
    watchdog = threading.Timer(240, process.kill)  # seconds; a hanging app must end
    watchdog.start()
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()


def read_until(stream: IO[str] | None, pattern: str) -> str:
    """Return what a process prints, up to the line that holds a pattern, or to its end."""
    assert stream is not None
    said = ""
    for line in stream:
        said += line
        if re.search(pattern, line):
            break
    return said


def ask_over_http(url: str, question: str) -> str:
    """Ask as the page itself does, through Gradio's queue, and return the last thing it sends."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    call = {"data": [question, None], "fn_index": 0, "session_hash": "test"}
    request = urllib.request.Request(
        f"{url}/gradio_api/queue/join",
        json.dumps(call).encode(),
        {"Content-Type": "application/json"},
    )
    opener.open(request, timeout=60).close()
    with opener.open(f"{url}/gradio_api/queue/data?session_hash=test", timeout=60) as events:
        for line in events:
            event = json.loads(line.removeprefix(b"data: ")) if line.strip() else {}
            if event.get("msg") == "process_completed":
                return json.dumps(event["output"])
    raise AssertionError("no answer came")


def test_app_starts_and_answers_with_every_way_out_closed(
    sealed_app: tuple[str, "subprocess.Popen[str]"], shipped_bot: Bot
) -> None:
    url, process = sealed_app
    said = read_until(process.stdout, "chat is at")
    assert f"The chat is at {url}/" in said
    question = "Who stormed the U.S. Embassy in Baghdad?"
    output = ask_over_http(url, question)
    assert json.dumps(to_html(shipped_bot.answer(question)))[1:-1] in output
    process.terminate()  # not SIGINT: a shell has its background jobs ignore that
    said += read_until(process.stdout, "$^")
    assert "OUTBOUND" not in said and "Traceback" not in said

"""The allowlist: handmade requests reach nothing else on the server, and nobody's data."""

import hashlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest

from qa_bot.page.server import start
from tests.helpers.fakes import MILL, word_bot
from tests.helpers.served import free_port, named, numbers

SECRET = "The password is Zanzibar."


@pytest.fixture(scope="module")
def page() -> Iterator[gr.Blocks]:
    page = start(word_bot(MILL), port=free_port())
    yield page
    page.close(verbose=False)


@pytest.fixture
def server(page: gr.Blocks) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=page.local_url, trust_env=False, timeout=30) as client:
        yield client


def send(
    server: httpx.Client, tab: str, number: int, *data: Any, state: Any = None, **event: Any
) -> str:
    """Send an event as the page does, from the tab with a name; return the whole response."""
    call = {"data": [*data, state], "fn_index": number, "session_hash": tab, "event_data": event}
    server.post("gradio_api/queue/join", json=call).raise_for_status()
    said = server.get("gradio_api/queue/data", params={"session_hash": tab}).text
    assert "process_completed" in said
    return said


def give(server: httpx.Client, name: str = "secret.txt", text: str = SECRET) -> str:
    """Upload a file without having it read; return its path."""
    (path,) = server.post("gradio_api/upload", files={"files": (name, text.encode())}).json()
    assert Path(path).read_text() == text
    return str(path)


@pytest.mark.slow
def test_what_is_sent_lies_where_no_other_user_or_program_looks(server: httpx.Client) -> None:
    path = Path(give(server))
    folder = Path(os.environ["GRADIO_TEMP_DIR"])
    assert folder in path.parents and folder.stat().st_mode & 0o777 == 0o700
    # Gradio names the folder after the contents and a secret: who does not have both cannot.
    assert path.parent.name != hashlib.sha256(SECRET.encode()).hexdigest()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["plain", "around", "unmarked"])
def test_a_file_of_the_server_is_neither_read_nor_moved(
    page: gr.Blocks, server: httpx.Client, tmp_path: Path, how: str
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    path = str(secret)
    if how == "around":
        path = str(Path(give(server)).parent) + "/.." * 20 + path
    files = named(path, **({"meta": None} if how == "unmarked" else {}))
    said = send(server, "mallory", *numbers(page, "upload"), files)
    assert "Zanzibar" not in said and "words" not in said
    assert secret.read_text() == SECRET


@pytest.mark.slow
def test_a_folder_that_holds_what_others_sent_stays_as_it_is(
    page: gr.Blocks, server: httpx.Client
) -> None:
    path = Path(give(server))
    (upload,) = numbers(page, "upload")
    for folder in (path.parent, path.parent.parent):
        assert "did not arrive" in send(server, "mallory", upload, named(str(folder)))
        assert path.read_text() == SECRET


@pytest.mark.slow
def test_an_address_in_place_of_a_file_is_not_even_looked_up(
    page: gr.Blocks, server: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[object] = []
    real = socket.getaddrinfo

    def look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        looked_up.append(host)
        return real(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for trigger in ("upload", "submit"):
        number, *_ = numbers(page, trigger)
        said = send(server, "mallory", number, named("http://elsewhere.invalid/a.txt"))
        assert '"success":false' in said
    assert set(looked_up) == {"127.0.0.1"}


@pytest.mark.parametrize(
    "path", ["file={}", "file/{}", "proxy=http://{}", "deep_link?session_hash=anna", "runs"]
)
def test_what_the_page_does_not_use_is_not_found(server: httpx.Client, path: str) -> None:
    reply = server.get("gradio_api/" + path.format(give(server)))
    assert (reply.status_code, reply.text) == (404, "Not found")


def test_what_the_page_does_use_is_found(server: httpx.Client) -> None:
    for path in ("", "config", "gradio_api/info", "gradio_api/theme.css"):
        assert server.get(path).status_code == 200


def test_a_call_cannot_pass_by_those_that_wait(page: gr.Blocks, server: httpx.Client) -> None:
    (ask, *_) = numbers(page, "submit")
    call = {"data": ["Who?", None], "fn_index": ask, "session_hash": "mallory"}
    assert server.post("gradio_api/run/predict", json=call).status_code == 404


@pytest.mark.slow
def test_another_tab_sees_no_document_and_no_word_of_a_conversation(
    page: gr.Blocks, server: httpx.Client
) -> None:
    events = {
        name: numbers(page, name)[0]
        for name in ("submit", "upload", "load", "qa_show", "qa_open", "qa_remove", "qa_choose")
    }
    said = send(server, "anna", events["upload"], named(give(server)))
    (own,) = {it for it in json_ids(said) if it != MILL.id}
    assert "Zanzibar" in send(server, "anna", events["submit"], "The password is what")
    key = key_of(send(server, "anna", events["load"], ""))
    heard = [
        send(server, "mallory", events["submit"], "The password is what"),
        send(server, "mallory", events["qa_show"], of="quote-0-0"),
        send(server, "mallory", events["qa_open"], of=own),
        send(server, "mallory", events["qa_remove"], of=own),
        send(server, "mallory", events["qa_choose"], of=own, asked=False),
        send(server, "mallory", events["load"], key[:-1]),
        # What a call says the session is counts for nothing.
        send(server, "mallory", events["submit"], "The password is what", state={"key": key}),
    ]
    assert not any("Zanzibar" in it for it in heard)
    assert "Zanzibar" in send(server, "anna", events["submit"], "The password is what")


def json_ids(said: str) -> set[str]:
    """Return the ids of the documents that a reply lists."""
    return {part.split('\\"')[0] for part in said.split('data-open=\\"')[1:]}


def key_of(said: str) -> str:
    """Return the key of a session from the response when the page is loaded."""
    (done,) = [json.loads(it[6:]) for it in said.splitlines() if "process_completed" in it]
    key = done["output"]["data"][1]
    assert len(key) == 22
    return str(key)

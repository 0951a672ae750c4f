"""Fixtures: a browser, the page served, and visits to it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from qa_bot.bot import Bot
from qa_bot.page.layout import EXAMPLES
from qa_bot.page.server import start
from tests.browser.chromium import open_chromium
from tests.browser.pages import Visit
from tests.helpers.served import free_port


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with open_chromium() as browser:
        if browser is not None:
            yield browser
        elif "CI" in os.environ:
            pytest.fail("no Chromium: install one, or run: python -m playwright install chromium")
        else:
            pytest.skip("no Chromium")


@pytest.fixture(scope="module")
def thumbs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("feedback") / "thumbs.jsonl"


@pytest.fixture(scope="module")
def url(chromium: Browser, shipped_bot: Bot, thumbs: Path) -> Iterator[str]:
    port = free_port()
    page = start(shipped_bot, port=port, examples=EXAMPLES, feedback=thumbs)
    yield f"http://127.0.0.1:{port}/"
    page.close(verbose=False)


@pytest.fixture
def visit(chromium: Browser, url: str) -> Iterator[Visit]:
    """Open the page in separate sessions; at the end, check their alerts, errors and requests."""
    contexts: list[BrowserContext] = []
    requests: list[str] = []
    alarms: list[str] = []

    def open_page(**options: Any) -> Page:
        context = chromium.new_context(viewport=options.pop("viewport", None), **options)
        contexts.append(context)
        context.on("request", lambda request: requests.append(request.url))
        context.on("dialog", lambda dialog: alarms.append(dialog.message))
        context.on("weberror", lambda failure: alarms.append(str(failure.error)))
        page = context.new_page()
        page.goto(url)
        expect(page.locator(".qa-source")).to_be_attached()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert alarms == []
    assert requests
    hosts = {urlsplit(request).hostname for request in requests}
    assert hosts <= {"127.0.0.1", None}  # data: and blob: URLs have none

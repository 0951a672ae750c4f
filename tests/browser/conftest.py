"""Fixtures: a browser, the page served, and visits to it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from qa_bot.bot import Bot
from qa_bot.page.layout import EXAMPLES
from qa_bot.page.server import start
from tests.browser.chromium import open_chromium
from tests.browser.pages import Sessions, Visit
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


@pytest.fixture(scope="module")
def sessions(chromium: Browser, url: str) -> Iterator[Sessions]:
    with Sessions(chromium, url) as sessions:
        yield sessions


@pytest.fixture
def visit(sessions: Sessions, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Open the page; at the end, check its alerts, errors and requests."""
    failed = request.session.testsfailed
    yield sessions.open
    sessions.end(keep=request.session.testsfailed == failed)

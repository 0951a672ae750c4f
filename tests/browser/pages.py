"""The page in a real browser: helpers that do what a person does."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, expect

KHAMENEI = "What did Khamenei say to Trump?"
FOLLOW_UP = "When did he say it?"
TITLE = "Attack on the U.S. Embassy in Baghdad"  # of the shipped article
BREAD = "How do I bake bread?"
PHONE = {"width": 390, "height": 780}
MARKUP_OF_TEXTS = "img, script, style, b, i, em, code, h1, .katex"
Visit = Callable[..., Page]
expect.set_options(timeout=20_000)  # milliseconds; the machine may be busy


class Sessions(ExitStack):
    """Sessions of people at one page, each with a tab of its own.

    Loading the page costs seconds, so a session that a test has used is used again: its
    conversation starts again, but its documents stay, the source keeps its marks until another
    is shown, and the numbers of its quotes go on.
    """

    def __init__(self, browser: Browser, url: str) -> None:
        super().__init__()
        self._browser, self._url = browser, url
        self._free: dict[str, list[Page]] = {}  # by their options
        self._used: list[tuple[str, Page]] = []
        self._requests: list[str] = []
        self._alarms: list[str] = []

    def open(self, *, new: bool = False, **options: Any) -> Page:
        """Return the page in a session with these options, in a new one if asked for."""
        kind = repr(sorted(options.items()))
        free = self._free.get(kind)
        if free and not new:
            page = free.pop()
            _start_again(page)
        else:
            page = self._new(**options)
        self._used.append(("new" if new else kind, page))
        return page

    def end(self, keep: bool) -> None:
        """Check what the sessions of a test did; do not use them again if it failed."""
        for kind, page in self._used:
            if keep and kind != "new":
                self._free.setdefault(kind, []).append(page)
            else:
                page.context.close()
        self._used.clear()
        requests, alarms = self._requests[:], self._alarms[:]
        self._requests.clear()
        self._alarms.clear()
        assert alarms == []
        assert requests
        hosts = {urlsplit(request).hostname for request in requests}
        assert hosts <= {"127.0.0.1", None}  # data: and blob: URLs have none

    def _new(self, **options: Any) -> Page:
        context = self.enter_context(self._browser.new_context(**options))
        context.on("request", lambda request: self._requests.append(request.url))
        context.on("dialog", lambda dialog: self._alarms.append(dialog.message))
        context.on("weberror", lambda failure: self._alarms.append(str(failure.error)))
        page = context.new_page()
        page.goto(self._url)
        expect(page.locator(".qa-source")).to_be_attached()
        page.wait_for_timeout(500)  # until Gradio listens
        return page


def _start_again(page: Page) -> None:
    page.keyboard.press("Escape")  # closes the source on a phone
    if page.get_by_test_id("user").count():
        page.get_by_role("button", name="Start again").click()
        expect(page.get_by_test_id("user")).to_have_count(0)
    source = page.get_by_role("tab", name="Source")
    if source.is_visible():
        source.click()
    box(page).fill("")
    page.evaluate("scrollTo(0, 0)")


def box(page: Page) -> Locator:
    return page.get_by_placeholder("Ask a question")


def replies(page: Page) -> Locator:
    """Return the replies, without the placeholder for a pending one."""
    return page.locator(":is(.qa-answer, [data-testid=bot] .qa-plain)")


def questions(page: Page) -> list[str | None]:
    """Return the questions of the conversation, word for word."""
    return exact(page, "[data-testid=user] .qa-plain")


def ask(page: Page, question: str) -> Locator:
    """Type a question, wait for the reply, and return it."""
    before = replies(page).count()
    box(page).fill(question)
    box(page).press("Enter")
    expect(replies(page)).to_have_count(before + 1, timeout=60_000)
    return replies(page).last


def upload(page: Page, *files: Any) -> None:
    """Upload files and wait for the report on each."""
    page.get_by_role("tab", name="Documents").click()
    page.locator("input[type=file]").set_input_files(list(files))
    expect(page.locator(".qa-reports li")).to_have_count(len(files), timeout=60_000)


def exact(page: Page, selector: str) -> list[str | None]:
    """Return the exact text of each element, with whitespace."""
    return [element.text_content() for element in page.locator(selector).all()]


def shown(page: Page, quote: str, answer: str) -> None:
    """Check that the source has a marked quote with a marked highlight, and that it is in view."""
    expect(page.locator(".qa-source mark.qa-said")).to_have_text(answer)
    assert "".join(str(text) for text in exact(page, ".qa-source mark")) == quote
    page.wait_for_function(
        """() => {
          const pane = document.querySelector(".qa-source").getBoundingClientRect();
          const mark = document.querySelector(".qa-source mark").getBoundingClientRect();
          return mark.height && mark.top >= pane.top && mark.bottom <= pane.bottom
            && mark.top >= 0 && mark.bottom <= innerHeight;
        }"""
    )

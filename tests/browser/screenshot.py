"""Make the pictures in docs/ from the real page: ``python -m tests.browser.screenshot``.

A folder may be given in place of docs/. Look at each picture before it is committed.
"""

import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from qa_bot.bot import default_bot
from qa_bot.page.layout import EXAMPLES
from qa_bot.page.server import start
from tests.browser.chromium import open_chromium
from tests.browser.pages import FOLLOW_UP, KHAMENEI
from tests.browser.samples import FILES, file

FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "docs"
PORT = 7863
WIDE = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 780}
WAIT = 180_000  # milliseconds; the machine may be busy


def main() -> int:
    """Take the pictures; return 0, or 2 if there is no browser."""
    page = start(default_bot(), port=PORT, examples=EXAMPLES)
    with open_chromium() as browser:
        if browser is None:
            print("no Chromium: run: python -m playwright install chromium", file=sys.stderr)
            return 2
        for picture in (_start, _chat, _follow_up, _whether, _perhaps, _documents, _phone):
            picture(browser)
    page.close(verbose=False)
    return 0


def _start(browser: Browser) -> None:
    """What a person sees first."""
    _take(_open(browser, viewport=WIDE), "start.png")


def _chat(browser: Browser) -> None:
    """A question, a follow-up, and its quote in the source."""
    view = _open(browser, viewport=WIDE)
    for question in ("Who is the Defense Secretary?", "What did he order?"):
        _ask(view, question)
    view.get_by_role("log").evaluate("log => log.scrollTo(0, 0)")
    _take(view, "chat.png")


def _follow_up(browser: Browser) -> None:
    """What was understood, on chips, and the suggested questions."""
    view = _open(browser, viewport=WIDE)
    for question in (KHAMENEI, FOLLOW_UP):
        _ask(view, question)
    expect(view.locator(".qa-lead").first).to_be_visible(timeout=WAIT)
    _take(view, "follow-up.png")


def _whether(browser: Browser) -> None:
    """A yes-or-no question, and the quote that decides it."""
    view = _open(browser, viewport=WIDE)
    _ask(view, "Does Trump want war with Iran?")
    _take(view, "whether.png")


def _perhaps(browser: Browser) -> None:
    """Passages that may answer, and a refusal."""
    view = _open(browser, viewport=WIDE)
    for question in ("Who won the war?", "How do I bake bread?"):
        _ask(view, question)
    view.get_by_role("log").evaluate("log => log.scrollTo(0, 0)")
    _take(view, "perhaps.png")


def _documents(browser: Browser) -> None:
    """One's own documents, in dark mode."""
    view = _open(browser, viewport=WIDE, color_scheme="dark")
    view.get_by_role("tab", name="Documents").click()
    files = [file(name, contents) for name, contents, *_ in FILES[3:]]
    view.locator("input[type=file]").set_input_files([*files, file("empty.txt", b"")])
    expect(view.locator(".qa-reports li")).to_have_count(4, timeout=WAIT)
    _ask(view, FILES[3][2])
    view.get_by_role("tab", name="Documents").click()
    _take(view, "documents.png")


def _phone(browser: Browser) -> None:
    """An answer, and the source over it."""
    view = _open(browser, viewport=PHONE)
    _ask(view, EXAMPLES[0])
    _take(view, "phone-answer.png")
    view.locator("blockquote").first.click()
    _take(view, "phone.png")


def _open(browser: Browser, **options: Any) -> Page:
    view = browser.new_page(**options)
    view.goto(f"http://127.0.0.1:{PORT}/")
    expect(view.get_by_role("heading", name="What would you like to know?")).to_be_visible()
    return view


def _ask(view: Page, question: str) -> None:
    count = view.locator(".qa-answer").count()
    view.get_by_placeholder("Ask a question").fill(question)
    view.get_by_placeholder("Ask a question").press("Enter")
    expect(view.locator(".qa-answer")).to_have_count(count + 1, timeout=WAIT)


def _take(view: Page, name: str) -> None:
    view.wait_for_timeout(1000)  # colours fade, and the list of suggestions may still change
    picture = FOLDER / name
    view.screenshot(path=picture, animations="disabled", caret="hide")
    print(f"{picture}: {picture.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    sys.exit(main())

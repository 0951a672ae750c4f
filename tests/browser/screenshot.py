"""Make docs/chat.png from the real page: ``python tests/browser/screenshot.py``."""

import sys
from pathlib import Path

from chromium import open_chromium
from playwright.sync_api import Page, expect

from qa_bot.bot import default_bot
from qa_bot.ui import EXAMPLES, start

PICTURE = Path(__file__).parents[2] / "docs" / "chat.png"
PORT = 7863
QUESTIONS = (EXAMPLES[0], "When was Kataeb Hezbollah founded?")


def main() -> int:
    """Take the picture; return 0, or 2 when there is no browser."""
    page = start(default_bot(), port=PORT, examples=EXAMPLES)
    with open_chromium() as browser:
        if browser is None:
            print("no Chromium: run: python -m playwright install chromium", file=sys.stderr)
            return 2
        view = browser.new_page(viewport={"width": 1280, "height": 860})
        view.goto(f"http://127.0.0.1:{PORT}/")
        for count, question in enumerate(QUESTIONS, start=1):
            _ask(view, question, count)
        PICTURE.parent.mkdir(exist_ok=True)
        view.screenshot(path=PICTURE, animations="disabled", caret="hide")
    page.close(verbose=False)
    print(f"docs/{PICTURE.name}: {PICTURE.stat().st_size // 1024} KiB")
    return 0


def _ask(view: Page, question: str, count: int) -> None:
    view.get_by_placeholder("Ask a question").fill(question)
    view.get_by_placeholder("Ask a question").press("Enter")
    expect(view.locator("[data-testid=bot]")).to_have_count(count, timeout=60_000)


if __name__ == "__main__":
    sys.exit(main())

"""The page in a real browser: helpers that do what a person does."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

KHAMENEI = "What did Khamenei say to Trump?"
FOLLOW_UP = "When did he say it?"
TITLE = "Attack on the U.S. Embassy in Baghdad"  # of the shipped article
BREAD = "How do I bake bread?"
PHONE = {"width": 390, "height": 780}
MARKUP_OF_TEXTS = "img, script, style, b, i, em, code, h1, .katex"
Visit = Callable[..., Page]
expect.set_options(timeout=20_000)  # milliseconds; the machine may be busy


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

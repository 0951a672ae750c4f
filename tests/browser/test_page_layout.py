"""The page on any screen, with only a keyboard, and for people with disabilities."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from qa_bot.bot import Bot
from tests.browser.pages import (
    BREAD,
    FOLLOW_UP,
    KHAMENEI,
    PHONE,
    Visit,
    ask,
    box,
    replies,
    shown,
    upload,
)
from tests.browser.samples import FILES, file

RULES = {"resultTypes": ["violations"]}  # all rules, those of good practice too


def test_nothing_moves_when_a_reply_arrives(visit: Visit) -> None:
    page = visit()
    ask(page, KHAMENEI)
    parts = (".qa-chat", ".qa-source", ".qa-ask", ".qa-keep", "details.qa-samples")
    before = [page.locator(part).bounding_box() for part in parts]
    ask(page, BREAD)
    assert [page.locator(part).bounding_box() for part in parts] == before
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone_the_source_opens_over_the_conversation(visit: Visit, shipped_bot: Bot) -> None:
    page = visit(viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    expect(page.locator(".qa-source")).to_be_hidden()
    ask(page, KHAMENEI)
    expect(page.locator(".qa-source")).to_be_hidden()
    answer = shipped_bot.answer(KHAMENEI)
    page.locator("blockquote").first.click()
    shown(page, answer.quotes[0].text, answer.text)
    expect(page.get_by_role("button", name="Back to the conversation")).to_be_focused()
    expect(page.locator(".qa-lead").first).to_be_attached()  # the answer was made anew for it
    page.keyboard.press("Escape")
    expect(page.locator(".qa-source")).to_be_hidden()
    expect(page.locator(".qa-cite a").first).to_be_focused()
    page.get_by_role("button", name="Source and documents").click()
    expect(page.get_by_role("tab", name="Documents")).to_be_visible()
    page.get_by_role("button", name="Back to the conversation").click()
    expect(box(page)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_the_keyboard_alone_will_do(visit: Visit, shipped_bot: Bot) -> None:
    page = visit(new=True)
    box(page).focus()
    page.keyboard.type(KHAMENEI)
    page.keyboard.press("Enter")
    expect(replies(page)).to_have_count(1, timeout=60_000)
    reached = []
    for _ in range(25):
        page.keyboard.press("Shift+Tab")
        reached.append(
            page.evaluate("document.activeElement.className || document.activeElement.tagName")
        )
        if page.evaluate("document.activeElement.hash === '#quote-0-0'"):
            break
    assert "qa-copy" in reached[-2], reached
    page.keyboard.press("Enter")
    answer = shipped_bot.answer(KHAMENEI)
    shown(page, answer.quotes[0].text, answer.text)


# Colours fade when the theme or a state changes: without the fade, what is measured is what stays.
UNFADED = "*, *::before, *::after { transition: none !important; animation: none !important }"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_fit_for_everyone(visit: Visit, scheme: str) -> None:
    page = visit(new=True, color_scheme=scheme)
    page.add_style_tag(content=UNFADED)
    dark = page.evaluate("document.body.classList.contains('dark')")
    assert dark == (scheme == "dark")
    _no_violations(page)
    ask(page, KHAMENEI)
    ask(page, FOLLOW_UP)
    ask(page, BREAD).locator("summary").click()
    upload(page, file("pier.txt", FILES[0][1]), file("empty.txt", b""))
    page.get_by_role("button", name="Or paste a text").click()
    _no_violations(page)
    page.locator("blockquote").first.click()
    expect(page.locator(".qa-source mark.qa-said")).to_be_visible()
    _no_violations(page)
    page.set_viewport_size({"width": 390, "height": 780})
    _no_violations(page)
    labels = page.locator(".qa-chat [data-testid]").evaluate_all("it => it.map(m => m.ariaLabel)")
    assert set(labels) == {None}  # Gradio's would be the markup of the message


def _no_violations(page: Page) -> None:
    found = Axe().run(page, options=RULES).response["violations"]
    assert [(it["id"], [node["html"][:120] for node in it["nodes"]]) for it in found] == []

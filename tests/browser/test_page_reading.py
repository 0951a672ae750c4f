"""Starting and clearing a conversation, and reading, searching and printing a document."""

import re
from collections.abc import Iterator

import gradio as gr
import pytest
from playwright.sync_api import Browser, expect

from qa_bot.page.server import start
from tests.browser.pages import PHONE, Sessions, Visit, ask, box, exact, questions, replies, upload
from tests.browser.samples import QUESTIONS, TOWN, file
from tests.helpers.fakes import word_bot
from tests.helpers.served import free_port

NARROW = {"width": 320, "height": 600}
ZOOMED = {"width": 640, "height": 400}  # 1280 by 800 at 200 %


@pytest.fixture(scope="module")
def town(chromium: Browser) -> Iterator[gr.Blocks]:
    page = start(word_bot(TOWN), port=free_port(), examples=QUESTIONS[:3])
    yield page
    page.close(verbose=False)


@pytest.fixture(scope="module")
def sessions(chromium: Browser, town: gr.Blocks) -> Iterator[Sessions]:
    with Sessions(chromium, str(town.local_url)) as sessions:
        yield sessions


# ---- the start, and what is done with questions


def test_the_start_says_what_can_be_asked_and_lists_questions(visit: Visit) -> None:
    page = visit(new=True)
    expect(page.get_by_text("Ask about “The town”")).to_be_visible()
    expect(page.get_by_role("log")).to_be_hidden()  # an empty box would say nothing
    buttons = page.get_by_role("list").filter(has_text=QUESTIONS[0]).get_by_role("button")
    assert buttons.all_text_contents() == QUESTIONS[:3]
    boxes = [button.bounding_box() for button in buttons.all()]
    assert len({found["x"] for found in boxes if found}) == 1  # one below the other
    buttons.nth(1).click()
    expect(replies(page)).to_have_count(1)
    assert questions(page) == [QUESTIONS[1]]
    expect(page.get_by_role("heading", name="What would you like")).to_be_hidden()
    expect(buttons.first).to_be_hidden()
    page.get_by_text("Questions to begin with").click()
    buttons.first.click()
    expect(replies(page)).to_have_count(2)
    expect(buttons.first).to_be_hidden()


def test_enter_sends_and_shift_enter_breaks_the_line(visit: Visit) -> None:
    page = visit()
    box(page).fill("The bridge")
    box(page).press("Shift+Enter")
    page.keyboard.type("was opened by")
    expect(box(page)).to_have_value("The bridge\nwas opened by")
    assert questions(page) == []
    box(page).press("Enter")
    expect(replies(page)).to_have_count(1)
    assert questions(page) == ["The bridge\nwas opened by"]


def test_a_question_is_edited_and_asked_again(visit: Visit) -> None:
    page = visit()
    ask(page, QUESTIONS[0])
    page.get_by_role("button", name="Edit").first.click()
    expect(box(page)).to_be_focused()
    expect(box(page)).to_have_value(QUESTIONS[0])
    box(page).fill(QUESTIONS[2])
    box(page).press("Enter")
    expect(replies(page)).to_have_count(2)
    assert questions(page) == [QUESTIONS[0], QUESTIONS[2]]


def test_starting_again_can_be_undone(visit: Visit) -> None:
    page = visit(new=True)
    for question in QUESTIONS[:2]:
        ask(page, question)
    before = exact(page, ".qa-answer, [data-testid=user]")
    back = page.get_by_role("button", name="Bring the conversation back")
    expect(back).to_be_hidden()
    page.get_by_role("button", name="Start again").click()
    expect(page.get_by_role("heading", name="What would you like to know?")).to_be_visible()
    expect(page.get_by_role("button", name=QUESTIONS[0])).to_be_visible()  # to begin with
    back.click()
    expect(replies(page)).to_have_count(2)
    assert exact(page, ".qa-answer, [data-testid=user]") == before
    expect(back).to_be_hidden()


# ---- a document


def test_a_document_opens_at_its_beginning(visit: Visit) -> None:
    page = visit(new=True)
    lines = "\n\n".join(f"Line {n} of the ledger of the harbour of Rosvik." for n in range(200))
    upload(page, file("ledger.txt", lines.encode()))
    page.get_by_role("button", name="ledger.txt", exact=True).click()
    source = page.get_by_role("article")
    expect(source.get_by_text("Line 0 of")).to_be_in_viewport()
    source.evaluate("pane => pane.scrollTo(0, pane.scrollHeight)")
    page.get_by_role("tab", name="Documents").click()
    page.get_by_role("button", name="The town", exact=True).click()
    expect(source.get_by_text("The harbour was opened by")).to_be_in_viewport()
    page.get_by_role("tab", name="Documents").click()
    page.get_by_role("button", name="ledger.txt", exact=True).click()
    expect(source.get_by_text("Line 0 of")).to_be_in_viewport()


FOUND = "[...CSS.highlights.get('qa-found')].map(String)"
NOW = "[...CSS.highlights.get('qa-found-now')].map(String)"


def test_words_are_found_in_a_document(visit: Visit) -> None:
    page = visit()
    find = page.get_by_label("Find in this document")
    find.fill("OPENED  by")
    status = page.get_by_role("search").get_by_role("status")
    expect(status).to_have_text("1 of 5")
    assert page.evaluate(FOUND) == ["opened by"] * 5
    find.press("Enter")
    expect(status).to_have_text("2 of 5")
    find.press("Shift+Enter")
    find.press("Shift+Enter")
    expect(status).to_have_text("5 of 5")
    expect(page.get_by_text("The ferry was opened by Ines Roth")).to_be_in_viewport()
    page.get_by_role("button", name="Next match").click()
    expect(status).to_have_text("1 of 5")
    assert page.evaluate(NOW) == ["opened by"]
    find.fill("submarine")
    expect(status).to_have_text("not found")
    expect(page.get_by_role("button", name="Next match")).to_be_disabled()
    find.fill("(.*")  # is no pattern
    expect(status).to_have_text("not found")
    find.fill("")
    expect(status).to_have_text("")
    assert page.evaluate(FOUND) == []


def test_words_are_found_over_a_mark_and_forgotten_with_another_page(visit: Visit) -> None:
    page = visit()
    ask(page, QUESTIONS[0])
    page.get_by_label("Find in this document").fill("the harbour was opened by anna berg. it")
    expect(page.get_by_role("search").get_by_role("status")).to_have_text("1 of 1")
    ask(page, QUESTIONS[1])
    expect(page.get_by_label("Find in this document")).to_have_value("")
    assert page.evaluate(FOUND) == []


# ---- any screen, and paper


@pytest.mark.parametrize("size", [NARROW, ZOOMED, PHONE], ids=["narrow", "zoomed", "phone"])
def test_everything_is_reached_on_a_small_screen(visit: Visit, size: dict[str, int]) -> None:
    page = visit(viewport=size)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box(page).fill(QUESTIONS[0])
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(replies(page)).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.get_by_test_id("user").last).to_be_in_viewport()
    for name in ("Save as Markdown", "Start again", "Source and documents"):
        button = page.get_by_role("button", name=name)
        button.scroll_into_view_if_needed()
        found = button.bounding_box()
        assert found is not None and 0 <= found["x"] <= found["x"] + found["width"] <= size["width"]
    page.get_by_role("button", name="Source and documents").click()
    page.get_by_label("Find in this document").fill("ferry")
    expect(page.get_by_role("search").get_by_role("status")).to_have_text("1 of 1")
    source = page.get_by_role("article").bounding_box()
    assert source is not None and source["height"] > 120
    page.get_by_role("tab", name="Documents").click()
    expect(page.get_by_label("Ask about The town")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_foot_of_the_page_has_no_strays(visit: Visit) -> None:
    page = visit()
    assert page.locator("footer").inner_text().split() == ["Use", "via", "API"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_paper_the_whole_conversation_and_source_are_shown(visit: Visit, scheme: str) -> None:
    page = visit(new=True, color_scheme=scheme)
    for question in QUESTIONS:
        ask(page, question)
    page.emulate_media(media="print")
    for part in ("[role=log]", ".qa-source"):
        pane = page.locator(part)
        assert pane.evaluate("pane => pane.scrollHeight <= pane.clientHeight + 1")
        assert pane.evaluate("pane => getComputedStyle(pane).overflowY") == "visible"
    for name in ("Ask", "Copy", "Edit", "Start again"):
        expect(page.get_by_role("button", name=name, exact=True).first).to_be_hidden()
    expect(page.locator("footer")).to_be_hidden()
    colour = page.get_by_role("article").evaluate("pane => getComputedStyle(pane).color")
    assert max(map(int, re.findall(r"\d+", colour)[:3])) < 60  # ink on white paper
    log, source = page.get_by_role("log").bounding_box(), page.get_by_role("article").bounding_box()
    assert log is not None and source is not None
    assert log["y"] + log["height"] <= source["y"]

"""Whole tasks of a person, done using only visible text and labels."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.pages import Visit
from tests.browser.samples import FILES, file

BRIDGE = file("bridge.pdf", FILES[3][1])
WAIT = 60_000  # milliseconds, for an answer on a busy machine


def ask(page: Page, question: str) -> None:
    page.get_by_label("Question", exact=True).fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()


def test_ask(visit: Visit) -> None:
    page = visit()
    expect(page.get_by_text("What would you like to know?")).to_be_visible()
    ask(page, "Who is the Defense Secretary?")
    answer = page.get_by_role("log").get_by_text("Mark Esper", exact=True).first
    expect(answer).to_be_in_viewport(timeout=WAIT)


def test_check_the_quote_in_its_place(visit: Visit) -> None:
    page = visit()
    ask(page, "Who is the Defense Secretary?")
    place = page.get_by_role("link", name="paragraph").first
    place.click(timeout=WAIT)
    source = page.get_by_role("article")
    expect(source.get_by_text("Mark Esper", exact=True)).to_be_in_viewport()
    expect(source).to_contain_text("In a press statement issued Tuesday night")


def test_ask_a_follow_up(visit: Visit) -> None:
    page = visit()
    ask(page, "Who is the Defense Secretary?")
    expect(page.get_by_role("link", name="paragraph").first).to_be_visible(timeout=WAIT)
    ask(page, "What did he order?")
    answer = page.get_by_role("log").get_by_text("the immediate deployment of 750 soldiers")
    expect(answer.last).to_be_in_viewport(timeout=WAIT)


def test_add_a_pdf_and_ask_about_it_alone(visit: Visit) -> None:
    page = visit(new=True)
    page.get_by_role("tab", name="Documents").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_label("drop files").click()
    chooser.value.set_files([BRIDGE])
    expect(page.get_by_text("bridge.pdf: ")).to_be_visible(timeout=WAIT)
    others = page.get_by_role("checkbox", name="Ask about ").all()[:-1]
    for other in others:
        other.uncheck()
    ask(page, "Who designed the bridge over Kelmer Sound?")
    expect(page.get_by_role("log").get_by_text("Ida Varrow").first).to_be_in_viewport(timeout=WAIT)
    expect(page.get_by_role("link", name="bridge.pdf").first).to_be_visible()
    ask(page, "Who is the Defense Secretary?")
    expect(page.get_by_role("log").get_by_text("does not say")).to_be_visible(timeout=WAIT)


def test_save_the_conversation(visit: Visit) -> None:
    page = visit()
    ask(page, "Who is the Defense Secretary?")
    expect(page.get_by_role("link", name="paragraph").first).to_be_visible(timeout=WAIT)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save").click()
    saved = Path(download.value.path()).read_text(encoding="utf-8")
    assert "## Who is the Defense Secretary?\n\n> " in saved
    assert "<mark>Mark Esper</mark>" in saved
    assert "\\" not in saved
    assert "\n1. " in saved and "2020-01-01, paragraph 10" in saved

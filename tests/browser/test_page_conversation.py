"""The last question and its answer are scrolled into view; nothing else moves."""

import threading
from collections.abc import Iterator, Sequence

import gradio as gr
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from qa_bot.page.server import start
from tests.browser.pages import PHONE, Sessions, Visit, ask, box, replies
from tests.browser.samples import NAMES, QUESTIONS, TOWN
from tests.helpers.fakes import WordEmbedder, word_bot
from tests.helpers.served import free_port

SIZES = [{"width": 1280, "height": 800}, PHONE]
WAITING = "Looking through the documents"


class Pausing(WordEmbedder):
    """An embedder whose questions wait until ``may_go_on`` is set."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def encode_query(self, inputs: Sequence[str]) -> np.ndarray:
        assert self.may_go_on.wait(60)
        return super().encode_query(inputs)

    def encode_document(self, inputs: Sequence[str]) -> np.ndarray:
        return super().encode_query(inputs)


EMBEDDER = Pausing()


@pytest.fixture(scope="module")
def town(chromium: Browser) -> Iterator[gr.Blocks]:
    page = start(word_bot(TOWN, embedder=EMBEDDER), port=free_port(), examples=QUESTIONS[:1])
    yield page
    page.close(verbose=False)


@pytest.fixture(scope="module")
def sessions(chromium: Browser, town: gr.Blocks) -> Iterator[Sessions]:
    with Sessions(chromium, str(town.local_url)) as sessions:
        yield sessions


@pytest.fixture(params=SIZES, ids=["desk", "phone"])
def view(visit: Visit, request: pytest.FixtureRequest) -> Iterator[Page]:
    yield visit(viewport=request.param)
    EMBEDDER.may_go_on.set()


def rectangle(element: Locator) -> dict[str, float]:
    found = element.bounding_box()
    assert found is not None
    return {**found, "bottom": found["y"] + found["height"]}


def last_is_seen(page: Page) -> None:
    """Check that the last question is at the top of the conversation, with its answer below."""
    room = rectangle(page.get_by_role("log"))
    question = rectangle(page.get_by_test_id("user").last)
    reply = rectangle(page.get_by_test_id("bot").last)
    quote = rectangle(page.locator(".qa-answer").last.locator("blockquote").first)
    assert room["y"] <= question["y"] <= room["y"] + 40, (room, question)
    assert question["bottom"] <= reply["y"] <= quote["y"], (question, reply)
    assert quote["bottom"] <= room["bottom"], (quote, room)
    assert room["bottom"] <= page.viewport_size["height"]


def stays(element: Locator, before: dict[str, float]) -> None:
    """Check that an element has not moved; browsers round scroll positions."""
    assert rectangle(element) == pytest.approx(before, abs=1)


def is_awaited(page: Page) -> Locator:
    return page.get_by_role("status").filter(has_text=WAITING)


def begin(page: Page, question: str) -> None:
    """Ask, and wait until the question is shown, not until it is answered."""
    count = page.get_by_test_id("user").count()
    box(page).fill(question)
    box(page).press("Enter")
    expect(page.get_by_test_id("user")).to_have_count(count + 1)


def test_each_answer_is_seen(view: Page) -> None:
    for question in QUESTIONS:
        ask(view, question)
        last_is_seen(view)


def test_an_answer_is_seen_after_scrolling_up(view: Page) -> None:
    for question in QUESTIONS[:3]:
        ask(view, question)
    for question in QUESTIONS[3:]:
        view.get_by_role("log").evaluate("log => log.scrollTo(0, 0)")
        view.wait_for_timeout(100)
        ask(view, question)
        last_is_seen(view)


def test_an_answer_is_seen_after_a_quote_was_clicked(view: Page) -> None:
    for question in QUESTIONS[:3]:
        ask(view, question)
    view.locator("blockquote").first.click()
    expect(view.locator(".qa-source mark")).to_be_visible()
    view.keyboard.press("Escape")
    ask(view, QUESTIONS[3])
    last_is_seen(view)


def test_that_an_answer_is_awaited_is_seen_until_it_is_there(view: Page) -> None:
    ask(view, QUESTIONS[0])
    EMBEDDER.may_go_on.clear()
    begin(view, QUESTIONS[1])
    row = is_awaited(view)
    expect(row).to_be_in_viewport(ratio=1)
    assert rectangle(row)["y"] >= rectangle(view.get_by_test_id("user").last)["bottom"]
    EMBEDDER.may_go_on.set()
    expect(replies(view)).to_have_count(2)
    expect(row).to_have_count(0)


def test_two_questions_are_awaited_and_answered_each_in_its_place(view: Page) -> None:
    EMBEDDER.may_go_on.clear()
    for question in QUESTIONS[:2]:
        begin(view, question)
    expect(is_awaited(view)).to_have_count(2)
    EMBEDDER.may_go_on.set()
    expect(replies(view)).to_have_count(2)
    expect(is_awaited(view)).to_have_count(0)
    for nth, name in enumerate(NAMES[:2]):
        expect(replies(view).nth(nth).locator("blockquote").first).to_contain_text(name)
    last_is_seen(view)


def test_what_is_being_read_does_not_move_when_an_answer_arrives(view: Page) -> None:
    for question in QUESTIONS[:3]:
        ask(view, question)
    EMBEDDER.may_go_on.clear()
    begin(view, QUESTIONS[3])
    view.get_by_role("log").evaluate("log => log.scrollTo(0, 30)")
    read = view.get_by_test_id("bot").first
    before = rectangle(read)
    EMBEDDER.may_go_on.set()
    expect(replies(view)).to_have_count(4)
    view.wait_for_timeout(300)
    stays(read, before)


def test_an_earlier_answer_that_arrives_moves_no_later_question(view: Page) -> None:
    ask(view, QUESTIONS[0])
    EMBEDDER.may_go_on.clear()
    begin(view, QUESTIONS[1])
    begin(view, "?!")  # is answered at once: the one before it is not
    expect(replies(view)).to_have_count(2)
    last = view.get_by_test_id("user").last
    before = rectangle(last)
    EMBEDDER.may_go_on.set()
    expect(replies(view)).to_have_count(3)
    view.wait_for_timeout(300)
    stays(last, before)


def test_opening_more_quotes_moves_nothing_above_them(view: Page) -> None:
    ask(view, QUESTIONS[0])
    ask(view, QUESTIONS[1])
    question = view.get_by_test_id("user").last
    before = rectangle(question)
    for summary in view.locator(".qa-answer").last.locator("summary").all():
        summary.evaluate("summary => summary.click()")  # a real click would scroll to it first
    view.wait_for_timeout(300)
    stays(question, before)


def test_a_reload_while_an_answer_is_awaited_shows_it_when_it_is_there(view: Page) -> None:
    EMBEDDER.may_go_on.clear()
    begin(view, QUESTIONS[0])
    view.reload()
    expect(is_awaited(view)).to_be_visible()
    EMBEDDER.may_go_on.set()
    expect(replies(view)).to_have_count(1)
    expect(is_awaited(view)).to_have_count(0)

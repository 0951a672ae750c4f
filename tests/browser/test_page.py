"""The page in a real browser: what a person sees, and what nothing in a text may do there."""

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import cast
from urllib.parse import urlsplit

import pytest
from chromium import open_chromium
from playwright.sync_api import Browser, BrowserContext, Page, expect

from qa_bot.bot import Bot
from qa_bot.datatypes import Answer, Document, Quote, Span
from qa_bot.errors import QABotError
from qa_bot.render import NOT_FOUND
from qa_bot.ui import EXAMPLES, start

HOSTILE = (
    'A <img src=x onerror="alert(1)"> <script>alert(2)</script> <b>bold</b> *x* $y$ $$z$$ '
    "[link](javascript:alert(3)) `code` {{value}} ${value} </blockquote></details>\n\n"
    "# head\n    <style>* { display: none }</style> \\(w\\) &lt;i&gt; <!-- end."
)
MARKUP_OF_TEXTS = "img, script, style, a, b, i, em, code, h1, .katex"

Visit = Callable[[str], Page]


class HostileBot:
    """Quotes its hostile article whole; fails, as hostilely, when asked to."""

    documents = (Document(HOSTILE, f"Title {HOSTILE}"),)

    def answer(self, question: str, history: Sequence[Answer] = ()) -> Answer:
        if "fail" in question:
            raise QABotError(HOSTILE)
        (document,) = self.documents
        quote = Quote(document, 0, len(HOSTILE), Span(document, 2, 40), 0.9)
        return Answer(question, f"{question} {HOSTILE}", (quote, quote), 0.9)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with open_chromium() as browser:
        if browser is not None:
            yield browser
        elif "CI" in os.environ:
            pytest.fail("no Chromium: install one, or run: python -m playwright install chromium")
        else:
            pytest.skip("no Chromium")


def serve(bot: Bot) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    page = start(bot, port=port, examples=EXAMPLES)
    yield f"http://127.0.0.1:{port}/"
    page.close(verbose=False)


@pytest.fixture(scope="module")
def url(chromium: Browser, shipped_bot: Bot) -> Iterator[str]:
    yield from serve(shipped_bot)


@pytest.fixture(scope="module")
def hostile_url(chromium: Browser) -> Iterator[str]:
    yield from serve(cast(Bot, HostileBot()))


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """Open a page in a browser session of its own; at the end, look at what each one did."""
    contexts: list[BrowserContext] = []
    requests: list[str] = []
    alarms: list[str] = []

    def open_page(url: str) -> Page:
        context = chromium.new_context()
        contexts.append(context)
        context.on("request", lambda request: requests.append(request.url))
        context.on("dialog", lambda dialog: alarms.append(dialog.message))
        context.on("weberror", lambda failure: alarms.append(str(failure.error)))
        page = context.new_page()
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert alarms == []
    assert requests
    assert {urlsplit(request).hostname for request in requests} <= {"127.0.0.1", None}  # data: URLs


def ask(page: Page, question: str) -> None:
    """Type a question and wait for the reply to it."""
    replies = page.locator("[data-testid=bot]")
    before = replies.count()
    page.get_by_placeholder("Ask a question").fill(question)
    page.get_by_placeholder("Ask a question").press("Enter")
    expect(replies).to_have_count(before + 1, timeout=60_000)


def exact(page: Page, selector: str) -> list[str | None]:
    """Return the exact text of each element, blanks and all."""
    return [element.text_content() for element in page.locator(selector).all()]


def test_an_example_is_answered_by_an_exact_highlighted_quote(
    visit: Visit, url: str, shipped_bot: Bot
) -> None:
    page = visit(url)
    expect(page.get_by_role("button", name=EXAMPLES[-1])).to_be_visible()
    page.get_by_role("button", name=EXAMPLES[0]).click()
    expect(page.locator("mark").first).to_be_visible(timeout=60_000)
    answer = shipped_bot.answer(EXAMPLES[0])
    assert exact(page, "[data-testid=user]") == [EXAMPLES[0]]
    assert exact(page, "[data-testid=bot] blockquote") == [quote.text for quote in answer.quotes]
    assert exact(page, "[data-testid=bot] mark") == [
        quote.highlight.text for quote in answer.quotes
    ]
    expect(page.locator(".qa-cite").first).to_contain_text("2020-01-01, paragraph ")


def test_a_follow_up_is_understood_from_the_conversation(
    visit: Visit, url: str, shipped_bot: Bot
) -> None:
    page = visit(url)
    first, second = "What did Khamenei say to Trump?", "When did he say it?"
    ask(page, first)
    ask(page, second)
    answer = shipped_bot.answer(second, [shipped_bot.answer(first)])
    assert answer.query != second
    assert exact(page, "[data-testid=user]") == [first, second]
    assert exact(page, ".qa-query bdi") == [answer.query]


def test_what_the_article_does_not_say_is_said_calmly(visit: Visit, url: str) -> None:
    page = visit(url)
    ask(page, "How do I bake bread?")
    assert exact(page, "[data-testid=bot]") == [NOT_FOUND]


def test_two_sessions_do_not_see_each_other(visit: Visit, url: str, shipped_bot: Bot) -> None:
    mine, theirs = visit(url), visit(url)
    ask(mine, "What did Khamenei say to Trump?")
    ask(theirs, "When did he say it?")
    assert exact(theirs, "[data-testid=user]") == ["When did he say it?"]
    assert theirs.locator(".qa-query").count() == 0
    assert exact(mine, "[data-testid=user]") == ["What did Khamenei say to Trump?"]


def test_a_cleared_conversation_is_forgotten(visit: Visit, url: str) -> None:
    page = visit(url)
    ask(page, "What did Khamenei say to Trump?")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("[data-testid=user]")).to_have_count(0)
    ask(page, "When did he say it?")
    assert exact(page, "[data-testid=user]") == ["When did he say it?"]
    assert page.locator(".qa-query").count() == 0


def test_a_hostile_question_and_article_are_shown_as_characters(
    visit: Visit, hostile_url: str
) -> None:
    page = visit(hostile_url)
    ask(page, HOSTILE)
    assert exact(page, "[data-testid=user]") == [HOSTILE]
    assert exact(page, "[data-testid=bot] blockquote") == [HOSTILE, HOSTILE]
    assert exact(page, "[data-testid=bot] mark") == [HOSTILE[2:40]] * 2
    assert exact(page, ".qa-query bdi") == [f"{HOSTILE} {HOSTILE}"]
    title = f"Title {HOSTILE}"
    assert exact(page, ".qa-documents cite") == [title]
    assert exact(page, ".qa-cite bdi:first-child") == [" ".join(title.split())] * 2
    assert (
        page.locator(".qa-answer, .qa-plain, .qa-documents").locator(MARKUP_OF_TEXTS).count() == 0
    )
    expect(page.get_by_placeholder("Ask a question")).to_be_visible()


def test_an_error_is_shown_as_characters(visit: Visit, hostile_url: str) -> None:
    page = visit(hostile_url)
    ask(page, "fail")
    assert exact(page, "[data-testid=bot]") == [HOSTILE]
    assert page.locator("[data-testid=bot]").locator(MARKUP_OF_TEXTS).count() == 0

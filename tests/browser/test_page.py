"""The page in a real browser: what a person sees, and what nothing in a text may do there."""

import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import open_chromium
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from samples import FILES, HOSTILE, HOSTILE_NAME, file

from qa_bot.bot import Bot
from qa_bot.datatypes import Document
from qa_bot.render import NOT_FOUND, source_to_html, turns_to_markdown
from qa_bot.ui import EXAMPLES, start

KHAMENEI = "What did Khamenei say to Trump?"
FOLLOW_UP = "When did he say it?"
BREAD = "How do I bake bread?"
PHONE = {"width": 390, "height": 780}
MARKUP_OF_TEXTS = "img, script, style, b, i, em, code, h1, .katex"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}

Visit = Callable[..., Page]


expect.set_options(timeout=20_000)  # milliseconds; the machine may be busy


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
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    page = start(shipped_bot, port=port, examples=EXAMPLES, feedback=thumbs)
    yield f"http://127.0.0.1:{port}/"
    page.close(verbose=False)


@pytest.fixture
def visit(chromium: Browser, url: str) -> Iterator[Visit]:
    """Open the page in a browser session of its own; at the end, look at what each one did."""
    contexts: list[BrowserContext] = []
    requests: list[str] = []
    alarms: list[str] = []

    def open_page(**options: Any) -> Page:
        context = chromium.new_context(viewport=options.pop("viewport", None), **options)
        contexts.append(context)
        context.on("request", lambda request: requests.append(request.url))
        context.on("dialog", lambda dialog: alarms.append(dialog.message))
        context.on("weberror", lambda failure: alarms.append(str(failure.error)))
        page = context.new_page()
        page.goto(url)
        expect(page.locator(".qa-source")).to_be_attached()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert alarms == []
    assert requests
    hosts = {urlsplit(request).hostname for request in requests}
    assert hosts <= {"127.0.0.1", None}  # data: and blob: URLs have none


def box(page: Page) -> Locator:
    return page.get_by_placeholder("Ask a question")


def replies(page: Page) -> Locator:
    return page.locator(":is(.qa-answer, [data-testid=bot] .qa-plain)")


def ask(page: Page, question: str) -> Locator:
    """Type a question, wait for the reply to it, and return that."""
    before = replies(page).count()
    box(page).fill(question)
    box(page).press("Enter")
    expect(replies(page)).to_have_count(before + 1, timeout=60_000)
    return replies(page).last


def upload(page: Page, *files: Any) -> None:
    """Give files and wait until each is reported."""
    page.get_by_role("tab", name="Documents").click()
    page.locator("input[type=file]").set_input_files(list(files))
    expect(page.locator(".qa-reports li")).to_have_count(len(files), timeout=60_000)


def exact(page: Page, selector: str) -> list[str | None]:
    """Return the exact text of each element, blanks and all."""
    return [element.text_content() for element in page.locator(selector).all()]


def shown(page: Page, quote: str, answer: str) -> None:
    """Check that the source has a quote marked, what answers marked more, and that in view."""
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


def test_an_example_is_answered_by_a_quote_that_is_marked_in_its_place(
    visit: Visit, shipped_bot: Bot
) -> None:
    page = visit()
    page.get_by_role("button", name=KHAMENEI).click()
    expect(replies(page)).to_have_count(1, timeout=60_000)
    answer = shipped_bot.answer(KHAMENEI)
    assert exact(page, "[data-testid=user]") == [KHAMENEI]
    assert exact(page, ".qa-short") == [answer.text]
    assert exact(page, ".qa-answer blockquote") == [quote.text for quote in answer.quotes]
    assert exact(page, ".qa-answer mark") == [quote.highlight.text for quote in answer.quotes]
    expect(page.locator(".qa-cite").first).to_contain_text("article, 2020-01-01, paragraph ")
    expect(page.locator(".qa-sure").first).to_contain_text("How sure: ")
    shown(page, answer.quotes[0].text, answer.text)


def test_any_quote_is_shown_in_its_place_when_it_is_clicked_old_ones_too(
    visit: Visit, shipped_bot: Bot
) -> None:
    page = visit()
    ask(page, KHAMENEI)
    ask(page, EXAMPLES[-1])
    first, last = shipped_bot.answer(KHAMENEI), shipped_bot.answer(EXAMPLES[-1])
    shown(page, last.quotes[0].text, last.text)
    page.locator("blockquote").first.click()
    shown(page, first.quotes[0].text, first.text)
    page.locator(".qa-source").evaluate("pane => pane.scrollTo(0, 0)")
    page.get_by_role("tab", name="Documents").click()
    page.locator(".qa-cite a").last.focus()
    page.keyboard.press("Enter")
    shown(page, last.quotes[-1].text, last.quotes[-1].highlight.text)
    assert exact(page, "[data-testid=user]") == [KHAMENEI, EXAMPLES[-1]]


def test_a_question_may_be_asked_while_another_is_answered(visit: Visit) -> None:
    page = visit()
    for asked, question in enumerate(("  ", KHAMENEI, BREAD)):
        box(page).fill(question)
        box(page).press("Enter")
        # Sent within milliseconds of each other, two questions may arrive in either order.
        expect(page.locator("[data-testid=user]")).to_have_count(asked)
    expect(replies(page)).to_have_count(2, timeout=60_000)
    assert exact(page, "[data-testid=user]") == [KHAMENEI, BREAD]


def test_a_follow_up_is_understood_from_the_conversation(visit: Visit, shipped_bot: Bot) -> None:
    page = visit()
    ask(page, KHAMENEI)
    ask(page, FOLLOW_UP)
    answer = shipped_bot.answer(FOLLOW_UP, [shipped_bot.answer(KHAMENEI)])
    assert answer.query != FOLLOW_UP
    assert exact(page, ".qa-query bdi") == [answer.query]
    page.get_by_role("button", name="Start again").click()
    expect(page.locator("[data-testid=user]")).to_have_count(0)
    ask(page, FOLLOW_UP)
    assert page.locator(".qa-query").count() == 0


def test_what_the_article_does_not_say_is_said_and_the_closest_passage_folded(
    visit: Visit, shipped_bot: Bot
) -> None:
    page = visit()
    reply = ask(page, BREAD)
    closest = shipped_bot.answer(BREAD).closest
    assert closest is not None
    assert exact(page, ".qa-none") == [NOT_FOUND]
    expect(reply.locator("blockquote")).to_be_hidden()
    reply.locator("summary").click()
    reply.locator(".qa-cite a").click()
    expect(page.locator(".qa-source mark").first).to_be_visible()
    assert "".join(str(text) for text in exact(page, ".qa-source mark")) == closest.text
    assert page.locator("mark.qa-said, .qa-answer mark").count() == 0


def test_each_kind_of_file_is_read_and_asked_about(visit: Visit) -> None:
    page = visit()
    upload(page, *(file(name, data) for name, data, _, _ in FILES))
    assert page.locator(".qa-refused").count() == 0
    page.get_by_label("Ask about article").uncheck()
    for name, _, question, answer in FILES:
        reply = ask(page, question)
        expect(reply.locator("blockquote").first).to_contain_text(answer)
        expect(reply.locator(".qa-cite").first).to_contain_text(name)
        expect(page.locator(".qa-source h2")).to_have_text(name)
        expect(page.locator(".qa-source mark.qa-said")).to_be_visible()


def test_what_cannot_be_read_is_told_and_loses_no_other(visit: Visit) -> None:
    page = visit()
    upload(page, file("empty.txt", b""), file("pier.txt", FILES[0][1]))
    expect(page.locator(".qa-refused")).to_contain_text("'empty.txt' is empty")
    expect(page.locator(".qa-reports li").last).to_have_text("pier.txt: 12 words")
    expect(page.locator(".qa-documents li")).to_have_count(2)


def test_documents_are_chosen_opened_and_removed(visit: Visit) -> None:
    page = visit()
    name, data, question, answer = FILES[0]
    upload(page, file(name, data))
    page.get_by_label(f"Ask about {name}").uncheck()
    expect(ask(page, question)).to_contain_text(NOT_FOUND)
    page.get_by_role("tab", name="Documents").click()
    page.get_by_label(f"Ask about {name}").check()
    expect(ask(page, question)).to_contain_text(answer)
    page.get_by_role("tab", name="Documents").click()
    page.get_by_role("button", name="article", exact=True).click()
    expect(page.locator(".qa-source h2")).to_have_text("article")
    page.get_by_role("tab", name="Documents").click()
    page.get_by_role("button", name=f"Remove {name}").click()
    expect(page.locator(".qa-documents li")).to_have_count(1)
    expect(ask(page, question)).to_contain_text(NOT_FOUND)


def test_a_text_is_pasted_and_questions_about_it_are_suggested(visit: Visit) -> None:
    page = visit()
    page.get_by_role("tab", name="Documents").click()
    page.get_by_text("Or paste a text").click()
    page.get_by_label("Title").fill("Crane")
    name = "Tova Lindgren"
    text = f"The crane was moved by {name}. Years after, {name} sold it. Now {name} lives in Oslo."
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Add this text").click()
    expect(page.locator(".qa-reports li")).to_have_text("Crane: 19 words", timeout=60_000)
    suggestion = page.locator(".qa-samples button").first
    expect(suggestion).to_contain_text(name, timeout=60_000)
    suggestion.click()
    expect(page.locator(".qa-answer blockquote").first).to_contain_text(name, timeout=60_000)


def test_two_people_see_nothing_of_each_other(visit: Visit) -> None:
    mine, theirs = visit(), visit()
    name, data, question, answer = FILES[0]
    upload(mine, file(name, data))
    expect(ask(mine, question)).to_contain_text(answer)
    expect(ask(theirs, question)).to_contain_text(NOT_FOUND)
    theirs.get_by_role("tab", name="Documents").click()
    assert exact(theirs, "[data-open]") == ["article"]
    ask(mine, KHAMENEI)
    ask(theirs, FOLLOW_UP)
    assert not any("Khamenei" in str(text) for text in exact(theirs, ".qa-query"))
    assert exact(theirs, "[data-testid=user]") == [question, FOLLOW_UP]
    assert exact(mine, "[data-testid=user]") == [question, KHAMENEI]


def test_a_reload_keeps_the_conversation_and_the_documents(visit: Visit, url: str) -> None:
    page = visit()
    name, data, question, answer = FILES[0]
    upload(page, file(name, data))
    ask(page, question)
    before = exact(page, ".qa-answer, [data-testid=user]")
    page.reload()
    expect(replies(page)).to_have_count(1)
    assert exact(page, ".qa-answer, [data-testid=user]") == before
    page.locator("blockquote").first.click()
    expect(page.locator(".qa-source mark.qa-said")).to_contain_text(answer)
    page.get_by_role("tab", name="Documents").click()
    assert exact(page, "[data-open]") == ["article", name]
    other = page.context.new_page()
    other.goto(url)
    expect(other.locator(".qa-source")).to_be_visible()
    other.wait_for_timeout(500)
    assert replies(other).count() == 0


def test_a_hostile_file_is_shown_as_characters(visit: Visit) -> None:
    page = visit()
    upload(page, file(HOSTILE_NAME, HOSTILE.encode()), file(f"{HOSTILE_NAME}.txt", b""))
    assert exact(page, "[data-open]") == ["article", HOSTILE_NAME]
    expect(page.locator(".qa-refused")).to_contain_text(HOSTILE_NAME)
    assert page.locator(".qa-documents, .qa-reports").locator(MARKUP_OF_TEXTS).count() == 0
    page.locator("[data-open]").last.click()
    expect(page.locator(".qa-source h2")).to_have_text(HOSTILE_NAME)
    words = " ".join(str(text) for text in exact(page, ".qa-source > p, .qa-source > h3"))
    assert words.split() == HOSTILE.split()
    reply = ask(page, "What is the password of Vera Holm?")
    expect(reply.locator("blockquote").first).to_contain_text("<b>swordfish</b>")
    expect(reply.locator(".qa-cite").first).to_contain_text(HOSTILE_NAME)
    links = page.locator(":is(.qa-answer, .qa-source) a").evaluate_all("it => it.map(a => a.hash)")
    assert links and all(re.fullmatch(r"#quote-\d+-\d+", link) for link in links)
    assert page.locator(".qa-answer, .qa-source").locator(MARKUP_OF_TEXTS).count() == 0


@pytest.mark.parametrize(
    ("question", "seen"),
    [
        (HOSTILE, HOSTILE),
        ("birds " * 1666 + "end?", "birds " * 1666 + "end?"),  # 10,000 characters
        ("who\x07 \x1b[2J \u202eis it?", "who␇ ␛[2J \ufffdis it?"),
        ("من هو وزير الدفاع؟ 👩🏽‍🚀", "من هو وزير الدفاع؟ 👩🏽‍🚀"),
        ("?!", "?!"),
    ],
)
def test_any_question_is_shown_as_its_characters_and_gets_a_reply(
    visit: Visit, question: str, seen: str
) -> None:
    page = visit()
    box(page).fill("  ")
    box(page).press("Enter")
    ask(page, question)
    assert exact(page, "[data-testid=user]") == [seen]
    assert page.locator(".qa-answer, .qa-plain").locator(MARKUP_OF_TEXTS).count() == 0
    expect(box(page)).to_be_in_viewport()


def test_a_quote_is_copied_with_its_citation(visit: Visit, shipped_bot: Bot) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    ask(page, KHAMENEI).get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    quote = shipped_bot.answer(KHAMENEI).quotes[0]
    paragraph = quote.document.place(quote.start).paragraph
    assert page.evaluate("navigator.clipboard.readText()") == (
        f"“{quote.text}”\n— article, 2020-01-01, paragraph {paragraph}"
    )


def test_the_conversation_is_saved_as_markdown(visit: Visit, shipped_bot: Bot) -> None:
    page = visit()
    ask(page, KHAMENEI)
    ask(page, BREAD)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as Markdown").click()
    assert download.value.suggested_filename == "conversation.md"
    first = shipped_bot.answer(KHAMENEI)
    turns = [(KHAMENEI, first), (BREAD, shipped_bot.answer(BREAD, [first]))]
    assert Path(download.value.path()).read_text(encoding="utf-8") == turns_to_markdown(turns)


def test_a_thumb_is_kept(visit: Visit, thumbs: Path) -> None:
    page = visit()
    ask(page, KHAMENEI)
    with page.expect_response(re.compile("/gradio_api/")):
        page.get_by_role("button", name="Like", exact=True).click()
    page.wait_for_timeout(300)
    kept = [json.loads(line) for line in thumbs.read_text().splitlines()]
    assert [(line["thumb"], line["question"]) for line in kept] == [("up", KHAMENEI)]


def test_nothing_moves_when_a_reply_arrives(visit: Visit) -> None:
    page = visit()
    ask(page, KHAMENEI)
    parts = (".qa-chat", ".qa-source", ".qa-ask", ".qa-keep", ".qa-samples")
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
    page.keyboard.press("Escape")
    expect(page.locator(".qa-source")).to_be_hidden()
    expect(page.locator(".qa-cite a").first).to_be_focused()
    page.get_by_role("button", name="Source and documents").click()
    expect(page.get_by_role("tab", name="Documents")).to_be_visible()
    page.get_by_role("button", name="Back to the conversation").click()
    expect(box(page)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_the_keyboard_alone_will_do(visit: Visit, shipped_bot: Bot) -> None:
    page = visit()
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_fit_for_everyone(visit: Visit, scheme: str) -> None:
    page = visit(color_scheme=scheme)
    dark = page.evaluate("document.body.classList.contains('dark')")
    assert dark == (scheme == "dark")
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
    page.wait_for_timeout(300)  # colours fade
    found = Axe().run(page, options=RULES).response["violations"]
    assert [(it["id"], [node["html"][:120] for node in it["nodes"]]) for it in found] == []


def test_the_source_pane_begins_with_the_first_document(visit: Visit, article: Document) -> None:
    page = visit()
    expect(page.locator(".qa-source p").nth(1)).to_contain_text(article.text[:60].strip())
    assert source_to_html(article).count("<p dir=") == page.locator(".qa-source p[dir]").count()

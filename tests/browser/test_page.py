"""Questions and answers in a real browser, and that no text can run code there."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from qa_bot.bot import Bot
from qa_bot.datatypes import Document
from qa_bot.page.export import conversation_to_markdown
from qa_bot.page.html import source_to_html
from qa_bot.page.layout import EXAMPLES
from qa_bot.render import has_highlight, match, refusal
from tests.browser.pages import (
    BREAD,
    FOLLOW_UP,
    KHAMENEI,
    MARKUP_OF_TEXTS,
    TITLE,
    Visit,
    ask,
    box,
    exact,
    questions,
    replies,
    shown,
)
from tests.browser.samples import HOSTILE


def test_an_example_is_answered_by_a_quote_that_is_marked_in_its_place(
    visit: Visit, shipped_bot: Bot
) -> None:
    page = visit()
    page.get_by_role("button", name=KHAMENEI).click()
    expect(replies(page)).to_have_count(1, timeout=60_000)
    answer = shipped_bot.answer(KHAMENEI)
    assert questions(page) == [KHAMENEI]
    assert exact(page, ".qa-short") == [answer.text]
    assert exact(page, ".qa-answer blockquote") == [quote.text for quote in answer.quotes]
    marked = [quote.highlight.text for quote in answer.quotes if has_highlight(quote)]
    assert exact(page, ".qa-answer mark") == marked
    expect(page.locator(".qa-cite").first).to_contain_text(f"{TITLE}, 2020-01-01, paragraph ")
    expect(page.locator(".qa-match").first).to_have_text(match(answer.quotes[0].score))
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
    assert questions(page) == [KHAMENEI, EXAMPLES[-1]]


def test_a_question_may_be_asked_while_another_is_answered(visit: Visit) -> None:
    page = visit()
    for asked, question in enumerate(("  ", KHAMENEI, BREAD)):
        box(page).fill(question)
        # Until it is sent the box must keep it; faster than anyone types, the next would be asked.
        with page.expect_response(lambda response: "/queue/join" in response.url):
            box(page).press("Enter")
        expect(page.locator("[data-testid=user]")).to_have_count(asked)
    expect(replies(page)).to_have_count(2, timeout=60_000)
    assert questions(page) == [KHAMENEI, BREAD]


def test_a_follow_up_is_understood_from_the_conversation(visit: Visit, shipped_bot: Bot) -> None:
    page = visit()
    ask(page, KHAMENEI)
    ask(page, FOLLOW_UP)
    answer = shipped_bot.answer(FOLLOW_UP, [shipped_bot.answer(KHAMENEI)])
    assert answer.query != FOLLOW_UP
    (understood,) = answer.understood
    assert exact(page, ".qa-chip bdi") == [str(understood)]
    page.get_by_role("button", name="Start again").click()
    expect(page.locator("[data-testid=user]")).to_have_count(0)
    ask(page, FOLLOW_UP)
    assert page.locator(".qa-chip").count() == 0


def test_a_follow_up_is_asked_again_without_what_was_understood(visit: Visit) -> None:
    page = visit()
    ask(page, "Who is the Defense Secretary?")
    ask(page, "What did he order?")
    chip = page.get_by_role("link", name="he = ")
    expect(chip).to_have_count(1)
    chip.click()
    expect(chip).to_have_count(0)
    expect(replies(page)).to_have_count(2)
    assert questions(page) == ["Who is the Defense Secretary?", "What did he order?"]


def test_a_question_that_leads_on_is_asked(visit: Visit) -> None:
    page = visit()
    ask(page, KHAMENEI)
    lead = page.locator(".qa-lead").first
    expect(lead).to_be_visible(timeout=60_000)
    question = lead.text_content()
    lead.click()
    expect(replies(page)).to_have_count(2, timeout=60_000)
    assert questions(page) == [KHAMENEI, question]


def test_a_question_of_yes_or_no_is_answered_by_the_quote_alone(visit: Visit) -> None:
    reply = ask(visit(), "Does Trump want war with Iran?")
    expect(reply.locator("blockquote").first).to_contain_text("I want to have peace")
    assert reply.locator(".qa-short, mark").count() == 0


def test_what_the_article_does_not_say_is_said_and_the_closest_passage_folded(
    visit: Visit, shipped_bot: Bot
) -> None:
    page = visit(new=True)
    reply = ask(page, BREAD)
    answer = shipped_bot.answer(BREAD)
    closest = answer.closest[0]
    assert exact(page, ".qa-none") == [refusal(answer)] == [f"“{TITLE}” does not say."]
    expect(reply.locator("blockquote")).to_be_hidden()
    reply.locator("summary").click()
    reply.locator(".qa-cite a").click()
    expect(page.locator(".qa-source mark").first).to_be_visible()
    assert "".join(str(text) for text in exact(page, ".qa-source mark")) == closest.text
    assert page.locator("mark.qa-said, .qa-answer mark").count() == 0


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
    with page.expect_request("**/queue/join*"):  # what is typed next is not what was sent
        box(page).press("Enter")
    ask(page, question)
    assert questions(page) == [seen]
    assert page.locator(".qa-answer, .qa-plain").locator(MARKUP_OF_TEXTS).count() == 0
    expect(box(page)).to_be_in_viewport()


def test_a_quote_is_copied_with_its_citation(visit: Visit, shipped_bot: Bot) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    ask(page, KHAMENEI).get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    quote = shipped_bot.answer(KHAMENEI).quotes[0]
    paragraph = quote.document.place(quote.start).paragraph
    assert page.evaluate("navigator.clipboard.readText()") == (
        f"“{quote.text}”\n— {TITLE}, 2020-01-01, paragraph {paragraph}"
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
    assert Path(download.value.path()).read_text(encoding="utf-8") == conversation_to_markdown(
        turns
    )


def test_a_thumb_is_kept(visit: Visit, thumbs: Path) -> None:
    page = visit()
    ask(page, KHAMENEI)
    with page.expect_response(re.compile("/gradio_api/")):
        page.get_by_role("button", name="Like", exact=True).click()
    page.wait_for_timeout(300)
    kept = [json.loads(line) for line in thumbs.read_text().splitlines()]
    assert [(line["thumb"], line["question"]) for line in kept] == [("up", KHAMENEI)]


def test_the_source_pane_begins_with_the_first_document(visit: Visit, article: Document) -> None:
    page = visit(new=True)
    expect(page.locator(".qa-meta")).to_have_text("date 2020-01-01")
    paragraph = page.locator(".qa-source p").nth(1)
    expect(paragraph).to_contain_text("After hundreds of supporters of an Iran-backed")
    assert (paragraph.text_content() or "").startswith("After hundreds")
    shown = source_to_html(article)
    assert shown.count('<p dir="auto">') == page.locator(".qa-source p:not(.qa-meta)").count()

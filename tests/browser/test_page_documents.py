"""One's own documents in a real browser: uploaded, asked about, and not visible to others."""

import re
import threading
from collections.abc import Sequence

import numpy as np
from playwright.sync_api import Browser, expect

from qa_bot.page.server import start
from qa_bot.store.embedded import BATCH
from tests.browser.pages import (
    FOLLOW_UP,
    KHAMENEI,
    MARKUP_OF_TEXTS,
    TITLE,
    Visit,
    ask,
    exact,
    questions,
    replies,
    upload,
)
from tests.browser.samples import FILES, HOSTILE, HOSTILE_NAME, file
from tests.helpers.fakes import MILL, WordEmbedder, long_text, word_bot
from tests.helpers.served import free_port

NOT_SAID = f"“{TITLE}” does not say."
DROP = """(area, [name, bytes]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([new Uint8Array(bytes)], name));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    area.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer }));
  }
}"""


class Pausing(WordEmbedder):
    """Embeds the operator's document and two more batches, then waits until it may continue."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self._batches = 0

    def encode_document(self, inputs: Sequence[str]) -> np.ndarray:
        self._batches += 1
        if self._batches > 3:
            assert self.go_on.wait(60)
        return self.encode_query(inputs)


def test_each_kind_of_file_is_read_and_asked_about(visit: Visit) -> None:
    page = visit(new=True)
    upload(page, *(file(name, data) for name, data, _, _ in FILES))
    assert page.locator(".qa-refused").count() == 0
    page.get_by_label(f"Ask about {TITLE}").uncheck()
    for name, _, question, answer in FILES:
        reply = ask(page, question)
        expect(reply.locator("blockquote").first).to_contain_text(answer)
        expect(reply.locator(".qa-cite").first).to_contain_text(name)
        expect(page.locator(".qa-source h2")).to_have_text(name)
        expect(page.locator(".qa-source mark.qa-said")).to_be_visible()


def test_a_file_is_dropped_on_the_page(visit: Visit) -> None:
    page = visit(new=True)
    name, data, question, answer = FILES[3]
    page.get_by_role("tab", name="Documents").click()
    page.get_by_label("drop files").evaluate(DROP, [name, list(data)])
    expect(page.locator(".qa-reports li")).to_contain_text(f"{name}: ", timeout=60_000)
    expect(ask(page, question).locator("blockquote").first).to_contain_text(answer)
    expect(page.locator(".qa-source h2")).to_have_text(name)


def test_how_far_a_file_is_read_is_shown(chromium: Browser) -> None:
    embedder = Pausing()
    page = start(word_bot(MILL, embedder=embedder), port=free_port())
    with chromium.new_page() as view:
        view.goto(page.local_url)
        view.get_by_role("tab", name="Documents").click()
        text = long_text(4 * BATCH).encode()
        view.locator("input[type=file]").set_input_files(file("long.txt", text))
        bar = view.get_by_role("progressbar", name="long.txt")
        expect(bar).to_have_attribute("aria-valuenow", "50")
        text = view.locator(".qa-reports .progress-level")
        expect(text).to_contain_text(
            f"indexing long.txt, {2 * BATCH} of {4 * BATCH} passages - 50.0%"
        )
        width = view.locator(".qa-reports").first.evaluate("pane => pane.clientWidth")
        shown = bar.bounding_box()
        assert shown is not None and shown["width"] > 0.9 * width and shown["height"] == 10
        embedder.go_on.set()
        expect(view.locator(".qa-reports li")).to_contain_text("long.txt: ")
        expect(bar).to_be_hidden()
    page.close(verbose=False)


def test_what_cannot_be_read_is_told_and_loses_no_other(visit: Visit) -> None:
    page = visit(new=True)
    upload(page, file("empty.txt", b""), file("pier.txt", FILES[0][1]))
    expect(page.locator(".qa-refused")).to_contain_text("'empty.txt' is empty")
    expect(page.locator(".qa-reports li").last).to_have_text("pier.txt: 12 words")
    expect(page.locator(".qa-documents li")).to_have_count(2)


def test_documents_are_chosen_opened_and_removed(visit: Visit) -> None:
    page = visit(new=True)
    name, data, question, answer = FILES[0]
    upload(page, file(name, data))
    page.get_by_label(f"Ask about {name}").uncheck()
    expect(ask(page, question)).to_contain_text(NOT_SAID)
    page.get_by_role("tab", name="Documents").click()
    page.get_by_label(f"Ask about {name}").check()
    expect(ask(page, question)).to_contain_text(answer)
    page.get_by_role("tab", name="Documents").click()
    page.get_by_role("button", name=TITLE, exact=True).click()
    expect(page.locator(".qa-source h2")).to_have_text(TITLE)
    page.get_by_role("tab", name="Documents").click()
    page.get_by_role("button", name=f"Remove {name}").click()
    expect(page.locator(".qa-documents li")).to_have_count(1)
    expect(ask(page, question)).to_contain_text(NOT_SAID)


def test_a_text_is_pasted_and_questions_about_it_are_suggested(visit: Visit) -> None:
    page = visit(new=True)
    page.get_by_role("tab", name="Documents").click()
    page.get_by_text("Or paste a text").click()
    page.get_by_label("Title").fill("Crane")
    name = "Tova Lindgren"
    text = f"The harbour crane was repaired by {name} in May 1987. It rained all day."
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Add this text").click()
    expect(page.locator(".qa-reports li")).to_have_text("Crane: 15 words", timeout=60_000)
    suggestion = page.locator(".qa-samples button").first
    expect(suggestion).to_have_text("Who repaired the harbour crane?", timeout=60_000)
    suggestion.click()
    expect(page.locator(".qa-answer blockquote").first).to_contain_text(name, timeout=60_000)


def test_two_people_see_nothing_of_each_other(visit: Visit) -> None:
    mine, theirs = visit(new=True), visit(new=True)
    name, data, question, answer = FILES[0]
    upload(mine, file(name, data))
    expect(ask(mine, question)).to_contain_text(answer)
    expect(ask(theirs, question)).to_contain_text(NOT_SAID)
    theirs.get_by_role("tab", name="Documents").click()
    assert exact(theirs, "[data-open]") == [TITLE]
    ask(mine, KHAMENEI)
    ask(theirs, FOLLOW_UP)
    assert not any("Khamenei" in str(text) for text in exact(theirs, ".qa-chip"))
    assert questions(theirs) == [question, FOLLOW_UP]
    assert questions(mine) == [question, KHAMENEI]


def test_a_reload_keeps_the_conversation_and_the_documents(visit: Visit, url: str) -> None:
    page = visit(new=True)
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
    assert exact(page, "[data-open]") == [TITLE, name]
    other = page.context.new_page()
    other.goto(url)
    expect(other.locator(".qa-source")).to_be_visible()
    other.wait_for_timeout(500)
    assert replies(other).count() == 0


def test_a_hostile_file_is_shown_as_characters(visit: Visit) -> None:
    page = visit(new=True)
    upload(page, file(HOSTILE_NAME, HOSTILE.encode()), file(f"{HOSTILE_NAME}.txt", b""))
    assert exact(page, "[data-open]") == [TITLE, HOSTILE_NAME]
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

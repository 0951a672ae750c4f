"""A small run of the load benchmark: people and programs on the real page with fake models."""

import os
from collections.abc import Iterator

import gradio as gr
import pytest

from benchmarks.load import (
    FOLLOW_UP,
    PEOPLE,
    QUESTION,
    Memory,
    Tab,
    article,
    at_once,
    call,
    run_round,
    upload_long,
    visit,
    year,
)
from qa_bot.page.server import start
from tests.helpers.fakes import MILL, word_bot
from tests.helpers.served import free_port

pytestmark = pytest.mark.slow

BOT = word_bot(MILL)
NAMES = PEOPLE[:3]


@pytest.fixture(scope="module")
def page() -> Iterator[gr.Blocks]:
    page = start(BOT, port=free_port())
    yield page
    page.close(verbose=False)


def test_people_at_once_get_their_own_answers(page: gr.Blocks) -> None:
    visits, meanwhile, said = run_round(page.local_url, NAMES, 40)
    assert [(seen.right[0], seen.foreign) for seen in visits] == [(True, 0)] * len(NAMES)
    assert 0 <= meanwhile <= 3 * len(NAMES)
    assert said.startswith("long.txt: ") and said.endswith(" words")


def test_a_wrong_answer_and_what_belongs_to_others_are_counted(page: gr.Blocks) -> None:
    with Tab(page.local_url) as tab:
        shown = tab.upload("a.txt", article("Anna Lund"))
        assert "a.txt" in shown
        question, reply = tab.ask(QUESTION)
        assert QUESTION in question and "Anna Lund" in reply
        assert len(tab.ask(FOLLOW_UP)) == 4
        tab.upload("b.txt", "")
    # Nobody but the shipped article's reader knows who the Defense Secretary is.
    assert visit(page.local_url, "Anna Berg").right[2] is False


def test_a_long_document_is_uploaded(page: gr.Blocks) -> None:
    said, begun, read = upload_long(page.local_url, 3)
    assert said == "long.txt: 44 words" and begun < read


def test_programs_at_once_get_the_answers_to_their_questions(page: gr.Blocks) -> None:
    questions = [f"Who built the mill of {name}" for name in NAMES]
    answers = at_once(questions, lambda question: call(page.local_url, question), "call")
    assert answers == [BOT.answer(question).to_dict() for question in questions]


def test_people_have_names_and_years_of_their_own() -> None:
    assert len(set(PEOPLE)) == len({year(name) for name in PEOPLE}) == 64
    assert Memory(os.getpid()).now() > 10

"""Both flows, with the real models on the shipped article and with fakes."""

import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qa_bot
from qa_bot import Answer, Bot, Document, QABotError, Quote, answer
from qa_bot.answering.reader import SpanReader
from qa_bot.bot import default_bot, shipped_index
from qa_bot.config import Config
from qa_bot.datatypes import Hit
from qa_bot.errors import ArticleError, IndexMismatchError, IndexNotFoundError, ModelError
from qa_bot.models.embedder import Embedder
from qa_bot.models.span_model import Levels
from tests.helpers.fakes import (
    MILL,
    FixedRewriter,
    WordEmbedder,
    WordReader,
    WordRewriter,
    word_bot,
)

QUESTIONS = [
    "Who is the Defense Secretary?",
    "How many fighters were killed by the airstrikes?",
    "What did Trump tweet on Tuesday?",
    "What is the capital of Peru?",
]
BERG = Document("The harbour master is called Anna Berg.", "Harbour")
LUND = Document("The harbour master is called Olof Lund.", "Another harbour")


class Parts(TypedDict):
    embedder: WordEmbedder
    reader: WordReader
    rewriter: WordRewriter


WORDS: Parts = {
    "embedder": WordEmbedder(),
    "reader": WordReader(),
    "rewriter": WordRewriter(),
}


def write(folder: Path, document: Document) -> Path:
    """Write a document to a file."""
    path = folder / f"{document.id[:8]}.txt"
    path.write_text(document.text)
    return path


def test_a_question_about_the_shipped_article_needs_nothing_configured() -> None:
    found = answer("What is the name of the Defense Secretary?")
    assert found.found
    assert "Mark Esper" in found.quotes[0].text
    assert found.question == found.query == "What is the name of the Defense Secretary?"
    assert found.quotes[0].score == found.confidence


@pytest.mark.slow
def test_when_the_article_was_written() -> None:
    found = answer("When was this written?")
    assert found.text == "2020-01-01"
    assert found.quotes[0].document.metadata["date"] == "2020-01-01"


@pytest.mark.slow
def test_what_the_article_does_not_say() -> None:
    found = answer("What is the recipe for apple pie?")
    assert (found.quotes, found.found, found.text) == ((), False, "")
    assert 0 <= found.confidence < default_bot().levels.found


@pytest.mark.slow
@given(st.text(max_size=200))
@settings(deadline=None, max_examples=8)
def test_a_quote_is_a_slice_and_a_highlight_lies_inside_it(question: str) -> None:
    try:
        found = answer(question)
    except ValueError as error:
        assert "no words" in str(error)
        return
    for quote in found.quotes:
        assert quote.text == quote.document.text[quote.start : quote.end] != ""
        assert quote.start <= quote.highlight.start < quote.highlight.end <= quote.end
    assert found.found == bool(found.quotes)
    assert 0 <= found.confidence <= 1


@pytest.mark.slow
@given(st.text(max_size=300))
@settings(deadline=None, max_examples=60)
def test_any_text_can_be_asked_about(text: str) -> None:
    bot = Bot.from_documents([Document(text)], Config(threshold=0), embedder=WordEmbedder())
    for quote in bot.answer(text[:50] + " what").quotes:
        assert quote.text == text[quote.start : quote.end]


@pytest.mark.slow
def test_follow_up_questions_are_understood_from_the_history() -> None:
    first = answer("Who is the Defense Secretary?")
    second = answer("What did he order?", [first])
    assert "Esper" in second.query
    assert second.query != second.question == "What did he order?"
    assert "deployment" in second.quotes[0].text
    assert "Esper" in answer("What did he order?", [(first.query, first.text)]).query


@pytest.mark.slow
def test_the_query_is_the_one_that_the_first_quote_answers_best(shipped_bot: Bot) -> None:
    meant = ("Who is the prime minister of Peru?", QUESTIONS[0], "Where is it?")
    found = with_queries(shipped_bot, *meant).answer("Who is he?")
    assert (found.question, found.query, found.text) == ("Who is he?", QUESTIONS[0], "Mark Esper")
    refused = with_queries(shipped_bot, meant[0], meant[0]).answer("Who is he?")
    assert (refused.quotes, refused.query) == ((), meant[0])
    assert refused.closest[0].score == refused.confidence


def with_queries(bot: Bot, *queries: str) -> Bot:
    return Bot(bot.index, bot.embedder, bot.reader, FixedRewriter(*queries))


class CountingReader:
    """Finds nothing, and records how many passages it is given for each query."""

    levels = Levels(0.4, 0.1)

    def __init__(self) -> None:
        self.counts: list[tuple[str, int]] = []

    def read(self, query: str, hits: Sequence[Hit], /) -> list[Quote]:
        self.counts.append((query, len(hits)))
        return []


def test_each_of_several_queries_reads_half_the_passages(shipped_bot: Bot) -> None:
    reader = CountingReader()
    for queries in (("Who?",), ("Why?", "When?")):
        rewriter, config = FixedRewriter(*queries), Config(top_k=5)
        bot = Bot(shipped_bot.index, shipped_bot.embedder, reader, rewriter, config)
        found = bot.answer("Who is he?")
        assert (found.query, found.confidence, found.closest) == (queries[0], 0.0, ())
    assert reader.counts == [("Who?", 5), ("Why?", 3), ("When?", 3)]


def test_every_factory_takes_the_parts(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    bots = [
        Bot.from_documents([MILL], **WORDS),
        Bot.build([write(tmp_path, MILL)], folder, **WORDS),
        Bot.open(folder, **WORDS),
        Bot.rebuild(folder, **WORDS),
    ]
    for bot in bots:
        found = bot.answer("Who?", [("The mill was built by", "")])
        assert (found.query, found.text) == ("Who? The mill was built by", MILL.text)
        assert (bot.reader, bot.embedder) == (WORDS["reader"], WORDS["embedder"])


def test_documents_are_added_and_removed_in_memory(tmp_path: Path) -> None:
    bot = word_bot(MILL)
    (tmp_path / "harbour.txt").write_text("The harbour master is called Anna Berg.")
    assert bot.add([MILL]) == ()
    (harbour,) = bot.add(tmp_path / "harbour.txt", title="The harbour")
    assert bot.documents == (MILL, harbour) and harbour.title == "The harbour"
    assert bot.add([BERG, LUND]) == (LUND,)  # the first is the harbour's text
    assert bot.answer("Olof Lund").text == LUND.text
    assert bot.remove([MILL.id, LUND.id]) == (MILL, LUND)
    assert bot.documents == (harbour,)
    with pytest.raises(QABotError, match="no document 'nonsense'"):
        bot.remove([harbour.id, "nonsense"])
    with pytest.raises(TypeError, match="a path must be a string or a Path, not Document"):
        bot.add([tmp_path / "harbour.txt", MILL])
    assert bot.documents == (harbour,)


def test_changes_of_a_saved_index_are_saved(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    bot = Bot.build([write(tmp_path, MILL)], folder, **WORDS)
    other = Bot.open(folder, **WORDS)
    other.add([BERG])
    bot.add([LUND])  # what the other added meanwhile is not lost
    assert bot.documents == Bot.open(folder).documents == (MILL, BERG, LUND)
    assert other.remove([MILL.id]) == (MILL,)
    assert other.documents == Bot.open(folder).documents == (BERG, LUND)


def test_removing_needs_no_model(tmp_path: Path) -> None:
    Bot.build([write(tmp_path, MILL)], tmp_path / "index", Config(model="gone"), **WORDS)
    bot = Bot.open(tmp_path / "index")
    assert bot.remove([MILL.id]) == (MILL,)
    with pytest.raises(ModelError, match="'gone'"):
        bot.add([BERG])


def test_lost_articles_of_a_rebuilt_index_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    Bot.build([write(tmp_path, MILL), write(tmp_path, BERG)], folder, **WORDS)
    (gone,) = (it for it in (folder / "articles").iterdir() if MILL.text in it.read_text())
    gone.unlink()
    lost: list[str] = []
    assert Bot.rebuild(folder, **WORDS, on_lost=lost.append).documents == (BERG,)
    assert len(lost) == 1 and Bot.open(folder).documents == (BERG,)


def test_one_bot_answers_from_several_indexes() -> None:
    operator = word_bot(MILL, BERG)
    bot = operator.extended()
    bot.add([LUND])
    assert bot.documents == (MILL, BERG, LUND) and operator.documents == (MILL, BERG)
    assert bot.answer("Olof Lund").text == LUND.text
    assert bot.answer("The mill was built").text == MILL.text
    both = bot.answer("The harbour master is called")
    assert {quote.document for quote in both.quotes} == {BERG, LUND}
    chosen = bot.answer("The harbour master is called", documents=[LUND.id, MILL.id])
    assert [quote.document for quote in chosen.quotes] == [LUND]
    for ids, complaint in (([], "no document is chosen"), ([LUND.id, "x"], "'x'")):
        with pytest.raises(ValueError, match=complaint):
            bot.answer("harbour", documents=ids)
    bot.remove([LUND.id])
    assert not bot.answer("Olof Lund", documents=[MILL.id]).found
    with pytest.raises(QABotError, match="no document"):
        bot.remove([MILL.id])


@pytest.fixture(scope="module")
def harbours(minilm: Embedder) -> Bot:
    return Bot.from_documents([BERG, LUND], embedder=minilm)


@pytest.mark.slow
@pytest.mark.parametrize(("document", "name"), [(BERG, "Anna Berg"), (LUND, "Olof Lund")])
def test_a_question_about_one_document(harbours: Bot, document: Document, name: str) -> None:
    found = harbours.answer("Who is the harbour master?", documents=[document.id])
    assert found.text == name
    assert [quote.document for quote in found.quotes] == [document]
    assert {quote.document for quote in harbours.answer("Who is the harbour master?").quotes} == {
        BERG,
        LUND,
    }


@pytest.mark.parametrize(
    ("chosen", "complaint"), [([], "no document is chosen"), ([BERG.id, "nonsense"], "'nonsense'")]
)
def test_a_question_about_nothing_is_a_mistake(
    harbours: Bot, chosen: list[str], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        harbours.answer("Who is the harbour master?", documents=chosen)


@pytest.mark.parametrize("empty", ["", "   ", "?!", "\n\x00"])
def test_a_question_without_words_is_refused(empty: str) -> None:
    with pytest.raises(ValueError, match="no words"):
        answer(empty)


@pytest.mark.slow
@pytest.mark.parametrize(
    "odd", ["x" * 10_000, "why " * 2500, "\ud800 who?", "Кто? 😀", "\x1b[2J who\x00"]
)
def test_odd_questions_are_answered_or_refused_like_any_other(odd: str) -> None:
    assert isinstance(answer(odd), Answer)


@pytest.mark.slow
def test_a_saved_index_gives_the_same_answers(tmp_path: Path, article_file: Path) -> None:
    built = Bot.build([article_file], tmp_path / "index")
    opened = Bot.open(tmp_path / "index")
    for question in QUESTIONS:
        assert opened.answer(question) == built.answer(question)
    assert answer(QUESTIONS[0], index=tmp_path / "index") == built.answer(QUESTIONS[0])


@pytest.mark.slow
def test_the_shipped_index_is_what_the_shipped_article_gives(
    shipped_bot: Bot, article: Document
) -> None:
    fresh = Bot.from_documents([article])
    for question in QUESTIONS:
        shipped = shipped_bot.answer(question)
        assert shipped.quotes == fresh.answer(question).quotes
    assert shipped_bot.documents == (article,)


@pytest.mark.slow
def test_an_index_that_changed_is_opened_anew(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The lighthouse was painted green in spring.")
    (tmp_path / "b.txt").write_text("The harbour master is called Anna Berg.")
    folder = tmp_path / "index"
    Bot.build([tmp_path / "a.txt"], folder)
    assert not any(
        "Anna" in q.text for q in answer("Who is the harbour master?", index=folder).quotes
    )
    Bot.build([tmp_path / "b.txt"], folder)
    assert answer("Who is the harbour master?", index=folder).quotes[0].document.title == "b"


@pytest.mark.slow
def test_adding_an_article_again_changes_nothing(tmp_path: Path, article_file: Path) -> None:
    folder = tmp_path / "index"
    Bot.build([article_file], folder)
    before = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    Bot.build([article_file, article_file], folder)
    assert {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_nothing_half_built_is_left_behind(tmp_path: Path, article_file: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(ArticleError, match=r"empty\.txt"):
        Bot.build([article_file, tmp_path / "empty.txt"], tmp_path / "index")
    assert not (tmp_path / "index").exists()


@pytest.mark.slow
def test_an_index_is_read_only_with_what_it_was_built_with(
    tmp_path: Path, article_file: Path, minilm: Embedder
) -> None:
    folder = tmp_path / "an index"
    Bot.build([article_file], folder)
    mend = "qa-bot index --rebuild --index '.*an index'"
    with pytest.raises(IndexMismatchError, match=mend):
        Bot.open(folder, embedder=WordEmbedder())
    with pytest.raises(IndexMismatchError, match=mend):
        Bot.open(folder, Config(passage_chars=300))
    with pytest.raises(IndexMismatchError, match=mend):
        Bot.build([article_file], folder, Config(passage_chars=300))
    with pytest.raises(IndexNotFoundError, match="qa-bot index"):
        Bot.open(tmp_path / "nothing")


@pytest.mark.slow
def test_a_rebuild_mends_an_index_of_other_settings(
    tmp_path: Path, article_file: Path, article: Document
) -> None:
    folder = tmp_path / "index"
    Bot.build([article_file], folder)
    config = Config(passage_chars=300)
    Bot.rebuild(folder, config)
    rebuilt, fresh = Bot.open(folder, config), Bot.from_documents([article], config)
    assert rebuilt.answer(QUESTIONS[0]) == fresh.answer(QUESTIONS[0])
    assert rebuilt.index.passages == fresh.index.passages


@pytest.mark.slow
def test_many_threads_may_ask_one_bot(shipped_bot: Bot) -> None:
    reader = SpanReader(remembered=0)
    bot = Bot(shipped_bot.index, shipped_bot.embedder, reader, config=shipped_bot.config)
    expected = [shipped_bot.answer(question) for question in QUESTIONS]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(bot.answer, QUESTIONS * 4))
    assert found == expected * 4


def test_an_answer_is_plain_json() -> None:
    as_json = json.loads(json.dumps(answer(QUESTIONS[0]).to_dict()))
    assert as_json == answer(QUESTIONS[0]).to_dict()


@pytest.mark.slow
def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = "{'torch', 'faiss', 'gradio', 'transformers', 'sentence_transformers'}"
    code = f"import sys, qa_bot; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_what_the_package_offers() -> None:
    assert qa_bot.__all__ == ["Answer", "Bot", "Document", "QABotError", "Quote", "answer"]
    assert issubclass(IndexNotFoundError, QABotError)


def test_the_article_ships_as_it_came(article_file: Path) -> None:
    import hashlib

    digest = hashlib.sha256(article_file.read_bytes()).hexdigest()
    assert digest == "bb1171f38e14ff03fe8469f1bd51828003fa54a5a09d5125b813abf6fceff86d"
    assert article_file.is_relative_to(shipped_index())

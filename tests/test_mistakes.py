"""A caller's mistake is a ValueError or a TypeError that says what was wanted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qa_bot.bot import Bot
from qa_bot.config import Config
from qa_bot.datatypes import Answer, Document, Mark
from qa_bot.documents.loader import load
from tests.helpers.fakes import WordEmbedder

DOCUMENT = Document("The mill was built by Zebulon Quick.")


def in_memory(documents: Any, config: Any = None) -> Bot:
    return Bot.from_documents(documents, config, embedder=WordEmbedder())


@pytest.fixture(scope="module")
def bot() -> Bot:
    return in_memory([DOCUMENT])


def says(call: Callable[[], object], wanted: str) -> None:
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    assert str(caught.value) == wanted


@pytest.mark.parametrize("text", [None, 3, b"bytes", Path("article.txt")])
def test_a_document_wants_a_text(text: Any) -> None:
    wanted = f"the text of a document must be a string, not {type(text).__name__}"
    says(lambda: Document.from_text(text), wanted)
    says(lambda: Document(text=text), wanted)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"title": None}, "the title of a document must be a string, not NoneType"),
        ({"source": Path("a.txt")}, "the source of a document must be a string, not PosixPath"),
        ({"metadata": "2020"}, "the metadata of a document must be a mapping, not str"),
        ({"metadata": {"date": 2020}}, "metadata must map strings to strings, not 'date' to 2020"),
        ({"marks": ((0, "page", "1"),)}, "each mark must be a Mark, not tuple"),
    ],
)
def test_what_is_said_of_a_document_is_checked(given: dict[str, Any], wanted: str) -> None:
    says(lambda: Document("Words.", **given), wanted)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ((1.5, "page", "1"), "the start of a mark must be a whole number, not 1.5"),
        ((0, "page", 1), "the label of a mark must be a string, not int"),
    ],
)
def test_a_mark_is_checked(given: Any, wanted: str) -> None:
    says(lambda: Mark(*given), wanted)


@pytest.mark.parametrize(
    ("documents", "wanted"),
    [
        ("x", "documents are a collection of Documents, not str"),
        (DOCUMENT, "documents are a collection of Documents, not Document"),
        (None, "documents are a collection of Documents, not NoneType"),
        (["x"], "documents holds a str: make Documents of texts with Document.from_text"),
        ([DOCUMENT, None], "documents holds a NoneType: make Documents of texts with "
                           "Document.from_text"),
    ],
)  # fmt: skip
def test_an_index_wants_documents(bot: Bot, documents: Any, wanted: str) -> None:
    says(lambda: in_memory(documents), wanted)
    says(lambda: bot.index.add(documents, WordEmbedder()), wanted)
    assert bot.documents == (DOCUMENT,)


@pytest.mark.parametrize(
    ("paths", "wanted"),
    [
        (None, "paths must be a path or a collection of paths, not NoneType"),
        (3, "paths must be a path or a collection of paths, not int"),
        ([3], "a path must be a string or a Path, not int"),
        ([b"a.txt"], "a path must be a string or a Path, not bytes"),
        ([], "no path was given: name files or folders to read"),
    ],
)
def test_paths_are_wanted_to_read(paths: Any, wanted: str, tmp_path: Path) -> None:
    says(lambda: load(paths), wanted)
    says(lambda: Bot.build(paths, tmp_path / "made", embedder=WordEmbedder()), wanted)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("question", [None, 3, b"Who?", ["Who?"]])
def test_a_question_is_a_string(bot: Bot, question: Any) -> None:
    says(
        lambda: bot.answer(question), f"a question must be a string, not {type(question).__name__}"
    )


@pytest.mark.parametrize(
    ("history", "wanted"),
    [
        ("x", "history must be a list of Answers or (question, answer) pairs, not str"),
        ("", "history must be a list of Answers or (question, answer) pairs, not str"),
        (None, "history must be a list of Answers or (question, answer) pairs, not NoneType"),
        (
            Answer("q", "q", (), 0.0),
            "history must be a list of Answers or (question, answer) pairs, not Answer",
        ),
        (["Who?"], "history holds Answers or (question, answer) pairs, not 'Who?'"),
        ([("Who?", 3)], "history holds Answers or (question, answer) pairs, not ('Who?', 3)"),
    ],
)
def test_a_history_is_a_list_of_turns(bot: Bot, history: Any, wanted: str) -> None:
    says(lambda: bot.answer("Who built the mill?", history), wanted)


@pytest.mark.parametrize(
    ("documents", "wanted"),
    [
        ("abc", "documents are a collection of ids, not str"),
        ("", "documents are a collection of ids, not str"),
        (3, "documents are a collection of ids, not int"),
        ([3], "there is no document with the id 3"),
        ([DOCUMENT], "documents are given by their ids: document.id"),
    ],
)
def test_documents_to_ask_are_given_by_id(bot: Bot, documents: Any, wanted: str) -> None:
    says(lambda: bot.answer("Who built the mill?", documents=documents), wanted)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("model", "", "model must be the name or the folder of a model, not ''"),
        ("model", None, "model must be the name or the folder of a model, not None"),
        ("passage_chars", 0, "passage_chars must be a whole number, 1 or more, not 0"),
        ("passage_overlap", -1, "passage_overlap must be a whole number, 0 or more, not -1"),
        ("top_k", 0, "top_k must be a whole number, 1 or more, not 0"),
        ("top_k", 2.5, "top_k must be a whole number, 1 or more, not 2.5"),
        ("top_k", True, "top_k must be a whole number, 1 or more, not True"),
        ("top_k", "8", "top_k must be a whole number, 1 or more, not '8'"),
        ("candidates", -50, "candidates must be a whole number, 1 or more, not -50"),
        ("rrf_k", -1, "rrf_k must be a whole number, 0 or more, not -1"),
        ("max_quotes", 0, "max_quotes must be a whole number, 1 or more, not 0"),
        ("threshold", 1.5, "threshold must be a number from 0 to 1, not 1.5"),
        ("threshold", -0.1, "threshold must be a number from 0 to 1, not -0.1"),
        ("threshold", float("nan"), "threshold must be a number from 0 to 1, not nan"),
        ("threshold", "0.5", "threshold must be a number from 0 to 1, not '0.5'"),
    ],
)
def test_settings_are_checked(name: str, value: Any, wanted: str) -> None:
    says(lambda: Config(**{name: value}), wanted)


@pytest.mark.parametrize("threshold", [0, 1, 0.5])
def test_the_ends_of_a_range_are_in_it(threshold: float) -> None:
    config = Config(passage_overlap=0, top_k=1, rrf_k=0, threshold=threshold)
    assert config.threshold == threshold


def test_a_config_is_a_config(bot: Bot, tmp_path: Path) -> None:
    wanted = "config must be a Config, not dict"
    config: Any = {"top_k": 3}
    says(lambda: in_memory([DOCUMENT], config), wanted)
    says(lambda: Bot(bot.index, bot.embedder, config=config), wanted)
    says(lambda: Bot.build([tmp_path], tmp_path / "made", config), wanted)
    says(lambda: Bot.open(tmp_path, config), wanted)

"""A session's own documents: read, asked with the operator's, deleted, never shared."""

import copy
import gc
import tempfile
import time
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_bot.datatypes import Mark
from qa_bot.documents.content import Content
from qa_bot.errors import ArticleError
from qa_bot.page.library import PASTED, Library, Limits
from qa_bot.report import Report
from qa_bot.store.embedded import BATCH
from tests.helpers.fakes import MILL, WordEmbedder, long_text, word_bot

HARBOUR = "The harbour master is Anna Berg."


@pytest.fixture
def library() -> Library:
    return Library(word_bot(MILL))


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files, which each test must leave empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def upload(folder: Path, text: str, name: str = "upload.txt") -> Path:
    """Write a file as Gradio does: in a folder of its own, under a safe name."""
    path = Path(tempfile.mkdtemp(dir=folder), name)
    path.write_text(text)
    return path


@pytest.mark.slow
def test_a_file_is_read_and_is_gone(library: Library, tmp_path: Path, temporary: Path) -> None:
    path = upload(tmp_path, HARBOUR)
    (report,) = library.add_files([(path, "C:\\notes/My harbour.txt")])
    (document,) = library.own
    assert report == Report("My harbour.txt", words=6, id=document.id)
    assert (document.title, document.source) == ("My harbour.txt", "My harbour.txt")
    assert document.text == HARBOUR
    assert library.documents == (MILL, document)
    assert not path.exists()
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_files_that_cannot_be_read_are_told_and_lose_no_others(
    library: Library, tmp_path: Path
) -> None:
    files = [
        (tmp_path / "gone", "gone.txt"),
        (upload(tmp_path, HARBOUR), "first.txt"),
        (upload(tmp_path, ""), "empty.txt"),
        (upload(tmp_path, "\0" * 50), "odd 'name'.txt"),
        (upload(tmp_path, "?!"), "wordless.txt"),
        (upload(tmp_path, "The light is green."), "second.txt"),
    ]
    errors = {report.name: report.error for report in library.add_files(files)}
    assert [document.title for document in library.own] == ["first.txt", "second.txt"]
    assert errors["first.txt"] == errors["second.txt"] == ""
    assert errors["gone.txt"] == "'gone.txt' did not arrive: upload it again"
    assert errors["empty.txt"].startswith("'empty.txt' is empty: ")
    assert errors["odd 'name'.txt"].startswith("\"odd 'name'.txt\" is ")
    assert errors["wordless.txt"] == "'wordless.txt' has no words in it"
    assert not any(str(tmp_path) in error for error in errors.values())
    assert not any(path.exists() for path, _ in files)


def test_a_file_that_crashes_its_reader_loses_no_others(tmp_path: Path) -> None:
    def read(path: Path, seconds: float) -> Content:
        if path.read_text() == "crash":
            raise ArticleError("cannot be read: save it again, or as plain text")
        return Content(path.read_text())

    library = Library(word_bot(MILL), read=read)
    files = [(upload(tmp_path, text), f"{n}.txt") for n, text in enumerate(("crash", HARBOUR))]
    assert [report.error for report in library.add_files(files)] == [
        "'0.txt' cannot be read: save it again, or as plain text",
        "",
    ]


def test_a_file_is_read_for_no_longer_than_an_upload_may_take(tmp_path: Path) -> None:
    allowed: list[float] = []

    def read(path: Path, seconds: float) -> Content:
        allowed.append(seconds)
        raise TimeoutError

    library = Library(word_bot(), Limits(seconds=20), read)
    (report,) = library.add_files([(upload(tmp_path, HARBOUR), "a.txt")])
    assert report.error.startswith("'a.txt' was not read in 20 seconds, the limit for one upload")
    assert 10 < allowed[0] <= 20


@pytest.mark.slow
@given(st.text(max_size=30) | st.text(alphabet="./\\~:\0\n\ud800 ab", max_size=12))
@settings(deadline=None, max_examples=10)
def test_a_name_is_data_and_no_path(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.mktemp("uploads")
    library = Library(word_bot())
    (report,) = library.add_files([(upload(folder, HARBOUR), name)])
    (document,) = library.own
    assert report == Report(document.title, words=6, id=document.id)
    assert document.title == document.source
    assert name.encode(errors="replace").decode().endswith(document.title) or (
        document.title == "file"
    )
    assert not set(document.title) & set("/\\")
    assert not any(path.is_file() for path in folder.rglob("*"))


def test_a_report_says_what_of_a_file_was_not_read(tmp_path: Path) -> None:
    notes = ("2 of 3 pages have no text: scans are not read.", "The form fields were left out.")

    def read(path: Path, seconds: float) -> Content:
        return Content(path.read_text(), notes=notes)

    path = tmp_path / "sent"
    path.write_text("The harbour master is Anna Berg.")
    library = Library(word_bot(MILL), read=read)
    (report,) = library.add_files([(path, "harbour.pdf")])
    (document,) = library.own
    assert report == Report("harbour.pdf", words=6, notes=notes, id=document.id)


def test_a_pasted_text(library: Library) -> None:
    report = library.add_text(HARBOUR + "\ud800", "Yes/No")
    assert (report.name, report.words, report.error) == ("Yes/No", 6, "")
    assert library.own[0].text == HARBOUR + "?"
    assert library.own[0].source == PASTED
    library.add_text("title: The light\n\nIt is green.")
    library.add_text("The band plays.", " ")
    assert [document.title for document in library.own][1:] == ["The light", PASTED]
    assert library.add_text(" \n").error == f"'{PASTED}' has no words in it"


def test_the_same_text_comes_once(library: Library) -> None:
    assert library.add_text(HARBOUR, "One").error == ""
    assert library.add_text(HARBOUR, "Two").error == "this text is already here, as 'One'"
    assert library.add_text(MILL.text).error == "this text is already here, as 'The mill'"
    assert [document.title for document in library.own] == ["One"]


def limited(limits: Limits) -> Library:
    return Library(word_bot(), limits)


def test_limits_are_told(tmp_path: Path) -> None:
    two = limited(Limits(documents=2))
    assert [two.add_text(text).error for text in ("One.", "Two.", "Three.")] == [
        "",
        "",
        "2 documents is the limit: remove one to add another",
    ]
    (report,) = two.add_files([(upload(tmp_path, ""), "unread.txt")])
    assert report.error == "2 documents is the limit: remove one to add another"
    two.remove(two.own[0].id)
    assert two.add_text("Three.").error == ""
    short = limited(Limits(characters=20))
    assert short.add_text("Just ten.!").error == ""
    assert short.add_text("Eleven now.").error == (
        "with it your documents would have 21 characters, and 20 is the limit: remove others, "
        "or add a part of it"
    )
    assert short.add_text("Exactly 10").error == ""
    small = limited(Limits(file_bytes=5))
    assert "more than 5 bytes, the limit" in small.add_text("Zürich").error
    (report,) = small.add_files([(upload(tmp_path, "Zürich"), "z.txt")])
    assert report.error.startswith("'z.txt' has more than 5 bytes, the limit")
    assert small.add_text("Genf!").error == ""


class SlowEmbedder(WordEmbedder):
    """Is slow for each batch."""

    def encode_document(self, inputs: Sequence[str]) -> np.ndarray:
        time.sleep(0.2)
        return self.encode_query(inputs)


@pytest.mark.slow
def test_an_upload_that_takes_too_long_stops_and_keeps_what_was_read(tmp_path: Path) -> None:
    library = Library(word_bot(embedder=SlowEmbedder()), Limits(seconds=4))
    texts = [HARBOUR, long_text(30 * BATCH), "Too late."]
    reports = library.add_files(
        [(upload(tmp_path, text), f"{n}.txt") for n, text in enumerate(texts)]
    )
    late = "was not read in 4 seconds, the limit for one upload: upload fewer or smaller files"
    errors = [report.error for report in reports]
    assert errors == ["", f"'1.txt' {late}", f"'2.txt' {late}"]
    assert [document.title for document in library.own] == ["0.txt"]
    assert library.answer("harbour master").found


def test_only_a_file_is_taken(library: Library, tmp_path: Path) -> None:
    sent = upload(tmp_path, HARBOUR)
    link = tmp_path / "link.txt"
    link.symlink_to(sent)
    places = [(sent.parent, "a.txt"), (link, "b.txt"), (tmp_path / "none", "c.txt")]
    reports = library.add_files(places)
    missing = "did not arrive: upload it again"
    assert [report.error for report in reports] == [f"'{it}.txt' {missing}" for it in "abc"]
    assert sent.read_text() == link.read_text() == HARBOUR


@pytest.mark.slow
def test_pages_and_headings_are_kept(library: Library, tmp_path: Path) -> None:
    pdf = tmp_path / "copy.pdf"
    pdf.write_bytes((Path(__file__).parents[1] / "data" / "bridge.pdf").read_bytes())
    one, other = library.add_files(
        [(pdf, "bridge.pdf"), (upload(tmp_path, "# Top\n\nWords.", "x"), "notes.md")]
    )
    pages = [mark.label for mark in library.own[0].marks if mark.kind == "page"]
    assert (one.error, one.pages) == ("", len(pages))
    assert pages == [str(number) for number in range(1, len(pages) + 1)] != []
    assert (other.pages, library.own[1].marks) == (0, (Mark(0, "heading", "Top"),))


@pytest.mark.slow
def test_progress_is_the_share_of_the_upload(library: Library, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    files = [(upload(tmp_path, long_text(2 * BATCH)), "a.txt"), (upload(tmp_path, HARBOUR), "b")]
    library.add_files(files, lambda share, doing: told.append((share, doing)))
    total = 2 * BATCH
    assert told == [
        (0, "1 of 2: reading a.txt"),
        (0.25, f"1 of 2: indexing a.txt, {BATCH} of {total} passages"),
        (0.5, f"1 of 2: indexing a.txt, {total} of {total} passages"),
        (0.5, "2 of 2: reading b"),
        (1, "2 of 2: indexing b, 1 of 1 passages"),
    ]


def test_own_documents_answer_beside_the_operators(library: Library) -> None:
    library.add_text(HARBOUR)
    assert library.answer("who built the mill").text == MILL.text
    assert library.answer("who is the harbour master").text == HARBOUR
    both = library.answer("the")
    assert {quote.text for quote in both.quotes} == {MILL.text, HARBOUR}


def test_a_question_is_about_the_chosen_documents(library: Library) -> None:
    library.add_text(HARBOUR)
    library.add_text("The light is green.")
    harbour, light = (document.id for document in library.own)
    for chosen in ([light], [MILL.id], [harbour, MILL.id], [harbour, light]):
        found = library.answer("the", documents=chosen)
        assert {quote.document.id for quote in found.quotes} == set(chosen)
    with pytest.raises(ValueError, match="no document is chosen"):
        library.answer("the", documents=[])
    with pytest.raises(ValueError, match="no document with the id 'abc'"):
        library.answer("the", documents=[harbour, "abc"])


def test_history_is_understood(library: Library) -> None:
    library.add_text(HARBOUR)
    pair = ("Who is Anna Berg?", "the harbour master")
    found, alone = library.answer("What did she do?", [pair]), word_bot(MILL)
    assert found.query == alone.answer("What did she do?", [pair]).query
    assert found.question == "What did she do?"


def test_own_documents_can_be_removed_and_others_not(library: Library) -> None:
    id = library.add_text(HARBOUR).id
    library.remove(id)
    assert library.documents == (MILL,)
    assert not library.answer("harbour master").found
    for other in (id, MILL.id, ""):
        with pytest.raises(ValueError, match="none of your documents"):
            library.remove(other)


def test_libraries_share_nothing_but_the_operators_bot() -> None:
    bot = word_bot(MILL)
    mine, theirs = Library(bot), Library(bot)
    mine.add_text(HARBOUR)
    assert theirs.documents == bot.documents == (MILL,)
    assert not theirs.answer("harbour master").found
    with pytest.raises(ValueError, match="no document with the id"):
        theirs.answer("harbour master", documents=[mine.own[0].id])
    assert len(bot.index) == 1


def test_a_copy_is_the_library_of_another_session(library: Library) -> None:
    library.add_text(HARBOUR)
    other = copy.deepcopy(library)
    assert (other.documents, other.limits) == ((MILL,), library.limits)
    other.add_text("The light is green.")
    assert [document.text for document in library.own] == [HARBOUR]
    assert other.answer("who built the mill").quotes[0].document is MILL


@pytest.mark.slow
def test_nothing_holds_the_documents_of_a_closed_library(library: Library) -> None:
    library.add_text(HARBOUR)
    library.answer("who is the harbour master")
    own = weakref.ref(library._bot)
    library.close()
    gc.collect()
    assert own() is None


class ClosingEmbedder(WordEmbedder):
    """Ends the session while the second batch is embedded."""

    batches = 0
    library: Library
    closing: "list[object]"

    def encode_document(self, inputs: Sequence[str]) -> np.ndarray:
        self.batches += 1
        if self.batches == 2:
            pool = ThreadPoolExecutor(1)
            self.closing = [pool.submit(self.library.close)]
            pool.shutdown(wait=False)
            time.sleep(0.2)
        return self.encode_query(inputs)


@pytest.mark.slow
def test_a_closed_library_forgets_and_takes_nothing_more() -> None:
    embedder = ClosingEmbedder()
    library = Library(word_bot(embedder=embedder))
    embedder.library = library
    ended = "the session has ended: reload the page"
    assert library.add_text(long_text(5 * BATCH)).error == ended
    assert embedder.batches == 2
    assert library.add_text(HARBOUR).error == ended
    assert library.documents == ()


@pytest.mark.slow
@given(st.text(max_size=300))
@settings(deadline=None, max_examples=40)
def test_a_quote_of_an_own_document_is_a_slice_of_it(text: str) -> None:
    library = limited(Limits())
    report = library.add_text(text)
    assert bool(report.error) != any(map(str.isalnum, text))
    for quote in library.answer(text[:50] + " what").quotes:
        assert quote.text == text[quote.start : quote.end]
        assert quote.document.id == report.id

"""Pages and headings: their positions, the places they give, and that an index keeps them."""

import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_bot.datatypes import Document, Mark, Place
from qa_bot.errors import IndexMismatchError
from qa_bot.store.index import Index, rebuild
from qa_bot.store.manifest import digest
from tests.helpers.saved_index import EMBEDDER, SETTINGS, edit_list, find, make_former

TEXT = "Title\n\nOne two.\n\nPart\n\nThree four.\n\nFive."
MARKS = (
    Mark(0, "heading", "Title"),
    Mark(0, "page", "1"),
    Mark(17, "heading", "Part", 2),
    Mark(29, "page", "2"),
)


@st.composite
def marked_documents(draw: st.DrawFn) -> Document:
    letters = st.characters(exclude_categories=["Cs"])
    text = draw(st.text(letters, min_size=1, max_size=200))
    labels = st.text(letters, min_size=1).filter(str.strip)
    starts = sorted(draw(st.lists(st.integers(0, len(text) - 1), max_size=8)))
    kinds = st.sampled_from(["page", "heading"])
    levels = st.integers(1, 9)
    marks = tuple(Mark(start, draw(kinds), draw(labels), draw(levels)) for start in starts)
    return Document(text, marks=marks)


@pytest.mark.slow
@settings(deadline=None)  # the first example imports pydantic
@given(documents=st.lists(marked_documents(), max_size=4, unique=True))
def test_a_folder_keeps_the_marks(
    tmp_path_factory: pytest.TempPathFactory, documents: list[Document]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "marks"
    index = Index.new(SETTINGS, EMBEDDER)
    index.add(documents, EMBEDDER)
    index.save(folder)
    found = Index.open(folder).documents
    assert [document.marks for document in found] == [it.marks for it in documents]


@pytest.mark.slow
@given(marked_documents(), st.data())
def test_a_place_is_that_of_the_last_marks_before(document: Document, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(document.text) - 1))
    pages, headings = (
        [it.label for it in document.marks if it.kind == kind and it.start <= offset]
        for kind in ("page", "heading")
    )
    assert document.place(offset).page == (pages[-1] if pages else "")
    assert bool(document.place(offset).heading) == bool(headings)
    assert not headings or headings[-1] in document.place(offset).heading


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("Title", Place("1", "Title", "", "", 1)),
        ("two", Place("1", "Title", "", "", 2)),
        ("Part", Place("1", "Title > Part", "", "", 3)),
        ("Three", Place("1", "Title > Part", "", "", 4)),
        ("four", Place("2", "Title > Part", "", "", 4)),
        ("Five", Place("2", "Title > Part", "", "", 5)),
    ],
)
def test_place(words: str, place: Place) -> None:
    assert Document(TEXT, marks=MARKS).place(TEXT.index(words)) == place


def test_a_text_without_marks_has_paragraphs_alone() -> None:
    assert Document("\n\nOne.\n\nTwo.").place(0) == Place("", "", "", "", 1)
    assert Document("\n\nOne.\n\nTwo.").place(8) == Place("", "", "", "", 2)


def test_marks_are_no_part_of_what_a_document_is() -> None:
    marked = Document(TEXT, marks=MARKS)
    assert marked == Document(TEXT)
    assert marked.id == Document(TEXT).id
    assert pickle.loads(pickle.dumps(marked)).marks == MARKS


@pytest.mark.parametrize(
    "wrong",
    [
        (0, "chapter", "1"),
        (-1, "page", "1"),
        (0, "page", " "),
        (0, "heading", "\ud800"),
        (0, "heading", "Fees", 0),
        (0, "heading", "Fees", 10),
    ],
)
def test_a_mark_that_names_nothing_is_refused(wrong: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=r"mark|character|surrogate"):
        Mark(*wrong)


@pytest.mark.parametrize("starts", [[5], [3, 2], [0, 9]])
def test_marks_out_of_order_or_outside_the_text_are_refused(starts: list[int]) -> None:
    with pytest.raises(ValueError, match="marks must be in order"):
        Document("words", marks=tuple(Mark(start, "page", "1") for start in starts))


# ---- in an index


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    index = Index.new(SETTINGS, EMBEDDER)
    index.add([Document(TEXT, "The title", "title.pdf", marks=MARKS)], EMBEDDER)
    index.save(tmp_path)
    return tmp_path


def test_rebuilding_keeps_the_marks(folder: Path) -> None:
    next(folder.glob("vectors-*")).unlink()
    rebuild(folder, EMBEDDER, SETTINGS)
    assert Index.open(folder).documents[0].marks == MARKS


@pytest.mark.parametrize(
    "mark",
    [
        {"start": 5000, "kind": "page", "label": "1"},
        {"start": 0, "kind": "chapter", "label": "1"},
        {"start": -1, "kind": "page", "label": "1"},
        {"start": 0, "kind": "page", "label": ""},
        {"start": 0, "kind": "heading", "label": "Part", "level": 0},
    ],
)
def test_marks_that_do_not_fit_are_refused_and_rebuilding_drops_them(
    folder: Path, mark: dict[str, Any]
) -> None:
    edit_list(folder, lambda it: it[0].update(marks=[mark]))
    with pytest.raises(IndexMismatchError, match="qa-bot index --rebuild"):
        Index.open(folder)
    rebuild(folder, EMBEDDER, SETTINGS)
    (found,) = Index.open(folder).documents
    assert (found.text, found.title, found.source) == (TEXT, "The title", "title.pdf")
    assert found.marks == ()


def test_an_index_without_levels_has_headings_of_one_level(folder: Path) -> None:
    marks = [{"start": it.start, "kind": it.kind, "label": it.label} for it in MARKS]
    edit_list(folder, lambda it: it[0].update(marks=marks))
    (found,) = Index.open(folder).documents
    assert found.marks == tuple(Mark(it.start, it.kind, it.label) for it in MARKS)


def test_an_altered_mark_is_noticed(folder: Path) -> None:
    path = find(folder, "documents-")
    path.write_text(path.read_text().replace('"label": "2"', '"label": "3"'))
    with pytest.raises(IndexMismatchError, match=f"{path.name} was altered"):
        Index.open(folder)


def test_an_altered_text_loses_its_marks(folder: Path) -> None:
    next((folder / "articles").iterdir()).write_bytes(b"Something else altogether, and longer.")
    rebuild(folder, EMBEDDER, SETTINGS)
    assert Index.open(folder).documents[0].marks == ()


def test_an_index_of_format_1_keeps_its_titles_when_rebuilt(folder: Path) -> None:
    make_former(folder, 1)
    with pytest.raises(IndexMismatchError, match="its format is 1"):
        Index.open(folder)
    rebuild(folder, EMBEDDER, SETTINGS)
    (found,) = Index.open(folder).documents
    assert (found.title, found.source, found.marks) == ("The title", "title.pdf", ())
    assert found.id == digest(TEXT.encode())

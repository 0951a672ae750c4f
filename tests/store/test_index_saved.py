"""An index in its folder: saved, opened, changed, refused, made anew; large ones too."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_bot.datatypes import Document, Hit
from qa_bot.errors import IndexMismatchError, IndexNotFoundError
from qa_bot.models.embedder import embed_query
from qa_bot.store.index import Index, Limits, lock, manifest_stamp, rebuild
from tests.helpers.index_fakes import (
    DIMENSION,
    DOCUMENTS,
    EMBEDDER,
    FAIR,
    RIVER,
    SETTINGS,
    HashEmbedder,
    build,
    long_document,
    search_all,
)


def test_documents_that_were_chosen_in_an_opened_index(tmp_path: Path) -> None:
    build().save(tmp_path)
    hits = Index.open(tmp_path).search_bm25("mill", 10, [FAIR.id, RIVER.id])
    assert {hit.passage.document for hit in hits} == {RIVER}


def test_other_weights_are_refused(tmp_path: Path) -> None:
    other = HashEmbedder()
    other.fingerprint = "other weights"
    index = build()
    with pytest.raises(IndexMismatchError, match=r"weights hash weights, not other weigh"):
        index.add([long_document(1)], other)
    index.save(tmp_path)
    with pytest.raises(IndexMismatchError, match=r"hash weights.*other weigh.*--rebuild --index"):
        Index.open(tmp_path).check_fingerprint("other weights")
    with pytest.raises(IndexMismatchError, match=r"hash weights.*other weigh.*--rebuild --index"):
        Index.open(tmp_path, fingerprint="other weights")


@pytest.mark.parametrize("name", ["model", "passage_chars", "passage_overlap"])
def test_other_settings_are_refused(tmp_path: Path, name: str) -> None:
    build().save(tmp_path)
    wanted = {**SETTINGS, name: "other" if name == "model" else 7}
    with pytest.raises(IndexMismatchError) as caught:
        Index.open(tmp_path, settings=wanted)
    assert f"{name} {SETTINGS[name]!r}, not {wanted[name]!r}" in str(caught.value)
    assert f"qa-bot index --rebuild --index {tmp_path}" in str(caught.value)


def test_open_or_new(tmp_path: Path) -> None:
    assert Index.open_or_new(tmp_path, SETTINGS, EMBEDDER).documents == ()
    build().save(tmp_path)
    assert Index.open_or_new(tmp_path, SETTINGS, EMBEDDER).documents == DOCUMENTS
    with pytest.raises(IndexMismatchError):
        Index.open_or_new(tmp_path, {**SETTINGS, "passage_chars": 7}, EMBEDDER)


def test_a_saved_index_is_the_same(tmp_path: Path) -> None:
    build().save(tmp_path / "a folder" / "below")
    index = Index.open(str(tmp_path / "a folder" / "below"), settings=SETTINGS)
    assert search_all(index) == search_all(build())
    assert index.passages == build().passages
    (river, fair) = index.documents
    assert (river.id, river.text) == (RIVER.id, RIVER.text)
    assert (river.title, river.source) == ("The river", "notes/river.txt")
    assert dict(river.metadata) == {"date": "1890-03-01"}
    assert (fair.text, fair.title, fair.source, dict(fair.metadata)) == (FAIR.text, "", "", {})
    assert (index.settings, index.dimension) == (SETTINGS, DIMENSION)
    assert index.fingerprint == "hash weights"


@pytest.mark.slow
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=80), max_size=3))
@settings(deadline=None, max_examples=30)
def test_any_text_comes_back_from_a_folder_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("index")
    index = build([Document(text) for text in texts])
    index.save(folder)
    again = Index.open(folder)
    assert [document.text for document in again.documents] == list(dict.fromkeys(texts))
    assert again.passages == index.passages


def test_opening_reads_no_document_for_its_outline(tmp_path: Path) -> None:
    build().save(tmp_path)
    opened = Index.open(tmp_path)
    assert [document._outline for document in opened.documents] == [None] * len(DOCUMENTS)
    assert opened.passages == build().passages


def test_an_opened_index_can_be_changed_and_saved(tmp_path: Path) -> None:
    build([RIVER]).save(tmp_path)
    with lock(tmp_path):
        index = Index.open(tmp_path)
        index.add([FAIR], EMBEDDER)
        index.save(tmp_path)
    assert search_all(Index.open(tmp_path)) == search_all(build())


def test_an_opened_index_keeps_what_it_opened(tmp_path: Path) -> None:
    build().save(tmp_path)
    index = Index.open(tmp_path)
    build([FAIR]).save(tmp_path)
    assert search_all(index) == search_all(build())
    assert search_all(Index.open(tmp_path)) == search_all(build([FAIR]))


def test_the_stamp_changes_with_the_index(tmp_path: Path) -> None:
    assert manifest_stamp(tmp_path) == ()
    build([FAIR]).save(tmp_path)
    before = manifest_stamp(tmp_path)
    assert manifest_stamp(tmp_path) == before != ()
    build([RIVER]).save(tmp_path)
    assert manifest_stamp(tmp_path) != before


def test_rebuilding_takes_new_settings_and_the_articles_of_the_folder(tmp_path: Path) -> None:
    build().save(tmp_path)
    index, lost = rebuild(tmp_path, EMBEDDER, {**SETTINGS, "passage_chars": 1000})
    assert lost == ()
    assert index.documents == DOCUMENTS
    assert dict(index.documents[0].metadata) == {"date": "1890-03-01"}
    assert [passage.text for passage in index.passages] == [RIVER.text, FAIR.text]
    assert search_all(Index.open(tmp_path)) == search_all(index)
    assert Index.open(tmp_path).settings["passage_chars"] == 1000


def test_rebuilding_needs_a_folder_with_articles(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFoundError, match="qa-bot index FILE --index"):
        rebuild(tmp_path, EMBEDDER, SETTINGS)


LARGE_SOON = Limits(remade_up_to=50, exact_up_to=50, mapped_from=1)


@pytest.mark.slow
def test_a_large_index_grows_and_shrinks_in_its_folder(tmp_path: Path) -> None:
    first, second = long_document(60), Document(long_document(90).text.replace("word", "term"))
    build([first], LARGE_SOON).save(tmp_path)
    for documents in ((RIVER, FAIR), (second,)):
        with lock(tmp_path):
            index = Index.open(tmp_path, limits=LARGE_SOON)
            index.add(documents, EMBEDDER)
            index.save(tmp_path)
    index = Index.open(tmp_path, limits=LARGE_SOON)
    assert index.passages == build([first, RIVER, FAIR, second]).passages
    for passage in index.passages:
        vector = embed_query(EMBEDDER, passage.text)
        assert index.search_dense(vector, 1) == [Hit(passage, pytest.approx(1.0))]
    assert [hit.passage.document for hit in index.search_bm25("mill Zebulon", 5)] == [RIVER] * 3
    index.remove([first.id, RIVER.id])
    index.save(tmp_path)
    assert search_all(Index.open(tmp_path)) == search_all(build([FAIR, second]))
    assert "Zebulon" not in "".join(
        path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*.*") if path.is_file()
    )


def test_a_large_index_that_was_altered_is_refused(tmp_path: Path) -> None:
    build([long_document(90)], LARGE_SOON).save(tmp_path)
    (vectors,) = tmp_path.glob("vectors-*")
    data = bytearray(vectors.read_bytes())
    data[len(data) // 2] ^= 1
    vectors.write_bytes(data)
    with pytest.raises(IndexMismatchError, match=rf"{vectors.name} was altered.*--rebuild"):
        Index.open(tmp_path, limits=LARGE_SOON)

"""An index that was altered is refused, with the command that mends it, and that one mends it."""

import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qa_bot.errors import ArticleError, IndexMismatchError, IndexNotFoundError
from qa_bot.store.index import Index, rebuild
from qa_bot.store.manifest import digest
from tests.helpers.saved_index import (
    EMBEDDER,
    FAIR,
    MILL,
    SETTINGS,
    contents,
    edit_list,
    edit_manifest,
    find,
    make_former,
    save,
)


def assert_refused(folder: Path) -> str:
    """Check that the folder is refused with the mending command, which mends it."""
    with pytest.raises(IndexMismatchError) as caught:
        Index.open(folder)
    assert f"qa-bot index --rebuild --index {shlex.quote(str(folder))}" in str(caught.value)
    rebuild(folder, EMBEDDER, SETTINGS)
    assert Index.open(folder).settings == SETTINGS
    return str(caught.value)


NAMES = ["manifest.json", "articles/the-mill", "documents-", "passages-", "vectors-"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", [0.0, 0.1, 0.35, 0.5, 0.7, 0.999])
def test_a_flipped_bit_is_refused(folder: Path, name: str, place: float) -> None:
    path = find(folder, name)
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 1
    path.write_bytes(data)
    assert_refused(folder)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("keep", [0.0, 0.5, 0.999])
def test_a_truncated_file_is_refused(folder: Path, name: str, keep: float) -> None:
    path = find(folder, name)
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data))])
    assert_refused(folder)


@pytest.mark.parametrize("name", NAMES)
def test_a_lengthened_file_is_refused(folder: Path, name: str) -> None:
    with find(folder, name).open("ab") as file:
        file.write(b"\0")
    assert_refused(folder)


@pytest.mark.parametrize("name", NAMES[1:])
def test_a_missing_file_is_refused_and_named(folder: Path, name: str) -> None:
    path = find(folder, name)
    path.unlink()
    assert f"{path} is missing" in assert_refused(folder)


def test_an_article_that_is_no_text_is_refused_even_when_its_hash_fits(folder: Path) -> None:
    data = b"\xff\xfe\xfa"
    name = f"articles/mill-{digest(data)[:12]}.txt"
    edit_list(folder, lambda it: it[0].update(id=digest(data), file=name))
    (folder / name).write_bytes(data)
    with pytest.raises(IndexMismatchError, match=r"codec can't decode.*--rebuild"):
        Index.open(folder)


def test_two_files_changed_for_one_another_are_refused(folder: Path) -> None:
    mill, fair = find(folder, "articles/the-mill"), find(folder, "articles/the-fair")
    mill_text = mill.read_bytes()
    mill.write_bytes(fair.read_bytes())
    fair.write_bytes(mill_text)
    assert "was altered" in assert_refused(folder)


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_in_place_of_a_file_is_refused(folder: Path, name: str) -> None:
    path = find(folder, name)
    path.unlink()
    path.mkdir()
    with pytest.raises(IndexMismatchError, match="--rebuild"):
        Index.open(folder)


def hide_first(manifest: dict[str, Any]) -> None:
    manifest["segments"][0]["removed"] = [0]
    manifest["counts"]["documents"] = 1


def swap_tables(manifest: dict[str, Any]) -> None:
    files = manifest["segments"][0]["files"]
    files["vectors"] = files["passages"]


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda it: it.update(format=3), "its format is 3, and this version of qa-bot reads 4"),
        (lambda it: it.update(model="other"), "not as qa-bot writes it"),
        (lambda it: it.update(dimension=32), "vectors of shape (2, 64) where (2, 32) is due"),
        (lambda it: it.update(dimension=-1), "vectors of shape"),
        (lambda it: it.update(dimension=10**40), "vectors of shape"),
        (lambda it: it["counts"].update(passages=3), "2 passages where 3 are due"),
        (lambda it: it["counts"].update(passages=10**40), "2 passages where"),
        (lambda it: it["counts"].update(documents=3), "not as qa-bot writes it"),
        (lambda it: it["segments"].pop(), "not as qa-bot writes it"),
        (lambda it: it["segments"][0]["counts"].update(passages=3), "2 passages where 3 are due"),
        (lambda it: it["segments"][0].update(removed=[0]), "not as qa-bot writes it"),
        (lambda it: it["segments"][0].update(removed=[2]), "not as qa-bot writes it"),
        (lambda it: it["segments"][0].update(removed=[1, 0]), "not as qa-bot writes it"),
        (hide_first, "1 passages where 2 are due"),
        (swap_tables, "not as qa-bot writes it"),
    ],
)
def test_an_edited_manifest_is_refused_even_when_sealed(
    folder: Path, edit: Callable[[dict[str, Any]], object], reason: str
) -> None:
    edit_manifest(folder, edit)
    assert reason in assert_refused(folder)


def test_a_document_that_the_list_hides_is_missed(folder: Path) -> None:
    def hide(manifest: dict[str, Any]) -> None:
        for counts in (manifest["counts"], manifest["segments"][0]["counts"]):
            counts["documents"] = 1

    edit_list(folder, lambda it: it.pop())
    edit_manifest(folder, hide)
    assert "not those of the documents in the list" in assert_refused(folder)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda it: it.pop(), "1 documents in a list where 2 are due"),
        (lambda it: it[0].update(file="../" + "a" * 12), "is no name of an article"),
        (lambda it: it[0].update(title=None), "valid string"),
        (lambda it: it[1].update(it[0]), "no span"),
    ],
)
def test_an_edited_list_is_refused_even_when_all_hashes_fit(
    folder: Path, edit: Callable[[list[dict[str, Any]]], object], reason: str
) -> None:
    edit_list(folder, edit)
    assert reason in assert_refused(folder)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ('UPDATE passages SET start = 40, "end" = 99 WHERE id = 0', "no span [40, 99)"),
        ("UPDATE passages SET start = -1 WHERE id = 0", "no span [-1, "),
        ("UPDATE passages SET start = 'x' WHERE id = 0", "'<=' not supported"),
        ("UPDATE passages SET document = 'gone' WHERE id = 0", "not supported between"),
        ("UPDATE passages SET document = 7 WHERE id = 1", "not those of the documents in the list"),
        ("UPDATE passages SET document = -1 WHERE id = 0", "not those of the documents"),
        ("UPDATE passages SET id = 7 WHERE id = 1", "not those whose words are kept"),
        ("DELETE FROM passages WHERE id = 1", "not those whose words are kept"),
        ("INSERT INTO words (rowid, text) VALUES (5, 'word')", "not those whose words are kept"),
        ("DROP TABLE words", "no such table: words"),
        ("DROP TABLE passages", "no such table: passages"),
    ],
)
def test_rows_that_do_not_agree_are_refused_even_when_all_hashes_do(
    tmp_path: Path, change: str, reason: str
) -> None:
    index = Index.new(SETTINGS, EMBEDDER)
    index.add([MILL, FAIR], EMBEDDER)
    index._content.segments[0].tables.words._connection.execute(change)
    index.save(tmp_path)
    assert reason in assert_refused(tmp_path)


def test_another_kind_of_vector_index_is_refused(tmp_path: Path) -> None:
    import faiss

    index = Index.new(SETTINGS, EMBEDDER)
    index.add([MILL, FAIR], EMBEDDER)
    distances = faiss.IndexFlatL2(64)
    vectors = index._content.segments[0].tables.vectors
    distances.add(vectors.matrix())
    vectors.data = memoryview(faiss.serialize_index(distances))
    index.save(tmp_path)
    assert "IndexFlatL2 is of no kind that is kept" in assert_refused(tmp_path)


@pytest.mark.parametrize("name", ["nothing", "file", "file/below", ""])
def test_no_index_is_told_apart_and_how_to_make_one(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("I am no folder.")
    path = tmp_path / name
    with pytest.raises(IndexNotFoundError) as caught:
        Index.open(path)
    assert str(caught.value) == (
        f"there is no index in {path}: make one with: qa-bot index FILE --index {path}"
    )


def test_without_a_manifest_there_is_no_index_but_its_articles(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    with pytest.raises(IndexNotFoundError, match=r"qa-bot index FILE .*qa-bot index --rebuild"):
        Index.open(folder)
    index, lost = rebuild(folder, EMBEDDER, SETTINGS)
    assert [(it.text, it.title) for it in index.documents] == [
        (FAIR.text, "the-fair"),
        (MILL.text, "the-mill"),
    ]
    assert lost == ()


@pytest.mark.parametrize("damage", [b"", b"[]", None])
def test_without_a_list_the_articles_are_titled_by_their_names(
    folder: Path, damage: bytes | None
) -> None:
    path = find(folder, "documents-")
    path.unlink() if damage is None else path.write_bytes(damage)
    assert_refused(folder)
    assert {(it.text, it.title) for it in Index.open(folder).documents} == {
        (FAIR.text, "the-fair"),
        (MILL.text, "the-mill"),
    }


def test_a_list_that_names_other_files_loses_no_article(folder: Path) -> None:
    path = find(folder, "documents-")
    path.write_bytes(path.read_bytes().replace(b"articles/the-mill", b"articles/tha-mill"))
    index, lost = rebuild(folder, EMBEDDER, SETTINGS)
    assert [it.text for it in index.documents] == [FAIR.text, MILL.text]
    assert [name.split("-")[0] for name in lost] == ["articles/tha"]


def test_rebuilding_restores_the_very_files(folder: Path) -> None:
    before = contents(folder)
    find(folder, "passages-").unlink()
    find(folder, "vectors-").write_bytes(b"")
    rebuild(folder, EMBEDDER, SETTINGS)
    assert contents(folder) == before


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_former_format_is_refused_and_rebuilding_keeps_the_titles(
    folder: Path, version: int
) -> None:
    before = contents(folder)
    make_former(folder, version)
    assert f"its format is {version}, and this version of qa-bot reads 4" in assert_refused(folder)
    assert contents(folder) == before


def test_rebuilding_takes_an_altered_article_as_it_now_stands(folder: Path) -> None:
    old = find(folder, "articles/the-mill")
    old.write_bytes(b"date 1999-01-01 The new mill stands.")
    index, _ = rebuild(folder, EMBEDDER, SETTINGS)
    mill, fair = Index.open(folder).documents
    assert (mill.text, mill.title) == ("date 1999-01-01 The new mill stands.", "The mill")
    assert (mill.source, dict(mill.metadata)) == ("mill.txt", {"date": "1999-01-01"})
    assert fair.id == FAIR.id
    assert not old.exists()
    assert [hit.passage.document for hit in index.search_bm25("mill", 5)] == [mill]


def test_rebuilding_names_the_articles_that_are_gone(folder: Path) -> None:
    gone = find(folder, "articles/the-mill")
    gone.unlink()
    index, lost = rebuild(folder, EMBEDDER, SETTINGS)
    assert lost == (f"articles/{gone.name}",)
    assert index.documents == Index.open(folder).documents == (FAIR,)


def test_rebuilding_without_any_article_left_is_refused(folder: Path) -> None:
    shutil.rmtree(folder / "articles")
    with pytest.raises(IndexNotFoundError, match="qa-bot index FILE"):
        rebuild(folder, EMBEDDER, SETTINGS)
    assert (folder / "manifest.json").exists()


def test_rebuilding_refuses_an_article_that_is_no_text(folder: Path) -> None:
    find(folder, "articles/the-mill").write_bytes(b"\xff\xfe\xfa")
    before = contents(folder)
    with pytest.raises(ArticleError, match=r"the-mill-.*\.txt cannot be read as UTF-8"):
        rebuild(folder, EMBEDDER, SETTINGS)
    assert contents(folder) == before


def test_rebuilding_an_empty_index(tmp_path: Path) -> None:
    save(tmp_path)
    index, lost = rebuild(tmp_path, EMBEDDER, SETTINGS)
    assert (index.documents, lost) == ((), ())
    assert Index.open(tmp_path).documents == ()

"""Segments: searched as if they were one, few of them, and only what changed is written."""

import json
import math
import random
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_bot.datatypes import Document, Hit
from qa_bot.errors import IndexMismatchError
from qa_bot.models.embedder import embed_query
from qa_bot.store.index import Index, Limits, lock, rebuild
from tests.helpers.index_fakes import EMBEDDER, SETTINGS, build
from tests.helpers.saved_index import contents

SMALL = Limits(remade_up_to=4, max_dead=0.25)
WORDS = "harbour mill river flood wheel band ferry attacks attacked the bridges bridge".split()
QUERIES = ("the mill", "bridge attack", "harbour ferry flood wheel", "river river", "nothing")


def document(number: int, passages: int) -> Document:
    """Make a document of so many passages, each a paragraph of a few words."""
    chance = random.Random(number)
    paragraphs = [" ".join(chance.choices(WORDS, k=8)) + "." for _ in range(passages)]
    return Document("\n\n".join([*paragraphs[:-1], f"Number{number} {' '.join(paragraphs[-1:])}"]))


SHELF = [document(number, number % 5 + (number == 9) * 8) for number in range(14)]


def sizes(index: Index) -> list[int]:
    return [len(segment) for segment in index._content.segments]


def assert_same_hits(index: Index, other: Index, chosen: Collection[str] | None) -> None:
    """Check that two indexes find the same, in the same order, with the same scores."""
    for query in QUERIES:
        vector = embed_query(EMBEDDER, query)
        for k in (3, 99):
            for found, due in (
                (index.search_dense(vector, k, chosen), other.search_dense(vector, k, chosen)),
                (index.search_bm25(query, k, chosen), other.search_bm25(query, k, chosen)),
            ):
                assert found == [Hit(it.passage, pytest.approx(it.score, abs=1e-6)) for it in due]


NUMBERS = st.lists(st.integers(0, len(SHELF) - 1), unique=True, max_size=4)


@pytest.mark.slow
@given(
    st.lists(st.tuples(NUMBERS, NUMBERS, st.sampled_from([False, False, True])), max_size=6),
    NUMBERS,
)
@settings(deadline=None, max_examples=30)
def test_segments_are_searched_as_one_whatever_came_and_went(
    tmp_path_factory: pytest.TempPathFactory,
    changes: list[tuple[list[int], list[int], bool]],
    chosen: list[int],
) -> None:
    folder = tmp_path_factory.mktemp("index")
    index, due = Index.new(SETTINGS, EMBEDDER, limits=SMALL), list[Document]()
    for added, removed, reopened in changes:
        index.add([SHELF[number] for number in added], EMBEDDER)
        due += [SHELF[number] for number in added if SHELF[number] not in due]
        assert len(sizes(index)) <= 1 + math.log2(len(index) + 1)
        gone = [it for it in due if it in [SHELF[number] for number in removed]]
        index.remove([it.id for it in gone])
        due = [it for it in due if it not in gone]
        if reopened:
            index.save(folder)
            index = Index.open(folder, limits=SMALL)
    whole = build(due)
    assert index.documents == tuple(due)
    assert index.passages == whole.passages
    assert len(index) == len(whole)
    assert_same_hits(index, whole, None)
    if among := [SHELF[number].id for number in chosen if SHELF[number] in due]:
        assert_same_hits(index, whole, among)
    ids = [it.id for it in due]
    for one, other in zip(index.read(ids), whole.read(ids), strict=True) if ids else ():
        assert (one.document, one.passages) == (other.document, other.passages)
        assert one.vectors == pytest.approx(other.vectors, abs=1e-6)


def test_each_segment_is_larger_than_all_after_it() -> None:
    index = Index.new(SETTINGS, EMBEDDER, limits=SMALL)
    seen = []
    for number in range(100, 112):
        index.add([document(number, 1)], EMBEDDER)
        seen.append(sizes(index))
    assert seen == [
        [1], [2], [3], [4], [4, 1], [4, 2], [4, 2, 1], [8], [8, 1], [8, 2], [8, 2, 1], [8, 4],
    ]  # fmt: skip


def inodes(folder: Path) -> dict[str, tuple[int, int]]:
    stats = {name: (folder / name).stat() for name in contents(folder)}
    return {name: (it.st_ino, it.st_mtime_ns) for name, it in stats.items()}


def grown(folder: Path) -> Index:
    """Save an index of one large segment and a small one."""
    index = build([document(100, 20), document(101, 3), document(102, 17)], SMALL)
    index.add([document(103, 2)], EMBEDDER)
    index.save(folder)
    assert sizes(index) == [40, 2]
    return index


@pytest.mark.parametrize("reopened", [False, True])
def test_adding_writes_what_is_new_alone(tmp_path: Path, reopened: bool) -> None:
    index = grown(tmp_path)
    before = inodes(tmp_path)
    index = Index.open(tmp_path, limits=SMALL) if reopened else index
    index.add([document(104, 1)], EMBEDDER)
    index.save(tmp_path)
    after = inodes(tmp_path)
    written = sorted(name.split("-")[0] for name in after if after[name] != before.get(name))
    assert sizes(index) == [40, 2, 1]
    assert written == ["articles/article", "documents", "manifest.json", "passages", "vectors"]
    assert before.keys() <= after.keys()


def manifest(folder: Path) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    return made


def test_removing_from_a_large_segment_marks_the_document(tmp_path: Path) -> None:
    index, gone = grown(tmp_path), document(101, 3)
    before = inodes(tmp_path)
    index.remove([gone.id])
    index.save(tmp_path)
    assert [it["removed"] for it in manifest(tmp_path)["segments"]] == [[1], []]
    assert manifest(tmp_path)["counts"] == {"documents": 3, "passages": 39}
    changed = {name for name, it in inodes(tmp_path).items() if it != before[name]}
    assert changed == {"manifest.json"}
    assert before.keys() - contents(tmp_path).keys() == {f"articles/article-{gone.id[:12]}.txt"}
    again = Index.open(tmp_path, limits=SMALL)
    assert gone not in again.documents
    assert_same_hits(again, build([document(100, 20), document(102, 17), document(103, 2)]), None)


def is_traced(folder: Path, document: Document) -> bool:
    """Whether the vector of a document of one passage or more is in a file."""
    vector = embed_query(EMBEDDER, build([document]).passages[0].text).tobytes()
    return vector in b"".join(contents(folder).values())


def test_a_segment_of_which_too_much_was_removed_is_made_anew(tmp_path: Path) -> None:
    index = build([document(number, 1) for number in range(100, 120)], SMALL)
    dead = []
    for number in range(100, 107):
        index.remove([document(number, 1).id])
        (segment,) = index._content.segments
        dead.append(segment.rows - len(segment))
    assert dead == [1, 2, 3, 4, 5, 0, 1]
    index.save(tmp_path)
    assert [is_traced(tmp_path, document(number, 1)) for number in (104, 105, 106, 107)] == [
        False, False, True, True,
    ]  # fmt: skip


def test_rebuilding_leaves_one_segment_and_no_trace_of_what_was_removed(tmp_path: Path) -> None:
    index = grown(tmp_path)
    index.remove([document(101, 3).id])
    index.save(tmp_path)
    assert is_traced(tmp_path, document(101, 3))
    index, lost = rebuild(tmp_path, EMBEDDER, SETTINGS)
    assert (sizes(index), lost) == ([39], ())
    assert not is_traced(tmp_path, document(101, 3))


def test_a_document_that_was_removed_can_be_added_again(tmp_path: Path) -> None:
    index, back = grown(tmp_path), document(101, 3)
    index.remove([back.id])
    index.save(tmp_path)
    index = Index.open(tmp_path, limits=SMALL)
    assert index.add([back], EMBEDDER) == (back,)
    index.save(tmp_path)
    assert Index.open(tmp_path).documents[-1] == back
    (tmp_path / index._content.segments[-1].tables.files.documents.name).unlink()
    rebuilt, _ = rebuild(tmp_path, EMBEDDER, SETTINGS)
    assert set(it.text for it in rebuilt.documents) == set(it.text for it in index.documents)


def test_few_passages_are_one_segment_and_give_the_same_files(tmp_path: Path) -> None:
    documents = [document(number, 1) for number in range(100, 104)]
    index = build([document(99, 9), *documents[:2]], SMALL)
    index.remove([document(99, 9).id])
    for it in documents[2:]:
        index.add([it], EMBEDDER)
    index.save(tmp_path / "one")
    build(documents).save(tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize("kind", ["articles/", "documents-", "passages-", "vectors-"])
def test_a_file_that_another_writer_deleted_is_written_again(tmp_path: Path, kind: str) -> None:
    index = grown(tmp_path)
    before = contents(tmp_path)
    for name in before:
        if name.startswith(kind):
            (tmp_path / name).unlink()
    index.save(tmp_path)
    assert contents(tmp_path) == before


def test_an_index_is_saved_whole_in_another_folder(tmp_path: Path) -> None:
    grown(tmp_path / "one")
    index = Index.open(tmp_path / "one", limits=SMALL)
    index.save(tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    index.save(tmp_path / "one")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_what_is_known_is_not_read_again_and_what_others_changed_is(tmp_path: Path) -> None:
    index = grown(tmp_path)
    with lock(tmp_path):
        other = Index.open(tmp_path, limits=SMALL)
        other.remove([document(101, 3).id])
        other.add([document(104, 3)], EMBEDDER)
        other.save(tmp_path)
    again = Index.open(tmp_path, limits=SMALL, known=index)
    assert again.documents == other.documents
    assert_same_hits(again, other, None)
    large, small = again._content.segments
    assert large.tables is index._content.segments[0].tables
    assert small.tables is not index._content.segments[1].tables
    assert document(101, 3) in index.documents


def test_a_document_that_came_back_is_read_again(tmp_path: Path) -> None:
    index = grown(tmp_path)
    whole = contents(tmp_path)
    index.remove([document(101, 3).id])
    index.save(tmp_path)
    for name, data in whole.items():
        (tmp_path / name).write_bytes(data)
    assert document(101, 3) in Index.open(tmp_path, limits=SMALL, known=index).documents


def test_an_index_known_from_another_folder_is_not_trusted(tmp_path: Path) -> None:
    index = grown(tmp_path / "one")
    index.save(tmp_path / "two")
    file = tmp_path / "one" / index._content.segments[0].tables.files.vectors.name
    file.write_bytes(bytes(len(file.read_bytes())))
    with pytest.raises(IndexMismatchError, match="was altered"):
        Index.open(tmp_path / "one", known=index)

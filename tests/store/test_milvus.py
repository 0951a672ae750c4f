"""An index in Milvus, on a real server of Milvus Lite: what a folder promises holds there too."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.milvus_server import MilvusServer
from qa_bot.datatypes import Document, Hit, Mark
from qa_bot.errors import IndexMismatchError, IndexNotFoundError, QABotError, StoreError
from qa_bot.models.embedder import embed_query
from qa_bot.store.copying import copy
from qa_bot.store.embedded import Spec
from qa_bot.store.location import store_at
from qa_bot.store.milvus import ADDING, LEASE, MANIFEST, REMOVING, MilvusIndex
from tests.helpers.index_fakes import (
    DOCUMENTS,
    EMBEDDER,
    FAIR,
    QUERIES,
    RIVER,
    SETTINGS,
    HashEmbedder,
    build,
    long_document,
    search_all,
)
from tests.helpers.milvus_server import needs_milvus

pytestmark = [pytest.mark.slow, needs_milvus]

SPEC = Spec.of(SETTINGS, EMBEDDER)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusServer]:
    server = MilvusServer(tmp_path_factory.mktemp("milvus") / "data")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def location(server: MilvusServer, request: pytest.FixtureRequest) -> str:
    """A collection that is not there, named after the test."""
    name = "".join(letter if letter.isalnum() else "_" for letter in request.node.name)
    return server.location(name[:80])


def make(location: str, documents: Sequence[Document] = DOCUMENTS) -> MilvusIndex:
    with store_at(location).writing(SPEC) as index:
        index.add(documents, EMBEDDER)
    assert isinstance(index, MilvusIndex)
    return index


def rows(index: MilvusIndex) -> list[dict[str, Any]]:
    """Return every row of both collections, straight from the client."""
    client = index._server._connected(10.0)
    found = []
    for name in (index._name, index._passages):
        found += client.query(name, "", output_fields=["key", "document"], limit=10_000)
    return found


def ranked(hits: Sequence[Hit]) -> list[str]:
    return [hit.passage.text for hit in hits]


def test_it_finds_what_a_folder_finds(location: str) -> None:
    folder, milvus = build(), make(location)
    assert milvus.documents == DOCUMENTS
    assert len(milvus) == len(folder)
    for query in QUERIES:
        vector = embed_query(EMBEDDER, query)
        expected, hits = folder.search_dense(vector, 4), milvus.search_dense(vector, 4)
        assert ranked(hits) == ranked(expected)
        assert [hit.score for hit in hits] == pytest.approx(
            [hit.score for hit in expected], abs=1e-5
        )
        words = milvus.search_bm25(query, 10)
        assert {hit.passage for hit in words} == {
            hit.passage for hit in folder.search_bm25(query, 10)
        }
        assert all(hit.score > 0 for hit in words)
    assert milvus.search_bm25("aardvark", 5) == milvus.search_bm25("?!", 5) == []


def test_documents_come_back_whole(location: str) -> None:
    marks = (Mark(0, "heading", "Top"), Mark(7, "page", "2"))
    odd = Document('Zwölf "Boxkämpfer"\\\0\n𝔘😀 %s {} ' * 3_000, "T", "s", {"date": "2020"}, marks)
    blank = Document(" \n")
    make(location, [odd, blank, FAIR])
    again = store_at(location).open().documents
    assert [it.text for it in again] == [odd.text, blank.text, FAIR.text]
    assert (again[0].title, again[0].source, dict(again[0].metadata)) == (
        "T",
        "s",
        {"date": "2020"},
    )
    assert again[0].marks == marks


def test_chosen_documents_and_unknown_ones(location: str) -> None:
    index = make(location)
    hits = index.search_bm25("mill sunday", 10, [FAIR.id])
    assert {hit.passage.document for hit in hits} == {FAIR}
    vector = embed_query(EMBEDDER, "mill")
    assert {hit.passage.document for hit in index.search_dense(vector, 9, [RIVER.id])} == {RIVER}
    for chosen, complaint in (([], "no document is chosen"), ([FAIR.id, "f00"], "id 'f00'")):
        with pytest.raises(ValueError, match=complaint):
            index.search_dense(vector, 3, chosen)
        with pytest.raises(ValueError, match=complaint):
            index.search_bm25("?", 3, chosen)


def test_adding_again_changes_nothing(location: str) -> None:
    index = make(location)
    before, found = sorted(map(str, rows(index))), search_all(index)
    assert index.add([Document(RIVER.text, "Another title"), FAIR], EMBEDDER) == ()
    assert (sorted(map(str, rows(index))), search_all(index)) == (before, found)
    assert index.documents[0].title == "The river"


def test_removing_leaves_no_row(location: str) -> None:
    index, reader = make(location), store_at(location).open()
    assert ranked(reader.search_bm25("mill", 5)) != []
    assert RIVER.id in {row["document"] for row in rows(index)}
    assert index.remove([RIVER.id]) == (RIVER,)
    assert RIVER.id not in str(rows(index))
    assert reader.search_bm25("mill", 5) == []
    assert index.documents == (FAIR,)
    with pytest.raises(QABotError, match=r"no document 'nonsense'.*qa-bot list"):
        index.remove([FAIR.id, "nonsense"])
    assert index.documents == (FAIR,)


def test_two_indexes_that_are_open_see_what_either_adds(location: str) -> None:
    one, other = make(location, [FAIR]), make(location, [])
    other.add([RIVER], EMBEDDER)
    assert ranked(one.search_bm25("Zebulon", 5)) == ["The mill was built by Zebulon Quick."]
    one.remove([RIVER.id])
    assert other.search_bm25("Zebulon", 5) == []
    one.add([RIVER], EMBEDDER)
    assert ranked(other.search_bm25("Zebulon", 5)) == ["The mill was built by Zebulon Quick."]


def test_an_index_whose_making_was_interrupted_is_made_by_the_next_writer(location: str) -> None:
    index = make(location)
    before = list(map(ranked, search_all(index)))
    client = index._server._connected(10.0)
    client.delete(index._name, filter=f"key == {json.dumps(MANIFEST)}")
    client.release_collection(index._passages)
    client.drop_index(index._passages, "vector")  # and with it, in Milvus Lite, all others
    assert make(location).documents == DOCUMENTS
    assert list(map(ranked, search_all(make(location)))) == before


@pytest.mark.parametrize("kind", [ADDING, REMOVING])
def test_what_was_interrupted_is_not_seen_and_undone_by_the_next_writer(
    location: str, kind: str
) -> None:
    index = make(location)
    (head,) = index._heads([RIVER.id])
    index._put_heads([replace(head, kind=kind, since=head.since - LEASE - 1)])
    reader = store_at(location).open()
    assert reader.documents == (FAIR,)
    assert reader.search_bm25("mill", 5) == []
    index.add([long_document(3)], EMBEDDER)
    assert RIVER.id not in str(rows(index))
    assert index.add([RIVER], EMBEDDER) == (RIVER,)
    assert len(reader.search_bm25("mill", 5)) == 3


def test_an_interrupted_add_is_finished_at_once_by_adding_the_same(location: str) -> None:
    index = make(location)
    (head,) = index._heads([RIVER.id])
    index._put_heads([replace(head, kind=ADDING)])
    index._server.delete(index._passages, f'document == "{RIVER.id}" and start > 40')
    assert index.documents == DOCUMENTS[1:]
    assert index.add([RIVER], EMBEDDER) == (RIVER,)
    assert {hit.passage for hit in index.search_bm25("mill", 9)} == {
        hit.passage for hit in build().search_bm25("mill", 9)
    }


@pytest.mark.parametrize("name", ["model", "passage_chars"])
def test_other_settings_are_refused_and_rebuilding_mends_it(location: str, name: str) -> None:
    make(location)
    wanted = {**SETTINGS, name: "other" if name == "model" else 1000}
    with pytest.raises(
        IndexMismatchError, match=rf"{name} .*qa-bot index --rebuild --index {location}"
    ):
        store_at(location).open(wanted)
    index, lost = store_at(location).rebuild(EMBEDDER, wanted)
    assert (lost, index.documents) == ((), DOCUMENTS)
    again = store_at(location).open(wanted)
    assert [hit.passage.document for hit in again.search_bm25("mill", 9)].count(RIVER) > 0
    assert isinstance(again, MilvusIndex)
    assert sorted(n for n in again._server.names() if n.startswith(again._name)) == [
        again._name,
        again._passages,
    ]


def test_other_weights_and_formats_are_refused(location: str) -> None:
    index = make(location)
    other = HashEmbedder()
    other.fingerprint = "other weights"
    with pytest.raises(IndexMismatchError, match=r"hash weights.*other weigh.*--rebuild"):
        index.add([long_document(1)], other)
    with pytest.raises(IndexMismatchError, match=r"hash weights.*other weigh.*--rebuild"):
        store_at(location).open(fingerprint="other weights")
    (row,) = index._server.rows(index._name, ["manifest"], ["document", "kind", "data", "none"])
    for data, reason in (
        ({**json.loads(row["data"]), "format": 9}, "format is 9"),
        ({**json.loads(row["data"]), "dimension": "16"}, "not as qa-bot writes it"),
    ):
        index._server.put(index._name, [{**row, "data": json.dumps(data)}])
        with pytest.raises(IndexMismatchError, match=rf"{reason}.*--rebuild"):
            store_at(location).open()
    store_at(location).rebuild(EMBEDDER, SETTINGS)
    assert store_at(location).open().documents == DOCUMENTS


def test_a_text_that_was_altered_is_refused(location: str) -> None:
    index = make(location)
    key = f"{RIVER.id}/000000"
    (row,) = index._server.rows(index._name, [key], ["document", "kind", "data", "none"])
    index._server.put(index._name, [{**row, "data": row["data"].replace("Zebulon", "Zebulan")}])
    with pytest.raises(IndexMismatchError, match=r"text of document .* was altered.*--rebuild"):
        store_at(location).open().search_bm25("mill", 5)


def test_there_is_none(location: str) -> None:
    with pytest.raises(IndexNotFoundError, match=rf"qa-bot index FILE --index {location}"):
        store_at(location).open()
    assert (store_at(location).settings(), store_at(location).stamp()) == ({}, ())


@pytest.mark.parametrize(
    "given", ["milvus://user:secret@host:1/name", "milvus://host", "milvus:data", "milvus://h/a-b"]
)
def test_a_location_that_is_none_is_a_mistake_and_is_not_repeated(given: str) -> None:
    with pytest.raises(ValueError, match="milvus://HOST:PORT/COLLECTION") as caught:
        store_at(given)
    assert "secret" not in str(caught.value)


def test_a_copy_goes_there_and_back_and_on_where_it_stopped(location: str, tmp_path: Path) -> None:
    build().save(tmp_path / "from")
    told: list[tuple[int, int]] = []
    with store_at(location).writing(SPEC) as index:
        index.insert(build().read([FAIR.id]))
    source, target = store_at(tmp_path / "from"), store_at(location)
    assert copy(source, target, lambda *numbers: told.append(numbers)) == (1, 1)
    assert told == [(1, 1)]
    assert copy(source, target) == (0, 2)
    assert copy(target, store_at(tmp_path / "to")) == (2, 0)
    again = store_at(tmp_path / "to").open()
    assert {it.id for it in again.documents} == {it.id for it in DOCUMENTS}
    for query in QUERIES:
        vector = embed_query(EMBEDDER, query)
        expected = build().search_dense(vector, 6)
        assert ranked(again.search_dense(vector, 6)) == ranked(expected)
        assert Counter(ranked(again.search_bm25(query, 9))) == Counter(
            ranked(build().search_bm25(query, 9))
        )


def test_milvus_lite_in_a_file_works_the_same_and_is_kept(tmp_path: Path) -> None:
    code = (
        "import sys; from tests.helpers.index_fakes import *\n"
        "from qa_bot.store.embedded import Spec\n"
        "from qa_bot.store.location import store_at; store = store_at(sys.argv[1])\n"
        "with store.writing(Spec.of(SETTINGS, EMBEDDER)) as index:\n"
        "    print(len(index.add(DOCUMENTS, EMBEDDER)), len(index.search_bm25('mill', 9)))\n"
    )
    command = [sys.executable, "-c", code, f"milvus:{tmp_path}/index.db"]
    said = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(2)]
    assert [it.stdout for it in said] == ["2 3\n", "0 3\n"]


def test_an_index_that_another_process_rebuilt_says_so(location: str) -> None:
    index = make(location)
    store_at(location).rebuild(EMBEDDER, {**SETTINGS, "passage_chars": 1000})
    with pytest.raises(StoreError, match=r"rebuilt by another process: run the command again"):
        index.search_bm25("mill", 5)

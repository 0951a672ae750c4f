"""Copying between stores: with the vectors, whole documents, and on where it stopped."""

from pathlib import Path

import numpy as np
import pytest

from qa_bot.errors import IndexMismatchError, IndexNotFoundError, QABotError
from qa_bot.store.copying import copy
from qa_bot.store.embedded import Spec
from qa_bot.store.location import FolderStore, store_at
from tests.helpers.index_fakes import (
    DIMENSION,
    DOCUMENTS,
    EMBEDDER,
    FAIR,
    RIVER,
    SETTINGS,
    build,
    long_document,
    search_all,
)


def test_a_copy_is_the_same_index(tmp_path: Path) -> None:
    build().save(tmp_path / "from")
    assert copy(store_at(tmp_path / "from"), store_at(tmp_path / "to")) == (2, 0)
    again = store_at(tmp_path / "to").open(SETTINGS, EMBEDDER.fingerprint)
    assert again.documents == DOCUMENTS
    assert dict(again.documents[0].metadata) == {"date": "1890-03-01"}
    assert search_all(again) == search_all(build())


def test_a_copy_goes_on_where_it_stopped_and_tells_how_far_it_is(tmp_path: Path) -> None:
    documents = [RIVER, FAIR, long_document(9)]
    build(documents).save(tmp_path / "from")
    build([FAIR]).save(tmp_path / "to")

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    source, target = store_at(tmp_path / "from"), store_at(tmp_path / "to")
    with pytest.raises(KeyboardInterrupt):
        copy(source, target, stop, at_once=1)
    assert {it.id for it in target.open().documents} == {FAIR.id, RIVER.id}
    told: list[tuple[int, int]] = []
    assert copy(source, target, lambda *numbers: told.append(numbers)) == (1, 2)
    assert told == [(1, 1)]
    assert {it.id for it in target.open().documents} == {it.id for it in documents}


def test_an_index_of_other_settings_is_not_copied_to(tmp_path: Path) -> None:
    build().save(tmp_path / "from")
    spec = Spec({**SETTINGS, "passage_chars": 7}, EMBEDDER.fingerprint, DIMENSION)
    with store_at(tmp_path / "to").writing(spec) as index:
        index.add([FAIR], EMBEDDER)
    with pytest.raises(IndexMismatchError, match="passage_chars 7, not 60"):
        copy(store_at(tmp_path / "from"), store_at(tmp_path / "to"))


def test_without_a_source_or_two_places_there_is_no_copy(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFoundError):
        copy(store_at(tmp_path / "none"), store_at(tmp_path / "to"))
    assert not (tmp_path / "to").exists()
    with pytest.raises(QABotError, match="name two"):
        copy(store_at(tmp_path), store_at(f"{tmp_path}/."))


def test_what_is_read_can_be_inserted() -> None:
    index, empty = build(), build([])
    items = index.read([FAIR.id, RIVER.id])
    assert [item.document for item in items] == [FAIR, RIVER]
    assert [len(item.passages) for item in items] == [2, 4]
    rows = np.stack([EMBEDDER._embed(passage.text) for passage in items[0].passages])
    cosines = np.sum(items[0].vectors * rows, axis=1) / np.linalg.norm(rows, axis=1)
    assert cosines == pytest.approx(np.ones(2))
    empty.insert(items[::-1])
    empty.insert(items)
    assert search_all(empty) == search_all(index)
    with pytest.raises(ValueError, match="no document with the id"):
        index.read(["none"])


def test_writing_saves_what_was_changed_and_nothing_else(tmp_path: Path) -> None:
    store = store_at(tmp_path / "index")
    assert isinstance(store, FolderStore)
    with store.writing(Spec.of(SETTINGS, EMBEDDER)):
        pass
    assert not (tmp_path / "index").exists()
    with store.writing(Spec.of(SETTINGS, EMBEDDER)) as index:
        index.add([FAIR], EMBEDDER)
    before = store.stamp()
    with store.writing() as index:
        index.add([FAIR], EMBEDDER)
    assert store.stamp() == before
    with pytest.raises(KeyError), store.writing() as index:
        index.remove([FAIR.id])
        raise KeyError("nothing is kept on an error")
    assert store.open().documents == (FAIR,)


def test_writing_again_keeps_what_is_in_memory_and_sees_what_others_wrote(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    with store.writing(Spec.of(SETTINGS, EMBEDDER)) as first:
        first.add([RIVER], EMBEDDER)
    with store_at(tmp_path).writing() as other:
        other.add([FAIR], EMBEDDER)
    with store.writing() as second:
        assert second.documents == (RIVER, FAIR)
        second.add([long_document(3)], EMBEDDER)
    assert first.documents == (RIVER,)
    with store.writing() as third:
        assert third.documents == (RIVER, FAIR, long_document(3))
        assert third.documents[0] is second.documents[0]

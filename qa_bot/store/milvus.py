"""An index in Milvus: a cluster, one server, or Milvus Lite in a file. Nothing else uses pymilvus.

The collection NAME keeps the manifest and the documents: of each a head, and its text in parts.
NAME_SPEC keeps the passages of an index of that spec. A document is written in the order head,
parts, passages, head: only the last head says that it is there. Removing begins with the head.
Many processes may write and read at once.

A reader counts a hit if the document was there before the search and, in the same edition, is there
after it. So what it finds is of whole documents, whoever writes meanwhile.
"""

import hashlib
import json
import logging
import os
import re
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from qa_bot.context import context_of, reading
from qa_bot.datatypes import Document, Hit, Mark, Passage
from qa_bot.errors import IndexNotFoundError, MissingExtraError, QABotError, StoreError
from qa_bot.models.embedder import Embedder, Vectors
from qa_bot.models.embedder import fingerprint as fingerprint_of
from qa_bot.stopwords import content_words
from qa_bot.store.bm25 import MAX_QUERY_WORDS, stems
from qa_bot.store.embedded import (
    Embedded,
    Progress,
    Spec,
    check_choice,
    check_ids,
    checked,
    cut,
    embed,
    groups,
)
from qa_bot.store.folder import check_fingerprint, check_settings, mismatch
from qa_bot.store.manifest import BuildSettings, Settings, Strict

T = TypeVar("T")

FORMAT = 1  # of the collections: raised when an older qa-bot could not read what is written
SECONDS = 10.0  # in which the server must answer; MILVUS_TIMEOUT sets another number
LEASE = 120.0  # seconds after which a write that has not ended was interrupted
LISTED = 2.0  # seconds for which a list of the documents is used again

THERE, ADDING, REMOVING, PART, MANIFEST = "there", "adding", "removing", "part", "manifest"

_ROWS = 500  # written or read by one call
_SEALED = 1_000  # passages: so many are indexed as soon as they were written
_PART_CHARACTERS = 15_000  # in a row, of which Milvus takes 65,535 bytes
_GROUP_CHARACTERS = 200_000  # of the documents that are written together
_KEPT = 5_000  # documents that a reader keeps in memory
_ATTEMPTS = 10  # searches until all hits are of documents that were there throughout
_SERVER = re.compile(r"milvus://([^/@:\s]+)(?::(\d+))?/([A-Za-z_]\w{0,200})", re.ASCII)
_FILE = re.compile(r"milvus:(?!//)(.+\.db)")
_ID = re.compile(r"[0-9a-f]{64}")
_CHANNEL = {
    # So that a server that is back is found in the first second.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.min_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1_000,
    # Milvus Lite ends connections that ask more often whether it lives; each call has a deadline.
    "grpc.keepalive_time_ms": 300_000,
}
_NOT_LISTED: tuple[float, tuple[Document, ...]] = (float("-inf"), ())
_PAUSE = 0.2  # seconds until a server that cannot be reached is called again
_LEAST_SECONDS = 0.1  # that a call is given
_NOT_FOUND = 100  # the error code of a collection that is not there
_NOT_LOADED = 101  # the error code of a collection that is not in the server's memory
_BM25 = {"bm25_k1": 1.2, "bm25_b": 0.75}  # as SQLite has them


class MilvusStore:
    """A Milvus index by its location: ``milvus://HOST:PORT/NAME``, or ``milvus:FILE.db``."""

    def __init__(self, location: str) -> None:
        file, server = _FILE.fullmatch(location), _SERVER.fullmatch(location)
        if file is not None:
            path = str(Path(file[1]).resolve())
            self.location, self._name, uri = f"milvus:{path}", "qa_bot", path
        elif server is not None:
            port = "19530" if server[2] is None else server[2]
            address = f"{server[1]}:{port}"
            self.location, self._name = f"milvus://{address}/{server[3]}", server[3]
            uri = f"{'https' if os.environ.get('MILVUS_TLS') else 'http'}://{address}"
        else:
            raise ValueError(
                "an index in Milvus is named milvus://HOST:PORT/COLLECTION or milvus:FILE.db; "
                "MILVUS_TOKEN gives a token"
            )
        self._server = _Server(self.location, uri)

    def open(
        self, settings: Settings | None = None, fingerprint: str | None = None
    ) -> "MilvusIndex":
        """Open the index; it sees what others add and remove later."""
        spec = self._spec()
        check_settings(self.location, spec.settings, settings)
        check_fingerprint(self.location, spec.fingerprint, fingerprint)
        return MilvusIndex(self._server, self._name, spec)

    @contextmanager
    def writing(self, spec: Spec | None = None) -> Iterator["MilvusIndex"]:
        """Open the index, or make one; a document is kept as soon as it was added."""
        if spec is None:
            yield self.open()
            return
        try:
            index = self.open(spec.settings, spec.fingerprint)
        except IndexNotFoundError:
            _make_documents(self._server, self._name)
            _make_passages(self._server, _passages_name(self._name, spec), spec.dimension)
            _put_manifest(self._server, self._name, spec)
            index = self.open(spec.settings, spec.fingerprint)
        yield index

    def settings(self) -> Settings:
        """Return the settings in the manifest, none without one."""
        with suppress(IndexNotFoundError):
            return dict(self._spec().settings)
        return {}

    def stamp(self) -> tuple[object, ...]:
        """Return the name of the spec: an opened index sees all other changes."""
        with suppress(IndexNotFoundError):
            return (_spec_name(self._spec()),)
        return ()

    def rebuild(
        self, embedder: Embedder, settings: Settings, progress: Progress | None = None
    ) -> tuple["MilvusIndex", tuple[str, ...]]:
        """Embed all documents anew; readers use the old passages until all are done.

        For the spec that it has already, the passages are first deleted.
        """
        if not self._server.has(self._name):
            raise self._not_found()
        spec = Spec.of(settings, embedder)
        index = MilvusIndex(self._server, self._name, spec)
        lost = index.embed_again(embedder, progress)
        _put_manifest(self._server, self._name, spec)
        index.drop_other_passages()
        return index, lost

    def _spec(self) -> Spec:
        """Read the manifest; raises IndexNotFoundError without one, IndexMismatchError."""
        rows = []
        if self._server.has(self._name):
            rows = self._server.rows(self._name, [MANIFEST], ["data"])
        if not rows:
            raise self._not_found()
        return _read_manifest(self.location, rows[0]["data"])

    def _not_found(self) -> IndexNotFoundError:
        return IndexNotFoundError(
            f"there is no index in {self.location}: make one with: "
            f"qa-bot index FILE --index {self.location}"
        )


class MilvusIndex:
    """The index in a collection; it sees what others change. Threads may share it."""

    def __init__(self, server: "_Server", name: str, spec: Spec) -> None:
        self.settings: Settings = dict(spec.settings)
        self.fingerprint = spec.fingerprint
        self.dimension = spec.dimension
        self._spec = _spec_name(spec)
        self._server = server
        self._name = name
        self._passages = _passages_name(name, spec)
        self._kept = _Kept()
        self._listed: tuple[float, tuple[Document, ...]] = _NOT_LISTED

    def __len__(self) -> int:
        return sum(head.passages for head in self._there())

    @property
    def documents(self) -> tuple[Document, ...]:
        """The documents, in the order they were added; a list made just now is used again.

        So is the last one while the server cannot be reached: a search then says that it cannot.
        """
        at, documents = self._listed
        if time.monotonic() - at >= LISTED:
            try:
                documents = tuple(self._documents(self._there()).values())
            except _UnreachableError:
                if not documents:
                    raise
            self._listed = time.monotonic(), documents
        return documents

    def check_fingerprint(self, fingerprint: str) -> None:
        """Raise IndexMismatchError unless the index was built with weights of this fingerprint."""
        check_fingerprint(self._server.location, self.fingerprint, fingerprint)

    def check_ids(self, chosen: Collection[str] | None) -> None:
        """Raise ValueError for an unknown id or an empty choice, TypeError for no choice."""
        if chosen is not None:
            check_choice(chosen)
            check_ids(chosen, self._heads_there(chosen))

    def add(
        self, documents: Iterable[Document], embedder: Embedder, progress: Progress | None = None
    ) -> tuple[Document, ...]:
        """Add documents, some at a time, and return those that were new.

        On an error those that were finished stay; adding the same again goes on from there.
        """
        self.check_fingerprint(fingerprint_of(embedder))
        new = self._new(checked(documents))
        cuts = [(document, cut(document, embedder, self.settings)) for document in new]
        total, done = sum(len(passages) for _, passages in cuts), 0
        for group in groups(cuts, lambda item: len(item[0].text), _GROUP_CHARACTERS):
            items = self._embedded(group, embedder, _part_of(progress, done, total))
            self._write(items)
            done += sum(len(item.passages) for item in items)
        self._seal(done)
        return tuple(new)

    def insert(self, items: Sequence[Embedded]) -> None:
        """Add what the ``read`` of an index of the same spec returned; what is here stays."""
        new = {document.id for document in self._new([item.document for item in items])}
        left = [item for item in items if item.document.id in new]
        for group in groups(left, lambda item: len(item.document.text), _GROUP_CHARACTERS):
            self._write(group)
        self._seal(sum(len(item.passages) for item in left))

    def remove(self, ids: Iterable[str]) -> tuple[Document, ...]:
        """Remove documents and return them; raises QABotError, removing none, for an unknown id."""
        gone = list(dict.fromkeys(ids))
        self._clean_up()
        heads = self._heads_there(gone)
        if unknown := set(gone) - heads.keys():
            raise QABotError(
                f"no document {min(unknown)!r} is in the index: see them with: qa-bot list"
            )
        documents = self._documents(heads.values())
        self._put_heads(replace(head, kind=REMOVING, since=time.time()) for head in heads.values())
        self._delete(gone)
        self._kept.forget(gone)
        self._listed = _NOT_LISTED
        return tuple(documents.values())

    def read(self, ids: Sequence[str]) -> list[Embedded]:
        """Return documents with their passages and vectors; raises ValueError for an unknown id."""
        self.check_ids(ids)
        heads = self._heads_there(ids)
        documents = self._documents(heads.values())
        items = []
        for name in ids:
            keys = _passage_keys(name, heads[name].passages)
            rows = self._server.rows(self._passages, keys, ["start", "end", "vector"])
            rows.sort(key=lambda row: row["key"])
            passages = tuple(_passage(documents[name], row) for row in rows)
            vectors = np.array([row["vector"] for row in rows], dtype=np.float32)
            items.append(
                Embedded(documents[name], passages, vectors.reshape(len(rows), self.dimension))
            )
        return items

    def search_dense(
        self, vector: Vectors, k: int, documents: Collection[str] | None = None
    ) -> list[Hit]:
        """Return the ``k`` passages nearest to a unit vector ``(dim,)``, best first.

        A score is the cosine, in [-1, 1]. The server's index may miss a few of the ``k``.
        ``documents``: the ids of those to search, None for all; raises ValueError when there are
        none, or when one is not in the index.
        """
        if vector.shape != (self.dimension,):
            raise ValueError(f"a vector of shape {vector.shape} in an index of {self.dimension}")
        return self._search("vector", vector.tolist(), k, documents)

    def search_bm25(
        self, query: str, k: int, documents: Collection[str] | None = None
    ) -> list[Hit]:
        """Return the ``k`` best passages that hold a word of the query, best first.

        Words count in any of their forms, found as a folder's index finds them; the server's BM25
        has k1 = 1.2 and b = 0.75. The query is any text. ``documents``: as for ``search_dense``.
        """
        (words,) = stems([" ".join(content_words(query)[:MAX_QUERY_WORDS])])
        if not words:
            self.check_ids(documents)
            return []
        return self._search("bm25", " ".join(words), k, documents)

    def embed_again(self, embedder: Embedder, progress: Progress | None) -> tuple[str, ...]:
        """Make the passages of all documents; return the ids of those whose text is lost."""
        self._clean_up()
        heads = [head for head in self._heads(None) if head.kind == THERE]
        if all(self._spec in head.specs for head in heads):
            heads = [replace(head, specs=()) for head in heads]
            self._put_heads(heads)
            self._server.drop(self._passages)
        heads = [head for head in heads if self._spec not in head.specs]  # others are done
        _make_passages(self._server, self._passages, self.dimension)
        lost, done, written = [], 0, 0
        for group in groups(heads, _Head.most_characters, _GROUP_CHARACTERS):
            documents = self._documents(group)
            lost += [head.id for head in group if head.id not in documents]
            cuts = [(it, cut(it, embedder, self.settings)) for it in documents.values()]
            items = self._embedded(cuts, embedder, None)
            self._put_passages(items)
            counts = {item.document.id: len(item.passages) for item in items}
            self._put_heads(
                replace(head, specs=(*head.specs, self._spec), passages=counts[head.id])
                for head in group
                if head.id in counts
            )
            done += len(group)
            written += sum(counts.values())
            if progress is not None:
                progress(done, len(heads))
        self._seal(written)
        return tuple(lost)

    def drop_other_passages(self) -> None:
        """Drop the passages of other specs."""
        names = re.compile(re.escape(self._name) + r"_[0-9a-f]{8}")
        for name in self._server.names():
            if names.fullmatch(name) and name != self._passages:
                self._server.drop(name)
        heads = [head for head in self._there() if head.specs != (self._spec,)]
        self._put_heads(replace(head, specs=(self._spec,)) for head in heads)

    def _search(
        self, field: str, data: object, k: int, documents: Collection[str] | None
    ) -> list[Hit]:
        """Search until all hits are of documents that were there before and are there after."""
        if k < 1:
            raise ValueError(f"k is a number of passages, 1 or more, not {k}")
        self.check_ids(documents)
        hidden: set[str] = set()
        for _ in range(_ATTEMPTS):
            known = self._kept.editions()
            rows = self._server.search(self._passages, field, data, k, _filter(documents, hidden))
            heads = self._heads_there({row["document"] for row in rows})
            unsure = [
                row["document"]
                for row in rows
                if row["document"] not in heads
                or known.get(row["document"]) != heads[row["document"]].edition
            ]
            if not unsure:
                return self._hits(rows)
            self._documents(heads[name] for name in unsure if name in heads)
            hidden.update(name for name in unsure if name not in heads)
        return self._hits([row for row in rows if row["document"] not in unsure])

    def _hits(self, rows: Iterable[dict[str, Any]]) -> list[Hit]:
        hits = [
            Hit(_passage(self._kept.document(row["document"]), row), row["score"]) for row in rows
        ]
        return sorted(
            hits, key=lambda hit: (-hit.score, hit.passage.document.id, hit.passage.start)
        )

    def _new(self, documents: Iterable[Document]) -> list[Document]:
        """Return the documents that are not there, each once; raises StoreError."""
        self._clean_up()
        given = {document.id: document for document in reversed(list(documents))}
        heads = {head.id: head for head in self._heads(list(given))}
        if any(head.kind == REMOVING for head in heads.values()):
            raise StoreError(
                f"another process is removing one of these documents from {self._server.location}: "
                f"try again in {LEASE:g} seconds"
            )
        new = [
            it for it in given.values() if it.id not in heads or not self._is_there(heads[it.id])
        ]
        return new[::-1]

    def _embedded(
        self,
        cuts: Sequence[tuple[Document, tuple[Passage, ...]]],
        embedder: Embedder,
        progress: Progress | None,
    ) -> list[Embedded]:
        passages = [passage for _, cut_up in cuts for passage in cut_up]
        vectors = embed(passages, embedder, self.dimension, progress)
        ends = np.cumsum([len(cut_up) for _, cut_up in cuts])[:-1]
        parts = np.split(vectors, ends)
        return [
            Embedded(document, cut_up, part)
            for (document, cut_up), part in zip(cuts, parts, strict=True)
        ]

    def _write(self, items: Sequence[Embedded]) -> None:
        """Write whole documents: see the order at the head of this file."""
        began, now, added = time.monotonic(), time.time(), time.time_ns()
        parts = {item.document.id: _text_rows(item.document) for item in items}
        heads = [
            _Head(
                id=item.document.id,
                kind=ADDING,
                specs=(self._spec,),
                edition=uuid.uuid4().hex,
                since=now,
                added=added + nth,
                parts=len(parts[item.document.id]),
                passages=len(item.passages),
            )
            for nth, item in enumerate(items)
        ]
        self._put_heads(heads)
        self._server.put(self._name, [row for rows in parts.values() for row in rows])
        self._put_passages(items)
        if time.monotonic() - began > LEASE / 2:
            raise StoreError(
                f"{self._server.location} took more than {LEASE / 2:g} seconds to write some "
                "documents: run the same command again"
            )
        self._put_heads(replace(head, kind=THERE) for head in heads)
        self._listed = _NOT_LISTED

    def _put_passages(self, items: Iterable[Embedded]) -> None:
        for item in items:
            keys = _passage_keys(item.document.id, len(item.passages))
            words = stems([reading(passage).text for passage in item.passages])
            rows = zip(keys, item.passages, words, item.vectors, strict=True)
            self._server.put(
                self._passages,
                [
                    {
                        "key": key,
                        "document": item.document.id,
                        "start": passage.start,
                        "end": passage.end,
                        "words": " ".join(stemmed),
                        "vector": vector.tolist(),
                    }
                    for key, passage, stemmed, vector in rows
                ],
            )

    def _seal(self, written: int) -> None:
        """Have the server index so many new passages now; it searches a few without an index."""
        if written >= _SEALED:
            with suppress(StoreError):  # then it seals them when it sees fit
                self._server.flush(self._passages)

    def _put_heads(self, heads: Iterable["_Head"]) -> None:
        self._server.put(self._name, [_head_row(head) for head in heads])

    def _clean_up(self) -> None:
        """Undo adding, and finish removing, where that was interrupted."""
        left = self._server.rows_of_kinds(self._name, [ADDING, REMOVING])
        late = [head.id for head in map(_head, left) if time.time() - head.since > LEASE]
        self._delete(late)

    def _delete(self, ids: Sequence[str]) -> None:
        """Delete all rows of documents, their heads last."""
        for batch in _batches(ids):
            where = f"document in {json.dumps(batch)}"
            self._server.delete(self._passages, where)
            self._server.delete(self._name, f"{where} and kind == {json.dumps(PART)}")
            self._server.delete(self._name, where)

    def _heads(self, ids: Collection[str] | None) -> list["_Head"]:
        """Return the heads of documents with these ids, or of all."""
        if ids is None:
            kinds = [THERE, ADDING, REMOVING]
            return [_head(row) for row in self._server.rows_of_kinds(self._name, kinds)]
        keys = [name for name in ids if isinstance(name, str) and _ID.fullmatch(name)]
        return [_head(row) for row in self._server.rows(self._name, keys, ["kind", "data"])]

    def _heads_there(self, ids: Collection[str]) -> dict[str, "_Head"]:
        heads = {head.id: head for head in self._heads(ids) if self._is_there(head)}
        return {name: heads[name] for name in ids if name in heads}

    def _there(self) -> list["_Head"]:
        """Return the heads of all documents that are there, in the order they were added."""
        rows = self._server.rows_of_kinds(self._name, [THERE])
        heads = [head for head in map(_head, rows) if self._is_there(head)]
        return sorted(heads, key=lambda head: (head.added, head.id))

    def _is_there(self, head: "_Head") -> bool:
        return head.kind == THERE and self._spec in head.specs

    def _documents(self, heads: Iterable["_Head"]) -> dict[str, Document]:
        """Return the documents of heads by id, from memory or the server; none whose text is gone.

        Raises IndexMismatchError for a text that is not the one its id is of.
        """
        heads = list(heads)
        found = self._kept.get(heads)
        missing = [head for head in heads if head.id not in found]
        for group in groups(missing, _Head.most_characters, _GROUP_CHARACTERS):
            keys = [key for head in group for key in _part_keys(head.id, head.parts)]
            data = {
                row["key"]: row["data"] for row in self._server.rows(self._name, keys, ["data"])
            }
            for head in group:
                keys = _part_keys(head.id, head.parts)
                if all(key in data for key in keys):
                    document = _read_document(
                        self._server.location, head.id, "".join(data[key] for key in keys)
                    )
                    self._kept.put(head, document)
                    found[head.id] = document
        return {head.id: found[head.id] for head in heads if head.id in found}


class _Kept:
    """The documents used last, with the edition in which each was there. Threads may share it."""

    def __init__(self) -> None:
        self._documents: OrderedDict[str, tuple[str, Document]] = OrderedDict()
        self._lock = threading.Lock()

    def editions(self) -> dict[str, str]:
        """Return the edition of each document that is kept."""
        with self._lock:
            return {name: edition for name, (edition, _) in self._documents.items()}

    def document(self, name: str) -> Document:
        """Return a document that is kept."""
        with self._lock:
            self._documents.move_to_end(name)
            return self._documents[name][1]

    def get(self, heads: Iterable["_Head"]) -> dict[str, Document]:
        """Return the documents of heads that are kept, of the same edition."""
        with self._lock:
            return {
                head.id: self._documents[head.id][1]
                for head in heads
                if head.id in self._documents and self._documents[head.id][0] == head.edition
            }

    def put(self, head: "_Head", document: Document) -> None:
        """Keep a document; of one that was added again the old object stays, with its outline."""
        with self._lock:
            _, kept = self._documents.pop(head.id, ("", document))
            self._documents[head.id] = head.edition, kept
            while len(self._documents) > _KEPT:
                self._documents.popitem(last=False)

    def forget(self, names: Iterable[str]) -> None:
        """Keep these documents no longer."""
        with self._lock:
            for name in names:
                self._documents.pop(name, None)


class _UnreachableError(StoreError):
    """The server cannot be reached, or does not answer in time."""


class _NotLoadedError(StoreError):
    """The server has a collection, but has not loaded it."""


class _Server:
    """The client of a server, which is reached when it is first asked; every error is one line."""

    def __init__(self, location: str, uri: str) -> None:
        self.location = location
        self._uri = uri
        self._timeout = _timeout_of_environment()
        self._client: Any = None
        self._connecting = threading.Lock()
        # Milvus Lite is made for one caller at a time.
        self._turn = nullcontext() if "://" in uri else threading.Lock()

    def has(self, collection: str) -> bool:
        """Whether there is such a collection."""
        return bool(self._call("has_collection", collection))

    def names(self) -> list[str]:
        """Return the names of all collections."""
        return list(self._call("list_collections"))

    def drop(self, collection: str) -> None:
        """Delete a collection, if it is there."""
        self._call("drop_collection", collection)

    def create(self, collection: str, schema: Any, indexes: Mapping[str, dict[str, Any]]) -> None:
        """Create, index and load a collection; what an earlier call has done already stays.

        ``indexes`` are the parameters of each field's.
        """
        from pymilvus.milvus_client import IndexParams

        if not self.has(collection):
            self._call("create_collection", collection, schema=schema, consistency_level="Strong")
        missing = IndexParams()
        there = self._call("list_indexes", collection)
        for field, parameters in indexes.items():
            if field not in there:
                missing.add_index(field, **parameters)
        if missing:
            # An empty collection is indexed at once, but the client would wait half a second.
            self._call("create_index", collection, missing, sync=False)
        self._call("load_collection", collection)

    def put(self, collection: str, rows: Sequence[dict[str, Any]]) -> None:
        """Write rows in place of those of the same keys."""
        for batch in _batches(rows):
            self._call("upsert", collection, batch)

    def delete(self, collection: str, where: str) -> None:
        """Delete rows."""
        self._call("delete", collection, filter=where)

    def flush(self, collection: str) -> None:
        """Write what is in memory to a segment, which is then indexed."""
        self._call("flush", collection)

    def rows(self, collection: str, keys: Sequence[str], fields: list[str]) -> list[dict[str, Any]]:
        """Return the rows of these keys that are there, in any order."""
        found: list[dict[str, Any]] = []
        for batch in _batches(keys):
            where = f"key in {json.dumps(batch)}"
            found += self._call("query", collection, where, output_fields=["key", *fields])
        return found

    def rows_of_kinds(self, collection: str, kinds: Sequence[str]) -> list[dict[str, Any]]:
        """Return all rows of these kinds: keys, kinds and data."""
        where, fields = f"kind in {json.dumps(kinds)}", ["key", "kind", "data"]
        rows = self._call(
            "query_iterator", collection, batch_size=_ROWS, filter=where, output_fields=fields
        )
        found: list[dict[str, Any]] = []
        try:
            while batch := self._turned(rows.next):
                found += batch
        finally:
            rows.close()
        return found

    def search(
        self, collection: str, field: str, data: object, k: int, where: str
    ) -> list[dict[str, Any]]:
        """Return the best rows for one query: document, start, end and score."""
        (found,) = self._call(
            "search",
            collection,
            data=[data],
            anns_field=field,
            filter=where,
            limit=k,
            output_fields=["document", "start", "end"],
            consistency_level="Strong",
        )
        # Milvus Lite gives BM25 scores with the sign of a distance.
        sign = -1 if field == "bm25" and any(hit["distance"] < 0 for hit in found) else 1
        return [{**hit["entity"], "score": sign * hit["distance"]} for hit in found]

    def _call(self, name: str, *arguments: Any, **named: Any) -> Any:
        """Call a method of the client; one that can be repeated, as all that this class uses."""
        end = time.monotonic() + self._timeout
        while True:
            left = max(end - time.monotonic(), _LEAST_SECONDS)
            try:
                client = self._connected(left)
                return self._turned(getattr(client, name), *arguments, timeout=left, **named)
            except _NotLoadedError:  # as after a restart of Milvus Lite
                self._turned(self._client.load_collection, arguments[0], timeout=left)
            except _UnreachableError:
                if time.monotonic() > end:
                    raise
                time.sleep(_PAUSE)

    def _turned(self, function: Any, *arguments: Any, **named: Any) -> Any:
        from grpc import FutureTimeoutError, RpcError
        from pymilvus.exceptions import MilvusException

        try:
            with self._turn:
                return function(*arguments, **named)
        except (MilvusException, RpcError, FutureTimeoutError) as error:
            if getattr(error, "code", None) == _NOT_LOADED:
                raise _NotLoadedError(f"{self.location} has not loaded a collection") from None
            raise self._error(error) from None  # what it was raised from may show a token

    def _connected(self, seconds: float) -> Any:
        with self._connecting:
            if self._client is None:
                self._client = self._turned(
                    _client_class(),
                    uri=self._uri,
                    token=os.environ.get("MILVUS_TOKEN", ""),
                    db_name=os.environ.get("MILVUS_DB", ""),
                    timeout=seconds,
                    grpc_options=_CHANNEL,
                    **_tls(),
                )
            return self._client

    def _error(self, error: Exception) -> StoreError:
        said = " ".join(_causes(error))
        token = os.environ.get("MILVUS_TOKEN")
        if token:
            said = said.replace(token, "…")
        lower = said.lower()
        if any(sign in lower for sign in ("unauthenticated", "auth check", "permission_denied")):
            return StoreError(
                f"{self.location} refuses the token: set MILVUS_TOKEN to one of a user who may "
                "read and write this collection"
            )
        if any(sign in lower for sign in ("deadline", "unavailable", "timeout", "fail connecting")):
            return _UnreachableError(
                f"{self.location} does not answer within {self._timeout:g} seconds: see that it "
                "runs and can be reached, or set MILVUS_TIMEOUT, and try again"
            )
        if getattr(error, "code", None) == _NOT_FOUND:
            return StoreError(
                f"the index in {self.location} was removed, or rebuilt by another process: run "
                "the command again"
            )
        if "open local milvus" in lower:
            return StoreError(
                f"{self.location} cannot be opened: another process has it open, or its folder is "
                "not there"
            )
        return StoreError(f"{self.location} refuses: {said[:200]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """Says whether a document is there, and for which specs its passages are."""

    id: str
    kind: str
    specs: tuple[str, ...]
    edition: str  # another each time that the document is added
    since: float  # seconds since 1970: when the kind became this
    added: int  # nanoseconds since 1970: the order of the documents
    parts: int
    passages: int

    def most_characters(self) -> int:
        """Return the most characters that the document may have."""
        return self.parts * _PART_CHARACTERS


@dataclass(frozen=True, slots=True)
class _Manifest(Strict):
    """What an index is built with, as the collection keeps it."""

    format: int
    fingerprint: str
    dimension: int
    settings: BuildSettings


def _read_manifest(location: str, data: str) -> Spec:
    from pydantic import TypeAdapter

    version = json.loads(data).get("format")
    if version != FORMAT:
        reason = f"its format is {version!r}, and this version of qa-bot reads {FORMAT}"
        raise mismatch(location, reason)
    try:
        manifest = TypeAdapter(_Manifest).validate_json(data)
    except ValueError as error:
        raise mismatch(location, "its manifest is not as qa-bot writes it") from error
    return Spec(asdict(manifest.settings), manifest.fingerprint, manifest.dimension)


def _manifest_json(spec: Spec) -> str:
    settings = BuildSettings(**spec.settings)
    return json.dumps(asdict(_Manifest(FORMAT, spec.fingerprint, spec.dimension, settings)))


def _spec_name(spec: Spec) -> str:
    """Name a spec by the SHA-256 of the manifest that it has."""
    return hashlib.sha256(_manifest_json(spec).encode()).hexdigest()[:8]


def _passages_name(name: str, spec: Spec) -> str:
    return f"{name}_{_spec_name(spec)}"


def _put_manifest(server: _Server, name: str, spec: Spec) -> None:
    server.put(name, [_document_row(MANIFEST, "", MANIFEST, _manifest_json(spec))])


def _document_row(key: str, document: str, kind: str, data: str) -> dict[str, Any]:
    """Return a row of the collection of documents; Milvus wants a vector in every collection."""
    return {"key": key, "document": document, "kind": kind, "data": data, "none": [0.0, 0.0]}


def _head_row(head: _Head) -> dict[str, Any]:
    data = {name: value for name, value in asdict(head).items() if name not in ("id", "kind")}
    return _document_row(head.id, head.id, head.kind, json.dumps(data))


def _head(row: dict[str, Any]) -> _Head:
    data = json.loads(row["data"])
    return _Head(**{**data, "id": row["key"], "kind": row["kind"], "specs": tuple(data["specs"])})


def _text_rows(document: Document) -> list[dict[str, Any]]:
    """Return the rows of a document's text and of what is known about it, as JSON in parts."""
    data = json.dumps(
        {
            "text": document.text,
            "title": document.title,
            "source": document.source,
            "metadata": dict(document.metadata),
            "marks": [asdict(mark) for mark in document.marks],
        },
        ensure_ascii=False,
    )
    texts = [data[at : at + _PART_CHARACTERS] for at in range(0, len(data), _PART_CHARACTERS)]
    keys = _part_keys(document.id, len(texts))
    return [
        _document_row(key, document.id, PART, text) for key, text in zip(keys, texts, strict=True)
    ]


def _read_document(location: str, name: str, data: str) -> Document:
    try:
        value = json.loads(data)
        marks = tuple(Mark(**mark) for mark in value.pop("marks"))
        document = Document(**value, marks=marks)
    except (ValueError, TypeError, LookupError) as error:
        raise mismatch(location, f"the text of document {name[:12]} was altered") from error
    if document.id != name:
        raise mismatch(location, f"the text of document {name[:12]} was altered")
    return document


def _part_keys(name: str, count: int) -> list[str]:
    return [f"{name}/{nth:06}" for nth in range(count)]


def _passage_keys(name: str, count: int) -> list[str]:
    return [f"{name}:{nth:07}" for nth in range(count)]


def _passage(document: Document, row: dict[str, Any]) -> Passage:
    start, end = int(row["start"]), int(row["end"])
    return Passage(document, start, end, context_of(document, start, end))


def _filter(documents: Collection[str] | None, hidden: Collection[str]) -> str:
    """Return the filter of a search: in chosen documents, and in none that is being written."""
    parts = [] if documents is None else [f"document in {json.dumps(sorted(set(documents)))}"]
    if hidden:
        parts.append(f"document not in {json.dumps(sorted(hidden))}")
    return " and ".join(parts)


def _make_documents(server: _Server, name: str) -> None:
    from pymilvus import CollectionSchema, DataType, FieldSchema

    fields = [
        FieldSchema("key", DataType.VARCHAR, max_length=80, is_primary=True),
        FieldSchema("document", DataType.VARCHAR, max_length=64),
        FieldSchema("kind", DataType.VARCHAR, max_length=16),
        FieldSchema("data", DataType.VARCHAR, max_length=65_535),
        FieldSchema("none", DataType.FLOAT_VECTOR, dim=2),
    ]
    indexes = {
        "none": {"index_type": "FLAT", "metric_type": "L2"},
        "document": {"index_type": "INVERTED"},
        "kind": {"index_type": "INVERTED"},
    }
    server.create(name, CollectionSchema(fields), indexes)


def _make_passages(server: _Server, name: str, dimension: int) -> None:
    from pymilvus import CollectionSchema, DataType, FieldSchema, Function, FunctionType

    analyzer = {"tokenizer": "standard"}  # the words are stems already
    fields = [
        FieldSchema("key", DataType.VARCHAR, max_length=80, is_primary=True),
        FieldSchema("document", DataType.VARCHAR, max_length=64),
        FieldSchema("start", DataType.INT64),
        FieldSchema("end", DataType.INT64),
        FieldSchema(
            "words",
            DataType.VARCHAR,
            max_length=65_535,
            enable_analyzer=True,
            analyzer_params=analyzer,
        ),
        FieldSchema("vector", DataType.FLOAT_VECTOR, dim=dimension),
        FieldSchema("bm25", DataType.SPARSE_FLOAT_VECTOR, is_function_output=True),
    ]
    bm25 = Function("bm25", FunctionType.BM25, ["words"], ["bm25"])
    indexes: dict[str, dict[str, Any]] = {
        "vector": {"index_type": "AUTOINDEX", "metric_type": "IP"},
        "bm25": {
            "index_type": "SPARSE_INVERTED_INDEX",
            "metric_type": "BM25",
            "params": _BM25,
        },
        "document": {"index_type": "INVERTED"},
    }
    server.create(name, CollectionSchema(fields, functions=[bm25]), indexes)


def _client_class() -> Any:
    try:
        from pymilvus import MilvusClient
    except ImportError as error:
        raise MissingExtraError(
            "an index in Milvus needs its client: run: pip install qa-bot[milvus]"
        ) from error
    # It logs each error with a traceback before it raises it.
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    logging.getLogger("milvus_lite").setLevel(logging.CRITICAL)
    return MilvusClient


def _causes(error: BaseException) -> Iterator[str]:
    """Yield what an error says and what each error says that it was raised from, on one line."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:  # pymilvus raises errors from themselves
        yield " ".join(str(cause).split())
        seen.append(cause)
        cause = cause.__cause__


def _tls() -> dict[str, str]:
    """Return the files of TLS that the environment names: of the authority, and of the client."""
    authority, certificate, key = (
        os.environ.get(name, "")
        for name in ("MILVUS_CA_FILE", "MILVUS_CERTIFICATE_FILE", "MILVUS_KEY_FILE")
    )
    if certificate and key:
        return {
            "ca_pem_path": authority,
            "client_pem_path": certificate,
            "client_key_path": key,
        }
    return {"server_pem_path": authority} if authority else {}


def _timeout_of_environment() -> float:
    given = os.environ.get("MILVUS_TIMEOUT", "")
    try:
        seconds = float(given) if given else SECONDS
    except ValueError:
        seconds = 0.0
    if seconds <= 0:
        raise ValueError(f"MILVUS_TIMEOUT is a number of seconds, not {given!r:.80}")
    return seconds


def _part_of(progress: Progress | None, done: int, total: int) -> Progress | None:
    """Return a progress that counts on from what was done."""
    if progress is None:
        return None
    return lambda more, _: progress(done + more, total)


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for at in range(0, len(items), _ROWS):
        yield items[at : at + _ROWS]

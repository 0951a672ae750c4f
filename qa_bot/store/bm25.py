"""BM25: tables of the words of passages, and the ranking of passages across several of them."""

import math
import sqlite3
import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from qa_bot.context import reading
from qa_bot.datatypes import Passage
from qa_bot.stopwords import content_words
from qa_bot.store.atomic import Buffer

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]  # one value for each row
Weights = npt.NDArray[np.float64]

K1, B = 1.2, 0.75
MIN_IDF = 1e-6  # of a word that half of the passages hold, or more
MAX_QUERY_WORDS = 64  # no more words of a query are looked for
MAX_READ = 20_000  # postings read for a query, each about 1 µs: the commonest words are left out

_TOKENIZER = "porter unicode61 remove_diacritics 2"
_SCHEMA = f"""
    CREATE TABLE passages (
        id INTEGER PRIMARY KEY,
        document INTEGER NOT NULL,
        start INTEGER NOT NULL,
        "end" INTEGER NOT NULL
    );
    CREATE VIRTUAL TABLE words USING fts5 (text, content = '', tokenize = '{_TOKENIZER}');
"""
# Temporary: they read the table of words and are not part of the database's bytes.
_VOCABULARY = """
    CREATE VIRTUAL TABLE temp.postings USING fts5vocab (main, words, instance);
    CREATE VIRTUAL TABLE temp.stems USING fts5vocab (main, words, row);
"""
_STEMS = f"""
    CREATE VIRTUAL TABLE words USING fts5 (text, content = '', tokenize = '{_TOKENIZER}');
    CREATE VIRTUAL TABLE stems USING fts5vocab (words, instance);
"""


class BM25Index:
    """Where passages stand and the words in them: an SQLite database in memory.

    Row ``n`` is passage ``n``. The words are an FTS5 index without the text: the text is the
    document's. It never changes, and threads may share it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take a connection to a database with the two tables; raises sqlite3.Error without."""
        connection.executescript(_VOCABULARY)
        self._connection = connection
        self._one_at_a_time = threading.Lock()  # not every SQLite is built to share a connection
        self._counts: dict[str, int] = {}  # of passages that hold a stem, once asked for
        self.lengths = self._lengths()  # of each passage, in words

    @classmethod
    def build(cls, documents: Iterable[Iterable[Passage]]) -> Self:
        """Make the database of the passages of each document.

        Its bytes depend on the passages alone (and on SQLite's version).
        """
        connection = _connect()
        connection.executescript(_SCHEMA)
        connection.execute("BEGIN")
        places = ((number, it) for number, passages in enumerate(documents) for it in passages)
        for row, (number, passage) in enumerate(places):
            place = (row, number, passage.start, passage.end)
            connection.execute("INSERT INTO passages VALUES (?, ?, ?, ?)", place)
            text = reading(passage).text
            connection.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (row, text))
        connection.execute("COMMIT")
        connection.execute("INSERT INTO words (words) VALUES ('optimize')")
        connection.execute("VACUUM")
        return cls(connection)

    @classmethod
    def deserialize(cls, data: Buffer) -> Self:
        """Take a database from its bytes; raises ValueError or sqlite3.Error for other bytes."""
        if data[:16] != b"SQLite format 3\0":
            raise ValueError("the passages are not an SQLite database")
        connection = _connect()
        connection.deserialize(data)
        return cls(connection)

    def __len__(self) -> int:
        return len(self.lengths)

    def serialize(self) -> bytes:
        """Return the bytes of the database: an SQLite file."""
        with self._one_at_a_time:
            return self._connection.serialize()

    def places(self) -> list[tuple[int, int, int]]:
        """Return for each passage the number of its document, and its start and end in the text.

        Raises ValueError when they are not the passages whose words are kept.
        """
        rows = self._all('SELECT id, document, start, "end" FROM passages ORDER BY id')
        if [row[0] for row in rows] != list(range(len(self))):
            raise ValueError("the passages are not those whose words are kept")
        return [(number, start, end) for _, number, start, end in rows]

    def count(self, stem: str) -> int:
        """Return how many passages hold a stem."""
        if stem not in self._counts:
            found = self._all("SELECT doc FROM stems WHERE term = ?", (stem,))
            self._counts[stem] = found[0][0] if found else 0
        return self._counts[stem]

    def postings(self, stem: str) -> tuple[Rows, Rows]:
        """Return the rows of the passages that hold a stem, ascending, and how often each does."""
        # As one string: it is read three times as quickly as a row of Python for each posting.
        ((joined,),) = self._all("SELECT group_concat(doc) FROM postings WHERE term = ?", (stem,))
        places = np.fromstring("" if joined is None else joined, dtype=np.int64, sep=",")
        rows, counts = np.unique(places, return_counts=True)
        return rows, counts

    def _lengths(self) -> Rows:
        """Read the number of words of each passage; raises ValueError when rows are missing.

        FTS5 keeps it as a variable-length integer, seven bits a byte, the highest first:
        https://www.sqlite.org/fts5.html#the_docsize_table
        """
        sizes = self._all("SELECT id, sz FROM words_docsize ORDER BY id")
        if [row for row, _ in sizes] != list(range(len(sizes))):
            raise ValueError("the passages are not those whose words are kept")
        return np.fromiter((_varint(size) for _, size in sizes), np.int64, len(sizes))

    def _all(self, statement: str, values: tuple[str, ...] = ()) -> list[Any]:
        with self._one_at_a_time:
            return self._connection.execute(statement, values).fetchall()


@dataclass(frozen=True, slots=True)
class Part:
    """A table to search: all of it, or the live rows, of which some may be chosen."""

    words: BM25Index
    live: Mask | None  # the rows that count; None for all
    size: int  # how many passages count
    total_length: int  # how many words they have together
    chosen: Mask | None = None  # the rows that can be found; None for all that count

    @classmethod
    def of(cls, words: BM25Index, live: Mask | None = None) -> Self:
        """Make a part of a table, or of the live rows of it."""
        lengths = words.lengths if live is None else words.lengths[live]
        return cls(words, live, len(lengths), int(lengths.sum()))

    def postings(self, stem: str) -> tuple[Rows, Rows]:
        """Return the rows that count and hold a stem, and how often each does."""
        rows, counts = self.words.postings(stem)
        if self.live is None:
            return rows, counts
        kept = self.live[rows]
        return rows[kept], counts[kept]

    def weigh(self, rows: Rows, counts: Rows, mean: float) -> tuple[Rows, Weights]:
        """Return the rows that are chosen, and the weight of a word that each holds so often."""
        if self.chosen is not None:
            kept = self.chosen[rows]
            rows, counts = rows[kept], counts[kept]
        norms = K1 * (1 - B + B * self.words.lengths[rows] / mean)
        return rows, counts * (K1 + 1) / (counts + norms)


def rank(
    parts: Sequence[Part], query: str, k: int, *, max_read: int = MAX_READ
) -> list[tuple[int, float]]:
    """Return the ``k`` best rows that hold a word of the query and their scores, best first.

    Rows are numbered through all parts, and equal scores come by row. A score is the one that a
    single FTS5 table of all the passages would give, whatever is chosen:
    https://www.sqlite.org/fts5.html#the_bm25_function. In a large index the words that very many
    passages hold, and that tell little, are left out: no more than ``max_read`` postings are read.
    """
    size = sum(part.size for part in parts)
    mean = sum(part.total_length for part in parts) / max(size, 1)
    offsets = [0, *accumulate(len(part.words) for part in parts)]
    rows: list[Rows] = [np.empty(0, dtype=np.int64)]
    weights: list[Weights] = [np.empty(0)]
    for stem, times in _telling(parts, query, max_read).items():
        postings = [part.postings(stem) for part in parts]
        idf = times * _idf(size, sum(len(found) for found, _ in postings))
        for part, offset, (found, counts) in zip(parts, offsets, postings, strict=False):
            found, weighed = part.weigh(found, counts, mean)
            rows.append(found + offset)
            weights.append(idf * weighed)
    return _best(np.concatenate(rows), np.concatenate(weights), k)


def _telling(parts: Sequence[Part], query: str, max_read: int) -> dict[str, int]:
    """Return the stems to look for and how often to count each: the rarest that can be read."""
    words = content_words(query)[:MAX_QUERY_WORDS]
    times = Counter(stem for found in stems(words) for stem in found)
    counts = {stem: sum(part.words.count(stem) for part in parts) for stem in times}
    rarest = sorted(filter(counts.__getitem__, times), key=counts.__getitem__)
    read = [*accumulate(counts[stem] for stem in rarest)]
    return {stem: times[stem] for stem in rarest[: max(1, bisect_right(read, max_read))]}


def _idf(size: int, holding: int) -> float:
    """Return the weight of a word that so many passages hold."""
    weight = math.log((size - holding + 0.5) / (holding + 0.5))
    return weight if weight > 0 else MIN_IDF


def _best(rows: Rows, weights: Weights, k: int) -> list[tuple[int, float]]:
    """Add up the weights of each row; return the ``k`` rows with the highest sums."""
    unique, places = np.unique(rows, return_inverse=True)
    scores = np.bincount(places, weights, minlength=len(unique))
    order = np.lexsort((unique, -scores))[:k]
    return list(zip(unique[order].tolist(), scores[order].tolist(), strict=True))


def _varint(data: bytes) -> int:
    value = 0
    for byte in data:
        value = value << 7 | byte & 127
    return value


def _connect() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


@cache
def _stemmer() -> tuple[sqlite3.Connection, threading.Lock]:
    """Return a table of words that stays empty, and the lock to hold while it is used."""
    connection = _connect()
    connection.executescript(_STEMS)
    return connection, threading.Lock()


def stems(texts: Sequence[str]) -> list[list[str]]:
    """Return the words of each text as a BM25Index keeps them: without endings, in order."""
    found: list[list[str]] = [[] for _ in texts]
    connection, one_at_a_time = _stemmer()
    with one_at_a_time:
        connection.execute("BEGIN")
        try:
            add = "INSERT INTO words (rowid, text) VALUES (?, ?)"
            connection.executemany(add, enumerate(texts))
            for row, stem in connection.execute("SELECT doc, term FROM stems ORDER BY doc, offset"):
                found[row].append(stem)
        finally:
            connection.execute("ROLLBACK")
    return found

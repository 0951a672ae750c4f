"""The words of passages: an SQLite database, in memory, whose FTS5 table ranks them by BM25."""

import json
import sqlite3
import threading
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from itertools import accumulate
from typing import Any, Self

from qa_bot.context import reading
from qa_bot.datatypes import Passage
from qa_bot.stopwords import content_words
from qa_bot.store.atomic import Buffer

MAX_QUERY_WORDS = 64  # no more words of a query are looked for
MAX_READ = 20_000  # places of words read for a query, each about 2 µs: the commonest are left out

_TOKENIZER = "porter unicode61 remove_diacritics 2"
_SCHEMA = f"""
    CREATE TABLE passages (
        id INTEGER PRIMARY KEY,
        document TEXT NOT NULL,
        start INTEGER NOT NULL,
        "end" INTEGER NOT NULL
    );
    CREATE VIRTUAL TABLE words USING fts5 (
        text, content = '', tokenize = '{_TOKENIZER}'
    );
"""
# A plus before rowid: without it SQLite may look the query up once for each row chosen.
_CHOSEN = """
    AND +rowid IN (
        SELECT id FROM passages WHERE document IN (SELECT value FROM json_each(?))
    )
"""


_STEMS = f"""
    CREATE VIRTUAL TABLE words USING fts5 (text, content = '', tokenize = '{_TOKENIZER}');
    CREATE VIRTUAL TABLE stems USING fts5vocab (words, instance);
"""


class BM25Index:
    """Where passages stand and the words in them; row ``n`` is passage ``n``. Threads may share it.

    The words are an index without the text: the text is the document's.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._one_at_a_time = threading.Lock()  # not every SQLite is built to share a connection
        self._counts: dict[str, int] = {}  # of passages that hold a word, once asked for

    @classmethod
    def build(cls, passages: Iterable[Passage]) -> Self:
        """Make the database; its bytes depend on the passages alone (and SQLite's version)."""
        words = cls._empty()
        words._connection.executescript(_SCHEMA)
        words._insert(passages, 0)
        words._connection.execute("INSERT INTO words (words) VALUES ('optimize')")
        words._connection.execute("VACUUM")
        return words

    def added(self, passages: Iterable[Passage], first: int) -> Self:
        """Return a copy with more passages, of which the first is row ``first``.

        It finds what a new database would, and its bytes are others.
        """
        words = self.deserialize(self.serialize())
        words._insert(passages, first)
        return words

    def _insert(self, passages: Iterable[Passage], first: int) -> None:
        run = self._connection
        run.execute("BEGIN")
        for row, passage in enumerate(passages, first):
            place = (row, passage.document.id, passage.start, passage.end)
            run.execute("INSERT INTO passages VALUES (?, ?, ?, ?)", place)
            run.execute(
                "INSERT INTO words (rowid, text) VALUES (?, ?)", (row, reading(passage).text)
            )
        run.execute("COMMIT")

    @classmethod
    def deserialize(cls, data: Buffer) -> Self:
        """Take a database from its bytes; raises ValueError or sqlite3.Error for other bytes."""
        if data[:16] != b"SQLite format 3\0":
            raise ValueError("the passages are not an SQLite database")
        words = cls._empty()
        words._connection.deserialize(data)
        return words

    @classmethod
    def _empty(cls) -> Self:
        return cls(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False))

    def serialize(self) -> bytes:
        """Return the bytes of the database: an SQLite file."""
        with self._one_at_a_time:
            return self._connection.serialize()

    def passages(self) -> list[tuple[int, str, int, int]]:
        """Return the rows of passages: id, document's id, start and end in its text."""
        return self._all('SELECT id, document, start, "end" FROM passages ORDER BY id')

    def ids(self) -> list[int]:
        """Return the ids of the passages whose words can be searched."""
        return [row for (row,) in self._all("SELECT rowid FROM words ORDER BY rowid")]

    def search(
        self, query: str, k: int, documents: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        """Return the ``k`` best rows that hold a word of the query and their scores, best first.

        Rows are those of the documents with these ids, or of all; the scores are the same. In a
        large index the words that very many passages hold, and that tell little, are left out.
        """
        expression = " OR ".join(map(_quoted, self._telling(query)))
        if not expression:
            return []
        chosen, ids = ("", []) if documents is None else (_CHOSEN, [json.dumps([*documents])])
        return self._all(
            f"SELECT rowid, -bm25(words) AS score FROM words WHERE words MATCH ? {chosen}"
            " ORDER BY score DESC, rowid LIMIT ?",
            (expression, *ids, k),
        )

    def count(self, word: str) -> int:
        """Return how many passages hold a word, in any of its forms."""
        if word not in self._counts:
            statement = "SELECT count(*) FROM words WHERE words MATCH ?"
            ((self._counts[word],),) = self._all(statement, (_quoted(word),))
        return self._counts[word]

    def _telling(self, query: str) -> list[str]:
        """Return the words of a query to look for: the rarest, as far as they can be read."""
        words = sorted(filter(self.count, content_words(query)[:MAX_QUERY_WORDS]), key=self.count)
        read = [*accumulate(map(self.count, words))]
        return words[: max(1, bisect_right(read, MAX_READ))]

    def _all(self, statement: str, values: tuple[str | int, ...] = ()) -> list[Any]:
        with self._one_at_a_time:
            return self._connection.execute(statement, values).fetchall()


def _quoted(word: str) -> str:
    """Return the FTS5 expression of a word; quoted, none is an operator."""
    return f'"{word}"'


def stems(texts: Sequence[str]) -> list[list[str]]:
    """Return the words of each text as a BM25Index keeps them: without endings, in order."""
    found: list[list[str]] = [[] for _ in texts]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(_STEMS)
        connection.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", enumerate(texts))
        for row, stem in connection.execute("SELECT doc, term FROM stems ORDER BY doc, offset"):
            found[row].append(stem)
    return found

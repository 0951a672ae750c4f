"""Whether a row of a table, or a heading, is about what a question asks.

The reader was trained on prose. Asked for something that a table lacks, it points at a cell of
another row, because all rows look alike, or at the heading. Such a quote stays a candidate with a
lower probability.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from qa_bot.cells import Table
from qa_bot.context import Outline, outline
from qa_bot.datatypes import Document, Hit, Span
from qa_bot.stopwords import content_words

# Subtracted from the log odds of a quote that is not about the question. On 13 tables, of 66
# questions that they do not answer 28 were quoted without this and 10 are with it; of 58 that they
# answer the first quote was right for 56, and is for 55.
DOUBT = 2.5
# A row that paraphrases the question ("pensioners" for "Retired people") is more similar to it than
# any other row of its table by at least this difference of cosines.
STANDS_OUT = 0.06
# Subtracted for each word of the question that the row lacks and another row of its table has:
# "Guests | Adult" is less likely what "adult member" asks for than "Members | Adult".
OTHER_ROW = 0.5
_SAMPLE = 50  # rows; a word in all of these does not distinguish a row
_NAME = re.compile(r"(?<=[\w,] )[^\W\d_a-zß-ÿ][\w’'-]+")


def lowered(
    probability: float, query: str, quoted: Span, answer: Span, hits: Sequence[Hit]
) -> float:
    """Return the probability that a quote answers, lowered if it is about something else."""
    doubt = 0.0 if is_about(query, quoted, answer, hits) else DOUBT
    doubt += OTHER_ROW * _words_of_other_rows(query, quoted)
    if not doubt:
        return probability
    odds = probability / max(1e-9, 1 - probability) * math.exp(-doubt)
    return odds / (1 + odds)


def _words_of_other_rows(query: str, quoted: Span) -> int:
    """Return how many words of a query a row lacks that other rows of its table have."""
    known, text = outline(quoted.document), quoted.document.text
    rows = known.rows(quoted.start, quoted.end)
    if not rows:
        return 0
    table, _ = known.table(rows[0])
    places = list(zip(table.starts, table.ends, strict=True))[:_SAMPLE]
    others = _content_words(text[a:b] for a, b in places if b <= quoted.start or quoted.end <= a)
    own = _content_words((quoted.text,))
    return sum(not _has(own, word) and _has(others, word) for word in content_words(query))


def is_about(query: str, quoted: Span, answer: Span, hits: Sequence[Hit]) -> bool:
    """Whether a quote is about what a query asks; prose is taken to be."""
    known = outline(quoted.document)
    if known.rows(quoted.start, quoted.end):
        return _row_is_about(query, quoted, answer, hits)
    if known.is_heading(quoted.start) or _is_table_header(known, quoted):
        return _heading_is_about(query, quoted, answer)
    return True


def _heading_is_about(query: str, quoted: Span, answer: Span) -> bool:
    """Whether a heading, or the header of a table, holds a word of the query beside the answer."""
    text = quoted.document.text
    rest = _content_words((text[quoted.start : answer.start], text[answer.end : quoted.end]))
    return any(_has(rest, word) for word in content_words(query))


def _row_is_about(query: str, quoted: Span, answer: Span, hits: Sequence[Hit]) -> bool:
    """Whether a row holds a word of the query that other rows lack, or stands out.

    Words of the answer do not count. A row that lacks a name of the query is about something else.
    An answer that only repeats the query does not make its row stand out.
    """
    known, document, asked = outline(quoted.document), quoted.document, content_words(query)
    table, number = known.table(known.rows(quoted.start, quoted.end)[0])
    cells = [cell for cell in table.cells(document.text, number) if cell[0] < cell[1]]
    others = _content_words(
        document.text[a:b] for a, b in cells if b <= answer.start or answer.end <= a
    )
    held = [*others, *content_words(answer.text), *_above(known, document, quoted.start)]
    lacking = [word for word in asked if not _has(held, word)]
    if known.language == "en" and _lacks_name(query, lacking, document, table):
        return False
    distinct = [word for word in others if not _is_in_every_row(word, table, document.text)]
    if any(_has(distinct, word) for word in asked):
        return True
    repeats = all(_has(asked, word) for word in content_words(answer.text))
    return not (repeats and lacking) and _stands_out(quoted, table, hits)


def _is_table_header(known: Outline, quoted: Span) -> bool:
    """Whether a quote names the columns of the table that begins right after it."""
    number = bisect_left(known.starts, quoted.end)
    if number == len(known.starts):
        return False
    between = quoted.document.text[quoted.end : known.starts[number]]
    return bool(known.table(number)[0].header) and not between.strip("|-: \t\r\n")


def _content_words(texts: Iterable[str]) -> list[str]:
    return [word for text in texts for word in content_words(text)]


def _above(known: Outline, document: Document, start: int) -> list[str]:
    """Return the words above a row: of its headings, its part of the table and its columns."""
    context = known.context(start, start + 1)
    return _content_words((document.title, *context.headings, context.part, *context.columns))


def _has(words: Iterable[str], word: str) -> bool:
    return any(_is_same(word, other) for other in words)


def _is_same(one: str, other: str) -> bool:
    """Whether two words differ only in their endings: "owns" and "owner", "child" and "children".

    Numbers are the same only when they are equal.
    """
    if one == other:
        return True
    least = min(len(one), len(other)) - 1
    if one.isdigit() or other.isdigit() or least < 3:
        return False
    return one[: max(3, least)] == other[: max(3, least)]


def _lacks_name(query: str, lacking: Iterable[str], document: Document, table: Table) -> bool:
    """Whether a query has a name that neither the row nor the text around the table holds."""
    names = [name for name in _NAME.findall(query) if name.lower() in lacking]
    if not names or query.istitle() or query.isupper():
        return False
    before, after = document.text[: table.starts[0]], document.text[table.ends[-1] :]
    return any(name not in before and name not in after for name in names)


def _is_in_every_row(word: str, table: Table, text: str) -> bool:
    rows = list(zip(table.starts, table.ends, strict=True))[:_SAMPLE]
    return len(rows) > 1 and all(word in text[start:end].lower() for start, end in rows)


def _stands_out(quoted: Span, table: Table, hits: Sequence[Hit]) -> bool:
    """Whether a row is by far the most similar to the query of the rows found, or the only one."""
    own: list[float] = []
    rest: list[float] = []
    for hit in hits:
        passage = hit.passage
        if passage.document == quoted.document and table.starts[0] < passage.end <= table.ends[-1]:
            overlaps = passage.start < quoted.end and quoted.start < passage.end
            (own if overlaps else rest).append(hit.similarity)
    return not rest or max(own, default=0.0) - max(rest) >= STANDS_OUT

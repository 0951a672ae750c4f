"""Questions about articles, from a file in SQuAD's format or of JSON lines."""

import gzip
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa_bot.datatypes import Document, Span


@dataclass(frozen=True, slots=True)
class Case:
    """A question, and the spans of one article, each of which answers it."""

    question: str
    answers: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Collection:
    """Articles searched together, and the questions asked of them."""

    source: str
    documents: tuple[Document, ...]
    cases: tuple[Case, ...]


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read SQuAD 1.1 or 2.0 (JSON), or rows (JSON lines); either may be gzipped.

    A row has ``source``, ``title``, ``context``, ``question`` and ``answers``: each a ``text`` and
    the ``start`` of it in the context; none where the context does not answer. Raises ValueError
    for a file that is neither.
    """
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()
    try:
        whole = json.loads(text)
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    if isinstance(whole, dict) and "data" in whole:
        return list(_squad_rows(whole["data"]))
    if isinstance(whole, dict) and ("context" in whole or "question" in whole):
        return [whole]
    raise ValueError(f"{path} is neither in SQuAD's format nor JSON lines of questions")


def _squad_rows(articles: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for article in articles:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                yield {
                    "source": "squad",
                    "title": article["title"],
                    "context": paragraph["context"],
                    "question": question["question"],
                    "answers": [
                        {"text": answer["text"], "start": answer["answer_start"]}
                        for answer in question["answers"]
                    ],
                }


def titles(
    path: Path, source: str = "squad", sample: int | None = None, most: int | None = None
) -> list[Collection]:
    """Return the titles of a source, all paragraphs of each as one article.

    At most ``sample`` questions of each, and at most ``most`` titles, drawn with a fixed seed.
    """
    wholes = join_titles(
        (row for row in read_rows(path) if row["source"] == source), unanswerable=True
    )
    if most is not None and most < len(wholes):
        wholes = random.Random(0).sample(wholes, most)
    found = []
    for whole in wholes:
        cases = list(whole.cases)
        random.Random(0).shuffle(cases)
        found.append(Collection(whole.source, whole.documents, tuple(cases[:sample])))
    return found


def join_titles(
    rows: Iterable[Mapping[str, Any]], *, unanswerable: bool = False
) -> list[Collection]:
    """Join all paragraphs of a title into one article, and map the positions of the answers.

    Questions that the article does not answer are left out, unless asked for.
    """
    titles: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        titles[row["source"], row["title"]].append(row)
    return [
        _join_title(source, title, members, unanswerable)
        for (source, title), members in titles.items()
    ]


def _join_title(
    source: str, title: str, rows: Sequence[Mapping[str, Any]], unanswerable: bool
) -> Collection:
    """Join paragraphs with blank lines, in order of appearance."""
    paragraphs = list(dict.fromkeys(row["context"] for row in rows))
    starts: dict[str, int] = {}
    at = 0
    for paragraph in paragraphs:
        starts[paragraph] = at
        at += len(paragraph) + len("\n\n")
    article = Document("\n\n".join(paragraphs), title)

    def place(row: Mapping[str, Any], found: Mapping[str, Any]) -> Span:
        start = starts[row["context"]] + found["start"]
        return Span(article, start, start + len(found["text"]))

    cases = tuple(
        Case(row["question"], tuple(place(row, found) for found in row["answers"]))
        for row in rows
        if row["answers"] or unanswerable
    )
    return Collection(source, (article,), cases)


def pool(collections: Iterable[Collection]) -> list[Collection]:
    """Put all the articles of a source into one collection."""
    sources: dict[str, list[Collection]] = defaultdict(list)
    for collection in collections:
        sources[collection.source].append(collection)
    return [
        Collection(
            f"{source}, pooled",
            tuple(document for member in members for document in member.documents),
            tuple(case for member in members for case in member.cases),
        )
        for source, members in sources.items()
    ]

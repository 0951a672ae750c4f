"""Questions about articles, from a file in SQuAD's format or from one of JSON lines."""

import gzip
import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.retrieval import Collection, join_titles


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
    if isinstance(whole, dict) and "context" in whole:
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

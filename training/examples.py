"""Rows of the data folder, and the items and examples made from them."""

import gzip
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Offsets = tuple[int, int]  # characters [start, end) in the text of the same object


@dataclass(frozen=True, slots=True)
class Row:
    """A question and its paragraph; without answers, the paragraph does not answer it."""

    id: str
    source: str
    title: str
    context: str
    question: str
    answers: tuple[Offsets, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A question with the windows it is trained on; ``window`` and ``near`` index the windows.

    ``spans`` are the answers in ``window``, none when it does not answer. ``near`` are windows
    that a retriever ranks high and that do not answer, hardest first. ``cut`` is the window
    without the sentence that answers, empty when there is none. ``swaps`` are the question with
    one thing exchanged so that the window no longer answers it, ``same`` so that it still does.
    """

    source: str
    question: str
    window: int
    spans: tuple[Offsets, ...]
    near: tuple[int, ...]
    cut: str
    swaps: tuple[str, ...] = ()
    same: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """One input of the model: a question and a text, with the answers in the text."""

    question: str
    text: str
    spans: tuple[Offsets, ...]


def read_rows(path: Path) -> list[Row]:
    """Read a gzipped file of rows; raises ValueError if an offset and its text disagree."""
    rows = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            raw = json.loads(line)
            context, title = raw["context"], raw["title"]
            answers = []
            for answer in raw["answers"]:
                span = (answer["start"], answer["start"] + len(answer["text"]))
                if context[slice(*span)] != answer["text"]:
                    raise ValueError(f"{path}: the answer of row {raw['id']} is not at its offset")
                answers.append(span)
            rows.append(
                Row(
                    raw["id"],
                    raw["source"],
                    "" if title is None else title,
                    context,
                    raw["question"],
                    tuple(answers),
                )
            )
    return rows


def save_items(folder: Path, windows: list[str], items: Iterable[Item]) -> None:
    """Write windows and items as gzipped JSON lines into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / "windows.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(window) + "\n" for window in windows)
    with gzip.open(folder / "items.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(item)) + "\n" for item in items)


def load_items(folder: Path) -> tuple[list[str], list[Item]]:
    """Read a folder written by ``save_items``."""
    with gzip.open(folder / "windows.jsonl.gz", "rt", encoding="utf-8") as file:
        windows = [json.loads(line) for line in file]
    with gzip.open(folder / "items.jsonl.gz", "rt", encoding="utf-8") as file:
        items = [_item(json.loads(line)) for line in file]
    return windows, items


def _item(raw: dict[str, Any]) -> Item:
    """Return an item from its JSON, which has lists for tuples."""
    near, swaps, same = (tuple(raw.pop(name)) for name in ("near", "swaps", "same"))
    spans = tuple((int(start), int(end)) for start, end in raw.pop("spans"))
    return Item(**raw, spans=spans, near=near, swaps=swaps, same=same)

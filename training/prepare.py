"""Make training items of the data folder: windows, answers in them, and near misses.

Run as ``python -m training.prepare --data DATA``. The same sets are public: SQuAD 2.0
(rajpurkar.github.io/SQuAD-explorer), QED over Natural Questions (google-research-datasets/QED),
FairytaleQA (uci-soe/FairytaleQAData), Natural Questions open, QAMR (uwnlp/qamr) and doc2dial
(doc2dial.github.io).
"""

import argparse
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tqdm import tqdm

from benchmarks.followups import is_dev
from qa_bot.datatypes import Document, Passage
from qa_bot.embedder import Vectors, embed_passages, load_embedder, token_counter, token_limit
from qa_bot.splitter import sentences, split
from training.examples import Item, Offsets, Row, read_rows, save_items
from training.exchange import Exchange
from training.followups import LEANS
from training.model import base_folder, new_tokenizer
from training.negatives import BM25, cut_answer, fused_order, holds_any, names, swap_name
from training.speech import speech_items
from training.twists import Twists, half_names, negated, other_digits, other_names
from training.wordnet import WordNet, wordnet_folder

WINDOW_CHARS = {
    "squad": 1000,
    "fairytaleqa": 700,
    "nq-qed": 700,
    "nq-open": 700,
    "doc2dial": 1000,
}
NEAR = 4  # near misses kept for a question
NEGATED = 0.4  # share of the questions that are asked with a "not"
CONDITIONS = 2  # kept for a question, of those with a condition put in
SWAPS, SAME = 3, 2  # of each kind of question with a word exchanged, kept for a question
QAMR_REACH = 8  # how far off, in order of ids, a sentence may be that is joined to another


def main() -> None:
    """Read the arguments and prepare."""
    parser = argparse.ArgumentParser(prog="python -m training.prepare", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.jsonl.gz")
    parser.add_argument(
        "--out", type=Path, default=Path("runs/reader/data"), help="folder to write"
    )
    parser.add_argument(
        "--wordnet",
        type=wordnet_folder,
        required=True,
        help="folder with WordNet's data.noun, index.noun …",
    )
    parser.add_argument("--qamr", type=int, default=40_000, help="questions of qamr to keep")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rows = read_rows(args.data / "train.jsonl.gz")
    rows += [row for row in read_rows(args.data / "doc2dial.jsonl.gz") if stands_alone(row)]
    wordnet = WordNet(args.wordnet)
    exchange = new_exchange(wordnet)
    windows, items = prepare(rows, args.qamr, random.Random(args.seed))
    items.extend(speech_items(windows, wordnet, random.Random(args.seed)))
    twists = Twists(windows, wordnet)
    items = [
        exchanged(
            item,
            windows[item.window],
            exchange,
            twists,
            random.Random(f"{args.seed}:{number}"),
        )
        for number, item in enumerate(tqdm(items, "exchange words"))
    ]
    save_items(args.out, windows, items)
    print(f"{len(items)} questions, {len(windows)} windows: {args.out}")


def stands_alone(row: Row) -> bool:
    """Whether a row of doc2dial is to train on: a question that says what it is about."""
    asked = row.question.strip()
    return (
        not is_dev(row.title)
        and asked.endswith("?")
        and len(asked.split()) >= 6
        and not LEANS.search(asked)
    )


def new_exchange(wordnet: WordNet) -> Exchange:
    """Return what exchanges words, for others that are among those of all-MiniLM-L6-v2."""
    vocabulary = new_tokenizer().get_vocab()
    table = load_file(base_folder() / "model.safetensors")["embeddings.word_embeddings.weight"]
    return Exchange(wordnet, vocabulary, table.float().numpy())


def exchanged(
    item: Item, text: str, exchange: Exchange, twists: Twists, rng: random.Random
) -> Item:
    """Return an item with its question in other words, when its window answers it."""
    if not item.spans:
        return item
    answers = [text[start:end] for start, end in item.spans]
    swaps = other_names(item.question, text, answers, rng, SWAPS)
    swaps += half_names(item.question, text, rng)
    swaps += other_digits(item.question, text, rng)
    swaps += exchange.other_words(item.question, text, rng, SWAPS)
    swaps += twists.turned(item.question, text, rng)
    swaps += twists.narrowed(item.question, text, rng, CONDITIONS)
    if rng.random() < NEGATED:
        swaps += negated(item.question, rng)
    same = exchange.same_words(item.question, text, rng, SAME)
    return replace(item, swaps=(*item.swaps, *swaps), same=tuple(same))


def prepare(rows: Sequence[Row], qamr: int, rng: random.Random) -> tuple[list[str], list[Item]]:
    """Return the windows and the items of all rows."""
    embedder = load_embedder()
    count, limit = token_counter(embedder), token_limit(embedder)
    windows: list[str] = []
    items: list[Item] = []
    for articles, dense in _groups([row for row in rows if row.source != "qamr"]):
        parts = [_Article(rows, count, limit) for rows in tqdm(articles, "split", leave=False)]
        items.extend(_mine(parts, embedder if dense else None, len(windows), rng))
        windows.extend(passage.text for part in parts for passage in part.passages)
    joined = [row for row in rows if row.source == "qamr"]
    items.extend(_join_sentences(joined, qamr, windows, rng))
    return windows, items


class _Article:
    """The paragraphs of one title as one document, and where each row's paragraph stands in it."""

    def __init__(self, rows: Sequence[Row], count: Any, limit: int) -> None:
        self.rows = rows
        self.offsets: dict[str, int] = {}
        text = ""
        for row in rows:
            if row.context not in self.offsets:
                text += "\n\n" if text else ""
                self.offsets[row.context] = len(text)
                text += row.context
        self.document = Document(text)
        target = WINDOW_CHARS[rows[0].source]
        self.passages = split(self.document, count, limit, target)
        self.names = names([row.question for row in rows])

    def spans(self, row: Row) -> list[Offsets]:
        """Return the answers of a row as offsets into the document, without repeats."""
        offset = self.offsets[row.context]
        return sorted({(offset + start, offset + end) for start, end in row.answers})

    def own(self, row: Row) -> set[int]:
        """Return which passages overlap the paragraph of a row."""
        start = self.offsets[row.context]
        end = start + len(row.context)
        return {i for i, p in enumerate(self.passages) if p.start < end and start < p.end}


def _groups(rows: Sequence[Row]) -> Iterator[tuple[list[list[Row]], bool]]:
    """Yield articles that near misses are mined in together, and whether by dense search too.

    A title with many paragraphs is its own group. Those of one paragraph (Natural Questions) are
    one large group; there, and in tales, BM25 alone proposes, since embedding takes the longest.
    """
    titles: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        titles[row.source, row.title.partition("#")[0]].append(row)  # doc2dial: "page#part"
    many = [(source, found) for (source, _), found in titles.items() if not source.startswith("nq")]
    for source, found in tqdm(many, "articles"):
        yield [found], source == "squad"
    single = [found for (source, _), found in titles.items() if source.startswith("nq")]
    if single:
        yield single, False


def _mine(
    articles: Sequence[_Article], embedder: Any, base: int, rng: random.Random
) -> Iterator[Item]:
    """Yield the items of a group of articles; ``base`` is the number of its first window."""
    texts = [passage.text for article in articles for passage in article.passages]
    bm25 = BM25(texts)
    vectors = None if embedder is None else _embed(embedder, texts)
    first = 0
    for article in tqdm(articles, "mine", leave=False, disable=len(articles) == 1):
        queries = (
            None if embedder is None else _embed(embedder, [row.question for row in article.rows])
        )
        for number, row in enumerate(article.rows):
            rankings = [bm25.scores(row.question)]
            if vectors is not None and queries is not None:
                rankings.append(vectors @ queries[number])
            order = fused_order(rankings, depth=20)
            item = _item(article, row, first, texts, order, rng)
            if item is not None:
                window, near = item.window + base, tuple(one + base for one in item.near)
                yield replace(item, window=window, near=near)
        first += len(article.passages)


def _embed(embedder: Any, texts: Sequence[str]) -> Vectors:
    """Embed texts in bf16, which ranks them the same here and takes half the time."""
    with torch.autocast("cpu", torch.bfloat16):
        return embed_passages(embedder, texts)


def _item(
    article: _Article, row: Row, first: int, texts: Sequence[str], order: list[int], rng: Any
) -> Item | None:
    """Return the item of a row, or None when no passage holds an answer whole.

    ``first`` is the number of the article's first window among the group's ``texts``.
    """
    own = article.own(row)
    spans = article.spans(row)
    answers = [article.document.text[start:end] for start, end in spans]
    if not spans:
        ranked = [one - first for one in order if one - first in own]
        chosen = ranked[0] if ranked else min(own)
        near = [one for one in order if one != first + chosen][:NEAR]
        return Item(row.source, row.question, first + chosen, (), tuple(near), "")
    inside = {i: _inside(article.passages[i], spans) for i in own}
    chosen = max(own, key=lambda i: (len(inside[i]), -i))
    if not inside[chosen]:
        return None
    near = [one for one in order if one - first not in own and not holds_any(texts[one], answers)]
    passage = article.passages[chosen]
    cut = cut_answer(passage.text, _sentences(article, passage), inside[chosen])
    swap = swap_name(row.question, passage.text, article.names, rng)
    swaps = (swap,) if swap else ()
    found = tuple(inside[chosen])
    return Item(row.source, row.question, first + chosen, found, tuple(near[:NEAR]), cut, swaps)


def _inside(passage: Passage, spans: Sequence[Offsets]) -> list[Offsets]:
    """Return the spans that lie in a passage, as offsets into its text."""
    return [
        (start - passage.start, end - passage.start)
        for start, end in spans
        if passage.start <= start and end <= passage.end
    ]


def _sentences(article: _Article, passage: Passage) -> list[Offsets]:
    """Return the sentences of a passage as offsets into its text."""
    found = sentences(article.document, passage.start, passage.end)
    return [(start - passage.start, end - passage.start) for start, end in found]


def _join_sentences(
    rows: Sequence[Row], size: int, windows: list[str], rng: random.Random
) -> Iterator[Item]:
    """Yield items of QAMR, whose contexts are one sentence: a few neighbours make a passage.

    Adds the passages to ``windows``: one that answers, and one of the neighbours alone.
    """
    by_title = sorted({(row.title, row.context) for row in rows})
    place = {context: number for number, (_, context) in enumerate(by_title)}
    for row in rng.sample(rows, min(size, len(rows))):
        at = place[row.context]
        near = range(max(0, at - QAMR_REACH), min(len(by_title), at + QAMR_REACH + 1))
        others = [by_title[i][1] for i in near if by_title[i][1] != row.context]
        chosen = rng.sample(others, min(rng.randint(2, 4), len(others)))
        where = rng.randint(0, len(chosen))
        before = "".join(other + " " for other in chosen[:where])
        windows.append(" ".join([*chosen[:where], row.context, *chosen[where:]]))
        windows.append(" ".join(chosen))
        spans = tuple((start + len(before), end + len(before)) for start, end in row.answers)
        answers = [row.context[start:end] for start, end in row.answers]
        near_miss = () if holds_any(windows[-1], answers) else (len(windows) - 1,)
        yield Item("qamr", row.question, len(windows) - 2, spans, near_miss, "")


if __name__ == "__main__":
    main()

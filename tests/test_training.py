"""What trains the reader: spans, scores, near misses, a mixture that resumes, the int8 export."""

import hashlib
import json
import math
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Encoding
from transformers import BertConfig, BertModel

from qa_bot.reader import FEATURES
from qa_bot.reader_model import ReaderModel
from training import train
from training.decode import MAX_ANSWER, Found, best_span
from training.examples import Example, Item, Row, load_items, save_items
from training.mixture import Mixture, crop
from training.model import MAX_TOKENS, SpanModel, encode, new_tokenizer, span_loss, token_spans
from training.negatives import cut_answer, holds_any, swap_one
from training.predict import (
    Logits,
    Prediction,
    exported_tokenizer,
    onnx_scorer,
    predict,
    report,
    torch_scorer,
)
from training.prepare import prepare
from training.scores import auroc, exact, f1, normalized

# Few words, so that an answer turns up again in other paragraphs, as it does in articles.
WORDS = "amber birch cedar delta ember flint grove heron iris jade".split()
SENTENCES = st.lists(st.sampled_from(WORDS), min_size=6, max_size=12).map(
    lambda words: " ".join(words).capitalize() + "."
)
PARAGRAPHS = st.lists(SENTENCES, min_size=1, max_size=9)
TOKENIZER = new_tokenizer()


def tiny_model() -> SpanModel:
    """A BERT of random weights, the same at every call, large enough to give varied logits."""
    torch.manual_seed(1)
    config = BertConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        initializer_range=0.2,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    bert = BertModel(config, add_pooling_layer=False)
    bert.set_attn_implementation("eager")  # as in training
    return SpanModel(bert).eval()


class WordScorer:
    """Points at every token of one word, with a score that grows towards the word's end."""

    def __init__(self, word: str) -> None:
        self.ids = TOKENIZER.encode(word, add_special_tokens=False).ids

    def __call__(self, encodings: list[Encoding]) -> Logits:
        logits = np.zeros((len(encodings), max(len(one.ids) for one in encodings), 2), np.float32)
        for row, one in enumerate(encodings):
            for at in range(len(one.ids)):
                if one.ids[at : at + len(self.ids)] == self.ids:
                    logits[row, at, 0] = logits[row, at + len(self.ids) - 1, 1] = 5
        return logits


class Stopped(Exception):
    """Stands for a kill."""


class StoppingMixture(Mixture):
    """A mixture that is killed when a draw is asked for after the given number of draws."""

    def __init__(self, windows: Sequence[str], items: Sequence[Item], draws: int) -> None:
        super().__init__(windows, items, seed=1)
        self.draws = draws

    def draw(self, progress: float, count: int) -> list[Example]:
        if self.draws == 0:
            raise Stopped
        self.draws -= 1
        return super().draw(progress, count)


def peaks(size: int, start: dict[int, float], end: dict[int, float]) -> np.ndarray:
    """Logits ``(size, 2)`` that are 0 but for the ones given."""
    logits = np.zeros((size, 2), dtype=np.float32)
    for side, values in enumerate((start, end)):
        for place, value in values.items():
            logits[place, side] = value
    return logits


# The choice of a span


def test_a_span_has_the_highest_sum_and_beats_no_answer_by_its_margin() -> None:
    logits = peaks(5, {0: 1, 2: 4, 3: 1}, {0: 2, 3: 3, 4: 2})
    assert best_span(logits, 1, 4) == Found(2, 3, 4 + 3 - 1 - 2)


def test_a_span_ends_where_it_starts_or_later() -> None:
    # 5 + 4 would be best, and goes backwards; next come 5 + 1 = 6 and 1.5 + 4 = 5.5.
    logits = peaks(5, {2: 1.5, 3: 5}, {2: 4, 4: 1})
    assert best_span(logits, 1, 4) == Found(3, 4, 6)


def test_a_span_of_one_token_may_win() -> None:
    assert best_span(peaks(4, {2: 3}, {2: 3}), 1, 3) == Found(2, 2, 6)


def test_tokens_outside_the_text_are_not_chosen() -> None:
    logits = peaks(6, {1: 9, 3: 1, 5: 9}, {1: 9, 4: 1, 5: 9})
    assert best_span(logits, 2, 4) == Found(3, 4, 2)


def test_a_span_is_no_longer_than_allowed() -> None:
    longest = peaks(100, {1: 5}, {MAX_ANSWER: 5})
    assert best_span(longest, 1, 99) == Found(1, MAX_ANSWER, 10)
    longer = peaks(100, {1: 5}, {MAX_ANSWER + 1: 5})
    assert best_span(longer, 1, 99).score == 5


def test_a_text_that_does_not_answer_scores_below_zero() -> None:
    assert best_span(peaks(3, {0: 6}, {0: 6}), 1, 2).score == -12


# Scores


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The Eiffel Tower!", ["eiffel", "tower"]),
        ("an  apple\na day", ["apple", "day"]),
        ("5 a.m.", ["5", "am"]),
        ("well-known", ["wellknown"]),
        ("theatre", ["theatre"]),
        ("The", []),
    ],
)
def test_words_are_compared_as_squad_does(text: str, words: list[str]) -> None:
    assert normalized(text) == words


def test_exact_match_and_f1_take_the_best_gold_answer() -> None:
    assert exact("the Louvre.", ["Paris", "Louvre"]) == 1.0
    assert exact("in the Louvre", ["Paris", "Louvre"]) == 0.0
    assert f1("the cat sat", ["cat sat down", "dog"]) == 2 * 2 / (2 + 3)
    assert f1("cat cat", ["cat"]) == 2 * 1 / (2 + 1)
    assert f1("dog", ["cat"]) == 0.0


def test_where_nothing_answers_saying_nothing_is_right() -> None:
    assert (exact("", []), f1("", [])) == (1.0, 1.0)
    assert (exact("cat", []), f1("cat", [])) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("scores", "positive", "area"),
    [
        ([3, 2, 1], [True, True, False], 1.0),
        ([1, 2, 3], [True, True, False], 0.0),
        ([3, 1, 2], [True, True, False], 0.5),
        ([1, 1], [True, False], 0.5),
        ([2, 1, 1, 0], [True, True, False, False], 0.875),
    ],
)
def test_auroc_counts_ordered_pairs(scores: list[float], positive: list[bool], area: float) -> None:
    assert auroc(scores, positive) == area


def test_auroc_of_one_kind_alone_is_not_a_number() -> None:
    assert math.isnan(auroc([1.0, 2.0], [True, True]))


def test_the_report_allows_no_answer_at_the_best_threshold() -> None:
    def row(answers: tuple[tuple[int, int], ...]) -> Row:
        return Row("", "squad", "", "one two three", "?", answers)

    rows = [row(((0, 3),)), row(((4, 7),)), row(()), row(())]
    found = [
        Prediction("one", 4),  # right
        Prediction("two three", 1),  # half right: F1 2/3
        Prediction("one", 2),
        Prediction("one", -3),
    ]
    # Best: answer the first alone, and both refusals are right: 3 of 4. One more answer, of 2/3,
    # would cost the refusal between them.
    assert report(rows, found)["all"] == {
        "questions": 4.0,
        "em": 50.0,
        "f1": pytest.approx(100 * (1 + 2 / 3) / 2),
        "f1_none": pytest.approx(75.0),
        "auroc": 0.75,
    }


# Examples


def answered_rows(
    paragraphs: Sequence[Sequence[str]], picks: Sequence[tuple[int, int, int]], source: str
) -> list[Row]:
    """A row for each paragraph, asking for some words of one of its sentences."""
    rows = []
    for number, (lines, (sentence, first, count)) in enumerate(zip(paragraphs, picks, strict=True)):
        context = " ".join(lines)
        line = lines[sentence % len(lines)]
        words = line.rstrip(".").split()
        chosen = words[first % len(words) :][:count]
        before = " ".join(words[: first % len(words)])
        at = sum(len(other) + 1 for other in lines[: sentence % len(lines)])
        start = at + len(before) + bool(before)
        spans = ((start, start + len(" ".join(chosen))),)
        question = f"number {number} {words[0]} {words[-1]}?"
        rows.append(Row(str(number), source, f"title {number % 2}", context, question, spans))
    return rows


@given(st.data(), st.sampled_from(["fairytaleqa", "nq-open", "qamr"]))
@settings(max_examples=40, deadline=None)
def test_windows_hold_the_answer_and_near_misses_do_not(data: st.DataObject, source: str) -> None:
    one_sentence = PARAGRAPHS.map(lambda lines: lines[:1])
    paragraphs = data.draw(
        st.lists(one_sentence if source == "qamr" else PARAGRAPHS, min_size=2, max_size=5)
    )
    pick = st.tuples(st.integers(0, 8), st.integers(0, 11), st.integers(1, 3))
    rows = answered_rows(paragraphs, [data.draw(pick, label="answer") for _ in paragraphs], source)
    windows, items = prepare(rows, len(rows), random.Random(1))
    assert sorted(item.question for item in items) == sorted(row.question for row in rows)
    for item in items:
        (row,) = [row for row in rows if row.question == item.question]
        answer = row.context[slice(*row.answers[0])]
        assert {windows[item.window][start:end] for start, end in item.spans} == {answer}
        assert not any(holds_any(windows[near], [answer]) for near in item.near)
        assert item.window not in item.near
        assert not holds_any(item.cut, [answer])


def test_a_near_miss_is_found_in_the_same_article() -> None:
    lines = [
        [f"The {word} tower was built by {name} and stands by the river, north of the old market."]
        for word, name in zip(WORDS, reversed(WORDS), strict=True)
    ]
    rows = answered_rows(lines, [(0, 6, 1)] * len(lines), "nq-open")
    windows, items = prepare(rows, 0, random.Random(1))
    assert [windows[item.window][slice(*item.spans[0])] for item in items] == [
        row.context[slice(*row.answers[0])] for row in sorted(rows, key=lambda row: row.title)
    ]
    assert {len(item.near) for item in items} == {4}


def test_an_unanswerable_question_keeps_its_paragraph_and_no_answer() -> None:
    paragraph = "Amber grows in the grove. Birch does not."
    row = Row("1", "fairytaleqa", "trees", paragraph, "Where does cedar grow?", ())
    windows, (item,) = prepare([row], 0, random.Random(1))
    assert (windows[item.window], item.spans) == (paragraph, ())


@given(PARAGRAPHS, st.integers(40, 400), st.data())
@settings(deadline=None)
def test_cropping_keeps_every_answer(lines: list[str], chars: int, data: st.DataObject) -> None:
    text = " ".join(lines)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    second = data.draw(st.integers(0, len(text) - 1))
    spans = ((start, end), (second, second + 1))
    cropped = crop(Example("?", text, spans), chars, random.Random(data.draw(st.integers(0, 99))))
    assert cropped.text in text
    assert [cropped.text[a:b] for a, b in cropped.spans] == [text[a:b] for a, b in spans]


def test_cropping_leaves_whole_sentences() -> None:
    text = "One is here. Two is there. Three is gone. Four is left."
    found = {crop(Example("?", text, ()), 29, random.Random(seed)).text for seed in range(40)}
    assert found == {
        "One is here. Two is there. ",
        "Two is there. Three is gone. ",
        "Three is gone. Four is left.",
    }


@pytest.mark.parametrize(
    ("text", "answers", "held"),
    [
        ("The Battle of Hastings.", ["battle of hastings"], True),
        ("He won in 1066!", ["1066"], True),
        ("Hastings fell.", ["rome", "hastings"], True),
        ("He won in 10660", ["1066"], False),
        ("a state", ["at"], False),
        ("Hastings, the battle of", ["battle of Hastings"], False),
    ],
)
def test_an_answer_is_held_word_by_word(text: str, answers: list[str], held: bool) -> None:
    assert holds_any(text, answers) is held


def test_cutting_leaves_nothing_when_another_sentence_answers_too() -> None:
    filler = "It is a long way to the old town and further still. " * 5
    text = "Ada won. " + filler + "Ada left."
    sentences = [(0, 8), (9, 9 + len(filler) - 1), (9 + len(filler), len(text))]
    assert cut_answer(text, sentences, [(0, 3)]) == ""
    assert cut_answer(text, sentences, [(4, 7)]) == filler.rstrip() + " Ada left."


def test_swapping_asks_for_what_the_text_does_not_say() -> None:
    text = "In 1889 the first tower was built by Gustave."
    pool = {"name": [], "year": ["1889", "1912"], "number": []}
    rng = random.Random(1)
    assert swap_one("Who built it in 1889?", text, pool, rng) == "Who built it in 1912?"
    assert swap_one("Who built the first tower?", text, pool, rng) == "Who built the last tower?"
    assert swap_one("Who built it?", text, pool, rng) == ""


def test_items_are_read_as_they_were_written(tmp_path: Path) -> None:
    windows = ["A “quoted” text.", "Another."]
    items = [
        Item("squad", "Who?", 0, ((2, 10),), (1,), "cut", "swap"),
        Item("qamr", "What?", 1, (), (), "", ""),
    ]
    save_items(tmp_path, windows, items)
    assert load_items(tmp_path) == (windows, items)


# The model


@given(PARAGRAPHS, st.data())
@settings(deadline=None)
def test_tokens_cover_an_answer(lines: list[str], data: st.DataObject) -> None:
    text = " ".join(lines)
    starts = [0, *(at + 1 for at, character in enumerate(text) if character == " ")]
    start = data.draw(st.sampled_from(starts))
    end = data.draw(st.sampled_from([text.find(" ", start), len(text)]).filter(lambda at: at > 0))
    encoding = TOKENIZER.encode("amber or birch?", text)
    ((first, last),) = token_spans(encoding, [(start, end)])
    assert text[encoding.offsets[first][0] : encoding.offsets[last][1]] == text[start:end]


def test_an_answer_that_was_cut_away_teaches_nothing() -> None:
    text = "amber " * MAX_TOKENS + "birch"
    encoding = TOKENIZER.encode("Which tree?", text)
    assert token_spans(encoding, [(len(text) - 5, len(text))]) == []
    assert token_spans(encoding, [(0, len(text))]) == []  # begins inside, and was cut


def test_the_loss_is_of_any_right_answer() -> None:
    example = Example("who?", "amber birch", ((0, 5), (6, 11)))
    batch = encode(TOKENIZER, [(example.question, example.text)])
    amber, birch = ((at, at) for (at, _) in token_spans(batch.encodings[0], example.spans))
    logits = torch.zeros(1, batch.ids.shape[1], 2)
    logits[0, amber[0]] = math.log(2)
    allowed = int(batch.allowed.sum())
    assert allowed == 1 + 2 and birch[0] == amber[0] + 1
    # Weights 2, 1 and 1 of 4: amber (1/2)², birch (1/4)².
    assert span_loss(logits, batch, [example]).item() == pytest.approx(-math.log(1 / 4 + 1 / 16))
    none = Example("who?", "amber birch", ())
    assert span_loss(logits, batch, [none]).item() == pytest.approx(-math.log(1 / 16))


@given(st.integers(0, 900), st.integers(1, 40))
@settings(max_examples=30, deadline=None)
def test_an_answer_is_found_wherever_a_long_text_has_it(before: int, asked: int) -> None:
    text = "amber " * before + "Xylophone quartz" + " birch" * (900 - before)
    row = Row("", "squad", "", text, "why " * asked, ())
    assert predict(WordScorer("xylophone quartz"), new_tokenizer(), [row]) == [
        Prediction("Xylophone quartz", 10)
    ]


def test_answers_come_in_the_order_of_the_questions() -> None:
    texts = ["cedar " * count + "amber" for count in (30, 1, 400, 7)]
    rows = [Row("", "squad", "", text, "which?", ()) for text in texts]
    rows.insert(2, Row("", "squad", "", "cedar", "which?", ()))
    found = predict(WordScorer("amber"), new_tokenizer(), rows, size=2)
    assert [one.score for one in found] == [10, 10, 0, 10, 10]


def test_a_tokenizer_that_does_not_cut_is_refused() -> None:
    tokenizer = new_tokenizer()
    tokenizer.no_truncation()
    with pytest.raises(ValueError, match="does not cut"):
        predict(WordScorer("amber"), tokenizer, [])


# Training


def trained_items() -> tuple[list[str], list[Item]]:
    windows = [f"{word.capitalize()} met {other} here." for word in WORDS for other in WORDS]
    items = [
        Item("squad" if at % 3 else "nq-qed", f"Who met {at}?", at, ((0, 4),), (at - 1,), "", "")
        for at in range(1, len(windows))
    ]
    return windows, items


@pytest.fixture
def small_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "new_model", tiny_model)
    monkeypatch.setattr(train, "DRAW", 8)
    monkeypatch.setattr(train, "BATCH", 4)
    monkeypatch.setattr(train, "CHECKPOINT_SECONDS", 0)


def start_run(folder: Path, draws: int) -> train.Run:
    mixture = StoppingMixture(*trained_items(), draws)
    return train.Run(folder, mixture, rate=3e-3, seconds=1e6, threads=2)


@pytest.mark.usefixtures("small_training")
def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    killed = start_run(tmp_path, draws=3)
    with pytest.raises(Stopped):
        killed.train(dev=[])
    resumed = start_run(tmp_path, draws=2)
    assert (resumed.steps, resumed.examples) == (killed.steps, killed.examples)
    assert resumed.steps >= 3
    assert resumed.elapsed == killed.elapsed > 0
    assert resumed.mixture.taken == killed.mixture.taken
    assert sum(resumed.mixture.taken.values()) == 3 * 8
    for mine, saved in zip(resumed.weights.parameters(), killed.weights.parameters(), strict=True):
        assert torch.equal(mine, saved)
        state, before = resumed.optimizer.state[mine], killed.optimizer.state[saved]
        assert state.keys() == before.keys() == {"step", "exp_avg", "exp_avg_sq"}
        assert all(torch.equal(state[name], before[name]) for name in state)
    again = Mixture(*trained_items(), seed=1)
    again.taken = dict(killed.mixture.taken)
    assert resumed.mixture.draw(0.5, 8) == again.draw(0.5, 8)
    with pytest.raises(Stopped):
        resumed.train(dev=[])
    assert sum(resumed.mixture.taken.values()) == 3 * 8 + 8 + 8
    assert resumed.steps > killed.steps


@pytest.mark.usefixtures("small_training")
def test_training_learns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "WARM_UP", 1e-12)  # the whole rate at once
    run = start_run(tmp_path, draws=24)
    with pytest.raises(Stopped):
        run.train(dev=[])
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    losses = [json.loads(line)["loss"] for line in lines]
    assert len(losses) == 24
    assert np.mean(losses[-6:]) < np.mean(losses[:6]) - 0.5


def test_the_mixture_gives_every_item_once_a_pass() -> None:
    windows, items = trained_items()
    only = [item for item in items if item.source == "squad"]
    mixture = Mixture(windows, only, seed=1)
    drawn = mixture.draw(0.9, len(only))
    answered = {example.text for example in drawn if example.spans}
    assert answered == {windows[item.window] for item in only}


# The export


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason="run: python -m pip install -e .[training]")
    from training.export import export

    folder = tmp_path_factory.mktemp("exported")
    export(tiny_model(), folder)
    return folder


def pairs(folder: Path) -> list[Encoding]:
    """The same pairs at every call, tokenized anew: a scorer may pad what it is given."""
    texts = [("who?", "amber birch."), ("Where is the heron?", "In the grove of cedar, by iris.")]
    return exported_tokenizer(folder).encode_batch(texts)


def test_int8_gives_nearly_the_logits_of_fp32(exported: Path) -> None:
    from training.export import cosine

    fp32, int8 = torch_scorer(tiny_model()), onnx_scorer(exported / "reader.onnx")
    before, after = fp32(pairs(exported)), int8(pairs(exported))
    for row, pair in enumerate(pairs(exported)):
        size = len(pair.ids)
        assert before[row, :size].std() > 0.3  # else anything would be alike
        assert after[row, :size] == pytest.approx(before[row, :size], abs=0.05)
    assert cosine(fp32, int8, pairs(exported)) > 0.995


def test_int8_scores_a_pair_alike_in_any_company(exported: Path) -> None:
    int8 = onnx_scorer(exported / "reader.onnx")
    together = int8(pairs(exported))
    for row, pair in enumerate(pairs(exported)):
        assert int8([pair])[0] == pytest.approx(together[row, : len(pair.ids)], abs=0.05)


def test_the_package_reads_an_export_as_it_was_scored(exported: Path) -> None:
    texts = ["amber birch.", "In the grove of cedar, by iris. No heron is in the jade grove."]
    rows = [Row("", "squad", "", text, "Where is the heron?", ()) for text in texts]
    scored = predict(onnx_scorer(exported / "reader.onnx"), exported_tokenizer(exported), rows)
    read = ReaderModel(exported).find("Where is the heron?", texts)
    for text, one, other in zip(texts, scored, read, strict=True):
        assert other is not None
        assert text[other.start : other.end] == one.text
        assert other.margin == pytest.approx(one.score, abs=1e-3)


def test_an_export_is_described_and_names_no_folder_of_this_machine(exported: Path) -> None:
    card = json.loads((exported / "reader.json").read_text())
    files = {name: (exported / name).read_bytes() for name in ("reader.onnx", "tokenizer.json")}
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    assert (card["sha256"], card["max_tokens"]) == (sums, MAX_TOKENS)
    # Before calibration the margin, the first feature, is the logit of the confidence.
    assert card["calibration"]["features"] == list(FEATURES)
    assert card["calibration"]["weights"] == [1.0, *([0.0] * (len(FEATURES) - 1))]
    assert (FEATURES[0], card["calibration"]["bias"]) == ("margin", 0.0)
    for trace in (b"stack_trace", b"site-packages", bytes(Path(__file__).parents[1])):
        assert trace not in files["reader.onnx"]


def test_the_exported_tokenizer_cuts_only_where_the_model_must(exported: Path) -> None:
    settings_kept = json.loads((exported / "tokenizer.json").read_text())
    assert (settings_kept["truncation"], settings_kept["padding"]) == (None, None)
    pair = ("Which tree?", "amber birch " * 300)
    assert exported_tokenizer(exported).encode(*pair).ids == TOKENIZER.encode(*pair).ids

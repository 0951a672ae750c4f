"""The training data: windows, near misses, crops, and a mixture that can be resumed."""

import gzip
import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.training_fakes import PARAGRAPHS, WORDS, trained_items
from training.examples import Example, Item, Row, load_items, save_items
from training.mixture import SHARES, Mixture, Share, crop
from training.negatives import cut_answer, holds_any, swap_name
from training.prepare import prepare, rows_of
from training.questions import as_yes_no, vary


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


@pytest.mark.slow
@given(st.data(), st.sampled_from(["fairytaleqa", "nq-open", "qamr"]))
@settings(max_examples=40, deadline=None)
def test_windows_hold_the_answer_and_near_misses_do_not(data: st.DataObject, source: str) -> None:
    one_sentence = PARAGRAPHS.map(lambda lines: lines[:1])
    paragraphs = data.draw(
        st.lists(one_sentence if source == "qamr" else PARAGRAPHS, min_size=2, max_size=5)
    )
    pick = st.tuples(st.integers(0, 8), st.integers(0, 11), st.integers(1, 3))
    rows = answered_rows(paragraphs, [data.draw(pick, label="answer") for _ in paragraphs], source)
    windows, items = prepare(rows, random.Random(1))
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
    windows, items = prepare(rows, random.Random(1))
    assert [windows[item.window][slice(*item.spans[0])] for item in items] == [
        row.context[slice(*row.answers[0])] for row in rows
    ]
    assert {len(item.near) for item in items} == {4}


def test_an_unanswerable_question_keeps_its_paragraph_and_no_answer() -> None:
    paragraph = "Amber grows in the grove. Birch does not."
    row = Row("1", "fairytaleqa", "trees", paragraph, "Where does cedar grow?", ())
    windows, (item,) = prepare([row], random.Random(1))
    assert (windows[item.window], item.spans) == (paragraph, ())


@pytest.mark.slow
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


def test_a_name_of_another_article_is_asked_for() -> None:
    text = "In 1889 the first tower was built by Gustave."
    pool = {"name": [], "year": ["1889", "1912"], "number": []}
    rng = random.Random(1)
    assert swap_name("Who built it in 1889?", text, pool, rng) == "Who built it in 1912?"
    assert swap_name("Who built it?", text, pool, rng) == ""


def test_items_are_read_as_they_were_written(tmp_path: Path) -> None:
    windows = ["A “quoted” text.", "Another."]
    items = [
        Item("squad", "Who?", 0, ((2, 10),), (1,), "cut", ("swap",), ("a", "b")),
        Item("qamr", "What?", 1, (), (), ""),
    ]
    save_items(tmp_path, windows, items)
    assert load_items(tmp_path) == (windows, items)


def test_the_mixture_gives_every_item_once_a_pass() -> None:
    windows, items = trained_items()
    only = [item for item in items if item.source == "squad"]
    mixture = Mixture(windows, only, seed=1)
    texts = Counter(
        example.text
        for number in range(6)
        for question in mixture.draw(number, len(only) // 3)
        for example in question
        if example.spans
    )
    assert texts == {windows[item.window]: 2 for item in only}


def test_a_source_has_its_share_of_every_draw() -> None:
    windows = ["Ada won.", "Bo lost."]
    items = [Item("squad", f"Who won {number}?", 0, ((0, 3),), (), "") for number in range(7)] + [
        Item("qamr", "Who lost?", 1, ((0, 2),), (), "")
    ]
    mixture = Mixture(
        windows, items, 1, {"squad": Share(30), "qamr": Share(10), "clapnq": Share(9)}
    )
    for number in range(8):
        texts = [question[0].text for question in mixture.draw(number, 10)]
        assert texts.count("Ada won.") in (7, 8) and texts.count("Bo lost.") in (2, 3)
    with pytest.raises(ValueError, match="no share for: qamr"):
        Mixture(windows, items, 1, {"squad": Share(1)})


def test_a_draw_is_the_same_whatever_was_drawn_before() -> None:
    first, second = (Mixture(*trained_items(), seed=1) for _ in range(2))
    drawn = [first.draw(number, 40) for number in range(5)]
    assert second.draw(4, 40) == drawn[4]
    assert second.draw(2, 40) == drawn[2] != drawn[3]
    assert Mixture(*trained_items(), seed=2).draw(2, 40) != drawn[2]


def test_a_question_is_read_with_its_window_and_then_with_near_misses() -> None:
    windows = ["Ada won.", "Bo lost.", "Cy left."]
    item = Item("squad", "Who won?", 0, ((0, 3),), (1, 2), "")
    drawn = Mixture(windows, [item], seed=1).draw(0, 200)
    assert {asked[0].text for asked in drawn} == {"Ada won."}
    assert {asked[0].spans for asked in drawn} == {((0, 3),)}
    others = Counter(tuple(sorted(one.text for one in asked[1:])) for asked in drawn)
    assert others.keys() == {(), ("Bo lost.",), ("Cy left.",), ("Bo lost.", "Cy left.")}
    assert 200 - others[()] == pytest.approx(200 * SHARES["squad"].near, abs=20)
    assert others["Bo lost.", "Cy left."] == pytest.approx(100 * SHARES["squad"].near, abs=25)
    for asked in drawn:
        assert len({one.question for one in asked}) == 1
        assert all(one.spans == () for one in asked[1:])


def test_a_question_is_asked_in_other_forms() -> None:
    windows = ["Ada won."]
    item = Item("squad", "Who won?", 0, ((0, 3),), (), "He left.", ("Who left?",), ("Who gained?",))
    drawn = Mixture(windows, [item], seed=1).draw(0, 400)
    asked = Counter(question[0].question.lower().rstrip("?") for question in drawn)
    assert asked["who left"] == pytest.approx(0.4 * 400, abs=60)
    assert asked["who gained"] == pytest.approx(0.2 * 400, abs=40)
    assert {q[0].spans for q in drawn if q[0].question.lower().startswith("who left")} == {()}
    cut = sum("He left." in [one.text for one in question] for question in drawn)
    assert cut == pytest.approx(0.15 * 400, abs=30)


def test_texts_are_cropped_to_a_length_by_the_draw() -> None:
    sentence = "It is a long way to the old town, and further still. "
    item = Item("squad", "Who?", 0, (), (), "")
    mixture = Mixture([40 * sentence], [item], seed=1)
    longest = [max(len(q[0].text) for q in mixture.draw(number, 10)) for number in range(5)]
    assert longest == [
        chars // len(sentence) * len(sentence) for chars in (600, 700, 1000, 1200, 600)
    ]


def test_rows_that_are_no_use_are_left_out(tmp_path: Path) -> None:
    def row(source: str, question: str, context: str) -> dict[str, object]:
        raw = {"id": "1", "source": source, "title": None, "context": context}
        return raw | {"question": question, "answers": []}

    long = "Ada was born in the old town by the river."
    files = {
        "train.jsonl.gz": [row("squad", "Who?", "Ada."), row("nq-open", "Who was it?", "Ada.")],
        "more-train.jsonl.gz": [row("afriqa", "?", long), row("bioasq", "Where?", long)],
        "doc2dial.jsonl.gz": [
            row("doc2dial", "Where is it?", long),
            row("doc2dial", "Where do people of the old town go?", long),
        ],
    }
    for name, rows in files.items():
        with gzip.open(tmp_path / name, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(one) + "\n" for one in rows)
    kept = rows_of(tmp_path)
    assert [(one.source, one.title) for one in kept] == [
        ("squad", ""), ("bioasq", ""), ("doc2dial", "")
    ]  # fmt: skip
    assert kept[-1].question.startswith("Where do people")


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("What was the first capital?", "Rome", "Was Rome the first capital?"),
        ("Which tree is the oldest?", "the birch", "Is the birch the oldest?"),
        ("When did it open?", "in 1889", "Did it open in 1889?"),
        ("Why can they fly?", "their wings", "Can they fly?"),
        ("Where was he born", "one two three four five six seven", "Was he born?"),
        ("Who was it", "one two three four five six seven", "Who was it"),
        ("Who won the race?", "Ada", "Who won the race?"),
    ],
)
def test_a_question_becomes_one_of_yes_or_no(question: str, answer: str, expected: str) -> None:
    assert as_yes_no(question, answer) == expected


def test_a_question_is_written_as_people_do() -> None:
    question = "When did Ada Lovelace meet Charles Babbage in London?"
    found = {vary(question, random.Random(seed)) for seed in range(300)}
    assert question in found
    assert question.lower() in found
    assert question.removesuffix("?") in found
    assert "Ada Lovelace meet Charles Babbage London" in found
    assert "When did Ada Lovelace meet he in London? Charles Babbage" in found

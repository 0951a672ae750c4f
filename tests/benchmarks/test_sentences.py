"""The sentence benchmark counts correctly, on cases small enough to count by hand."""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.sentences import (
    Joined,
    Score,
    answer_places,
    boundaries,
    join,
    main,
    measure,
    ours,
    sentencex_masked,
    to_markdown,
)

GROUP = Joined("It ran. Mr. Fox ran. It ended.", frozenset({7, 20}))


def at_full_stops(text: str) -> list[int]:
    """A splitter that ends a sentence after each full stop and space."""
    return [place + 2 for place, character in enumerate(text) if character == "."]


def test_a_splitter_at_full_stops_scored_by_hand() -> None:
    places = {"Dr. No is in. He is out.": {(0, 6), (7, 12), (11, 16)}, "No stop": {(0, 2)}}
    score = measure(at_full_stops, [GROUP], places)
    # In the group it ends sentences at 7 and 20, rightly, and at 11, wrongly. In the contexts its
    # ends at 3 and 13 cut "Dr. No" and "in. H", and leave "is in" and "No" whole.
    assert (score.right, score.wrong, score.missed) == (2, 1, 0)
    assert (score.cut, score.answers) == (2, 4)
    assert score.precision == pytest.approx(2 / 3)
    assert score.recall == 1.0
    assert score.f1 == pytest.approx(0.8)


def test_a_splitter_that_finds_nothing() -> None:
    score = measure(lambda text: [len(text)], [GROUP], {"It ran. It ended.": {(3, 9)}})
    assert (score.right, score.wrong, score.missed, score.cut) == (0, 0, 2, 0)
    assert (score.precision, score.recall, score.f1) == (0.0, 0.0, 0.0)


def test_neither_the_start_nor_the_end_of_a_text_is_a_boundary() -> None:
    assert boundaries("One. Two. ", [0, 5, 9, 10]) == {4}


def test_an_answer_that_ends_with_a_sentence_is_not_cut() -> None:
    assert measure(at_full_stops, [], {"It ran. It ended.": {(3, 7), (8, 10)}}).cut == 0


def test_joined_sentences_end_where_they_say() -> None:
    sentences = ["It ran. ", "It hid.", "It ran.", "It fell down.", "It got up."]
    members = []
    for group in join(sentences, size=2):
        (end,) = group.ends
        members += [group.text[:end], group.text[end + 1 :]]
    assert sorted(members) == ["It fell down.", "It got up.", "It hid.", "It ran."]


def test_the_order_of_joined_sentences_is_that_of_the_seed() -> None:
    sentences = [f"It ran {times} times." for times in range(16)]
    assert join(sentences, seed=1) == join(reversed(sentences), seed=1)
    assert join(sentences, seed=1) != join(sentences, seed=2)


def test_the_places_of_answers_are_counted_once() -> None:
    answer = {"start": 3, "text": "ran"}
    rows: list[dict[str, Any]] = [
        {"context": "It ran.", "answers": [answer, answer]},
        {"context": "It ran.", "answers": [{"start": 0, "text": "It"}]},
        {"context": "It hid.", "answers": []},
    ]
    assert answer_places(rows) == {"It ran.": {(3, 6), (0, 2)}}


def test_ours_and_the_masked_one_keep_a_closing_mark_with_its_sentence() -> None:
    text = "“It ran. It hid.” We left."
    for split in (ours(), sentencex_masked()):
        assert boundaries(text, split(text)) == {8, 17}


def test_the_table() -> None:
    scores = {"ours": Score(2, 1, 0, 1, 4, 0.5), "fast": Score(1, 0, 1, 0, 4, 0.125), "gone": None}
    assert to_markdown(scores, unit=0.5).splitlines()[2:] == [
        "| ours | 0.667 | 1.000 | 0.800 | 1 of 4 | 1.00 |",
        "| fast | 1.000 | 0.500 | 0.667 | 0 of 4 | 0.25 |",
        "| gone | not installed |  |  |  |  |",
    ]


def test_what_is_not_installed_is_said_to_be_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sentences = ["It ran.", "It hid.", "It fell.", "It sat.", "It sang.", "It ate.", "It swam."]
    rows = [{"source": "qamr", "context": text} for text in [*sentences, "It flew."]]
    answers = [{"context": "It ran.", "answers": [{"start": 3, "text": "ran"}]}]
    for name, lines in (("train.jsonl.gz", rows), ("dev.jsonl.gz", answers)):
        with gzip.open(tmp_path / name, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
    for module in ("pysbd", "syntok", "syntok.segmenter", "nupunkt", "blingfire"):
        monkeypatch.setitem(sys.modules, module, None)  # as if it were not there

    main([str(tmp_path)])
    printed = capsys.readouterr().out
    assert printed.startswith("Sentences joined: 8; answers: 1\n")
    assert "| ours | 1.000 | 1.000 | 1.000 | 0 of 1 | 1.00 |" in printed
    for name in ("pysbd", "syntok", "nupunkt", "blingfire"):
        assert f"| {name} | not installed |" in printed

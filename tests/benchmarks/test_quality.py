"""The counts of right answers, characters read and refusals, against counts by hand."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import quality, record
from benchmarks.data import Case, Collection
from benchmarks.peers import Result
from benchmarks.quality import (
    NOTHING,
    Places,
    Table,
    ask,
    attempt,
    choose,
    judge,
    main,
    refused_at,
    summarise,
    summary,
)
from qa_bot.datatypes import Document, Span

PETS = Document("Cats sleep all day.  They eat fish.\nDogs eat meat.", "Pets")
FISH = Span(PETS, PETS.text.index("fish"), PETS.text.index("fish") + len("fish"))
NAN = float("nan")


class SentencePeer:
    """Finds the sentences of PETS in the order and with the scores it is given."""

    def __init__(self, results: Sequence[tuple[str, float | None]]) -> None:
        self._results = [Result(text, PETS.id, score) for text, score in results]

    def build(self, documents: Sequence[Document], /) -> None:
        assert tuple(documents) == (PETS,)

    def search(self, query: str, k: int, /) -> list[Result]:
        return self._results[:k]

    def save(self, folder: Path, /) -> None:
        raise AssertionError("quality saves nothing")

    def open(self, folder: Path, /) -> None:
        raise AssertionError("quality opens nothing")

    def __len__(self) -> int:
        return 3


def asked(results: Sequence[tuple[str, float | None]], *cases: Case) -> Table:
    return ask(SentencePeer(results), [Collection("made", (PETS,), cases)])


CURVE = [
    {"size": 100, "length": 90.0, "in_first": 0.3},
    {"size": 200, "length": 160.0, "in_first": 0.6},
    {"size": 500, "length": 400.0, "in_first": 0.9},
]
ANSWERABLE = Case("What do cats eat?", (FISH,))
UNANSWERABLE = Case("Who feeds the cats?", ())


def test_an_answer_in_the_second_result_is_in_the_top_and_two_are_read() -> None:
    found = asked([("Dogs eat meat.", 0.9), ("They eat fish.", 0.8), ("Cats", 0.1)], ANSWERABLE)
    assert found.in_first.tolist() == [0.0]
    assert found.in_top.tolist() == [1.0]
    assert found.length.tolist() == [len("Dogs eat meat.")]
    assert found.read.tolist() == [len("Dogs eat meat.") + len("They eat fish.")]
    assert found.score.tolist() == [0.9]
    assert found.passages == 3


def test_who_finds_nothing_right_has_made_a_person_read_everything() -> None:
    found = asked([("Cats sleep", 0.9), ("Dogs eat", 0.8)], ANSWERABLE)
    assert (found.in_first.tolist(), found.in_top.tolist()) == ([0.0], [0.0])
    assert found.read.tolist() == [len("Cats sleep") + len("Dogs eat")]


def test_an_unanswerable_question_has_a_score_and_nothing_to_find() -> None:
    found = asked([("They eat fish.", 0.7)], UNANSWERABLE)
    assert found.answerable.tolist() == [0.0]
    assert np.isnan(found.in_first).all() and np.isnan(found.read).all()
    assert found.score.tolist() == [0.7]


def test_nothing_found_is_refused_first_and_no_score_is_no_number() -> None:
    assert asked([], ANSWERABLE).score.tolist() == [NOTHING]
    assert np.isnan(asked([("They eat fish.", None)], ANSWERABLE).score).all()


def test_the_same_words_at_another_place_are_not_the_answer() -> None:
    twice = Document("We eat fish. Cats eat fish.")
    answer = Case("What do cats eat?", (Span(twice, 22, 26),))
    places = {twice.id: Places(twice)}
    wrong = judge(answer, [Result("We eat fish.", twice.id, 1.0)], places)
    right = judge(answer, [Result("Cats eat fish.", twice.id, 1.0)], places)
    assert (wrong[1], right[1]) == (0.0, 1.0)


@pytest.mark.slow
@given(st.text(alphabet="ab \n\t\u00a0", min_size=1).filter(str.strip), st.data())
def test_a_slice_is_found_whatever_became_of_its_blanks(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    letters = "".join(text[start:end].split())
    if not letters:
        return
    found = Places(Document(text)).find(" ".join(letters))
    assert "".join(found.text.split()) == letters
    assert found.text == found.text.strip()


def test_words_that_are_not_in_the_document_are_an_error() -> None:
    with pytest.raises(ValueError, match="not in its document"):
        Places(PETS).find("Birds sing.")
    with pytest.raises(ValueError, match="not in its document"):
        Places(PETS).find(" ")


def scored(own: Sequence[float], other: Sequence[float]) -> Table:
    count = len(own) + len(other)
    kind = np.array([1.0] * len(own) + [0.0] * len(other))
    column = np.full(count, NAN)
    return Table(9, kind, column, column, column, column, np.array([*own, *other], dtype=float))


def test_refusals_are_counted_below_the_threshold_that_loses_the_share() -> None:
    found = scored([0.1, 0.2, 0.3, 0.4, 0.5], [0.05, 0.15, 0.25, 0.35])
    rows = np.arange(9)
    assert refused_at(found, 0.0, rows) == 0.25  # below 0.1: one of four
    assert refused_at(found, 0.2, rows) == 0.5  # below 0.2
    assert refused_at(found, 0.4, rows) == 0.75


def test_equal_scores_do_not_lose_more_than_the_share() -> None:
    found = scored([0.5, 0.5, 0.5, 0.9], [0.5, 0.4])
    assert refused_at(found, 0.5, np.arange(6)) == 0.5  # 0.5 itself is kept


def test_without_scores_or_without_a_kind_of_question_there_is_no_share() -> None:
    assert math.isnan(refused_at(scored([NAN, 0.2], [0.1]), 0.1, np.arange(3)))
    assert math.isnan(refused_at(scored([0.1, 0.2], []), 0.1, np.arange(2)))


def test_the_best_size_is_chosen_among_those_as_short_as_ours() -> None:
    assert [choose(CURVE, length) for length in (150, 140, 400, 10)] == [200, 100, 500, 100]


@pytest.mark.slow
def test_a_summary_has_values_intervals_and_the_paired_difference() -> None:
    ours = asked([("They eat fish.", 0.9)], ANSWERABLE, ANSWERABLE)
    peer = asked([("Dogs eat meat.", None)], ANSWERABLE, ANSWERABLE)
    found = summary(peer, ours)
    assert found["in_first"] == [0.0, 0.0, 0.0]
    assert found["in_first_against_ours"] == [-1.0, -1.0, -1.0]
    assert found["length"] == [14.0, 14.0, 14.0]
    nothing = [None, None, None]
    assert found["auroc"] == nothing
    assert found["refused_at"] == {"10%": nothing, "20%": nothing, "30%": nothing}


def test_a_peer_that_cannot_be_measured_says_why() -> None:
    def missing() -> dict[str, int]:
        raise ImportError("no module named peer")

    def broken() -> dict[str, int]:
        raise KeyError("index")

    assert attempt("peer", missing) == {"error": "not installed: no module named peer"}
    assert attempt("peer", broken) == {"error": "failed: KeyError: 'index'"}


def test_a_table_comes_back_from_json_as_it_was() -> None:
    found = asked([("They eat fish.", 0.9), ("Cats", None)], ANSWERABLE, UNANSWERABLE)
    again = Table.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
    assert again.passages == 3
    for name in ("answerable", "in_first", "in_top", "length", "read", "score"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))


def kept(length: float) -> dict[str, Any]:
    """Saved results in which ours is always right and a peer is always wrong."""
    us = asked([("They eat fish.", 0.9)], ANSWERABLE, ANSWERABLE)
    peer = asked([("Dogs eat meat.", None)], ANSWERABLE, ANSWERABLE)
    ours = {"length": length, "threshold": 0.95, "tables": {"default": {"title": us.to_dict()}}}
    tables = {"default": {"title": peer.to_dict()}, "equal length": {"title": us.to_dict()}}
    txtai = {"size": 200, "curve": CURVE, "tables": tables}
    return {"data": "x", "peers": {"ours": ours, "txtai": txtai, "haystack": {"error": "gone"}}}


@pytest.mark.slow
def test_what_is_kept_is_summed_up_against_ours() -> None:
    found = summarise(kept(150))
    rows = [
        (row["setting"], row["size"], row["scope"], row["in_first_against_ours"][0])
        for row in found["peers"]["txtai"]["rows"]
    ]
    assert rows == [("default", None, "title", -1.0), ("equal length", 200, "title", 0.0)]
    assert found["own_refusals"] == {"answerable": 1.0, "unanswerable": None}
    assert found["peers"]["haystack"] == {"error": "gone"}
    assert found["data"] == "x"


@pytest.mark.slow
def test_a_size_that_would_not_be_chosen_any_more_is_told() -> None:
    assert [summarise(kept(length))["peers"]["txtai"]["stale"] for length in (150, 90)] == [
        False,
        True,
    ]


SQUAD = {
    "data": [
        {
            "title": "Pets",
            "paragraphs": [
                {
                    "context": PETS.text,
                    "qas": [
                        {
                            "question": ANSWERABLE.question,
                            "answers": [{"text": "fish", "answer_start": FISH.start}],
                        },
                        {"question": UNANSWERABLE.question, "answers": []},
                    ],
                }
            ],
        }
    ]
}


@pytest.mark.slow
def test_one_system_is_measured_again_and_the_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {"ours": "They eat fish.", "txtai": "Dogs eat meat."}
    monkeypatch.setattr(quality, "load", lambda name, size=None: SentencePeer([(said[name], 0.5)]))
    monkeypatch.setattr(quality, "embed_once", lambda: None)
    data = tmp_path / "data.json"
    data.write_text(json.dumps(SQUAD), "utf-8")

    def right(*options: str) -> dict[str, float]:
        main([str(data), "--out", str(tmp_path), *options])
        whole = record.read(tmp_path, "quality")
        assert whole is not None
        return {
            name: one["rows"][0]["in_first"][0] for name, one in summarise(whole)["peers"].items()
        }

    assert right("--peers", "txtai") == {"ours": 1.0, "txtai": 0.0}  # ours is needed, so asked
    said["ours"] = "Cats"
    assert right("--peers", "ours") == {"ours": 0.0, "txtai": 0.0}
    said["txtai"] = "They eat fish."
    assert right("--peers", "txtai") == {"ours": 0.0, "txtai": 1.0}
    with pytest.raises(SystemExit):
        right("--sample", "1")
    assert "is of other data or settings: name another folder with --out" in capsys.readouterr().err

"""Files of questions are read as they are meant, whichever of the two formats they have."""

import gzip
import json
from pathlib import Path

import pytest

from benchmarks.data import read_rows, titles

SQUAD = {
    "version": "v2.0",
    "data": [
        {
            "title": "Pets",
            "paragraphs": [
                {
                    "context": "Cats eat fish.",
                    "qas": [
                        {
                            "id": "1",
                            "question": "What do cats eat?",
                            "answers": [{"text": "fish", "answer_start": 9}],
                        },
                        {"id": "2", "question": "Why?", "answers": [], "is_impossible": True},
                    ],
                },
                {"context": "Dogs bark.", "qas": [{"id": "3", "question": "Who?", "answers": []}]},
            ],
        }
    ],
}
ROWS = [
    {
        "source": "squad",
        "title": "Pets",
        "context": "Cats eat fish.",
        "question": "What do cats eat?",
        "answers": [{"text": "fish", "start": 9}],
    },
    {
        "source": "squad",
        "title": "Pets",
        "context": "Cats eat fish.",
        "question": "Why?",
        "answers": [],
    },
    {
        "source": "squad",
        "title": "Pets",
        "context": "Dogs bark.",
        "question": "Who?",
        "answers": [],
    },
]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("lines", [False, True])
def test_both_formats_give_the_same_rows(tmp_path: Path, lines: bool, packed: bool) -> None:
    text = "\n".join(map(json.dumps, ROWS)) + "\n" if lines else json.dumps(SQUAD)
    path = tmp_path / "data"
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    assert read_rows(path) == ROWS


def test_one_row_is_a_file_of_rows(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps(ROWS[0]), "utf-8")
    assert read_rows(path) == ROWS[:1]


def test_json_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text('{"words": 3}', "utf-8")
    with pytest.raises(ValueError, match="neither in SQuAD's format"):
        read_rows(path)


def test_a_title_is_an_article_with_all_its_questions(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text(json.dumps(SQUAD), "utf-8")
    (pets,) = titles(path)
    assert [document.text for document in pets.documents] == ["Cats eat fish.\n\nDogs bark."]
    found = {case.question: [span.text for span in case.answers] for case in pets.cases}
    assert found == {"What do cats eat?": ["fish"], "Why?": [], "Who?": []}


def test_a_sample_is_the_same_each_time_and_other_sources_stay_out(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text(json.dumps(SQUAD), "utf-8")
    (first,), (second,) = titles(path, sample=2), titles(path, sample=2)
    assert first.cases == second.cases
    assert len({case.question for case in first.cases}) == 2
    assert titles(path, source="nq") == []


def test_titles_are_drawn_the_same_each_time(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    rows = [{**ROWS[0], "title": f"Pets {number}"} for number in range(9)]
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    drawn = [[one.documents[0].title for one in titles(path, most=most)] for most in (3, 3, 9, 10)]
    assert len(set(drawn[0])) == 3
    assert drawn[0] == drawn[1] != [f"Pets {number}" for number in range(3)]
    assert drawn[2] == drawn[3] == [f"Pets {number}" for number in range(9)]

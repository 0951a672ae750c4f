"""Training examples of follow-ups: which words of a conversation a question omits."""

import gzip
import json
from pathlib import Path

import pytest

from training.examples import Row
from training.followups import (
    Conversations,
    Followup,
    TermExample,
    held_out,
    read_followups,
    term_example,
)

FOLLOWUP = Followup(
    "canard:c_0:3",
    "canard",
    ("Who designed the old bridge?", "Ada Lovelace designed it."),
    "When was she born?",
    "When was Ada Lovelace born?",
)
# Each question names a place that another names too.
ROWS = [
    Row(str(at), "squad", "trees", f"Many stand in {place}. Few are left.",
        f"How many old trees stand in {place}?", ((14, 14 + len(place)),))
    for at, place in enumerate(["Poland", "Sweden", "Norway", "Poland", "Sweden", "Norway"])
]  # fmt: skip


def needed(example: TermExample) -> list[str]:
    pairs = zip(example.words, example.needed, strict=True)
    return [example.text[start:end] for (start, end), wanted in pairs if wanted]


def test_the_needed_words_are_those_of_the_full_question() -> None:
    example = term_example(FOLLOWUP.question, FOLLOWUP.history, FOLLOWUP.full)
    assert needed(example) == ["Ada", "Lovelace"]
    assert example.needs_context
    assert [example.text[start:end] for start, end in example.words] == [
        "Who", "designed", "old", "bridge", "Ada", "Lovelace", "designed",
    ]  # fmt: skip


def test_a_question_that_stands_alone_needs_nothing() -> None:
    example = term_example(FOLLOWUP.full, FOLLOWUP.history, FOLLOWUP.full)
    assert (needed(example), example.needs_context) == ([], False)


def test_follow_ups_are_read_as_they_are_written(tmp_path: Path) -> None:
    raw = {
        "id": FOLLOWUP.id,
        "source": "canard",
        "topic": "bridges",
        "history": list(FOLLOWUP.history),
        "question": FOLLOWUP.question,
        "rewrite": FOLLOWUP.full,
    }
    with gzip.open(tmp_path / "x.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json.dumps(raw) + "\n")
    assert read_followups(tmp_path / "x.jsonl.gz") == [FOLLOWUP]


@pytest.mark.parametrize("name", ["canard:c_{}:", "gecor:{}:1:"])
def test_a_conversation_is_held_out_whole(name: str) -> None:
    kept = []
    for number in range(200):
        turns = [name.format(number) + end for end in ("coreference", "ellipsis")]
        source = name.partition(":")[0]
        out = {held_out(Followup(turn, source, (), "", "")) for turn in turns}
        assert len(out) == 1
        kept.append(not out.pop())
    assert 160 < sum(kept) < 199


def test_examples_are_of_every_kind_and_the_same_for_the_same_seed() -> None:
    gecor = Followup(
        "gecor:7:1:ellipsis",
        "gecor",
        ("A cheap one?", "Where?"),
        "In the north",
        "A cheap one in the north",
    )
    stream = Conversations([FOLLOWUP, gecor], ROWS, seed=1)
    drawn = stream.draw(300, seed=5)
    assert drawn == stream.draw(300, seed=5) != stream.draw(300, seed=6)
    asked = {example.question: example for example in drawn}
    assert needed(asked["When was she born?"]) == ["Ada", "Lovelace"]
    assert needed(asked["When was Ada Lovelace born?"]) == []
    assert needed(asked["How many old trees stand in Poland?"]) == []
    ellipsis = [found for question, found in asked.items() if question.startswith("And in ")]
    for example in ellipsis:
        assert {"How", "many", "trees", "stand"} <= set(needed(example))
        assert not {"Poland", "Sweden", "Norway"} & set(needed(example))
    assert ellipsis != []
    assert {"old", "trees", "stand"} <= set(needed(asked["Why?"]))
    there = [one for question, one in asked.items() if "stand there?" in question]
    assert all(set(needed(one)) <= {"Poland", "Sweden", "Norway"} for one in there) and there

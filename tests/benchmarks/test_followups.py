"""Terms are counted by hand-made rows, places by hand-made answers."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import followups
from benchmarks.data import Case
from benchmarks.followups import (
    IGNORED,
    OURS,
    PREPENDED,
    SYSTEMS,
    Dialogue,
    Places,
    Rewriting,
    Terms,
    ask_all,
    bot_maker,
    count_places,
    count_terms,
    is_dev,
    load_dialogues,
    load_rewritings,
    pair_speakers,
    places_table,
    prepend,
    rewrite_all,
    terms,
    terms_table,
    to_table,
)
from qa_bot.answering.history import Turn
from qa_bot.answering.rewriter import rewrites
from qa_bot.datatypes import Answer, Document, Quote, Span
from qa_bot.models.span_model import Levels

# Of these two titles one is for development; tests below say which.
KEPT, TRAINED = "A Guide for Facilities:#3_0", "About problem driver restrictions#3_0"
WHO = ("Who designed the old bridge?", "Ada Brook")
ROWS = [
    Rewriting("a", (WHO,), "When was she born?", "When was Ada Brook, the engineer, born?"),
    Rewriting("a", (WHO,), "Where is the castle?", "where is the castle"),
    Rewriting("b", (WHO,), "Who repaired it?", "Who repaired the bridge?"),
]
TEXT = Document("Anna Berg is the harbour master. The ferry leaves at noon. It rains.")
MASTER, FERRY, RAIN = (0, 32), (33, 58), (59, 68)


def answer(*places: tuple[int, int], score: float = 0.9) -> Answer:
    """Make an answer that quotes these places of TEXT."""
    quotes = tuple(Quote(TEXT, *place, Span(TEXT, *place), score) for place in places)
    return Answer("?", "?", quotes, score if quotes else 0.0)


def write(path: Path, rows: Sequence[Any]) -> None:
    """Write a gzipped file of JSON lines."""
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def test_the_last_question_is_put_first_as_it_was_asked() -> None:
    earlier = Answer("Who designed it?", "Who designed the bridge?", (), 0.1)
    assert prepend("Why?", []) == "Why?"
    assert prepend("Why?", [WHO, earlier]) == "Who designed it? Why?"
    assert prepend("Why?", [earlier, WHO]) == "Who designed the old bridge? Why?"
    assert prepend("Why?", [("", "Hello.")]) == "Why?"


def test_only_our_system_hands_the_history_on() -> None:
    assert {name: system("Why?", (WHO,)) for name, system in SYSTEMS.items()} == {
        OURS: ("Why?", (WHO,)),
        IGNORED: ("Why?", ()),
        PREPENDED: ("Who designed the old bridge? Why?", ()),
    }


def test_terms_are_words_that_tell_something_cut_to_five_letters() -> None:
    assert terms("Who DESIGNED the bridge, and why?") == {"desig", "bridg"}
    assert terms("Why not?") == set()


@pytest.mark.parametrize(
    ("full", "alone"),
    [("why is it COLD", True), ("Why is it cold?", True), ("Why is the bridge cold?", False)],
)
def test_a_question_stands_alone_when_nothing_but_case_and_marks_was_changed(
    full: str, alone: bool
) -> None:
    assert Rewriting("a", (WHO,), "Why is it cold?", full).alone == alone


def test_every_system_rewrites_every_question() -> None:
    queries = rewrite_all(ROWS)
    assert list(queries) == [OURS, IGNORED, PREPENDED]
    assert queries[OURS] == [rewrites(row.question, row.history)[0].query for row in ROWS]
    assert queries[IGNORED] == ["When was she born?", "Where is the castle?", "Who repaired it?"]
    assert queries[PREPENDED][2] == "Who designed the old bridge? Who repaired it?"


def test_terms_of_the_last_question_by_hand() -> None:
    # Wanted: ada, brook ("engineer" is not in the history); nothing; bridge.
    # Added by "Who designed the old bridge?": desig, old and bridg, three times.
    queries = [prepend(row.question, row.history) for row in ROWS]
    assert count_terms(zip(ROWS, queries, strict=True)) == Terms(
        questions=3, wanted=3, added=9, right=1, alone=1, untouched=0
    )


def test_terms_of_the_right_query_by_hand() -> None:
    # "fine" is added and not wanted; another mark leaves a question untouched.
    queries = ["When was fine Ada Brook born?", "where is the castle", "Who repaired the bridge?"]
    assert count_terms(zip(ROWS, queries, strict=True)) == Terms(3, 3, 4, 3, 1, 1)


def test_table_of_terms() -> None:
    rows = [line.split("  ") for line in terms_table(ROWS).splitlines()]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert [row[:2] for row in cells[1:]] == [
        [s, name] for s in ("a", "b", "all") for name in SYSTEMS
    ]
    assert cells[3][2:] == ["2", "2", "0.0 %", "0.0 %", "1", "0.0 %"]
    assert cells[5][2:] == ["1", "1", "0.0 %", "-", "0", "-"]
    assert cells[9][2:] == ["3", "3", "33.3 %", "11.1 %", "1", "0.0 %"]


def test_rewritings_are_read_with_the_turns_of_their_source(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    row = {"question": "Why?", "rewrite": "Why blue?", "topic": ""}
    write(
        path,
        [
            {**row, "source": "canard", "history": ["Who?", "Ada.", "When?", "In 1932."]},
            {**row, "source": "cast2019", "history": ["Who?", "When?", "Where?"]},
            {**row, "source": "canard", "history": []},
        ],
    )
    assert load_rewritings(path) == [
        Rewriting("canard", (("Who?", "Ada."), ("When?", "In 1932.")), "Why?", "Why blue?"),
        Rewriting("cast2019", (("Who?", ""), ("When?", ""), ("Where?", "")), "Why?", "Why blue?"),
    ]


def test_the_choice_of_documents_does_not_change() -> None:
    assert is_dev(KEPT)
    assert not is_dev(TRAINED)


@given(st.text(), st.text())
def test_versions_of_a_page_stay_together(page: str, version: str) -> None:
    assert is_dev(f"{page}#{version}") == is_dev(page)


def test_about_a_fifth_is_for_development() -> None:
    assert 0.15 < sum(is_dev(f"Page {n}#1_0") for n in range(1000)) / 1000 < 0.25


@pytest.mark.parametrize(
    ("utterances", "turns"),
    [
        ([], ()),
        (["user: Who?", "agent: Ada: her."], (("Who?", "Ada: her."),)),
        (["user: Who?", "agent: Ada.", "agent: Or Bo."], (("Who?", "Ada. Or Bo."),)),
        (["user: Hello.", "user: Who?", "agent: Ada."], (("Hello.", ""), ("Who?", "Ada."))),
        (["agent: Hello.", "user: Who?"], (("", "Hello."), ("Who?", ""))),
    ],
)
def test_speakers_are_paired(utterances: list[str], turns: tuple[Turn, ...]) -> None:
    assert pair_speakers(utterances) == turns


@pytest.fixture
def doc2dial(tmp_path: Path) -> Path:
    """A folder with four rows, of which two are follow-ups about a document for development."""
    row = {
        "title": KEPT,
        "context": TEXT.text,
        "history": ["user: Who is the master?", "agent: Anna Berg."],
        "question": "When does the ferry leave?",
        "answers": [{"text": "The ferry leaves at noon.", "start": 33}],
    }
    rows = [row, {**row, "title": TRAINED}, {**row, "history": []}, {**row, "question": "Why?"}]
    write(tmp_path / "doc2dial.jsonl.gz", rows)
    return tmp_path


HISTORY = (("Who is the master?", "Anna Berg."),)
NOON = (Span(TEXT, *FERRY),)
DIALOGUES = {
    TEXT: [
        Dialogue(HISTORY, Case("When does the ferry leave?", NOON)),
        Dialogue(HISTORY, Case("Why?", NOON)),
    ]
}


def test_follow_ups_about_documents_for_development_are_read(doc2dial: Path) -> None:
    assert load_dialogues(doc2dial / "doc2dial.jsonl.gz", None) == DIALOGUES
    (sampled,) = load_dialogues(doc2dial / "doc2dial.jsonl.gz", 1).values()
    assert [one in DIALOGUES[TEXT] for one in sampled] == [True]


class FakeBot:
    """Quotes the ferry when it knows what was said before, and the master otherwise."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Sequence[Turn]]] = []

    def answer(self, question: str, history: Sequence[Turn], /) -> Answer:
        self.asked.append((question, history))
        return answer(FERRY) if history else answer(MASTER)


def test_every_system_asks_the_one_bot_of_a_document() -> None:
    bots: list[FakeBot] = []

    def make(document: Document) -> FakeBot:
        assert document == TEXT
        bots.append(FakeBot())
        return bots[-1]

    asked = ask_all(DIALOGUES, make)
    assert [len(bot.asked) for bot in bots] == [6]
    assert bots[0].asked[3:] == [
        ("Why?", HISTORY),
        ("Why?", ()),
        ("Who is the master? Why?", ()),
    ]
    assert asked[OURS] == [(one.case, answer(FERRY)) for one in DIALOGUES[TEXT]]
    assert asked[PREPENDED] == [(one.case, answer(MASTER)) for one in DIALOGUES[TEXT]]
    table = [line.split() for line in places_table(asked).splitlines()]
    assert table[1] == "ours 2 100.0 % 0.0 % 100.0 %".split()
    assert table[2] == "history ignored 2 0.0 % 0.0 % 0.0 %".split()


def test_places_at_a_threshold_by_hand() -> None:
    case = Case("When?", NOON)
    asked = [
        (case, answer(FERRY)),
        (case, answer(MASTER, FERRY)),  # a later quote does not count
        (case, answer(FERRY, score=0.2)),
        (case, answer()),
    ]
    assert count_places(asked, Levels(0.5, 0.1)) == Places(
        questions=4, in_first=1, refused=2, best_first=2
    )


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ((33, 58), 1),
        ((35, 40), 1),
        ((20, 46), 1),  # 13 of 26 characters
        ((20, 45), 0),  # 12 of 25
        ((48, 68), 1),  # 10 of 20
        ((49, 68), 0),  # 9 of 19
        ((0, 68), 0),
        (RAIN, 0),
    ],
)
def test_half_of_a_place_must_be_in_the_quote(place: tuple[int, int], found: int) -> None:
    assert FERRY == (33, 58)
    asked = [(Case("When?", (Span(TEXT, *place),)), answer(FERRY))]
    assert count_places(asked, Levels(0.4, 0.1)).in_first == found


def test_bots_share_their_models_and_refuse_nothing() -> None:
    make = bot_maker()
    one, other = make(TEXT), make(Document("The lighthouse was built in 1901."))
    assert one.embedder is other.embedder
    assert one.reader is other.reader
    assert (one.documents, one.config.threshold) == ((TEXT,), 0)
    assert one.answer("Who is the harbour master?", ()).quotes[0].text == TEXT.text[slice(*MASTER)]


def test_a_table_is_aligned() -> None:
    assert to_table([["system", "n"], ["ours", "10"]]) == "system   n\nours    10"


def test_the_command_prints_words_and_places(
    doc2dial: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"source": "cast2019", "history": ["Who?"], "question": "Why?", "rewrite": "why"}
    write(doc2dial / "followups-dev.jsonl.gz", [row])
    followups.main([str(doc2dial), "--sample", "0"])
    words = capsys.readouterr().out
    assert words.splitlines()[0] == "Words added to questions that have a history"
    assert "documents" not in words
    followups.main([str(doc2dial)], lambda document: FakeBot())
    printed = capsys.readouterr().out
    places = places_table(ask_all(DIALOGUES, lambda document: FakeBot()))
    assert printed == f"{words}\nFollow-ups about 1 documents of doc2dial\n\n{places}\n"

"""The golden questions are valid, and the report counts correctly."""

import json
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import golden
from benchmarks.golden import (
    QUESTIONS,
    Golden,
    Miss,
    Report,
    Verdict,
    judge,
    load_questions,
    misses,
    score,
    to_text,
)
from qa_bot.bot import shipped_index
from qa_bot.datatypes import Answer, Document, Quote, Span
from qa_bot.store.index import Index

TOWN = Document.from_text("The bridge opened in 1932. Ada Brook designed it. It is blue.")
ROWS = [
    Golden("a1", "When did the bridge open?", ("1932",), "when", "plain"),
    Golden("a2", "Who designed the bridge?", ("Ada Brook", "Brook designed"), "who", "plain"),
    Golden("a3", "What colour is it?", ("blue",), "what", "plain"),
    Golden("a4", "colour", ("blue",), "what", "keywords"),
    Golden("u1", "Who painted it?", (), "who", "plain", "no painter is mentioned"),
    Golden("u2", "How long is it?", (), "how long", "plain", "no length is given"),
]


def answered(question: str, confidence: float, *texts: str) -> Answer:
    """Make an answer that quotes these sentences of TOWN."""
    quotes = []
    for text in texts:
        start = TOWN.text.index(text)
        end = start + len(text)
        quotes.append(Quote(TOWN, start, end, Span(TOWN, start, end), confidence))
    return Answer(question, question, tuple(quotes), confidence)


ANSWERS = [
    answered("a1", 0.9, "The bridge opened in 1932."),
    answered("a2", 0.7, "It is blue.", "Ada Brook designed it."),
    answered("a3", 0.6, "Ada Brook designed it."),
    answered("a4", 0.3),
    answered("u1", 0.6, "It is blue."),
    answered("u2", 0.1),
]
VERDICTS = [
    Verdict.FIRST,
    Verdict.LATER,
    Verdict.WRONG,
    Verdict.REFUSED,
    Verdict.INVENTED,
    Verdict.SILENT,
]
# Of the 4 x 2 pairs of confidences, 0.9 and 0.7 win two each, 0.6 wins one and ties one, 0.3 wins
# one: 6.5 of 8.
REPORT = Report(
    answerable=4,
    in_first=1,
    in_any=2,
    not_quoted=1,
    shown=0,
    unanswerable=2,
    rightly_refused=1,
    auroc=6.5 / 8,
)


class FakeBot:
    """Answers each of ROWS with its answer in ANSWERS."""

    def answer(self, question: str) -> Answer:
        return dict(zip([row.question for row in ROWS], ANSWERS, strict=True))[question]


@pytest.fixture(scope="module")
def article() -> str:
    """The text of the shipped article."""
    (document,) = Index.open(shipped_index()).documents
    return document.text


@pytest.fixture(scope="module")
def rows() -> list[Golden]:
    """The golden questions."""
    return load_questions(QUESTIONS)


def test_every_gold_is_in_the_article_exactly_once(rows: list[Golden], article: str) -> None:
    counts = {(row.id, words): article.count(words) for row in rows for words in row.gold}
    assert {key: count for key, count in counts.items() if count != 1} == {}


def test_every_paragraph_of_the_article_is_asked_about(rows: list[Golden], article: str) -> None:
    golds = [words for row in rows for words in row.gold]
    paragraphs = [paragraph for paragraph in article.split("\n\n") if paragraph.strip()]
    unasked = [p for p in paragraphs if not any(words in p for words in golds)]
    assert len(paragraphs) == 12
    assert unasked == []


def test_ids_and_questions_are_unique(rows: list[Golden]) -> None:
    ids = Counter(row.id for row in rows)
    questions = Counter(row.question.lower().strip(" ?") for row in rows)
    assert [name for name, count in (ids + questions).items() if count > 1] == []


def test_there_are_enough_questions_of_both_kinds(rows: list[Golden]) -> None:
    unanswerable = [row for row in rows if not row.gold]
    assert len(rows) >= 75
    assert len(unanswerable) >= 20
    assert {row.id[0] for row in unanswerable} == {"u"}
    assert {row.id[0] for row in rows if row.gold} == {"a"}


def test_a_reason_is_given_exactly_where_there_is_no_gold(rows: list[Golden]) -> None:
    assert [row.id for row in rows if bool(row.why) == bool(row.gold)] == []


def test_questions_are_asked_in_every_style(rows: list[Golden]) -> None:
    styles = {"plain", "paraphrase", "keywords", "typo", "lower", "why", "how"}
    assert {row.style for row in rows if row.gold} == styles
    assert {row.style for row in rows if not row.gold} == styles


@pytest.mark.parametrize(
    ("row", "answer", "verdict"), list(zip(ROWS, ANSWERS, VERDICTS, strict=True))
)
def test_judge(row: Golden, answer: Answer, verdict: Verdict) -> None:
    assert judge(row, answer) == verdict


def test_score_of_a_hand_made_case() -> None:
    assert score(ROWS, ANSWERS) == REPORT


def test_score_of_one_kind_of_question_has_no_auroc() -> None:
    assert score(ROWS[:1], ANSWERS[:1]) == Report(1, 1, 1, 0, 0, 0, 0, None)


def test_score_refuses_an_answer_too_few() -> None:
    with pytest.raises(ValueError, match="shorter"):
        score(ROWS, ANSWERS[:-1])


def test_misses_are_all_but_the_best_verdicts() -> None:
    assert [miss.id for miss in misses(ROWS, ANSWERS)] == ["a2", "a3", "a4", "u1"]
    assert misses(ROWS, ANSWERS)[0] == Miss(
        "a2",
        "Who designed the bridge?",
        Verdict.LATER,
        0.7,
        "Ada Brook | Brook designed",
        ("It is blue.", "Ada Brook designed it."),
    )


def test_text_gives_counts_and_percentages() -> None:
    assert to_text(REPORT).splitlines() == [
        "4 questions that the article answers",
        "  gold words inside the first quote      1   25.0%",
        "  gold words inside any quote            2   50.0%",
        "  nothing quoted                         1   25.0%",
        "    but shown as one that may answer     0    0.0%",
        "2 questions that it does not answer",
        "  rightly refused                        1   50.0%",
        "AUROC of confidence 0.812",
    ]


def test_text_of_no_questions_divides_by_nothing() -> None:
    lines = to_text(Report(0, 0, 0, 0, 0, 0, 0, None)).splitlines()
    assert lines[1] == "  gold words inside the first quote      0       -"
    assert lines[-1] == "AUROC of confidence -"


@pytest.fixture
def questions_file(tmp_path: Path) -> str:
    """A file with ROWS."""
    file = tmp_path / "questions.jsonl"
    lines = [json.dumps({name: getattr(row, name) for name in row.__slots__}) for row in ROWS]
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return str(file)


def test_command_prints_the_report(questions_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    golden.main(["--questions", questions_file], FakeBot())
    assert capsys.readouterr().out == to_text(REPORT) + "\n"


def test_verbose_command_lists_each_miss(
    questions_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    golden.main(["--questions", questions_file, "--verbose"], FakeBot())
    assert capsys.readouterr().out.split("\n\n")[3].splitlines() == [
        "u1 Who painted it?  [quoted, though the article does not say, 0.60]",
        "    wanted: no painter is mentioned",
        "    quote:  It is blue.",
    ]


def test_json_command_prints_plain_json(
    questions_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    golden.main(["--questions", questions_file, "--verbose", "--json"], FakeBot())
    printed = json.loads(capsys.readouterr().out)
    assert printed["auroc"] == 6.5 / 8
    assert printed["in_first"] == 1
    assert [miss["verdict"] for miss in printed["misses"]] == [
        "gold words in a later quote only",
        "gold words in no quote",
        "wrongly refused",
        "quoted, though the article does not say",
    ]


def test_a_closest_passage_that_may_answer_is_shown_and_not_quoted() -> None:
    row, near = ROWS[2], answered("a3", 0.2, "It is blue.").quotes
    assert judge(row, Answer("q", "q", (), 0.2, near, perhaps=True)) == Verdict.SHOWN
    assert judge(row, Answer("q", "q", (), 0.2, near)) == Verdict.REFUSED
    other = answered("a3", 0.2, "Ada Brook designed it.").quotes
    assert judge(row, Answer("q", "q", (), 0.2, other, perhaps=True)) == Verdict.REFUSED

"""The cases: files with what must hold of them, tried one by one."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.cases import ENGLISH_ONLY, README, Case, faults, load_cases, to_text
from qa_bot.datatypes import Answer, Document, Quote, Span

TEXT = "The mill of Tarn was sold in 1902. Nils “Ox” Hald bought the cafe\u0301."


def asker(document: Document) -> Callable[[str], Answer]:
    """Quote the first sentence for "When", the second for "Who", nothing for another question."""

    def answer(question: str) -> Answer:
        places = {"When": (0, 34), "Who": (35, len(document.text))}
        if (place := places.get(question.split()[0].rstrip("?"))) is None:
            return Answer(question, question, (), 0.1)
        return Answer(question, question, (_quote(document, *place),), 0.9)

    return answer


def _quote(document: Document, start: int, end: int) -> Quote:
    return Quote(document, start, end, Span(document, start, end), 0.9)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mill.txt").write_text(TEXT, "utf-8")
    (tmp_path / "empty.txt").write_text(" \n", "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (Case("mill.txt", "read", holds=("sold",), never=("bridge",)), []),
        (
            Case("mill.txt", "read", holds=("bridge",), never=("sold",)),
            ["lacks 'bridge'", "has 'sold'"],
        ),
        (Case("mill.txt", "read", ask=(("When was it sold?", "1902"),)), []),
        (Case("mill.txt", "read", ask=(("Who bought it?", 'Nils "Ox" Hald bought the café'),)), []),
        (
            Case("mill.txt", "read", ask=(("When was it sold?", "1903"),)),
            ["When was it sold? -> '1903', but 'The mill of Tarn was sold in 1902.'"],
        ),
        (
            Case("mill.txt", "read", ask=(("Why was it sold?", "1902"),)),
            ["Why was it sold? -> '1902', but nothing is quoted (0.10)"],
        ),
        (Case("mill.txt", "refused: a scan"), ["read, though it must be refused"]),
        (Case("empty.txt", "refused as empty"), []),
        (Case("empty.txt", "already right: keep it so"), []),
    ],
)
def test_what_is_wrong_with_a_case(folder: Path, case: Case, expected: list[str]) -> None:
    assert faults(case, folder, asker) == expected


def test_a_file_that_is_not_read_is_a_fault(folder: Path) -> None:
    (fault,) = faults(Case("empty.txt", "one line", holds=("line",)), folder, asker)
    assert fault.startswith("not read: ")


def test_a_case_in_another_language_is_right_when_the_readme_says_so(folder: Path) -> None:
    right = "the mill -> 1903, or README says English only"
    found = faults(Case("mill.txt", right, ask=(("When was it sold?", "1903"),)), folder, asker)
    assert len(found) == int(ENGLISH_ONLY not in README.read_text("utf-8"))


def test_the_share_that_is_right(folder: Path) -> None:
    rows = [
        {"file": "mill.txt", "right": "read", "holds": ["sold"]},
        {
            "file": "mill.txt",
            "right": "read",
            "ask": [["When?", "1902"], ["Why?", "it stood still"]],
        },
    ]
    (folder / "cases.json").write_text(json.dumps(rows), "utf-8")
    cases = load_cases(folder)
    assert to_text(cases, [faults(case, folder, asker) for case in cases]) == (
        "mill.txt\n"
        "    Why? -> 'it stood still', but nothing is quoted (0.10)\n"
        "1 of 2 cases right (50.0%)\n"
        "1 of 2 questions answered rightly"
    )

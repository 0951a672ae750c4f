"""The comparison of readers of PDF: what counts as read whole."""

from pathlib import Path

import pytest

from benchmarks.pdf_lines import Kept, cases_right, kept, to_text
from benchmarks.pdf_samples import Sample, sample
from tests.helpers.pdf_pages import column, make_pdf

SAMPLE = Sample(
    "Tarn",
    (("One", ("The mill burnt. A well-known man saw it.", "He ran to the office.")),),
    (("Ship", "Built"), ("Alba", "1880")),
)


@pytest.mark.parametrize(
    ("text", "sentences", "rows"),
    [
        ("The mill burnt. A well-known man saw it.\n\nHe ran to the office.", 3, 0),
        ("The mill\nburnt. A well-\nknown man saw it. He ran to the of\ufffefice.", 3, 0),
        ("The mill burnt. A well-known 7 man saw it. He ran to the o\ufb03ce.", 2, 0),
        ("| Ship | Built |\n| Alba | 1880 |", 0, 2),
        ("Ship Built\nAlba\n1880", 0, 1),
        ("", 0, 0),
    ],
)
def test_sentences_and_rows_count_if_they_stand_whole(text: str, sentences: int, rows: int) -> None:
    assert kept(SAMPLE, text) == Kept(sentences, rows, 3, 2)


def test_a_seed_gives_the_same_sample() -> None:
    assert sample(1) == sample(1) != sample(2)


def test_the_table_has_a_column_for_each_reader() -> None:
    one = Kept(1, 2, 3, 4)
    text = to_text({"LaTeX": {"ours": one + one, "pdfminer.six": one, "PDFium": one}})
    assert text.splitlines() == [
        "| written by | ours | pdfminer.six | PDFium |",
        "|---|---|---|---|",
        "| LaTeX | 2/6, 4/8 | 1/3, 2/4 | 1/3, 2/4 |",
    ]


def test_a_case_is_right_for_the_readers_whose_text_holds_the_words(tmp_path: Path) -> None:
    (tmp_path / "mill.pdf").write_bytes(make_pdf(column("The mill burnt.")))
    (tmp_path / "cases.json").write_text(
        '[{"file": "mill.pdf", "right": "read", "holds": ["mill burnt"]},'
        ' {"file": "mill.txt", "right": "read"}]',
        "utf-8",
    )
    assert cases_right(tmp_path, ["ours", "PDFium"]) == {
        "ours": ["mill.pdf"],
        "PDFium": ["mill.pdf"],
    }

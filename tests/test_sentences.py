"""Sentences are slices that cover the text, in order; none crosses a paragraph."""

import re
import sys
import textwrap
import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qa_bot.datatypes import Document
from qa_bot.sentences import PART, sentences
from tests.helpers.spans import TEXTS, is_covered, sentence_texts


def test_the_sentences_of_the_article(article: Document) -> None:
    found = [article.text[start:end] for start, end in sentences(article)]
    assert found[0] == "date 2020-01-01"
    assert found[1].startswith("After hundreds of supporters")
    assert found[1].endswith("promising that Iran “will be held fully responsible.”")
    assert found[4].endswith("designated a terrorist organization by the U.S. State Department.")
    assert found[7:12] == [
        "“Iran killed an American contractor, wounding many.",
        "We strongly responded, and always will.",
        "Now Iran is orchestrating an attack on the U.S. Embassy in Iraq.",
        "They will be held fully responsible.",
        "In addition, we expect Iraq to use its forces to protect the Embassy, and so notified!”",
    ]
    assert "“Secondly, be logical…" in found
    assert "The people of this region hate America." in found
    assert found[-10].endswith("if he could “foresee going to war with Iran.”")
    assert found[-9] == "”I don’t think that would be a good idea for Iran,” he said."
    assert found[-1] == "It would go very quickly.”"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "He met Mr. Smith at 5 p.m. on Jan. 5. They left.",
            ["He met Mr. Smith at 5 p.m. on Jan. 5.", "They left."],
        ),
        ("It ended.Then it began.", ["It ended.", "Then it began."]),
        ("One line\nAnother line\n", ["One line", "Another line"]),
        (
            "A line that was wrapped by an editor at seventy characters or\nso goes on.",
            ["A line that was wrapped by an editor at seventy characters or\nso goes on."],
        ),
        # Formulas, as a page with subscripts is copied.
        ("Water is H\n2O.", ["Water is H\n2O."]),
        ("Rust (Fe\n2O\n3) is red.", ["Rust (Fe\n2O\n3) is red."]),
        ("The gas (O\n2) is old. CO\n2 too.", ["The gas (O\n2) is old.", "CO\n2 too."]),
        ("Eat vitamin C\n2) Sleep", ["Eat vitamin C", "2) Sleep"]),
        ("1) Vitamin C\n2) Iron", ["1) Vitamin C", "2) Iron"]),
        ("They won the War\n2 years later.", ["They won the War", "2 years later."]),
        ("# Heading\nText under it.", ["# Heading", "Text under it."]),
        ("- one\n- two\r\n- three", ["- one", "- two", "- three"]),
        ("It costs 3.5 million. See U.S. law.", ["It costs 3.5 million.", "See U.S. law."]),
        ("date 2020-01-01 After that.", ["date 2020-01-01", "After that."]),
        ("   \n\n ", []),
    ],
)
def test_sentences_of_small_texts(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(Document.from_text(text))] == expected


@given(TEXTS)
@example("date 2020-01-01 x")
@example("---\ndate: 2020-01-01\n---\nBody.")
def test_sentences_cover_the_text_in_order(text: str) -> None:
    spans = sentences(Document.from_text(text))
    assert is_covered(text, spans)
    assert all(a_end <= b_start for (_, a_end), (b_start, _) in pairwise(spans))
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)


@given(TEXTS)
def test_no_sentence_crosses_a_blank_line(text: str) -> None:
    blank_line = re.compile(r"\S\s*\n[ \t]*\n\s*\S")
    assert not any(blank_line.search(text[a:b]) for a, b in sentences(Document.from_text(text)))


@pytest.mark.slow
@given(TEXTS)
@example(".# 00000000000000000\na")
def test_a_stretch_has_the_sentences_of_the_whole_text(text: str) -> None:
    document = Document(text)
    whole = sentences(document)
    for first, last in [(0, 1), (1, 3), (2, 2)]:
        stretch = whole[first : last + 1]
        if stretch:
            assert sentences(document, stretch[0][0], stretch[-1][1]) == stretch


def test_a_stretch_far_into_a_long_text_has_the_sentences_of_the_whole() -> None:
    document = Document("He said no. She said yes.\n\n" * 2000)
    whole = sentences(document)
    assert sentences(document, whole[3000][0], whole[3001][1]) == whole[3000:3002]


SENTENCES = [
    "He met Mr. Smith of the U.S. Embassy at 5 p.m. on Jan. 5.",
    "“The mill (it was built in 1803, e.g. by Capt. Ode) is green,” she said.",
    "Why?",
    "It costs 3.5 million, i.e. more than the committee of the harbour had asked for.",
    "Nobody knew.",
]
LONG = st.lists(st.sampled_from(SENTENCES), min_size=400, max_size=500)  # of one paragraph


@pytest.mark.slow
@given(LONG, st.sampled_from([" ", "  ", "\n"]))
@settings(deadline=None, max_examples=20)
def test_a_long_paragraph_has_the_sentences_of_short_ones(parts: list[str], blank: str) -> None:
    text = blank.join(parts)
    assert len(text) > 2 * PART
    assert [text[start:end] for start, end in sentences(Document(text))] == parts


@pytest.mark.parametrize("width", range(60, 90, 3))
def test_a_long_paragraph_of_wrapped_lines_has_the_same_sentences(width: int) -> None:
    parts = [
        "She asked why Anna Berg had left.",
        "Nobody in Kelmer Sound, as it seems, knew.",
    ] * 300
    text = textwrap.fill(" ".join(parts), width)
    assert [" ".join(text[a:b].split()) for a, b in sentences(Document(text))] == parts


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        " ".join(SENTENCES * 300),
        "no punctuation at all and no end " * 1500,
        "e\u0301" * 20_000,
        "Heading\n\n" + "漢字。" * 9000 + "\n\nThe end.",
        ("A line of a log\n" * 3000) + "\n\n" + "x " * 9000,
    ],
    ids=["prose", "no punctuation", "accents", "Chinese", "lines"],
)
def test_any_stretch_of_a_long_paragraph_has_the_sentences_of_the_whole(text: str) -> None:
    document = Document(text)
    whole = sentences(document)
    assert is_covered(text, whole)
    assert not any(unicodedata.combining(text[start]) for start, _ in whole)
    for start in range(0, len(text), 997):
        end = start + 1500
        cut = [(max(a, start), min(b, end)) for a, b in whole if a < end and start < b]
        assert sentences(document, start, end) == cut


@pytest.mark.slow
def test_a_sentence_in_one_long_line_costs_no_more_than_in_paragraphs() -> None:
    parts = SENTENCES * 3000
    costs = []
    for blank in (" ", "\n\n"):
        document = Document(blank.join(parts))
        places = range(0, len(document.text), 10_000)
        sentences(document, 0, 1)  # finds the paragraphs
        begun = time.process_time()
        for place in places:
            sentences(document, place, place + 1000)
        costs.append((time.process_time() - begun) / len(places))
    assert costs[0] < 20 * costs[1]  # 1.5 times now; 300 times when all of the line was split


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_short_lines_that_were_wrapped_are_joined(line_end: str) -> None:
    text = (
        "The mill at Tarn was\nbuilt by a smith,\nNils Hald, in the\nyear 1902.  It had\n12 wheels."
    )
    wrapped = text.replace("\n", line_end)
    end = wrapped.index("1902.") + 5
    assert sentence_texts(wrapped) == [wrapped[:end], wrapped[end:].strip()]


def test_a_poem_and_an_address_keep_their_lines() -> None:
    poem = "The river is wide\nAnd cold is the sea\nMy boat is of wood\nAs all boats should be"
    assert sentence_texts(poem) == poem.split("\n")
    address = "Ida Brun\nMill Lane 4\n2200 Tarn"
    assert sentence_texts(address) == address.split("\n")


def test_sentences_are_found_once_for_a_document(monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document("One came. Two went.\n\nThree stayed. Four slept. " + "And so on. " * 1500)
    first = sentences(document)
    assert sentences(document, 0, 5) == [(0, 5)] and sentences(document, 12, 40)[0] == (12, 19)
    monkeypatch.setitem(sys.modules, "sentencex", None)  # what finds them cannot be imported
    assert sentences(document) == first
    with pytest.raises(ImportError):
        sentences(Document("Another one came."))

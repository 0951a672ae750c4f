"""The header of a text: what is part of it, what is not, and that offsets are right."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qa_bot.header import HEADER_CHARS, Header, read_header

ARTICLE = " date 2020-01-01 After hundreds of supporters of an Iran-backed militia stormed it."
NO_HEADER = Header({}, {}, 0)

# Pieces that headers are made of, so that random texts often hold one, whole or damaged.
PIECES = st.sampled_from(
    [
        *("---", "--", "...", "\n", "\r\n", "\r", "\n\n", " ", "\t", "\ufeff", "\x00", "\x85"),
        *("title", "Title", "date", "DATE", "published", "updated", "source", "author", "url"),
        *(":", "=", ": ", '"', "'", "#", "- ", "|", "2020-01-01", "2020-13-45", "٢٠٢٠-٠١-٠١"),
        *("3 May 2020", "Reuters", "said.", "https://a.example/b", "After", "tags: [a]"),
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=30).map("".join), st.text())


def brief(value: object) -> str:
    """Name a test after the start of what it is about, which may be long."""
    return ascii(value)[:30]


@given(TEXTS)
@example("---\rtitle: x\r---\r")
@example("---\n" * 3)
def test_places_slice_back_to_values_and_lie_in_the_header(text: str) -> None:
    header = read_header(text)
    assert header.places.keys() == header.values.keys()
    for name, (start, end) in header.places.items():
        assert 0 <= start < end <= header.end
        assert text[start:end] == header.values[name]
    assert 0 <= header.end <= len(text)


@given(TEXTS)
def test_a_header_has_whole_values_without_blanks_around_them(text: str) -> None:
    for value in read_header(text).values.values():
        assert value == value.strip()
        assert "\n" not in value and "\r" not in value


@given(TEXTS)
def test_no_metadata_and_no_front_matter_means_no_header(text: str) -> None:
    header = read_header(text)
    first_line = text.replace("\ufeff", " ").lstrip()[:3]
    assert header.values or header.end == 0 or first_line == "---"


@given(TEXTS, st.text(max_size=20), st.text(max_size=20))
def test_only_the_head_of_a_text_is_read(text: str, one: str, other: str) -> None:
    head = text + "\nBody.\n" + "x" * (3 * HEADER_CHARS)
    assert read_header(head + one) == read_header(head + other)


def test_the_date_run_into_the_first_sentence_is_metadata() -> None:
    header = read_header(ARTICLE)
    assert header == Header({"date": "2020-01-01"}, {"date": (6, 16)}, 17)
    assert ARTICLE[header.end :].startswith("After hundreds")


@pytest.mark.parametrize(
    ("text", "values", "body"),
    [
        ("Date: 2020-01-01 After it.", {"date": "2020-01-01"}, "After it."),
        ("date=2020-01-01\nAfter it.", {"date": "2020-01-01"}, "After it."),
        ("Published 2020-01-01\nAfter it.", {"date": "2020-01-01"}, "After it."),
        ("Updated 2020-01-02\nDate: 1999\nA", {"updated": "2020-01-02", "date": "1999"}, "A"),
        ("Date: 3 May 2020\r\nBody", {"date": "3 May 2020"}, "Body"),
        ("Date: Wed., May 6th, 2020, 10 a.m.\nA", {"date": "Wed., May 6th, 2020, 10 a.m."}, "A"),
        ("Date: 2020-01-01T10:00:00Z\nBody", {"date": "2020-01-01T10:00:00Z"}, "Body"),
        ("Title: On war\nBody", {"title": "On war"}, "Body"),
        ("Title: 'Tis late\nBody", {"title": "'Tis late"}, "Body"),
        ('Title: "On war"\nBody', {"title": "On war"}, "Body"),
        ("Title: A\nTitle: B\nBody", {"title": "A"}, "Body"),
        ("Title: A\rAuthor: B\rBody", {"title": "A", "author": "B"}, "Body"),
        ("Title: A\ndate 2020-01-01 After it.", {"title": "A", "date": "2020-01-01"}, "After it."),
        ("Date: 1999\ndate 2020-01-01 After it.", {"date": "1999"}, "After it."),
        ("\n\n  Title: A\n\nBody", {"title": "A"}, "\nBody"),
        ("\ufeffTitle: A\nBody", {"title": "A"}, "Body"),
        ("Source: Reuters\n\nBody", {"source": "Reuters"}, "\nBody"),
        ("URL: https://a.example/b\nBody", {"url": "https://a.example/b"}, "Body"),
        ("date 2020-01-01", {"date": "2020-01-01"}, ""),
    ],
    ids=brief,
)
def test_a_header_of_lines(text: str, values: dict[str, str], body: str) -> None:
    header = read_header(text)
    assert header.values == values
    assert text[header.end :] == body


@pytest.mark.parametrize("end_of_line", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("fence", ["---", "..."])
def test_front_matter(end_of_line: str, fence: str) -> None:
    lines = [
        *("---", "author:", "  title: not this", "title: 'On war'", "# a comment", "tags:"),
        *("  - peace", "- war", "", "date: 2020-01-01 10:00:00 +0000", fence, "Body"),
    ]
    text = end_of_line.join(lines)
    header = read_header(text)
    assert header.values == {"title": "On war", "date": "2020-01-01 10:00:00 +0000"}
    assert text[header.end :] == "Body"


def test_a_header_that_never_ends_is_cut() -> None:
    line = "Title: A\n"
    header = read_header(line * HEADER_CHARS)
    assert HEADER_CHARS <= header.end < HEADER_CHARS + len(line)
    assert header.values == {"title": "A"}


def test_front_matter_without_known_names_is_still_no_body() -> None:
    text = "---\nlayout: post\n---\nBody"
    assert read_header(text) == Header({}, {}, text.index("Body"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t ",
        "Date palms grow in 2020 places.",
        "Date: palms and figs.",
        "Date: Monday\nBody",
        "Date: in 2020 all changed",
        "Date: 2020-01-01, as we know\nBody",
        "date 2020-13-45 After hundreds",
        "Date: 2020-13-45\nBody",
        "date 2020-01-01, a Wednesday, was quiet.",
        "Published 2020-01-01 figures show a fall.",
        "Date: 3 May 2020 was the day on which all of this began, they said.\n",
        "Source: Reuters said.",
        "Source: Reuters said.\n\nBody",
        "Source: Reuters",
        "Source: Reuters said on Monday that the\ncompany would be sold.",
        "Author: the one who writes\nis never known.",
        "URL: see the end\n\nBody",
        "URL: https://a.example/b is where\nit was.",
        "title: |\n  A\n",
        'title: ""\nBody',
        "Title: " + "x" * 400 + "\nBody",
        "x" * 1000 + "\nTitle: A\n",
        "---\ntitle: A\n",
        "---\ntitle: A\nA line of prose.\n---\nBody",
        "---\n\n# Story\n\nSome words.\n\n---\nMore.",
        "---\n---\nBody",
        "---\n" + "tags: a\n" * HEADER_CHARS + "---\nBody",
    ],
    ids=brief,
)
def test_what_only_looks_like_a_header_is_body(text: str) -> None:
    assert read_header(text) == NO_HEADER


@pytest.mark.parametrize(
    "text",
    [
        " " * 5_000_000,
        "title:" + " " * 5_000_000,
        "title: a" + " " * 5_000_000 + "b",
        "title:\n" * 700_000,
        "title: a\n" * 500_000,
        "date" + " " * 5_000_000,
        "date 2020-01-01" + " " * 5_000_000,
        "---\n" * 1_000_000,
        "---\ntags:" + " " * 5_000_000,
        "---\n" + "tags:\n" * 800_000,
        "---\n" + "a" * 5_000_000,
        ("title: " + ' "' * 170 + "\n") * 10_000,
    ],
    ids=brief,
)
def test_five_million_characters_are_read_in_a_moment(text: str) -> None:
    began = time.process_time()
    read_header(text)
    assert time.process_time() - began < 1.0  # seconds; measured: 0.07 at most

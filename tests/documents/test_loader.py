"""Files are loaded exactly as written, in any encoding, or not at all."""

import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.datatypes import Document
from qa_bot.documents.formats import read_content
from qa_bot.documents.loader import load, load_file
from qa_bot.errors import ArticleError
from qa_bot.report import Report
from tests.helpers.loading import brief, error_of, forbid

ENGLISH = "“Naïve,” said Zoë in the café — it’s £5, not €6.\r\n\r\nThe end"
RUSSIAN = "Вчера президент заявил, что страна готова к переговорам. Эксперты сомневаются."

# With a letter first, for the file is not to be blank.
LETTERS = st.characters(exclude_categories=["Cs", "Cc"])
BLANKS = st.sampled_from(["\n", "\r\n", "\r", "\t", " ", "\x0b", "\x0c", "\u2028", "\x85"])
TEXTS = st.lists(st.one_of(LETTERS, BLANKS), max_size=80).map(lambda parts: "a" + "".join(parts))


# ---- what comes in is what was written


@pytest.mark.slow
@given(text=TEXTS, encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_a_unicode_text_comes_in_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, text: str, encoding: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "unicode.txt"
    path.write_bytes(text.encode(encoding))
    assert load_file(path).text == text


@pytest.mark.slow
@given(places=st.lists(st.integers(0, len(ENGLISH)), max_size=8))
def test_some_stray_nuls_are_text(
    tmp_path_factory: pytest.TempPathFactory, places: list[int]
) -> None:
    text = ENGLISH
    for place in places:
        text = text[:place] + "\0" + text[place:]
    path = tmp_path_factory.getbasetemp() / "nuls.txt"
    path.write_bytes(text.encode())
    assert load_file(path).text == text


@pytest.mark.parametrize(
    "text",
    [
        "one\r\ntwo\rthree\nfour",
        "no newline at the end",
        "blanks at the end  \n\n\n",
        " \n\n and at the beginning",
        "a NUL\0 here and\0 there\0",
        "\0 first",
        "a\0b\0c\0",
        "one two\0red sea\0old man\0",
        "\x1b[1mbold\x1b[0m in a terminal",
        "<img src=x onerror=alert(1)> & ]]>",
        "e\u0301 is not é",
    ],
    ids=brief,
)
def test_nothing_of_a_text_is_mended(write: Callable[..., Path], text: str) -> None:
    assert load_file(write(text)).text == text


def test_the_article_comes_in_byte_for_byte(article_file: Path) -> None:
    document = load_file(article_file)
    assert document.text.encode() == article_file.read_bytes()
    assert document.metadata == {"date": "2020-01-01"}


# ---- what is known of it


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("my_report-2020.txt", "Words.", "my report-2020"),
        ("__a__b__.txt", "Words.", "a b"),
        ("notes", "Words.", "notes"),
        ("a.md", "Words.\n\n# The *heading* ##\n\n# Another\n", "The *heading*"),
        ("a.MARKDOWN", "# C#\rWords.", "C#"),
        ("a.md", "## A part\n", "a"),
        ("a.html", "<title>A page</title><h1>Heading</h1>", "A page"),
        ("a.htm", "<h1>Heading</h1>Words.", "Heading"),
        ("a_page.html", "<p>Words.", "a page"),
        ("a.html", "<title>A page</title>Title: From the header<p>Words.", "From the header"),
        ("a.md", "#hashtag\n", "a"),
        ("a.md", "```\n# a comment\n```\n# The heading\n", "The heading"),
        ("a.md", "---\nlayout: x\n# a comment\n---\n# The heading\n", "The heading"),
        ("a.md", "---\ntitle: From the header\n---\n# The heading\n", "From the header"),
        ("a.md", "# " + "x" * 1000 + "\n", "a"),
        ("a.txt", "# Not Markdown\n", "a"),
        ("a.txt", "Title: From the header\n\nWords.", "From the header"),
    ],
    ids=brief,
)
def test_title(write: Callable[..., Path], name: str, text: str, title: str) -> None:
    assert load_file(write(text, name)).title == title


def test_the_source_is_the_path_as_given(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("Words.", "folder/article.txt")
    monkeypatch.chdir(path.parent.parent)
    assert load_file("folder/article.txt").source == os.path.join("folder", "article.txt")
    assert load([path])[0].source == str(path)
    assert load("folder")[0].source == os.path.join("folder", "article.txt")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
@pytest.mark.parametrize("stem", ["two\nlines", "\x1b[31mred", "<img src=x onerror=alert(1)>"])
def test_an_odd_name_is_data(write: Callable[..., Path], stem: str) -> None:
    path = write("Words.", f"{stem}.txt")
    document = load_file(path)
    assert (document.title, document.source) == (stem, str(path))


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes are Linux's")
def test_a_name_that_is_no_text_can_still_be_written_down(write: Callable[..., Path]) -> None:
    path = write("Words.", os.fsdecode(b"caf\xe9.txt"))
    assert load_file(path).title == "caf?"
    assert load_file(path).source == str(path.parent / "caf?.txt")


# ---- folders and several files


def test_a_folder_gives_its_articles_in_the_order_of_their_names(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    for name in ("b.txt", "a/z.md", "a/b/y.TEXT", "c.Markdown", "A.txt", "page.HTM", "d.CSV"):
        write(f"In {name}.", name)
    for name in (".hidden.txt", ".git/x.txt", "a/.x/y.txt", "page.css", "photo.png", "README"):
        write(f"In {name}.", name)
    texts = [document.text for document in load([tmp_path])]
    names = ["A.txt", "a/b/y.TEXT", "a/z.md", "b.txt", "c.Markdown", "d.CSV", "page.HTM"]
    assert texts == [f"In {name}." for name in names]


def test_a_file_given_by_name_may_be_called_anything(write: Callable[..., Path]) -> None:
    names = ["page.html", ".hidden", "LICENSE", "data.csv"]
    paths = [write(f"In {name}.", name) for name in names]
    assert [document.text for document in load(paths)] == [f"In {name}." for name in names]


def test_one_path_needs_no_list(write: Callable[..., Path]) -> None:
    path = write("Words.")
    assert load(path) == load(str(path)) == load([path]) == [Document("Words.")]


def test_the_same_text_twice_is_one_document(write: Callable[..., Path], tmp_path: Path) -> None:
    first, second = write("Same.", "1.txt"), write("\ufeffSame.", "2.txt")
    write("Other.", "3.txt")
    documents = load([tmp_path, first, second])
    assert [document.source for document in documents] == [str(first), str(tmp_path / "3.txt")]


def test_progress_counts_the_files(write: Callable[..., Path], tmp_path: Path) -> None:
    for name in ("1.txt", "2.txt", "3.txt"):
        write("Words.", name)
    seen: list[tuple[int, int]] = []
    load([tmp_path], progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_nothing_comes_of_a_folder_with_one_bad_file(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    write("Words.", "a.txt")
    bad = write(b"%PDF-1.7\n", "b.txt")
    assert repr(str(bad)) in error_of(tmp_path)


def test_a_linked_folder_is_read_once(write: Callable[..., Path], tmp_path: Path) -> None:
    write("Words.", "real/a.txt")
    (tmp_path / "way").symlink_to(tmp_path / "real")
    (tmp_path / "other way").symlink_to(tmp_path / "real")
    seen: list[tuple[int, int]] = []
    (document,) = load([tmp_path], progress=lambda done, total: seen.append((done, total)))
    assert (document.text, seen) == ("Words.", [(1, 1)])


# ---- with skip_errors, what can be read is read


@pytest.fixture
def mixed(write: Callable[..., Path], tmp_path: Path) -> Path:
    """A folder with two good files, and one of each kind that cannot be read."""
    write("Good.", "a.txt")
    write(b"%PDF-1.7\n", "damaged.pdf")
    write(b"PK\3\4", "damaged.docx")
    write("", "empty.md")
    write(random.Random(2).randbytes(1000), "binary.txt")
    write("x" * 2001, "large.txt")
    (tmp_path / "dead.txt").symlink_to(tmp_path / "gone.txt")
    (tmp_path / "dead").symlink_to(tmp_path / "gone")
    (tmp_path / "back").symlink_to(tmp_path)
    write("Good, too.", "z.txt")
    return tmp_path


BAD = {"damaged.pdf", "damaged.docx", "empty.md", "binary.txt", "large.txt", "dead.txt", "dead"}


def test_what_cannot_be_read_is_skipped_and_reported(mixed: Path) -> None:
    reports: list[Report] = []
    seen: list[tuple[int, int]] = []
    documents = load(
        [mixed, mixed / "missing.txt"],
        skip_errors=True,
        max_bytes=2000,
        on_report=reports.append,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert [document.text for document in documents] == ["Good.", "Good, too."]
    errors = {Path(report.name).name: report.error for report in reports if report.error}
    assert errors.keys() == BAD | {"back", "missing.txt"}
    assert all(repr(str(mixed / name)) in error for name, error in errors.items())
    assert [report for report in reports if not report.error] == [
        Report(str(mixed / "a.txt"), words=1, id=documents[0].id),
        Report(str(mixed / "z.txt"), words=2, id=documents[1].id),
    ]
    assert seen == [(number, 8) for number in range(1, 9)]


def test_files_that_may_not_be_read_are_skipped(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("Words.")
    monkeypatch.setattr(Path, "open", forbid)
    reports: list[Report] = []
    with pytest.raises(ArticleError, match=r"nothing can be read: .*\(Permission denied\)"):
        load([tmp_path], skip_errors=True, on_report=reports.append)
    assert [report.name for report in reports] == [str(path)]


def test_when_nothing_can_be_read_that_is_an_error(write: Callable[..., Path]) -> None:
    paths = [write("", "1.txt"), write("", "2.txt")]
    with pytest.raises(ArticleError) as caught:
        load(paths, skip_errors=True)
    assert str(caught.value) == f"nothing can be read: {error_of(paths[0])}"


def test_a_folder_without_articles_is_skipped(write: Callable[..., Path], tmp_path: Path) -> None:
    write("Words.", "empty/page.css")
    good = write("Words.", "a.txt")
    reports: list[Report] = []
    (document,) = load([tmp_path / "empty", good], skip_errors=True, on_report=reports.append)
    assert document.text == "Words."
    assert [bool(report.error) for report in reports] == [True, False]


def test_a_report_counts_words_and_pages_and_has_the_readers_notes() -> None:
    pdf = Path(__file__).parents[1] / "data" / "bridge.pdf"
    reports: list[Report] = []
    (document,) = load(pdf, on_report=reports.append)
    notes = read_content(pdf.read_bytes()).notes
    words = len(document.text.split())
    assert reports == [Report(str(pdf), words, pages=3, notes=notes, id=document.id)]

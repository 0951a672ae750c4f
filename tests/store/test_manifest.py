"""Names of files, and which manifests are taken for what they say."""

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.config import Config
from qa_bot.datatypes import Document, Mark
from qa_bot.store.manifest import (
    ARTICLE_NAME,
    BuildSettings,
    article_name,
    document_entry,
    entry_document,
    parse,
    salvage,
    seal,
    table_name,
    to_json,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
DOCUMENT = Document("words", "Tïtle “one”", "folder/file.txt", {"date": "2020-01-01"})


def manifest(**changes: Any) -> dict[str, Any]:
    """Return the JSON of a manifest of one document, changed and sealed."""
    made: dict[str, Any] = {
        "format": 3,
        "model": Config().model,
        "fingerprint": "f",
        "dimension": 4,
        "counts": {"documents": 1, "passages": 1},
        "settings": Config().build_settings(),
        "documents": [
            {
                "id": DOCUMENT.id,
                "title": DOCUMENT.title,
                "source": DOCUMENT.source,
                "metadata": dict(DOCUMENT.metadata),
                "marks": [{"start": 3, "kind": "page", "label": "2", "level": 1}],
                "file": article_name(DOCUMENT),
            }
        ],
        "files": {
            "passages": {"name": "passages-aaaaaaaaaaaa.sqlite", "sha256": "a" * 64},
            "vectors": {"name": "vectors-bbbbbbbbbbbb.faiss", "sha256": "b" * 64},
        },
    }
    made.update(changes)
    return {**made, "sha256": seal(made)}


def encoded(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def entry(**changes: Any) -> list[dict[str, Any]]:
    return [{**manifest()["documents"][0], **changes}]


@pytest.mark.parametrize(
    ("title", "source", "slug"),
    [
        ("The U.S. & Iran", "x.txt", "the-u-s-iran"),
        ("Café À la carte", "", "cafe-a-la-carte"),
        ("", "/a/b/My notes.md", "my-notes"),
        ("../../etc/passwd", "", "etc-passwd"),
        ("Война и мир", "", "article"),
        ("", "", "article"),
        ("\0\n/", "", "article"),
        ("a" * 39 + " long title", "", "a" * 39),
    ],
)
def test_an_article_is_named_by_its_title_or_file(title: str, source: str, slug: str) -> None:
    document = Document("words", title, source)
    assert article_name(document) == f"articles/{slug}-{document.id[:12]}.txt"


@given(TEXTS, TEXTS)
def test_an_article_name_is_always_a_plain_one(title: str, source: str) -> None:
    assert ARTICLE_NAME.fullmatch(article_name(Document("words", title, source)))


def test_tables_are_named_by_their_hash() -> None:
    assert table_name("passages", "0123456789abcdef") == "passages-0123456789ab.sqlite"
    assert table_name("vectors", "0123456789abcdef") == "vectors-0123456789ab.faiss"


def test_a_manifest_is_read_as_it_was_written_and_by_people() -> None:
    data = encoded(manifest())
    read = parse(data)
    assert read == salvage(data)
    assert to_json(read) == data
    assert "“one”" in data.decode()
    assert parse(json.dumps(manifest(), sort_keys=True).encode()) == read


def test_the_settings_of_a_manifest_are_those_of_a_config() -> None:
    assert asdict(BuildSettings(**Config().build_settings())) == Config().build_settings()


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "another"},
        {"fingerprint": 7},
        {"dimension": "4"},
        {"dimension": True},
        {"counts": {"documents": 2, "passages": 1}},
        {"counts": {"documents": 1}},
        {"settings": {}},
        {"settings": {**Config().build_settings(), "passage_chars": "1000"}},
        {"documents": {}},
        {"documents": [], "counts": {"documents": 1, "passages": 1}},
        {"documents": entry() * 2, "counts": {"documents": 2, "passages": 1}},
        {"documents": entry(metadata={"date": 2020})},
        {"documents": entry(title=None)},
        {"documents": entry(marks=None)},
        {"documents": entry(marks=[{"start": 0, "kind": "page"}])},
        {"documents": entry(marks=[{"start": "0", "kind": "page", "label": "1", "level": 1}])},
        {"documents": entry(marks=[{"start": True, "kind": "page", "label": "1", "level": 1}])},
        {"documents": entry(id="0" * 64)},
        {"documents": entry(file="../x-" + DOCUMENT.id[:12] + ".txt")},
        {"documents": entry(file="articles/../x-" + DOCUMENT.id[:12] + ".txt")},
        {"documents": entry(file="/tmp/x-" + DOCUMENT.id[:12] + ".txt")},
        {"documents": entry(file="articles/X-" + DOCUMENT.id[:12] + ".txt")},
        {"documents": entry(file="articles/x-" + DOCUMENT.id[:12] + ".txt\n")},
        {"files": {}},
        {
            "files": {
                "passages": {"name": "../passages-aaaaaaaaaaaa.sqlite", "sha256": "a" * 64},
                "vectors": {"name": "vectors-bbbbbbbbbbbb.faiss", "sha256": "b" * 64},
            }
        },
        {
            "files": {
                "passages": {"name": "passages-aaaaaaaaaaaa.sqlite", "sha256": "a" * 64},
                "vectors": {"name": "vectors-aaaaaaaaaaaa.faiss", "sha256": "b" * 64},
            }
        },
        {"more": 1},
    ],
)
def test_a_manifest_of_another_form_is_refused(changes: dict[str, Any]) -> None:
    data = encoded(manifest(**changes))
    with pytest.raises(ValueError, match="not as qa-bot writes it"):
        parse(data)
    assert salvage(data) is None


@pytest.mark.parametrize("version", [0, 1, 2, 4, "3", None])
def test_another_format_is_named(version: object) -> None:
    with pytest.raises(ValueError, match=rf"its format is {version!r}, .* reads 3"):
        parse(encoded(manifest(format=version)))


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[1]", b"null", b"[" * 100_000])
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"not JSON|its format is None"):
        parse(data)
    assert salvage(data) is None


def test_an_altered_word_breaks_the_seal_and_can_be_salvaged() -> None:
    altered = manifest()
    altered["documents"][0]["title"] = "Another title"
    with pytest.raises(ValueError, match="not as qa-bot writes it"):
        parse(encoded(altered))
    salvaged = salvage(encoded(altered))
    assert salvaged is not None and salvaged.documents[0].title == "Another title"


def test_format_1_which_had_no_marks_can_be_salvaged() -> None:
    old = manifest(format=1)
    del old["documents"][0]["marks"]
    salvaged = salvage(encoded(old))
    assert salvaged is not None
    assert (salvaged.format, salvaged.documents[0].title) == (1, DOCUMENT.title)
    assert salvaged.documents[0].marks == ()


@pytest.mark.parametrize("documents", [None, 7, [7], [None], "words"])
def test_format_1_of_another_form_is_refused(documents: object) -> None:
    assert salvage(encoded(manifest(format=1, documents=documents))) is None


def test_an_entry_gives_back_the_document_with_its_marks() -> None:
    marks = (Mark(0, "heading", "words"), Mark(3, "page", "2"))
    document = Document("words", "t", "s", {"date": "2020"}, marks)
    again = entry_document(document_entry(document), "words")
    assert (again.marks, again.title, again.source) == (marks, "t", "s")
    assert again.metadata == {"date": "2020"}

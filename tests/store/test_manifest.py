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
    FormerManifest,
    article_name,
    document_entry,
    entry_document,
    is_sealed,
    list_to_json,
    parse,
    parse_list,
    salvage,
    seal,
    table_name,
    to_json,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
DOCUMENT = Document("words", "Tïtle “one”", "folder/file.txt", {"date": "2020-01-01"})


def file(name: str, letter: str) -> dict[str, Any]:
    return {"name": name, "sha256": letter * 64, "size": 7}


def manifest(**changes: Any) -> dict[str, Any]:
    """Return the JSON of a manifest of one segment, changed and sealed."""
    made: dict[str, Any] = {
        "format": 4,
        "model": Config().model,
        "fingerprint": "f",
        "dimension": 4,
        "counts": {"documents": 1, "passages": 1},
        "settings": Config().build_settings(),
        "segments": [
            {
                "counts": {"documents": 1, "passages": 1},
                "files": {
                    "documents": file("documents-aaaaaaaaaaaa.json", "a"),
                    "passages": file("passages-bbbbbbbbbbbb.sqlite", "b"),
                    "vectors": file("vectors-cccccccccccc.faiss", "c"),
                },
                "removed": [],
            }
        ],
    }
    made.update(changes)
    return {**made, "sha256": seal(made)}


def encoded(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def segments(**changes: Any) -> list[dict[str, Any]]:
    return [{**manifest()["segments"][0], **changes}]


def files(**changes: Any) -> dict[str, Any]:
    return {**manifest()["segments"][0]["files"], **changes}


def entry(**changes: Any) -> list[dict[str, Any]]:
    """Return the JSON of a list of one document, changed."""
    made = {
        "id": DOCUMENT.id,
        "title": DOCUMENT.title,
        "source": DOCUMENT.source,
        "metadata": dict(DOCUMENT.metadata),
        "marks": [{"start": 3, "kind": "page", "label": "2", "level": 1}],
        "file": article_name(DOCUMENT),
    }
    return [{**made, **changes}]


def former(**changes: Any) -> dict[str, Any]:
    """Return the JSON of a manifest of format 3, changed."""
    made = manifest(format=3)
    del made["segments"]
    names = {"passages": "passages-bbbbbbbbbbbb.sqlite", "vectors": "vectors-cccccccccccc.faiss"}
    made["files"] = {kind: {"name": it, "sha256": "b" * 64} for kind, it in names.items()}
    made = {**made, "documents": entry(), **changes}
    return {**made, "sha256": seal(made)}


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
    assert table_name("documents", "0123456789abcdef") == "documents-0123456789ab.json"
    assert table_name("vectors", "0123456789abcdef") == "vectors-0123456789ab.faiss"


def test_a_manifest_is_read_as_it_was_written_and_by_people() -> None:
    data = encoded(manifest())
    read = parse(data)
    assert read == salvage(data)
    assert to_json(read) == data
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
        {"segments": {}},
        {"segments": [], "counts": {"documents": 1, "passages": 1}},
        {"segments": segments(removed=[0])},
        {"segments": segments(removed=[1])},
        {"segments": segments(removed=[-1])},
        {"segments": segments(removed=["0"])},
        {"segments": segments(counts={"documents": 2, "passages": 1}, removed=[1, 1])},
        {"segments": segments(files={})},
        {"segments": segments(files=files(passages=file("../passages-bbbbbbbbbbbb.sqlite", "b")))},
        {"segments": segments(files=files(vectors=file("vectors-bbbbbbbbbbbb.faiss", "c")))},
        {"segments": segments(files=files(vectors=file("passages-cccccccccccc.sqlite", "c")))},
        {"segments": segments(more=1)},
        {"more": 1},
    ],
)
def test_a_manifest_of_another_form_is_refused(changes: dict[str, Any]) -> None:
    data = encoded(manifest(**changes))
    with pytest.raises(ValueError, match="not as qa-bot writes it"):
        parse(data)
    assert salvage(data) is None


@pytest.mark.parametrize(
    "entries",
    [
        {},
        [7],
        entry(metadata={"date": 2020}),
        entry(title=None),
        entry(marks=None),
        entry(marks=[{"start": 0, "kind": "page"}]),
        entry(marks=[{"start": "0", "kind": "page", "label": "1", "level": 1}]),
        entry(marks=[{"start": True, "kind": "page", "label": "1", "level": 1}]),
        entry(id="0" * 64),
        entry(file="../x-" + DOCUMENT.id[:12] + ".txt"),
        entry(file="articles/../x-" + DOCUMENT.id[:12] + ".txt"),
        entry(file="/tmp/x-" + DOCUMENT.id[:12] + ".txt"),
        entry(file="articles/X-" + DOCUMENT.id[:12] + ".txt"),
        entry(file="articles/x-" + DOCUMENT.id[:12] + ".txt\n"),
    ],
)
def test_a_list_of_another_form_is_refused(entries: object) -> None:
    with pytest.raises(ValueError, match="validation error"):
        parse_list(json.dumps(entries).encode())
    assert salvage(encoded(former(documents=entries))) is None


@pytest.mark.parametrize("version", [0, 1, 2, 3, 5, "4", None])
def test_another_format_is_named(version: object) -> None:
    with pytest.raises(ValueError, match=rf"its format is {version!r}, .* reads 4"):
        parse(encoded(manifest(format=version)))


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[1]", b"null", b"[" * 100_000])
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"not JSON|its format is None"):
        parse(data)
    assert salvage(data) is None


def test_an_altered_word_breaks_the_seal_and_can_be_salvaged() -> None:
    altered = {**manifest(), "fingerprint": "another"}
    with pytest.raises(ValueError, match="not as qa-bot writes it"):
        parse(encoded(altered))
    salvaged = salvage(encoded(altered))
    assert salvaged is not None and salvaged.fingerprint == "another"
    assert not is_sealed(encoded(altered))
    assert is_sealed(encoded(manifest()))


@pytest.mark.parametrize("version", [1, 2, 3])
def test_former_formats_can_be_salvaged(version: int) -> None:
    old = former(format=version)
    if version == 1:  # had no marks
        del old["documents"][0]["marks"]
    salvaged = salvage(encoded(old))
    assert isinstance(salvaged, FormerManifest)
    assert (salvaged.format, salvaged.documents[0].title) == (version, DOCUMENT.title)
    assert len(salvaged.documents[0].marks) == (version > 1)
    assert is_sealed(encoded(former(format=version)))


def test_a_list_is_read_as_it_was_written_and_by_people() -> None:
    document = Document("words", "Tïtle “one”", marks=(Mark(0, "heading", "words"),))
    data = list_to_json([document, DOCUMENT])
    assert parse_list(data) == (document_entry(document), document_entry(DOCUMENT))
    assert "“one”" in data.decode()
    assert list_to_json([]) == b"[]\n"


def test_an_entry_gives_back_the_document_with_its_marks() -> None:
    marks = (Mark(0, "heading", "words"), Mark(3, "page", "2"))
    document = Document("words", "t", "s", {"date": "2020"}, marks)
    again = entry_document(document_entry(document), "words")
    assert (again.marks, again.title, again.source) == (marks, "t", "s")
    assert again.metadata == {"date": "2020"}

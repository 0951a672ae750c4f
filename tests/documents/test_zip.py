"""Archives are opened if undamaged, not encrypted and not too large, and unpacked in memory."""

import zipfile
from io import BytesIO

import pytest

from qa_bot.documents.zip import MAX_UNPACKED, open_archive, read_member, read_xml
from qa_bot.errors import ArticleError


def zipped(members: dict[str, bytes]) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def error_of(data: bytes, limit: int = MAX_UNPACKED) -> str:
    """Return the error message for an archive or its member ``a``."""
    with pytest.raises(ArticleError) as caught, open_archive(data, limit) as archive:
        read_member(archive, "a")
    return str(caught.value)


def test_a_member_comes_out_as_it_went_in() -> None:
    with open_archive(zipped({"a": b"one", "b": b"two"})) as archive:
        assert (read_member(archive, "a"), read_member(archive, "b")) == (b"one", b"two")


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    data = zipped({"a": bytes(600), "b": bytes(600)})
    assert "unpacks to more than 1,000 bytes" in error_of(data, 1000)
    with open_archive(data, 1200) as archive:
        assert read_member(archive, "a") == bytes(600)


def test_a_bomb_that_lies_about_its_size_is_not_unpacked_further() -> None:
    data = zipped({"a": bytes(1_000_000)})
    lying = data.replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert error_of(lying, 1000) == (
        "is damaged: save or download it again ('a' cannot be unpacked)"
    )


def test_a_locked_archive_is_refused() -> None:
    data = bytearray(zipped({"a": b"words"}))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1  # the flag in the directory
    assert error_of(bytes(data)).startswith("is encrypted")


@pytest.mark.parametrize("cut", [3, 30, -30])
def test_what_is_cut_off_is_refused(cut: int) -> None:
    assert error_of(zipped({"a": b"words" * 100})[:cut]).startswith("is damaged")


def test_a_flipped_bit_is_refused() -> None:
    data = bytearray(zipped({"a": b"a few different words"}))
    data[40] ^= 1
    assert error_of(bytes(data)).startswith("is damaged")


def test_a_missing_member_is_named() -> None:
    assert "'a' cannot be unpacked" in error_of(zipped({"b": b""}))


def test_xml_comes_without_its_entities() -> None:
    bomb = b"""<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">
        <!ENTITY file SYSTEM "file:///etc/passwd">]><x>one &b;&b;&file; two<y/></x>"""
    with open_archive(zipped({"a": bomb})) as archive:
        root = read_xml(archive, "a")
    assert (root.text, [child.tag for child in root.iterchildren("*")]) == ("one ", ["y"])


@pytest.mark.parametrize("data", [b"", b"words", b"<a><b></a>", b"\xff\xfe"])
def test_what_is_no_xml_is_refused(data: bytes) -> None:
    with open_archive(zipped({"a": data})) as archive, pytest.raises(ArticleError, match="not XML"):
        read_xml(archive, "a")

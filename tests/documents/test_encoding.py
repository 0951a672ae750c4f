"""Bytes in any common encoding are decoded to the right characters, or not at all."""

import codecs

import pytest

from qa_bot.documents.encoding import decode, is_binary

ENGLISH = "“Naïve,” said Zoë in the café — it’s £5, not €6.\r\n\r\nThe end"
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy. Dnes je krásný den a všichni jdou ven."
RUSSIAN = "Вчера президент заявил, что страна готова к переговорам. Эксперты сомневаются."
GREEK = "Η Αθήνα είναι η πρωτεύουσα της Ελλάδας και μία από τις παλαιότερες πόλεις."
JAPANESE = "こんにちは世界。これは日本語のテキストです。"
CHINESE = "你好，世界。这是一段中文文本，用来测试编码。"
KOREAN = "안녕하세요 세계. 이것은 한국어 텍스트입니다."


def brief(value: object) -> str:
    """Return a short test id for a value that may be long or not text."""
    return ascii(value)[:30]


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
@pytest.mark.parametrize("text", [ENGLISH, RUSSIAN, JAPANESE, "x", "\ufefftwice marked"], ids=brief)
def test_the_byte_order_mark_is_no_text(mark: bytes, encoding: str, text: str) -> None:
    assert decode(mark + text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [ENGLISH, CZECH, RUSSIAN, GREEK], ids=brief)
def test_utf_16_is_known_without_a_mark(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (ENGLISH, "cp1252"),
        ("café", "cp1252"),
        ("It cost £5.", "latin-1"),
        ("Le café était très bon à Nîmes.", "latin-1"),
        ("Die Straße ist für Fußgänger gesperrt.", "iso8859-15"),
        ("El niño comió; ¿dónde está su mamá?", "cp1252"),
        (CZECH, "cp1250"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (GREEK, "cp1253"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (CHINESE, "gb18030"),
        (KOREAN, "euc_kr"),
        ("Plain words.\n" * 5000 + RUSSIAN, "cp1251"),
    ],
    ids=brief,
)
def test_legacy_encodings(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


FRENCH = "Le café était très bon à Nîmes."
GERMAN = "Er rief: »Grüß dich, das ist ja\ngroß«, und fuhr über die Brücke."


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("parts"),
    [
        [(FRENCH, "utf-8"), ("Plain words.", "ascii"), (FRENCH, "cp1252")],
        [(GERMAN, "cp1252"), (GERMAN, "cp1252"), ("It cost €6.", "utf-8")],
        [(RUSSIAN, "utf-8"), (ENGLISH.replace("\r\n", " "), "cp1252")],
        [(CZECH, "utf-8"), (JAPANESE, "utf-8"), (RUSSIAN, "cp1251")],
    ],
    ids=brief,
)
def test_a_file_of_two_encodings_is_decoded_line_by_line(
    parts: list[tuple[str, str]], end: str
) -> None:
    data = end.encode().join(text.encode(encoding) for text, encoding in parts)
    assert decode(data) == end.join(text for text, _ in parts)


def test_a_line_that_is_utf_8_by_chance_does_not_make_two_encodings() -> None:
    assert "groß«".encode("cp1252").decode("utf-8") != "groß«"
    data = GERMAN.replace(", und", "\nund").encode("cp1252")
    assert decode(data) == GERMAN.replace(", und", "\nund")


# Each holds a letter that the encoding has and that would be another one in Windows-1252.
@pytest.mark.parametrize(
    ("declaration", "encoding", "letter"),
    [
        ('<meta charset="iso-8859-2">', "iso8859-2", "ř"),
        ("<meta http-equiv=Content-Type content='text/html; charset=windows-1251'>", "cp1251", "Ж"),
        ('<?xml version="1.0" encoding="koi8-r"?>', "koi8-r", "Ж"),
        ("<meta charset=gbk>", "gbk", "中"),
        ("<meta charset=iso-8859-1>", "cp1252", "€"),
    ],
)
def test_a_page_is_taken_at_its_word(declaration: str, encoding: str, letter: str) -> None:
    page = f"<html>{declaration}{letter}"
    page = page.removeprefix("<html>") if declaration.startswith("<?") else page
    assert decode(page.encode(encoding)) == page


@pytest.mark.parametrize(
    "name", ["nonsense", "punycode", "unicode_escape", "hex", "rot13", "utf-7", "idna", "x" * 99]
)
def test_a_page_may_not_ask_for_what_is_no_encoding_of_text(name: str) -> None:
    page = f"<meta charset={name}>Le café était très bon à Nîmes."
    assert decode(page.encode("cp1252")) == page


def test_what_is_no_page_declares_nothing() -> None:
    text = "The page said charset=koi8-r. Le café était très bon."
    assert decode(text.encode("cp1252")) == text


def test_utf_8_is_believed_before_what_a_page_says() -> None:
    page = "<meta charset=windows-1252>naïve"
    assert decode(page.encode()) == page


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF8 + "café".encode("latin-1"),
        codecs.BOM_UTF16_LE + b"odd",
        codecs.BOM_UTF32_BE + b"\0\x11\0\0",
    ],
)
def test_bytes_that_break_the_promise_of_their_mark(data: bytes) -> None:
    assert decode(data) is None


def test_some_stray_controls_are_text_and_many_are_not() -> None:
    assert not is_binary("a\0b" * 8)
    assert is_binary("word \1\2\3\4\5\6 " * 3)

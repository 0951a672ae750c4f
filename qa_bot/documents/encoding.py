"""Decode bytes in any common encoding."""

import codecs
import re
from collections import Counter

_BOMS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Common encodings from before UTF-8. Without this list the detector proposes oddities (mac_latin2,
# cp775) for a few accented letters.
_LEGACY = [
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("iso8859_2", "koi8_r", "cp932", "euc_jp", "gb18030", "big5", "cp949"),
]
# What does not occur in a text in a western language decoded as Windows-1252: other letters and
# symbols, four non-ASCII characters in a row, or a symbol right after a letter.
_NOT_WESTERN = re.compile(
    r"[^\x00-\x7fÀ-ÏÑ-ÖØ-Üßàáâãäåæçèéêëìíîïñòóôöøùúûüœ‘’“”–—…•«»¡¿£€§©®™°·½´\xa0]"
    r"|[^\x00-\x7f]{4}|\w[¡¿£]"
)
# Byte sequences that are surely UTF-8. Others may be Windows-1252: a letter and a closing quotation
# mark at the end of a word ("groß«") are the same two bytes as a character in UTF-8.
_SURELY_UTF8 = re.compile(
    rb"[\xc2-\xdf][\x80-\x91\x95-\xaa\xac-\xba\xbc-\xbf]|[\xe0-\xf4][\x80-\xbf]{2,3}"
)
_CONTROLS = frozenset(c for c in map(chr, (*range(32), *range(127, 160))) if not c.isspace())
_STRAY_CONTROLS = 8  # control characters allowed in any text
_CONTROL_SHARE = 0.05  # of the characters of a text, at most; random bytes decode to about 0.1
_DECLARATION = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{1,40})")
_DECLARATION_REACH = 1024  # bytes from the start; browsers look no further either
_TEXT_ENCODING = re.compile(r"cp\d|iso8859|koi8|mac|shift_jis|euc_|gb|big5|tis_620")


def decode(data: bytes) -> str | None:
    """Decode by the byte order mark, else as UTF-8, else as declared, else by what is likeliest.

    Returns None if the bytes are not text, or their encoding cannot be recognised.
    """
    marks = [(mark, encoding) for mark, encoding in _BOMS if data.startswith(mark)]
    if marks:
        decoded = (_try_decode(data[len(mark) :], encoding) for mark, encoding in marks)
        return next((text for text in decoded if text is not None), None)
    text = _decode_utf16_without_bom(data)
    if text is None:
        text = _try_decode(data, "utf-8")
    if text is None:
        text = _decode_as_declared(data)
    if text is None:
        text = _decode_mixed(data)
    return _decode_legacy(data) if text is None else text


def _try_decode(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _decode_utf16_without_bom(data: bytes) -> str | None:
    """Decode bytes that are clearly UTF-16 without a byte order mark.

    In most scripts the high byte of nearly every pair has one of two values, one of which is 0.
    """
    sample = data[:10_000]
    if len(data) % 2 or len(data) < 8:
        return None
    for encoding, first in (("utf-16-le", 1), ("utf-16-be", 0)):
        high = sample[first::2]
        common = dict(Counter(high).most_common(2))
        if 0 in common and sum(common.values()) > 0.9 * len(high):
            return _try_decode(data, encoding)
    return None


def _decode_as_declared(data: bytes) -> str | None:
    """Decode HTML or XML in the encoding that its first lines declare."""
    declaration = _DECLARATION.search(data[:_DECLARATION_REACH])
    if declaration is None or not data.lstrip().startswith(b"<"):
        return None
    try:
        name = codecs.lookup(declaration[1].decode()).name
    except LookupError:
        return None
    # Like browsers, read declared Latin-1 as Windows-1252. Only encodings of text are accepted:
    # Python has others (punycode, unicode_escape), and a page must not choose those.
    name = "cp1252" if name in ("iso8859-1", "ascii") else name
    return _try_decode(data, name) if _TEXT_ENCODING.match(name) else None


def _decode_mixed(data: bytes) -> str | None:
    """Decode line by line, some lines as UTF-8 and the rest in another encoding.

    Returns None if no line is surely UTF-8. Lines in an Asian encoding are sometimes valid UTF-8 by
    chance, so if the rest is not western, most non-ASCII lines must be UTF-8.
    """
    lines = [(line, _try_decode(line, "utf-8")) for line in data.splitlines(keepends=True)]
    utf8_lines = sum(
        text is not None and _SURELY_UTF8.search(line) is not None for line, text in lines
    )
    if not utf8_lines:
        return None
    rest = b"".join(line for line, text in lines if text is None)
    if _is_western(rest):
        encoding: str | None = "cp1252"
    else:
        is_mostly_utf8 = 2 * utf8_lines > sum(not line.isascii() for line, _ in lines)
        encoding = _detect_encoding(rest) if is_mostly_utf8 else None
    if encoding is None or _try_decode(rest, encoding) is None:
        return None
    return "".join(line.decode(encoding) if text is None else text for line, text in lines)


def _decode_legacy(data: bytes) -> str | None:
    """Decode as Windows-1252 (which includes Latin-1) if that makes western text, else detect.

    The detector comes second because it misjudges one English article in five.
    """
    encoding = "cp1252" if _is_western(data) else _detect_encoding(data)
    return None if encoding is None else _try_decode(data, encoding)


def _is_western(data: bytes) -> bool:
    text = _try_decode(data, "cp1252")
    return text is not None and _NOT_WESTERN.search(text) is None


def _detect_encoding(data: bytes) -> str | None:
    """Return the legacy encoding that charset-normalizer finds likeliest."""
    from charset_normalizer import from_bytes  # rarely needed, and slow to import

    # The detector samples its input, so give it only lines in which the encodings differ.
    lines = b"\n".join(line for line in data.splitlines() if not line.isascii())
    best = from_bytes(lines, cp_isolation=_LEGACY).best()
    return None if best is None else best.encoding


def is_binary(text: str) -> bool:
    """Whether a decoded file has too many control characters to be text; a few NULs are allowed."""
    controls = sum(map(text.count, _CONTROLS.intersection(text)))
    return controls > max(_STRAY_CONTROLS, _CONTROL_SHARE * len(text))

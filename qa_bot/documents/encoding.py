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
# Encodings that articles came in before UTF-8. Without such a list the detector proposes oddities
# (mac_latin2, cp775) for a few accented letters.
_LEGACY = [
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("iso8859_2", "koi8_r", "cp932", "euc_jp", "gb18030", "big5", "cp949"),
]
# What a text in a western language does not hold when it is read as Windows-1252: other letters
# and signs, long runs of them, or a sign in the middle of a word.
_NOT_WESTERN = re.compile(
    r"[^\x00-\x7fÀ-ÏÑ-ÖØ-Üßàáâãäåæçèéêëìíîïñòóôöøùúûüœ‘’“”–—…•«»¡¿£€§©®™°·½´\xa0]"
    r"|[^\x00-\x7f]{4}|\w[¡¿£]"
)
# What is UTF-8 beyond doubt. In Windows-1252 a word may end in a letter and a closing quotation
# mark ("groß«"), which could be a character of UTF-8.
_EVIDENT = re.compile(
    rb"[\xc2-\xdf][\x80-\x91\x95-\xaa\xac-\xba\xbc-\xbf]|[\xe0-\xf4][\x80-\xbf]{2,3}"
)
_CONTROLS = frozenset(c for c in map(chr, (*range(32), *range(127, 160))) if not c.isspace())
_STRAY_CONTROLS = 8  # control characters that any text may hold
_CONTROL_SHARE = 0.05  # above which it is no text; random bytes read as letters have 0.1
_DECLARATION = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{1,40})")
_DECLARATION_REACH = 1024  # bytes; further down browsers do not look either
_TEXT_ENCODING = re.compile(r"cp\d|iso8859|koi8|mac|shift_jis|euc_|gb|big5|tis_620")


def decode(data: bytes) -> str | None:
    """Decode by the byte order mark, else as UTF-8, else as declared, else as what is likeliest.

    Returns None for bytes that are not text, or in an encoding that cannot be recognised.
    """
    marks = [(mark, encoding) for mark, encoding in _BOMS if data.startswith(mark)]
    if marks:
        decoded = (_strictly(data[len(mark) :], encoding) for mark, encoding in marks)
        return next((text for text in decoded if text is not None), None)
    text = _unmarked_utf16(data)
    if text is None:
        text = _strictly(data, "utf-8")
    if text is None:
        text = _declared(data)
    if text is None:
        text = _mixed(data)
    return _legacy(data) if text is None else text


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _unmarked_utf16(data: bytes) -> str | None:
    """Decode what is evidently UTF-16 without a byte order mark.

    In the texts of most scripts one byte of each pair has one of two values, and 0 is one of them.
    """
    sample = data[:10_000]
    if len(data) % 2 or len(data) < 8:
        return None
    for encoding, first in (("utf-16-le", 1), ("utf-16-be", 0)):
        high = sample[first::2]
        common = dict(Counter(high).most_common(2))
        if 0 in common and sum(common.values()) > 0.9 * len(high):
            return _strictly(data, encoding)
    return None


def _declared(data: bytes) -> str | None:
    """Decode HTML or XML in the encoding that its first lines declare."""
    named = _DECLARATION.search(data[:_DECLARATION_REACH])
    if named is None or not data.lstrip().startswith(b"<"):
        return None
    try:
        name = codecs.lookup(named[1].decode()).name
    except LookupError:
        return None
    # What calls itself Latin-1 is Windows-1252, as browsers know. Only encodings of text: Python
    # has others (punycode, unicode_escape), and no page may ask for those.
    name = "cp1252" if name in ("iso8859-1", "ascii") else name
    return _strictly(data, name) if _TEXT_ENCODING.match(name) else None


def _mixed(data: bytes) -> str | None:
    """Decode line by line what is UTF-8 in some lines and another encoding in the rest.

    None when no line is evidently UTF-8. Lines in an Asian encoding are at times UTF-8 by chance,
    so where the rest is not western, most lines must be UTF-8.
    """
    lines = [(line, _strictly(line, "utf-8")) for line in data.splitlines(keepends=True)]
    evident = sum(text is not None and _EVIDENT.search(line) is not None for line, text in lines)
    if not evident:
        return None
    rest = b"".join(line for line, text in lines if text is None)
    if _is_western(rest):
        encoding: str | None = "cp1252"
    else:
        mostly = 2 * evident > sum(not line.isascii() for line, _ in lines)
        encoding = _detected(rest) if mostly else None
    if encoding is None or _strictly(rest, encoding) is None:
        return None
    return "".join(line.decode(encoding) if text is None else text for line, text in lines)


def _legacy(data: bytes) -> str | None:
    """Decode as Windows-1252, of which Latin-1 is a part, when that makes western text.

    It comes before the detector, which misjudges one English article in five.
    """
    encoding = "cp1252" if _is_western(data) else _detected(data)
    return None if encoding is None else _strictly(data, encoding)


def _is_western(data: bytes) -> bool:
    text = _strictly(data, "cp1252")
    return text is not None and _NOT_WESTERN.search(text) is None


def _detected(data: bytes) -> str | None:
    """Return the legacy encoding that charset-normalizer finds likeliest."""
    from charset_normalizer import from_bytes  # rarely needed, and slow to import

    # It looks at samples: of the lines that tell the encodings apart, not of all.
    telling = b"\n".join(line for line in data.splitlines() if not line.isascii())
    best = from_bytes(telling, cp_isolation=_LEGACY).best()
    return None if best is None else best.encoding


def is_binary(text: str) -> bool:
    """Whether a text has too many control characters for text; a few stray NULs are allowed."""
    controls = sum(map(text.count, _CONTROLS.intersection(text)))
    return controls > max(_STRAY_CONTROLS, _CONTROL_SHARE * len(text))

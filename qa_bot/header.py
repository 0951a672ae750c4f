"""Read the metadata in the first lines of a document: ``date 2020-01-01``, ``title: …``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from qa_bot.dates import MONTHS, WEEKDAYS

Places = dict[str, tuple[int, int]]  # by field: characters [start, end) of its value

HEADER_CHARS = 10_000  # characters; everything after them is body
_FIELD_CHARS = 400  # characters; a longer line is not ``name: value``

_ISO = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_BLANKS = re.compile(r"[\s\ufeff]*")
# The bounds keep the time to match linear in the length of a run of whitespace.
_LINE = re.compile(rf"([^\r\n]{{0,{HEADER_CHARS}}})(?:\r\n|\r|\n|\Z)")
_RUN_IN_DATE = re.compile(rf"\s{{0,20}}date\s{{0,20}}[:=]?\s{{0,20}}({_ISO})(?!\S)[ \t]*", re.I)
_FIELD = re.compile(
    rf"\s*(title|author|date|published|updated|source|url)\s*(?:[:=]|(?=\s{_ISO}\s*\Z))"
    r"\s*(?P<quote>[\"']?)(\S.*?)(?P=quote)\s*",
    re.I,
)
_KEY = re.compile(r"[\w.-]{1,80}\s*:(?!\S)")
_IN_FRONT_MATTER = re.compile(rf"\s|\Z|#|-\s|{_KEY.pattern}")
_YEAR = re.compile(r"(?<![0-9])[12][0-9]{3}(?![0-9])")
_LETTERS = re.compile(r"[^\W\d_]+")
_DATE_WORDS = frozenset(  # their first three letters
    [name[:3].lower() for name in MONTHS + WEEKDAYS]
    + "spr sum aut fal win st nd rd th of at a m am pm utc gmt est edt pst pdt bst cet".split()
)


@dataclass(frozen=True, slots=True)
class Header:
    """The metadata at the head of a text.

    ``places[name]`` is the ``(start, end)`` of a value in characters; the body begins at ``end``.
    """

    values: Mapping[str, str]
    places: Mapping[str, tuple[int, int]]
    end: int


def read_header(text: str) -> Header:
    """Read leading metadata: front matter between ``---``, ``name: value`` lines, a bare date.

    The header remains part of the text, so offsets do not change. A doubtful line counts as body:
    it is better to miss a date than to take a sentence for a header.
    """
    blanks = _BLANKS.match(text)
    start = 0 if blanks is None else blanks.end()
    header = _front_matter(text, start)
    return _plain_header(text, start) if header is None else header


def _front_matter(text: str, start: int) -> Header | None:
    """Read the fields between two ``---`` lines, or return None if there are none."""
    fence = _LINE.match(text, start)
    # A horizontal rule looks like a fence, but no key follows it.
    if fence is None or fence[1].rstrip() != "---" or not _KEY.match(text, fence.end()):
        return None
    places: Places = {}
    at = fence.end()
    while at < min(len(text), start + HEADER_CHARS) and (line := _LINE.match(text, at)):
        if line[1].rstrip() in ("---", "..."):
            return _header(text, places, line.end())
        if not _IN_FRONT_MATTER.match(line[1]):
            return None
        if not line[1][:1].isspace():  # an indented name belongs to the field above it
            _keep_field(line, places)
        at = line.end()
    return None


def _plain_header(text: str, start: int) -> Header:
    """Read ``name: value`` lines, and a date that may share its line with the body."""
    places: Places = {}
    at = start
    while at < start + HEADER_CHARS and (line := _LINE.match(text, at)):
        if not _keep_field(line, places):
            break
        at = line.end()
    # "Source: they say" may begin a sentence, unless a blank line or another field follows.
    is_doubtful = len(places) == 1 and not places.keys().isdisjoint({"author", "source"})
    if is_doubtful and (line is None or line[1].strip() or at == len(text)):
        return Header({}, {}, 0)
    if (run_in_date := _RUN_IN_DATE.match(text, at)) and _is_date(run_in_date[1]):
        places.setdefault("date", run_in_date.span(1))
        at = run_in_date.end()
    return _header(text, places, at if places else 0)


def _header(text: str, places: Places, end: int) -> Header:
    return Header({name: text[a:b] for name, (a, b) in places.items()}, places, end)


def _keep_field(line: re.Match[str], places: Places) -> bool:
    """Keep the offsets of the value if this is a ``name: value`` line; return whether it is one.

    If a name occurs twice, the first value counts. Quotation marks around a value, as in YAML, are
    not part of it.
    """
    start, end = line.span(1)
    if end - start > _FIELD_CHARS:
        return False
    field = _FIELD.fullmatch(line.string, start, end)
    if field is None:
        return False
    name = field[1].lower()
    if not _is_value(name, field[3]):
        return False
    places.setdefault("date" if name == "published" else name, field.span(3))
    return True


def _is_value(name: str, value: str) -> bool:
    """Whether a value is of the right kind for its field, and not the rest of a sentence."""
    if name in ("date", "published", "updated"):
        return _is_date(value)
    if name == "url":
        return value.startswith(("http://", "https://", "www.")) and len(value.split()) == 1
    if name == "title":
        return any(map(str.isalnum, value))
    return any(map(str.isalnum, value)) and value[-1] not in ".!?:;,"


def _is_date(value: str) -> bool:
    """Whether a value is an ISO date (2020-01-01), or a date in words that includes a year."""
    try:
        datetime.fromisoformat(value)
    except ValueError:
        words = _LETTERS.findall(value.lower())
        return (
            not re.match(_ISO, value)
            and _YEAR.search(value) is not None
            and all(word[:3] in _DATE_WORDS for word in words)
        )
    return True

"""Read the letters of a PDF page and their positions from PDFium, and group them into runs."""

import ctypes
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from unicodedata import normalize

CELL_GAP = 0.65  # times the type size; a wider gap may separate the cells of a table, or columns
SAME_LINE = 0.4  # times the type size; letters of one line may differ in height by this much

MAX_SKEW = 0.02  # radians by which the angles of lines in one direction may differ

_SAME_STYLE = 0.03  # share of the type size by which sizes and baselines in a run may differ
_SPACE = 0x20
_LINE_HYPHEN = 0x02  # PDFium's code for a hyphen at the end of a line
_LINE_ENDS = (0x0A, 0x0D)

_SOFT_HYPHEN = re.compile(r"\u00ad ?(?=.)")
_LIGATURES = {0xFB00 + nth: letters for nth, letters in enumerate("ff fi fl ffi ffl st st".split())}
_ACCENTS = {  # spacing accents, and the combining ones
    "`": "\u0300",
    "´": "\u0301",
    "ˆ": "\u0302",
    "˜": "\u0303",
    "¯": "\u0304",
    "˘": "\u0306",
    "˙": "\u0307",
    "¨": "\u0308",
    "˚": "\u030a",
    "˝": "\u030b",
    "ˇ": "\u030c",
    "¸": "\u0327",
}
_CLEAN = str.maketrans(
    {
        **_LIGATURES,
        **dict.fromkeys([*range(0x20), 0xFFFE, 0xFFFF, *range(0x7F, 0xA0), 0xFEFF, 0xFFFD, 0x200B]),
        **dict.fromkeys(range(0xE000, 0xF900)),  # private use: their meaning depends on the font
        _LINE_HYPHEN: "-",
        0xA0: " ",
        0x09: " ",
    }
)


class Letter(NamedTuple):
    """A character and its position in points, on the page turned so that the line is horizontal."""

    text: str
    left: float
    right: float
    base: float  # height of the baseline
    size: float  # of the type
    angle: float  # of the line, in radians counterclockwise


@dataclass(slots=True)
class Run:
    """Text in one line without wide gaps in it; positions as in Letter."""

    text: str
    left: float
    right: float
    base: float
    size: float
    angle: float
    letters: tuple[Letter, ...] = ()
    is_note: bool = False  # whether it stands in the margin, beside text

    @property
    def top(self) -> float:
        """The approximate height of the capitals, in points."""
        return self.base + 0.7 * self.size


def clean(text: str) -> str:
    """Return text with single spaces for all whitespace, and without control characters.

    Soft hyphens are removed, except one at the end.
    """
    return _SOFT_HYPHEN.sub("", " ".join(text.translate(_CLEAN).split()))


def read_runs(page: Any) -> list[Run]:
    """Return the runs of letters of a text page in the order of the file, without blank runs.

    A run ends where PDFium sees a line end, at a wide gap, and where the type size, the baseline or
    the direction changes.
    """
    runs: list[Run] = []
    letters: list[Letter] = []
    for letter in [*_letters(page), None]:
        if letters and (letter is None or _ends_run(letters[-1], letter)):
            runs += _run(letters)
            letters = []
        if letter is not None:
            letters.append(letter)
    return runs


def cut(run: Run, position: float) -> list[Run]:
    """Return the parts of a run left and right of a position in points, without blank parts."""
    lefts = enumerate(letter.left for letter in run.letters)
    first_right = next((nth for nth, left in lefts if left >= position), len(run.letters))
    if not 0 < first_right < len(run.letters):
        return [run]
    return [*_run(run.letters[:first_right]), *_run(run.letters[first_right:])]


def _run(letters: Sequence[Letter]) -> Iterator[Run]:
    """Yield the letters as a run, unless they are blank."""
    text = "".join(letter.text for letter in letters).translate(_CLEAN)
    visible = [letter for letter in letters if not letter.text.isspace()]
    if visible and not text.isspace() and text:
        left = min(letter.left for letter in visible)
        right = max(letter.right for letter in visible)
        base, size, angle = visible[0].base, visible[0].size, visible[0].angle
        yield Run(text, left, right, base, size, angle, tuple(letters))


def _ends_run(last: Letter, letter: Letter) -> bool:
    """Whether a letter begins a new run after the last one."""
    if letter.text == " ":
        return False
    if (
        letter.angle != last.angle
        or abs(letter.size - last.size) > _SAME_STYLE * last.size
        or abs(letter.base - last.base) > _SAME_STYLE * last.size
    ):
        return True
    # Right-to-left text has its letters in reading order, each to the left of the one before.
    gap = max(letter.left - last.right, last.left - letter.right)
    return gap > CELL_GAP * last.size


def _letters(page: Any) -> Iterator[Letter | None]:
    """Yield the letters of a page, and None for each line end.

    TeX draws an accent and a letter as two characters; they are combined.
    """
    accent: Letter | None = None
    for letter in _drawn_letters(page):
        if accent is not None and letter is not None and letter.text == " ":
            continue
        combined = _combine(accent, letter)
        if accent is not None and combined is letter:
            yield accent
        accent = None
        if combined is not None and combined.text in _ACCENTS:
            accent = combined
        else:
            yield combined
    if accent is not None:
        yield accent


def _combine(accent: Letter | None, letter: Letter | None) -> Letter | None:
    """Return a letter with the accent drawn over it, or the letter alone."""
    if accent is None or letter is None or not letter.text.isalpha():
        return letter
    middle = (accent.left + accent.right) / 2
    if not letter.left < middle < letter.right or abs(accent.base - letter.base) > letter.size:
        return letter
    return letter._replace(text=normalize("NFC", letter.text + _ACCENTS[accent.text]))


def _drawn_letters(page: Any) -> Iterator[Letter | None]:
    """Yield the letters of a page as drawn, and None for each line end."""
    from pypdfium2 import raw

    measure, handle, unicode_of = _Measure(page), page.raw, raw.FPDFText_GetUnicode
    last: Letter | None = None
    for index in range(raw.FPDFText_CountChars(page)):
        code = unicode_of(handle, index)
        if code in _LINE_ENDS:
            last = None
            yield None
        elif code == _SPACE:
            # Spaces that PDFium inserts have no position, so each gets that of the letter before.
            if last is not None:
                yield last._replace(text=" ")
        else:
            last = measure.letter(index, code)
            yield last
            if code == _LINE_HYPHEN:
                last = None
                yield None


class _Measure:
    """Asks PDFium for the positions of letters, and for their style if their height changes."""

    def __init__(self, page: Any) -> None:
        from pypdfium2 import raw

        # The raw handle is faster: the helper class would be converted at each of many calls.
        self._page, self._raw = page.raw, raw
        self._x, self._y, self._box = ctypes.c_double(), ctypes.c_double(), raw.FS_RECTF()
        self._matrix = raw.FS_MATRIX()
        self._last_height: tuple[float, float] | None = None  # height of the box, baseline
        self._style = (1.0, 0.0)  # size, angle
        self._rotation = (1.0, 0.0)  # cosine and sine of the angle

    def letter(self, index: int, code: int) -> Letter:
        page, raw, x, y, box = self._page, self._raw, self._x, self._y, self._box
        raw.FPDFText_GetCharOrigin(page, index, x, y)
        raw.FPDFText_GetLooseCharBox(page, index, box)
        text = chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else ""
        size, angle = self._style
        if not angle and self._last_height == (box.top - box.bottom, y.value):
            return Letter(text, x.value, box.right, y.value, size, angle)
        left, right, base, height = self._position()
        if (height, base) != self._last_height:
            size, angle = self._style = self._style_of(index)
            self._rotation = math.cos(angle), math.sin(angle)
            left, right, base, height = self._position()
            self._last_height = height, base
        return Letter(text, left, right, base, size, angle)

    def _position(self) -> tuple[float, float, float, float]:
        """Return the left, the right, the baseline and the height of a letter's box, in points."""
        x, y, box, angle = self._x.value, self._y.value, self._box, self._style[1]
        if not angle:
            return x, box.right, y, box.top - box.bottom
        cos, sin = self._rotation
        right = max(box.left * cos, box.right * cos) + max(box.bottom * sin, box.top * sin)
        height = (box.right - box.left) * abs(sin) + (box.top - box.bottom) * abs(cos)
        return x * cos + y * sin, right, round(y * cos - x * sin, 2), round(height, 2)

    def _style_of(self, index: int) -> tuple[float, float]:
        """Return the size of a letter in points, and its angle in radians counterclockwise."""
        raw, matrix = self._raw, self._matrix
        raw.FPDFText_GetMatrix(self._page, index, matrix)
        scale = math.hypot(matrix.c, matrix.d)
        size = raw.FPDFText_GetFontSize(self._page, index) * (scale if scale else 1.0)
        # PDFium measures angles clockwise, and returns -1 if it does not know one.
        angle = -max(raw.FPDFText_GetCharAngle(self._page, index), 0.0)
        last_angle = self._style[1]
        return max(size, 1.0), last_angle if abs(angle - last_angle) < MAX_SKEW else angle

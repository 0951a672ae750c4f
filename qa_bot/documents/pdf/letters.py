"""The letters of a PDF page and where they stand, as PDFium gives them, in runs of one style."""

import ctypes
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from unicodedata import normalize

CELL_GAP = 0.65  # sizes of type; a wider gap may lie between the cells of a table, or columns
SAME_LINE = 0.4  # sizes of type by which letters of one line may differ in height

LEVEL = 0.02  # radians by which lines of one direction may lean

_SAME_STYLE = 0.03  # share by which the sizes of letters in a run may differ
_SPACE = 0x20
_LINE_HYPHEN = 0x02  # what PDFium gives for a hyphen at the end of a line
_LINE_ENDS = (0x0A, 0x0D)

_SOFT_HYPHEN = re.compile(r"\u00ad ?(?=.)")
_LIGATURES = {0xFB00 + at: letters for at, letters in enumerate("ff fi fl ffi ffl st st".split())}
_ACCENTS = {  # accents as characters of their own, and as parts of the letter before
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
        **dict.fromkeys(range(0xE000, 0xF900)),  # private use: only the font knows what they are
        _LINE_HYPHEN: "-",
        0xA0: " ",
        0x09: " ",
    }
)


class Letter(NamedTuple):
    """A character and where it stands, in points, with its line turned level."""

    text: str
    left: float
    right: float
    base: float  # the height of its baseline
    size: float  # of its type
    angle: float  # of its line, in radians counterclockwise


@dataclass(slots=True)
class Run:
    """Text of one line without wide gaps in it; lengths are in points, the line turned level."""

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
        """About how high its capitals reach."""
        return self.base + 0.7 * self.size


def clean(text: str) -> str:
    """Return text with its blanks made single spaces and without control characters.

    Of soft hyphens only one at the end is kept.
    """
    return _SOFT_HYPHEN.sub("", " ".join(text.translate(_CLEAN).split()))


def read_runs(page: Any) -> list[Run]:
    """Return the runs of letters of a text page, in the order of the file, without blank ones.

    A run ends where PDFium sees a line end, at a wide gap, and where the size of type, its
    baseline or its direction changes.
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


def cut(run: Run, place: float) -> list[Run]:
    """Return the parts of a run left and right of a place; one that is blank is left out."""
    at = next((at for at, it in enumerate(run.letters) if it.left >= place), len(run.letters))
    if not 0 < at < len(run.letters):
        return [run]
    return [*_run(run.letters[:at]), *_run(run.letters[at:])]


def _run(letters: Sequence[Letter]) -> Iterator[Run]:
    """Yield a run of letters, unless they are blank."""
    text = "".join(letter.text for letter in letters).translate(_CLEAN)
    inked = [letter for letter in letters if not letter.text.isspace()]
    if inked and not text.isspace() and text:
        left = min(letter.left for letter in inked)
        right = max(letter.right for letter in inked)
        base, size, angle = inked[0].base, inked[0].size, inked[0].angle
        yield Run(text, left, right, base, size, angle, tuple(letters))


def _ends_run(last: Letter, letter: Letter) -> bool:
    """Whether a letter belongs to another run than the one before it."""
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

    Accents that are drawn before their letters, as TeX does, are put on them.
    """
    accent: Letter | None = None
    for letter in _drawn_letters(page):
        if accent is not None and letter is not None and letter.text == " ":
            continue
        whole = _accented(accent, letter)
        if accent is not None and whole is letter:
            yield accent
        accent = None
        if whole is not None and whole.text in _ACCENTS:
            accent = whole
        else:
            yield whole
    if accent is not None:
        yield accent


def _accented(accent: Letter | None, letter: Letter | None) -> Letter | None:
    """Return a letter with the accent that is drawn over it."""
    if accent is None or letter is None or not letter.text.isalpha():
        return letter
    middle = (accent.left + accent.right) / 2
    if not letter.left < middle < letter.right or abs(accent.base - letter.base) > letter.size:
        return letter
    return letter._replace(text=normalize("NFC", letter.text + _ACCENTS[accent.text]))


def _drawn_letters(page: Any) -> Iterator[Letter | None]:
    """Yield the letters of a page, and None for each line end."""
    from pypdfium2 import raw

    measure, handle, unicode_of = _Measure(page), page.raw, raw.FPDFText_GetUnicode
    last: Letter | None = None
    for at in range(raw.FPDFText_CountChars(page)):
        code = unicode_of(handle, at)
        if code in _LINE_ENDS:
            last = None
            yield None
        elif code == _SPACE:
            # A space that PDFium adds stands nowhere, so each is put on the letter before.
            if last is not None:
                yield last._replace(text=" ")
        else:
            last = measure.letter(at, code)
            yield last
            if code == _LINE_HYPHEN:
                last = None
                yield None


class _Measure:
    """Asks PDFium where letters stand; their style only where their height has changed."""

    def __init__(self, page: Any) -> None:
        from pypdfium2 import raw

        # The raw handle: the helper class is converted at each of the many calls.
        self._page, self._raw = page.raw, raw
        self._x, self._y, self._box = ctypes.c_double(), ctypes.c_double(), raw.FS_RECTF()
        self._matrix = raw.FS_MATRIX()
        self._seen: tuple[float, float] | None = None  # height of the box, baseline
        self._style = (1.0, 0.0)  # size, angle
        self._turn = (1.0, 0.0)  # cosine and sine of the angle

    def letter(self, at: int, code: int) -> Letter:
        page, raw, x, y, box = self._page, self._raw, self._x, self._y, self._box
        raw.FPDFText_GetCharOrigin(page, at, x, y)
        raw.FPDFText_GetLooseCharBox(page, at, box)
        text = chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else ""
        size, angle = self._style
        if not angle and self._seen == (box.top - box.bottom, y.value):
            return Letter(text, x.value, box.right, y.value, size, angle)
        left, right, base, height = self._place()
        if (height, base) != self._seen:
            size, angle = self._style = self._style_of(at)
            self._turn = math.cos(angle), math.sin(angle)
            left, right, base, height = self._place()
            self._seen = height, base
        return Letter(text, left, right, base, size, angle)

    def _place(self) -> tuple[float, float, float, float]:
        """Return where a letter begins and ends, its baseline, and how high its box is."""
        x, y, box, angle = self._x.value, self._y.value, self._box, self._style[1]
        if not angle:
            return x, box.right, y, box.top - box.bottom
        cos, sin = self._turn
        right = max(box.left * cos, box.right * cos) + max(box.bottom * sin, box.top * sin)
        height = (box.right - box.left) * abs(sin) + (box.top - box.bottom) * abs(cos)
        return x * cos + y * sin, right, round(y * cos - x * sin, 2), round(height, 2)

    def _style_of(self, at: int) -> tuple[float, float]:
        """Return the size of a letter, in points, and its angle, in radians counterclockwise."""
        raw, matrix = self._raw, self._matrix
        raw.FPDFText_GetMatrix(self._page, at, matrix)
        scale = math.hypot(matrix.c, matrix.d)
        size = raw.FPDFText_GetFontSize(self._page, at) * (scale if scale else 1.0)
        # PDFium counts clockwise, and gives -1 for what it does not know.
        angle = -max(raw.FPDFText_GetCharAngle(self._page, at), 0.0)
        known = self._style[1]
        return max(size, 1.0), known if abs(angle - known) < LEVEL else angle

"""The lines of a PDF page, where they stand, and which of them run along every page."""

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

_EDGE = 0.13  # share of a page's height, at its top and bottom, where headers and footers stand
_EDGE_LINES = 6  # no more lines than these, at either edge, are headers or footers
_AROUND = 4  # pages on either side that a header is looked for on
_SHARE = 1 / 3  # of these pages, at least two, that must have it: left and right ones may differ
_WORD_GAP = 1.2  # sizes of type; a wider gap in a line may lie between the cells of a table
_CELL_GAP = 2.5  # sizes of type; a wider one does
_ALIGNED = 2.0  # points by which cells of a column may be out of line
_SAME_HEIGHT = 3.0  # points that the same header may stand higher on another page
_SAME_LINE = 0.3  # sizes of type that letters of one line may stand above each other

_LEVEL = 0.02  # radians that a line may lean
_SPACE = 0x20
_LINE_HYPHEN = 0x02  # how PDFium calls the hyphen at the end of a line
_LINE_ENDS = (0x0A, 0x0D)

_NUMBER = re.compile(r"(?<!\d)\d{1,6}(?!\d)")
_ROMAN = re.compile(r"(?i)[\W_]*[ivxlc]{1,7}[\W_]*")
_LIGATURES = {0xFB00 + at: letters for at, letters in enumerate("ff fi fl ffi ffl st st".split())}
_CLEAN = str.maketrans(
    {
        **_LIGATURES,
        **dict.fromkeys([*range(0x20), 0xFFFE, 0xFFFF, *range(0x7F, 0xA0), 0xFEFF, 0xFFFD, 0x200B]),
        **dict.fromkeys(range(0xE000, 0xF900)),  # private: only the font knows what they are
        _LINE_HYPHEN: "-",
        0xA0: " ",
        0x09: " ",
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; lengths are in points, counted from the left and from the bottom."""

    text: str
    page: int  # counted from 1
    left: float
    right: float
    base: float  # where its letters stand
    size: float  # of its type
    angle: float  # of its letters, in radians
    share: float  # of its page's height that is below it

    @property
    def is_row(self) -> bool:
        """Whether it is a row of a table."""
        return self.text.startswith("| ")

    def looks_like(self, other: "Line", tolerance: float) -> bool:
        """Whether another line has the same direction and about the same size of type."""
        alike = abs(self.size - other.size) <= tolerance * max(self.size, other.size)
        return alike and abs(self.angle - other.angle) < _LEVEL


@dataclass(frozen=True, slots=True)
class _Letter:
    """A letter and where it stands, as seen with its line lying level."""

    text: str
    left: float
    right: float
    base: float
    size: float
    angle: float


def read_lines(pdf: Any, number: int) -> list[Line]:
    """Return the lines of a page, counted from 0, in the order of the file.

    A line with wide gaps is a row of a table: ``| one | two |``.
    """
    with closing(pdf[number]) as page, closing(page.get_textpage()) as letters:
        return list(_lines(_runs(letters), number + 1, page.get_mediabox()))


def without_running(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Leave out headers, footers and page numbers: what stands at the edges of most pages around.

    They say the same at the same height, but for a number that counts with the pages, or have
    such a number at an end.
    """
    body = _usual_size([line for page in pages for line in page])
    edges = [_edge_lines(page, body) for page in pages]
    running = [
        {line for line in page if _is_running(line, edges[max(0, at - _AROUND) : at + _AROUND + 1])}
        for at, page in enumerate(edges)
    ]
    left = [
        [line for line in page if line not in gone]
        for page, gone in zip(pages, running, strict=True)
    ]
    return left if any(left) else [list(page) for page in pages]


def _edge_lines(page: Sequence[Line], body: float) -> list[Line]:
    """Return the lines that stand where headers and footers do, in no larger type than the text."""
    ordered = sorted(page, key=lambda line: line.base)
    return [
        line
        for line in {*ordered[:_EDGE_LINES], *ordered[-_EDGE_LINES:]}
        if not _EDGE < line.share < 1 - _EDGE and line.size < 1.15 * body
    ]


def _is_running(line: Line, around: Sequence[Sequence[Line]]) -> bool:
    pages = sum(any(_repeats(line, other) for other in page) for page in around)
    return pages >= max(2, _SHARE * len(around))


def _repeats(line: Line, other: Line) -> bool:
    """Whether two lines have the page's number at an end, or say the same at the same height."""
    if _offsets(line) & _offsets(other):
        return True
    return abs(line.base - other.base) < _SAME_HEIGHT and not _keys(line).isdisjoint(_keys(other))


def _offsets(line: Line) -> set[int]:
    """Return how far the numbers at the ends of a line are from the number of its page."""
    words = line.text.strip("| ").split()
    return {int(word) - line.page for word in words[:1] + words[-1:] if _NUMBER.fullmatch(word)}


def _keys(line: Line) -> set[str]:
    """Return the words of a line, and again with each number as its distance from the page's."""
    text = " ".join(line.text.casefold().split())
    numbers = (
        f"{text[: it.start()]}<{int(it[0]) - line.page}>{text[it.end() :]}"
        for it in _NUMBER.finditer(text)
    )
    return {"<roman>" if _ROMAN.fullmatch(text) else text, *numbers}


def _usual_size(lines: Sequence[Line]) -> float:
    """Return the size of the type that most letters are in."""
    letters: Counter[int] = Counter()
    for line in lines:
        letters[round(line.size)] += len(line.text)
    return letters.most_common(1)[0][0] if letters else 0.0


def _lines(runs: Iterable[list[_Letter]], page: int, box: Sequence[float]) -> Iterator[Line]:
    """Make lines of runs of letters: those at one height are one line."""
    rows: list[list[list[_Letter]]] = []
    for run in runs:
        if rows and _goes_on(rows[-1][-1][-1], run[0]):
            rows[-1].append(run)
        else:
            rows.append([run])
    for at, row in enumerate(rows):
        neighbours = [*rows[max(0, at - 1) : at], *rows[at + 1 : at + 2]]
        around = [run for other in neighbours for run in other[1:]]
        cells = _cells(row, around)
        first, last = row[0][0], row[-1][-1]
        text = cells[0] if len(cells) == 1 else f"| {' | '.join(cells)} |"
        share = _share_below(last, box)
        yield Line(text, page, first.left, last.right, last.base, last.size, last.angle, share)


def _share_below(letter: _Letter, box: Sequence[float]) -> float:
    """Return the share of a page, its box given, that is below a letter, as its line lies level."""
    left, bottom, right, top = box
    cos, sin = math.cos(letter.angle), math.sin(letter.angle)
    heights = [y * cos - x * sin for x in (left, right) for y in (bottom, top)]
    height = max(heights) - min(heights)
    return (letter.base - min(heights)) / height if height else 0.5


def _cells(row: Sequence[Sequence[_Letter]], around: Sequence[Sequence[_Letter]]) -> list[str]:
    """Return the words of a line, cell by cell; most lines are one cell.

    A gap is one between cells when it is too wide for one between words, or when what stands
    behind it is in line with what stands so in the line above or below.
    """
    cells: list[str] = []
    for before, run in zip([None, *row], row, strict=False):
        alone = before is None or _gap(before[-1], run[0]) > _CELL_GAP
        lines_up = any(
            abs(run[0].left - other[0].left) < _ALIGNED
            or abs(run[-1].right - other[-1].right) < _ALIGNED
            for other in around
        )
        if alone or lines_up:
            cells.append(_words(run))
        else:
            cells[-1] += f" {_words(run)}"
    return cells


def _words(run: Sequence[_Letter]) -> str:
    return " ".join("".join(letter.text for letter in run).translate(_CLEAN).split())


def _goes_on(last: _Letter, letter: _Letter) -> bool:
    """Whether a letter stands to the right of another, on the same line."""
    level = abs(letter.base - last.base) <= _SAME_LINE * last.size
    return level and letter.left > last.right - last.size and letter.angle == last.angle


def _is_apart(last: _Letter, letter: _Letter) -> bool:
    """Whether a letter comes after a wide gap, or back on another line though none was ended."""
    back = letter.left < last.left and abs(letter.base - last.base) > _SAME_LINE * last.size
    return back or _gap(last, letter) > _WORD_GAP


def _gap(last: _Letter, letter: _Letter) -> float:
    """Return how far a letter stands from the one before it, in sizes of type."""
    return (letter.left - last.right) / last.size


def _runs(page: Any) -> Iterator[list[_Letter]]:
    """Yield the letters between line ends and wide gaps, those runs that are not blank."""
    run: list[_Letter] = []
    for letter in [*_letters(page), None]:
        if run and (letter is None or _is_apart(run[-1], letter)):
            if _words(run):
                yield run
            run = []
        if letter is not None and (run or not letter.text.isspace()):
            run.append(letter)


def _letters(page: Any) -> Iterator[_Letter | None]:
    """Yield the letters of a page, and None for each line end."""
    from pypdfium2 import raw

    style: tuple[float, float] | None = None  # of the line: that of its first letter or digit
    last: _Letter | None = None
    for at in range(raw.FPDFText_CountChars(page)):
        code = raw.FPDFText_GetUnicode(page, at)
        if code in _LINE_ENDS:
            style = last = None
            yield None
        elif code == _SPACE:
            # One that PDFium adds between words stands nowhere; it takes no room then.
            if last is not None:
                yield replace(last, text=" ", left=last.right)
        else:
            last = _letter(page, at, code, *(_style(page, at) if style is None else style))
            style = (last.size, last.angle) if style is None and last.text.isalnum() else style
            yield last
            if code == _LINE_HYPHEN:
                style = last = None
                yield None


def _style(page: Any, at: int) -> tuple[float, float]:
    """Return the size of a letter, in points, and its angle, in radians counterclockwise."""
    from pypdfium2 import raw

    matrix = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(page, at, matrix)
    scale = math.hypot(matrix.c, matrix.d)
    size = raw.FPDFText_GetFontSize(page, at) * (scale if scale else 1.0)
    # PDFium counts clockwise, and gives -1 for what it does not know.
    clockwise = max(raw.FPDFText_GetCharAngle(page, at), 0.0)
    return max(size, 1.0), -clockwise


def _letter(page: Any, at: int, code: int, size: float, angle: float) -> _Letter:
    from pypdfium2 import raw

    x, y, box = ctypes.c_double(), ctypes.c_double(), raw.FS_RECTF()
    raw.FPDFText_GetCharOrigin(page, at, x, y)
    raw.FPDFText_GetLooseCharBox(page, at, box)
    cos, sin = math.cos(angle), math.sin(angle)
    right = max(a * cos + b * sin for a in (box.left, box.right) for b in (box.bottom, box.top))
    text = chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else ""
    return _Letter(
        text, x.value * cos + y.value * sin, right, y.value * cos - x.value * sin, size, angle
    )

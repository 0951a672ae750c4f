"""Runs of letters -> pieces: what stands at one height, without the gaps between columns."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from qa_bot.pdf_bidi import has_rtl, logical_text
from qa_bot.pdf_letters import CELL_GAP, SAME_LINE, Run, clean

Row = list[Run]

_SURE_GAP = 2.5  # sizes of type; a wider gap needs nothing above or below it to be one
_WORD_GAP = 0.15  # sizes of type; a wider gap is a space
_FREE = 0.7  # sizes of type; how wide the part of a gap must be that goes on in other rows
_ALIGNED = 2.0  # points by which cells of a column may be out of line
_ALIGNED_GAP = 1.2  # sizes of type; a gap before cells that are in line
_AROUND = 4  # rows above and below a gap that may go on with it
_SPACED = 0.2  # sizes of type; letters with wider gaps between them are set apart
_SPACED_WORDS = 4.5  # such gaps between letters; one between words is no wider
_MARKER = re.compile(r"[•‣▪◦●○■–*-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxlc]{1,5})[.)]|[⁰¹²³⁴-⁹]{1,3}|[*†‡§]")
_MARKER_GAP = 5.0  # sizes of type between the marker of a list item and its text


def make_rows(runs: Sequence[Run]) -> list[Row]:
    """Return the rows of runs of one direction, from top to bottom; each is cut at its gaps."""
    rows = [_joined(row) for row in _by_height(runs)]
    confirmed = [_without_false_gaps(rows, at) for at in range(len(rows))]
    return [[_cleaned(piece) for piece in row] for row in confirmed]


def _by_height(runs: Sequence[Run]) -> list[Row]:
    rows: list[Row] = []
    for run in sorted(runs, key=lambda run: -run.base):
        if rows and rows[-1][0].base - run.base <= SAME_LINE * min(rows[-1][0].size, run.size):
            rows[-1].append(run)
        else:
            rows.append([run])
    return rows


def _joined(row: Row) -> Row:
    """Return the runs of a row from left to right, joined where no wide gap is between them."""
    pieces: Row = []
    for run in sorted(row, key=lambda run: run.left):
        last = pieces[-1] if pieces else None
        if last is None or not _goes_on(last, run):
            pieces.append(run)
        elif not (run.right <= last.right + 0.1 * run.size and run.text.strip() in last.text):
            join(last, run)  # what is drawn twice for bold type is left out
    return pieces


def _goes_on(last: Run, run: Run) -> bool:
    gap, size = run.left - last.right, max(last.size, run.size)
    if gap <= CELL_GAP * size:
        return True
    if _MARKER.fullmatch(clean(last.text)):
        return gap <= _MARKER_GAP * size
    spacing = min(_spacing(last), _spacing(run))
    return spacing > _SPACED * size and gap <= _SPACED_WORDS * spacing


def join(last: Run, run: Run) -> None:
    """Add a run to the one on its left."""
    gap = run.left - last.right
    blank = " " if gap > _WORD_GAP * run.size and not last.text.endswith(" ") else ""
    last.text += blank + run.text
    last.letters += run.letters
    if len(run.text) > len(last.text) / 2:
        last.size, last.base = run.size, run.base
    last.right = max(last.right, run.right)


def _spacing(run: Run) -> float:
    """Return the usual gap between the letters of a run, in points."""
    inked = [letter for letter in run.letters if not letter.text.isspace()]
    gaps = [after.left - before.right for before, after in pairwise(inked)]
    return median(gaps) if len(gaps) > 1 else 0.0


def _without_false_gaps(rows: Sequence[Row], at: int) -> Row:
    """Return a row with its narrower gaps closed, but for those that go on above or below."""
    row = rows[at]
    pieces = row[:1]
    around = [*rows[max(0, at - _AROUND) : at], *rows[at + 1 : at + 1 + _AROUND]]
    next_to = [*rows[max(0, at - 1) : at], *rows[at + 1 : at + 2]]
    for before, piece in pairwise(row):
        gap, size = piece.left - before.right, max(before.size, piece.size)
        sure = gap > _SURE_GAP * size or _lines_up(piece, next_to, gap / size)
        if sure or _goes_down(around, before.right, piece.left, _FREE * size):
            pieces.append(piece)
        else:
            pieces[-1] = _copy(pieces[-1])
            join(pieces[-1], piece)
    return pieces


def _copy(run: Run) -> Run:
    return Run(run.text, run.left, run.right, run.base, run.size, run.angle, run.letters)


def _goes_down(rows: Sequence[Row], left: float, right: float, width: float) -> bool:
    """Whether a gap goes on in two other rows, between their pieces or beside them."""
    both = beside_left = beside_right = 0
    for row in rows:
        inner = max((piece.right for piece in row if piece.right <= right - width), default=None)
        outer = min((piece.left for piece in row if piece.left >= left + width), default=None)
        crosses = any(piece.left < left + width and piece.right > right - width for piece in row)
        if not crosses and inner is not None and outer is not None:
            both += min(right, outer) - max(left, inner) >= width
        elif not crosses:
            beside_left += inner is not None
            beside_right += outer is not None
    return both > 1 or (beside_left > 0 and both + beside_right > 1)


def _lines_up(piece: Run, rows: Sequence[Row], gap: float) -> bool:
    """Whether a piece behind a gap is in line with one behind a gap in another row."""
    return gap > _ALIGNED_GAP and any(
        abs(piece.left - other.left) < _ALIGNED or abs(piece.right - other.right) < _ALIGNED
        for row in rows
        for other in row[1:]
    )


def _cleaned(piece: Run) -> Run:
    text = logical_text(piece.letters) if has_rtl(piece.text) else _unspaced(piece)
    result = _copy(piece)
    result.text = clean(text)
    return result


def _unspaced(piece: Run) -> str:
    """Return the text of a piece; letters set apart by spaces ("F A I R") are words again."""
    words = piece.text.split()
    singles = sum(len(word) == 1 for word in words)
    if singles < 5 or singles < 0.8 * len(words) or not all(map(str.isalpha, words)):
        return piece.text
    return "".join(_respaced(piece))


def _respaced(piece: Run) -> Iterator[str]:
    inked = [letter for letter in piece.letters if not letter.text.isspace()]
    usual = _spacing(piece)
    yield inked[0].text
    for before, letter in pairwise(inked):
        apart = letter.left - before.right > 1.5 * usual + 0.05 * piece.size
        yield f" {letter.text}" if apart else letter.text

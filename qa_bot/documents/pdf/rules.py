"""The level lines drawn on a page: borders of tables, and the edges of coloured cells."""

import ctypes
import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from qa_bot.documents.pdf.table_rows import Rule

_MOST = 3000  # points of all paths; a page with more is a drawing
_LONGEST_SLANT = 1.0  # points by which the ends of a level line may differ in height
_SHORTEST = 20.0  # points
_RIGHT_ANGLES = (0.0, -math.pi / 2, -math.pi, -3 * math.pi / 2)

_Point = tuple[float, float]


def read_rules(page: Any) -> list[Rule]:
    """Return the lines of a page that are level for text that runs in one of four directions."""
    from pypdfium2 import raw

    rules: list[Rule] = []
    points = 0
    for drawn in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH]):
        count = raw.FPDFPath_CountSegments(drawn)
        points += count
        if points > _MOST:
            break
        corners = list(_corners(drawn, count))
        for one, other in [*pairwise(corners), *zip(corners[-1:], corners[:1], strict=False)]:
            rules += _rules(one, other)
    return rules


def _corners(drawn: Any, count: int) -> Iterator[_Point]:
    """Yield the points of a path, as they stand on the page."""
    from pypdfium2 import raw

    matrix = drawn.get_matrix()
    x, y = ctypes.c_float(), ctypes.c_float()
    for at in range(count):
        segment = raw.FPDFPath_GetPathSegment(drawn, at)
        if raw.FPDFPathSegment_GetPoint(segment, x, y):
            yield matrix.on_point(x.value, y.value)


def _rules(one: _Point, other: _Point) -> Iterator[Rule]:
    for angle in _RIGHT_ANGLES:
        cos, sin = math.cos(angle), math.sin(angle)
        (left, low), (right, high) = (
            (x * cos + y * sin, y * cos - x * sin) for x, y in sorted((one, other))
        )
        if abs(high - low) <= _LONGEST_SLANT and abs(right - left) >= _SHORTEST:
            yield Rule(min(left, right), max(left, right), low, angle)

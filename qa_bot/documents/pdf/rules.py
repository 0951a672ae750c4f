"""Find the horizontal lines drawn on a page: borders of tables, and edges of coloured cells."""

import ctypes
import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from qa_bot.documents.pdf.table_rows import Rule

_MAX_CORNERS = 3000  # in all paths; a page with more is a drawing
_MAX_SLANT = 1.0  # points by which the ends of a horizontal line may differ in height
_MIN_LENGTH = 20.0  # points
_RIGHT_ANGLES = (0.0, -math.pi / 2, -math.pi, -3 * math.pi / 2)

_Point = tuple[float, float]


def read_rules(page: Any) -> list[Rule]:
    """Return the lines that are horizontal for text in any of the four directions of a page."""
    from pypdfium2 import raw

    rules: list[Rule] = []
    total = 0
    for path in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH]):
        count = raw.FPDFPath_CountSegments(path)
        total += count
        if total > _MAX_CORNERS:
            break
        corners = list(_corners(path, count))
        for start, end in [*pairwise(corners), *zip(corners[-1:], corners[:1], strict=False)]:
            rules += _rules(start, end)
    return rules


def _corners(path: Any, count: int) -> Iterator[_Point]:
    """Yield the corners of a path in the coordinates of the page."""
    from pypdfium2 import raw

    matrix = path.get_matrix()
    x, y = ctypes.c_float(), ctypes.c_float()
    for index in range(count):
        segment = raw.FPDFPath_GetPathSegment(path, index)
        if raw.FPDFPathSegment_GetPoint(segment, x, y):
            yield matrix.on_point(x.value, y.value)


def _rules(start: _Point, end: _Point) -> Iterator[Rule]:
    """Yield a side of a path for each text direction in which it is horizontal."""
    for angle in _RIGHT_ANGLES:
        cos, sin = math.cos(angle), math.sin(angle)
        (left, low), (right, high) = (
            (x * cos + y * sin, y * cos - x * sin) for x, y in sorted((start, end))
        )
        if abs(high - low) <= _MAX_SLANT and abs(right - left) >= _MIN_LENGTH:
            yield Rule(min(left, right), max(left, right), low, angle)

"""Small PDF files for tests: text in Courier, whose letters are 0.6 em wide, and form fields."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """Text at a position, in points from the bottom left of a page of 600 by 800 points."""

    text: str
    x: float = 50
    y: float = 700
    size: float = 10
    turned: bool = False  # whether it runs from the bottom to the top

    def drawn(self) -> bytes:
        text = self.text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        matrix = "0 1 -1 0" if self.turned else "1 0 0 1"
        return f"BT /F1 {self.size} Tf {matrix} {self.x} {self.y} Tm ({text}) Tj ET".encode(
            "cp1252"
        )


@dataclass(frozen=True)
class Rule:
    """A horizontal line."""

    x: float
    y: float
    width: float

    def drawn(self) -> bytes:
        return f"{self.x} {self.y} m {self.x + self.width} {self.y} l S".encode()


@dataclass(frozen=True)
class Field:
    """A form field; ``entries`` are those of its dictionary, ``/FT /Tx /V (value)`` and so on."""

    entries: str
    x: float = 200
    y: float = 700
    width: float = 100

    def made(self) -> bytes:
        box = f"[{self.x} {self.y - 3} {self.x + self.width} {self.y + 12}]"
        return f"<< /Type /Annot /Subtype /Widget /Rect {box} {self.entries} >>".encode()


Item = Text | Rule | Field


def column(*lines: str, x: float = 50, y: float = 700, pitch: float = 12) -> list[Text]:
    """Return the lines of a column, from top to bottom."""
    return [Text(line, x, y - pitch * at) for at, line in enumerate(lines)]


def row(*cells: str, y: float, left: float = 50, width: float = 150) -> list[Text]:
    """Return the cells of a row, ``width`` points apart."""
    return [Text(cell, left + width * at, y) for at, cell in enumerate(cells) if cell]


def make_pdf(*pages: Sequence[Item]) -> bytes:
    """Return a PDF file with these pages, whose items are drawn in the given order."""
    objects = [b"", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"]
    objects[2] = objects[2].replace(b" >>", b" /Encoding /WinAnsiEncoding >>")
    numbers: list[int] = []
    fields: list[int] = []
    for page in pages:
        content = b"\n".join(item.drawn() for item in page if not isinstance(item, Field))
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content))
        drawn = len(objects)
        on_page = []
        for item in page:
            if isinstance(item, Field):
                objects.append(item.made())
                on_page.append(len(objects))
        fields += on_page
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> /Annots [%b] >>" % (drawn, _refs(on_page))
        )
        numbers.append(len(objects))
    form = b"/AcroForm << /Fields [%b] >>" % _refs(fields) if fields else b""
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R %b >>" % form
    objects[1] = b"<< /Type /Pages /Kids [%b] /Count %d >>" % (_refs(numbers), len(numbers))
    return _file(objects)


def _refs(numbers: Sequence[int]) -> bytes:
    return b" ".join(b"%d 0 R" % number for number in numbers)


def _file(objects: Sequence[bytes]) -> bytes:
    data = b"%PDF-1.7\n"
    offsets: list[int] = []
    for number, item in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, item)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(data)
    count = len(objects) + 1
    return data + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer << /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (count, table, count, start)
    )

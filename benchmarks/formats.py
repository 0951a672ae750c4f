"""How fast is each format read? The same prose is written in each and loaded, but not embedded.

``python -m benchmarks.formats`` prints CPU time against that of plain text in the same run.
"""

import argparse
import io
import random
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage

from qa_bot.documents.formats import read_content

CHARACTERS = 500_000  # of prose
ROUNDS = 3  # the fastest one counts
PARAGRAPH = 8  # sentences
HEADING_EVERY = 10  # paragraphs
PDF_LINE, PDF_LINES = 88, 48  # characters in a line, lines on a page

_WORDS = """
boat harbour captain rope sail tide lantern keeper bridge crown island storm market letter winter
morning carried repaired bought opened promised returned measured painted quietly together behind
between against because nobody twelve seven small heavy northern wooden the a of and in to with
""".split()
_MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class Speed:
    """The CPU seconds to read a format, for this many characters of text and bytes of file."""

    suffix: str
    seconds: float
    characters: int
    size: int  # bytes
    pages: int


def prose(characters: int) -> list[str]:
    """Return paragraphs of invented sentences, the same each time."""
    rng = random.Random(0)
    paragraphs: list[str] = []
    length = 0
    while length < characters:
        sentences = [" ".join(rng.choices(_WORDS, k=12)).capitalize() for _ in range(PARAGRAPH)]
        paragraphs.append(". ".join(sentences) + ".")
        length += len(paragraphs[-1]) + 2
    return paragraphs


def text(paragraphs: Sequence[str]) -> bytes:
    """Write plain text."""
    return "\n\n".join(paragraphs).encode()


def markdown(paragraphs: Sequence[str]) -> bytes:
    """Write Markdown with some headings."""
    return "\n\n".join(_with_headings(paragraphs, "## {}")).encode()


def csv(paragraphs: Sequence[str]) -> bytes:
    """Write a table of three columns."""
    rows = (f'{at},"{part[:60]}","{part[60:]}"' for at, part in enumerate(paragraphs))
    return "number,first,rest\n{}\n".format("\n".join(rows)).encode()


def html(paragraphs: Sequence[str]) -> bytes:
    """Write a web page."""
    parts = _with_headings([f"<p>{part}</p>" for part in paragraphs], "<h2>{}</h2>")
    return f"<!doctype html><title>t</title><body>{''.join(parts)}".encode()


def epub(paragraphs: Sequence[str]) -> bytes:
    """Write a book of twenty chapters."""
    size = -(-len(paragraphs) // 20)
    chapters = [paragraphs[at : at + size] for at in range(0, len(paragraphs), size)]
    names = [f"c{at}.xhtml" for at in range(len(chapters))]
    items = "".join(
        f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in names
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in names)
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata/>'
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    container = '<container><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>'
    pages = {name: html(part).decode() for name, part in zip(names, chapters, strict=True)}
    return _zipped({"META-INF/container.xml": container, "b.opf": package, **pages})


def docx(paragraphs: Sequence[str]) -> bytes:
    """Write a Word document."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "".join(f"<w:p><w:r><w:t>{part}</w:t></w:r></w:p>" for part in paragraphs)
    document = f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>'
    return _zipped({"word/document.xml": document})


def srt(paragraphs: Sequence[str]) -> bytes:
    """Write subtitles of one sentence each."""
    said = [f"{sentence}." for part in paragraphs for sentence in part.rstrip(".").split(". ")]
    times = "{:02}:{:02}:{:02},000"
    cues = (
        f"{at}\n{times.format(at // 3600, at // 60 % 60, at % 60)} --> "
        f"{times.format(at // 3600, at // 60 % 60, at % 60)}\n{sentence}"
        for at, sentence in enumerate(said, 1)
    )
    return "\n\n".join(cues).encode()


def eml(paragraphs: Sequence[str]) -> bytes:
    """Write a mail."""
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "a@example.org", "The harbour"
    mail.set_content("\n\n".join(paragraphs))
    return mail.as_bytes()


def pdf(paragraphs: Sequence[str]) -> bytes:
    """Write pages of lines in Courier."""
    lines = [
        part[at : at + PDF_LINE] for part in paragraphs for at in range(0, len(part), PDF_LINE)
    ]
    pages = [lines[at : at + PDF_LINES] for at in range(0, len(lines), PDF_LINES)]
    kids = " ".join(f"{4 + 2 * at} 0 R" for at in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
    ]
    for at, page in enumerate(pages):
        drawn = " ".join(f"({line}) Tj T*" for line in page)
        stream = f"BT /F1 10 Tf 14 TL 30 760 Td {drawn} ET"
        objects += [
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font "
            f"<< /F1 3 0 R >> >> /Contents {5 + 2 * at} 0 R >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        ]
    body = "".join(f"{at} 0 obj\n{it}\nendobj\n" for at, it in enumerate(objects, 1))
    return f"%PDF-1.4\n{body}trailer << /Root 1 0 R /Size {len(objects) + 1} >>\n".encode()


FORMATS: dict[str, Callable[[Sequence[str]], bytes]] = {
    ".txt": text,
    ".md": markdown,
    ".csv": csv,
    ".eml": eml,
    ".srt": srt,
    ".html": html,
    ".epub": epub,
    ".docx": docx,
    ".pdf": pdf,
}


def measure(suffix: str, paragraphs: Sequence[str], rounds: int) -> Speed:
    """Read a file of a format several times, and return the fastest reading."""
    data = FORMATS[suffix](paragraphs)
    seconds = []
    for _ in range(rounds):
        started = time.process_time()
        content = read_content(data, suffix)
        seconds.append(time.process_time() - started)
    pages = sum(mark.kind == "page" for mark in content.marks)
    return Speed(suffix, min(seconds), len(content.text), len(data), pages)


def to_text(speeds: Sequence[Speed]) -> str:
    """Return a table in Markdown; times are multiples of the first format's."""
    lines = ["| format | CPU time | million characters a second |", "|---|---|---|"]
    for speed in speeds:
        ratio = speed.seconds / speeds[0].seconds
        rate = f"{speed.characters / speed.seconds / _MEGA:.1f}"
        pages = f", {speed.pages / speed.seconds:.0f} pages" if speed.pages else ""
        lines.append(f"| {speed.suffix} | {ratio:.1f} | {rate}{pages} |")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> None:
    """Print how fast each format is read."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.formats", description=__doc__)
    parser.add_argument("--characters", type=int, default=CHARACTERS, help="of prose (%(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each (%(default)s)")
    args = parser.parse_args(argv)
    paragraphs = prose(args.characters)
    print(to_text([measure(suffix, paragraphs, args.rounds) for suffix in FORMATS]))


def _with_headings(paragraphs: Sequence[str], form: str) -> list[str]:
    return [
        piece
        for at, part in enumerate(paragraphs)
        for piece in ((form.format(f"Part {at}"), part) if at % HEADING_EVERY == 0 else (part,))
    ]


def _zipped(members: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


if __name__ == "__main__":
    main()

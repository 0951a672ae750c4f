"""Whose lines of a PDF are best: ours, those of pdfminer.six's layout analysis, or PDFium's?

LaTeX, LibreOffice, Chromium and ReportLab write files on the spot: how many sentences and table
rows stand whole in what each reader reads? ``python -m benchmarks.pdf_lines FOLDER`` also answers
the cases of FOLDER that are PDF files, from the text that each reads.
"""

import argparse
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tqdm import tqdm

from benchmarks.cases import faults, load_cases
from benchmarks.pdf_samples import COLUMNS, PRODUCERS, Sample, missing, sample
from qa_bot.bot import Bot
from qa_bot.datatypes import Answer, Document
from qa_bot.documents.loader import load_file
from qa_bot.errors import ArticleError
from qa_bot.models.embedder import load_embedder

SAMPLES, SEED = 3, 100
_BROKEN_WORD = re.compile(
    "[-\u00ad\u2010\ufffe]\\s*"
)  # PDFium writes U+FFFE for a hyphen at a line's end


@dataclass(frozen=True, slots=True)
class Kept:
    """How many sentences of files, and how many rows of their tables, were read whole."""

    sentences: int
    rows: int
    sentences_in_all: int
    rows_in_all: int

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(
            self.sentences + other.sentences,
            self.rows + other.rows,
            self.sentences_in_all + other.sentences_in_all,
            self.rows_in_all + other.rows_in_all,
        )

    def __str__(self) -> str:
        return f"{self.sentences}/{self.sentences_in_all}, {self.rows}/{self.rows_in_all}"


def pdfminer(path: Path) -> Document:
    """Read a file by pdfminer.six as it comes; raises ArticleError if there is no text."""
    from pdfminer.high_level import extract_text
    from pdfminer.layout import LAParams

    return _document(extract_text(str(path), laparams=LAParams()))


def pdfium(path: Path) -> Document:
    """Read a file by PDFium, page after page; raises ArticleError if there is no text."""
    import pypdfium2

    with pypdfium2.PdfDocument(path) as pdf:
        return _document("\n\n".join(page.get_textpage().get_text_range() for page in pdf))


READERS: dict[str, Callable[[Path], Document]] = {
    "ours": load_file,
    "pdfminer.six": pdfminer,
    "PDFium": pdfium,
}


def kept(sample: Sample, text: str) -> Kept:
    """Count what of a sample stands whole in a text; spaces and hyphens at line ends don't count.

    A row is whole if its cells follow each other on one line with nothing but spaces and signs
    between them.
    """
    read = _plain(text)
    sentences = [
        f"{sentence}."
        for paragraph in sample.paragraphs
        for sentence in paragraph.rstrip(".").split(". ")
    ]
    lines = [re.sub(r"\W+", " ", line) for line in text.splitlines()]
    rows = [re.sub(r"\W+", " ", " ".join(row)) for row in sample.table]
    return Kept(
        sum(_plain(sentence) in read for sentence in sentences),
        sum(any(row in line for line in lines) for row in rows),
        len(sentences),
        len(rows),
    )


def made(samples: Sequence[Sample]) -> dict[str, dict[str, Kept]]:
    """Have each producer write the samples, if it is installed; return {kind: {reader: kept}}."""
    results: dict[str, dict[str, Kept]] = {}
    kinds = [(name, columns) for name in PRODUCERS if not missing(name) for columns in COLUMNS]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sample.pdf"
        for producer, columns in tqdm(kinds, unit="kind", disable=None):
            name = f"{producer}, {columns} column{'s' if columns > 1 else ''}"
            results[name] = dict.fromkeys(READERS, Kept(0, 0, 0, 0))
            for written in samples:
                PRODUCERS[producer](written, columns, path)
                for reader, read in READERS.items():
                    results[name][reader] += kept(written, read(path).text)
    return results


def cases_right(folder: Path, readers: Sequence[str]) -> dict[str, list[str]]:
    """Return, for each reader, the PDF files of a folder of cases that are right when it reads."""
    embedder = load_embedder()

    def asker(document: Document) -> Callable[[str], Answer]:
        return Bot.from_documents([document], embedder=embedder).answer

    cases = [case for case in load_cases(folder) if case.file.endswith(".pdf")]
    right: dict[str, list[str]] = {reader: [] for reader in readers}
    for case in tqdm(cases, unit="case", disable=None):
        for reader in readers:
            if not faults(case, folder, asker, READERS[reader]):
                right[reader].append(case.file)
    return right


def to_text(files: Mapping[str, Mapping[str, Kept]]) -> str:
    """Return a table in Markdown: sentences kept of all, rows kept of all."""
    lines = [f"| written by | {' | '.join(READERS)} |", f"|---{'|---' * len(READERS)}|"]
    for name, results in files.items():
        lines.append(f"| {name} | {' | '.join(str(results[reader]) for reader in READERS)} |")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> None:
    """Print what each reader keeps of the files made, and the cases that are right with it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pdf_lines", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="a folder of cases, if any")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="of each kind (%(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="of the first (%(default)s)")
    args = parser.parse_args(argv)
    files = made([sample(args.seed + number) for number in range(args.samples)])
    print("Sentences read whole, and table rows:\n")
    print(to_text(files))
    for name in filter(missing, PRODUCERS):
        print(f"Not compared: {name}, for there is no {missing(name)}")
    if args.folder:
        for reader, right in cases_right(args.folder, list(READERS)).items():
            print(f"{reader}: {len(right)} PDF cases right: {', '.join(right)}")


def _document(text: str) -> Document:
    if not text.strip():
        raise ArticleError("no text was read")
    return Document(text)


def _plain(text: str) -> str:
    """Return a text without ligatures, and without hyphens, at line ends or elsewhere."""
    return " ".join(_BROKEN_WORD.sub("", unicodedata.normalize("NFKC", text)).split())


if __name__ == "__main__":
    main()

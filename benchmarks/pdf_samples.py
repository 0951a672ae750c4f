"""The same text as PDF by LaTeX, LibreOffice, Chromium and ReportLab.

Each writes it in one column and in two, with a running head, page numbers, headings, hyphenation
or justified lines as is its habit, and a table that is ruled, ruled at its head or not ruled.
"""

import html
import random
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

PARAGRAPHS = 24  # in a file: four to six pages
SECTION = 3  # paragraphs
RUNNING_HEAD = "Annals of the Harbour of Tarn"
COLUMNS = (1, 2)
PROGRAMS = {"LaTeX": "pdflatex", "LibreOffice": "soffice", "Chromium": "chromium"}
_TIMEOUT = 120  # seconds that a program may take
_WORDS = """
boat harbour captain rope sail tide lantern keeper bridge crown island storm market letter winter
morning carried repaired bought opened promised returned measured painted quietly together behind
between against because nobody navigation responsibility administration well-known 1,204 the a of
and in to with
""".split()
_HEAD = ("Ship", "Built", "Captain", "Tons", "Port")
_SHIPS = "Anna Borealis Cinna Dorado Elvira Fortuna Galatea Halcyon Isolde Juno".split()
_CAPTAINS = ("Sven Olt", "Hald", "Ida Quist", "Moen", "Lind")
_PORTS = ("Tarn", "North Haven", "Ulv")


@dataclass(frozen=True, slots=True)
class Sample:
    """What a file says: sections, each a heading with its paragraphs, and a table after the first.

    The first row of the table is its head.
    """

    title: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    table: tuple[tuple[str, ...], ...]

    @property
    def paragraphs(self) -> list[str]:
        """The paragraphs in the order of reading."""
        return [paragraph for _, paragraphs in self.sections for paragraph in paragraphs]


# writes a sample in so many columns to a file
Writer = Callable[[Sample, int, Path], None]


def sample(seed: int) -> Sample:
    """Return the sample of a seed: sentences of 6 to 22 words, a table of 3 to 5 columns."""
    rng = random.Random(seed)

    def sentence() -> str:
        return " ".join(rng.choices(_WORDS, k=rng.randint(6, 22))).capitalize()

    paragraphs = [
        ". ".join(sentence() for _ in range(rng.randint(2, 7))) + "." for _ in range(PARAGRAPHS)
    ]
    parts = [tuple(paragraphs[at : at + SECTION]) for at in range(0, PARAGRAPHS, SECTION)]
    sections = tuple((f"Chapter {number} of the Annals", part) for number, part in enumerate(parts))
    columns = rng.randint(3, len(_HEAD))
    rows = (
        (
            ship,
            str(rng.randint(1700, 1899)),
            rng.choice(_CAPTAINS),
            str(rng.randint(5, 900)),
            rng.choice(_PORTS),
        )[:columns]
        for ship in _SHIPS[: rng.randint(3, len(_SHIPS))]
    )
    return Sample("The Harbour of Tarn", sections, (_HEAD[:columns], *rows))


def latex(sample: Sample, columns: int, path: Path) -> None:
    """Write it as an article of LaTeX: justified and hyphenated, the table ruled at its head."""
    rows = [" & ".join(row) + r" \\" for row in sample.table]
    table = (
        r"\begin{center}\small\begin{tabular}{@{}" + "l" * len(sample.table[0]) + r"@{}}\hline "
        f"{rows[0]}\\hline\n" + "\n".join(rows[1:]) + r"\hline\end{tabular}\end{center}"
    )
    parts = [
        f"\\section{{{heading}}}\n" + "\n\n".join(paragraphs)
        for heading, paragraphs in sample.sections
    ]
    kind = "twocolumn" if columns == 2 else "onecolumn"
    source = (
        f"\\documentclass[{kind},a4paper]{{article}}\\pagestyle{{myheadings}}"
        f"\\markboth{{{RUNNING_HEAD}}}{{{RUNNING_HEAD}}}\\title{{{sample.title}}}\\author{{}}\\date{{}}"
        f"\\begin{{document}}\\maketitle\n{parts[0]}\n{table}\n"
        + "\n".join(parts[1:])
        + r"\end{document}"
    )
    with TemporaryDirectory() as folder:
        (Path(folder) / "sample.tex").write_text(source, "utf-8")
        _run(
            "pdflatex",
            "-interaction=batchmode",
            "-output-directory",
            folder,
            f"{folder}/sample.tex",
        )
        path.write_bytes((Path(folder) / "sample.pdf").read_bytes())


def libreoffice(sample: Sample, columns: int, path: Path) -> None:
    """Write it as a text document of LibreOffice: justified, the table ruled all over."""
    with TemporaryDirectory() as folder:
        source = Path(folder) / "sample.fodt"
        source.write_text(_open_document(sample, columns), "utf-8")
        profile = f"-env:UserInstallation=file://{folder}/profile"
        _run(
            "soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", folder, str(source)
        )
        path.write_bytes((Path(folder) / "sample.pdf").read_bytes())


def chromium(sample: Sample, columns: int, path: Path) -> None:
    """Print it as a web page by Chromium: ragged right, the table striped without rules."""
    rows = "".join(
        f"<tr>{''.join(f'<td>{html.escape(cell)}' for cell in row)}" for row in sample.table
    )
    parts = [
        f"<h2>{heading}</h2>" + "".join(f"<p>{html.escape(part)}</p>" for part in paragraphs)
        for heading, paragraphs in sample.sections
    ]
    page = (
        f"<!doctype html><meta charset=utf-8><title>{sample.title}</title><style>"
        f"main {{ columns: {columns}; font: 11pt/1.4 sans-serif }}"
        "td { padding: 2px 12px 2px 0 } tr { break-inside: avoid }</style>"
        f"<h1>{sample.title}</h1><main>{parts[0]}<table>{rows}</table>{''.join(parts[1:])}</main>"
    )
    with TemporaryDirectory() as folder:
        source = Path(folder) / "sample.html"
        source.write_text(page, "utf-8")
        profile = f"--user-data-dir={folder}/profile"
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", profile]
        _run(*command, f"--print-to-pdf={path}", source.as_uri())


def reportlab(sample: Sample, columns: int, path: Path) -> None:
    """Write it by ReportLab's layout of frames: justified, the table in a grid."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.lib.units import cm
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph, Spacer, Table

    width, height = A4
    gap = cm if columns == 2 else 0
    column = (width - 4 * cm - gap) / columns
    frames = [
        Frame(2 * cm + at * (column + gap), 2 * cm, column, height - 4.5 * cm)
        for at in range(columns)
    ]

    def running(canvas: Canvas, document: object) -> None:
        canvas.setFont("Helvetica", 9)
        canvas.drawString(2 * cm, height - 1.5 * cm, RUNNING_HEAD)
        canvas.drawCentredString(width / 2, cm, str(canvas.getPageNumber()))

    styles = getSampleStyleSheet()
    body = styles["BodyText"]
    body.alignment = 4  # justified
    table = Table(
        [list(row) for row in sample.table], style=[("GRID", (0, 0), (-1, -1), 0.5, "black")]
    )
    table_at = 2 + len(sample.sections[0][1])
    flow = [Paragraph(sample.title, styles["Title"])]
    for heading, paragraphs in sample.sections:
        flow.append(Paragraph(heading, styles["Heading2"]))
        flow.extend(Paragraph(html.escape(part), body) for part in paragraphs)
    flow[table_at:table_at] = [Spacer(1, 8), table, Spacer(1, 8)]
    template = BaseDocTemplate(str(path), pagesize=A4)
    template.addPageTemplates(PageTemplate(frames=frames, onPage=running))
    template.build(flow)


PRODUCERS: dict[str, Writer] = {
    "LaTeX": latex,
    "LibreOffice": libreoffice,
    "Chromium": chromium,
    "ReportLab": reportlab,
}


def missing(producer: str) -> str | None:
    """Return the program that a producer needs and that this machine lacks, if any."""
    program = PROGRAMS.get(producer)
    return program if program and shutil.which(program) is None else None


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=_TIMEOUT)


def _open_document(sample: Sample, columns: int) -> str:
    """Return a flat OpenDocument text: the body in columns, a running head and page numbers."""
    cell = (
        '<table:table-cell table:style-name="cell" office:value-type="string"><text:p>{}</text:p>'
    )
    rows = "".join(
        "<table:table-row>"
        + "".join(f"{cell.format(html.escape(value))}</table:table-cell>" for value in row)
        + "</table:table-row>"
        for row in sample.table
    )
    columns_of_table = (
        f'<table:table-column table:number-columns-repeated="{len(sample.table[0])}"/>'
    )
    table = f"<table:table>{columns_of_table}{rows}</table:table>"
    parts = [
        f'<text:h text:outline-level="2">{heading}</text:h>'
        + "".join(f'<text:p text:style-name="body">{html.escape(part)}</text:p>' for part in parts)
        for heading, parts in sample.sections
    ]
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{urn}:1.0"'
        for name, urn in _OPEN_DOCUMENT.items()
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document{spaces} office:version="1.2"'
        ' office:mimetype="application/vnd.oasis.opendocument.text"><office:automatic-styles>'
        '<style:style style:name="body" style:family="paragraph"><style:paragraph-properties'
        ' fo:text-align="justify" fo:margin-bottom="0.2cm"/></style:style>'
        '<style:style style:name="cell" style:family="table-cell"><style:table-cell-properties'
        ' fo:border="0.5pt solid #000000"/></style:style>'
        '<style:style style:name="columns" style:family="section"><style:section-properties>'
        f'<style:columns fo:column-count="{columns}" fo:column-gap="1cm"/>'
        "</style:section-properties></style:style>"
        '<style:page-layout style:name="page"><style:page-layout-properties'
        ' fo:page-width="21cm" fo:page-height="29.7cm" fo:margin="2cm"/><style:header-style/>'
        "<style:footer-style/></style:page-layout></office:automatic-styles><office:master-styles>"
        '<style:master-page style:name="Standard" style:page-layout-name="page"><style:header>'
        f"<text:p>{RUNNING_HEAD}</text:p></style:header><style:footer><text:p><text:page-number/>"
        "</text:p></style:footer></style:master-page></office:master-styles><office:body>"
        f'<office:text><text:h text:outline-level="1">{sample.title}</text:h>'
        f'<text:section text:style-name="columns" text:name="body">{parts[0]}{table}'
        f"{''.join(parts[1:])}</text:section></office:text></office:body></office:document>"
    )


_OPEN_DOCUMENT = {
    "office": "office",
    "style": "style",
    "text": "text",
    "table": "table",
    "fo": "xsl-fo-compatible",
}

"""Make Word documents: whole ones with python-docx, and small ones from a few lines of XML."""

import zipfile
from collections.abc import Callable
from io import BytesIO

import docx

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_NAMESPACES = " ".join(
    f'xmlns:{prefix}="{address}"'
    for prefix, address in {
        "w": WORD,
        "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "w14": "http://schemas.microsoft.com/office/word/2010/wordml",
        "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
        "v": "urn:schemas-microsoft-com:vml",
        "o": "urn:schemas-microsoft-com:office:office",
    }.items()
)
_RELATIONSHIP = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def made(write: Callable[[docx.document.Document], object]) -> bytes:
    document = docx.Document()
    document.core_properties.title = "The <ferry> & its log"
    write(document)
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def with_body(xml: str, **members: str) -> bytes:
    """Make a document with this XML as its body, and with members added or replaced."""
    members["word/document.xml"] = part("document", f"<w:body>{xml}</w:body>")
    whole = zipfile.ZipFile(BytesIO(made(lambda document: None)))
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in {**dict.fromkeys(whole.namelist()), **members}:
            archive.writestr(name, members[name] if name in members else whole.read(name))
    return file.getvalue()


def part(name: str, xml: str) -> str:
    """Return a part of a document: an element with this name around the XML."""
    return f"<w:{name} {_NAMESPACES}>{xml}</w:{name}>"


def relationships(*kinds_and_targets: tuple[str, str]) -> str:
    """Return relationships rId1, rId2 and so on."""
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        + "".join(
            f'<Relationship Id="rId{at}" Type="{_RELATIONSHIP}/{kind}" Target="{target}"/>'
            for at, (kind, target) in enumerate(kinds_and_targets, 1)
        )
        + "</Relationships>"
    )


def run(text: str, properties: str = "") -> str:
    """Return a run of text with properties such as ``<w:strike/>``."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(text: str, properties: str = "") -> str:
    """Return a paragraph with one run, and with properties such as ``<w:pStyle .../>``."""
    return f"<w:p><w:pPr>{properties}</w:pPr>{run(text)}</w:p>"

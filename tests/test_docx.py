"""Word documents, made by python-docx: their paragraphs, headings, lists, tables and footnotes."""

import zipfile
from collections.abc import Callable
from io import BytesIO

import docx
import pytest

from qa_bot import docx as docx_module
from qa_bot.docx import read_docx
from qa_bot.errors import ArticleError

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def made(write: Callable[[docx.document.Document], object]) -> bytes:
    document = docx.Document()
    document.core_properties.title = "The <ferry> & its log"
    write(document)
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def with_body(xml: str, **members: str) -> bytes:
    """Make a document whose body is this XML, with other members beside or in place of its own."""
    members["word/document.xml"] = (
        f'<w:document xmlns:w="{_WORD}"><w:body>{xml}</w:body></w:document>'
    )
    whole = zipfile.ZipFile(BytesIO(made(lambda document: None)))
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in {**dict.fromkeys(whole.namelist()), **members}:
            archive.writestr(name, members[name] if name in members else whole.read(name))
    return file.getvalue()


def report(document: docx.document.Document) -> None:
    document.add_heading("The ferry", 0)
    document.add_paragraph("It ran until 1931.")
    document.add_heading("Tolls", 1)
    document.add_paragraph("one", style="List Bullet")
    document.add_paragraph("two", style="List Bullet")
    table = document.add_table(2, 2)
    for cell, words in zip(table._cells, ["Who", "Toll", "On foot", "2 öre"], strict=True):
        cell.text = words
    document.add_heading("The\tlog", 3)
    paragraph = document.add_paragraph("<b>bold</b> ")
    paragraph.add_run("&amp; plain").bold = True
    paragraph.add_run().add_break()
    paragraph.add_run("below")
    document.sections[0].header.paragraphs[0].text = "HEADER"
    document.sections[0].footer.paragraphs[0].text = "FOOTER"


def test_a_document() -> None:
    content = read_docx(made(report))
    assert content.title == "The <ferry> & its log"
    assert content.text == (
        "The ferry\n\nIt ran until 1931.\n\nTolls\n\n- one\n- two\n\n| Who | Toll |\n"
        "| On foot | 2 öre |\n\nThe log\n\n<b>bold</b> &amp; plain\nbelow"
    )
    found = [(it.kind, it.label, content.text[it.start :][: len(it.label)]) for it in content.marks]
    assert found == [("heading", it, it) for it in ("The ferry", "Tolls", "The log")]


def test_without_a_title_the_first_heading_is_it() -> None:
    def untitled(document: docx.document.Document) -> None:
        document.core_properties.title = " "
        document.add_heading("The ferry", 2)

    assert read_docx(made(untitled)).title == "The ferry"


def test_footnotes_follow_the_text() -> None:
    note = f"""<w:footnotes xmlns:w="{_WORD}"><w:footnote w:id="2"><w:p><w:r><w:t>Said she.</w:t>
        </w:r></w:p></w:footnote></w:footnotes>"""
    body = '<w:p><w:r><w:t>It ran.</w:t><w:footnoteReference w:id="2"/></w:r></w:p>'
    assert (
        read_docx(with_body(body, **{"word/footnotes.xml": note})).text == "It ran.\n\n1. Said she."
    )


def test_what_was_deleted_is_gone_and_what_was_inserted_is_there() -> None:
    body = """<w:p><w:del><w:r><w:delText>old</w:delText></w:r></w:del>
        <w:ins><w:r><w:t>new</w:t></w:r></w:ins></w:p>"""
    assert read_docx(with_body(body)).text == "new"


def test_an_empty_document_has_no_text() -> None:
    assert read_docx(made(lambda document: None)).text == ""


def test_a_document_cannot_say_what_markup_its_styles_become() -> None:
    styles = {"mammoth/style-map": "p => script"}
    body = "<w:p><w:r><w:t>words</w:t></w:r></w:p>"
    assert read_docx(with_body(body, **styles)).text == "words"


def test_a_picture_from_elsewhere_is_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = (
        '<w:p><w:r><w:t>words</w:t><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org'
        '/drawingml/2006/wordprocessingDrawing"><a:graphic xmlns:a="http://schemas.openxmlformats.org'
        '/drawingml/2006/main"><a:graphicData><pic:pic xmlns:pic="http://schemas.openxmlformats.org'
        '/drawingml/2006/picture"><pic:blipFill><a:blip xmlns:r="http://schemas.openxmlformats.org'
        '/officeDocument/2006/relationships" r:link="rId9"/></pic:blipFill></pic:pic>'
        "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
    )
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId9" Type="image" Target="file:///etc/hostname" TargetMode="External"/>'
        "</Relationships>"
    )
    data = with_body(drawing, **{"word/_rels/document.xml.rels": relations})
    opened: list[object] = []
    monkeypatch.setattr("builtins.open", lambda *args, **options: opened.append(args))
    assert (read_docx(data).text, opened) == ("words", [])


def test_entities_are_no_bomb_and_fetch_nothing() -> None:
    doctype = '<!DOCTYPE x [<!ENTITY a0 "aaaaaaaaaa">'
    doctype += "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)) + "]>"
    data = with_body("", **{"docProps/core.xml": f"{doctype}<x>&a9;</x>"})
    with pytest.raises(ArticleError, match="is damaged"):
        read_docx(data)
    bomb = zipfile.ZipFile(BytesIO(with_body("<w:p><w:r><w:t>&a9;</w:t></w:r></w:p>")))
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in bomb.namelist():
            head = doctype if name == "word/document.xml" else ""
            archive.writestr(name, head + bomb.read(name).decode(errors="replace"))
    with pytest.raises(ArticleError, match="is damaged"):
        read_docx(file.getvalue())


@pytest.mark.parametrize(
    "body", ["<w:p>", "<w:tbl><w:tr><w:tc>" * 2000 + "</w:tc></w:tr></w:tbl>" * 2000]
)
def test_a_damaged_document(body: str) -> None:
    with pytest.raises(ArticleError, match="is damaged"):
        read_docx(with_body(body))


def test_a_document_too_large_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docx_module, "MAX_TAGS", 30_000)
    assert read_docx(with_body("<w:p/>" * 100)).text == ""
    with pytest.raises(ArticleError, match="split it"):
        read_docx(with_body("<w:p/>" * 30_000))

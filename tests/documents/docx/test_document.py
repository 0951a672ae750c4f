"""Word documents, made by python-docx: their paragraphs, headings, lists, tables and footnotes."""

import zipfile
from io import BytesIO

import docx
import pytest

from qa_bot.documents.docx import package
from qa_bot.documents.docx.document import read_docx
from qa_bot.errors import ArticleError
from tests.helpers.docx_files import WORD, made, paragraph, part, relationships, run, with_body


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
    assert [mark.level for mark in content.marks] == [1, 1, 3]


def test_without_a_title_the_first_heading_is_it() -> None:
    def untitled(document: docx.document.Document) -> None:
        document.core_properties.title = " "
        document.add_heading("The ferry", 2)

    assert read_docx(made(untitled)).title == "The ferry"


def test_footnotes_follow_the_text() -> None:
    note = f"""<w:footnotes xmlns:w="{WORD}"><w:footnote w:id="2"><w:p><w:r><w:t>Said she.</w:t>
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
    body = "<w:p><w:r><w:t>words</w:t></w:r></w:p>"
    content = read_docx(with_body(body, **{"docProps/core.xml": f"{doctype}<x>&a9;</x>"}))
    assert (content.text, content.title) == ("words", "")
    assert content.notes == (
        "The part 'docProps/core.xml' of the file is damaged and was not read.",
    )
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
    monkeypatch.setattr(package, "MAX_TAGS", 30_000)
    assert read_docx(with_body("<w:p/>" * 100)).text == ""
    with pytest.raises(ArticleError, match="split it"):
        read_docx(with_body("<w:p/>" * 30_000))


def words(xml: str, **members: str) -> str:
    """Return what is read of a document with this body, which nothing is missing from."""
    content = read_docx(with_body(xml, **members))
    assert content.notes == ()
    return content.text


def field(kind: str, inner: str = "") -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}">{inner}</w:fldChar></w:r>'


BOX = "<w:txbxContent><w:p><w:r><w:t>in a box</w:t></w:r></w:p></w:txbxContent>"
SHAPE = f"<wp:inline><a:graphic><wps:txbx>{BOX}</wps:txbx></a:graphic></wp:inline>"
DRAWN = f"<w:drawing>{SHAPE}</w:drawing>"
SUPER = '<w:vertAlign w:val="superscript"/>'
PICT = f"<w:pict><v:shape><v:textbox>{BOX}</v:textbox></v:shape></w:pict>"


@pytest.mark.parametrize(
    ("inlines", "text"),
    [
        (run("It cost ") + run("40 ", "<w:strike/>") + run("30"), "It cost 30"),
        (run("It cost ") + run("40 ", "<w:dstrike/>") + run("30"), "It cost 30"),
        (run("It cost ") + run("40 ", "<w:vanish/>") + run("30"), "It cost 30"),
        (run("40", '<w:strike w:val="0"/>'), "40"),
        (run("10") + run("-", SUPER) + run("6", SUPER), "10⁻⁶"),
        (run("10") + run("6", '<w:position w:val="8"/>'), "10⁶"),
        (run("H") + run("2", '<w:vertAlign w:val="subscript"/>') + run("O"), "H₂O"),
        (f'<w:fldSimple w:instr="DATE">{run("4 May")}</w:fldSimple>', "4 May"),
        (f"<w:sdt><w:sdtContent>{run('filled in')}</w:sdtContent></w:sdt>", "filled in"),
        (
            "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>"
            f"{run('Click here')}</w:sdtContent></w:sdt>{run('x')}",
            "x",
        ),
        (
            "<w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val='1'/></w14:checkbox></w:sdtPr>"
            f"<w:sdtContent>{run('?')}</w:sdtContent></w:sdt>{run(' paid')}",
            "☒ paid",
        ),
        (
            field("begin", "<w:ffData><w:checkBox><w:default w:val='0'/></w:checkBox></w:ffData>")
            + field("end")
            + run(" paid"),
            "☐ paid",
        ),
        (
            field(
                "begin",
                "<w:ffData><w:ddList><w:result w:val='1'/><w:listEntry w:val='red'/>"
                "<w:listEntry w:val='blue'/></w:ddList></w:ffData>",
            )
            + field("end"),
            "blue",
        ),
        (
            f"{field('begin')}<w:r><w:instrText>IF </w:instrText></w:r>{field('begin')}"
            f"{field('separate')}{run('7')}{field('end')}{run('no')}{field('separate')}"
            f"{run('yes')}{field('end')}{run('.')}",
            "yes.",
        ),
        (f"{field('begin')}<w:r><w:instrText>never ended</w:instrText></w:r>", ""),
        (f"<w:smartTag>{run('a')}</w:smartTag><w:dir>{run('b')}</w:dir>", "ab"),
        (f"<w:moveFrom>{run('old')}</w:moveFrom><w:moveTo>{run('new')}</w:moveTo>", "new"),
        (
            "<w:r><w:t>e</w:t><w:noBreakHyphen/><w:t>ma</w:t><w:softHyphen/><w:t>il</w:t></w:r>",
            "e‑mail",
        ),
        ('<w:r><w:sym w:font="Symbol" w:char="F06D"/><w:t>m</w:t></w:r>', "μm"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>', "✓"),
        (run("\uf0b3 5", '<w:rFonts w:ascii="Symbol"/>'), "≥ 5"),
        (f"{run('before')}<w:r>{DRAWN}</w:r>", "before\n\nin a box"),
        (f"{run('before')}<w:r>{PICT}</w:r>", "before\n\nin a box"),
        (
            f"<w:r><mc:AlternateContent><mc:Choice>{DRAWN}</mc:Choice>"
            f"<mc:Fallback>{PICT}</mc:Fallback></mc:AlternateContent></w:r>",
            "in a box",
        ),
        (
            f"<w:r><mc:AlternateContent><mc:Choice><w:drawing/></mc:Choice>"
            f"<mc:Fallback>{PICT}</mc:Fallback></mc:AlternateContent></w:r>",
            "in a box",
        ),
        ("<w:r><w:ruby><w:rt><w:r><w:t>x</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>base</w:t></w:r>"
         "</w:rubyBase></w:ruby></w:r>", "base"),
    ],
)  # fmt: skip
def test_what_a_paragraph_shows(inlines: str, text: str) -> None:
    assert words(f"<w:p>{inlines}</w:p>") == text


def omml(tag: str, **parts: str) -> str:
    """Return an element of a formula whose parts hold these texts."""
    inner = "".join(
        f"<m:{name}><m:r><m:t>{text}</m:t></m:r></m:{name}>" for name, text in parts.items()
    )
    return f"<m:{tag}>{inner}</m:{tag}>"


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<m:r><m:t>F=3.2 v</m:t></m:r>", "F = 3.2 v"),
        (omml("sSup", e="10", sup="-6"), "10⁻⁶"),
        (omml("sSub", e="v", sub="max"), "v_max"),
        (omml("sSubSup", e="x", sub="1", sup="2"), "x₁²"),
        (omml("sPre", sub="6", sup="14", e="C"), "₆¹⁴C"),
        (omml("f", num="a+b", den="2"), "(a + b)/2"),
        (omml("rad", deg="3", e="x"), "∛x"),
        (omml("rad", e="2"), "√2"),
        (omml("nary", sub="i", sup="n", e="x"), "∫_i^n x"),
        (omml("d", e="x+1"), "(x + 1)"),
        (omml("func", fName="sin", e="x"), "sin x"),
        (omml("bar", e="x"), "x\u0305"),
        (omml("eqArr", e="x=1"), "x = 1"),
        ("<m:m><m:mr><m:e/></m:mr></m:m>" + omml("box", e="5"), "5"),
        ("<m:r><w:rPr><w:strike/></w:rPr><m:t>4</m:t></m:r><m:r><m:t>5</m:t></m:r>", "5"),
    ],
)
def test_formulas(formula: str, text: str) -> None:
    assert words(f"<w:p><m:oMathPara><m:oMath>{formula}</m:oMath></m:oMathPara></w:p>") == text


def test_a_formula_does_not_join_the_words_around_it() -> None:
    formula = "<m:oMath><m:r><m:t>5</m:t></m:r></m:oMath>"
    assert words(f"<w:p>{run('now 4')}{formula}{run('7')}</w:p>") == "now 4 5 7"


def test_what_cannot_be_read_is_said() -> None:
    body = f"""<w:p><m:oMath><m:unknown/></m:oMath>{run("words")}<w:r>
        <w:object><o:OLEObject ProgID="Equation.3"/></w:object>
        <w:object><o:OLEObject ProgID="Excel.Sheet.12"/></w:object>
        <w:drawing><c:chart/></w:drawing><w:sym w:font="Webdings" w:char="F021"/></w:r></w:p>
        <w:altChunk/>"""
    content = read_docx(with_body(body))
    assert content.text == "words"
    assert content.notes == (
        "1 formula could not be read.",
        "1 formula object could not be read.",
        "1 embedded object could not be read.",
        "1 chart could not be read.",
        "1 symbol could not be read.",
        "1 embedded document could not be read.",
    )


def test_what_is_missing_is_said_and_the_rest_is_read() -> None:
    body = f"""<w:p><w:hyperlink r:id="rId77">{run("a link")}</w:hyperlink></w:p><w:p>
        <w:r><w:drawing><a:blip r:embed="rId1"/></w:drawing><w:footnoteReference w:id="7"/></w:r>
        {run("words")}</w:p>{paragraph("item", '<w:numPr><w:numId w:val="99"/></w:numPr>')}"""
    named = relationships(("image", "media/gone.png"), ("styles", "gone.xml"))
    content = read_docx(with_body(body, **{"word/_rels/document.xml.rels": named}))
    assert content.text == "a link\n\nwords\n\nitem"
    assert content.notes == (
        "The part 'word/gone.xml' is missing from the file.",
        "1 footnote is missing from the file.",
        "1 link target is missing from the file.",
        "1 list definition is missing from the file.",
        "1 picture is missing from the file.",
    )


@pytest.mark.parametrize("name", ["word/styles.xml", "word/_rels/document.xml.rels"])
def test_a_damaged_part_does_not_lose_the_rest(name: str) -> None:
    content = read_docx(with_body(paragraph("words"), **{name: "<w:styles>"}))
    assert content.text == "words"
    assert content.notes == (f"The part '{name}' of the file is damaged and was not read.",)


def test_styles_hide_strike_out_and_are_undone() -> None:
    styles = part(
        "styles",
        """<w:style w:type="character" w:styleId="Base"><w:rPr><w:vanish/></w:rPr></w:style>
        <w:style w:type="character" w:styleId="Gone"><w:basedOn w:val="Base"/></w:style>
        <w:style w:type="paragraph" w:styleId="Old"><w:rPr><w:strike/></w:rPr></w:style>
        <w:style w:type="character" w:styleId="Struck"><w:rPr><w:strike/></w:rPr></w:style>""",
    )
    gone, struck = '<w:rStyle w:val="Gone"/>', '<w:rStyle w:val="Struck"/>'
    old = f'<w:pPr><w:pStyle w:val="Old"/></w:pPr>{run("1")}{run("2", struck)}'
    shown = run("4", gone + '<w:vanish w:val="0"/>')
    body = f"<w:p>{run('3', gone)}{shown}</w:p><w:p>{old}</w:p>"
    assert words(body, **{"word/styles.xml": styles}) == "4\n\n2"


def test_headings_by_outline_level_and_by_what_a_style_is_based_on() -> None:
    styles = part(
        "styles",
        """<w:style w:type="paragraph" w:styleId="h2"><w:name w:val="heading 2"/></w:style>
        <w:style w:type="paragraph" w:styleId="mine"><w:basedOn w:val="h2"/></w:style>""",
    )
    body = (
        paragraph("One", '<w:pStyle w:val="mine"/>')
        + paragraph("Two", '<w:outlineLvl w:val="0"/>')
        + paragraph("Three", '<w:pStyle w:val="h2"/><w:outlineLvl w:val="9"/>')
    )
    content = read_docx(with_body(body, **{"word/styles.xml": styles}))
    assert [(mark.label, mark.level) for mark in content.marks] == [("One", 2), ("Two", 1)]


def test_a_paragraph_whose_end_was_deleted_goes_on_in_the_next() -> None:
    deleted = "<w:rPr><w:del/></w:rPr>"
    drop = '<w:framePr w:dropCap="drop"/>'
    assert words(paragraph("one ", deleted) + paragraph("two")) == "one two"
    assert words(paragraph("O", drop) + paragraph("nce")) == "Once"
    assert words(paragraph("one", deleted)) == "one"


def test_cells_that_were_merged_stand_in_each_row_and_column() -> None:
    def cell(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"

    top, below = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    rows = (
        cell("Who", top) + cell("Toll", '<w:gridSpan w:val="2"/>'),
        cell("", below) + cell("Day") + cell("Night"),
        "<w:trPr><w:del/></w:trPr>" + cell("gone") + cell("4") + cell("6"),
        f"<w:sdt><w:sdtContent>{cell('Foot')}</w:sdtContent></w:sdt>" + cell("2") + cell("3"),
        '<w:trPr><w:gridBefore w:val="1"/></w:trPr>' + cell("5") + cell("7"),
    )
    table = f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"
    assert words(table) == (
        "| Who | Toll | Toll |\n| Who | Day | Night |\n| Foot | 2 | 3 |\n|  | 5 | 7 |"
    )


def test_a_document_in_strict_form_whose_names_are_in_other_letter_cases() -> None:
    strict = part("document", f"<w:body>{paragraph('words')}</w:body>").replace(
        WORD, "http://purl.oclc.org/ooxml/wordprocessingml/main"
    )
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("Word\\Document.xml", strict)
    assert read_docx(file.getvalue()).text == "words"

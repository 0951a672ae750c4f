"""Lists of Word documents are numbered as Word shows them."""

import pytest

from qa_bot.documents.docx.document import read_docx
from tests.helpers.docx_files import paragraph, part, with_body

LEGAL = """<w:abstractNum w:abstractNumId="0">
    <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/>
    </w:lvl>
    <w:lvl w:ilvl="1"><w:start w:val="1"/><w:lvlText w:val="%1.%2"/></w:lvl>
    <w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="(%3)"/>
    </w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
    <w:num w:numId="2"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0">
    <w:startOverride w:val="7"/></w:lvlOverride></w:num>"""


def item(text: str, level: int = 0, list_id: int = 1) -> str:
    return paragraph(
        text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list_id}"/></w:numPr>'
    )


def one_level(form: str, text: str = "%1)", more: str = "", start: int = 1) -> str:
    return f"""<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="{start}"/>
        <w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/>{more}</w:lvl></w:abstractNum>
        <w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>"""


def shown(body: str, numbering: str, styles: str = "") -> str:
    members = {"word/numbering.xml": part("numbering", numbering)}
    if styles:
        members["word/styles.xml"] = part("styles", styles)
    return read_docx(with_body(body, **members)).text


def test_numbers_of_several_levels() -> None:
    body = item("a") + item("b", 1) + item("c", 1) + item("d", 2) + item("e") + item("f", 1)
    assert shown(body, LEGAL) == "1. a\n  1.1 b\n  1.2 c\n    (a) d\n2. e\n  2.1 f"


def test_a_list_goes_on_after_a_paragraph() -> None:
    body = item("a") + item("b", 1) + paragraph("words") + item("c", 1) + item("d")
    assert shown(body, LEGAL) == "1. a\n  1.1 b\n\nwords\n\n  1.2 c\n2. d".replace(
        "\n\n  ", "\n\n  "
    )


def test_a_list_that_starts_anew_where_it_says_so() -> None:
    body = item("a") + item("b", 0, 2) + item("c", 0, 2) + item("d")
    assert shown(body, LEGAL) == "1. a\n7. b\n8. c\n9. d"


def test_a_level_without_items_above_it_shows_where_that_starts() -> None:
    assert shown(item("a", 1), LEGAL) == "  1.1 a"


@pytest.mark.parametrize(
    ("form", "start", "label"),
    [
        ("decimal", 3, "3)"),
        ("decimalZero", 3, "03)"),
        ("lowerLetter", 28, "bb)"),
        ("upperLetter", 3, "C)"),
        ("lowerRoman", 4, "iv)"),
        ("upperRoman", 1994, "MCMXCIV)"),
        ("ordinal", 3, "3rd)"),
        ("ordinal", 12, "12th)"),
        ("bullet", 1, "-"),
        ("none", 1, ")"),
        ("someday", 3, "3)"),
        ("lowerLetter", 20000, "20000)"),
        ("lowerRoman", 0, "0)"),
    ],
)
def test_forms(form: str, start: int, label: str) -> None:
    assert shown(item("a"), one_level(form, start=start)) == f"{label} a"


def test_legal_numbers_are_digits() -> None:
    numbering = one_level("upperRoman", "Article %1.").replace(
        "</w:abstractNum>",
        """<w:lvl w:ilvl="1"><w:lvlText w:val="Section %1.%2"/><w:isLgl/></w:lvl>
        </w:abstractNum>""",
    )
    assert shown(item("a") + item("b", 1), numbering) == "Article I. a\n  Section 1.1 b"


def test_a_level_that_never_starts_anew() -> None:
    numbering = one_level("decimal", "%1.").replace(
        "</w:abstractNum>",
        """<w:lvl w:ilvl="1"><w:lvlText w:val="%2:"/><w:lvlRestart w:val="0"/></w:lvl>
        </w:abstractNum>""",
    )
    body = item("a") + item("b", 1) + item("c") + item("d", 1)
    assert shown(body, numbering) == "1. a\n  1: b\n2. c\n  2: d"


def test_headings_are_numbered_by_their_style() -> None:
    styles = """<w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/><w:pPr>
        <w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>
        <w:style w:type="paragraph" w:styleId="H2"><w:name w:val="heading 2"/>
        <w:basedOn w:val="H1"/></w:style>"""
    numbering = LEGAL.replace(
        '<w:lvl w:ilvl="1"><w:start w:val="1"/>',
        '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:pStyle w:val="H2"/>',
    )
    body = paragraph("Rent", '<w:pStyle w:val="H1"/>') + paragraph("Due", '<w:pStyle w:val="H2"/>')
    assert shown(body, numbering, styles) == "1. Rent\n\n1.1 Due"


def test_a_paragraph_taken_out_of_its_list_has_no_number() -> None:
    assert shown(item("a", 0, 0) + item("b"), LEGAL) == "a\n\n1. b"


def test_an_item_without_words_is_counted_and_a_hidden_one_is_not() -> None:
    hidden = item("").replace("<w:pPr>", "<w:pPr><w:rPr><w:vanish/></w:rPr>")
    assert shown(item("a") + item("") + hidden + item("b"), LEGAL) == "1. a\n3. b"


def test_lists_by_a_numbering_style() -> None:
    numbering = (
        """<w:abstractNum w:abstractNumId="5"><w:numStyleLink w:val="Mine"/></w:abstractNum>
        <w:num w:numId="3"><w:abstractNumId w:val="5"/></w:num>"""
        + LEGAL
    )
    styles = """<w:style w:type="numbering" w:styleId="Mine"><w:pPr><w:numPr><w:numId w:val="1"/>
        </w:numPr></w:pPr></w:style>"""
    assert shown(item("a", 0, 3) + item("b", 1, 3), numbering, styles) == "1. a\n  1.1 b"

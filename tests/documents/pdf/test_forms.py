"""What is filled in on a form stands behind its label, once, and nothing that does not show."""

import pytest

from qa_bot.documents.content import Content
from qa_bot.documents.pdf.document import read_pdf
from tests.helpers.pdf_pages import Field, Item, Text, make_pdf

NAME = "/FT /Tx /T (name) /V (Mirla Quint)"


def read(*items: Item) -> Content:
    return read_pdf(make_pdf(items))


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (Text("Name of the owner:"), "Name of the owner: Mirla Quint"),
        (Text("Name", 202, 716), "Name: Mirla Quint"),
        (Text("Name?", 202, 689), "Name? Mirla Quint"),
    ],
)
def test_a_value_stands_behind_its_label(label: Text, text: str) -> None:
    assert read(label, Field(NAME), Text("The end.", 50, 600)).text == f"{text}\n\nThe end."


def test_two_fields_on_a_line() -> None:
    items: list[Item] = [Text("Name:"), Field(NAME, 90), Text("Town:", 220)]
    text = read(*items, Field("/FT /Tx /T (town) /V (Sull)", 260)).text
    assert text == "| Name: Mirla Quint | Town: Sull |"


def test_a_field_without_a_label_is_named_by_its_tooltip_or_its_name() -> None:
    text = Text("The end.", 50, 600)
    assert read(Field(f"{NAME} /TU (Your name)"), text).text.startswith("Your name: Mirla Quint\n")
    assert read(Field(NAME.replace("(name)", "(owner_name)")), text).text.startswith(
        "owner name: Mirla Quint\n"
    )


def test_a_value_that_the_page_draws_is_read_once() -> None:
    assert read(Text("Name:"), Text("Mirla Quint", 202), Field(NAME)).text.count("Quint") == 1


def test_choices_and_boxes() -> None:
    box = "/FT /Btn /T (b{0}) /V /{1} /AS /{1} /AP << /N << /Yes 3 0 R /Off 3 0 R >> >>"
    items: list[Item] = [
        Text("Land:"),
        Field("/FT /Ch /Ff 131072 /T (land) /Opt [[(no) (Norway)] [(se) (Sweden)]] /V (se)"),
        Field(box.format(1, "Yes"), 50, 650, 10),
        Text("by ship", 66, 650),
        Field(box.format(2, "Off"), 150, 650, 10),
        Text("by cart", 166, 650),
        Field(box.format(3, "Yes") + " /TU (Send me news)", 50, 600, 10),
    ]
    text = read(*items).text
    assert "Land: Sweden" in text
    assert "☒ by ship" in text
    assert "☐ by cart" in text
    assert "☒ Send me news" in text


@pytest.mark.parametrize("flags", [2, 32])
def test_what_does_not_show_is_not_read(flags: int) -> None:
    content = read(Text("Name:"), Field(f"{NAME} /F {flags}"))
    assert content.text == "Name:"
    assert content.notes == ()


def test_a_password_is_not_read_and_that_is_said() -> None:
    content = read(Text("Password:"), Field("/FT /Tx /T (p) /Ff 8192 /V (hush)"))
    assert content.text == "Password:"
    assert content.notes == (
        "1 form field was not read: passwords and unknown kinds of fields are left out.",
    )


def test_text_typed_onto_the_page_is_read() -> None:
    note = "/Contents (Paid on 3 May)"
    data = make_pdf([Text("Bill"), Field(note)]).replace(b"/Widget", b"/FreeText")
    assert "Paid on 3 May" in read_pdf(data).text

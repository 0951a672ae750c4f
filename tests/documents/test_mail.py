"""Mails: the visible header fields, the text, and notes on attachments."""

from email.message import EmailMessage
from email.policy import SMTP

import pytest

from qa_bot.context import context_of
from qa_bot.datatypes import Document
from qa_bot.documents.formats import read_content


def mail(subject: str = "The lost oar") -> EmailMessage:
    made = EmailMessage(SMTP)
    made["From"] = "Ida Brün <ida@example.org>"
    made["To"] = "Bo Hald <bo@example.org>"
    made["Subject"] = subject
    made["X-Mailer"] = "none"
    return made


def test_a_mail_is_its_fields_and_its_text() -> None:
    made = mail()
    made.set_content("Hallo Bo,\n\nthe oar is in the shed — behind the door.\n")
    content = read_content(made.as_bytes(), ".eml")
    assert content.title == "The lost oar"
    assert content.notes == ()
    assert content.text == (
        "From: Ida Brün <ida@example.org>\nTo: Bo Hald <bo@example.org>\nSubject: The lost oar\n\n"
        "Hallo Bo,\n\nthe oar is in the shed — behind the door."
    )


def test_the_subject_is_context_of_what_a_mail_says() -> None:
    made = mail("Prüfung der Boote")
    made.set_content("It is on Friday.\n")
    document = Document(read_content(made.as_bytes(), ".eml").text)
    start = document.text.index("It is")
    assert context_of(document, start, start + 16) == "Prüfung der Boote"


def test_plain_text_is_read_rather_than_html_and_html_when_there_is_no_other() -> None:
    made = mail()
    made.set_content("Plain.")
    made.add_alternative("<p>Not plain.", subtype="html")
    assert read_content(made.as_bytes(), ".eml").text.endswith("\n\nPlain.")
    made = mail()
    made.set_content("<style>p {}</style><p>The oar &amp; the rope.", subtype="html")
    assert read_content(made.as_bytes(), ".eml").text.endswith("\n\nThe oar & the rope.")


@pytest.mark.parametrize(
    ("count", "note"), [(1, "1 attachment was not read."), (2, "2 attachments were not read.")]
)
def test_attachments_are_told_of(count: int, note: str) -> None:
    made = mail()
    made.set_content("See the list.")
    for _ in range(count):
        made.add_attachment(b"\0\1", maintype="image", subtype="png", filename="a.png")
    assert read_content(made.as_bytes(), ".eml").notes == (note,)


def test_an_encoding_that_nobody_knows_is_told_by_the_bytes() -> None:
    head = b"From: a@example.org\nSubject: x\nContent-Type: text/plain; charset=klingon\n\n"
    assert read_content(head + "Schöne Grüße".encode(), ".eml").text.endswith("Schöne Grüße")


def test_what_is_no_mail_is_read_as_text() -> None:
    assert read_content(b"The oar is lost.\n", ".eml").text == "The oar is lost.\n"
    assert read_content(b"From: a\nSubject: b\n\nc", ".txt").text == "From: a\nSubject: b\n\nc"

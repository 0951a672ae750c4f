"""Mails (.eml) -> who wrote what, when and to whom."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from qa_bot.documents.content import Content
from qa_bot.documents.encoding import decode
from qa_bot.documents.html.document import read_html

_FIELDS = ("From", "To", "Cc", "Date", "Subject")


def read_mail(data: bytes) -> Content | None:
    """Read a mail: its header fields as lines, then its text. Returns None if it is not a mail.

    If the mail has both plain text and HTML, the plain text is read. Attachments are left out.
    """
    mail = message_from_bytes(data, policy=default)
    fields = {name: " ".join(str(mail[name]).split()) for name in _FIELDS if mail[name]}
    if len(fields) < 2:
        return None
    body = _body(mail)
    header = "\n".join(f"{name}: {value}" for name, value in fields.items())
    return Content(
        f"{header}\n\n{body}".strip(), fields.get("Subject", ""), (), _attachment_notes(mail)
    )


def _body(mail: EmailMessage) -> str:
    part = mail.get_body(("plain", "html"))
    if part is None:
        return ""
    try:
        text = str(part.get_content())
    except LookupError:  # an encoding that Python does not have
        payload = part.get_payload(decode=True)
        text = (decode(payload) if isinstance(payload, bytes) else None) or ""
    text = text.replace("\r\n", "\n").strip()
    return read_html(text).text if part.get_content_subtype() == "html" else text


def _attachment_notes(mail: EmailMessage) -> tuple[str, ...]:
    count = sum(1 for _ in mail.iter_attachments())
    attachments = "attachment was" if count == 1 else "attachments were"
    return (f"{count} {attachments} not read.",) if count else ()

"""Answer -> text for a terminal, and the names, places and phrases that all renderings share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qa_bot.datatypes import Answer, Document, Quote


UNTITLED = "untitled"
# Least score of a strong match. Of 47 answers about an article written for this test, 38 of the 44
# with a higher score were right, and none of the 3 with a lower score.
STRONG = 0.8

_LONG_NAME = 60  # characters; a document with a longer name is called "the document"

# Terminals obey control characters, and a bidi override reverses the text after it, so each is
# shown as a symbol: the ASCII ones as their pictures (U+2400 and up), the others as U+FFFD.
_SYMBOLS = (
    {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"}
    | {0x7F: 0x2421}
    | dict.fromkeys([*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], 0xFFFD)
    | dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)  # lone surrogates cannot be encoded
)


def citation(quote: Quote) -> str:
    """Return the place of a quote and how well it matches, on one line."""
    characters = f"characters {quote.start}–{quote.end}"
    return ", ".join([*where(quote), characters, match(quote.score)])


def match(score: float) -> str:
    """Return words for the probability, in [0, 1], that a quote answers."""
    return "strong match" if score >= STRONG else "weak match"


def visible(text: str) -> str:
    """Return text with symbols for control characters, and with ``\\n`` for every line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_SYMBOLS)


def to_text(answer: Answer) -> str:
    """Render for a terminal: what was understood, the short answer, the quotes with their places.

    Lines of a quote begin with ``> `` and are not wrapped, so that they can be searched for.
    """
    understood = one_line("; ".join(map(str, answer.understood)))
    blocks = [f"({understood})"] if understood else []
    if not answer.found:
        blocks.append(refusal(answer))
    elif has_highlight(answer.quotes[0]):
        blocks.append(one_line(answer.text))
    for quote in open_quotes(answer):
        lines = visible(quote.text).replace("\n", "\n> ")
        blocks.append(f"> {lines}\n— {citation(quote)}")
    return "\n\n".join(blocks)


def refusal(answer: Answer) -> str:
    """Return the sentence that replaces quotes: about one document by name, or about all."""
    if answer.perhaps:
        return f"{asked_of(answer)} may not answer this. The closest passages:"
    return f"{asked_of(answer)} {'do' if answer.about is None else 'does'} not say."


def asked_of(answer: Answer) -> str:
    """Return the name of what was asked, to begin a sentence: a title, or "The documents"."""
    if answer.about is None:
        return "The documents"
    name = one_line(document_name(answer.about))
    return f"“{name}”" if name != UNTITLED and len(name) <= _LONG_NAME else "The document"


def has_highlight(quote: Quote) -> bool:
    """Whether only a part of a quote is highlighted, not all of it."""
    return quote.highlight.text.strip() != quote.text.strip()


def open_quotes(answer: Answer) -> tuple[Quote, ...]:
    """Return the passages to show in full: the quotes, or passages that may answer."""
    return answer.closest if answer.perhaps else answer.quotes


def where(quote: Quote) -> list[str]:
    """Return the place of a quote as a person would look it up, from the document to the part."""
    document = quote.document
    place = document.place(quote.start)
    parts = [
        one_line(document_name(document)),
        one_line(document.metadata.get("date", "")),
        f"page {one_line(place.page)}" if place.page else "",
        f"“{one_line(place.heading)}”" if place.heading else "",
        one_line(place.table),
        one_line(place.speaker),
        f"paragraph {place.paragraph}",
    ]
    return [part for part in parts if part]


def one_line(text: str) -> str:
    """Return visible text with one space for each run of whitespace."""
    return " ".join(visible(text).split())


def document_name(document: Document) -> str:
    """Return the title of a document, or else its source."""
    names = (document.title, document.source)
    return next((name for name in names if name.strip()), UNTITLED)

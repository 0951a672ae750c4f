"""Answer -> text for a terminal, and what the other renderings share: names, places, words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qa_bot.datatypes import Answer, Document, Quote


UNTITLED = "untitled"
# Least score of a strong match. Of 47 answers to questions about an article written for this, 38 of
# the 44 that scored more were right, and none of the 3 that scored less.
STRONG = 0.8

_LONG_NAME = 60  # characters; a document with a longer name is called "the document"

# A terminal obeys control characters and a bidi override reverses what stands after it, so each is
# shown as a sign of its own: U+2400 and on picture the ASCII ones, U+FFFD stands for the others.
_SIGNS = (
    {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"}
    | {0x7F: 0x2421}
    | dict.fromkeys([*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], 0xFFFD)
    | dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)  # lone surrogates: no encoding has them
)


def citation(quote: Quote) -> str:
    """Return on one line where a quote stands and how well it matches."""
    characters = f"characters {quote.start}–{quote.end}"
    return ", ".join([*where(quote), characters, match(quote.score)])


def match(score: float) -> str:
    """Put the probability that a quote answers, in [0, 1], into words."""
    return "strong match" if score >= STRONG else "weak match"


def visible(text: str) -> str:
    """Return text that no terminal or page obeys: controls as signs, line ends as newlines."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_SIGNS)


def to_text(answer: Answer) -> str:
    """Render for a terminal: what was understood, what answers, then each quote and its place.

    Lines of a quote begin with ``> `` and are not wrapped, so they can be searched for.
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
    """Return what is said in place of quotes, of the one document that was asked or of several."""
    if answer.perhaps:
        return f"{asked_of(answer)} may not answer this. The closest passages:"
    return f"{asked_of(answer)} {'do' if answer.about is None else 'does'} not say."


def asked_of(answer: Answer) -> str:
    """Return what was asked, to begin a sentence: a title, or "The documents"."""
    if answer.about is None:
        return "The documents"
    name = one_line(document_name(answer.about))
    return f"“{name}”" if name != UNTITLED and len(name) <= _LONG_NAME else "The document"


def has_highlight(quote: Quote) -> bool:
    """Return whether a part of a quote answers, and not the quote as a whole."""
    return quote.highlight.text.strip() != quote.text.strip()


def open_quotes(answer: Answer) -> tuple[Quote, ...]:
    """Return the passages that are not folded away: quotes, or those that may answer."""
    return answer.closest if answer.perhaps else answer.quotes


def where(quote: Quote) -> list[str]:
    """Return where a quote stands, as a person would look it up, from the whole to the part."""
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
    """Return visible text with each run of blanks as one space."""
    return " ".join(visible(text).split())


def document_name(document: Document) -> str:
    """Return what a person calls a document: its title, or where it came from."""
    names = (document.title, document.source)
    return next((name for name in names if name.strip()), UNTITLED)

"""Answer -> text for a terminal, and what the other renderings share: names, places, words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qa_bot.datatypes import Answer, Document, Quote


NOT_FOUND = "The article does not say."
PERHAPS = "The article may not answer this. The closest passages:"

_WORDS = ((0.9, "very likely"), (0.7, "likely"), (0.5, "possibly"))  # least score, in words

# A terminal obeys control characters and a bidi override reverses what stands after it, so each is
# shown as a sign of its own: U+2400 and on picture the ASCII ones, U+FFFD stands for the others.
_SIGNS = (
    {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"}
    | {0x7F: 0x2421}
    | dict.fromkeys([*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], 0xFFFD)
    | dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)  # lone surrogates: no encoding has them
)


def citation(quote: Quote) -> str:
    """Return on one line where a quote stands and how likely it answers."""
    characters = f"characters {quote.start}–{quote.end}"
    return ", ".join([*where(quote), characters, likelihood(quote.score)])


def likelihood(score: float) -> str:
    """Put a probability in [0, 1] into words."""
    return next((words for least, words in _WORDS if score >= least), "doubtful")


def visible(text: str) -> str:
    """Return text that no terminal or page obeys: controls as signs, line ends as newlines."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_SIGNS)


def to_text(answer: Answer) -> str:
    """Render for a terminal: the words that answer, then each quote and its place.

    Lines of a quote begin with ``> `` and are not wrapped, so they can be searched for.
    """
    blocks = [f"Understood as: {one_line(answer.query)}"] if is_reworded(answer) else []
    if not answer.found:
        blocks.append(refusal(answer))
    elif answer.text != answer.quotes[0].text:
        blocks.append(one_line(answer.text))
    for quote in open_quotes(answer):
        lines = visible(quote.text).replace("\n", "\n> ")
        blocks.append(f"> {lines}\n— {citation(quote)}")
    return "\n\n".join(blocks)


def refusal(answer: Answer) -> str:
    """Return what is said in place of quotes."""
    return PERHAPS if answer.perhaps else NOT_FOUND


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
    return next((name for name in names if name.strip()), "untitled")


def is_reworded(answer: Answer) -> bool:
    """Return whether what was searched for is not what was asked, blanks aside."""
    return answer.query.split() != answer.question.split()

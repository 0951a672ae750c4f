"""Answer -> text, Markdown, HTML. All markup is made here, and all that is not ours is escaped."""

import html
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from qa_bot.datatypes import Answer, Document, Quote, Span
from qa_bot.splitter import paragraphs

NOT_FOUND = "The article does not say."

_WORDS = ((0.9, "very likely"), (0.7, "likely"), (0.5, "possibly"))  # least score, in words
_SHOWN_DOCUMENTS = 5  # more than these are folded away

# A terminal obeys control characters and a bidi override reverses what stands after it, so each is
# shown as a sign of its own: U+2400 and on picture the ASCII ones, U+FFFD stands for the others.
_SIGNS = (
    {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"}
    | {0x7F: 0x2421}
    | dict.fromkeys([*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], 0xFFFD)
    | dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)  # lone surrogates: no encoding has them
)
_BLANKS = re.compile(r"\s+")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")  # what CommonMark lets a backslash escape


@dataclass(frozen=True, slots=True)
class Place:
    """Where a span stands, as a person would look it up."""

    title: str  # the document's title, or where it came from
    date: str  # empty when the document has none
    paragraph: int  # the one it begins in, counted from 1; blank lines part paragraphs
    start: int  # characters [start, end)
    end: int


def place(span: Span) -> Place:
    """Return where a span stands."""
    document = span.document
    begun = [start for start, _ in paragraphs(document.text) if start <= span.start]
    date = document.metadata.get("date", "")
    # A span of the blanks before the first paragraph counts to that one.
    return Place(_name(document), date, max(1, len(begun)), span.start, span.end)


def citation(quote: Quote) -> str:
    """Return on one line where a quote stands and how likely it answers."""
    return ", ".join(_citation_parts(quote))


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
    blocks = [f"Understood as: {_one_line(answer.query)}"] if _reworded(answer) else []
    if not answer.found:
        blocks.append(NOT_FOUND)
    elif answer.text != answer.quotes[0].text:
        blocks.append(_one_line(answer.text))
    for quote in answer.quotes:
        lines = visible(quote.text).replace("\n", "\n> ")
        blocks.append(f"> {lines}\n— {citation(quote)}")
    return "\n\n".join(blocks)


def to_markdown(answer: Answer) -> str:
    """Render as Markdown: a block quotation and a line with its place, for each quote."""
    blocks = [f"Understood as: {_markdown(answer.query)}"] if _reworded(answer) else []
    if not answer.found:
        blocks.append(NOT_FOUND)
    for quote in answer.quotes:
        blocks.append(f"> {_marked(quote, _markdown)}")
        blocks.append(f"— {_markdown(citation(quote))}")
    return "\n\n".join(blocks)


def to_html(answer: Answer) -> str:
    """Render as one line of HTML: the best quote, and the others folded away."""
    understood = f"Understood as: <q>{_isolated(answer.query)}</q>"
    parts = [f'<p class="qa-query">{understood}</p>'] if _reworded(answer) else []
    if not answer.found:
        parts.append(f'<p class="qa-none">{NOT_FOUND}</p>')
    else:
        parts.append(_quote_to_html(answer.quotes[0]))
        parts.append(_folded("more quote", map(_quote_to_html, answer.quotes[1:])))
    return f'<div class="qa-answer">{"".join(parts)}</div>'


def plain_to_html(text: str) -> str:
    """Render what a person typed, or a message, as one line of HTML that shows just that."""
    return f'<div class="qa-plain" dir="auto">{_html(text)}</div>'


def heading_to_html(title: str, about: str, documents: Iterable[Document]) -> str:
    """Render the top of a page: what it is, and the documents it answers from, with their dates."""
    names = [_document_to_html(document) for document in documents]
    shown = ", ".join(names[:_SHOWN_DOCUMENTS])
    folded = _folded("more article", (f"<p>{name}</p>" for name in names[_SHOWN_DOCUMENTS:]))
    listed = f'<div class="qa-documents">Answers come from: {shown}{folded}</div>'
    return f"<h1>{_html(title)}</h1><p>{_html(about)}</p>{listed}"


def _quote_to_html(quote: Quote) -> str:
    cited = ", ".join(_isolated(part) for part in _citation_parts(quote))
    return (
        f'<blockquote dir="auto">{_marked(quote, _html)}</blockquote><p class="qa-cite">{cited}</p>'
    )


def _document_to_html(document: Document) -> str:
    date = document.metadata.get("date", "")
    name = f"<cite>{_isolated(_name(document))}</cite>"
    return f"{name} ({_isolated(date)})" if date else name


def _folded(noun: str, parts: Iterable[str]) -> str:
    """Fold parts away under a line that counts them; nothing when there are none."""
    folded = list(parts)
    if not folded:
        return ""
    plural = "" if len(folded) == 1 else "s"
    summary = f"<summary>{len(folded)} {noun}{plural}</summary>"
    return f"<details>{summary}{''.join(folded)}</details>"


def _citation_parts(quote: Quote) -> list[str]:
    where = place(quote)
    parts = [
        _one_line(where.title),
        _one_line(where.date),
        f"paragraph {where.paragraph}",
        f"characters {where.start}–{where.end}",
        likelihood(quote.score),
    ]
    return [part for part in parts if part]


def _marked(quote: Quote, escape: Callable[[str], str]) -> str:
    """Escape a quote, with a <mark> around its highlight."""
    text, highlight = quote.document.text, quote.highlight
    before = escape(text[quote.start : highlight.start])
    after = escape(text[highlight.end : quote.end])
    return f"{before}<mark>{escape(highlight.text)}</mark>{after}"


def _html(text: str) -> str:
    """Escape for HTML, on one line: whatever trims or wraps lines on the way leaves it alone."""
    return html.escape(visible(text)).replace("\n", "&#10;").replace("\t", "&#9;")


def _isolated(text: str) -> str:
    """Escape for HTML, so that right-to-left letters in it do not reorder what stands around."""
    return f"<bdi>{_html(text)}</bdi>"


def _markdown(text: str) -> str:
    """Escape for Markdown, on one line: blanks are one space, as they would be shown anyway."""
    return _PUNCTUATION.sub(r"\\\1", _BLANKS.sub(" ", visible(text)))


def _one_line(text: str) -> str:
    return " ".join(visible(text).split())


def _name(document: Document) -> str:
    names = (document.title, document.source)
    return next((name for name in names if name.strip()), "untitled")


def _reworded(answer: Answer) -> bool:
    """Whether what was searched for is not what was asked, blanks aside."""
    return answer.query.split() != answer.question.split()

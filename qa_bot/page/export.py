"""Answer or conversation -> Markdown: quotes with numbered citations.

Only characters with a meaning in Markdown are escaped, so that the file is also good to read as
plain text.
"""

import re
from collections.abc import Iterable

from qa_bot.datatypes import Answer, Quote
from qa_bot.render import has_highlight, open_quotes, refusal, visible, where

_WHITESPACE = re.compile(r"\s+")
_SPECIAL = re.compile(  # characters with a meaning anywhere in a line
    r"[`*~]"
    r"|\\(?=[!-/:-@\[-`{-~]|\Z)"  # a backslash that would escape the next character
    r"|<(?=[A-Za-z/!?])"
    r"|&(?=#?\w+;)"
    r"|(?<![^\W_])_|_(?![^\W_])"  # an underscore within a word has no meaning
    r"|(?<=\s)\#(?=\#*\s*\Z)",  # the end of a heading
)
_LINKS = ("](", "][", "]:")
_SPECIAL_START = re.compile(  # characters with a meaning at the start of a line
    r"\s*(?:\#(?=\#{0,5}(?:\s|\Z))|>|[-+](?=\s|\Z)|[0-9]{1,9}(?P<point>[.)])(?=\s|\Z)"
    r"|-(?=(?:\s*-){2,}\s*\Z))"
)

Numbers = dict[tuple[str, int, int], str]  # document id, start, end of a quote -> its citation


def to_markdown(answer: Answer) -> str:
    """Render an answer: quotes with numbers, then the citations."""
    numbers: Numbers = {}
    return "\n\n".join([*_blocks(answer, numbers), *_sources(numbers)]) + "\n"


def conversation_to_markdown(turns: Iterable[tuple[str, Answer]]) -> str:
    """Render a conversation: questions as headings, answers, and all citations at the end.

    A quote that occurs twice has one number.
    """
    numbers: Numbers = {}
    blocks = ["# Conversation"]
    for question, answer in turns:
        blocks += [f"## {escape(question)}", *_blocks(answer, numbers)]
    sources = _sources(numbers)
    return "\n\n".join([*blocks, *(["## Sources"] if sources else []), *sources]) + "\n"


def escape(text: str) -> str:
    """Escape a text for Markdown, on one line."""
    return _escaped(visible(text), [])[0].strip()


def _blocks(answer: Answer, numbers: Numbers) -> list[str]:
    understood = escape("; ".join(map(str, answer.understood)))
    blocks = [f"({understood})"] if understood else []
    if not answer.found:
        blocks.append(escape(refusal(answer)))
    for quote in open_quotes(answer):
        marked = answer.found and has_highlight(quote)
        words = _marked(quote) if marked else escape(quote.text)
        blocks.append(f"> {words} [{_number(quote, numbers)}]")
    return blocks


def _sources(numbers: Numbers) -> list[str]:
    lines = [f"{number}. {citation}" for number, citation in enumerate(numbers.values(), start=1)]
    return ["\n".join(lines)] if lines else []


def _number(quote: Quote, numbers: Numbers) -> int:
    """Return the citation number of a quote; a new quote gets the next number."""
    key = (quote.document.id, quote.start, quote.end)
    place = ", ".join([*where(quote), f"characters {quote.start}–{quote.end}"])
    numbers.setdefault(key, escape(place))
    return list(numbers).index(key) + 1


def _marked(quote: Quote) -> str:
    """Return a quote, escaped, with a <mark> around its highlight."""
    text, highlight = quote.document.text, quote.highlight
    pieces = [
        visible(text[start:end])
        for start, end in (
            (quote.start, highlight.start),
            (highlight.start, highlight.end),
            (highlight.end, quote.end),
        )
    ]
    cuts = [len(pieces[0]), len(pieces[0]) + len(pieces[1])]
    before, inside, after = _escaped("".join(pieces), cuts)
    return f"{before}<mark>{inside}</mark>{after}".strip()


def _escaped(text: str, cuts: list[int]) -> list[str]:
    """Escape a text and return the pieces between the cuts, each on one line."""
    special = {match.start() for match in _SPECIAL.finditer(text)}
    if start := _SPECIAL_START.match(text):
        special.add(start.start("point") if start["point"] else start.end() - 1)
    last_link = max(text.rfind(link) for link in _LINKS)
    special |= {index for index in range(last_link) if text[index] == "["}
    special |= {cut - 1 for cut in cuts if text[cut - 1 : cut] == "\\"}  # a tag follows
    escaped = ["\\" * (index in special) + character for index, character in enumerate(text)]
    return [
        _WHITESPACE.sub(" ", "".join(escaped[begin:end]))
        for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)
    ]

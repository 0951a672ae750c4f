"""Texts, quotes and answers to render, ordinary and hostile ones."""

from hypothesis import strategies as st

from qa_bot.datatypes import Answer, Document, Mark, Quote, Span

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</blockquote></details>",
    "<!--",
    "&amp;lt;",
    "&#60;b&#62;",
    "[here](javascript:alert(1))",
    "![pic](http://example.org/x.png)",
    "https://example.org",
    "<https://example.org>",
    "``` `code` ```",
    "**bold** _it_ ~~no~~",
    "$x$ $$y$$ \\(z\\)",
    "{{value}} ${value}",
    "\n\n# head\n\n- item\n\n    block\n\n---\n",
    "| a | b |\n|---|---|\n",
    "1. one\n2) two\n",
    "\t\\\n",
    "“What? No.”",
]
CONTROLS = ["\x1b[2J", "\x9b", "\0", "\r", "\r\n", "\x0c", "\u202e", "\u2066", "\u2069"]
ANYTHING = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(CONTROLS)
HARMLESS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf"]), max_size=20)


def mixed(pieces: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Texts of ordinary and hostile pieces."""
    return st.lists(pieces | st.sampled_from(HOSTILE), min_size=1, max_size=6).map("".join)


def quote_of(text: str, quoted: str, highlight: str, score: float = 0.95, **known: str) -> Quote:
    document = Document(text, known.get("title", "Report"), "", {"date": known.get("date", "")})
    start, inside = text.index(quoted), text.index(highlight)
    span = Span(document, inside, inside + len(highlight))
    return Quote(document, start, start + len(quoted), span, score)


def answer_of(*quotes: Quote, question: str = "Who?", query: str = "Who?") -> Answer:
    return Answer(question, query, quotes, 0.9)


@st.composite
def quotes(draw: st.DrawFn, pieces: st.SearchStrategy[str]) -> Quote:
    """A quote anywhere in a text of such pieces, with a highlight anywhere in it."""
    text = draw(mixed(pieces).filter(bool))
    document = Document(text, draw(mixed(pieces).filter(str.strip)))
    places = st.integers(0, len(text))
    start, a, b, end = sorted(draw(st.tuples(places, places, places, places)))
    if start == end:
        start, end = 0, len(text)
    if a == b:
        a, b = start, end
    return Quote(document, start, end, Span(document, a, b), draw(st.floats(0, 1)))


TEXT = "First one.\n\nHe came. Anna saw 750 birds, then left.\n\nLast."
BIRDS = quote_of(
    TEXT, "Anna saw 750 birds, then left.", "750 birds", title="Birds", date="2020-01-01"
)
LAST = quote_of(TEXT, "Last.", "Last.", 0.7, title="Birds")
PAPER = Document(
    "One came.\n# Two\nA, b. C\n\nD. E.",
    "Paper",
    metadata={"date": "2020-01-01"},
    marks=(Mark(0, "page", "1"), Mark(10, "heading", "Two"), Mark(22, "page", "2")),
)

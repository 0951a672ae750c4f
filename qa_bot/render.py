"""Answer -> text, Markdown, HTML. All markup is made here, and all that is not ours is escaped."""

import html
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator

from qa_bot.context import place_of
from qa_bot.datatypes import Answer, Document, Level, Mark, Quote
from qa_bot.report import Report
from qa_bot.splitter import Offsets, paragraphs

NOT_FOUND = "The article does not say."
PERHAPS = "The article may not answer this. The closest passages:"
AWAITED = "Looking through the documents …"
CLOSEST = "Closest passage, which does not answer"

_WORDS = ((0.9, "very likely"), (0.7, "likely"), (0.5, "possibly"))  # least score, in words
_AROUND = 150_000  # characters before and after a quote that its page shows
_LONG = 1000  # characters; a longer question scrolls in a box of its own

# A terminal obeys control characters and a bidi override reverses what stands after it, so each is
# shown as a sign of its own: U+2400 and on picture the ASCII ones, U+FFFD stands for the others.
_SIGNS = (
    {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"}
    | {0x7F: 0x2421}
    | dict.fromkeys([*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], 0xFFFD)
    | dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)  # lone surrogates: no encoding has them
)
_BLANKS = re.compile(r"\s+")
_LINE_END = re.compile(r"[\r\n]|\Z")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")  # what CommonMark lets a backslash escape


def citation(quote: Quote) -> str:
    """Return on one line where a quote stands and how likely it answers."""
    characters = f"characters {quote.start}–{quote.end}"
    return ", ".join([*_where(quote), characters, likelihood(quote.score)])


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
        blocks.append(refusal(answer))
    elif answer.text != answer.quotes[0].text:
        blocks.append(_one_line(answer.text))
    for quote in _open_quotes(answer):
        lines = visible(quote.text).replace("\n", "\n> ")
        blocks.append(f"> {lines}\n— {citation(quote)}")
    return "\n\n".join(blocks)


def to_markdown(answer: Answer) -> str:
    """Render as Markdown: a block quotation and a line with its place, for each quote."""
    blocks = [f"Understood as: {_markdown(answer.query)}"] if _reworded(answer) else []
    if not answer.found:
        blocks.append(refusal(answer))
    for quote in _open_quotes(answer):
        words = _marked(quote, _markdown) if answer.found else _markdown(quote.text)
        blocks.append(f"> {words}")
        blocks.append(f"— {_markdown(citation(quote))}")
    return "\n\n".join(blocks)


def turns_to_markdown(turns: Iterable[tuple[str, Answer]]) -> str:
    """Render a conversation as Markdown: each question as a heading, and its answer."""
    parts = [f"## {_markdown(question)}\n\n{to_markdown(answer)}\n" for question, answer in turns]
    return "\n".join(parts)


def to_html(answer: Answer, name: str = "quote") -> str:
    """Render as one line of HTML: the short answer, the best quote, and the others folded away.

    Passages that may answer are all shown; of those that do not, the closest is folded away.
    The quotes of ``shown_quotes`` link to ``#name-0``, ``#name-1`` and so on.
    """
    understood = f"Understood as: <q>{_isolated(answer.query)}</q>"
    parts = [f'<p class="qa-query">{understood}</p>'] if _reworded(answer) else []
    quotes = [
        _quote_to_html(quote, f"{name}-{n}", answer.found)
        for n, quote in enumerate(shown_quotes(answer))
    ]
    if answer.found:
        if answer.text != answer.quotes[0].text:
            parts.append(f'<p class="qa-short" dir="auto">{_html(answer.text)}</p>')
        parts += [quotes[0], _folded(_counted(len(quotes) - 1, "more quote"), quotes[1:])]
    else:
        parts.append(f'<p class="qa-none">{refusal(answer)}</p>')
        parts += quotes if answer.perhaps else [_folded(CLOSEST, quotes)]
    return f'<div class="qa-answer">{"".join(parts)}</div>'


def refusal(answer: Answer) -> str:
    """Return what is said in place of quotes."""
    return PERHAPS if answer.level is Level.PERHAPS else NOT_FOUND


def shown_quotes(answer: Answer) -> tuple[Quote, ...]:
    """Return the passages to show: quotes, those that may answer, or the closest of all."""
    return _open_quotes(answer) if answer.found or answer.perhaps else answer.closest[:1]


def _open_quotes(answer: Answer) -> tuple[Quote, ...]:
    """Return the passages that are not folded away."""
    return answer.closest if answer.perhaps else answer.quotes


def plain_to_html(text: str) -> str:
    """Render what a person typed, or a message, as one line of HTML that shows just that."""
    scrolls = ' tabindex="0"' if len(text) > _LONG else ""
    return f'<div class="qa-plain" dir="auto"{scrolls}>{_html(text)}</div>'


def awaited_to_html() -> str:
    """Render what stands in place of a reply that is still to come."""
    return f'<div class="qa-awaited" role="status">{AWAITED}</div>'


def heading_to_html(title: str, about: str) -> str:
    """Render the top of a page: what it is."""
    return f"<h1>{_html(title)}</h1><p>{_html(about)}</p>"


def source_to_html(document: Document, quote: Quote | None = None, *, answers: bool = True) -> str:
    """Render a document as a page to read, with a quote marked in it and what answers in that.

    Of a very long document only what stands around the quote is shown, and that it is so.
    """
    spans = list(_source_blocks(document))
    at = 0 if quote is None else quote.start
    first = bisect_left(spans, at - _AROUND, key=lambda span: span[1])
    last = bisect_right(spans, at + _AROUND, key=lambda span: span[0])
    blocks = "".join(_block_to_html(document, span, quote, answers) for span in spans[first:last])
    date = document.metadata.get("date", "")
    name = _isolated(document_name(document))
    return (
        f'<article class="qa-source" tabindex="0"><h2>{name}</h2>'
        + (f'<p class="qa-date">{_isolated(date)}</p>' if date else "")
        + _left_out(first, "before")
        + blocks
        + _left_out(len(spans) - last, "after")
        + "</article>"
    )


def documents_to_html(
    documents: Iterable[Document], own: Collection[str], left_out: Collection[str]
) -> str:
    """Render the documents: a tick for each that is asked, its name to open it, its size.

    ``own`` and ``left_out`` are ids; own documents can be removed.
    """
    rows = [_document_to_html(it, it.id in own, it.id not in left_out) for it in documents]
    return f'<ul class="qa-documents">{"".join(rows)}</ul>'


def reports_to_html(reports: Iterable[Report]) -> str:
    """Render what became of files and texts that were given."""
    return f'<ul class="qa-reports">{"".join(map(_report_to_html, reports))}</ul>'


def _source_blocks(document: Document) -> Iterator[Offsets]:
    """Yield the stretches of a document that stand apart: paragraphs, and heading lines in them."""
    text = document.text
    headings = [mark.start for mark in document.marks if mark.kind == "heading"]
    for start, end in paragraphs(text):
        at = start
        for heading in headings[bisect_left(headings, start) : bisect_left(headings, end)]:
            if heading >= at:  # else it stands on the line of the one before it
                yield from _stretch(text, at, heading)
                at = min(end, _line_end(text, heading))
                yield heading, at
        yield from _stretch(text, at, end)


def _stretch(text: str, start: int, end: int) -> list[Offsets]:
    """Return a stretch without the blanks before it; nothing when it is all blanks."""
    words = text[start:end].lstrip()
    return [(end - len(words), end)] if words else []


def _block_to_html(document: Document, span: Offsets, quote: Quote | None, answers: bool) -> str:
    start, end = span
    inside = [mark for mark in document.marks if start <= mark.start < end]
    tag = "h3" if any(mark.kind == "heading" for mark in inside) else "p"
    pages = [mark for mark in inside if mark.kind == "page"]
    return f'<{tag} dir="auto">{_pieces_to_html(document, span, quote, answers, pages)}</{tag}>'


def _pieces_to_html(
    document: Document, span: Offsets, quote: Quote | None, answers: bool, pages: list[Mark]
) -> str:
    """Render a stretch cut where pages, the quote and its highlight begin or end."""
    ends = [] if quote is None else [quote.start, quote.end]
    said = [] if quote is None or not answers else [quote.highlight.start, quote.highlight.end]
    cuts = sorted(
        {cut for cut in ends + said + [mark.start for mark in pages] if span[0] < cut < span[1]}
    )
    parts = []
    for start, end in zip([span[0], *cuts], [*cuts, span[1]], strict=True):
        parts += [_page_to_html(mark) for mark in pages if mark.start == start]
        words = _html(document.text[start:end])
        if said and said[0] <= start < said[1]:
            words = f'<mark class="qa-said">{words}</mark>'
        elif ends and ends[0] <= start < ends[1]:
            words = f"<mark>{words}</mark>"
        parts.append(words)
    return "".join(parts)


def _page_to_html(mark: Mark) -> str:
    return f'<span class="qa-page">page {_html(mark.label)}</span>'


def _left_out(count: int, where: str) -> str:
    return (
        f'<p class="qa-cut">{_counted(count, "paragraph")} {where} this not shown.</p>'
        if count
        else ""
    )


def _line_end(text: str, start: int) -> int:
    found = _LINE_END.search(text, start)
    return len(text) if found is None else found.start()


def _document_to_html(document: Document, own: bool, asked: bool) -> str:
    name, id = _html(_one_line(document_name(document))), document.id
    date = _one_line(document.metadata.get("date", ""))
    known = ", ".join([*([date] if date else []), _counted(len(document.text.split()), "word")])
    remove = (
        f'<button type="button" data-remove="{id}" aria-label="Remove {name}">Remove</button>'
        if own
        else ""
    )
    return (
        f'<li><input type="checkbox" data-choose="{id}" aria-label="Ask about {name}"'
        f"{' checked' if asked else ''}>"
        f'<button type="button" data-open="{id}"><bdi>{name}</bdi></button>'
        f'<span class="qa-size">{_isolated(known)}</span>{remove}</li>'
    )


def _report_to_html(report: Report) -> str:
    if report.error:
        return f'<li class="qa-refused">{_html(report.error)}</li>'
    notes = "".join(f'<p class="qa-note">{_html(note)}</p>' for note in report.notes)
    return f"<li>{_isolated(report.name)}: {_amount(report)}{notes}</li>"


def _amount(report: Report) -> str:
    pages = [_counted(report.pages, "page")] if report.pages else []
    return ", ".join([_counted(report.words, "word"), *pages])


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _quote_to_html(quote: Quote, name: str, answers: bool) -> str:
    """Render a quote, a link to its place, how sure it is, and a button that copies all three."""
    where = ", ".join(_isolated(part) for part in _where(quote))
    words = _marked(quote, _html) if answers else _html(quote.text)
    sure = f'<span class="qa-sure">How sure: {likelihood(quote.score)}</span>' if answers else ""
    return (
        f'<div class="qa-quote"><blockquote dir="auto">{words}</blockquote>'
        f'<p class="qa-cite"><a href="#{name}">{where}</a>{sure}'
        '<button type="button" class="qa-copy">Copy</button></p></div>'
    )


def _folded(summary: str, parts: Iterable[str]) -> str:
    """Fold parts away under a line; nothing when there are none."""
    folded = "".join(parts)
    return f"<details><summary>{summary}</summary>{folded}</details>" if folded else ""


def _where(quote: Quote) -> list[str]:
    """Return where a quote stands, as a person would look it up, from the whole to the part."""
    document = quote.document
    place = document.place(quote.start)
    headings, columns = place_of(document, quote.start, quote.end)
    parts = [
        _one_line(document_name(document)),
        _one_line(document.metadata.get("date", "")),
        f"page {_one_line(place.page)}" if place.page else "",
        f"“{_one_line(headings)}”" if headings else "",
        _one_line(columns),
        f"paragraph {place.paragraph}",
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


def document_name(document: Document) -> str:
    """Return what a person calls a document: its title, or where it came from."""
    names = (document.title, document.source)
    return next((name for name in names if name.strip()), "untitled")


def _reworded(answer: Answer) -> bool:
    """Whether what was searched for is not what was asked, blanks aside."""
    return answer.query.split() != answer.question.split()

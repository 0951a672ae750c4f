"""Answer, Document and everything else that the page shows -> HTML.

All markup is generated here, and all text from documents and people is escaped.
"""

import html
import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence

from qa_bot.datatypes import Answer, Document, Mark, Quote
from qa_bot.paragraphs import Offsets, paragraphs
from qa_bot.render import (
    document_name,
    has_highlight,
    match,
    one_line,
    open_quotes,
    refusal,
    visible,
    where,
)
from qa_bot.report import Report

AWAITED = "Looking through the documents …"
CLOSEST = "Closest passage, which does not answer"

_AROUND = 150_000  # characters shown before and after a quote in its document
_LONG = 1000  # characters; a longer question gets a box that scrolls
_MAX_NAMED = 2  # documents named in the welcome; the others are counted
_LINE_END = re.compile(r"[\r\n]|\Z")
_FIND = (  # see source.js
    '<div class="qa-find" role="search">'
    '<input type="search" placeholder="Find in this document" aria-label="Find in this document">'
    '<span class="qa-found" role="status"></span>'
    '<button type="button" data-find="-1" aria-label="Previous match" disabled>↑</button>'
    '<button type="button" data-find="1" aria-label="Next match" disabled>↓</button></div>'
)


def to_html(answer: Answer, number: int = 0) -> str:
    """Render as one line of HTML: the short answer, the best quote, and the others folded away.

    Passages that may answer are all shown; otherwise only the closest passage, folded away.
    ``number`` is the number of the exchange. The quotes of ``shown_quotes`` link to
    ``#quote-NUMBER-0`` and so on, and what was understood links to ``#without-NUMBER-0`` and so on.
    """
    parts = [_understood_to_html(answer, number)] if answer.understood else []
    quotes = [
        _quote_to_html(quote, f"quote-{number}-{place}", answer.found)
        for place, quote in enumerate(shown_quotes(answer))
    ]
    if answer.found:
        if has_highlight(answer.quotes[0]):
            parts.append(f'<p class="qa-short" dir="auto">{_html(answer.text)}</p>')
        parts += [quotes[0], _folded(_counted(len(quotes) - 1, "more quote"), quotes[1:])]
    else:
        parts.append(f'<p class="qa-none">{_html(refusal(answer))}</p>')
        parts += quotes if answer.perhaps else [_folded(CLOSEST, quotes)]
    return f'<div class="qa-answer">{"".join(parts)}</div>'


def _understood_to_html(answer: Answer, number: int) -> str:
    """Render what was understood; each item is a link that asks again without it."""
    chips = "".join(
        f'<a class="qa-chip" href="#without-{number}-{place}" title="Ask again without this">'
        f'{_isolated(one_line(str(understood)))} <span aria-hidden="true">×</span></a>'
        for place, understood in enumerate(answer.understood)
    )
    return f'<p class="qa-understood">{chips}</p>'


def shown_quotes(answer: Answer) -> tuple[Quote, ...]:
    """Return the passages to show: quotes, passages that may answer, or only the closest one."""
    return open_quotes(answer) if answer.found or answer.perhaps else answer.closest[:1]


def plain_to_html(text: str) -> str:
    """Render what a person typed, or a message, as plain text on one line of HTML."""
    scrolls = ' tabindex="0"' if len(text) > _LONG else ""
    return f'<div class="qa-plain" dir="auto"{scrolls}>{_html(text)}</div>'


def question_to_html(question: str) -> str:
    """Render a question of the conversation, with a button that puts it back in the box to edit."""
    edit = '<button type="button" class="qa-edit">Edit</button>'
    return f'<div class="qa-question">{plain_to_html(question)}{edit}</div>'


def awaited_to_html() -> str:
    """Render the placeholder for a reply that is pending."""
    return f'<div class="qa-awaited" role="status">{AWAITED}</div>'


def heading_to_html(title: str) -> str:
    """Render the top of the page."""
    return f"<h1>{_html(title)}</h1>"


def welcome_to_html(documents: Sequence[Document]) -> str:
    """Render what a person sees before the first question: what can be asked, what happens."""
    names = [
        f"<b>“{_isolated(one_line(document_name(document)))}”</b>"
        for document in documents[:_MAX_NAMED]
    ]
    if len(documents) > _MAX_NAMED:
        names.append(_counted(len(documents) - _MAX_NAMED, "more document"))
    about = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    ask = f"Ask about {about}, or add documents of your own." if about else "Add a document first."
    return (
        '<div class="qa-welcome"><h2>What would you like to know?</h2>'
        f"<p>{ask} You get the words that answer, quoted with their place, or are told that "
        "the documents do not say. Nothing is made up. English only.</p></div>"
    )


def suggestions_to_html(questions: Iterable[str]) -> str:
    """Render suggested questions, each as a button that asks it; ``""`` if there are none."""
    rows = "".join(
        f'<li><button type="button" data-ask="{_html(question)}">{_html(one_line(question))}'
        "</button></li>"
        for question in questions
    )
    summary = "<summary>Questions to begin with</summary>"
    return f'<details class="qa-samples" open>{summary}<ul>{rows}</ul></details>' if rows else ""


def leads_to_html(questions: Iterable[str]) -> str:
    """Render the suggested questions after an answer; ``""`` if there are none."""
    buttons = "".join(
        f'<button type="button" class="qa-lead">{_html(one_line(question))}</button>'
        for question in questions
    )
    return f'<div class="qa-leads">{buttons}</div>' if buttons else ""


def source_to_html(document: Document, quote: Quote | None = None, *, answers: bool = True) -> str:
    """Render a document as a page to read, with a quote and its highlight marked.

    The header is shown apart from the text. Of a very long document only the part around the quote
    is shown, with a note that says so.
    """
    header = document.header
    spans = list(_source_blocks(document, header.end))
    position = 0 if quote is None else quote.start
    first = bisect_left(spans, position - _AROUND, key=lambda span: span[1])
    last = bisect_right(spans, position + _AROUND, key=lambda span: span[0])
    blocks = "".join(_block_to_html(document, span, quote, answers) for span in spans[first:last])
    date = "" if "date" in header.places else document.metadata.get("date", "")
    name = _isolated(document_name(document))
    return (
        f'<div class="qa-reader">{_FIND}<article class="qa-source" tabindex="0"><h2>{name}</h2>'
        + (f'<p class="qa-meta">{_isolated(date)}</p>' if date else "")
        + "".join(
            f'<p class="qa-meta" dir="auto">{_pieces_to_html(document, span, quote, answers)}</p>'
            for span in _nonblank(document.text, 0, header.end)
        )
        + _omission(first, "before")
        + blocks
        + _omission(len(spans) - last, "after")
        + "</article></div>"
    )


def documents_to_html(
    documents: Iterable[Document], own: Collection[str], excluded: Collection[str]
) -> str:
    """Render the documents, each with a checkbox, its name as a button that opens it, and its size.

    ``own`` and ``excluded`` are ids; own documents can be removed.
    """
    rows = [
        _document_to_html(document, document.id in own, document.id not in excluded)
        for document in documents
    ]
    return f'<ul class="qa-documents">{"".join(rows)}</ul>'


def reports_to_html(reports: Iterable[Report]) -> str:
    """Render the reports on files and texts that were added."""
    return f'<ul class="qa-reports">{"".join(map(_report_to_html, reports))}</ul>'


def _source_blocks(document: Document, body: int) -> Iterator[Offsets]:
    """Yield the paragraphs from ``body`` on, with the headings in them as blocks of their own."""
    text = document.text
    headings = [mark.start for mark in document.marks if mark.kind == "heading"]
    for start, end in paragraphs(text):
        position = max(start, body)
        for heading in headings[bisect_left(headings, position) : bisect_left(headings, end)]:
            if heading >= position:  # otherwise it is on the line of the heading before
                yield from _nonblank(text, position, heading)
                position = min(end, _line_end(text, heading))
                yield heading, position
        yield from _nonblank(text, position, end)


def _nonblank(text: str, start: int, end: int) -> list[Offsets]:
    """Return a span without the whitespace before its text, or no span if it is blank."""
    stripped = text[start:end].lstrip()
    return [(end - len(stripped), end)] if stripped else []


def _block_to_html(document: Document, span: Offsets, quote: Quote | None, answers: bool) -> str:
    tag = "h3" if _marks_in(document, span, "heading") else "p"
    return f'<{tag} dir="auto">{_pieces_to_html(document, span, quote, answers)}</{tag}>'


def _pieces_to_html(document: Document, span: Offsets, quote: Quote | None, answers: bool) -> str:
    """Render a span, cut where pages, the quote and its highlight begin or end."""
    pages = _marks_in(document, span, "page")
    quoted = [] if quote is None else [quote.start, quote.end]
    highlighted = []
    if quote is not None and answers and has_highlight(quote):
        highlighted = [quote.highlight.start, quote.highlight.end]
    positions = {*quoted, *highlighted, *(mark.start for mark in pages)}
    cuts = sorted(cut for cut in positions if span[0] < cut < span[1])
    parts = []
    for start, end in zip([span[0], *cuts], [*cuts, span[1]], strict=True):
        parts += [_page_to_html(mark) for mark in pages if mark.start == start]
        piece = _html(document.text[start:end])
        if highlighted and highlighted[0] <= start < highlighted[1]:
            piece = f'<mark class="qa-said">{piece}</mark>'
        elif quoted and quoted[0] <= start < quoted[1]:
            piece = f"<mark>{piece}</mark>"
        parts.append(piece)
    return "".join(parts)


def _marks_in(document: Document, span: Offsets, kind: str) -> list[Mark]:
    first, end = (bisect_left(document.marks, edge, key=lambda mark: mark.start) for edge in span)
    return [mark for mark in document.marks[first:end] if mark.kind == kind]


def _page_to_html(mark: Mark) -> str:
    return f'<span class="qa-page">page {_html(mark.label)}</span>'


def _omission(count: int, where: str) -> str:
    """Render a note on paragraphs that are not shown, or ``""`` if there are none."""
    return (
        f'<p class="qa-cut">{_counted(count, "paragraph")} {where} this not shown.</p>'
        if count
        else ""
    )


def _line_end(text: str, start: int) -> int:
    line_end = _LINE_END.search(text, start)
    return len(text) if line_end is None else line_end.start()


def _document_to_html(document: Document, is_own: bool, is_included: bool) -> str:
    name, id = _html(one_line(document_name(document))), document.id
    date = one_line(document.metadata.get("date", ""))
    details = ", ".join([*([date] if date else []), _counted(len(document.text.split()), "word")])
    remove = (
        f'<button type="button" data-remove="{id}" aria-label="Remove {name}">Remove</button>'
        if is_own
        else ""
    )
    return (
        f'<li><input type="checkbox" data-choose="{id}" aria-label="Ask about {name}"'
        f"{' checked' if is_included else ''}>"
        f'<button type="button" data-open="{id}"><bdi>{name}</bdi></button>'
        f'<span class="qa-size">{_isolated(details)}</span>{remove}</li>'
    )


def _report_to_html(report: Report) -> str:
    if report.error:
        return f'<li class="qa-refused">{_html(report.error)}</li>'
    notes = "".join(f'<p class="qa-note">{_html(note)}</p>' for note in report.notes)
    return f"<li>{_isolated(report.name)}: {_size(report)}{notes}</li>"


def _size(report: Report) -> str:
    pages = [_counted(report.pages, "page")] if report.pages else []
    return ", ".join([_counted(report.words, "word"), *pages])


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _words_to_html(quote: Quote, *, answers: bool) -> str:
    """Escape a quote, with a <mark> around its highlight.

    A header before the first sentence ("date 2020-01-01") is left out: the citation has the date.
    """
    text, highlight = quote.document.text, quote.highlight
    body = quote.document.header.end
    has_mark = answers and has_highlight(quote)
    first = highlight.start if has_mark else quote.end - 1
    start = body if quote.start < body <= first else quote.start
    if not has_mark:
        return _html(text[start : quote.end])
    before, after = text[start : highlight.start], text[highlight.end : quote.end]
    return f"{_html(before)}<mark>{_html(highlight.text)}</mark>{_html(after)}"


def _quote_to_html(quote: Quote, name: str, answers: bool) -> str:
    """Render a quote, a link to its source, how well it matches, and a button that copies it."""
    place = ", ".join(_isolated(part) for part in where(quote))
    words = _words_to_html(quote, answers=answers)
    match_html = _match_to_html(quote.score) if answers else ""
    return (
        f'<div class="qa-quote"><blockquote dir="auto">{words}</blockquote>'
        f'<p class="qa-cite"><a href="#{name}">{place}</a>{match_html}'
        '<button type="button" class="qa-copy">Copy</button></p></div>'
    )


def _match_to_html(score: float) -> str:
    """Render how well a quote matches, with the probability as a tooltip."""
    probability = f"{100 * score:.0f} % likely to answer the question"
    return f'<span class="qa-match" title="{probability}">{match(score)}</span>'


def _folded(summary: str, parts: Iterable[str]) -> str:
    """Fold parts away under a summary; ``""`` if there are no parts."""
    content = "".join(parts)
    return f"<details><summary>{summary}</summary>{content}</details>" if content else ""


def _html(text: str) -> str:
    """Escape for HTML, on one line, so that nothing on the way to the browser trims or wraps it."""
    return html.escape(visible(text)).replace("\n", "&#10;").replace("\t", "&#9;")


def _isolated(text: str) -> str:
    """Escape for HTML, so that right-to-left letters do not reorder the text around them."""
    return f"<bdi>{_html(text)}</bdi>"

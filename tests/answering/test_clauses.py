"""Questions that name a clause by its number."""

import pytest

from qa_bot.answering.clauses import raised, with_body
from qa_bot.datatypes import Document, Quote, Span


@pytest.mark.parametrize(
    ("query", "text", "is_raised"),
    [
        ("What does clause 2.2 say?", "2.2 The tenant mends it.", True),
        ("What does § 4 say?", "§ 4 Fees", True),
        ("What is in section 3?", "Section 3: Fees", True),
        ("What does point 3 say?", "  (3) It is shut.", True),
        ("what does Article 12 say", "- 12. It is shut.", True),
        ("What does clause 2.2 say?", "2.21 The tenant mends it.", False),
        ("What does clause 2 say?", "2.2 The tenant mends it.", False),
        ("What does clause 2 say?", "The rent of clause 2 is due.", False),
        ("What happened in 2019?", "2019 was a dry year.", False),
        ("Who read chapter 2019a?", "2019 was a dry year.", False),
    ],
)
def test_a_quote_that_begins_with_the_number_asked_for_is_likelier(
    query: str, text: str, is_raised: bool
) -> None:
    span = Span(Document(text), 0, len(text))
    expected = 0.8176 if is_raised else 0.5
    assert raised(0.5, query, span) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "quoted", "shown"),
    [
        ("3. Fees\n\nA boat pays 5 crowns. It pays at dusk.\n\n4. Hours", "3. Fees", (0, 47)),
        ("Section 3: Fees\nA boat pays.\n\nMore.", "Section 3: Fees", (0, 28)),
        ("3. Fees\n\n3.1 A boat pays.", "3. Fees", (0, 25)),
        ("3. Fees\n\n4. Hours\n\nDay and night.", "3. Fees", (0, 7)),
        ("3. Fees are paid at dusk.\n\nIt is shut.", "3. Fees are paid at dusk.", (0, 25)),
        ("3. Fees", "3. Fees", (0, 7)),
        ("4. Fees\n\nA boat pays.", "4. Fees", (0, 7)),
    ],
)
def test_a_heading_is_quoted_with_what_stands_under_it(
    text: str, quoted: str, shown: tuple[int, int]
) -> None:
    document = Document(text)
    quote = Quote(document, 0, len(quoted), Span(document, 0, len(quoted)), 0.8)
    found = with_body("What does section 3 say?", quote)
    assert (found.start, found.end) == shown
    assert with_body("What are the fees?", quote) == quote
    if shown[1] > len(quoted):
        assert found.highlight.text == text[len(quoted) : shown[1]].strip()

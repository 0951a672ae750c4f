"""Questions that name a clause by its number."""

import pytest

from qa_bot.answering.clauses import raised
from qa_bot.datatypes import Document, Span


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

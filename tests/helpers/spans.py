"""Texts for property tests, and checks of the spans in them."""

from hypothesis import strategies as st

from qa_bot.datatypes import Document
from qa_bot.sentences import sentences

TEXTS = st.one_of(
    st.text(max_size=400),
    st.text(alphabet='aB .!?…”“"\n\r\t#-1)x,;\x00😀\xa0\x85\u2003é', max_size=600),
    st.lists(
        st.sampled_from(
            [
                "He left.",
                "“No!",
                "Why?”",
                "U.S. Embassy",
                "\n\n",
                "\r\n",
                "# Head\n",
                "- item\n",
                "w" * 90,
            ]
        ),
        max_size=40,
    ).map(" ".join),
)


def is_covered(text: str, spans: list[tuple[int, int]]) -> bool:
    """Whether every character that is not whitespace lies in a span."""
    inside = {position for start, end in spans for position in range(start, end)}
    return all(char.isspace() or position in inside for position, char in enumerate(text))


def sentence_texts(text: str) -> list[str]:
    """Return the sentences of a text as strings."""
    return [text[start:end] for start, end in sentences(Document(text))]

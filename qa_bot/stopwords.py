"""Stop words, content words, and stems."""

import re

POSSESSIVE = re.compile(r"['’]s$")

_WORD = re.compile(r"[^\W_]+")
_STEM = 5  # letters


_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a about after all also an and any are as at be because been before being between both but
        by can could d did do does doing don during each few for from further had has have having
        he her here hers him his how i if in into is isn it its itself just ll m me more most my no
        nor not now of off on once only or other our out over own re s same she should so some such
        t than that the their them then there these they this those through to too under until up
        us ve very was we were what when where which while who whom whose why will with would you
        your
        """,
    )
)


def is_stop_word(word: str) -> bool:
    """Whether a word says nothing about the subject of a text; "us" is one, "US" is not."""
    return word.lower() in _STOP_WORDS and (len(word) == 1 or not word.isupper())


def content_words(text: str) -> list[str]:
    """Return the distinct words of a text in lower case, without stop words if it has others."""
    words = _WORD.findall(text.lower() if text.isupper() else text)
    content = dict.fromkeys(word.lower() for word in words if not is_stop_word(word))
    return list(content if content else dict.fromkeys(word.lower() for word in words))


def stem(word: str) -> str:
    """Return the first letters of a word in lower case, which its other forms share."""
    return POSSESSIVE.sub("", word.lower())[:_STEM]


def content_stems(text: str) -> set[str]:
    """Return the stems of the content words of a text."""
    return {stem(word) for word in content_words(text)}

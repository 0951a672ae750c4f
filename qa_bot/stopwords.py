"""Stop words, the other words of a text, and their stems."""

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
    """Whether a word tells nothing of what a text is about; "US" does, unlike "us"."""
    return word.lower() in _STOP_WORDS and (len(word) == 1 or not word.isupper())


def content_words(text: str) -> list[str]:
    """Return the words of a text in lower case, each once, without stop words if it has others."""
    found = _WORD.findall(text.lower() if text.isupper() else text)
    telling = dict.fromkeys(word.lower() for word in found if not is_stop_word(word))
    return list(telling if telling else dict.fromkeys(word.lower() for word in found))


def stem(word: str) -> str:
    """Return what a word shares with its other forms: its first letters, in lower case."""
    return POSSESSIVE.sub("", word.lower())[:_STEM]


def content_stems(text: str) -> set[str]:
    """Return the stems of the content words of a text."""
    return {stem(word) for word in content_words(text)}

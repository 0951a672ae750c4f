"""Guess the language of a text from its most common words, to split it into sentences."""

import re
from collections import Counter

_SAMPLE = 5_000  # characters at the start of a text that are examined
_WORD = re.compile(r"[^\W\d_]+")
_COMMON = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the of and to in is was for that with as on by at from it he she were are this",
        "de": "der die das und ist nicht mit ein eine einen von für auf wurde dem den des zu im am "
        "sie er es wird auch als bei nach aus war wir ich hat in an seit vom zum zur dann danach "
        "dort hier nun aber jedoch diese dieser dieses",
        "fr": "le la les des et est une un du dans que qui pour pas sur au aux avec il elle ce "
        "sont par en de été",
        "es": "el la los las y es un una del en que por para con se su al lo como fue de más",
        "it": "il lo la gli le e di è un una del della che per con nel alla sono si da dei",
        "nl": "de het een en van is in op te dat met voor niet zijn aan werd door ook bij naar",
        "pt": "o a os as e é um uma do da dos em que por para com não se no na foi de",
        "da": "og det at en den til er som på de med for af ikke der var et han blev derefter så",
        "sv": "och det att en den till är som på de med för av inte var ett han har om blev",
    }.items()
}


def language_of(text: str) -> str:
    """Return the code of a text's language; "en" unless it is clearly another."""
    counts = Counter(word.lower() for word in _WORD.findall(text[:_SAMPLE]))
    hits = {code: sum(counts[word] for word in words) for code, words in _COMMON.items()}
    best = max(hits, key=lambda code: hits[code])
    return best if hits[best] > max(1, 2 * hits["en"]) else "en"


def is_common(word: str, language: str) -> bool:
    """Whether a word is one of the most common words of a language."""
    return word.lower() in _COMMON[language]

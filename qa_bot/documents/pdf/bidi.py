"""Find the reading order of the letters in right-to-left lines from their positions.

PDFium puts digits and punctuation in such lines on the wrong side ("in the year .1962"), so the
order is computed again: from the visual order of the letters, undo Unicode's bidirectional
algorithm (UAX #9) for numbers, for words in the other direction and for what joins them.
"""

import re
import unicodedata
from collections.abc import Sequence

from qa_bot.documents.pdf.letters import Letter

_WORD_GAP = 0.15  # times the type size; a wider gap is a space
_RTL = re.compile(r"[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC]")
_PRESENTATION_FORMS = re.compile(r"[\uFB1D-\uFDFF\uFE70-\uFEFC]+")  # shapes of letters
# Numbers with their signs, and Latin words with what is between them, run left to right.
_LEFT_TO_RIGHT = re.compile(
    r"[$€£#]?\d(?:[\d.,:/\-–]*\d)?[%°$€£]?"
    r"|[^\W\d_\u0590-\u08FF](?:[^\u0590-\u08FF]*[^\W_\u0590-\u08FF])?"
)
_MARKS_AND_LETTER = re.compile(r"([\u0591-\u05BD\u05BF-\u05C7\u064B-\u065F]+)([\u05D0-\u064A])")
_BRACKET = re.compile(r"[()\[\]{}]")
_MIRRORED = str.maketrans("()[]{}", ")(][}{")
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08FF](?:[^A-Za-zÀ-ɏ]*[\u0590-\u08FF])?")


def has_rtl(text: str) -> bool:
    """Whether a text has right-to-left letters."""
    return _RTL.search(text) is not None


def logical_text(letters: Sequence[Letter]) -> str:
    """Return the text of a line with right-to-left letters in reading order."""
    visual = _visual_text(letters)
    alphabetic = [char for char in visual if char.isalpha()]
    if 2 * len(_RTL.findall(visual)) < len(alphabetic):
        return _RIGHT_TO_LEFT.sub(lambda part: _reverse(part[0]), visual)
    text = _reverse(visual)
    first = _BRACKET.search(text)
    # Brackets are drawn as they look, but PDFium mirrors some of them.
    return text if first is None or first[0] in "([{" else text.translate(_MIRRORED)


def _reverse(visual: str) -> str:
    """Reverse a text, but not the numbers and the left-to-right words in it."""
    text = _LEFT_TO_RIGHT.sub(lambda part: part[0][::-1], visual)[::-1]
    return _MARKS_AND_LETTER.sub(lambda part: part[2] + part[1][::-1], text)


def _visual_text(letters: Sequence[Letter]) -> str:
    """Return the text of a line from left to right, with combining marks after their letters."""
    clusters: list[tuple[float, float, float, str]] = []
    for letter in letters:
        text = _PRESENTATION_FORMS.sub(
            lambda part: unicodedata.normalize("NFKC", part[0]), letter.text
        )
        if clusters and text and unicodedata.combining(text[0]):
            left, right, size, base = clusters[-1]
            clusters[-1] = (left, right, size, base + text)
        elif not text.isspace():
            clusters.append((letter.left, letter.right, letter.size, text))
    parts: list[str] = []
    end: float | None = None
    for left, right, size, text in sorted(clusters, key=lambda cluster: cluster[0]):
        if end is not None and left - end > _WORD_GAP * size:
            parts.append(" ")
        parts.append(text)
        end = right if end is None else max(end, right)
    return "".join(parts)

"""Find where sentences end within a line: sentencex, corrected where it was found to be wrong."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from qa_bot.language import is_common
from qa_bot.paragraphs import Offsets, trimmed

# A missing space between two sentences.
_GLUED = re.compile(r"…[”\"]?(?=[“\"]?[A-Z])|(?<=[a-z]{3})[.!?]+[”\"]?(?=[“\"]?[A-Z][a-z])")
# Transcribed speech has hardly any punctuation; it is cut into quotes of a readable length.
_MAX_UNPUNCTUATED = 300  # characters
_MARK_EVERY = 200  # characters; text with fewer punctuation marks counts as unpunctuated
_PUNCTUATION = re.compile(r"[,;:.!?…—–()،؛؟、，。；：！？]")
_PAUSES = tuple(  # where a speaker would pause, the likeliest places first
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<=[,;:.!?…،؛؟])\s|(?<=[、，。；：！？])",
        r"(?<!\band)\s(?=(?:and (?:then|so|the|he|she|they|we|it)|but|then|so)\s)",
        r"\s(?=(?:and|or|when|because|while|after|before|until|if|which|who|where|that)\s)",
        r"\s",
    )
)
_WITH_ORDINALS = frozenset({"de", "da"})  # languages that write "1." for "1st"
_ORDINAL = re.compile(r"(?<![\w.,])\d{1,2}\.\s*\Z")
_GERMAN_MONTHS = frozenset("Januar Jänner Februar März Mai Juni Juli Oktober Dezember".split())
# Before a number, or a word in lower case, these do not end a sentence.
_ENGLISH_ABBREVIATIONS = re.compile(
    r"\b(?:[Vv]ols?|[Aa]pprox|[Nn]os|[Pp]p?|[Ff]igs?|[Cc]f|[Cc]haps?|[Ss]ecs?|[Cc]a|[Ii]ncl|[Ee]xcl"
    r"|[Ee]st|[Tt]el|[Ee]xt|[Aa]pt|Mon|Tues?|Wed|Thu(?:rs)?|Fri|Sat|Sun|Jan|Feb|Mar|Apr|Aug|Sept?"
    r"|Oct|Nov|Dec)\.\s*\Z"
)
_HOUR = re.compile(r"\d\s?[aApP]\.[mM]\.\s*\Z")
_AFTER_HOUR = re.compile(
    r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Jan|Feb|March|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov"
    r"|Dec|[A-Z]{2,4}\b)"
)
_ABBREVIATIONS = {  # those that sentencex does not know and that never end a sentence
    language: re.compile(rf"(?:(?<![^\W_])(?:{words})|{endings})\.\s*\Z")
    for language, words, endings in (
        (
            "de",
            "Abb|Abs|Art|Bd|Fr|Hrn?|Kap|Nr|Tel|ca|exkl|gem|inkl|lt|zzgl",
            "[Ss]tr",
        ),
        (
            "fr",
            "Dr|MM?|Me|Mgr|Mlle|Mme|Pr|Ste?|apr|art|av|bd|chap|env|fig|n|pp?|tél|vol|éd",
            "(?!)",
        ),
        ("es", "Avda|Dra?|Profa?|Sra?|Srta|art|aprox|cap|núm|pág|tel", "(?!)"),
        ("it", "art|avv|cap|dott|fig|ing|n|p|pag|prof|sig|sig\\.na|sig\\.ra|tel|v", "(?!)"),
        ("nl", "Mevr|St|art|blz|bijv|ca|dhr|drs?|ds|ir|mevr|mr|mw|nr|prof|tel", "(?!)"),
        ("pt", "Dra?|Profa?|Sra?|art|cap|núm|pág|séc|tel", "(?!)"),
        ("da", "Chr|Sct|Skt|art|bl\\.a|ca|f\\.eks|fr|hr|kl|nr|tlf", "(?!)"),
        ("sv", "art|bl\\.a|ca|d\\.v\\.s|hr|kap|kl|nr|t\\.ex|tel", "[Ss]torg"),
    )
}
_ERA = re.compile(r"\b[adAD]\.\s*\Z")  # "a. C."
# In a line of capitals, "FRI." and "NO." are abbreviations only before these words or a number.
_CONTINUING_WORDS = frozenset("and at between by for from in of on or till to until".split())
_WORD = re.compile(r"[^\W_]+")
# sentencex keeps a quotation whole, however many sentences it has, unless its quotation marks are
# masked. It panics at a space of several bytes between an initial and a full stop ("Plan D\xa0.").
_MASKED = re.compile(r"[“”„«»\"]|[^\S ]")
_CLOSING = frozenset('”»"')


def split_line(text: str, start: int, end: int, language: str) -> Iterator[Offsets]:
    """Yield the sentences of ``text[start:end]``, which no sentence crosses."""
    from sentencex import get_sentence_boundaries

    line = text[start:end]
    masked = _title_case(_MASKED.sub(" ", line))
    in_capitals = line.isupper()
    cuts = {match.end() for match in _GLUED.finditer(line)}
    boundary: Any
    for boundary in get_sentence_boundaries(language, masked):
        sentence = masked[boundary["start_index"] : boundary["end_index"]]
        cut = boundary["start_index"] + len(sentence.rstrip())
        # A closing quotation mark belongs to the sentence before it.
        if cut and cut + start < end and text[start + cut] in _CLOSING:
            cut += 1
        if not _is_abbreviation(masked, cut, language, in_capitals):
            cuts.add(cut)
    ordered = [start + cut for cut in sorted(cuts) if 0 < cut < end - start]
    for piece in trimmed(text, zip([start, *ordered], [*ordered, end], strict=True)):
        yield from _split_unpunctuated(text, *piece)


def _title_case(text: str) -> str:
    """Return a line of capitals in title case, so that sentencex knows its abbreviations."""
    if not text.isupper():
        return text
    titled = text.title()
    return titled if len(titled) == len(text) else text


def _is_abbreviation(text: str, cut: int, language: str, in_capitals: bool) -> bool:
    """Whether the full stop before ``cut`` does not end a sentence: "am 1. Mai", "M. Dupont"."""
    before = text[max(0, cut - 20) : cut]
    following = _WORD.search(text, cut, cut + 40)
    if following is None:
        return False
    word = following[0]
    if in_capitals:
        continues = word.lower() in _CONTINUING_WORDS or word[0].isdigit()
    else:
        continues = not word[0].isupper()
    is_ordinal = _ORDINAL.search(before) is not None
    if is_ordinal and (word in _GERMAN_MONTHS or (word.islower() and word[0].isalpha())):
        return True
    if language == "en":
        if _HOUR.search(before):
            return (in_capitals and continues) or _AFTER_HOUR.match(word) is not None
        return continues and _ENGLISH_ABBREVIATIONS.search(before) is not None
    if not text[cut].isspace() and text[cut] not in _CLOSING:
        return True
    if _ABBREVIATIONS[language].search(before) or (continues and before.endswith(".")):
        return True
    if word in ("C", "c") and _ERA.search(before):
        return True
    return is_ordinal and language in _WITH_ORDINALS and not is_common(word, language)


def _split_unpunctuated(text: str, start: int, end: int) -> Iterator[Offsets]:
    """Yield a sentence, or parts of it if it is long and has hardly any punctuation."""
    is_complete = end - start <= 2 * _MAX_UNPUNCTUATED and text[end - 1] in ".!?。！？"
    while end - start > _MAX_UNPUNCTUATED and not is_complete:
        if len(_PUNCTUATION.findall(text, start, end)) * _MARK_EVERY > end - start:
            break
        pause = _pause(text, start + _MAX_UNPUNCTUATED // 3, start + _MAX_UNPUNCTUATED)
        yield from trimmed(text, [(start, pause)])
        start = pause
    yield from trimmed(text, [(start, end)])


def _pause(text: str, begin: int, end: int) -> int:
    """Return where a speaker would most likely pause: before "and then" rather than "who".

    Text without spaces, such as Chinese, is cut after a comma, or else at ``end``.
    """
    for pattern in _PAUSES:
        pauses = [match.end() for match in pattern.finditer(text, begin, end)]
        if pauses:
            return pauses[-1]
    while begin < end and unicodedata.combining(text[end]):
        end -= 1
    return end

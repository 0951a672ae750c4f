"""Turn a question that continues the last one into a query: "Why did Esper order it?"."""

import re
from dataclasses import dataclass

from qa_bot.answering.cues import starts_with_preposition
from qa_bot.answering.history import Said
from qa_bot.answering.mentions import QUESTION_WORDS, Term, is_role, noun_phrases, terms

_AUXILIARY = (
    r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|shall|should|may|might|must)"
)
_ASKED = re.compile(
    r"^\W*(?:(?:and|but|so|ok|okay)\b[\s,]*)*"
    r"(?:(?:from|to|in|at|on|by|for|with|of|under|against|since|until|during)\s+)?"
    r"(?P<asking>who|whom|whose|what|which|when|where|why|how)\b"
    rf"(?:(?P<noun>(?:\s+(?!{_AUXILIARY}\b)[\w’'-]+){{0,4}})\s+(?P<auxiliary>{_AUXILIARY})\b)?"
    r"(?P<rest>.*?)\W*$",
    re.IGNORECASE | re.DOTALL,
)
_WHETHER = re.compile(rf"^\W*{_AUXILIARY}\b", re.IGNORECASE)
_WORD = re.compile(r"\s+[\w’'-]+")
_NOUN_AFTER = {"which": _WORD, "whose": _WORD, "how": re.compile(r"\s+(?:many|much)\s+[\w’'-]+")}
_AMOUNT = re.compile(r"^\s*(?:many|much|long|old|far|big|often|exactly)\b")
_ARTICLE = re.compile(r"(?:the|an?)\s", re.IGNORECASE)
_ARTICLE_BEFORE = re.compile(r"\b(?:the|an?)\s+$", re.IGNORECASE)
_NUMBERS = frozenset(
    "two three four five six seven eight nine ten eleven twelve some several many dozens hundreds "
    "thousands forty fifty".split()
)
_BEING = frozenset("is are was were".split())
_DOING = frozenset("do does did".split())
_THINGS = frozenset("who whom whose what which".split())  # are answered by a thing


@dataclass(frozen=True, slots=True)
class _Parts:
    """A question: "How many", "soldiers", "did", "Esper send"."""

    asking: str
    noun: str
    auxiliary: str
    rest: str


def continued(asking: str, last: Said) -> str:
    """Return the last question, with its answer, asked with other question words.

    "Why" after "Who killed the guard?" and "Iran" gives "Why Iran killed the guard?". A last
    question without a content word gives "".
    """
    if not _content_terms(last.query):
        return ""
    parts = _question_parts(last.query)
    if parts is None:
        query = last.query.strip(" .?!")
        words = query[:1].lower() + query[1:] if _WHETHER.match(query) else query
        return f"{asking} {words}?"
    answer = _answer(parts, last.answer)
    auxiliary = parts.auxiliary.lower()
    before = auxiliary in ("", *_BEING) or (auxiliary not in _DOING and parts.asking != "what")
    ordered = [answer, parts.rest] if before else [parts.rest, answer]
    return " ".join(filter(None, [asking, auxiliary, *ordered])) + "?"


def with_subject(subject: str, last: Said) -> str:
    """Return the last question with its name or noun phrase replaced by another subject.

    A subject with a preposition ("in Syria") replaces what follows the same preposition.
    """
    query = last.query.strip(" .?!")
    preposition, _, inside = subject.partition(" ")
    places = noun_phrases(query)
    if inside and starts_with_preposition(subject):
        fitting = [p for p in places if _word_before(query, p[0]) == preposition.lower()]
        new = inside
    else:
        is_name = subject.split()[-1][:1].isupper() or is_role(subject)
        fitting = [p for p in places if query[p[0]].isupper() == is_name] + places
        new = subject
    if not fitting:
        return f"{query} {subject}?"
    start, end = fitting[0]
    if _ARTICLE.match(new) and (article := _ARTICLE_BEFORE.search(query[:start])):
        start = article.start()
    return f"{query[:start]}{new}{query[end:]}?"


def counted(last: Said) -> str:
    """Return what the last question counted: "soldiers" of "How many soldiers were sent?"."""
    parts = _question_parts(last.query)
    if parts is not None and parts.asking == "how" and parts.noun:
        return parts.noun
    number, _, things = last.answer.partition(" ")
    return things if number.replace(",", "").isdigit() or number.lower() in _NUMBERS else ""


def about_all(question: str, last: Said) -> str:
    """Return a question followed by the last one, from its first to its last content word."""
    said = _content_terms(last.query)
    return f"{question} {last.query[said[0].start : said[-1].end]}" if said else ""


def _content_terms(query: str) -> list[Term]:
    return [t for t in terms(query) if query[t.start : t.end].lower() not in QUESTION_WORDS]


def _word_before(text: str, start: int) -> str:
    """Return the word before an offset; articles are skipped."""
    words = _ARTICLE_BEFORE.sub("", text[:start]).lower().split()
    return words[-1] if words else ""


def _question_parts(query: str) -> _Parts | None:
    found = _ASKED.match(query)
    if found is None:
        return None
    asking, noun, rest = found["asking"].lower(), found["noun"], found["rest"]
    if noun is None:  # no auxiliary follows: "Which militia bombed the base"
        one = _NOUN_AFTER[asking].match(rest) if asking in _NOUN_AFTER else None
        noun, rest = ("", rest) if one is None else (one[0], rest[one.end() :])
    if asking == "how":
        noun = _AMOUNT.sub("", noun)
    return _Parts(asking, noun.strip(), found["auxiliary"] or "", rest.strip(" ?.!"))


def _answer(parts: _Parts, answer: str) -> str:
    """Return what replaces the question words of a question: its answer, or their noun."""
    if parts.asking in _THINGS:
        return answer if answer else parts.noun
    if parts.asking == "how" and parts.noun:
        is_number = not any(word.isalpha() and len(word) > 2 for word in answer.split())
        return f"{answer} {parts.noun}".strip() if is_number else answer
    return ""

"""(question, history) -> a query that stands alone, in words of the question and the history.

Which words of the conversation a question is about is decided by the reader's network, a term at
a time (QuReTeC: Voskarides et al., "Query Resolution for Conversational Search with Limited
Supervision", 2020). They stand in for a pronoun, or are added. ``training/`` taught it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa_bot.datatypes import Answer
from qa_bot.metadata import asks_when_written
from qa_bot.reader_model import ReaderModel, load_model
from qa_bot.words import is_stop_word

Turn = Answer | tuple[str, str]  # an earlier Answer, or (question, answer text)

SAID_CHARS = 300  # of what was quoted in a turn
PAST_CHARS = 1200  # of the conversation: the last turns
_FEW = 3  # words: "Why not?", "How many more?"
SEPARATOR = " | "  # between what two people said

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_ASKING = frozenset("who whom whose what which when where why how many much long old far".split())
_PRONOUN = re.compile(
    r"\b(he|she|it|they|him|her|them|his|hers|its|their|theirs|this|that|these|those|there|then)\b",
    re.IGNORECASE,
)
_CONNECTIVE = re.compile(r"^\s*(?:(?:and|but|or|so|ok|okay|what about|how about)\b[\s,]*)+", re.I)


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a text that may belong to a query: its place, and what counts as the same word."""

    start: int
    end: int
    stem: str


def rewrite(question: str, history: Sequence[Turn], model: ReaderModel | None = None) -> str:
    """Return the question itself when it stands alone, else with the words it leaves out.

    ``history`` is oldest first; its last turns count. Raises ValueError when one of its items is
    no turn.
    """
    past = conversation([said for item in history for said in _turn(item)])
    if not past or asks_when_written(question):
        return question
    network = load_model() if model is None else model
    candidates = list(terms(past))
    leaning, chances = network.judge_terms(question, past, [(t.start, t.end) for t in candidates])
    least = network.card.signed if signed(question) else network.card.unsigned
    if leaning < least.leaning:
        return question
    chosen = [t for t, p in zip(candidates, chances, strict=True) if p >= least.word]
    return resolve(question, past, chosen)


def signed(question: str) -> bool:
    """Whether a question has a sign that it leans on others: a pronoun, an "and", few words."""
    return (
        _PRONOUN.search(question) is not None
        or _CONNECTIVE.match(question) is not None
        or len(question.split()) <= _FEW
    )


def conversation(said: Sequence[str]) -> str:
    """Return the end of a conversation as one text; ``said`` is oldest first."""
    kept: list[str] = []
    room = PAST_CHARS
    for one in reversed([one for one in said if one.strip()]):
        if len(one) > room:
            break
        kept.insert(0, one)
        room -= len(one) + len(SEPARATOR)
    return SEPARATOR.join(kept)


def terms(text: str) -> Iterator[Term]:
    """Yield the words of a text that tell something or ask for something."""
    for found in _WORD.finditer(text):
        word = found[0].lower()
        if word in _ASKING or not is_stop_word(found[0]):
            yield Term(found.start(), found.end(), stem(word))


def stem(word: str) -> str:
    """Return what a word has in common with its other forms: its first letters, in lower case."""
    return re.sub(r"['’]s$", "", word.lower())[:6]


def resolve(question: str, past: str, chosen: Sequence[Term]) -> str:
    """Return a question with the chosen words of the past in it, each once.

    Of a name that is chosen in part, all is taken. One name stands in for the one pronoun of a
    question. Else the words stand before a question
    that begins in the middle ("And in Syria?"), and after any other.
    """
    known = {term.stem for term in terms(question)}
    if any(term.stem in _ASKING for term in terms(question)):
        known |= _ASKING  # one question is asked, not two
    new = _whole_names(past, [term for term in chosen if term.stem not in known])
    runs = _runs(past, [term for term in new if term.stem not in known])
    if not runs:
        return question
    pronouns = list(_PRONOUN.finditer(question))
    if len(runs) == len(pronouns) == 1:
        start, end = pronouns[0].span()
        return question[:start] + runs[0] + question[end:]
    rest = _CONNECTIVE.sub("", question)
    ordered = [question, *runs] if rest == question else [*runs, rest]
    return " ".join(part for part in ordered if part)


def _whole_names(past: str, chosen: Sequence[Term]) -> list[Term]:
    """Return the chosen words with those of the past that are of one capitalised name with them."""
    names: list[list[Term]] = []
    for term in terms(past):
        before = names[-1][-1] if names else term
        joined = past[before.end : term.start] in (" ", ". ")
        if joined and _is_capitalised(past, before) and _is_capitalised(past, term):
            names[-1].append(term)
        else:
            names.append([term])
    return [term for name in names if set(chosen) & set(name) for term in name]


def _is_capitalised(past: str, term: Term) -> bool:
    return past[term.start].isupper() and term.stem not in _ASKING


def _runs(past: str, chosen: Sequence[Term]) -> list[str]:
    """Return the stretches of the past that the chosen words make, the longest form of each."""
    stretches: list[list[Term]] = []
    for term in chosen:
        between = past[stretches[-1][-1].end : term.start] if stretches else "|"
        if _joins(between):
            stretches[-1].append(term)
        else:
            stretches.append([term])
    kept: list[list[Term]] = []
    for stretch in sorted(stretches, key=lambda s: (-len({t.stem for t in s}), -s[0].start)):
        if not {t.stem for t in stretch} <= {t.stem for other in kept for t in other}:
            kept.append(stretch)
    kept.sort(key=lambda stretch: stretch[0].start)
    return [past[stretch[0].start : stretch[-1].end] for stretch in kept]


def _joins(between: str) -> bool:
    """Whether two words are of one phrase by what stands between them: "Duke of Wellington"."""
    return re.fullmatch(r"[\s.'’-]{0,2}|\s(?:of|the|of the|in|for|and|to)\s", between) is not None


def _turn(item: Turn) -> tuple[str, str]:
    """Return what was asked, as it was understood, and what was said in a turn."""
    if isinstance(item, Answer):
        return item.query[:SAID_CHARS], _quoted(item)
    match item:
        case (str(question), str(said)):
            return question[:SAID_CHARS], said[:SAID_CHARS]
        case _:
            raise ValueError(f"history holds Answers or (question, answer) pairs, not {item!r:.80}")


def _quoted(answer: Answer) -> str:
    """Return the first quote of an answer, or the part of a long one around what answers."""
    if not answer.found:
        return ""
    quote = answer.quotes[0]
    if quote.end - quote.start <= SAID_CHARS:
        return quote.text
    start = max(quote.start, min(quote.highlight.start, quote.end - SAID_CHARS))
    return quote.document.text[start : min(start + SAID_CHARS, quote.end)]

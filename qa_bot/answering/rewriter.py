"""(question, history) -> queries that stand alone, in words of the question and the history.

Which words of the conversation a question is about is decided by the reader's network, a term at
a time (QuReTeC: Voskarides et al., "Query Resolution for Conversational Search with Limited
Supervision", 2020). The names and phrases that they are of stand in for a pronoun, or are added.
Where several may be meant there are several rewrites, and all are asked, see bot.py.
``training/`` taught the network.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from qa_bot.answering.cues import (
    asks_of_event,
    asks_when_written,
    context_cue,
    kind_of,
    owns,
    points_at_article,
    pronouns,
    without_connective,
)
from qa_bot.answering.mentions import (
    ASKING,
    Mention,
    Term,
    is_named_thing,
    is_person,
    is_place,
    is_time,
    referents,
    terms,
)
from qa_bot.datatypes import Answer, Span
from qa_bot.models.span_model import ReaderModel, load_model

Turn = Answer | tuple[str, str]  # an earlier Answer, or (question, answer text)

REWRITES = 3  # of one question, at most
ANSWERED = 0.5  # least chance of a name that answered the last question, for a pronoun
_TOGETHER = 4  # things that are added to a question without a pronoun
SAID_CHARS = 300  # of what was quoted in a turn
PAST_CHARS = 1200  # of the conversation: the last turns
AROUND = 10_000  # characters of an article before and after a quote, which tell who is a person
SEPARATOR = " | "  # between what two people said


class Rewriter(Protocol):
    """Makes a question of a conversation stand alone."""

    def rewrite(self, question: str, history: Sequence[Turn], /) -> tuple[str, ...]:
        """Return the queries that a question may stand for, likeliest first: one or more.

        ``history`` is oldest first. Raises ValueError for an item that is not a turn.
        """


class TermRewriter:
    """Adds the words of the conversation that the network chooses.

    Without a ``model``, the shipped weights are loaded when they are first needed.
    """

    def __init__(self, model: ReaderModel | None = None) -> None:
        self._model = model

    def rewrite(self, question: str, history: Sequence[Turn], /) -> tuple[str, ...]:
        """Return at most REWRITES queries; the question alone when it stands alone."""
        return rewrites(question, history, self._model)


def rewrites(
    question: str, history: Sequence[Turn], model: ReaderModel | None = None
) -> tuple[str, ...]:
    """Return what a question may mean, likeliest first: as asked alone when it stands alone.

    ``history`` is oldest first; its last turns count. Raises ValueError when one of its items is
    no turn.
    """
    turns = [_turn(item) for item in history]
    past = conversation([said for turn in turns for said in turn])
    if not past or asks_when_written(question) or points_at_article(question):
        return (question,)
    network = load_model() if model is None else model
    candidates = list(terms(past))
    needs_context, chances = network.judge_terms(
        question, past, [(t.start, t.end) for t in candidates]
    )
    least = network.card.rewriting[context_cue(question)]
    if needs_context < least.needs_context:
        return (question,)
    likely = dict(zip(candidates, chances, strict=True))
    if pronouns(question):
        likely |= {t: max(likely[t], ANSWERED) for t in _answering(past, history[-1], candidates)}
    chosen = {term: chance for term, chance in likely.items() if chance >= least.word}
    found = resolve(question, past, chosen, _around(history))
    return _of_event(question, turns[-1][0], found) if asks_of_event(question) else found


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


def resolve(
    question: str, past: str, chances: Mapping[Term, float], around: str = ""
) -> tuple[str, ...]:
    """Return the rewrites of a question by the chosen terms of the past and their chances.

    A pronoun stands for one thing: each reading begins with one, and has others for pronouns of
    another kind ("Did he see it?"). A question without any ("And in Syria?") leaves out much more:
    all that was chosen comes first, then one thing. The last reading is the question as it was
    asked. ``around`` is text that also tells which names are those of people.
    """
    known = {term.stem for term in terms(question)}
    found = [one for one in referents(past, chances) if not one.stems <= known]
    pointing = pronouns(question)
    kinds = _Kinds(past, f"{past}\n{around}", found)
    if pointing:
        found = [one for one in found if any(kinds.agree(one, word) for word in pointing)]
    resolved = [_put(question, past, one, found, kinds) for one in found]
    if not pointing and found:
        parts = sorted(found[:_TOGETHER], key=lambda one: one.start)
        resolved.insert(0, _add(question, _listed(past, parts)))
    return (*tuple(dict.fromkeys(resolved))[: REWRITES - 1], question)


class _Kinds:
    """Which things that were said are people, places or others, as far as a text tells."""

    def __init__(self, past: str, text: str, found: Sequence[Mention]) -> None:
        self._past, self._text = past, text
        self._people = [one for one in found if one.is_name and is_person(text, self._name(one))]

    def agree(self, one: Mention, pronoun: re.Match[str]) -> bool:
        """Whether a pronoun may stand for a thing: neither "he" nor "they" for a place.

        Nor anything but "he" and "she" for one who is known to be a person, nor any for a day.
        """
        if one.is_name and is_time(self._name(one)):
            return False
        kind = kind_of(pronoun)
        if kind == "person":
            may_be = one.is_name and not is_named_thing(self._text, self._name(one))
            return one in self._people if self._people else may_be
        place = one.is_name and is_place(self._text, self._name(one))
        return one not in self._people and not (kind == "several" and place)

    def _name(self, one: Mention) -> str:
        return self._past[one.start : one.end]


def _put(question: str, past: str, one: Mention, others: Sequence[Mention], kinds: _Kinds) -> str:
    """Return a question with a thing in the place of the first pronoun that agrees with it.

    The first pronoun of each other kind gets the likeliest of the others that agrees with it.
    """
    # "Who was Iraq?" is not what "Who was there?" means.
    free = [pronoun for pronoun in pronouns(question) if pronoun[0].lower() != "there"]
    placed: dict[str, tuple[re.Match[str], Mention]] = {}  # by the kind of the pronoun
    for mention in (one, *(other for other in others if other != one)):
        left = [pronoun for pronoun in free if kind_of(pronoun) not in placed]
        fit = next((p for p in left if mention.is_noun and kinds.agree(mention, p)), None)
        if fit is not None:
            placed[kind_of(fit)] = fit, mention
        elif mention == one:
            return _add(question, past[one.start : one.end])
    from_the_end = sorted(placed.values(), key=lambda place: place[0].start(), reverse=True)
    for pronoun, mention in from_the_end:
        own = "'s" if owns(question, pronoun) else ""
        text = past[mention.start : mention.end]
        question = question[: pronoun.start()] + text + own + question[pronoun.end() :]
    return question


def _listed(past: str, parts: Sequence[Mention]) -> str:
    """Join things; a comma keeps two names apart, which the next turn would take for one."""
    text = ""
    for before, one in zip((None, *parts), parts, strict=False):
        apart = before is not None and before.is_name and one.is_name
        text += (", " if apart else " ") + past[one.start : one.end]
    return text.strip()


def _add(question: str, text: str) -> str:
    """Put a text before a question that begins in the middle ("And in Syria?"), or after it."""
    rest = without_connective(question)
    ordered = [question, text] if rest == question else [text, rest]
    return " ".join(part for part in ordered if part)


def _of_event(question: str, asked: str, found: tuple[str, ...]) -> tuple[str, ...]:
    """Put first what was asked about last; alone such a question ("When was that?") says nothing.

    Of what was asked all is taken from its first telling word to its last.
    """
    telling = [term for term in terms(asked) if asked[term.start : term.end].lower() not in ASKING]
    if not telling:
        return found
    happened = _add(question, asked[telling[0].start : telling[-1].end])
    return tuple(dict.fromkeys([happened, *found[:-1]]))[:REWRITES]


def _turn(item: Turn) -> tuple[str, str]:
    """Return what was asked, as it was understood, and what was said in a turn."""
    if isinstance(item, Answer):
        quoted = _quoted(item)
        return item.query[:SAID_CHARS], "" if quoted is None else quoted.text
    match item:
        case (str(question), str(said)):
            return question[:SAID_CHARS], said[:SAID_CHARS]
        case _:
            raise ValueError(f"history holds Answers or (question, answer) pairs, not {item!r:.80}")


def _around(history: Sequence[Turn]) -> str:
    """Return the text around what was quoted last, of each of the last articles."""
    quotes = [item.quotes[0] for item in history[-4:] if isinstance(item, Answer) and item.found]
    last = {quote.document.id: quote for quote in quotes}.values()
    return "\n".join(q.document.text[max(q.start - AROUND, 0) : q.end + AROUND] for q in last)


def _answering(past: str, last: Turn, candidates: Iterable[Term]) -> list[Term]:
    """Return the words of names, among those of the past, that answered the last question."""
    quoted = _quoted(last) if isinstance(last, Answer) else None
    if not isinstance(last, Answer) or quoted is None or not past.endswith(quoted.text):
        return []
    before = quoted.end - len(past)  # from places of the past to those of the document
    start, end = last.quotes[0].highlight.start - before, last.quotes[0].highlight.end - before
    return [one for one in candidates if start <= one.start < end and past[one.start].isupper()]


def _quoted(answer: Answer) -> Span | None:
    """Return the first quote of an answer, or the part of a long one around what answers."""
    if not answer.found:
        return None
    quote = answer.quotes[0]
    if quote.end - quote.start <= SAID_CHARS:
        return quote
    start = max(quote.start, min(quote.highlight.start, quote.end - SAID_CHARS))
    return Span(quote.document, start, min(start + SAID_CHARS, quote.end))

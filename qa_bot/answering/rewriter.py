"""Rewrite a question of a conversation into queries that stand alone, in words of both.

The reader's network decides for each word of the conversation whether the question needs it
(QuReTeC: Voskarides et al., "Query Resolution for Conversational Search with Limited Supervision",
2020). The names and phrases with these words replace a pronoun, or are added. A question such as
"Why?" continues the last one, see continuation.py. A question that may mean several things has
several rewrites; all of them are searched, see bot.py.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from qa_bot.answering.continuation import about_all, continued, counted, with_subject
from qa_bot.answering.cues import Cues, kind_of, owns, stands_for_thing
from qa_bot.answering.history import (
    Past,
    Said,
    Turn,
    past_of,
    quoted_span,
    read_history,
    text_around,
    topic,
)
from qa_bot.answering.mentions import (
    Mention,
    Term,
    is_group,
    is_named_thing,
    is_person,
    is_place,
    is_plural,
    is_role,
    is_time,
    referents,
    terms,
)
from qa_bot.datatypes import Answer, Link, Understood
from qa_bot.models.span_model import ReaderModel, load_model

REWRITES = 3  # of one question, at most
# Least probability of a name that answered the last question, for a pronoun; and of one that
# answered "who".
ANSWERED, ANSWERED_WHO = 0.5, 0.9
_TOGETHER = 6  # mentions that are added to a question without a pronoun


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A query that stands alone, and what was understood to make it."""

    query: str
    understood: tuple[Understood, ...] = ()


class Rewriter(Protocol):
    """Makes a question of a conversation stand alone."""

    def rewrite(
        self, question: str, history: Sequence[Turn], without: Collection[Understood] = (), /
    ) -> tuple[Rewrite, ...]:
        """Return one or more rewrites, likeliest first.

        ``history`` is oldest first. Nothing in ``without`` may be understood. Raises ValueError
        for an item of the history that is not a turn.
        """


class TermRewriter:
    """Adds the words of the conversation that the network chooses.

    Without a ``model``, the shipped weights are loaded when they are first needed.
    """

    def __init__(self, model: ReaderModel | None = None) -> None:
        self._model = model

    def rewrite(
        self, question: str, history: Sequence[Turn], without: Collection[Understood] = (), /
    ) -> tuple[Rewrite, ...]:
        """Return at most REWRITES rewrites; the question alone when it stands alone."""
        return rewrites(question, history, without, self._model)


def rewrites(
    question: str,
    history: Sequence[Turn],
    without: Collection[Understood] = (),
    model: ReaderModel | None = None,
) -> tuple[Rewrite, ...]:
    """Return the rewrites of a question, likeliest first; one that stands alone stays as asked.

    ``history`` is oldest first; its last turns count. Nothing in ``without`` is understood. Raises
    ValueError for an item of the history that is not a turn.
    """
    asked = Cues(question)
    as_asked = Rewrite(question)
    turns = read_history(history)
    if not turns or asked.asks_when_written or asked.points_at_article:
        return (as_asked,)
    last = None if turns[-1].refused else turns[-1]
    network = load_model() if model is None else model
    around = text_around(history)
    resolved: tuple[Rewrite, ...] = ()
    for said in (topic(turns), turns):
        past = past_of(said, around)
        chosen = _choose_terms(asked, past, history[-1], network)
        resolved = resolve(asked, past, chosen, around, without)[:-1]
        if resolved or not asked.pronouns:
            break
    if last is None:
        return _distinct(resolved, question)
    found = _in_order(asked, last, resolved)
    meant = _distinct([r for r in found if not {*r.understood} & {*without}], question)
    return meant[:-1] if len(meant) > 1 and asked.says_nothing_alone else meant


def resolve(
    asked: Cues,
    past: Past,
    chances: Mapping[Term, float],
    around: str = "",
    without: Collection[Understood] = (),
) -> tuple[Rewrite, ...]:
    """Return the rewrites of a question, by the chosen terms of the past and their chances.

    A pronoun stands for one mention, so each rewrite begins with another one; pronouns of another
    kind get further mentions ("Did he see it?"). A question without a pronoun ("And in Syria?")
    lacks more: the first rewrite adds all mentions, the next ones add one each. The last rewrite is
    the question as it was asked. ``around`` is further text that shows which names are people's.
    """
    known = {term.stem for term in terms(asked.question)}
    mentions = [m for m in referents(past.text, chances) if not m.stems <= known]
    words = asked.pronouns
    mentions = [m for m in mentions if not _excluded(past, m, without, bool(words))]
    kinds = _Kinds(past, f"{past.text}\n{around}", mentions)
    if words:
        mentions = [m for m in mentions if any(kinds.agree(m, word) for word in words)]
    found = [_put(asked, past, mention, mentions, kinds) for mention in mentions]
    if not words and mentions:
        found.insert(0, _add(asked, past, mentions[:_TOGETHER]))
    return _distinct(found, asked.question)


def _distinct(found: Iterable[Rewrite], question: str) -> tuple[Rewrite, ...]:
    """Return the first rewrites with distinct queries, and then the question as asked."""
    first: dict[str, Rewrite] = {}
    for rewrite in found:
        if rewrite.query not in ("", question):
            first.setdefault(rewrite.query, rewrite)
    return (*list(first.values())[: REWRITES - 1], Rewrite(question))


class _Kinds:
    """Which mentions are people, places or things, judged by a text."""

    def __init__(self, past: Past, text: str, mentions: Sequence[Mention]) -> None:
        self._past, self._text = past, text
        people = [m for m in mentions if self._is_person(m) or self._answered_who(m)]
        named = [m for m in mentions if m.is_name and self._may_be_person(m)]
        # A name before what somebody is: "Oskar Brandt" and not "the director".
        self._people = [m for m in people if m.is_name or not named]

    def agree(self, mention: Mention, pronoun: re.Match[str]) -> bool:
        """Whether a pronoun may stand for a mention, by kind and number.

        "He" stands for a person only, "it" never for a person, "they" neither for a place nor for a
        single thing, "there" for a place, and no pronoun for a day.
        """
        words = self._words(mention)
        if mention.is_name and is_time(words):
            return False
        kind = kind_of(pronoun)
        if kind == "person":
            return mention in self._people if self._people else self._may_be_person(mention)
        if self._is_person(mention):
            return False
        if kind == "several":
            place = mention.is_name and is_place(self._text, words)
            named = mention.is_name or not mention.is_noun
            return not place and (named or is_plural(words) or is_group(words))
        return kind == "place" or mention.is_name or not mention.is_noun or not is_plural(words)

    def _may_be_person(self, mention: Mention) -> bool:
        words = self._words(mention)
        return mention.is_name and not is_time(words) and not is_named_thing(self._text, words)

    def _answered_who(self, mention: Mention) -> bool:
        words = self._words(mention)
        return self._may_be_person(mention) and any(words in who for who in self._past.who)

    def _is_person(self, mention: Mention) -> bool:
        words = self._words(mention)
        if mention.is_name:
            return is_person(self._text, words)
        return mention.is_noun and is_role(words)

    def _words(self, mention: Mention) -> str:
        return self._past.text[mention.start : mention.end]


def _put(
    asked: Cues, past: Past, first: Mention, others: Sequence[Mention], kinds: _Kinds
) -> Rewrite:
    """Return a question with a mention in place of the first pronoun that agrees with it.

    The first pronoun of each other kind is replaced by the likeliest mention that agrees with it.
    """
    # "Who was Iraq?" is not what "Who was there?" means.
    free = [pronoun for pronoun in asked.pronouns if kind_of(pronoun) != "place"]
    placed: dict[str, tuple[re.Match[str], Mention]] = {}  # by the kind of the pronoun
    for mention in (first, *(other for other in others if other != first)):
        left = [pronoun for pronoun in free if kind_of(pronoun) not in placed]
        fit = next((p for p in left if mention.is_noun and kinds.agree(mention, p)), None)
        if fit is not None:
            placed[kind_of(fit)] = fit, mention
        elif mention == first:
            return _add(asked, past, [first])
    in_order = sorted(placed.values(), key=lambda place: place[0].start())
    meant = [(pronoun, past.text[m.start : m.end]) for pronoun, m in in_order]
    return _replaced(asked, meant)


def _replaced(asked: Cues, meant: Sequence[tuple[re.Match[str], str]]) -> Rewrite:
    """Return a question with words in place of its pronouns, which are in order."""
    query = asked.question
    for pronoun, words in reversed(meant):
        own = "'s" if owns(pronoun) else ""
        query = query[: pronoun.start()] + words + own + query[pronoun.end() :]
    links = [Understood(Link.MEANS, pronoun[0].lower(), words) for pronoun, words in meant]
    return Rewrite(query, tuple(links))


def _add(asked: Cues, past: Past, mentions: Sequence[Mention]) -> Rewrite:
    """Add mentions to a question: before one that begins with "and" or the like, else after it."""
    ordered = sorted(mentions, key=lambda mention: mention.start)
    links = dict.fromkeys(_understood_as(past, mention) for mention in ordered)
    followed = [link for link in links if link.kind == Link.FOLLOWS]
    rest = asked.without_connective
    text = _listed(past.text, ordered)
    parts = [rest, text] if rest == asked.question else [text, rest]
    return Rewrite(" ".join(filter(None, parts)), tuple(followed if followed else links))


def _listed(past: str, mentions: Sequence[Mention]) -> str:
    """Join mentions; a comma separates two names, which the next turn would take for one."""
    text = ""
    for before, mention in zip((None, *mentions), mentions, strict=False):
        apart = before is not None and before.is_name and mention.is_name
        text += (", " if apart else " ") + past[mention.start : mention.end]
    return text.strip()


def _understood_as(past: Past, mention: Mention) -> Understood:
    """Return how an added mention is shown: a verb or an adverb by the question it is from."""
    asked = "" if mention.is_noun else past.question_at(mention.start)
    if asked:
        return Understood(Link.FOLLOWS, "", asked)
    return Understood(Link.ADDS, "", past.text[mention.start : mention.end])


def _excluded(
    past: Past, mention: Mention, without: Collection[Understood], for_pronoun: bool
) -> bool:
    """Whether a person has excluded a mention, or the question it is from.

    What may not be added may not stand for a pronoun either, and the other way round.
    """
    words = past.text[mention.start : mention.end]
    follows = Understood(Link.FOLLOWS, "", past.question_at(mention.start))
    if not for_pronoun and follows in without:
        return True
    return any(u.meaning == words and u.kind != Link.FOLLOWS for u in without)


def _choose_terms(asked: Cues, past: Past, last: Turn, network: ReaderModel) -> dict[Term, float]:
    """Return the terms of the past that a question needs, each with its probability."""
    candidates = [term for term in terms(past.text) if term.start not in past.unknown]
    places = [(term.start, term.end) for term in candidates]
    needs_context, chances = network.judge_terms(asked.question, past.text, places)
    least = network.card.rewriting[asked.context]
    if needs_context < least.needs_context:
        return {}
    likely = dict(zip(candidates, chances, strict=True))
    if asked.pronouns:
        who = isinstance(last, Answer) and Cues(last.query).asks_who
        least_of_name = ANSWERED_WHO if who else ANSWERED
        answering = _answering(past.text, last, candidates)
        likely |= {term: max(likely[term], least_of_name) for term in answering}
    return {term: chance for term, chance in likely.items() if chance >= least.word}


def _in_order(asked: Cues, last: Said, resolved: Sequence[Rewrite]) -> list[Rewrite]:
    """Return all rewrites of a question after the last one, likeliest first."""
    likeliest = list(_continuing(asked, last, resolved))
    if likeliest and likeliest[0].understood[-1].kind != Link.MEANS:
        # The same question in other words, so it is shown in the same way.
        others = [replace(rewrite, understood=likeliest[0].understood) for rewrite in resolved]
        return [*likeliest, *others]
    if Cues(last.query).asks_what_was_said:
        return [*_meaning_all(asked, last), *resolved]
    return [*likeliest, *resolved[:1], *_meaning_all(asked, last), *resolved[1:]]


def _continuing(asked: Cues, last: Said, resolved: Sequence[Rewrite]) -> Iterator[Rewrite]:
    """Yield the rewrites of a question that continues the last one, or refers to its answer."""
    follows = Understood(Link.FOLLOWS, "", last.asked)
    asking, subject = asked.continues, asked.new_subject
    root = last if last.root is None else last.root
    if asking:
        yield Rewrite(continued(asking, root), (follows,))
    elif more := asked.more_of(counted(root)):
        yield Rewrite(more, (Understood(Link.ADDS, "", counted(root)),))
    elif subject and asked.pronouns:
        meant = [u for rewrite in resolved for u in rewrite.understood if u.kind == Link.MEANS]
        for link in meant[:1]:
            yield Rewrite(with_subject(link.meaning, last), (link, follows))
    elif subject:
        yield Rewrite(with_subject(subject, last), (follows,))
    elif last.answer and Cues(last.query).asks_for_thing:
        for pronoun in asked.pronouns[:1]:
            if stands_for_thing(pronoun) and is_plural(last.answer) == (
                kind_of(pronoun) == "several"
            ):
                yield _replaced(asked, [(pronoun, last.answer)])


def _meaning_all(asked: Cues, last: Said) -> Iterator[Rewrite]:
    """Yield the rewrite for a pronoun that stands for all that was just asked and answered."""
    if asked.may_mean_all and not asked.continues:
        yield Rewrite(about_all(asked.question, last), (Understood(Link.FOLLOWS, "", last.asked),))


def _answering(past: str, last: Turn, candidates: Iterable[Term]) -> list[Term]:
    """Return the candidate words that are in a name that answered the last question."""
    quoted = quoted_span(last) if isinstance(last, Answer) else None
    if not isinstance(last, Answer) or quoted is None or not past.endswith(quoted.text):
        return []
    if Cues(last.question).asks_whether:
        return []
    before = quoted.end - len(past)  # from places of the past to those of the document
    start, end = last.quotes[0].highlight.start - before, last.quotes[0].highlight.end - before
    return [t for t in candidates if start <= t.start < end and past[t.start].isupper()]

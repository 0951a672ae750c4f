"""The conversation before a question, as the rewriter reads it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qa_bot.answering.cues import Cues
from qa_bot.answering.mentions import terms
from qa_bot.datatypes import Answer, Level, Link, Span

Turn = Answer | tuple[str, str]  # an earlier Answer, or (question, answer text)

SAID_CHARS = 300  # quoted from a turn
PAST_CHARS = 1200  # of the last turns of a conversation
AROUND = 10_000  # characters of an article before and after a quote; they show who is a person
SEPARATOR = " | "  # between two utterances
_SHORT = 80  # characters; a longer answer text is not put into a question

_INSIDE = re.compile(r"(?<=[\w,;] )[A-Z][\w’'-]+")  # capitalised, and not the first of a sentence
_LOWER = re.compile(r"\b[a-z][\w’'-]+")


@dataclass(frozen=True, slots=True)
class Said:
    """A question of the conversation and its answer."""

    asked: str  # as it was asked; of one that continues another, the first of them
    query: str  # as it was understood
    reply: str = ""  # what was quoted
    answer: str = ""  # the words of it that answer, unless they are long
    stands_alone: bool = True
    root: "Said | None" = None  # the turn that this one continues: a bare "Why?"
    refused: bool = False

    @property
    def texts(self) -> tuple[str, str]:
        """What was asked and what was replied."""
        return self.query, self.reply


@dataclass(frozen=True, slots=True)
class Past:
    """The end of a conversation as one text, and which characters belong to which question."""

    text: str
    turns: tuple[tuple[int, int, str], ...] = ()  # start, end, the question as it was asked
    who: frozenset[str] = frozenset()  # what answered questions that begin with "who"
    unknown: frozenset[int] = frozenset()  # where words of refused questions begin that stand
    # nowhere in the documents: they are what nothing is known about

    def question_at(self, offset: int) -> str:
        """Return the question of the turn that a character is of; "" when that is not known."""
        return next((asked for start, end, asked in self.turns if start <= offset < end), "")


def read_history(history: Sequence[Turn]) -> list[Said]:
    """Return the turns that later questions may refer to, oldest first.

    Raises ValueError when an item is no turn.
    """
    turns: list[Said] = []
    for item in history:
        said = _said(item)
        earlier = [turn for turn in turns if turn.asked == said.asked]
        root = earlier[0] if earlier and _is_continuation(item) else None
        turns.append(replace(said, root=root))
    return turns


def topic(turns: Sequence[Said]) -> list[Said]:
    """Return the turns since the topic changed.

    A question that changes the topic stands alone and shares no word with what was said before.
    """
    first = 0
    known: set[str] = set()
    for number, turn in enumerate(turns):
        stems = {term.stem for text in turn.texts for term in terms(text)}
        if number and turn.stands_alone and not stems & known:
            first, known = number, set()
        known |= stems
    return list(turns[first:])


def past_of(turns: Sequence[Said], around: str = "") -> Past:
    """Return the end of a conversation as one text.

    Names typed in lower case are capitalised as in the text ``around``.
    """
    past = _joined_texts([(text, turn.asked) for turn in turns for text in turn.texts])
    who = frozenset(turn.answer for turn in turns if turn.answer and Cues(turn.query).asks_who)
    text = _capitalised(past.text, around)
    return Past(text, past.turns, who, frozenset(_unknown(text, past, turns, around)))


def _unknown(text: str, past: Past, turns: Sequence[Said], around: str) -> Iterator[int]:
    refused = {turn.asked for turn in turns if turn.refused}
    known = {term.stem for term in terms(around)} if refused else set()
    for term in terms(text) if refused else ():
        if past.question_at(term.start) in refused and term.stem not in known:
            yield term.start


def conversation(said: Sequence[str]) -> str:
    """Return the end of a conversation as one text; ``said`` is oldest first."""
    return _joined_texts([(text, "") for text in said]).text


def _joined_texts(said: Sequence[tuple[str, str]]) -> Past:
    """Join texts, each with its question; only the last PAST_CHARS characters are kept."""
    kept: list[tuple[str, str]] = []
    room = PAST_CHARS
    for text, asked in reversed([pair for pair in said if pair[0].strip()]):
        if len(text) > room:
            break
        kept.insert(0, (text, asked))
        room -= len(text) + len(SEPARATOR)
    places: list[tuple[int, int, str]] = []
    at = 0
    for text, asked in kept:
        places.append((at, at + len(text), asked))
        at += len(text) + len(SEPARATOR)
    return Past(SEPARATOR.join(text for text, _ in kept), tuple(places))


def text_around(history: Sequence[Turn]) -> str:
    """Return the text around the last quote of each of the last articles."""
    answers = [item for item in history[-4:] if isinstance(item, Answer)]
    quotes = [quote for item in answers for quote in (*item.quotes, *item.closest)[:1]]
    last = {quote.document.id: quote for quote in quotes}.values()
    return "\n".join(q.document.text[max(q.start - AROUND, 0) : q.end + AROUND] for q in last)


def highlighted(turns: Sequence[Turn]) -> Span | None:
    """Return the highlight of the last turn, unless it answered yes or no."""
    last = turns[-1] if turns else None
    if not isinstance(last, Answer) or not last.found or Cues(last.question).asks_whether:
        return None
    return last.quotes[0].highlight


def quoted_span(answer: Answer) -> Span | None:
    """Return the first quote of an answer; of a long one, the part around the highlight."""
    if not answer.found:
        return None
    quote = answer.quotes[0]
    if quote.end - quote.start <= SAID_CHARS:
        return quote
    start = max(quote.start, min(quote.highlight.start, quote.end - SAID_CHARS))
    return Span(quote.document, start, min(start + SAID_CHARS, quote.end))


def _said(item: Turn) -> Said:
    if isinstance(item, Answer):
        return _said_by(item)
    match item:
        case (str(question), str(reply)):
            question, reply = question[:SAID_CHARS], reply[:SAID_CHARS]
            cues = Cues(question)
            answer = "" if cues.asks_whether else _short_answer(reply)
            return Said(question, question, reply, answer, cues.context == "none")
        case _:
            raise ValueError(f"history holds Answers or (question, answer) pairs, not {item!r:.80}")


def _said_by(answer: Answer) -> Said:
    quoted = quoted_span(answer)
    follows = [it.meaning for it in answer.understood if it.kind == Link.FOLLOWS]
    return Said(
        asked=follows[0] if follows else answer.question,
        query=answer.query[:SAID_CHARS],
        reply="" if quoted is None else quoted.text,
        answer="" if Cues(answer.question).asks_whether else _short_answer(answer.text),
        stands_alone=not answer.understood,
        refused=answer.level == Level.NOT_SAID,
    )


def _is_continuation(item: Turn) -> bool:
    return isinstance(item, Answer) and Cues(item.question).continues != ""


def _short_answer(answer: str) -> str:
    return " ".join(answer.split()).strip(" .,;:“”\"'") if len(answer) <= _SHORT else ""


def _capitalised(text: str, around: str) -> str:
    inside = {found[0] for found in _INSIDE.finditer(around)}
    names = {name.lower(): name for name in inside if len(name.lower()) == len(name)}
    for word in _LOWER.findall(around):
        names.pop(word, None)
    return _LOWER.sub(lambda found: names.get(found[0], found[0]), text)

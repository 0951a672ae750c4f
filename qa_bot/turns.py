"""Texts made of lines: chats, interviews, minutes, subtitles, mails, questions and answers."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

Offsets = tuple[int, int]  # characters [start, end)

MAX_TURN = 300  # characters; a longer turn is quoted sentence by sentence
_FEWEST = 3  # lines that begin alike, for a text to consist of turns
_ANSWER = 1_500  # characters; the answers of an FAQ are shorter on average
_SHARE = 0.5  # of the characters of a text that its turns must hold

_LINE_START = r"(?:\A|(?<=[\r\n]))"
_BLANK_LINE = re.compile(r"(?>\r\n|\r|\n)[ \t]*(?>\r\n|\r|\n|\Z)")
_NOT_EMPTY = re.compile(r"[^\r\n]+")
_TIME = (
    r"[\[(]?(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4},?[ \t]{1,3})?"
    r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[.,]\d{1,3})?(?:[ \t]?[ap]m)?[\])]?"
)
_NAME = r"[^\W\d_][\w.'’-]{0,30}(?:[ ][^\W\d_][\w.'’-]{0,30}){0,2}"
_LINE = re.compile(
    rf"[ \t]{{0,8}}(?:(?P<time>{_TIME})(?:[ \t]{{0,8}}[-–—])?[ \t]{{1,8}})?"
    rf"(?:(?P<name>{_NAME}):(?=[ \t])|<(?P<nick>[^\s<>]{{1,30}})>(?=[ \t]))?"
)
_CUE = re.compile(
    rf"{_LINE_START}(?:\d{{1,6}}[ \t]*(?>\r\n|\r|\n))?"
    r"[ \t]*(?:\d{1,3}:)?\d{2}:\d{2}[.,]\d{3}[ \t]+-->[^\r\n]*"
)
_SUBJECT = re.compile(r"(?:> ?){0,9}(?:Subject|Betreff):[ \t]*(\S[^\r\n]{0,200})")
_QUESTION = re.compile(r"[ \t]{0,8}((?!\w{1,10}:)[^\s?][^\r\n?]{4,200}\?)[ \t]*[\r\n]")
_BLANK_BEFORE = re.compile(r"(?>\r\n|\r|\n)[ \t]{0,80}(?>\r\n|\r|\n)\Z")
_STATED = re.compile(r"[.!](?=\s)")
_ASKS, _ANSWERS = frozenset({"q", "question"}), frozenset({"a", "answer"})


@dataclass(frozen=True, slots=True)
class Turn:
    """A line, with those that continue it, and its speaker; ``""`` if nobody is named."""

    start: int
    end: int  # of its paragraph, or the start of the next turn
    speaker: str
    question: str  # that an answer ("A: ...") belongs to, else ""


def find_turns(text: str) -> list[Turn]:
    """Return the turns of a text in order; none if its lines do not begin alike."""
    matches = (_LINE.match(text, start) for start in line_starts(text))
    lines = [line for line in matches if line is not None and (line["time"] or _named(line))]
    named = [line for line in lines if _named(line)]
    spoken = Counter(map(_named, named))
    again = sum(count for count in spoken.values() if count > 1)
    timed = [line for line in lines if line["time"]]
    chosen = named if len(named) >= _FEWEST and 2 * again >= len(named) else timed
    turns = list(_turns(text, chosen)) if len(chosen) >= _FEWEST else []
    said = sum(turn.end - turn.start for turn in turns)
    return turns if said >= _SHARE * len(text.strip()) else []


def _named(line: re.Match[str]) -> str:
    """Return the speaker; a name that follows no time begins with a capital."""
    name: str = line["name"] or line["nick"] or ""
    return name if line["time"] or line["nick"] or name[:1].isupper() else ""


def _turns(text: str, lines: list[re.Match[str]]) -> Iterator[Turn]:
    asked = ""
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        stop = len(text) if following is None else following.start()
        blank = _BLANK_LINE.search(text, line.end(), stop)
        end = stop if blank is None else blank.start()
        name = _named(line)
        if name.lower() in _ASKS:
            asked = " ".join(text[line.end() : end].split())
            yield Turn(line.start(), end, name, "")
            continue
        if name.lower() not in _ANSWERS:
            asked = ""
        yield Turn(line.start(), end, "" if asked else name, asked)


def turn_at(turns: list[Turn], at: int) -> Turn | None:
    """Return the turn that a character belongs to, or None."""
    number = bisect_right(turns, at, key=lambda turn: turn.start) - 1
    # What follows the last turn, after a blank line, may be said by nobody.
    if number < 0 or (number + 1 == len(turns) and at >= turns[number].end):
        return None
    return turns[number]


def reply_to(text: str, turns: list[Turn], start: int, end: int) -> Turn | None:
    """Return the turn that replies, if ``[start, end)`` is asked in a turn: "640 each?"."""
    number = bisect_right(turns, start, key=lambda turn: turn.start) - 1
    if number < 0 or number + 1 == len(turns):
        return None
    turn, reply = turns[number], turns[number + 1]
    asked = text[start : turn.end].rstrip()
    is_question = asked.endswith("?") and _STATED.search(asked) is None
    short = max(turn.end - turn.start, reply.end - reply.start) <= MAX_TURN
    replies = short and (turn.speaker != reply.speaker or not turn.speaker)
    is_said = said_from(text, turn) <= start and end <= turn.end
    answered = said_from(text, reply) < reply.end
    return reply if is_question and is_said and replies and answered else None


def said_from(text: str, turn: Turn) -> int:
    """Return where the words of a turn begin, after its time and its speaker."""
    line = _LINE.match(text, turn.start)
    at = turn.start if line is None else line.end()
    while at < turn.end and text[at].isspace():
        at += 1
    return at


def find_units(text: str, turns: list[Turn]) -> Iterator[Offsets]:
    """Yield what counts as a sentence whatever it contains: turns, and times of subtitles."""
    if "-->" in text:
        yield from (cue.span() for cue in _CUE.finditer(text))
    else:
        yield from ((turn.start, turn.end) for turn in turns if turn.end - turn.start <= MAX_TURN)


def find_titles(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, level and text of each subject of a mail and each question of an FAQ."""
    subjects, questions = [], []
    for start in line_starts(text):
        if subject := _SUBJECT.match(text, start):
            subjects.append((start, 1, subject[1].strip()))
        elif (question := _QUESTION.match(text, start)) and _is_first(text, start):
            questions.append((start, 7, question[1]))
    is_faq = len(questions) > 1 and len(questions) * _ANSWER >= len(text)
    yield from sorted(subjects + questions if is_faq else subjects)


def _is_first(text: str, start: int) -> bool:
    """Whether a line is the first of its paragraph."""
    return not start or _BLANK_BEFORE.search(text, max(0, start - 84), start) is not None


def line_starts(text: str) -> Iterator[int]:
    """Yield the start of each line that is not empty."""
    return (line.start() for line in _NOT_EMPTY.finditer(text))

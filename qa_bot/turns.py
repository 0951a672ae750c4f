"""Texts made of lines: chats, interviews, minutes, subtitles, mails, questions and answers."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

Offsets = tuple[int, int]  # characters [start, end)

MAX_TURN = 300  # characters; a longer turn is quoted sentence by sentence
_MIN_TURNS = 3  # lines with a name or a time that a text of turns must have
_MAX_ANSWER = 1_500  # characters; the answers of an FAQ are shorter on average
_MIN_SHARE = 0.5  # share of a text's characters that its turns must have

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
_STATEMENT_END = re.compile(r"[.!](?=\s)")
_QUESTION_NAMES, _ANSWER_NAMES = frozenset({"q", "question"}), frozenset({"a", "answer"})


@dataclass(frozen=True, slots=True)
class Turn:
    """What one person says: a line with the lines that continue it."""

    start: int
    end: int  # of its paragraph, or the start of the next turn
    speaker: str  # "" if nobody is named
    question: str  # for an answer ("A: ..."), the question; else ""


def find_turns(text: str) -> list[Turn]:
    """Return the turns of a text in order; none if it does not consist of turns."""
    matches = (_LINE.match(text, start) for start in line_starts(text))
    lines = [line for line in matches if line is not None and (line["time"] or _speaker(line))]
    named = [line for line in lines if _speaker(line)]
    counts = Counter(map(_speaker, named))
    repeated = sum(count for count in counts.values() if count > 1)
    timed = [line for line in lines if line["time"]]
    first_lines = named if len(named) >= _MIN_TURNS and 2 * repeated >= len(named) else timed
    turns = list(_turns(text, first_lines)) if len(first_lines) >= _MIN_TURNS else []
    characters = sum(turn.end - turn.start for turn in turns)
    return turns if characters >= _MIN_SHARE * len(text.strip()) else []


def _speaker(line: re.Match[str]) -> str:
    """Return the speaker or ""; without a time before it, a name must begin with a capital."""
    name: str = line["name"] or line["nick"] or ""
    return name if line["time"] or line["nick"] or name[:1].isupper() else ""


def _turns(text: str, first_lines: list[re.Match[str]]) -> Iterator[Turn]:
    question = ""
    for line, following in zip(first_lines, [*first_lines[1:], None], strict=True):
        stop = len(text) if following is None else following.start()
        blank = _BLANK_LINE.search(text, line.end(), stop)
        end = stop if blank is None else blank.start()
        speaker = _speaker(line)
        if speaker.lower() in _QUESTION_NAMES:
            question = " ".join(text[line.end() : end].split())
            yield Turn(line.start(), end, speaker, "")
            continue
        if speaker.lower() not in _ANSWER_NAMES:
            question = ""
        yield Turn(line.start(), end, "" if question else speaker, question)


def turn_at(turns: list[Turn], at: int) -> Turn | None:
    """Return the turn that a character belongs to, or None."""
    number = bisect_right(turns, at, key=lambda turn: turn.start) - 1
    # Text after the last turn and a blank line may belong to no speaker.
    if number < 0 or (number + 1 == len(turns) and at >= turns[number].end):
        return None
    return turns[number]


def reply_to(text: str, turns: list[Turn], start: int, end: int) -> Turn | None:
    """Return the next turn if ``[start, end)`` belongs to a question in a turn: "640 each?"."""
    number = bisect_right(turns, start, key=lambda turn: turn.start) - 1
    if number < 0 or number + 1 == len(turns):
        return None
    turn, reply = turns[number], turns[number + 1]
    rest = text[start : turn.end].rstrip()
    is_question = rest.endswith("?") and _STATEMENT_END.search(rest) is None
    is_short = max(turn.end - turn.start, reply.end - reply.start) <= MAX_TURN
    is_reply = is_short and (turn.speaker != reply.speaker or not turn.speaker)
    is_in_turn = said_from(text, turn) <= start and end <= turn.end
    has_words = said_from(text, reply) < reply.end
    return reply if is_question and is_in_turn and is_reply and has_words else None


def said_from(text: str, turn: Turn) -> int:
    """Return the position at which the words of a turn begin, after the time and the speaker."""
    line = _LINE.match(text, turn.start)
    at = turn.start if line is None else line.end()
    while at < turn.end and text[at].isspace():
        at += 1
    return at


def find_units(text: str, turns: list[Turn]) -> Iterator[Offsets]:
    """Yield the spans that count as one sentence each: short turns, and times of subtitles."""
    if "-->" in text:
        yield from (cue.span() for cue in _CUE.finditer(text))
    else:
        yield from ((turn.start, turn.end) for turn in turns if turn.end - turn.start <= MAX_TURN)


def find_titles(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the start, level and text of each mail subject and each question of an FAQ."""
    subjects, questions = [], []
    for start in line_starts(text):
        if subject := _SUBJECT.match(text, start):
            subjects.append((start, 1, subject[1].strip()))
        elif (question := _QUESTION.match(text, start)) and _begins_paragraph(text, start):
            questions.append((start, 7, question[1]))
    is_faq = len(questions) > 1 and len(questions) * _MAX_ANSWER >= len(text)
    yield from sorted(subjects + questions if is_faq else subjects)


def _begins_paragraph(text: str, start: int) -> bool:
    return not start or _BLANK_BEFORE.search(text, max(0, start - 84), start) is not None


def line_starts(text: str) -> Iterator[int]:
    """Yield the start of each line that is not empty."""
    return (line.start() for line in _NOT_EMPTY.finditer(text))

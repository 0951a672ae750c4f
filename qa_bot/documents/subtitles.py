"""Subtitles (SubRip .srt, WebVTT .vtt) -> what is said, as sentences and paragraphs."""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qa_bot.documents.content import Block, Content, join_blocks
from qa_bot.errors import ArticleError

_PAUSE = 2.0  # seconds; after one that long, and a full stop, a paragraph begins
_LONG_PAUSE = 5.0  # seconds; after one that long a paragraph begins anyway
_LONG_PARAGRAPH = 800  # characters; a longer paragraph ends with its sentence

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2}(?:[.,]\d{1,3})?)"
_TIMES = re.compile(rf"\s*{_TIME}[ \t]*-->[ \t]*{_TIME}")
_BLANK_LINE = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_NO_CUE = re.compile(r"\ufeff?(?:WEBVTT|NOTE|STYLE|REGION)(?=\s|\Z)")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]+)>")
_TAG = re.compile(r"</?[A-Za-z\d][^<>]*>|\{\\[^{}]*\}")
_SPEAKER = re.compile(r"[-–—]\s*\S|[^\W\d_][\w .'’-]{0,30}:\s")
_ENDED = re.compile(r"[.!?…][\"'”’»)\]]*\Z")


@dataclass(frozen=True, slots=True)
class _Cue:
    """What is shown from ``start`` to ``end``, in seconds; lines without tags, never blank."""

    start: float
    end: float
    lines: tuple[str, ...]


def read_subtitles(text: str) -> Content:
    """Join the lines of subtitles to sentences; times, numbers, tags and styles are left out.

    A line that names another speaker, or begins with a dash, stays a line of its own. Raises
    ArticleError when there are no cues.
    """
    cues = list(_cues(text.replace("\r\n", "\n").replace("\r", "\n")))
    if not cues:
        raise ArticleError("holds no subtitles: save it anew, or rename it to .txt")
    return join_blocks(map(Block, _paragraphs(cues)))


def _cues(text: str) -> Iterator[_Cue]:
    """Yield the cues; a block without times goes on with the cue before it."""
    times = None
    for block in _BLANK_LINE.split(text):
        lines = block.strip("\n").split("\n")
        at = next((nth for nth, line in enumerate(lines[:2]) if _TIMES.match(line)), None)
        if at is not None:
            times, lines = _TIMES.match(lines[at]), lines[at + 1 :]
        elif _NO_CUE.match(block):
            times = None
        if times is not None and (said := tuple(filter(None, map(_plain, lines)))):
            yield _Cue(_seconds(*times.group(1, 2, 3)), _seconds(*times.group(4, 5, 6)), said)


def _seconds(hours: str | None, minutes: str, seconds: str) -> float:
    return 3600 * int(hours or 0) + 60 * int(minutes) + float(seconds.replace(",", "."))


def _plain(line: str) -> str:
    """Return a line without its tags; a voice becomes a name: "<v Ida>Yes." -> "Ida: Yes."."""
    named = _VOICE.sub(lambda voice: f"{voice[1].strip()}: ", line)
    return " ".join(html.unescape(_TAG.sub("", named)).split())


def _paragraphs(cues: Iterable[_Cue]) -> Iterator[str]:
    paragraph, last, end = "", "", 0.0
    for cue in cues:
        ended = _ENDED.search(paragraph) is not None
        pause = cue.start - end
        pauses = pause >= _PAUSE or len(paragraph) > _LONG_PARAGRAPH
        if paragraph and ((ended and pauses) or pause >= _LONG_PAUSE):
            yield paragraph
            paragraph = ""
        for line in cue.lines:
            if line != last:  # captions that roll up show a line twice
                joint = "\n" if _SPEAKER.match(line) else " "
                paragraph += joint + line if paragraph else line
            last = line
        end = cue.end
    yield paragraph

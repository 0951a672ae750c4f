"""Subtitles (SubRip .srt, WebVTT .vtt) -> what is said, as sentences and paragraphs."""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qa_bot.documents.content import Block, Content, join_blocks
from qa_bot.errors import ArticleError

_PAUSE = 2.0  # seconds; a pause this long after a full stop ends a paragraph
_LONG_PAUSE = 5.0  # seconds; a pause this long ends a paragraph even within a sentence
_LONG_PARAGRAPH = 800  # characters; a longer paragraph ends at the next full stop

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2}(?:[.,]\d{1,3})?)"
_TIMES = re.compile(rf"\s*{_TIME}[ \t]*-->[ \t]*{_TIME}")
_BLANK_LINE = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_NO_CUE = re.compile(r"\ufeff?(?:WEBVTT|NOTE|STYLE|REGION)(?=\s|\Z)")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]+)>")
_TAG = re.compile(r"</?[A-Za-z\d][^<>]*>|\{\\[^{}]*\}")
_SPEAKER = re.compile(r"[-–—]\s*\S|[^\W\d_][\w .'’-]{0,30}:\s")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*\Z")


@dataclass(frozen=True, slots=True)
class _Cue:
    """The lines shown from ``start`` to ``end`` (seconds), without tags and blank lines."""

    start: float
    end: float
    lines: tuple[str, ...]


def read_subtitles(text: str) -> Content:
    """Join the lines of subtitles into paragraphs, without times, numbers, tags and styles.

    A line that names a speaker or begins with a dash stays a line of its own. Raises ArticleError
    if there are no cues.
    """
    cues = list(_cues(text.replace("\r\n", "\n").replace("\r", "\n")))
    if not cues:
        raise ArticleError("has no subtitles in it: save it again, or rename it to .txt")
    return join_blocks(map(Block, _paragraphs(cues)))


def _cues(text: str) -> Iterator[_Cue]:
    """Yield the cues; a block without times continues the cue before it."""
    times = None
    for block in _BLANK_LINE.split(text):
        lines = block.strip("\n").split("\n")
        number = next((number for number, line in enumerate(lines[:2]) if _TIMES.match(line)), None)
        if number is not None:
            times, lines = _TIMES.match(lines[number]), lines[number + 1 :]
        elif _NO_CUE.match(block):
            times = None
        if times is not None and (shown := tuple(filter(None, map(_without_tags, lines)))):
            yield _Cue(_seconds(*times.group(1, 2, 3)), _seconds(*times.group(4, 5, 6)), shown)


def _seconds(hours: str | None, minutes: str, seconds: str) -> float:
    return 3600 * int(hours or 0) + 60 * int(minutes) + float(seconds.replace(",", "."))


def _without_tags(line: str) -> str:
    """Return a line without tags; a voice tag becomes a name: "<v Ida>Yes." -> "Ida: Yes."."""
    with_name = _VOICE.sub(lambda voice: f"{voice[1].strip()}: ", line)
    return " ".join(html.unescape(_TAG.sub("", with_name)).split())


def _paragraphs(cues: Iterable[_Cue]) -> Iterator[str]:
    paragraph, last_line, end = "", "", 0.0
    for cue in cues:
        ends_sentence = _SENTENCE_END.search(paragraph) is not None
        pause = cue.start - end
        may_end = pause >= _PAUSE or len(paragraph) > _LONG_PARAGRAPH
        if paragraph and ((ends_sentence and may_end) or pause >= _LONG_PAUSE):
            yield paragraph
            paragraph = ""
        for line in cue.lines:
            if line != last_line:  # roll-up captions show each line twice
                separator = "\n" if _SPEAKER.match(line) else " "
                paragraph += separator + line if paragraph else line
            last_line = line
        end = cue.end
    yield paragraph

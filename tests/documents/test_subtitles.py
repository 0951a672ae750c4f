"""Subtitles: the spoken words, without times, joined into sentences."""

import pytest

from qa_bot.documents.formats import read_content
from qa_bot.errors import ArticleError


def srt(*cues: tuple[str, str, str]) -> str:
    return "\n\n".join(
        f"{at}\n00:00:{start} --> 00:00:{end}\n{said}"
        for at, (start, end, said) in enumerate(cues, 1)
    )


def said(text: str, suffix: str = ".srt") -> str:
    return read_content(text.encode(), suffix).text


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_sentence_goes_on_in_the_next_cue(line_end: str) -> None:
    text = srt(
        ("01,000", "03,000", "The ferry was\nlate because"),
        ("03,100", "05,000", "the engine had stopped."),
        ("05,200", "06,000", "Nobody was hurt."),
    )
    expected = "The ferry was late because the engine had stopped. Nobody was hurt."
    assert said(text.replace("\n", line_end)) == expected


def test_a_pause_after_a_sentence_begins_a_paragraph_and_one_within_it_does_not() -> None:
    text = srt(
        ("01,000", "02,000", "The ferry"),
        ("04,500", "06,000", "was late."),
        ("08,500", "09,000", "Then it rained."),
        ("20,000", "21,000", "it"),
        ("31,000", "32,000", "[thunder]"),
    )
    assert said(text) == "The ferry was late.\n\nThen it rained.\n\nit\n\n[thunder]"


def test_each_speaker_begins_a_line() -> None:
    text = srt(
        ("01,000", "02,000", "- Where is\nthe oar?\n- In the shed."),
        ("02,100", "03,000", "IDA: Then fetch it."),
    )
    assert said(text) == "- Where is the oar?\n- In the shed.\nIDA: Then fetch it."


def test_webvtt_notes_styles_settings_and_tags_are_left_out() -> None:
    text = (
        "WEBVTT - The oar\nKind: captions\n\nSTYLE\n::cue { color: red }\n\n"
        "NOTE written by\nhand\n\nintro\n01:02.000 --> 01:04.500 align:start position:10%\n"
        "<v.loud Ida Brun>The <i>oar</i> &amp; the <00:01:03.000>rope.</v>\n\n"
        "01:04.500 --> 01:06.000\n{\\an8}Are <c.yellow>lost</c>.\n"
    )
    assert said(text, ".vtt") == "Ida Brun: The oar & the rope. Are lost."


def test_captions_that_roll_up_say_each_line_once() -> None:
    text = srt(
        ("01,000", "02,000", "we have lost"),
        ("02,000", "03,000", "we have lost\nthe oar"),
        ("03,000", "04,000", "the oar\nin the bay"),
    )
    assert said(text) == "we have lost the oar in the bay"


def test_a_blank_line_within_a_cue_ends_nothing() -> None:
    text = srt(("01,000", "02,000", "The oar\n\nis lost."), ("02,000", "03,000", "Yes."))
    assert said(text) == "The oar is lost. Yes."


def test_subtitles_without_cues_are_refused() -> None:
    with pytest.raises(ArticleError, match="has no subtitles"):
        said("WEBVTT\n\nNOTE nothing yet")


def test_in_a_text_file_subtitles_stay_as_they_are() -> None:
    text = srt(("01,000", "02,000", "The oar is lost."))
    assert said(text, ".txt") == text

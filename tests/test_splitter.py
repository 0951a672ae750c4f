"""Sentences and passages are slices that cover the text, within their limits."""

import re
import sys
import textwrap
import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qa_bot.datatypes import Document, Passage
from qa_bot.models.embedder import Embedder, token_counter, token_limit
from qa_bot.paragraphs import paragraphs
from qa_bot.splitter import PART, sentences, split

TEXTS = st.one_of(
    st.text(max_size=400),
    st.text(alphabet='aB .!?…”“"\n\r\t#-1)x,;\x00😀\xa0\x85\u2003é', max_size=600),
    st.lists(
        st.sampled_from(
            [
                "He left.",
                "“No!",
                "Why?”",
                "U.S. Embassy",
                "\n\n",
                "\r\n",
                "# Head\n",
                "- item\n",
                "w" * 90,
            ]
        ),
        max_size=40,
    ).map(" ".join),
)


def count_words(text: str) -> int:
    return len(text.split())


def covered(text: str, spans: list[tuple[int, int]]) -> bool:
    """Whether every non-blank character lies in a span."""
    inside = {i for start, end in spans for i in range(start, end)}
    return all(character.isspace() or i in inside for i, character in enumerate(text))


def test_the_sentences_of_the_article(article: Document) -> None:
    found = [article.text[start:end] for start, end in sentences(article)]
    assert found[0] == "date 2020-01-01"
    assert found[1].startswith("After hundreds of supporters")
    assert found[1].endswith("promising that Iran “will be held fully responsible.”")
    assert found[4].endswith("designated a terrorist organization by the U.S. State Department.")
    assert found[7:12] == [
        "“Iran killed an American contractor, wounding many.",
        "We strongly responded, and always will.",
        "Now Iran is orchestrating an attack on the U.S. Embassy in Iraq.",
        "They will be held fully responsible.",
        "In addition, we expect Iraq to use its forces to protect the Embassy, and so notified!”",
    ]
    assert "“Secondly, be logical…" in found
    assert "The people of this region hate America." in found
    assert found[-10].endswith("if he could “foresee going to war with Iran.”")
    assert found[-9] == "”I don’t think that would be a good idea for Iran,” he said."
    assert found[-1] == "It would go very quickly.”"


def test_paragraphs_of_the_article(article: Document) -> None:
    found = [article.text[start:end] for start, end in paragraphs(article.text)]
    assert found == [block.strip() for block in article.text.split("\n\n")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "He met Mr. Smith at 5 p.m. on Jan. 5. They left.",
            ["He met Mr. Smith at 5 p.m. on Jan. 5.", "They left."],
        ),
        ("It ended.Then it began.", ["It ended.", "Then it began."]),
        ("One line\nAnother line\n", ["One line", "Another line"]),
        (
            "A line that was wrapped by an editor at seventy characters or\nso goes on.",
            ["A line that was wrapped by an editor at seventy characters or\nso goes on."],
        ),
        # Formulas, as a page with subscripts is copied.
        ("Water is H\n2O.", ["Water is H\n2O."]),
        ("Rust (Fe\n2O\n3) is red.", ["Rust (Fe\n2O\n3) is red."]),
        ("The gas (O\n2) is old. CO\n2 too.", ["The gas (O\n2) is old.", "CO\n2 too."]),
        ("Eat vitamin C\n2) Sleep", ["Eat vitamin C", "2) Sleep"]),
        ("1) Vitamin C\n2) Iron", ["1) Vitamin C", "2) Iron"]),
        ("They won the War\n2 years later.", ["They won the War", "2 years later."]),
        ("# Heading\nText under it.", ["# Heading", "Text under it."]),
        ("- one\n- two\r\n- three", ["- one", "- two", "- three"]),
        ("It costs 3.5 million. See U.S. law.", ["It costs 3.5 million.", "See U.S. law."]),
        ("date 2020-01-01 After that.", ["date 2020-01-01", "After that."]),
        ("   \n\n ", []),
    ],
)
def test_sentences_of_small_texts(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(Document.from_text(text))] == expected


@given(TEXTS)
@example("date 2020-01-01 x")
@example("---\ndate: 2020-01-01\n---\nBody.")
def test_sentences_cover_the_text_in_order(text: str) -> None:
    spans = sentences(Document.from_text(text))
    assert covered(text, spans)
    assert all(a_end <= b_start for (_, a_end), (b_start, _) in pairwise(spans))
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)


@given(TEXTS)
def test_no_sentence_crosses_a_blank_line(text: str) -> None:
    blank_line = re.compile(r"\S\s*\n[ \t]*\n\s*\S")
    assert not any(blank_line.search(text[a:b]) for a, b in sentences(Document.from_text(text)))


@given(TEXTS, st.integers(1, 30), st.integers(1, 200), st.integers(0, 3))
@settings(deadline=None)
def test_passages_cover_the_text_within_their_limits(
    text: str, max_tokens: int, target_chars: int, overlap: int
) -> None:
    document = Document.from_text(text)
    found = split(document, count_words, max_tokens, target_chars, overlap)
    assert covered(text, [(p.start, p.end) for p in found])
    assert all(count_words(p.text) <= max_tokens for p in found)
    assert all(a.start < b.start and a.end < b.end for a, b in pairwise(found))


@given(TEXTS, st.integers(20, 200))
def test_a_passage_is_longer_than_its_target_only_when_one_sentence_is(
    text: str, target_chars: int
) -> None:
    document = Document.from_text(text)
    for passage in split(document, count_words, 1000, target_chars):
        inside = sentences(document, passage.start, passage.end)
        assert len(passage.text) <= target_chars or len(inside) == 1


def test_passages_overlap_by_a_sentence_within_a_paragraph() -> None:
    document = Document("One is here. Two is here. Three is here. Four is here.")
    texts = [p.text for p in split(document, count_words, 100, 28, 1)]
    assert texts == [
        "One is here. Two is here.",
        "Two is here. Three is here.",
        "Three is here. Four is here.",
    ]


def test_passages_without_overlap() -> None:
    document = Document("One is here. Two is here. Three is here.")
    texts = [p.text for p in split(document, count_words, 100, 27, 0)]
    assert texts == ["One is here. Two is here.", "Three is here."]


def test_a_paragraph_is_not_crossed_but_a_heading_joins_what_it_heads() -> None:
    body = (
        "This paragraph is long enough to say something on its own, with a number of words in it."
    )
    document = Document(f"# Heading\n\n{body} {body}\n\n{body} {body}")
    assert [p.text for p in split(document, count_words, 100, 1000)] == [
        f"# Heading\n\n{body} {body}",
        f"{body} {body}",
    ]


def test_each_paragraph_of_the_article_is_a_passage(article: Document, minilm: Embedder) -> None:
    found = split(article, token_counter(minilm), token_limit(minilm), 1000)
    assert [(p.start, p.end) for p in found] == paragraphs(article.text)


@pytest.mark.parametrize(
    "text",
    [
        "word, and another word; " * 420,
        "a" * 10_000,
        "1.2/3-4_" * 1250,
        "漢字" * 5000,
        "“" + "Iran said so and " * 600 + "left.”",
    ],
)
def test_no_passage_is_longer_than_the_model_reads(text: str, minilm: Embedder) -> None:
    count, limit = token_counter(minilm), token_limit(minilm)
    found = split(Document(text), count, limit, 1000)
    assert limit == 254
    assert max(count(p.text) for p in found) <= limit
    assert covered(text, [(p.start, p.end) for p in found])


def test_a_long_sentence_is_cut_after_a_clause() -> None:
    document = Document("one two three, four five six seven eight nine ten.")
    assert [p.text for p in split(document, count_words, 5, 1000, 0)] == [
        "one two three,",
        "four five six seven eight",
        "nine ten.",
    ]


def test_the_sentences_of_a_passage_are_those_of_the_document(article: Document) -> None:
    whole = sentences(article)
    for passage in split(article, count_words, 60, 300):
        inside = [(a, b) for a, b in whole if passage.start <= a and b <= passage.end]
        assert sentences(article, passage.start, passage.end) == inside


@given(TEXTS)
@example(".# 00000000000000000\na")
def test_a_stretch_has_the_sentences_of_the_whole_text(text: str) -> None:
    document = Document(text)
    whole = sentences(document)
    for first, last in [(0, 1), (1, 3), (2, 2)]:
        stretch = whole[first : last + 1]
        if stretch:
            assert sentences(document, stretch[0][0], stretch[-1][1]) == stretch


def test_a_stretch_far_into_a_long_text_has_the_sentences_of_the_whole() -> None:
    document = Document("He said no. She said yes.\n\n" * 2000)
    whole = sentences(document)
    assert sentences(document, whole[3000][0], whole[3001][1]) == whole[3000:3002]


SENTENCES = [
    "He met Mr. Smith of the U.S. Embassy at 5 p.m. on Jan. 5.",
    "“The mill (it was built in 1803, e.g. by Capt. Ode) is green,” she said.",
    "Why?",
    "It costs 3.5 million, i.e. more than the committee of the harbour had asked for.",
    "Nobody knew.",
]
LONG = st.lists(st.sampled_from(SENTENCES), min_size=400, max_size=500)  # of one paragraph


@pytest.mark.slow
@given(LONG, st.sampled_from([" ", "  ", "\n"]))
@settings(deadline=None, max_examples=20)
def test_a_long_paragraph_has_the_sentences_of_short_ones(parts: list[str], blank: str) -> None:
    text = blank.join(parts)
    assert len(text) > 2 * PART
    assert [text[start:end] for start, end in sentences(Document(text))] == parts


@pytest.mark.parametrize("width", range(60, 90, 3))
def test_a_long_paragraph_of_wrapped_lines_has_the_same_sentences(width: int) -> None:
    parts = [
        "She asked why Anna Berg had left.",
        "Nobody in Kelmer Sound, as it seems, knew.",
    ] * 300
    text = textwrap.fill(" ".join(parts), width)
    assert [" ".join(text[a:b].split()) for a, b in sentences(Document(text))] == parts


@pytest.mark.parametrize(
    "text",
    [
        " ".join(SENTENCES * 300),
        "no punctuation at all and no end " * 1500,
        "e\u0301" * 20_000,
        "Heading\n\n" + "漢字。" * 9000 + "\n\nThe end.",
        ("A line of a log\n" * 3000) + "\n\n" + "x " * 9000,
    ],
    ids=["prose", "no punctuation", "accents", "Chinese", "lines"],
)
def test_any_stretch_of_a_long_paragraph_has_the_sentences_of_the_whole(text: str) -> None:
    document = Document(text)
    whole = sentences(document)
    assert covered(text, whole)
    assert not any(unicodedata.combining(text[start]) for start, _ in whole)
    for start in range(0, len(text), 997):
        end = start + 1500
        cut = [(max(a, start), min(b, end)) for a, b in whole if a < end and start < b]
        assert sentences(document, start, end) == cut


def test_a_sentence_in_one_long_line_costs_no_more_than_in_paragraphs() -> None:
    parts = SENTENCES * 3000
    costs = []
    for blank in (" ", "\n\n"):
        document = Document(blank.join(parts))
        places = range(0, len(document.text), 10_000)
        sentences(document, 0, 1)  # finds the paragraphs
        begun = time.process_time()
        for place in places:
            sentences(document, place, place + 1000)
        costs.append((time.process_time() - begun) / len(places))
    assert costs[0] < 20 * costs[1]  # 1.5 times now; 300 times when all of the line was split


def test_settings_without_room_are_refused() -> None:
    for wrong in ((0, 10, 1), (10, 0, 1), (10, 10, -1)):
        with pytest.raises(ValueError, match="a passage needs room"):
            split(Document("text"), count_words, *wrong)


def test_passages_are_spans_of_the_document(article: Document) -> None:
    passage = split(article, count_words, 100, 500)[3]
    assert isinstance(passage, Passage)
    assert passage.text == article.text[passage.start : passage.end]


@pytest.mark.parametrize("blank", [chr(n) for n in range(0x3001) if chr(n).isspace()])
def test_an_initial_may_stand_before_any_kind_of_blank(blank: str) -> None:
    text = f"Nobody liked Plan D{blank}. It failed."
    found = [text[slice(*one)] for one in sentences(Document(text))]
    assert "".join("".join(found).split()) == "NobodylikedPlanD.Itfailed."


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(Document(text))]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_short_lines_that_were_wrapped_are_joined(line_end: str) -> None:
    text = (
        "The mill at Tarn was\nbuilt by a smith,\nNils Hald, in the\nyear 1902.  It had\n12 wheels."
    )
    wrapped = text.replace("\n", line_end)
    end = wrapped.index("1902.") + 5
    assert cut(wrapped) == [wrapped[:end], wrapped[end:].strip()]


def test_a_poem_and_an_address_keep_their_lines() -> None:
    poem = "The river is wide\nAnd cold is the sea\nMy boat is of wood\nAs all boats should be"
    assert cut(poem) == poem.split("\n")
    address = "Ida Brun\nMill Lane 4\n2200 Tarn"
    assert cut(address) == address.split("\n")


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_one_line_end_does_not_part_paragraphs(line_end: str) -> None:
    text = line_end.join(["one", "two", "", "three"])
    assert [text[start:end] for start, end in paragraphs(text)] == [f"one{line_end}two", "three"]


def test_words_without_punctuation_are_cut_where_a_speaker_would_pause() -> None:
    text = (
        "so we rowed out in the dark with one lamp and nobody had told us that the buoy was gone "
        "and then the keel struck the sand and Bo who had slept through all of it woke up and said "
        "that he had dreamt of it but the mate did not laugh and we sat there until the tide came "
    ) * 3
    found = cut(text)
    assert all(len(piece) <= 300 for piece in found)
    assert " ".join(found) == text.strip()
    starts = {" ".join(piece.split()[:2]) for piece in found[1:]}
    assert starts <= {"and then", "and we", "but the", "so we"}


def test_a_long_sentence_with_punctuation_stays_whole() -> None:
    text = "He bought " + ", ".join(f"{n} nets for the boat" for n in range(40)) + "."
    assert cut(text) == [text]


@pytest.mark.parametrize(
    "found",
    [
        ["Am 3. Juni 1902 wurde die Mühle verkauft.", "Der Käufer war Nils Hald."],
        ["Sie steht seit dem 19. Jahrhundert in der Hauptstr. 5 und ist alt.", "Er ist müde."],
        [
            "Das Haus kostet 3 Mio. Kronen, d. h. zu viel.",
            "Es gehört Fr. Brun und nicht der Stadt.",
        ],
        ["M. Hald habite dans la ville de Tarn.", "Il est né vers 50 av. J.-C. à Lyon."],
        ["El Sr. Gil y la Sra. Paz viven en la casa.", "Véase la pág. 7 del libro."],
        ["Den 1. maj blev det solgt, og det var en god dag.", "Han er i byen."],
        ["It is told in vol. 4 and on pp. 2 to 9.", "They left on Fri. without a word."],
        ["About approx. 300 men came.", "In the year 7 B.C. they left."],
        ["It came at 5 p.m. Friday and left at 7 p.m. EST on Vol. 2 of the log.", "It rained."],
        ["Der 2. Band liegt bei Hrn. Dahl in der Stadt und kostet 9 Kronen inkl. Porto.", "Nein."],
        ["Die Frist endet am 15. und nicht früher.", "Er kommt am 5. wieder nach Vik."],
        ["Le Dr. Hald est né dans le bd. Victor de la ville de Tarn.", "Il est là, env. 9 ans."],
        ["O Dr. Paz e a Profa. Luz vieram no séc. II a. C. para a cidade.", "Não."],
        ["De heer en mevr. Vos wonen op nr. 12 van de haven, bijv. Jan.", "Het is ver."],
        ["Treffen: 3. Mai im Hafen, 5. juli på torvet, 7. května doma.", "Alle kommen."],
    ],
)
def test_abbreviations_and_ordinals_of_european_languages_end_no_sentence(
    found: list[str],
) -> None:
    assert cut(" ".join(found)) == found


def test_sentences_are_found_once_for_a_document(monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document("One came. Two went.\n\nThree stayed. Four slept. " + "And so on. " * 1500)
    first = sentences(document)
    assert sentences(document, 0, 5) == [(0, 5)] and sentences(document, 12, 40)[0] == (12, 19)
    monkeypatch.setitem(sys.modules, "sentencex", None)  # what finds them cannot be imported
    assert sentences(document) == first
    with pytest.raises(ImportError):
        sentences(Document("Another one came."))


@pytest.mark.parametrize(
    "found",
    [
        ["THE GATE IS SHUT ON TUES. FROM NINE TO TEN.", "ASK MRS. BRUN IN FLAT NO. 5."],
        ["DR. HALD WILL CALL AT 9 A.M. ON FRIDAY.", "TEL. 5512 AND ST. JOHN HAVE IT.", "THANKS!"],
    ],
)
def test_notices_in_capitals_are_cut_as_others(found: list[str]) -> None:
    assert cut(" ".join(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "灯塔由李强设计并且由王明建造" * 70,
        "ประภาคารถูกสร้างขึ้นโดยหลี่เฉียง" * 40,
        "x" * 1_000,
        "a\u0301" * 500,
    ],
)
def test_text_without_blanks_is_cut_between_letters(text: str) -> None:
    found = cut(text)
    assert "".join(found) == text
    assert all(len(piece) <= 300 for piece in found)
    assert not any(unicodedata.combining(piece[0]) for piece in found)


def test_text_without_blanks_is_cut_after_a_comma_where_it_has_one() -> None:
    text = ("灯塔由李强设计并且由王明建造" * 10 + "，") * 6
    assert all(piece.endswith("，") for piece in cut(text))

"""Where sentences end: abbreviations, ordinals, capitals, and text without punctuation."""

import unicodedata

import pytest

from qa_bot.datatypes import Document
from qa_bot.sentences import sentences
from tests.helpers.spans import sentence_texts


@pytest.mark.parametrize("blank", [chr(n) for n in range(0x3001) if chr(n).isspace()])
def test_an_initial_may_stand_before_any_kind_of_blank(blank: str) -> None:
    text = f"Nobody liked Plan D{blank}. It failed."
    found = [text[slice(*one)] for one in sentences(Document(text))]
    assert "".join("".join(found).split()) == "NobodylikedPlanD.Itfailed."


def test_words_without_punctuation_are_cut_where_a_speaker_would_pause() -> None:
    text = (
        "so we rowed out in the dark with one lamp and nobody had told us that the buoy was gone "
        "and then the keel struck the sand and Bo who had slept through all of it woke up and said "
        "that he had dreamt of it but the mate did not laugh and we sat there until the tide came "
    ) * 3
    found = sentence_texts(text)
    assert all(len(piece) <= 300 for piece in found)
    assert " ".join(found) == text.strip()
    starts = {" ".join(piece.split()[:2]) for piece in found[1:]}
    assert starts <= {"and then", "and we", "but the", "so we"}


def test_a_long_sentence_with_punctuation_stays_whole() -> None:
    text = "He bought " + ", ".join(f"{n} nets for the boat" for n in range(40)) + "."
    assert sentence_texts(text) == [text]


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
    assert sentence_texts(" ".join(found)) == found


@pytest.mark.parametrize(
    "found",
    [
        ["THE GATE IS SHUT ON TUES. FROM NINE TO TEN.", "ASK MRS. BRUN IN FLAT NO. 5."],
        ["DR. HALD WILL CALL AT 9 A.M. ON FRIDAY.", "TEL. 5512 AND ST. JOHN HAVE IT.", "THANKS!"],
    ],
)
def test_notices_in_capitals_are_cut_as_others(found: list[str]) -> None:
    assert sentence_texts(" ".join(found)) == found


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
    found = sentence_texts(text)
    assert "".join(found) == text
    assert all(len(piece) <= 300 for piece in found)
    assert not any(unicodedata.combining(piece[0]) for piece in found)


def test_text_without_blanks_is_cut_after_a_comma_where_it_has_one() -> None:
    text = ("灯塔由李强设计并且由王明建造" * 10 + "，") * 6
    assert all(piece.endswith("，") for piece in sentence_texts(text))

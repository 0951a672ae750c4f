"""Questions in other scripts: the sentences that share their words."""

import pytest

from qa_bot.answering.reader import SpanReader
from qa_bot.answering.scripts import is_foreign, quotes_by_words
from qa_bot.datatypes import Document, Hit, Passage

TEXTS = {
    "he": "הטחנה נבנתה בשנת 1902. הבעלים הוא נועם לוי. הקמח טוב.",
    "ru": "Мельницу построил Иван Белов. Мост стоит с 1902 года. Рыбы много.",
    "zh": "磨坊由王明建造。门票三元，儿童免费。河里有鱼。",
}


def hit(text: str) -> Hit:
    return Hit(Passage(Document(text), 0, len(text)), 1.0)


@pytest.mark.parametrize(
    ("query", "foreign"),
    [
        ("מי הבעלים?", True),
        ("磨坊是谁建造的？", True),
        ("Кто построил мельницу?", True),
        ("Wer ist müde, und wo liegt Łódź?", False),
        ("What does 磨坊 mean?", False),
        ("1902?", False),
    ],
)
def test_which_questions_are_in_another_script(query: str, foreign: bool) -> None:
    assert is_foreign(query) == foreign


@pytest.mark.parametrize(
    ("language", "query", "sentence"),
    [
        ("he", "מי הבעלים?", "הבעלים הוא נועם לוי."),
        ("ru", "Кто построил мельницу?", "Мельницу построил Иван Белов."),
        ("zh", "磨坊是谁建造的？", "磨坊由王明建造。"),
        ("zh", "门票多少钱？", "门票三元，儿童免费。"),
    ],
)
def test_the_sentence_with_the_words_of_the_question_is_quoted(
    language: str, query: str, sentence: str
) -> None:
    quotes = SpanReader().read(query, [hit(TEXTS[language])])
    assert quotes[0].text == sentence
    assert quotes[0].score >= 0.6


@pytest.mark.parametrize(("language", "query"), [("ru", "Где музей?"), ("zh", "市长是谁？")])
def test_without_a_word_in_common_nothing_is_a_candidate(language: str, query: str) -> None:
    assert quotes_by_words(query, [hit(TEXTS[language])]) == []


def test_words_that_most_sentences_have_do_not_count() -> None:
    text = "Мост старый. Мост новый. Мост красный."
    assert quotes_by_words("Где мост?", [hit(text)]) == []

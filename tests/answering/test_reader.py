"""Quotes are whole sentences of the passages; the threshold alone decides what is said."""

import json
import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_bot.answering.reader import (
    FEATURES,
    PASSAGE_FEATURES,
    Candidate,
    Scored,
    SpanReader,
    best_query,
    date_quotes,
    distinct,
    find_candidates,
    join_neighbours,
    missing_weight,
    passage_features,
    rank_by_mean,
    read_by_prior,
    select,
    without_span,
    word_weights,
)
from qa_bot.datatypes import Document, Hit, Quote, Span
from qa_bot.models.span_model import CARD, WEIGHTS, Card, Levels, Logistic, SpanPrediction
from qa_bot.sentences import sentences
from qa_bot.splitter import split

DOCUMENT = Document.from_text(
    "date 2020-01-01 The bridge was built in 1889, by Eiffel.\n\n"
    "Rain fell all day. The dog slept in the house. A cat walked past."
)


def hits_of(document: Document) -> list[Hit]:
    passages = split(document, lambda text: len(text.split()), 100, 60)
    return [Hit(passage, 1.0) for passage in passages]


def quote(start: int, end: int, score: float) -> Quote:
    return Quote(DOCUMENT, start, end, Span(DOCUMENT, start, end), score)


class FixedModel:
    """Finds in each text the words that it is given, each with a score difference of its own.

    Its probabilities are those of the score difference alone.
    """

    card = Card(384, Logistic((1, 0, 0), 0), Logistic((0, 0, 0), 0), Levels(0.4, 0.1), {})

    def __init__(self, score_diffs: dict[str, float]) -> None:
        self.score_diffs = score_diffs

    def find(
        self, query: str, texts: Sequence[str], stretches: object
    ) -> list[list[SpanPrediction]]:
        return [self._find(text) for text in texts]

    def _find(self, text: str) -> list[SpanPrediction]:
        found = [
            SpanPrediction(text.index(words), text.index(words) + len(words), score_diff)
            for words, score_diff in self.score_diffs.items()
            if words in text
        ]
        return sorted(found, key=lambda one: -one.score_diff)


def reader(**score_diffs: float) -> SpanReader:
    """A reader that finds each given word, with its score difference."""
    return SpanReader(FixedModel({name.replace("_", " "): m for name, m in score_diffs.items()}))  # type: ignore[arg-type]


def test_a_quote_is_the_sentence_around_what_was_found() -> None:
    first, second = reader(Eiffel=0.0, in_the_house=2.0).read("?", hits_of(DOCUMENT))
    assert (first.text, first.highlight.text) == ("The dog slept in the house.", "in the house")
    assert second.text == "The bridge was built in 1889, by Eiffel."
    assert first.score == pytest.approx(1 / (1 + math.exp(-2)))
    assert second.score == 0.5


def test_what_spans_sentences_is_quoted_whole() -> None:
    (found,) = SpanReader(FixedModel({"day. The dog": 1.0})).read("?", hits_of(DOCUMENT))  # type: ignore[arg-type]
    assert found.text == "Rain fell all day. The dog slept in the house."
    assert found.highlight.text == "day. The dog"


def test_a_pronoun_alone_is_no_highlight() -> None:
    document = Document("Esper said that he ordered it. Nobody was hurt.")
    (found,) = SpanReader(FixedModel({"he ordered": 1.0})).read("?", hits_of(document))  # type: ignore[arg-type]
    assert found.highlight.text == "he ordered"
    (found,) = SpanReader(FixedModel({"he": 1.0})).read("?", hits_of(document))  # type: ignore[arg-type]
    assert found.highlight.text == found.text == "Esper said that he ordered it."


def test_a_heading_is_not_quoted_with_the_text_under_it() -> None:
    document = Document("The Bridge\n\nThe bridge opened at dusk. Varrow built it.")
    (found,) = SpanReader(FixedModel({"Bridge\n\nThe bridge": 1.0})).read("?", hits_of(document))  # type: ignore[arg-type]
    assert found.text == "The bridge opened at dusk."
    assert found.highlight.text == "The bridge"


def test_the_same_words_are_quoted_once() -> None:
    found = reader(Eiffel=1.0).read("?", hits_of(DOCUMENT) * 2)
    assert [quote.text for quote in found] == ["The bridge was built in 1889, by Eiffel."]


def test_the_same_answer_is_quoted_once_from_the_likelier_place() -> None:
    text = (
        "Eiffel drew it, as " + "x " * 50 + "said.\n\nIt was the Eiffel, of " + "y " * 50 + "Paris."
    )
    document = Document(text)
    (found,) = reader(Eiffel=1.0).read("Who drew it?", hits_of(document))
    assert found.highlight.text == "Eiffel"


def test_passages_without_anything_to_find_give_nothing() -> None:
    assert reader(Napoleon=1.0).read("?", hits_of(DOCUMENT)) == []
    assert reader().read("?", []) == []


def test_one_passage_may_give_several_quotes_and_no_sentence_twice() -> None:
    (hit,) = hits_of(Document("The dog slept in the house. It rained. A cat walked."))
    found = reader(The_dog=1.0, in_the_house=2.0, A_cat=1.5).read("?", [hit])
    assert [(quote.text, quote.highlight.text) for quote in found] == [
        ("The dog slept in the house.", "in the house"),
        ("A cat walked.", "A cat"),
    ]


def test_quotes_are_ranked_by_the_mean_over_all_queries() -> None:
    # A place that two queries find comes before one that is likelier for a single query.
    meant = [quote(0, 9, 0.7)], [quote(20, 35, 0.5), quote(0, 9, 0.2)], [quote(24, 35, 0.6)]
    first, second = rank_by_mean(meant)
    assert (first.start, first.end, first.score) == (24, 35, 0.6)
    assert (second.start, second.end, second.score) == (0, 9, 0.7)
    assert (best_query(first, meant), best_query(second, meant)) == (2, 0)
    assert rank_by_mean([]) == rank_by_mean([[], []]) == []


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 60), st.floats(0, 1)), unique_by=lambda pair: pair[0]))
def test_the_quotes_of_one_query_keep_their_order(found: list[tuple[int, float]]) -> None:
    quotes = [quote(at, at + 1, score) for at, score in sorted(found, key=lambda pair: -pair[1])]
    kept = [quote for quote in quotes if quote.text.strip()]
    assert rank_by_mean([join_neighbours(distinct(kept))]) == join_neighbours(distinct(kept))


def quotes_of(text: str, *scores: float) -> list[Quote]:
    """Quotes of the sentences of a text, the likeliest first; 0 leaves a sentence out."""
    document = Document(text)
    made = [
        Quote(document, start, end, Span(document, start, start + 1), likely)
        for (start, end), likely in zip(sentences(document), scores, strict=True)
        if likely
    ]
    return sorted(made, key=lambda quote: -quote.score)


def test_neighbours_that_are_nearly_as_likely_are_one_quote() -> None:
    text = "You need two. First a pass. Then a fee. It rains."
    (found, other) = join_neighbours(quotes_of(text, 0.6, 0.5, 0.3, 0.2))
    assert (found.text, found.score) == ("You need two. First a pass. Then a fee.", 0.6)
    assert found.highlight.text == "Y"
    assert (other.text, other.score) == ("It rains.", 0.2)
    # The middle one comes last, and joins what stands around it.
    assert [quote.text for quote in join_neighbours(quotes_of(text, 0.6, 0.3, 0.5, 0))] == [
        "You need two. First a pass. Then a fee."
    ]


def test_quotes_apart_and_in_other_paragraphs_or_documents_are_not_joined() -> None:
    apart = quotes_of("One. Two. Three.", 0.6, 0, 0.5)
    assert join_neighbours(apart) == apart
    paragraphs = quotes_of("One.\n\nTwo.", 0.6, 0.5)
    assert join_neighbours(paragraphs) == paragraphs
    documents = quotes_of("One. Two.", 0.6, 0) + quotes_of("One. Ten.", 0, 0.5)
    assert join_neighbours(documents) == documents
    assert join_neighbours([]) == []


def test_a_word_weighs_more_the_fewer_passages_hold_it() -> None:
    weights = word_weights("Which dogs and cats sleep?", ["A dog.", "Dogs, cats.", "Rain."])
    assert weights == {
        "dogs": pytest.approx(math.log(1 + 2.5 / 1.5)),
        "cats": pytest.approx(math.log(1 + 2.5 / 1.5)),
        "sleep": pytest.approx(math.log(1 + 3.5 / 0.5)),
    }
    assert word_weights("cats?", ["Cats."]) == {"cats": pytest.approx(math.log(1 + 0.5 / 1.5))}


def test_what_is_missing_is_the_weight_of_the_words_a_text_lacks() -> None:
    weights = {"bridg": 2.0, "built": 0.5}
    assert missing_weight(weights, "Bridges are long.") == 0.5
    assert missing_weight(weights, "They built a bridge.") == 0
    assert missing_weight(weights, "Rain.") == 2.5


def test_what_retrieval_knows_of_passages() -> None:
    text = "Eiffel built it in the year 1889.\n\nRain fell all day. The dog slept there and ate."
    first, second = hits_of(Document(text))
    hits = [Hit(first.passage, 1, 0.5, bm25=4.0), Hit(second.passage, 1, 0.25, bm25=3.0)]
    rare, unknown = math.log(1 + 1.5 / 1.5), math.log(1 + 2.5 / 0.5)  # "Eiffel" and "swim"
    rows = passage_features("Where did Eiffel swim?", hits)
    assert rows == [
        (0.5, 0.0, pytest.approx(unknown)),
        (0.25, -1.0, pytest.approx(rare + unknown)),
    ]
    assert len(rows[0]) == len(PASSAGE_FEATURES)
    assert passage_features("Who?", []) == []


def test_candidates_have_their_margin_and_the_features_of_their_passage() -> None:
    first, *_, second = hits_of(DOCUMENT)
    rows = [(0.5, -1.0, 2.0), (0.25, 0.0, 3.0)]
    model = FixedModel({"Eiffel": 1.0, "The dog": 2.0})
    found = find_candidates("?", [first, second], rows, model)  # type: ignore[arg-type]
    assert [(one.highlight.text, one.values) for one in found] == [
        ("Eiffel", (1.0, -1.0, 2.0)),
        ("The dog", (2.0, 0.0, 3.0)),
    ]
    assert len(found[0].values) == len(FEATURES)


def scored(probability: float) -> tuple[Candidate, float]:
    span = Span(DOCUMENT, 0, 4)
    return Candidate(span, span, ()), probability


def test_passages_are_read_best_first_while_one_may_change_the_first_quote() -> None:
    likely = {0: 0.1, 1: 0.5, 2: 0.3, 3: 0.9, 4: 0.2}
    read: list[list[int]] = []

    def read_passages(chosen: Sequence[int]) -> Scored:
        read.append(list(chosen))
        return [scored(likely[i]) for i in chosen]

    priors = [0.039, 0.5, 0.6, 0.3, 0.041]
    found = read_by_prior(priors, read_passages)
    # 0.3 and 0.041 are worth it beside 0.5; beside 0.9 no passage below 0.072 is.
    assert read == [[2, 1], [3]]
    assert [probability for _, probability in found] == [0.3, 0.5, 0.9]
    likely[3], read[:] = 0.5, []
    read_by_prior(priors, read_passages)
    assert read == [[2, 1], [3], [4]]  # 0.039 is less than 0.08 of 0.5
    assert read_by_prior([], lambda chosen: []) == []


def test_where_nothing_was_found_all_passages_are_read() -> None:
    read: list[int] = []
    assert read_by_prior([0.5, 1e-6, 1e-9], lambda chosen: read.extend(chosen) or []) == []
    assert read == [0, 1, 2]


def test_the_shipped_card_is_of_these_features() -> None:
    card = json.loads((WEIGHTS / CARD).read_text())
    for name, features in (("calibration", FEATURES), ("prior", PASSAGE_FEATURES)):
        assert card[name]["features"] == list(features)
        assert len(card[name]["weights"]) == len(features)
    assert 0 < card["levels"]["perhaps"] < card["levels"]["found"] < 1


def test_a_probability_is_that_of_logistic_regression() -> None:
    model = Logistic((2, 10), -1)
    assert model.probability((0.5, 0.1)) == pytest.approx(1 / (1 + math.exp(-1)))
    assert model.probability((1e6, 0)) == pytest.approx(1)
    assert model.probability((-1e6, 0)) == pytest.approx(0)


@pytest.mark.slow
@given(st.text(alphabet="ab .?!\n,😀", min_size=1, max_size=200), st.text(max_size=30))
@settings(deadline=None, max_examples=40)
def test_quotes_of_the_real_reader_are_whole_sentences(text: str, query: str) -> None:
    document = Document(text)
    found = SpanReader().read(query, hits_of(document))
    starts = {start for start, _ in sentences(document)}
    ends = {end for _, end in sentences(document)}
    assert all(q.start in starts and q.end in ends for q in found)
    assert [q.score for q in found] == sorted((q.score for q in found), reverse=True)
    taken: set[int] = set()
    for q in found:
        assert taken.isdisjoint(range(q.start, q.end))
        taken |= set(range(q.start, q.end))


def test_selection_keeps_what_is_at_the_threshold_and_above() -> None:
    candidates = [quote(0, 5, 0.9), quote(6, 9, 0.5), quote(10, 15, 0.49)]
    assert select(candidates, Levels(0.5, 0.1), 3) == tuple(candidates[:2])
    assert select(candidates, Levels(0.0, 0.0), 1) == (candidates[0],)
    assert select(candidates, Levels(0.95, 0.1), 3) == ()
    assert select([], Levels(0.0, 0.0), 3) == ()


@pytest.mark.parametrize(
    "question",
    [
        "When was this written?",
        "when was the article published",
        "What is the date of this article?",
        "What date was this story posted?",
        "How old is this article?",
        "publication date?",
    ],
)
def test_the_date_of_the_article_is_quoted(question: str) -> None:
    (found,) = date_quotes(question, hits_of(DOCUMENT))
    assert (found.text, found.highlight.text, found.score) == ("date 2020-01-01", "2020-01-01", 1.0)


@pytest.mark.parametrize(
    "question",
    [
        "When was the bridge built?",
        "When did the militia attack?",
        "When was the statement released by Esper?",
        "Who wrote this?",
    ],
)
def test_other_questions_do_not_ask_for_the_date(question: str) -> None:
    assert date_quotes(question, hits_of(DOCUMENT)) == []


def test_a_date_that_is_cut_into_sentences_is_quoted_whole() -> None:
    document = Document.from_text("Date: Wed. 6 May 2020, 10 a.m. GMT\n\nThe body.")
    (found,) = date_quotes("When was this written?", hits_of(document))
    assert found.highlight.text == "Wed. 6 May 2020, 10 a.m. GMT"
    assert found.text == "Date: Wed. 6 May 2020, 10 a.m. GMT"


def test_an_article_without_a_date_has_none_to_quote() -> None:
    assert date_quotes("When was this written?", hits_of(Document.from_text("No date."))) == []


def test_what_was_said_is_not_its_own_reason() -> None:
    document = Document("Vance closed the port because cranes fell.")
    port, cranes = (
        Quote(document, 0, len(document.text), Span(document, start, end), 0.9)
        for start, end in ((0, 21), (22, 41))
    )
    assert without_span([port, cranes], Span(document, 6, 12)) == [cranes]

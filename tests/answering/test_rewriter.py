"""A follow-up takes the words it leaves out; a question that stands alone is left alone."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_bot.answering.cues import Cues
from qa_bot.answering.history import (
    PAST_CHARS,
    SAID_CHARS,
    SEPARATOR,
    Past,
    Turn,
    conversation,
)
from qa_bot.answering.mentions import Term, terms
from qa_bot.answering.rewriter import REWRITES, Rewrite, resolve, rewrites
from qa_bot.datatypes import Answer, Document, Link, Quote, Span, Understood
from qa_bot.models.span_model import Card, Levels, Logistic, ReaderModel, Thresholds

WHO = ("Who designed the bridge?", "Gustave Eiffel designed it.")


class Judge(ReaderModel):
    """Holds a question to need the words it is given, and remembers what it was asked."""

    def __init__(self, *needed: str, needs_context: float = 0.9) -> None:
        self.needed, self.needs_context = needed, needs_context
        self.past = ""
        least = {
            "pronoun": Thresholds(0.0, 0.5),
            "hint": Thresholds(0.5, 0.5),
            "none": Thresholds(0.5, 0.5),
        }
        self.card = Card(384, Logistic((1.0,), 0.0), Logistic((1.0,), 0.0), Levels(0.5, 0.1), least)

    def judge_terms(
        self, question: str, past: str, words: Sequence[tuple[int, int]]
    ) -> tuple[float, list[float]]:
        self.past = past
        chances = [0.9 if past[start:end] in self.needed else 0.1 for start, end in words]
        return self.needs_context, chances


def queries(
    question: str, history: Sequence[Turn], model: ReaderModel | None = None
) -> tuple[str, ...]:
    return tuple(rewrite.query for rewrite in rewrites(question, history, model=model))


def resolved(
    question: str, past: str, chances: dict[Term, float], around: str = ""
) -> tuple[str, ...]:
    return tuple(it.query for it in resolve(Cues(question), Past(past), chances, around))


def chosen(past: str, words: Sequence[str]) -> dict[Term, float]:
    """Return words of the past as chosen terms, each likelier than the next."""
    every = {past[term.start : term.end]: term for term in terms(past)}
    return {every[word]: 0.9 - 0.1 * place for place, word in enumerate(words)}


@pytest.mark.parametrize(
    ("question", "needed", "expected"),
    [
        ("When was he born?", ["Eiffel"], ["When was Gustave Eiffel born?"]),
        ("When did his work begin?", ["Eiffel"], ["When did Gustave Eiffel's work begin?"]),
        ("Who paid her?", ["Eiffel"], ["Who paid Gustave Eiffel?"]),
        ("Is her name known?", ["Eiffel"], ["Is Gustave Eiffel's name known?"]),
        # One thing in each reading, the likeliest first.
        ("Is it old?", ["bridge", "Lyon"], ["Is steel bridge old?", "Is Lyon old?"]),
        ("Is it old?", ["Lyon", "bridge"], ["Is Lyon old?", "Is steel bridge old?"]),
        # "he" is no bridge and no town, "it" may be.
        ("Did he see it?", ["Lyon", "bridge", "Eiffel"],
         ["Did Gustave Eiffel see Lyon?", "Did Gustave Eiffel see steel bridge?"]),
        ("Did he see it?", ["Lyon"], ["Did he see Lyon?"]),
        ("Did he paint his house?", ["Eiffel"], ["Did Gustave Eiffel paint his house?"]),
        ("Where is thier house?", ["Lyon", "Eiffel"], ["Where is Gustave Eiffel's house?"]),
        ("When was he born?", ["Lyon", "bridge"], []),
        ("And did he build it?", ["bridge"], ["And did he build steel bridge?"]),
        # A verb stands in for nothing.
        ("Was it costly?", ["designed"], ["Was it costly? designed"]),
        # "That" of "that man" is no pronoun: without one all is added, then one thing.
        ("Is that man known?", ["Eiffel"], ["Is that man known? Gustave Eiffel"]),
        ("And in Paris?", ["designed", "bridge"],
         ["designed steel bridge in Paris?", "designed in Paris?"]),
        # Apart, so that in the next turn they are not taken for one name.
        ("Why?", ["Lyon", "Eiffel"],
         ["Why? Gustave Eiffel, Lyon", "Why? Lyon"]),
        ("Is the Eiffel tower his?", ["Eiffel"], ["Is the Eiffel tower Gustave Eiffel's?"]),
        ("Is Gustave Eiffel his name?", ["Eiffel"], []),
        ("When was he born?", [], []),
    ],
)  # fmt: skip
def test_one_thing_stands_in_for_a_pronoun_or_is_added(
    question: str, needed: list[str], expected: list[str]
) -> None:
    past = "Gustave Eiffel designed the steel bridge in Lyon."
    # As asked is the last reading.
    assert resolved(question, past, chosen(past, needed)) == (*expected, question)


def test_it_is_not_a_day() -> None:
    past = "When did Lyon burn? | Lyon burned on Tuesday, May 3rd."
    expected = ("Is Lyon old?", "Is it old?")
    assert resolved("Is it old?", past, chosen(past, ["Tuesday", "May", "Lyon"])) == expected
    assert resolved("And then?", past, chosen(past, ["Tuesday"]))[0] == "Tuesday then?"
    past = "Who was first? | The 3rd was."
    assert resolved("Is it old?", past, chosen(past, ["3rd"]))[0] == "Is 3rd old?"


def test_they_are_not_a_place() -> None:
    past = "Who sent soldiers to Iraq? | Mark Esper sent the soldiers to Iraq."
    chances = {t: 0.9 for t in terms(past) if past[t.start : t.end] in ("Iraq", "soldiers")}
    expected = ("Where were soldiers based?", "Where were they based?")
    assert resolved("Where were they based?", past, chances) == expected
    assert resolved("Who was there?", past, chances)[0] == "Who was there? Iraq"


ARTICLE = "President Trump spoke. Iran-backed fighters left for Iran. Anna Berg was asked too."


@pytest.mark.parametrize(
    ("question", "needed", "expected"),
    [
        # The article calls Trump by a title, and Iran is in "Iran-backed".
        ("Who asked him?", ["Iran", "Trump"], ["Who asked Trump?"]),
        ("How old is he?", ["Iran"], []),
        ("Who asked her?", ["Berg", "Iran"], ["Who asked Anna Berg?"]),
        ("Where is it based?", ["Trump", "Iran"], ["Where is Iran based?"]),
        ("Did they do it?", ["Trump"], []),
        # He is as good as named who may be a person, where nobody is known to be one.
        ("How old is he?", ["Khamenei", "Iran"], ["How old is Khamenei?"]),
        ("How old is he?", ["Khamenei", "Trump"], ["How old is Trump?"]),
    ],
)
def test_he_is_a_person_and_it_is_not(
    question: str, needed: list[str], expected: list[str]
) -> None:
    past = "What did Trump say of Iran? | Khamenei blames Anna Berg."
    assert resolved(question, past, chosen(past, needed), ARTICLE) == (*expected, question)


def test_the_articles_that_were_quoted_tell_who_is_a_person() -> None:
    article = Document("Trump spoke of Iran. " + "x " * 4000 + "President Trump left Iran.")
    quote = Quote(article, 0, 20, Span(article, 0, 5), 0.9)
    turn = Answer("Who spoke?", "Who spoke?", (quote,), 0.9)
    assert queries("Is he old?", [turn], Judge("Iran", "Trump"))[:-1] == ("Is Trump old?",)
    assert queries("Is it old?", [turn], Judge("Iran", "Trump"))[0] == "Is Iran old?"


def test_a_question_about_this_article_is_left_alone() -> None:
    question = "What is this article about?"
    assert queries(question, [WHO], Judge("Eiffel")) == (question,)


def test_there_are_at_most_three_rewrites() -> None:
    past = "Anna Berg | Bo Lund | Carl Holm | Dora Ek"
    chances = {term: 0.9 - term.start / 100 for term in terms(past)}
    expected = ("Where is Anna Berg?", "Where is Bo Lund?", "Where is he?")
    assert resolved("Where is he?", past, chances) == expected


def test_a_question_that_does_not_lean_is_left_alone() -> None:
    judge = Judge("Eiffel", needs_context=0.1)
    assert queries("When was Ada born?", [WHO], judge) == ("When was Ada born?",)


def test_a_question_with_a_pronoun_always_leans() -> None:
    judge = Judge("Eiffel", needs_context=0.1)
    assert queries("When was he born?", [WHO], judge)[0] == "When was Gustave Eiffel born?"


def answered(question: str, quoted: str, answer: str, *understood: Understood) -> Answer:
    """Return the turn of a question that a quote answers."""
    document = Document(f"{quoted} It rained.")
    start = quoted.index(answer)
    highlight = Span(document, start, start + len(answer))
    quote = Quote(document, 0, len(quoted), highlight, 0.9)
    return Answer(question, question, (quote,), 0.9, understood=understood)


KILN = answered("Who closed the old kiln?", "Mayor Vance closed the old kiln.", "Mayor Vance")
SENT = answered("How many soldiers were sent?", "They sent 60 soldiers from Lund.", "60")
SAID = answered("What did Roth say?", "“The ropes were old,” Roth said.", "The ropes were old")
DOGS = answered("Are dogs allowed?", "Dogs are not allowed.", "Dogs are not allowed.")
CRANES = answered("What fell into the harbour?", "Two cranes fell.", "Two cranes")
ORDER = answered("What did Esper order?", "Esper ordered the march on Lund.", "the march on Lund")
NOTHING = Answer("Who baked bread?", "Who baked bread?", (), 0.1)


def follows(turn: Answer) -> Understood:
    return Understood(Link.FOLLOWS, "", turn.question)


NO_WORDS = re.compile(r"(?:And )?(?:[Ww]hy(?: not)?|Until when|How come)\?|When did that happen\?")


@pytest.mark.parametrize(
    ("turn", "question", "query"),
    [
        (KILN, "Why?", "Why Mayor Vance closed the old kiln?"),
        (KILN, "And why?", "why Mayor Vance closed the old kiln?"),
        (KILN, "When did that happen?", "When Mayor Vance closed the old kiln?"),
        (KILN, "Until when?", "Until when Mayor Vance closed the old kiln?"),
        (DOGS, "Why not?", "Why not are dogs allowed?"),
        (ORDER, "Why?", "Why did Esper order the march on Lund?"),
        (SENT, "From which base?", "From which base were 60 soldiers sent?"),
        (SENT, "Why?", "Why were 60 soldiers sent?"),
        (CRANES, "How come?", "How come Two cranes fell into the harbour?"),
        # Another subject for what was asked.
        (KILN, "What about the new mill?", "Who closed the new mill?"),
        (KILN, "And the new mill?", "Who closed the new mill?"),
        (ORDER, "What about Berg?", "What did Berg order?"),
        (SENT, "And in May?", "How many soldiers were sent in May?"),
        # All that was just said.
        (SAID, "Was it on TV?", "Was it on TV? Roth say"),
        (KILN, "Was it necessary?", "Was it necessary? closed the old kiln"),
    ],
)
def test_a_question_that_continues_the_last_one(turn: Answer, question: str, query: str) -> None:
    judge = Judge(needs_context=0.1)
    found = rewrites(question, [turn], model=judge)
    # "Why?" by itself would find any passage that asks why.
    alone = [] if NO_WORDS.fullmatch(question) else [Rewrite(question)]
    assert found == (Rewrite(query, (follows(turn),)), *alone)
    assert rewrites(question, [turn], [follows(turn)], judge) == (Rewrite(question),)


@pytest.mark.parametrize(
    ("turn", "question", "query", "understood"),
    [
        (SENT, "Will more follow?", "Will more soldiers follow?", "+ soldiers"),
        (CRANES, "Are there more?", "Are there more cranes?", "+ cranes"),
        (CRANES, "Where are they now?", "Where are Two cranes now?", "they = Two cranes"),
        (ORDER, "Who decided this?", "Who decided the march on Lund?", "this = the march on Lund"),
        (ORDER, "Was it costly?", "Was the march on Lund costly?", "it = the march on Lund"),
        (KILN, "Did he deny it?", "Did Mayor Vance deny it?", "he = Mayor Vance"),
    ],
)
def test_what_answered_the_last_question_is_meant(
    turn: Answer, question: str, query: str, understood: str
) -> None:
    first, *_ = rewrites(question, [turn], model=Judge(needs_context=0.1))
    assert (first.query, [str(it) for it in first.understood]) == (query, [understood])
    again = rewrites(question, [turn], first.understood, Judge(needs_context=0.1))
    assert not any(set(first.understood) & set(rewrite.understood) for rewrite in again)


def test_them_takes_the_place_of_the_last_subject() -> None:
    turn = answered("Who painted the mill?", "Berg painted the mill and the boats.", "Berg")
    first, *_ = rewrites("And them?", [turn], model=Judge("boats"))
    assert first.query == "Who painted the boats?"
    assert [str(it) for it in first.understood] == [
        "them = boats",
        "follows: Who painted the mill?",
    ]


def test_a_chain_continues_its_first_question() -> None:
    why = answered(
        "Why?", "Mayor Vance closed the old kiln, as it burned.", "it burned", follows(KILN)
    )
    first, *_ = rewrites("And when?", [KILN, why], model=Judge())
    assert first == Rewrite("when Mayor Vance closed the old kiln?", (follows(KILN),))


def test_a_refusal_leaves_no_referent() -> None:
    judge = Judge("bread")
    for question in ("Why?", "Was it good?", "When was he born?"):
        assert rewrites(question, [NOTHING], model=judge) == (Rewrite(question),)
    assert [it.query for it in rewrites("Why?", [KILN, NOTHING], model=judge)] == ["Why?"]


def test_of_a_refused_question_what_the_documents_speak_of_may_be_meant() -> None:
    document = Document("Later the mayor saw Vance leave.")
    near = Quote(document, 0, 32, Span(document, 20, 25), 0.1)
    turn = Answer("Did Vance bake bread?", "Did Vance bake bread?", (), 0.1, (near,))
    found = rewrites("Where is she?", [turn], model=Judge("Vance", "bread"))
    assert [it.query for it in found] == ["Where is Vance?", "Where is she?"]


def test_a_change_of_topic_drops_the_old_one() -> None:
    judge = Judge("kiln", "cranes")
    rewrites("Is it old?", [KILN, CRANES], model=judge)
    assert "kiln" not in judge.past
    same = answered("Who owns the kiln?", "Berg owns the kiln.", "Berg")
    rewrites("Is it old?", [KILN, same], model=judge)
    assert judge.past.startswith("Who closed the old kiln?")


def test_names_in_lower_case_are_those_of_the_documents() -> None:
    document = Document("Mayor Petra Vance spoke. Later Vance left.")
    quote = Quote(document, 25, 42, Span(document, 25, 42), 0.9)
    turn = Answer("tell me about vance", "tell me about vance", (), 0.3, (quote,), perhaps=True)
    first, *_ = rewrites("what does she want", [turn], model=Judge("Vance"))
    assert first == Rewrite("what does Vance want", (Understood(Link.MEANS, "she", "Vance"),))


def test_number_and_kind_agree() -> None:
    past = "Berg saw the boats near the mill in Lund, and the driver."
    boats, mill, lund, driver = ("boats", "mill", "Lund", "driver")
    for question, needed, expected in [
        ("Were they old?", [mill, boats], "Were boats old?"),
        ("Was it old?", [boats, mill], "Was mill old?"),
        ("Was he old?", [mill, driver], "Was driver old?"),
        ("Was it old?", [driver, mill], "Was mill old?"),
        ("Who was there?", [lund], "Who was there? Lund"),
    ]:
        assert resolved(question, past, chosen(past, needed))[0] == expected


def test_an_answer_to_a_question_of_yes_or_no_is_no_referent() -> None:
    assert rewrites("Is it old?", [DOGS], model=Judge())[0].query == "Is it old? dogs allowed"


def test_without_history_nothing_is_asked_of_the_network() -> None:
    judge = Judge("Eiffel")
    assert queries("When was he born?", [], judge) == ("When was he born?",)
    assert queries("When was this written?", [WHO], judge) == ("When was this written?",)
    assert queries("Why?", [("", ""), (" ", "")], judge) == ("Why?",)
    assert judge.past == ""


def test_an_answer_gives_its_query_and_its_first_quote() -> None:
    document = Document("Koechlin designed it. It stands.")
    quote = Quote(document, 0, 21, Span(document, 0, 8), 0.9)
    turn = Answer("Who?", "Who designed the tower?", (quote,), 0.9)
    judge = Judge("Koechlin")
    assert queries("When was he born?", [WHO, turn], judge) == (
        "When was Koechlin born?",
        "When was he born?",
    )
    assert judge.past == SEPARATOR.join([*WHO, "Who designed the tower?", "Koechlin designed it."])


def test_a_name_that_answered_may_be_what_a_pronoun_is_for() -> None:
    document = Document("Some of them are from the Acme Works in Lund.")
    quote = Quote(document, 0, 45, Span(document, 22, 36), 0.9)  # "the Acme Works"
    turn = Answer("Who?", "Where are they from?", (quote,), 0.9)
    assert queries("Is it old?", [turn], Judge()) == ("Is Acme Works old?", "Is it old?")
    # The network's word comes first, and a question without a pronoun takes nothing else.
    assert queries("Is it old?", [turn], Judge("Lund"))[:-1] == (
        "Is Lund old?",
        "Is Acme Works old?",
    )
    assert queries("Why?", [turn], Judge()) == ("Why?",)
    assert "Is Acme Works old?" not in queries("Is it old?", [turn, WHO], Judge())


def test_of_a_long_quote_the_part_around_the_answer_is_told() -> None:
    document = Document("x " * 500 + "Eiffel" + " y" * 500)
    quote = Quote(document, 0, len(document.text), Span(document, 1000, 1006), 0.9)
    judge = Judge()
    queries("Why?", [Answer("Who?", "Who?", (quote,), 0.9)], judge)
    assert judge.past == "Who?" + SEPARATOR + document.text[1000 : 1000 + SAID_CHARS]


@pytest.mark.parametrize("item", ["Who?", ("Who?",), ("Who?", None), 3, None, ["a", "b", "c"]])
def test_an_item_that_is_no_turn_is_refused(item: object) -> None:
    with pytest.raises(ValueError, match="history holds Answers or"):
        queries("Why?", [WHO, item])  # type: ignore[list-item]


@pytest.mark.slow
@given(st.lists(st.tuples(st.text(), st.text()), max_size=5), st.text())
@settings(deadline=None)
def test_every_word_of_a_query_is_of_the_question_or_the_history(
    history: list[tuple[str, str]], question: str
) -> None:
    class All(Judge):
        def judge_terms(
            self, question: str, past: str, words: Sequence[tuple[int, int]]
        ) -> tuple[float, list[float]]:
            return 1.0, [1.0] * len(words)

    found = queries(question, history, All())
    said = " ".join([question, *(text for turn in history for text in turn)])
    assert 1 <= len(found) == len(set(found)) <= REWRITES
    for query in found:
        assert {term.stem for term in terms(query)} <= {term.stem for term in terms(said)}


@pytest.mark.slow
@given(st.lists(st.text(max_size=400), max_size=200))
def test_the_past_is_bounded_and_its_end_is_kept(said: list[str]) -> None:
    past = conversation(said)
    told = [one for one in said if one.strip()]
    assert len(past) <= PAST_CHARS
    assert SEPARATOR.join(told).endswith(past)


@pytest.mark.slow
def test_the_real_network_resolves_a_follow_up_and_leaves_a_new_topic_alone() -> None:
    history = [("Who is the Defense Secretary?", "Mark Esper")]
    assert queries("When was he born?", history)[0] == "When was Mark Esper born?"
    question = "How many people live in the largest city of Norway?"
    assert queries(question, history) == (question,)
    assert queries(question, history * 200) == (question,)

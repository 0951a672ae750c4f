"""A question leans on the past by its pronouns; those that stand for other things do not count."""

import pytest

from qa_bot.answering.cues import READ_CHARS, Cues, owns


def words(question: str) -> list[str]:
    return [found[0] for found in Cues(question).pronouns]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("When was he born?", ["he"]),
        ("Did they like it there?", ["they", "it", "there"]),
        ("Who won that?", ["that"]),
        # What was said or done is no thing.
        ("Who said that?", []),
        ("Who said that, and when?", []),
        ("Where did he say it?", ["he"]),
        ("Why did they do it?", ["they"]),
        ("When did that happen?", []),
        ("Did it open?", ["it"]),
        ("Did they know it was old?", ["they", "it"]),
        # Before a noun it is no pronoun, nor is "then".
        ("Who led that force then?", []),
        # Nothing is there.
        ("Is there a reason?", []),
        ("Why there are so many?", []),
        ("Who was there?", ["there"]),
        ("What happened there in June?", ["there"]),
        # A clause is opened.
        ("Which groups that are armed left?", []),
        ("Did Trump say that the war is over?", []),
        ("Who did that the next day?", ["that"]),
        # What it is follows.
        ("Is it true that the war is over?", []),
        ("Why was it so hard to stop him?", ["him"]),
        ("Is it a true story?", ["it"]),
        # The same question says what it is.
        ("What is taurine and why is it in drinks?", []),
        ("Tell me about feijoada and its history", []),
        ("And why is it in drinks?", ["it"]),
        ("Who met and shot him?", ["him"]),
        ("What did Bachmann do for her career?", []),
        ("Did Bachmann pay her?", ["her"]),
        ("Is the Eiffel tower his?", ["his"]),
        ("What did Iran do with their troops?", ["their"]),
        ("If you eat no meat, is it bad?", []),
        ("If it is, why?", ["it"]),
    ],
)
def test_pronouns_stand_for_something_said_before(question: str, expected: list[str]) -> None:
    assert words(question) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who led it?", "pronoun"),
        ("When was that?", "pronoun"),
        ("Who led that force?", "hint"),
        ("What happened then?", "hint"),
        ("And in Syria?", "hint"),
        ("What about Turkey and the other allies of the west?", "hint"),
        ("Who else was killed in the attack?", "hint"),
        ("How many more could follow in the next days?", "hint"),
        ("Who sent more soldiers to the border of Iraq?", "none"),
        ("Why not?", "hint"),
        ("What is anemia?", "none"),
        ("Who are the Huguenots?", "none"),
        ("Was there a response to the Table Conversations?", "none"),
        ("What are some interesting aspects of this article?", "none"),
    ],
)
def test_signs_of_leaning(question: str, expected: str) -> None:
    assert Cues(question).context == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is this article about?", True),
        ("Are there other aspects in this text?", True),
        ("What does this article say about him?", False),
        ("Who wrote the article?", False),
    ],
)
def test_a_question_about_this_article_is_about_nothing_else(question: str, expected: bool) -> None:
    assert Cues(question).points_at_article is expected


@pytest.mark.parametrize(
    ("question", "expected"), [("Who paid her?", False), ("Her name?", True), ("Its end?", True)]
)
def test_some_pronouns_say_whose_something_is(question: str, expected: bool) -> None:
    (pronoun,) = Cues(question).pronouns
    assert owns(pronoun) is expected


def test_what_a_question_begins_with_in_the_middle_is_cut() -> None:
    assert Cues("And what about Syria?").without_connective == "Syria?"
    assert Cues("Why not?").without_connective == "Why not?"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("When did that happen?", True),
        ("And when exactly did all of this begin?", True),
        ("how did it come about", True),
        ("On what day was that?", True),
        ("In which year did it take place", True),
        ("Why is this?", True),
        # It may be a thing, and that which has a name or a noun says itself what it is.
        ("Where is it?", False),
        ("When did that war begin?", False),
        ("When did that happen in Syria?", False),
        ("Who did that?", False),
        ("When was this written?", False),
        ("When did Iran say that?", False),
    ],
)
def test_an_event_is_asked_about_without_a_word_for_it(question: str, expected: bool) -> None:
    assert Cues(question).asks_of_event is expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Are dogs allowed?", True),
        ("And is it open?", True),
        ("Can you bring dogs?", True),
        ("Didn't he leave?", True),
        ("whether dogs are allowed", True),
        ("Dogs are allowed, aren't they?", True),
        ("So Trump wants war, right?", True),
        ("Did he leave when it rained?", True),
        ("Is it open or not?", True),
        # More than yes or no is asked for.
        ("Is it red or blue?", False),
        ("Can you tell me who left?", False),
        ("Could you give me the price?", False),
        ("Does it say when he left?", False),
        ("Is it known who did it?", False),
        ("Will Smith was born when?", False),
        ("Who is allowed?", False),
        ("What is it?", False),
        ("May 5", False),
        ("price of dogs", False),
    ],
)
def test_a_question_of_yes_or_no(question: str, expected: bool) -> None:
    assert Cues(question).asks_whether is expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Why?", "Why"),
        ("And why?", "why"),
        ("Why not?", "Why not"),
        ("How come?", "How come"),
        ("By whom?", "By whom"),
        ("How many?", "How many"),
        ("Since when?", "Since when"),
        ("When did that happen?", "When"),
        ("And on what day was that?", "on what day"),
        ("From which base?", "From which base"),
        ("How many soldiers?", "How many soldiers"),
        ("Which militia?", "Which militia"),
        ("Which militia was bombed?", ""),
        ("How many were killed?", ""),
        ("How many more?", ""),
        ("Who left?", ""),
        ("Why did he leave?", ""),
        ("What happened?", ""),
    ],
)
def test_what_continues_the_last_question(question: str, expected: str) -> None:
    assert Cues(question).continues == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What about the contractor?", "the contractor"),
        ("How about Oskar Brandt?", "Oskar Brandt"),
        ("And in Syria?", "in Syria"),
        ("and them?", "them"),
        ("And in May?", "in May"),
        ("And who left?", ""),
        ("And was it open?", ""),
        ("And the man that the two of them saw there?", ""),
        ("Syria?", ""),
    ],
)
def test_another_subject(question: str, expected: str) -> None:
    assert Cues(question).new_subject == expected


def test_more_of_what_was_counted() -> None:
    assert Cues("Will more follow?").more_of("boats") == "Will more boats follow?"
    assert Cues("Are there others?").more_of("boats") == "Are there more boats?"
    assert Cues("Will more boats follow?").more_of("boats") == ""
    assert Cues("Will more follow?").more_of("") == ""


def test_a_pronoun_may_be_for_all_that_was_said() -> None:
    asked = ["Was it on TV?", "Who decided this?", "Will that do?", "Who saw it there?", "Is he?"]
    assert [Cues(question).may_mean_all for question in asked] == [True, True, True, False, False]


def test_the_reason_of_what_was_answered() -> None:
    asked = ["And why?", "How come?", "Why did he?", "When?"]
    assert [Cues(question).asks_reason for question in asked] == [True, True, False, False]


def test_cues_are_looked_for_in_the_head_of_a_question() -> None:
    # Looked for in all of it, this took minutes at 100,000 characters.
    question = "Is it " + "tell " * READ_CHARS
    assert Cues(f"{question}who").asks_whether and not Cues("Is it tell who").asks_whether
    assert words(f"{question}him") == words(question) == ["it"]
    assert Cues(f"{question}Will more follow?").more_of("soldiers") == ""

"""The context of a passage, and the text that the models read."""

from qa_bot.context import context_of, outline, reading
from qa_bot.datatypes import Document, Mark, Passage, Place
from qa_bot.documents.content import Content
from qa_bot.documents.markdown import read_markdown
from qa_bot.sentences import sentences
from qa_bot.splitter import split

MANUAL = (
    "# Boats\n\nBoats float.\n\n## Fees\n\n"
    "| Item | Fee |\n|---|---|\n| oar | 2 crowns |\n| sail | |\n"
)


def document(content: Content) -> Document:
    return Document(content.text, marks=content.marks)


def passages(text: str, marks: tuple[Mark, ...] = ()) -> tuple[Passage, ...]:
    return split(Document(text, marks=marks), lambda words: len(words.split()), 50, 600)


def test_a_passage_knows_the_headings_above_it() -> None:
    manual = document(read_markdown(MANUAL))
    at = MANUAL.index
    assert context_of(manual, 0, 5) == ""
    assert context_of(manual, at("Boats float"), at("Boats float") + 5) == "Boats"
    assert context_of(manual, at("## Fees"), at("## Fees") + 7) == "Boats"
    assert context_of(manual, at("| oar"), at("| oar") + 6) == "Boats > Fees\nItem | Fee"


def test_headings_without_levels_follow_one_another() -> None:
    text = "Boats\n\nThey float.\n\nFees\n\nThey are high."
    marks = (Mark(0, "heading", "Boats"), Mark(text.index("Fees"), "heading", "Fees"))
    whole = Document(text, marks=marks)
    assert context_of(whole, text.index("They are"), len(text)) == "Fees"


def test_prose_without_headings_has_no_context_and_is_read_as_it_is() -> None:
    (passage,) = passages("The mill was sold. Nobody was hurt.")
    assert passage.context == ""
    assert reading(passage).text == passage.text
    assert reading(passage).own == ((0, len(passage.text), 0),)


def test_prose_is_read_below_its_context() -> None:
    whole = document(read_markdown(MANUAL))
    start = MANUAL.index("Boats float")
    read = reading(Passage(whole, start, start + 12, "Boats"))
    assert read.text == "Boats\n\nBoats float."
    assert read.place(7, 12) == (start, start + 5)


def test_each_cell_of_a_row_is_read_after_the_name_of_its_column() -> None:
    whole = document(read_markdown(MANUAL))
    start = MANUAL.index("| oar")
    read = reading(Passage(whole, start, start + len("| oar | 2 crowns |")))
    assert read.text == "Boats > Fees\n\nItem: oar; Fee: 2 crowns.\n"
    assert [read.text[a:b] for a, b in read.stretches] == ["oar", "2 crowns"]
    spans = [read.place(a, b) for a, b in read.stretches]
    assert [MANUAL[a:b] for a, b in spans] == ["oar", "2 crowns"]


def test_a_form_is_read_as_names_and_values() -> None:
    text = "| Name | Ida Brun |\n| Born | 1962 |\n| Trade | smith |"
    assert [reading(it).text for it in passages(text)] == [
        "Name: Ida Brun.\n",
        "Born: 1962.\n",
        "Trade: smith.\n",
    ]


def test_each_row_is_a_passage_and_a_sentence_whatever_is_in_it() -> None:
    text = (
        "The crew. It is small.\n\n| Who | What |\n"
        "| Mr. Bo. Or Ida | cook. Also mate |\n| Al | boy |\nThey sleep."
    )
    found = [it.text for it in passages(text)]
    assert found == [
        "The crew. It is small.\n\n| Who | What |",
        "| Mr. Bo. Or Ida | cook. Also mate |",
        "| Al | boy |",
        "They sleep.",
    ]
    cut = [text[start:end] for start, end in sentences(Document(text))]
    assert cut == ["The crew.", "It is small.", "| Who | What |", *found[1:]]


def test_a_row_in_quotation_marks_goes_over_lines() -> None:
    text = 'name,town,note\nIda,Sull,"tall.\n\nAnd loud"\nBo,Tarn,small\n'
    found = split(Document(text, source="x.csv"), lambda words: len(words.split()), 50, 600)
    assert [it.text for it in found] == [
        "name,town,note",
        'Ida,Sull,"tall.\n\nAnd loud"',
        "Bo,Tarn,small",
    ]
    assert reading(found[1]).text == "name: Ida; town: Sull; note: tall.\n\nAnd loud.\n"


def test_the_outline_is_made_once() -> None:
    whole = Document("| a | b | c |\n| d | e | f |")
    assert outline(whole) is outline(whole)


def test_the_place_of_a_row_names_headings_and_columns() -> None:
    whole = document(read_markdown(MANUAL))
    start = MANUAL.index("| oar")
    assert whole.place(start) == Place("", "Boats > Fees", "Item | Fee", "", 4)
    assert whole.place(MANUAL.index("## Fees")).heading == "Boats > Fees"
    assert Document("The mill.").place(0) == Place("", "", "", "", 1)


def test_the_place_of_a_row_names_the_part_of_its_table() -> None:
    text = "| Age | Fee |\n| Guests |\n| child | 9 |\n| adult | 20 |"
    assert Document(text).place(text.index("| adult")).table == "Guests: Age | Fee"


def test_the_place_of_what_is_said_names_the_speaker_who_is_not_in_the_quote() -> None:
    text = f"IDA: {'We rowed all day. ' * 20}\nBO: Yes.\nIDA: Then rest."
    assert Document(text).place(text.index("We rowed")).speaker == "IDA"
    assert Document(text).place(text.index("BO: Yes")).speaker == ""


def test_headings_of_one_level_follow_each_other_and_lower_ones_stand_below() -> None:
    text = "Harbour\n\nFees\n\nBoats\n\nNine.\n\nRules\n\nNone."
    levels = {"Harbour": 1, "Fees": 2, "Boats": 3, "Rules": 2}
    marks = tuple(Mark(text.index(it), "heading", it, level) for it, level in levels.items())
    whole = Document(text, marks=marks)
    assert whole.place(text.index("Nine")).heading == "Harbour > Fees > Boats"
    assert whole.place(text.index("None")).heading == "Harbour > Rules"


def test_cells_beyond_the_columns_are_of_a_table_within_the_last() -> None:
    text = "| Who | Fee |\n| Guest | adult | 20 crowns |\n| Guest | child | 9 crowns |"
    assert reading(passages(text)[1]).text == "Who: Guest; Fee: adult: 20 crowns.\n"

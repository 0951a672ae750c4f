"""The order in which a page is read: what its geometry says, not the order of the file."""

import random
from collections.abc import Sequence

import pytest

from qa_bot.documents.pdf.document import read_pdf
from qa_bot.documents.pdf.letters import clean
from tests.helpers.pdf_pages import Item, Rule, Text, column, make_pdf, row

LEFT = [
    "The tower of Ulm Skerry was put",
    "up in 1866 by a mason from the",
    "mainland, Jory Penn, who never",
    "went home. He kept a goat and a",
    "garden there, and wrote letters",
    "to the harbour board about the",
]
RIGHT = [
    "price of oil. In 1880 the board",
    "sent him a second keeper, whose",
    "name was Aud Lind. They did not",
    "speak to each other for as long",
    "as nine years, until a ship was",
    "wrecked on the skerry in March.",
]
BOTH = " ".join(LEFT + RIGHT)


def paragraphs(*pages: Sequence[Item]) -> list[str]:
    return read_pdf(make_pdf(*pages)).text.split("\n\n")


def columns(gap: float = 24, shift: float = 0) -> list[Text]:
    return [*column(*LEFT), *column(*RIGHT, x=50 + 6 * 31 + gap, y=700 + shift)]


@pytest.mark.parametrize("gap", [8, 12, 24, 60])
@pytest.mark.parametrize("shift", [0, 5, -7])
def test_columns_are_read_one_after_the_other_in_whatever_order_they_are_drawn(
    gap: float, shift: float
) -> None:
    items = columns(gap, shift)
    by_row = [item for pair in zip(items[:6], items[6:], strict=True) for item in pair]
    shuffled = random.Random(7).sample(items, len(items))
    for drawn in (items, items[::-1], items[6:] + items[:6], by_row, shuffled):
        assert paragraphs(drawn) == [BOTH]


def test_three_columns() -> None:
    items = [*columns(), *column(*(line.upper() for line in LEFT), x=470)]
    rows = sorted(items, key=lambda item: (-item.y, item.x))
    assert paragraphs(rows) == [BOTH, " ".join(LEFT).upper()]


def test_a_heading_over_both_columns_is_read_first_and_a_line_below_both_last() -> None:
    items = [Text("The lonely keepers", 130, 740, 18), *columns()]
    items.append(Text("Printed by the harbour board for those who visit the skerry.", 80, 560))
    assert paragraphs(items[::-1]) == [
        "The lonely keepers",
        BOTH,
        "Printed by the harbour board for those who visit the skerry.",
    ]


def test_a_page_number_between_the_columns_is_read_last() -> None:
    assert paragraphs([Text("7", 245, 40), *columns()]) == [BOTH, "7"]


@pytest.mark.parametrize("x", [5, 300])
@pytest.mark.parametrize("size", [7, 10])
def test_notes_in_a_margin_stand_apart(x: float, size: float) -> None:
    body = column(*LEFT, x=90)
    notes = [Text("a goat", x, 676, size), Text("oil", x, 640, size)]
    assert sorted(paragraphs([*body, *notes])) == sorted([" ".join(LEFT), "a goat", "oil"])


@pytest.mark.parametrize(
    ("initial", "first", "start"),
    [("T", "he tower of Ulm", "The tower of Ulm"), ("A", "tower of Ulm", "A tower of Ulm")],
)
def test_a_drop_cap_belongs_to_the_first_line(initial: str, first: str, start: str) -> None:
    text = [Text(first, 76, 700), Text("was put up, for the tower", 76, 688)]
    rest = column("of wood had burned in a night.", y=676)
    assert paragraphs([Text(initial, 50, 688, 30), *text, *rest]) == [
        f"{start} was put up, for the tower of wood had burned in a night."
    ]


def test_a_turned_table_is_read_after_the_upright_text() -> None:
    cells = [("Part", "Holds"), ("Tank", "9 litres"), ("Sump", "2 litres")]
    turned = [
        Text(cell, 300 + 20 * at, 100 + 150 * place, turned=True)
        for at, line in enumerate(cells)
        for place, cell in enumerate(line)
    ]
    assert paragraphs([*turned, Text("The engine of the light")]) == [
        "The engine of the light",
        "| Part | Holds |\n| Tank | 9 litres |\n| Sump | 2 litres |",
    ]


def test_letters_set_apart_are_words() -> None:
    assert paragraphs([Text("T H E   O L D   L A M P", size=14)]) == ["THE OLD LAMP"]


def test_section_numbers_and_bullets_stand_before_their_text() -> None:
    items = [Text("2.1", 50, 700, 14), Text("The lamp", 87, 700, 14)]
    items += [*row("1.", "Fill it.", y=660, width=30), *row("2.", "Light it.", y=648, width=30)]
    assert paragraphs(items) == ["2.1 The lamp", "1. Fill it.", "2. Light it."]


@pytest.mark.parametrize("mark", ["1 ", "* ", ""])
def test_a_footnote_does_not_interrupt_a_sentence_over_a_page(mark: str) -> None:
    note = Text(f"{mark}Penn told of it in a letter.", 50, 60, 7)
    (first, second) = paragraphs([*column(*LEFT), note], [*column(*RIGHT)])
    assert first == BOTH
    assert second == note.text


def test_a_table_does_not_interrupt_a_sentence() -> None:
    table = [*row("Year", "Ships", y=700), *row("1880", "14", y=688)]
    assert paragraphs([*column(*LEFT)], [*table, *column(*RIGHT, y=640)]) == [
        BOTH,
        "| Year | Ships |\n| 1880 | 14 |",
    ]


def test_notes_in_a_margin_do_not_interrupt_a_sentence_over_a_page() -> None:
    body = [column(*LEFT, x=150), column(*RIGHT, x=150)]
    notes = [Text("the goat", 50, 664, 8), Text("the oil", 50, 700, 8)]
    first, *rest = paragraphs([notes[0], *body[0]], [notes[1], *body[1]])[::-1]
    assert sorted([first, *rest]) == sorted(["the goat", BOTH, "the oil"])


def test_text_beside_the_page_is_not_read() -> None:
    assert paragraphs([Text("Seen."), Text("Not seen.", 700), Text("Nor this.", 50, -30)]) == [
        "Seen."
    ]


def test_soft_hyphens_are_not_in_the_text() -> None:
    assert clean("The light\xadhouse of the is\xad land") == "The lighthouse of the island"
    assert clean("a land\xad") == "a land\xad"  # the next line may go on with the word


# ---- tables


TABLE = [("Ship", "Captain", "Load"), ("Alba", "Nora Finch", "salt"), ("Borea", "Ulf Kranz", "tar")]
ROWS = "| Ship | Captain | Load |\n| Alba | Nora Finch | salt |\n| Borea | Ulf Kranz | tar |"


@pytest.mark.parametrize("pitch", [12, 18, 30])
def test_cells_drawn_column_by_column_make_rows(pitch: float) -> None:
    items = [
        Text(line[at], 50 + 150 * at, 700 - pitch * down)
        for at in range(3)
        for down, line in enumerate(TABLE)
    ]
    assert paragraphs(items) == [ROWS]


def test_numbers_lined_up_on_the_right_and_empty_cells() -> None:
    prices = [("Rope", "9"), ("Lamp oil", "1,250"), ("", "1,259")]
    items = [Text("Goods", 50, 700), Text("Price in crowns", 150, 700)]
    for at, (name, price) in enumerate(prices):
        items.append(Text(price, 240 - 6 * len(price), 682 - 18 * at))
        items += [Text(name, 50, 682 - 18 * at)] if name else []
    assert paragraphs(items) == [
        "| Goods | Price in crowns |\n| Rope | 9 |\n| Lamp oil | 1,250 |\n|  | 1,259 |"
    ]


@pytest.mark.parametrize("middle", [0, -6])
@pytest.mark.parametrize("padding", [0, 8])
def test_a_wrapped_cell_belongs_to_its_row(middle: float, padding: float) -> None:
    second = 664 - padding
    items = [
        *row("Ship", "Captain", "Load", y=700),
        *row("Alba", "Nora Finch", y=688 - padding + middle),
        *column("salt and", "a piano", x=350, y=688 - padding),
        *row("Borea", "Ulf Kranz", "tar", y=second - padding),
    ]
    assert paragraphs(items) == [
        "| Ship | Captain | Load |\n| Alba | Nora Finch | salt and a piano |\n"
        "| Borea | Ulf Kranz | tar |"
    ]


def test_rules_part_the_rows_where_cells_of_all_columns_are_wrapped() -> None:
    items: list[Item] = [*row("Ship", "Captain", y=700), Rule(50, 696, 260)]
    items += [*row("The old", "Nora Finch", y=684), *row("Alba", "of Hull", y=672)]
    items += [Rule(50, 668, 260), *row("Borea", "Ulf Kranz", y=656), Rule(50, 652, 260)]
    items += [*row("Cinna", "Rhea", y=640), Text("Moss", 200, 628), Rule(50, 624, 260)]
    assert paragraphs(items) == [
        "| Ship | Captain |\n| The old Alba | Nora Finch of Hull |\n| Borea | Ulf Kranz |\n"
        "| Cinna | Rhea Moss |"
    ]


def test_a_table_goes_on_on_the_next_page_without_its_header() -> None:
    header, *rows = TABLE
    first = [*row(*header, y=100), *row(*rows[0], y=88), Text("1 As told.", 50, 40, 7)]
    second = [*row(*header, y=760), *row(*rows[1], y=748)]
    assert paragraphs([*column(*LEFT[:5], "to us."), *first], second) == [
        " ".join([*LEFT[:5], "to us."]),
        ROWS,
        "1 As told.",
    ]


def test_text_in_columns_beside_a_table_stays_text() -> None:
    items = [*row(*TABLE[0], y=700, width=70), *row(*TABLE[1], y=688, width=70)]
    items += [*row(*TABLE[2], y=676, width=70), *column(*RIGHT, x=260)]
    assert paragraphs(items) == [ROWS, " ".join(RIGHT)]


def test_a_wide_gap_between_two_words_of_prose_is_no_column() -> None:
    items = column(*LEFT)
    items[2:3] = [Text("mainland,", 50, 676), Text("Jory Penn, who never", 116, 676)]
    assert paragraphs(items) == [" ".join(LEFT)]


def justified(line: str, y: float, width: float) -> list[Text]:
    """Return the words of a line of a column at x = 50, set to its width by equal gaps."""
    words = line.split()
    gap = (width - 6 * sum(map(len, words))) / (len(words) - 1)
    lefts = [50 + at * gap + 6 * sum(map(len, words[:at])) for at in range(len(words))]
    return [Text(word, left, y) for word, left in zip(words, lefts, strict=True)]


@pytest.mark.parametrize("pitch", [12, 17])
def test_a_table_in_one_of_two_columns_has_rows(pitch: float) -> None:
    table = [
        item for at, cells in enumerate(TABLE) for item in row(*cells, y=603 - pitch * at, width=70)
    ]
    beside = column(*RIGHT, *(line.replace(".", "") for line in LEFT), *RIGHT, x=270)
    end = "Since then the skerry is empty."
    items = [*column(*LEFT[:4], "garden there, and wrote letters", "to us."), *table, *beside]
    items.append(Text(end, 50, 540))
    text = " ".join([*LEFT[:5], "to us."])
    right = " ".join([*RIGHT, *(line.replace(".", "") for line in LEFT), *RIGHT])
    for drawn in (items, random.Random(7).sample(items, len(items))):
        first, table_text, *rest = paragraphs(drawn)
        assert (first, table_text, " ".join(rest)) == (text, ROWS, f"{end} {right}")


@pytest.mark.parametrize(
    "lines", [["went home. He kept a"], ["wenthome Hekept"], ["a goat", "b it"]]
)
def test_lines_set_to_the_width_of_their_column_are_no_table(lines: list[str]) -> None:
    before = ["The tower of Ulm Skerry was put", "up in 1866 by a mason from them"]
    after = ["garden there, and wrote letters", "to the harbour board of Hull in"]
    items: list[Text] = column(*before)
    for at, line in enumerate(lines, start=2):
        items += justified(line, 700 - 12 * at, 31 * 6)
    items += column(*after, y=676 - 12 * len(lines))
    assert paragraphs(items) == [" ".join([*before, *lines, *after])]


def test_cells_as_close_as_words_are_cut_where_those_above_and_below_begin() -> None:
    items: list[Text] = []
    for at, cells in enumerate([("Ship", "Built"), ("Alba", "1880"), ("Borealis", "1901")]):
        items += row(*cells, y=700 - 14 * at, width=53)
    items += row("Juno", "1777", y=658, width=53)
    assert paragraphs(items) == [
        "| Ship | Built |\n| Alba | 1880 |\n| Borealis | 1901 |\n| Juno | 1777 |"
    ]


def test_cells_at_half_the_height_of_a_wrapped_cell_belong_to_its_row() -> None:
    items: list[Text] = []
    for at, (ship, captain) in enumerate(
        [("Alba", "Finch"), ("Borea", "Kranz"), ("Cinna", "Moss")]
    ):
        y = 700 - 34 * at
        items += [*column("salt and", "a piano", x=350, y=y), *row(ship, captain, y=y - 6)]
    assert paragraphs(items) == [
        "| Alba | Finch | salt and a piano |\n| Borea | Kranz | salt and a piano |\n"
        "| Cinna | Moss | salt and a piano |"
    ]


def test_a_line_over_both_columns_far_below_does_not_part_them() -> None:
    long = [*RIGHT, *(line.upper() for line in LEFT)]
    short = [Text(line, 50, 640 - 12 * at) for at, line in enumerate(LEFT[:3])]
    items = [*column("The tower is old."), *short, *column(*long, x=260)]
    items.append(Text("Printed by the harbour board for those who visit the skerry.", 50, 60))
    left = " ".join(["The tower is old.", *LEFT[:3], *RIGHT])
    assert " ".join(paragraphs(items)).startswith(left)


WIDE = [
    ("Year", "Day", "Wind", "Damage to the mole"),
    ("1895", "2 April", "west", "none that anybody wrote down"),
    ("1897", "9 March", "north", "two boats and the third gauge"),
    ("1899", "3 March", "north", "forty metres of wall"),
]


def test_a_column_of_long_cells_is_no_prose_and_a_caption_no_cell() -> None:
    items = [Text("Table 2: Highest tides by year.", 120, 712)]
    items += [
        item for at, cells in enumerate(WIDE) for item in row(*cells, y=700 - 12 * at, width=70)
    ]
    items += [*column(*LEFT, y=600), *column(*RIGHT, x=260, y=600)]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in WIDE)
    assert paragraphs(items) == ["Table 2: Highest tides by year.", table, BOTH]


def test_a_rule_under_the_header_does_not_join_the_rows_below() -> None:
    items: list[Item] = [Rule(50, 711, 450), Rule(50, 697, 450), Rule(50, 661, 450)]
    items += [item for at, cells in enumerate(WIDE) for item in row(*cells, y=700 - 12 * at)]
    items.append(Text("Salt", 500, 652))
    assert paragraphs(items)[0].startswith(
        "\n".join(f"| {' | '.join(cells)} |" for cells in WIDE[:3])
    )


def test_a_number_like_that_of_a_section_is_a_cell() -> None:
    gauges = [
        ("Mole", "4.20", "Sven Olt"),
        ("Guild", "3.95", "Ida Quist"),
        ("Reef", "4.05", "Farr"),
    ]
    items = [
        Text(cell, x, 700 - 12 * at)
        for at, cells in enumerate(gauges)
        for cell, x in zip(cells, (50, 120, 156), strict=True)
    ]
    assert paragraphs(items) == ["\n".join(f"| {' | '.join(cells)} |" for cells in gauges)]

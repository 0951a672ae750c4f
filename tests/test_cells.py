"""Tables in texts: which lines are rows, the names of the columns, the positions of the cells."""

import pytest

from qa_bot.cells import Table, find_tables

SHOP = "Our shop.\n\n| Item | Price |\n| rope | 9 crowns |\n| sail | 75 crowns |\n\nOpen daily."


def rows(text: str, table: Table) -> list[list[str]]:
    return [
        [text[start:end] for start, end in table.cells(text, row)]
        for row in range(len(table.starts))
    ]


def read(text: str, source: str = "") -> list[tuple[tuple[str, ...], list[list[str]]]]:
    return [(table.header, rows(text, table)) for table in find_tables(text, source)]


def test_lines_in_pipes_are_a_table() -> None:
    expected = (("Item", "Price"), [["rope", "9 crowns"], ["sail", "75 crowns"]])
    assert read(SHOP) == [expected]
    assert read(SHOP.replace("\n", "\r\n")) == [expected]
    assert read(SHOP.replace("\n", "\r")) == [expected]


def test_a_table_as_markdown_writes_it() -> None:
    text = "Item | Stock\n:--- | ---:\nrope | 40 m\ntar \\| pitch | none\n"
    assert read(text) == [(("Item", "Stock"), [["rope", "40 m"], ["tar \\| pitch", "none"]])]


def test_a_row_of_one_cell_names_a_part_of_the_table() -> None:
    text = (
        "| Fees |\n| Age | Fee |\n| Guests |\n| child | 9 |\n| adult | 20 |\n"
        "| Members |\n| child | 5 |"
    )
    found = find_tables(text)
    assert [(it.label, it.header, rows(text, it)) for it in found] == [
        ("Guests", ("Age", "Fee"), [["child", "9"], ["adult", "20"]]),
        ("Members", ("Age", "Fee"), [["child", "5"]]),
    ]


def test_a_header_of_two_rows_and_one_that_is_repeated() -> None:
    text = (
        "| Boat | Fare | Fare |\n| Boat | child | adult |\n| Tern | 3 | 6 |\n"
        "| Skua | 4 | 8 |\n| Boat | Fare | Fare |\n| Gull | 5 | 9 |"
    )
    ((header, found),) = read(text)
    assert header == ("Boat", "Fare child", "Fare adult")
    assert found[0] == ["Tern", "3", "6"]


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("| Name | Ida Brun |\n| Born | 1962 |\n| Trade | smith |", ()),
        ("| Alma | 34 | Sull |\n| Boris | 51 | Tarn |", ()),
        ("| Town | 2019 | 2020 |\n| Sull | 410 | 395 |", ("Town", "2019", "2020")),
        ("| | Monday | Sunday |\n| Pool | 7 to 20 | closed |", ("", "Monday", "Sunday")),
        ("| Day | Event |\n| Friday | concert |", ("Day", "Event")),
    ],
)
def test_which_row_names_the_columns(text: str, header: tuple[str, ...]) -> None:
    (table,) = find_tables(text)
    assert table.header == header
    assert len(table.starts) == text.count("\n") + (not header)


def test_a_delimited_file() -> None:
    text = 'name;town;note\nIda Brun;Sull;"tall; and\nloud"\n"Bo ""Ox"" Hald";Tarn;\n'
    ((header, found),) = read(text, "people.csv")
    assert header == ("name", "town", "note")
    assert found == [["Ida Brun", "Sull", "tall; and\nloud"], ['Bo ""Ox"" Hald', "Tarn", ""]]


def test_a_named_file_may_have_a_title_and_ragged_rows() -> None:
    text = "Prices of May\n\nitem\tprice\nrope\t9\nsail\t75\textra\nbuoy\t30\n"
    ((header, found),) = read(text, "prices.TSV")
    assert header == ("item", "price")
    assert found == [["rope", "9"], ["sail", "75", "extra"], ["buoy", "30"]]


def test_columns_in_a_text_file_are_a_table_when_a_header_names_them() -> None:
    assert read("name,age\nIda,34\nBo,51\n") == [(("name", "age"), [["Ida", "34"], ["Bo", "51"]])]


@pytest.mark.parametrize(
    "text",
    [
        "1,2,3\n4,5,6\n7,8,9\n",  # numbers that nothing names
        "10 20 30\n11 21 31\n12 22 32\n",
        "We came, we saw.\nThey left, we stayed.\nIt rained, it snowed.\n",
        "Dear Ida,\nthe boat has sunk,\nand so has the other.\n",
        "Either | or.\nThen nothing else.",
        "one line | alone",
        "",
    ],
)
def test_what_is_no_table(text: str) -> None:
    assert find_tables(text) == []

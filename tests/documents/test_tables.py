"""Rows of a table have all their cells, with spanning cells repeated."""

from qa_bot.documents.tables import MAX_COLUMNS, Cell, spread, table_lines


def test_spanning_cells_stand_in_all_that_they_span() -> None:
    rows = [
        [Cell("A", rows=2), Cell("B", columns=2)],
        [Cell("c"), Cell("d")],
        [Cell("1"), Cell("2", rows=9), Cell("3")],
        [Cell("4"), Cell("5")],
    ]
    assert spread(rows) == [["A", "B", "B"], ["A", "c", "d"], ["1", "2", "3"], ["4", "2", "5"]]


def test_the_title_of_a_part_stands_once_and_blank_rows_are_left_out() -> None:
    rows = [[Cell("Spring", columns=3)], [Cell(""), Cell("")], [Cell("a"), Cell(""), Cell("b")]]
    assert table_lines(rows) == ["| Spring |", "| a |  | b |"]


def test_lines_side_by_side_are_rows_and_others_are_not() -> None:
    head = [Cell("Who\n(age)"), Cell("Toll\n(öre)"), Cell("Day")]
    aligned = [Cell("Adult\nChild"), Cell("2\n1"), Cell("Friday")]
    uneven = [Cell("Adult\nChild"), Cell("free"), Cell("Sunday")]
    long = [Cell("a\n" + "b" * 61), Cell("2\n1"), Cell("Monday")]
    spanning = [Cell("Adult\nChild", columns=2), Cell("Tuesday")]
    assert table_lines([head, aligned, uneven, long, spanning]) == [
        "| Who (age) | Toll (öre) | Day |",
        "| Adult | 2 | Friday |",
        "| Child | 1 | Friday |",
        "| Adult Child | free | Sunday |",
        f"| a {'b' * 61} | 2 1 | Monday |",
        "| Adult Child | Adult Child | Tuesday |",
    ]


def test_a_long_cell_stands_once() -> None:
    assert spread([[Cell("x" * 201, columns=2, rows=2)], []]) == [["x" * 201, ""], ["", ""]]


def test_a_span_made_to_fill_the_memory_does_not() -> None:
    rows = [[Cell("x" * 100, columns=10_000, rows=10_000)], *[[Cell("y", columns=10_000)]] * 500]
    texts = spread(rows)
    assert {len(row) for row in texts} == {MAX_COLUMNS, MAX_COLUMNS + 1}
    assert sum(len(text) for row in texts for text in row) < 20_000

"""The commands: what they print, and exit codes that scripts can use."""

import io
import json
from pathlib import Path

import pytest

from qa_bot.bot import shipped_index
from qa_bot.cli import main
from qa_bot.commands import print_report
from qa_bot.report import Report
from qa_bot.store.index import stored_settings

Printed = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An index of two small articles."""
    (tmp_path / "harbour.txt").write_text("date 2021-05-01 The harbour master is called Anna Berg.")
    (tmp_path / "light.md").write_text("# The lighthouse\n\nThe lighthouse was painted green.")
    made = tmp_path / "made"
    assert (
        main(
            [
                "index",
                str(tmp_path / "harbour.txt"),
                str(tmp_path / "light.md"),
                "--index",
                str(made),
            ]
        )
        == 0
    )
    return made


def test_ask_answers_about_the_shipped_article(capsys: Printed) -> None:
    assert main(["ask", "Who", "is", "the", "Defense", "Secretary?"]) == 0
    assert "Mark Esper" in capsys.readouterr().out


@pytest.mark.slow
def test_ask_says_when_the_article_does_not_say(capsys: Printed) -> None:
    assert main(["ask", "What is the recipe for apple pie?"]) == 1
    assert "does not say" in capsys.readouterr().out


@pytest.mark.slow
def test_ask_as_json(capsys: Printed) -> None:
    assert main(["ask", "--json", "When was this written?"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["quotes"][0]["highlight"]["text"] == "2020-01-01"


@pytest.mark.slow
def test_chat_keeps_the_conversation(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "sys.stdin", io.StringIO("Who is the Defense Secretary?\n?\nWhat did he order?")
    )
    assert main(["chat", "--json"]) == 0
    first, complaint, second = capsys.readouterr().out.splitlines()
    assert json.loads(first)["query"] == "Who is the Defense Secretary?"
    assert "no words" in complaint
    assert "Esper" in json.loads(second)["query"]


@pytest.mark.slow
def test_index_list_ask_remove(folder: Path, capsys: Printed) -> None:
    assert main(["list", "--index", str(folder), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {(d["title"], d["metadata"].get("date")) for d in listed} == {
        ("harbour", "2021-05-01"),
        ("The lighthouse", None),
    }
    assert main(["ask", "--index", str(folder), "What is the harbour master called?"]) == 0
    assert "Anna Berg" in capsys.readouterr().out
    harbour = next(d["id"] for d in listed if d["title"] == "harbour")
    assert main(["remove", harbour[:8], "--index", str(folder)]) == 0
    assert capsys.readouterr().out == f"removed {harbour[:12]}  harbour\n"
    assert main(["list", "--index", str(folder)]) == 0
    assert "harbour" not in capsys.readouterr().out.replace(str(folder.parent), "").replace(
        "harbour.txt", "harbour"
    )


@pytest.mark.slow
def test_ask_and_chat_about_one_article(
    folder: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["list", "--index", str(folder), "--json"])
    listed = json.loads(capsys.readouterr().out.splitlines()[-1])
    ids = {document["title"]: document["id"] for document in listed}
    light = ["--index", str(folder), "--json", "--document", ids["The lighthouse"][:12]]
    main(["ask", "What is the harbour master called?", *light])
    assert "Anna Berg" not in capsys.readouterr().out
    harbour = ["--document", ids["harbour"][:12]]
    assert main(["ask", "What is the harbour master called?", *light, *harbour]) == 0
    assert "Anna Berg" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO("What is the harbour master called?"))
    assert main(["chat", *light]) == 0
    assert "Anna Berg" not in capsys.readouterr().out
    assert main(["ask", "Who?", "--index", str(folder), "--document", "zz"]) == 2
    assert "no document has an id that begins with 'zz'" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["index", "x.txt"], ["remove", "abcd"]])
def test_the_shipped_index_is_not_written_to(command: list[str], capsys: Printed) -> None:
    assert main([*command, "--index", str(shipped_index())]) == 2
    assert "shipped index cannot be changed" in capsys.readouterr().err


def test_remove_wants_one_article(folder: Path, capsys: Printed) -> None:
    assert main(["remove", "", "--index", str(folder)]) == 2
    assert "2 documents have an id that begins with ''" in capsys.readouterr().err
    assert main(["remove", "zz", "--index", str(folder)]) == 2
    assert "no document has an id that begins with 'zz'" in capsys.readouterr().err


@pytest.mark.slow
def test_rebuild_mends_a_damaged_index(folder: Path, capsys: Printed) -> None:
    (vectors,) = folder.glob("vectors-*")
    vectors.write_bytes(b"damaged")
    assert main(["ask", "Who?", "--index", str(folder)]) == 2
    assert f"qa-bot index --rebuild --index {folder}" in capsys.readouterr().err
    assert main(["index", "--rebuild", "--index", str(folder)]) == 0
    assert main(["ask", "What is the harbour master called?", "--index", str(folder)]) == 0


@pytest.mark.slow
def test_an_index_keeps_its_settings_unless_told_otherwise(
    folder: Path, tmp_path: Path, capsys: Printed
) -> None:
    (tmp_path / "new.txt").write_text("The ferry leaves at noon.")
    assert main(["index", "--rebuild", "--index", str(folder), "--passage-chars", "300"]) == 0
    assert main(["index", str(tmp_path / "new.txt"), "--index", str(folder)]) == 0
    assert capsys.readouterr().out.endswith("3 documents, 3 passages\n")
    assert main(["index", "--rebuild", "--index", str(folder)]) == 0
    assert stored_settings(folder)["passage_chars"] == 300
    assert main(["index", "--index", str(folder), "--passage-chars", "99", __file__]) == 2
    assert "built with passage_chars 300, not 99" in capsys.readouterr().err


def test_index_wants_something_to_read(tmp_path: Path, capsys: Printed) -> None:
    assert main(["index", "--index", str(tmp_path / "made")]) == 2
    assert "name files or folders to read" in capsys.readouterr().err


def test_what_cannot_be_read_stops_everything_unless_it_is_skipped(
    tmp_path: Path, capsys: Printed
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("The mill is green.")
    (tmp_path / "in" / "empty\x1b.txt").write_text("")
    made = tmp_path / "made"
    command = ["index", str(tmp_path / "in"), "--index", str(made)]
    assert main(command) == 2
    assert "is empty" in capsys.readouterr().err and not made.exists()
    assert main([*command, "--skip-errors"]) == 3
    said = capsys.readouterr()
    assert said.out == f"{made}: 1 document, 1 passage\n"
    (line,) = said.err.splitlines()
    assert line.startswith(f"qa-bot: skipped: '{tmp_path}/in/empty\\x1b.txt' is empty: ")
    (tmp_path / "in" / "a.txt").unlink()
    assert main([*command, "--skip-errors"]) == 2
    assert "qa-bot: nothing can be read: " in capsys.readouterr().err


def test_skipping_errors_where_there_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The mill is green.")
    made = str(tmp_path / "made")
    assert main(["index", str(tmp_path / "a.txt"), "--index", made, "--skip-errors"]) == 0


def test_what_of_a_file_was_left_out_is_told(capsys: Printed) -> None:
    print_report(Report("a\n\x1b.pdf", notes=("2 of 3 pages have no text.", "Forms.")))
    print_report(Report("b.txt", words=3))
    assert capsys.readouterr().err == (
        "qa-bot: a ␛.pdf: 2 of 3 pages have no text.\nqa-bot: a ␛.pdf: Forms.\n"
    )


def test_an_article_is_given_a_title(tmp_path: Path, capsys: Printed) -> None:
    (tmp_path / "a.txt").write_text("date 2021-05-01 The ferry leaves at noon.")
    (tmp_path / "b.txt").write_text("The harbour is closed.")
    made = ["--index", str(tmp_path / "made")]
    assert main(["index", str(tmp_path / "a.txt"), "--title", " The ferry ", *made]) == 0
    capsys.readouterr()
    assert main(["list", "--json", *made]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["title"], listed["metadata"]) == ("The ferry", {"date": "2021-05-01"})
    assert main(["index", str(tmp_path), "--title", "Both", *made]) == 2
    assert "a title is for one document, but 2 were read" in capsys.readouterr().err
    assert main(["index", str(tmp_path / "b.txt"), "--title", " ", *made]) == 2
    assert "a title needs words" in capsys.readouterr().err

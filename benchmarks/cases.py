"""Files of many kinds: is each read, is its text complete, are questions about it answered?"""

import argparse
import json
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from qa_bot.bot import Bot
from qa_bot.datatypes import Answer, Document
from qa_bot.documents.loader import load_file
from qa_bot.errors import ArticleError
from qa_bot.models.embedder import load_embedder

CASES = "cases.json"  # in the folder of the files
README = Path(__file__).parent.parent / "README.md"
ENGLISH_ONLY = "English only"

_LOOKS_ALIKE = str.maketrans("‘’“”", "''\"\"")

# a document -> a function that answers about it
Asker = Callable[[Document], Callable[[str], Answer]]


@dataclass(frozen=True, slots=True)
class Case:
    """A file, and the requirements on it.

    ``right`` says it in words: of a file that must not be read, that it is refused. The text of any
    other holds each of ``holds`` and none of ``never``, and the first quote of the answer to each
    question of ``ask`` holds the words that stand beside it.
    """

    file: str
    right: str
    holds: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    ask: tuple[tuple[str, str], ...] = ()

    @property
    def must_be_refused(self) -> bool:
        """Whether the file must not be read."""
        return self.right.lower().startswith("refused")

    @property
    def readme_will_do(self) -> bool:
        """Whether "other languages are not read" in the README excuses a missing answer."""
        return f"README says {ENGLISH_ONLY}" in self.right

    @property
    def refusal_is_right(self) -> bool:
        """Whether the file may be refused: its requirements hold for a refused file too."""
        nothing_asked = not (self.holds or self.never or self.ask)
        return self.must_be_refused or (nothing_asked and self.right.startswith("already right"))


def load_cases(folder: Path) -> list[Case]:
    """Read the cases of a folder."""
    rows = json.loads((folder / CASES).read_text("utf-8"))
    return [
        Case(
            row["file"],
            row["right"],
            tuple(row.get("holds", ())),
            tuple(row.get("never", ())),
            tuple((question, words) for question, words in row.get("ask", ())),
        )
        for row in rows
    ]


def faults(
    case: Case, folder: Path, asker: Asker, read: Callable[[Path], Document] = load_file
) -> list[str]:
    """Return a line for each requirement that a case fails; ``read`` reads the file."""
    try:
        document = read(folder / case.file)
    except ArticleError as error:
        return [] if case.refusal_is_right else [f"not read: {error}"]
    if case.must_be_refused:
        return ["read, though it must be refused"]
    lacks = [f"lacks {words!r}" for words in case.holds if words not in document.text]
    has = [f"has {words!r}" for words in case.never if words in document.text]
    if not case.ask or (case.readme_will_do and ENGLISH_ONLY in README.read_text("utf-8")):
        return lacks + has
    answer = asker(document)
    return lacks + has + list(_wrong(case.ask, answer))


def _wrong(ask: Iterable[tuple[str, str]], answer: Callable[[str], Answer]) -> Iterable[str]:
    for question, words in ask:
        given = answer(question)
        if not given.found:
            yield f"{question} -> {words!r}, but nothing is quoted ({given.confidence:.2f})"
        elif _plain(words) not in _plain(given.quotes[0].text):
            yield f"{question} -> {words!r}, but {given.quotes[0].text!r:.300}"


def _plain(text: str) -> str:
    """Return a text without invisible characters, for comparison."""
    composed = unicodedata.normalize("NFC", text.translate(_LOOKS_ALIKE))
    seen = "".join(letter for letter in composed if unicodedata.category(letter) != "Cf")
    return " ".join(seen.split())


def to_text(cases: Sequence[Case], found: Sequence[Sequence[str]]) -> str:
    """Return the share of cases that pass, and the failures, for a terminal."""
    failing = [(case, lines) for case, lines in zip(cases, found, strict=True) if lines]
    questions = sum(len(case.ask) for case in cases)
    wrong = sum(" -> " in line for _, lines in failing for line in lines)
    lines = [f"{case.file}\n" + "\n".join(f"    {line}" for line in it) for case, it in failing]
    right = len(cases) - len(failing)
    share = f"{right / len(cases):.1%}" if cases else "-"
    lines.append(f"{right} of {len(cases)} cases right ({share})")
    lines.append(f"{questions - wrong} of {questions} questions answered rightly")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Check the cases of a folder and print the failures; the exit code is 1 if there are any."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cases", description=__doc__)
    parser.add_argument("folder", type=Path, help=f"a folder of files with a {CASES}")
    args = parser.parse_args(argv)
    cases = load_cases(args.folder)
    embedder = load_embedder()

    def asker(document: Document) -> Callable[[str], Answer]:
        return Bot.from_documents([document], embedder=embedder).answer

    shown = tqdm(cases, unit="case", disable=None)
    found = [faults(case, args.folder, asker) for case in shown]
    print(to_text(cases, found))
    return int(any(found))


if __name__ == "__main__":
    raise SystemExit(main())

"""The API of the page for programs: one endpoint, ``answer``, which mcp_server.py offers too."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import gradio as gr
from gradio.events import api

from qa_bot.bot import Bot
from qa_bot.datatypes import Link, Understood
from qa_bot.errors import QABotError

MCP_PATH = "/gradio_api/mcp/"  # where mcp_server.py serves
MAX_CONCURRENT = 4  # questions from programs answered at the same time; others wait

Pairs = list[list[str]]  # (question, answer text) each, oldest first
UnderstoodItems = list[dict[str, str]]  # as in the "understood" of an answer
AnswerAsJson = Callable[[str, Pairs | None, UnderstoodItems | None], dict[str, Any]]


def add_api(bot: Bot) -> None:
    """Add the endpoint ``answer`` about the bot's documents to the page that is being built."""
    api(make_answer(bot), api_name="answer", queue=False, concurrency_limit=MAX_CONCURRENT)


def check_mcp(package: str = "mcp") -> None:
    """Raise QABotError if the package for an MCP server is not installed."""
    if find_spec(package) is None:
        raise QABotError(
            "the MCP server needs more packages: run: python -m pip install 'qa-bot[mcp]'"
        )


def make_answer(bot: Bot) -> AnswerAsJson:
    """Return the function that programs call; Gradio documents it from its docstring."""

    def answer(
        question: str,
        history: list[list[str]] | None = None,
        without: list[dict[str, str]] | None = None,
    ) -> dict[str, Any]:
        """Answer a question about the documents with quotes from them, word for word.

        Nothing is made up. The level is "found", "perhaps" (nothing is quoted, but the passages
        in "closest" may answer) or "not said".

        Args:
            question: The question, in plain words.
            history: The conversation so far, oldest first: a pair [question, answer] for each turn.
            without: To ask a follow-up again, items of "understood" that were not meant.

        Returns:
            The words that answer (text), how sure that is (confidence, 0 to 1), and the quotes.
        """
        try:
            return answer_json(bot, question, history, without)
        except (QABotError, ValueError) as error:
            raise gr.Error(str(error), print_exception=False) from error

    return answer


def answer_json(
    bot: Bot, question: object, history: object = None, without: object = None
) -> dict[str, Any]:
    """Return an Answer as JSON; raises QABotError, and ValueError for arguments of other types."""
    not_meant = _not_meant(without)
    return bot.answer(_check_question(question), _history(history), without=not_meant).to_dict()


def _check_question(question: object) -> str:
    if not isinstance(question, str):
        raise ValueError(f"a question must be a string, not {type(question).__name__}")
    return question


def _history(history: object) -> list[tuple[str, str]]:
    """Return a conversation in the form that Bot.answer takes; raises ValueError if impossible."""
    if history is None:
        return []
    if not isinstance(history, list):
        raise ValueError("history must be a list of pairs [question, answer]")
    turns = []
    for pair in history:
        match pair:
            case [str(question), str(answer)]:
                turns.append((question, answer))
            case _:
                raise ValueError(f"history must have pairs [question, answer], not {pair!r:.80}")
    return turns


def _not_meant(without: object) -> list[Understood]:
    """Return items of an answer's "understood" as Bot.answer takes them; raises ValueError."""
    if without is None:
        return []
    if not isinstance(without, list):
        raise ValueError('without must be a list of items of an answer\'s "understood"')
    return [_understood(item) for item in without]


def _understood(item: object) -> Understood:
    match item:
        case {"kind": str(kind), "word": str(word), "meaning": str(meaning)} if kind in [*Link]:
            return Understood(Link(kind), word, meaning)
        case _:
            kinds = '{"kind", "word", "meaning"}'
            raise ValueError(f"without must have items {kinds}, not {item!r:.80}")

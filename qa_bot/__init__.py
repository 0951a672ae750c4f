"""Ask your articles, get quotes you can check."""

import qa_bot.offline  # noqa: F401  (before any library that reads its variables)
from qa_bot.bot import Bot, answer
from qa_bot.datatypes import Answer, Document, Quote
from qa_bot.errors import QABotError

__all__ = ["Answer", "Bot", "Document", "QABotError", "Quote", "answer"]

"""How the reader's weights were made: prepare, train, export, calibrate, evaluate."""

import qa_bot.offline  # noqa: F401  (before any library that reads its variables)

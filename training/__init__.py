"""How the reader's weights were made: prepare, train, export, calibrate, evaluate."""

import qa_bot.offline  # noqa: F401  (before the libraries that read its variables)

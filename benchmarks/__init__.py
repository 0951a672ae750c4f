"""The benchmarks: each module prints numbers for the README and the documentation."""

import qa_bot.offline  # noqa: F401  (before the libraries that read its variables)

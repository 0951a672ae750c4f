"""The chat about the shipped article: ``python app.py`` is ``qa-bot serve``.

A hosting space starts this file too.
"""

import sys

from qa_bot.cli import main

if __name__ == "__main__":
    sys.exit(main(["serve", *sys.argv[1:]]))

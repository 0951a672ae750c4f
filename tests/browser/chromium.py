"""A headless Chromium with a fresh profile, for the tests and for the screenshot."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = [
    "--no-sandbox",  # containers run as root, which Chromium refuses otherwise
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def open_chromium() -> Iterator[Browser | None]:
    """Open the machine's Chromium, or the one Playwright has fetched; None when there is none."""
    with sync_playwright() as playwright:
        program = _find(playwright)
        if program is None:
            yield None
            return
        browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def _find(playwright: Playwright) -> str | None:
    installed = [program for name in _NAMES if (program := shutil.which(name)) is not None]
    fetched = playwright.chromium.executable_path
    return next(iter(installed), fetched if Path(fetched).exists() else None)

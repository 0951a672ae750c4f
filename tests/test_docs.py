"""The documentation agrees with the code: docs/api.md is current, and links are valid."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_api_page_is_made_of_the_docstrings() -> None:
    made: str = runpy.run_path(str(ROOT / "docs" / "make_api.py"))["api"]()
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert page == made, "run: python docs/make_api.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)", text) + re.findall(r'src="([^"]+)"', text)
    paths = [link for link in links if "://" not in link]
    assert paths, "a page that leads nowhere"
    assert [path for path in paths if not (page.parent / path).exists()] == []


def test_the_readme_is_short() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.split()) <= 950

"""Fixtures of the tests of the store."""

from pathlib import Path

import pytest

from tests.helpers.saved_index import FAIR, MILL, save


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An index of two documents, in a folder whose name a shell would take apart."""
    path = tmp_path / "it's an index"
    save(path, MILL, FAIR)
    return path

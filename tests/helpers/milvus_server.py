"""Skip the tests that need Milvus if it is not installed."""

from importlib.util import find_spec

import pytest

needs_milvus = pytest.mark.skipif(
    find_spec("pymilvus") is None or find_spec("milvus_lite") is None,
    reason="Milvus Lite is not installed: pip install qa-bot[milvus]",
)

"""Where ksqlDB's query-validation tests are; they are not part of this repository."""

import os
from pathlib import Path

import pytest

_DIRECTORY = Path(__file__).resolve().parents[2] / "shared" / "qtt"


def query_validation_tests() -> Path:
    """Return their directory, beside the checkout; without it the test skips, or fails in CI."""
    if _DIRECTORY.is_dir():
        return _DIRECTORY
    missing = f"the query-validation tests are not there: {_DIRECTORY}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI runs them, but {missing}")
    pytest.skip(missing)

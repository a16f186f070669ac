"""Statements to test the dialect with: at least one of each form, and those of the shared cases."""

import json
import os
from functools import cache
from pathlib import Path

import pytest

from tests import golden

SCRIPTS = Path(__file__).parent / "parse"
CASES = Path(__file__).parent.parent.parent.parent / "shared" / "qtt"


def own_statements() -> list[str]:
    """Return the inputs of the golden parse scripts, except those that must fail."""
    return [
        block.input
        for path in sorted(SCRIPTS.glob("*.txt"))
        if path.stem != "errors"
        for block in golden.read(path.read_text(encoding="utf-8"))
    ]


@cache
def shared_statements() -> tuple[str, ...]:
    """Return the different statements of the shared cases that must be accepted."""
    if not CASES.is_dir():
        message = f"the shared cases are not at {CASES}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    found: dict[str, None] = {}
    for path in sorted(CASES.glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8"))["tests"]:
            if "expectedException" in case:
                continue
            for text in case["statements"]:
                for name in case.get("format", ["JSON"]):
                    found[text.replace("{FORMAT}", name)] = None
    return tuple(found)

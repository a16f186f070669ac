"""Statements to test the dialect with: each form, and those of the query-validation tests."""

import json
from functools import cache
from pathlib import Path

from tests import golden
from tests.conformance import query_validation_tests

SCRIPTS = Path(__file__).parent / "parse"


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
    """Return the different statements of the query-validation tests that must be accepted."""
    found: dict[str, None] = {}
    for path in sorted(query_validation_tests().glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8"))["tests"]:
            if "expectedException" in case:
                continue
            for text in case["statements"]:
                for name in case.get("format", ["JSON"]):
                    found[text.replace("{FORMAT}", name)] = None
    return tuple(found)

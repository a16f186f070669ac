"""The query-validation tests as the binder sees them: statements, schemas, what must be rejected.

Formats that need a schema registry are left out; functions that only these tests use are declared
without a useful implementation, since nothing runs here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from streamsql.catalog.catalog import Catalog
from streamsql.expr.builtins import builtins
from streamsql.expr.registry import (
    AggregateFunction,
    Aggregator,
    FunctionRegistry,
    ScalarFunction,
    TableFunction,
)
from streamsql.types.sqltypes import BIGINT
from tests.conformance import query_validation_tests

_REGISTRY_FORMAT = re.compile(r"AVRO|PROTOBUF|JSON_SR|SCHEMA_ID|SCHEMA_FULL_NAME", re.IGNORECASE)

_SCALARS = {
    "TEST_UDF": [
        "INTEGER, STRING -> STRING",
        "BIGINT, STRING -> STRING",
        "BIGINT, BIGINT, STRING -> STRING",
        "BIGINT... -> STRING",
        "STRUCT<A STRING> -> STRING",
        "-> STRUCT<A STRING>",
    ],
    "BAD_UDF": ["INTEGER -> INTEGER", "BOOLEAN -> INTEGER", "STRING -> STRING"],
    "MULTIPLY": [
        "INTEGER, INTEGER -> BIGINT",
        "BIGINT, BIGINT -> BIGINT",
        "DOUBLE, DOUBLE -> DOUBLE",
    ],
    "TOLIST": ["STRING -> STRING[]"],
    "TOMAP": ["STRING -> {STRING:STRING}"],
    "TOSTRING": [
        "STRING -> STRING",
        "INTEGER -> STRING",
        "BIGINT -> STRING",
        "{STRING:INTEGER} -> STRING",
    ],
    "TOSTRUCT": ["STRING -> STRUCT<A STRING>"],
    "WHENCONDITION": ["BOOLEAN, BOOLEAN -> BOOLEAN"],
    "WHENRESULT": ["INTEGER, BOOLEAN -> INTEGER"],
}
_PLAIN = ["INTEGER", "BIGINT", "DOUBLE", "BOOLEAN", "STRING", "DECIMAL", "STRUCT<A STRING>"]
_TABLES = {
    "TEST_UDTF": [
        f"{', '.join(_PLAIN)} -> STRING",
        f"{', '.join(f'{plain}[]' for plain in _PLAIN)} -> STRING",
        f"{', '.join(f'{{STRING:{plain}}}' for plain in _PLAIN)} -> STRING",
        *(f"{plain} -> {plain}" for plain in _PLAIN if plain != "DECIMAL"),
        "DECIMAL -> DECIMAL(30, 10)",
    ],
    "THROWING_UDTF": ["BOOLEAN -> BOOLEAN"],
}
_AGGREGATES = {
    "TEST_UDAF": [
        "BIGINT -> BIGINT",
        "INTEGER -> BIGINT",
        "DOUBLE -> DOUBLE",
        "STRING; STRING -> BIGINT",
        "STRUCT<A INTEGER, B INTEGER> -> STRUCT<A INTEGER, B INTEGER>",
    ],
    "MULTI_ARG": ["BIGINT, STRING; INTEGER, STRING... -> BIGINT"],
    "FOUR_ARG": ["BIGINT, STRING, STRING, STRING; INTEGER, STRING... -> BIGINT"],
    "FIVE_ARG": ["BIGINT, STRING, STRING, STRING, INTEGER; INTEGER, STRING... -> BIGINT"],
    "VAR_ARG": ["BIGINT, STRING... -> BIGINT"],
    "MID_VAR_ARG": ["BIGINT, STRING...; INTEGER, INTEGER -> BIGINT"],
    "OBJ_COL_ARG": ["INTEGER, ANY... -> INTEGER[]"],
    "GENERIC_VAR_ARG": ["A, B, C... -> A[]"],
}


def _unused(*_: Any) -> Any:
    raise AssertionError("nothing runs in these tests")


def _count(*_: Any) -> Aggregator:
    return Aggregator(BIGINT, int, _unused, _unused)


def functions() -> FunctionRegistry:
    """Return the built-in functions and those of the tests."""
    registry = builtins().copy()
    for name, signatures in _SCALARS.items():
        for signature in signatures:
            registry.register(ScalarFunction(name, signature, _unused))
    for name, signatures in _TABLES.items():
        for signature in signatures:
            registry.register(TableFunction(name, signature, _unused))
    for name, signatures in _AGGREGATES.items():
        for signature in signatures:
            undoable = signature in ("BIGINT -> BIGINT", "INTEGER -> BIGINT")
            registry.register(AggregateFunction(name, signature, _count, undoable=undoable))
    return registry


def catalog() -> Catalog:
    """Return a catalog of functions only."""
    return Catalog(functions=functions())


@dataclass(frozen=True, slots=True)
class Case:
    """One case: a test in one format."""

    file: str
    name: str
    script: str
    settings: Mapping[str, str]
    sources: tuple[Mapping[str, Any], ...]
    rejected: bool
    reason: str

    @property
    def id(self) -> str:
        """How a report names it."""
        return f"{self.file}: {self.name}"


def cases() -> Iterator[Case]:
    """Yield all cases of formats that need no registry."""
    for path in sorted(query_validation_tests().glob("*.json")):
        for test in json.loads(path.read_text(encoding="utf-8"))["tests"]:
            yield from _cases(path.stem, test)


def _cases(file: str, test: Mapping[str, Any]) -> Iterator[Case]:
    if test.get("enabled") is False or "max" in test.get("versions", {}):
        return
    for written in test.get("format", [""]):
        text = json.dumps(test).replace("{FORMAT}", written)
        one = json.loads(text)
        script = "\n".join(one["statements"])
        if _REGISTRY_FORMAT.search(script + json.dumps(one.get("properties", {}))):
            continue
        expected = one.get("expectedException")
        yield Case(
            file,
            f"{one['name']}{f' - {written}' if written else ''}",
            script,
            {name: str(value) for name, value in one.get("properties", {}).items()},
            tuple(one.get("post", {}).get("sources", ())),
            expected is not None,
            "" if expected is None else str(expected.get("message", expected)),
        )

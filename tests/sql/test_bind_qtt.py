"""Every query-validation test through parser and binder: what binds, to which schemas, what not.

The counts are printed; the floors only ever rise. What is known to differ is listed, with reasons.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlglot import exp

from streamsql.catalog.catalog import Catalog, Source
from streamsql.errors import BindError, ParseError, StatementError
from streamsql.sql.binding.types import bind_type
from streamsql.sql.dialect.nodes.node import required
from streamsql.sql.dialect.nodes.statements import column_role, declared_columns
from streamsql.sql.dialect.parse import parse_script
from streamsql.types.schema import Column
from tests.sql.bind_qtt import Case, cases, catalog
from tests.sql.scripts import bind_script

KNOWN: Mapping[str, str] = {
    "asserts: should not parse RUN SCRIPT": "a statement of our language",
    "select: multi-key columns reordered -- new planner": "a planner that ksqlDB never turned on",
    "timestamp-extractor: source throw on invalid timestamp extractor with format": (
        "fails while it runs"
    ),
}
ACCEPTED_FLOOR = 905
REJECTED_FLOOR = 298


@pytest.fixture(scope="module")
def empty() -> Catalog:
    return catalog()


@pytest.mark.slow
def test_all_cases_bind_as_they_must(empty: Catalog, capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for case in cases():
        offence = _rejected(case, empty) if case.rejected else _accepted(case, empty)
        kind = "rejected" if case.rejected else "accepted"
        counts[f"{kind} {'right' if offence is None else 'wrong'}"] += 1
        if offence is not None and case.id not in KNOWN:
            wrong.append(f"{case.id}: {offence}")
    with capsys.disabled():
        print(f"\nquery-validation tests through the binder: {dict(sorted(counts.items()))}")
    assert not wrong, "\n".join(wrong)
    assert counts["accepted right"] >= ACCEPTED_FLOOR
    assert counts["rejected right"] >= REJECTED_FLOOR


def _bind_all(case: Case, known: Catalog) -> Catalog:
    for _, after in bind_script(case.script, known, case.settings):
        known = after
    return known


def _rejected(case: Case, empty: Catalog) -> str | None:
    """Return what is wrong with a case that must be rejected, with a place and words for it."""
    try:
        _bind_all(case, empty)
    except (BindError, ParseError) as error:
        if error.span is None or not case.script[error.span.start : error.span.end].strip():
            return f"no place: {error.message}"
        return None
    except StatementError as error:
        return f"not supported: {error.message}"
    return f"accepted, but wanted: {case.reason}"


def _accepted(case: Case, empty: Catalog) -> str | None:
    try:
        after = _bind_all(case, empty)
    except StatementError as error:
        return error.render()
    for expected in case.sources:
        for offence in _differences(expected, after.sources.get(expected["name"])):
            return offence
    return None


def _differences(expected: Mapping[str, Any], actual: Source | None) -> Iterator[str]:
    if actual is None:
        yield f"no source {expected['name']}"
        return
    if expected["type"].upper() != actual.kind.value:
        yield f"{actual.name} is a {actual.kind.value}"
    if expected.get("schema"):
        wanted = _schema(expected["schema"])
        if wanted != (actual.schema.key, actual.schema.value):
            yield f"{actual.name} has {actual.schema}, wanted {expected['schema']}"
    key = expected.get("keyFormat") or {}
    window = actual.schema.window
    found = {
        "format": actual.key_format.name,
        "windowType": None if window is None else window.value,
        "windowSize": actual.window_size_ms,
    }
    for name, value in found.items():
        if name in key and key[name] != value:
            yield f"{actual.name}: {name} of the key is {value}, wanted {key[name]}"
    value_format = expected.get("valueFormat")
    if value_format and value_format != actual.value_format.name:
        yield f"{actual.name}: the value format is {actual.value_format.name}"


def _schema(text: str) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    """Read an expected schema as the columns of a declaration."""
    (parsed,) = parse_script(f"CREATE STREAM s ({text})")
    key: list[Column] = []
    value: list[Column] = []
    for element in declared_columns(parsed.node):
        column = Column(element.name, bind_type(required(element, "kind", exp.DataType), {}))
        (key if column_role(element).value else value).append(column)
    return tuple(key), tuple(value)

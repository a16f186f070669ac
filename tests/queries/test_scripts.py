"""Every case runs plainly and gives, record by record, what its assertions say."""

from typing import Any

import pytest

from streamsql.catalog.catalog import Source
from streamsql.engine.planning.binding import bind_script
from streamsql.engine.serving.evaluate import evaluate
from streamsql.expr.nodes import Expression
from streamsql.formats.format import attribute_names
from streamsql.sql.statements import AssertRecord
from tests.formats.codecs import key_decoder, value_decoder
from tests.queries.scripts import Case, Mode, Outcome, Record, cases, run

CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("keeps_state", [False, True], ids=["changelogs", "broker-state"])
def test_plain(case: Case, keeps_state: bool) -> None:
    outcome = run(case, Mode(keeps_state=keeps_state))
    expected = _expected(case, outcome)
    actual = {
        name: [_readable(record, source) for record in outcome.records[name]]
        for name, source in outcome.sources.items()
    }
    assert actual == expected


def _expected(case: Case, outcome: Outcome) -> dict[str, list[Any]]:
    expected: dict[str, list[Any]] = {name: [] for name in outcome.sources}
    for bound in bind_script(case.assertions, outcome.context):
        statement = bound.statement
        assert isinstance(statement, AssertRecord)
        source = statement.source
        key = tuple(_value(statement.values.get(column.name)) for column in source.schema.key)
        window = (_value(statement.window_start), _value(statement.window_end))
        value = None
        if not statement.tombstone:
            names = [column.name for column in source.schema.value]
            value = tuple(_value(statement.values.get(name)) for name in names)
        expected[source.name].append((_value(statement.timestamp), key, window, value))
    return expected


def _value(expression: Expression | None) -> Any:
    return evaluate([expression])[0]


def _readable(record: Record, source: Source) -> Any:
    """Return (time, key, window, value) of a record."""
    key_bytes, payload, timestamp_ms = record
    key = None
    if key_bytes is not None:
        decode_key = key_decoder(source.key_format, source.schema, source.window_size_ms)
        key = decode_key(key_bytes)
    window: tuple[Any, Any] = (None, None)
    if source.schema.window is not None:
        assert key is not None
        key, *bounds = key
        window = (bounds[0], bounds[1])
    keys = (key,) if len(source.schema.key) == 1 else key
    value = None
    if payload is not None:
        columns = source.schema.value
        decoder = value_decoder(source.value_format, source.schema, columns)
        try:
            row = decoder.decode(payload)
        except decoder.errors:
            row = decoder.repair(payload)
        value = tuple(getattr(row, attribute) for attribute in attribute_names(columns))
    return (timestamp_ms, keys, window, value)

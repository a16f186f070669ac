"""The rows of an Output node in the order of a SELECT's columns."""

from collections.abc import Callable, Sequence
from typing import Any

from streamsql.types.record import Key, Row
from streamsql.types.schema import PSEUDO_COLUMNS, Column, Schema

Arrange = Callable[[Key, Row, int], tuple[Any, ...]]
"""Takes key, value and timestamp (ms) of a row, returns its columns as selected."""


def output_columns(schema: Schema, names: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns of these names: of the schema, or bounds of its window."""
    found = []
    for name in names:
        column = schema.find(name) or PSEUDO_COLUMNS.get(name)
        assert column is not None, f"{name} is not among the output columns"
        found.append(column)
    return tuple(found)


def arrange(schema: Schema, names: Sequence[str]) -> Arrange:
    """Return a function that puts the parts of a row in the order of the names."""
    pick = tuple(_pick(schema, name) for name in names)

    def arranged(key: Key, value: Row, timestamp_ms: int) -> tuple[Any, ...]:
        return tuple(one(key, value, timestamp_ms) for one in pick)

    return arranged


def _pick(schema: Schema, name: str) -> Callable[[Key, Row, int], Any]:
    values = [column.name for column in schema.value]
    if name in values:
        place = values.index(name)
        return lambda _key, value, _timestamp: value[place]
    keys = [column.name for column in schema.key]
    if name in keys:
        return _pick_key(schema, keys.index(name))
    match name:
        case "WINDOWSTART":
            return lambda key, _value, _timestamp: key[1]
        case "WINDOWEND":
            return lambda key, _value, _timestamp: key[2]
        case _:
            return lambda _key, _value, timestamp_ms: timestamp_ms


def _pick_key(schema: Schema, place: int) -> Callable[[Key, Row, int], Any]:
    single = len(schema.key) == 1
    if schema.window is not None:
        if single:
            return lambda key, _value, _timestamp: key[0]
        return lambda key, _value, _timestamp: key[0][place]
    if single:
        return lambda key, _value, _timestamp: key
    return lambda key, _value, _timestamp: None if key is None else key[place]

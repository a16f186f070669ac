"""Expected and actual records of query-validation tests, compared field by field.

What is compared are JSON nodes, and the type of each says how: doubles within a millionth, decimals
with their scale, everything else exactly.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence, Set
from decimal import Decimal as Number
from math import isclose, isinf, isnan
from typing import Any, NamedTuple

from streamsql.catalog.catalog import Source
from streamsql.formats.format import FormatSpec
from streamsql.testing.json_numbers import write_json
from streamsql.testing.outcomes import Mismatch
from streamsql.testing.qtt.records import ReadRecord
from streamsql.types.schema import Column
from streamsql.types.sqltypes import (
    BOOLEAN,
    BYTES,
    DOUBLE,
    STRING,
    Array,
    Decimal,
    Map,
    SqlType,
    Struct,
)

_TOLERANCE = 1e-6
_KNOWN = frozenset({"topic", "key", "value", "timestamp", "window", "headers", "comment"})


def compare_records(
    topic: str, expected: Sequence[Mapping[str, Any]], actual: Sequence[ReadRecord], source: Source
) -> None:
    """Compare what a topic should hold with what it holds, in order.

    Raises:
        Mismatch: At the first record that differs.
    """
    for position, (node, record) in enumerate(zip(expected, actual, strict=False)):
        difference = _compare_record(node, record, source)
        if difference is not None:
            raise Mismatch(
                f'record {position} of topic "{topic}": {difference}', dict(node), record.node()
            )
    if len(expected) != len(actual):
        raise Mismatch(
            f'topic "{topic}" has {len(actual)} records, not {len(expected)}',
            [dict(node) for node in expected[len(actual) :]],
            [record.node() for record in actual[len(expected) :]],
        )


def _compare_record(node: Mapping[str, Any], record: ReadRecord, source: Source) -> str | None:
    """Return how the record differs from the expected one, or ``None``."""
    schema = source.schema
    bare = len(schema.key) == 1 and not source.key_format.name.startswith("PROTOBUF")
    side = _Side("key", source.key_format.name == "DELIMITED", bare)
    expected, actual = _of_columns(source.key_format, node.get("key"), record.key, schema.key)
    key = _compare_side(expected, actual, schema.key, side)
    if key is not None:
        return key
    unwrap = len(schema.value) == 1 and not _is_wrapped(source)
    side = _Side("value", source.value_format.name == "DELIMITED", unwrap)
    expected, actual = _of_columns(
        source.value_format, node.get("value"), record.value, schema.value
    )
    value = _compare_side(expected, actual, schema.value, side)
    if value is not None:
        return value
    if node.get("timestamp") is not None and node["timestamp"] != record.timestamp_ms:
        return f"timestamp is {record.timestamp_ms}, not {node['timestamp']}"
    if node.get("window") is not None:
        window = (node["window"]["start"], node["window"]["end"], node["window"]["type"].lower())
        if window != record.window:
            return f"window is {record.window}, not {window}"
    if node.get("headers") is not None and node["headers"] != record.headers:
        return f"headers are {record.headers}, not {node['headers']}"
    return None


def _of_columns(
    spec: FormatSpec, expected: Any, actual: Any, columns: Sequence[Column]
) -> tuple[Any, Any]:
    """Return both without the fields that only the schema has, where they are as expected.

    A schema that is asked for by number may have fields that are no columns: their defaults are
    written, which tests may leave out.
    """
    if spec.schema_id is None or not isinstance(expected, dict) or not isinstance(actual, dict):
        return expected, actual
    names = {column.name for column in columns}
    same = {
        name for name in actual.keys() - names if expected.get(name, actual[name]) == actual[name]
    }
    return (
        {name: node for name, node in expected.items() if name not in same},
        {name: node for name, node in actual.items() if name not in same},
    )


def _is_wrapped(source: Source) -> bool:
    if source.value_format.name in {"KAFKA", "DELIMITED"}:
        return False
    return source.value_format.wrap is not False


class _Side(NamedTuple):
    """Key or value of a record.

    Attributes:
        is_text: DELIMITED, of which tests give the line as it is.
        unwrap: A single column, without a record around it.
    """

    name: str
    is_text: bool
    unwrap: bool


def _compare_side(expected: Any, actual: Any, columns: Sequence[Column], side: _Side) -> str | None:
    name = side.name
    if expected is None or actual is None:
        return None if expected is actual else f"{name} is {_short(actual)}, not {_short(expected)}"
    if side.is_text:
        text = expected if isinstance(expected, str) else write_json(expected)
        return None if text == actual else _unequal(text, actual, name)
    if side.unwrap:
        (column,) = columns
        return difference(expected, actual, column.type, name)
    fields = [(column.name, column.type) for column in columns]
    return _compare_fields(expected, actual, fields, name)


def difference(expected: Any, actual: Any, sql_type: SqlType, path: str) -> str | None:
    """Return where and how a value of the type differs from the expected one, or ``None``."""
    if expected is None or actual is None:
        return None if expected is actual else f"{path} is {_short(actual)}, not {_short(expected)}"
    match sql_type:
        case Array(element):
            return _compare_array(expected, actual, element, path)
        case Map(_, value):
            return _compare_map(expected, actual, value, path)
        case Struct(fields):
            named = [(field.name, field.type) for field in fields]
            return _compare_fields(expected, actual, named, path)
        case _:
            return (
                None if _is_equal(expected, actual, sql_type) else _unequal(expected, actual, path)
            )


def _is_equal(expected: Any, actual: Any, sql_type: SqlType) -> bool:
    if sql_type == DOUBLE:
        return _is_near(expected, actual)
    if isinstance(sql_type, Decimal):
        return _is_same_decimal(expected, actual, sql_type.scale)
    if sql_type == BYTES:
        return _bytes(expected) == _bytes(actual)
    if sql_type == STRING:
        return isinstance(actual, str) and isinstance(expected, str) and expected == actual
    if sql_type == BOOLEAN:
        return isinstance(actual, bool) and actual is expected
    return (
        isinstance(actual, int)
        and isinstance(expected, int | Number)
        and not isinstance(actual, bool)
        and not isinstance(expected, bool)
        and expected == actual
    )


def _is_near(expected: Any, actual: Any) -> bool:
    left, right = _float(expected), _float(actual)
    if left is None or right is None:
        return False
    if isnan(left) or isnan(right) or isinf(left) or isinf(right):
        return repr(left) == repr(right)
    return isclose(left, right, rel_tol=1e-15, abs_tol=_TOLERANCE)


def _float(node: Any) -> float | None:
    if isinstance(node, bool) or node is None or isinstance(node, dict | list):
        return None
    if isinstance(node, str) and node not in {"NaN", "Infinity", "-Infinity"}:
        return None
    return float(node)


def _is_same_decimal(expected: Any, actual: Any, scale: int) -> bool:
    """Compare as the type has it: the expected number may leave out zeros, the actual may not."""
    left, right = _number(expected), _number(actual)
    if left is None or right is None:
        return False
    return left == right and right.as_tuple().exponent == -scale


def _number(node: Any) -> Number | None:
    if isinstance(node, bool) or not isinstance(node, int | Number | str):
        return None
    try:
        return Number(node)
    except ArithmeticError:
        return None


def _bytes(node: Any) -> bytes | None:
    if not isinstance(node, str):
        return None
    try:
        return base64.b64decode(node, validate=True)
    except binascii.Error:
        return None


def _compare_array(expected: Any, actual: Any, element: SqlType, path: str) -> str | None:
    if not isinstance(expected, list) or not isinstance(actual, list):
        return _unequal(expected, actual, path)
    for position, (left, right) in enumerate(zip(expected, actual, strict=False)):
        found = difference(left, right, element, f"{path}[{position + 1}]")
        if found is not None:
            return found
    return None if len(expected) == len(actual) else _unequal(expected, actual, path)


def _compare_map(expected: Any, actual: Any, value: SqlType, path: str) -> str | None:
    if not isinstance(expected, dict) or not isinstance(actual, dict):
        return _unequal(expected, actual, path)
    if expected.keys() != actual.keys():
        return _unequal(expected, actual, path)
    for key, left in expected.items():
        found = difference(left, actual[key], value, f"{path}['{key}']")
        if found is not None:
            return found
    return None


def _compare_fields(
    expected: Any, actual: Any, fields: Sequence[tuple[str, SqlType]], path: str
) -> str | None:
    if not isinstance(expected, dict) or not isinstance(actual, dict):
        return _unequal(expected, actual, path)
    names = {name for name, _ in fields}
    strange = sorted(actual.keys() - names)
    if strange:
        return f'{path} has field "{strange[0]}"'
    wanted, left_over = _by_field(expected, names)
    if left_over is not None:
        return f'{path} has no field "{left_over}"'
    for name, sql_type in fields:
        found = difference(wanted.get(name), actual.get(name), sql_type, f"{path}.{name}")
        if found is not None:
            return found
    return None


def _by_field(expected: Mapping[str, Any], names: Set[str]) -> tuple[Mapping[str, Any], str | None]:
    """Return the expected nodes by field, as JSON is read: a name in any case; absent is NULL.

    Also a member that has a value but no field, if there is one.
    """
    wanted: dict[str, Any] = {}
    for member, node in expected.items():
        if member in names:
            wanted[member] = node
        elif member.upper() in names:
            wanted.setdefault(member.upper(), node)
        elif node is not None:
            return wanted, member
    return wanted, None


def _unequal(expected: Any, actual: Any, path: str) -> str:
    return f"{path} is {_short(actual)}, not {_short(expected)}"


def _short(node: Any) -> str:
    text = str(node) if isinstance(node, Number) else repr(node)
    return text if len(text) <= 200 else f"{text[:200]}…"


def unknown_members(nodes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the members of records that nothing here compares, sorted."""
    return sorted({member for node in nodes for member in node} - _KNOWN)

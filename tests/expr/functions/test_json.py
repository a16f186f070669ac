"""JSON texts: digits stay as written, paths, concatenation as in PostgreSQL, any value to JSON."""

from typing import Any

import pytest

from streamsql.errors import EvaluationError
from streamsql.types.sqltypes import (
    BYTES,
    DATE,
    DOUBLE,
    INTEGER,
    STRING,
    TIME,
    TIMESTAMP,
    Array,
    Field,
    Map,
    Struct,
)
from tests.expr.functions.calls import Typed, big, call, dec

DOCUMENT = '{"a": {"b": [1.23450, "x", null, {"c": true}], "e.f": 1}, "n": null}'


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.a.b[0]", "1.23450"),
        ("$.a.b[1]", "x"),
        ("$.a.b[2]", None),
        ("$.a.b[3]", '{"c":true}'),
        ("$.a.b[3].c", "true"),
        ("$.a.b[-1]", None),
        ("$.a.b[4]", None),
        ("$.a['e.f']", "1"),
        ("$.missing.x", None),
        ("$.n", None),
        ("$.a.b[0].x", None),
        ("$", '{"a":{"b":[1.23450,"x",null,{"c":true}],"e.f":1},"n":null}'),
    ],
)
def test_extract(path: str, expected: str | None) -> None:
    assert call("EXTRACTJSONFIELD", DOCUMENT, path) == expected


@pytest.mark.parametrize("text", ["", "abc", "{", '{"a":'])
def test_text_that_is_not_json_is_an_error(text: str) -> None:
    with pytest.raises(EvaluationError, match="is not JSON"):
        call("EXTRACTJSONFIELD", text, "$.a")
    assert call("IS_JSON_STRING", text) is False


def test_wrong_paths_are_errors() -> None:
    with pytest.raises(EvaluationError, match="path"):
        call("EXTRACTJSONFIELD", "{}", "a")


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("IS_JSON_STRING", ('"abc"',), True),
        ("IS_JSON_STRING", ("1",), True),
        ("IS_JSON_STRING", (Typed(None, STRING),), False),
        ("JSON_ARRAY_LENGTH", ("[1, [2], 3]",), 3),
        ("JSON_ARRAY_LENGTH", ("{}",), None),
        ("JSON_ARRAY_CONTAINS", ('["Pink", null]', "Pink"), True),
        ("JSON_ARRAY_CONTAINS", ('["1", true, 1.5]', 1), False),
        ("JSON_ARRAY_CONTAINS", ("[1, 2]", big(2)), True),
        ("JSON_ARRAY_CONTAINS", ("[1.5]", 1.5), True),
        ("JSON_ARRAY_CONTAINS", ("[true]", True), True),
        ("JSON_ARRAY_CONTAINS", ("[null]", Typed(None, STRING)), True),
        ("JSON_KEYS", ('{"Red": 3, "Green": 5}',), ["Red", "Green"]),
        ("JSON_KEYS", ("[]",), None),
        ("JSON_RECORDS", ('{"a": {"b": 1}, "c": "d"}',), {"a": '{"b":1}', "c": "d"}),
        ("JSON_ITEMS", ('[{"a": 1}, "b"]',), ['{"a":1}', '"b"']),
        ("JSON_CONCAT", ('{"a": 1, "b": 1}', '{"b": 2}'), '{"a":1,"b":2}'),
        ("JSON_CONCAT", ("[1, 2]", "[3]"), "[1,2,3]"),
        ("JSON_CONCAT", ("[1]", '{"a": 1.0}'), '[1,{"a":1.0}]'),
        ("JSON_CONCAT", ("1", "2"), "[1,2]"),
    ],
)
def test_values(name: str, arguments: tuple[Any, ...], expected: object) -> None:
    assert call(name, *arguments) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "true"),
        (Typed(None, DOUBLE), "null"),
        (1e10, "1.0E10"),
        (dec("123.450", 6), "123.450"),
        ('a"b', '"a\\"b"'),
        (Typed(b"!", BYTES), '"IQ=="'),
        (Typed(60220000, TIME), '"16:43:40"'),
        (Typed(19140, DATE), '"2022-05-28"'),
        (Typed(0, TIMESTAMP), '"1970-01-01T00:00:00.000"'),
        (Typed([1, None], Array(INTEGER)), "[1,null]"),
        (Typed({"id": [1]}, Map(STRING, Array(INTEGER))), '{"id":[1]}'),
        (
            Typed((1, "Alice"), Struct((Field("ID", INTEGER), Field("NAME", STRING)))),
            '{"ID":1,"NAME":"Alice"}',
        ),
    ],
)
def test_to_json(value: object, expected: str) -> None:
    assert call("TO_JSON_STRING", value) == expected

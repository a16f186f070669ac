"""Lines of files as records."""

import io
import json
from collections.abc import Mapping
from typing import Any

import pytest

from streamsql.errors import EngineError
from streamsql.shell.commands.csv_lines import CsvLines
from streamsql.shell.commands.lines import BadLine, JsonLines, Line
from streamsql.shell.commands.records import KeyWriter, timestamp_ms


def read_json(text: bytes, *wanted: str) -> list[Line]:
    return list(JsonLines(frozenset(wanted)).read(io.BytesIO(text)))


def read_csv(
    text: str, *wanted: str, said: Mapping[str, str] | None = None
) -> list[tuple[int, Any]]:
    """Number and value, or number and what is wrong, of each line."""
    lines = CsvLines(frozenset(wanted), said or {})
    lines.prepare(io.BytesIO(text.encode()))
    read = lines.read(io.BytesIO(text.encode()))
    return [(line.number, line.wrong or json.loads(line.value)) for line in read]


def test_json_values_are_the_bytes_of_the_line() -> None:
    first, second = read_json(b' {"b": 1.50,  "a":"\xc3\xbc"} \n\n{"a":null}\n', "a")
    assert (first.number, first.value) == (1, b'{"b": 1.50,  "a":"\xc3\xbc"}')
    assert first.columns == {"a": "ü"}
    assert (second.number, second.columns) == (3, {"a": None})


@pytest.mark.parametrize("text", [b"[1]", b'{"a":1', b"1", b'{"a":NaN}', b'{"a":1} {}', b"\xff"])
def test_a_line_that_is_not_a_json_object_is_bad(text: bytes) -> None:
    (line,) = read_json(text, "a")
    assert line.wrong is not None
    assert "not a JSON object" in line.wrong


def test_csv_columns_are_typed_by_all_of_their_cells() -> None:
    text = (
        "id,price,zip,flag,mixed,empty\n1,1.50,00123,true,1,\n2,,10001,FALSE,x,\n\n3,2e3,1,true,2,"
    )
    assert read_csv(text) == [
        (2, {"id": 1, "price": 1.5, "zip": "00123", "flag": True, "mixed": "1", "empty": None}),
        (3, {"id": 2, "price": None, "zip": "10001", "flag": False, "mixed": "x", "empty": None}),
        (5, {"id": 3, "price": 2e3, "zip": "1", "flag": True, "mixed": "2", "empty": None}),
    ]


def test_csv_numbers_keep_their_digits() -> None:
    lines = CsvLines(frozenset(), {})
    text = b"\xef\xbb\xbfn\n1.50\n12345678901234567890\n"
    lines.prepare(io.BytesIO(text))
    values = [line.value for line in lines.read(io.BytesIO(text))]
    assert values == [b'{"n":1.50}', b'{"n":12345678901234567890}']


def test_csv_types_can_be_said() -> None:
    assert read_csv("id\n1\n", said={"id": "STRING"}) == [(2, {"id": "1"})]
    assert read_csv("id\n1\nx\n", said={"id": "NUMBER"}) == [
        (2, {"id": 1}),
        (3, '"x" is not a number in column "id"'),
    ]
    assert read_csv("b\nyes\n", said={"b": "BOOLEAN"}) == [
        (2, '"yes" is neither true nor false in column "b"')
    ]


def test_csv_cells_may_hold_anything_in_quotes() -> None:
    assert read_csv('a,b\n"x, ""y""\nz",1\n') == [(3, {"a": 'x, "y"\nz', "b": 1})]


def test_a_csv_line_with_other_cells_than_the_header_is_bad() -> None:
    assert read_csv("a,b\n1\n1,2\n") == [
        (2, "1 cells under a header of 2"),
        (3, {"a": 1, "b": 2}),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,a\n", 'line 1: the header names column "a" twice'),
        ("a,\n", "line 1: the header has a column without a name"),
        ("a,b\n", 'line 1: the header has no column "key", only "a", "b"'),
    ],
)
def test_a_wrong_header_is_an_error(text: str, message: str) -> None:
    with pytest.raises(EngineError, match=r"^line 1") as caught:
        read_csv(text, "key")
    assert str(caught.value) == message


def test_string_keys() -> None:
    write = KeyWriter("k", "KAFKA", None)
    assert (write("ada"), write(None)) == (b"ada", None)
    with pytest.raises(EngineError, match="--key-type"):
        write(7)
    with pytest.raises(BadLine, match="array or an object"):
        write([1])


@pytest.mark.parametrize(
    ("format_name", "type_name", "value", "expected"),
    [
        ("KAFKA", "BIGINT", 7, bytes([0, 0, 0, 0, 0, 0, 0, 7])),
        ("KAFKA", "int", 7, bytes([0, 0, 0, 7])),
        ("KAFKA", "STRING", 7, b"7"),
        ("JSON", None, 7, b"7"),
        ("JSON", None, "ada", b'"ada"'),
        ("JSON", None, True, b"true"),
        ("DELIMITED", None, "a,b", b'"a,b"'),
    ],
)
def test_keys_in_every_format(
    format_name: str, type_name: str | None, value: object, expected: bytes
) -> None:
    assert KeyWriter("k", format_name, type_name)(value) == expected


@pytest.mark.parametrize(("type_name", "value"), [("INT", 2**31), ("BIGINT", "x"), ("INT", True)])
def test_a_key_of_another_type_is_bad(type_name: str, value: object) -> None:
    with pytest.raises(BadLine, match='key column "k"'):
        KeyWriter("k", "KAFKA", type_name)(value)


def test_key_types_that_are_none() -> None:
    with pytest.raises(EngineError, match="use one of"):
        KeyWriter("k", "KAFKA", "MAP")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1357020000000, 1357020000000),
        ("1357020000000", 1357020000000),
        ("2013-01-01T06:00:00", 1357020000000),
        ("2013-01-01 06:00:00.123", 1357020000123),
        ("2013-01-01T01:00:00-05:00", 1357020000000),
        ("2013-01-01", 1356998400000),
    ],
)
def test_timestamps(value: object, expected: int) -> None:
    assert timestamp_ms(value, "t") == expected


@pytest.mark.parametrize("value", [None, 1.5, True, "soon", -1, "-1", "1969-12-31"])
def test_what_is_no_timestamp_is_bad(value: object) -> None:
    with pytest.raises(BadLine, match='timestamp column "t"'):
        timestamp_ms(value, "t")

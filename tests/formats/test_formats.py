"""Formats by name, and what they refuse to carry."""

import sys

import pytest

from streamsql.errors import BindError
from streamsql.formats.format import FormatSpec
from streamsql.formats.formats import check, lookup
from streamsql.types.schema import Column
from streamsql.types.sqltypes import BOOLEAN, INTEGER, STRING, Array, Field, Map, SqlType, Struct

NUMBER = Column("N", INTEGER)


def test_lookup_by_name_in_any_case() -> None:
    assert [lookup(name).name for name in ("json", "Delimited", "KAFKA", "none", "ROW")] == [
        "JSON",
        "DELIMITED",
        "KAFKA",
        "NONE",
        "ROW",
    ]


def test_no_such_format() -> None:
    with pytest.raises(BindError, match='format "XML" does not exist') as caught:
        lookup("XML")
    assert caught.value.hint == (
        "Use one of AVRO, DELIMITED, JSON, JSON_SR, KAFKA, NONE, PROTOBUF, PROTOBUF_NOSR."
    )


@pytest.mark.parametrize(
    ("name", "library", "extra"),
    [("AVRO", "fastavro", "avro"), ("PROTOBUF_NOSR", "proto_schema_parser", "protobuf")],
)
def test_the_extra_of_a_format_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, library: str, extra: str
) -> None:
    begins = (f"streamsql.formats.{extra}", f"{library}.")
    for known in [one for one in sys.modules if one.startswith(begins)]:
        monkeypatch.delitem(sys.modules, known)
    monkeypatch.setitem(sys.modules, library, None)
    lookup.cache_clear()
    with pytest.raises(BindError, match=f'format "{name}" needs {library}') as caught:
        lookup(name)
    assert caught.value.hint == f'Run pip install "streamsql[{extra}]".'


@pytest.mark.parametrize(
    ("spec", "types", "is_key", "reason"),
    [
        (FormatSpec("JSON"), [INTEGER, Map(STRING, INTEGER)], False, None),
        (FormatSpec("JSON"), [Map(INTEGER, STRING)], False, "maps with STRING keys"),
        (FormatSpec("JSON"), [Array(Map(INTEGER, STRING))], False, "maps with STRING keys"),
        (FormatSpec("JSON"), [Array(INTEGER)], True, None),
        (FormatSpec("JSON"), [Map(STRING, STRING)], True, "keys cannot hold maps"),
        (
            FormatSpec("JSON"),
            [Struct((Field("F", Map(STRING, STRING)),))],
            True,
            "keys cannot hold maps",
        ),
        (FormatSpec("JSON", delimiter="|"), [INTEGER], False, "delimiter"),
        (FormatSpec("JSON", wrap=True), [INTEGER], False, None),
        (FormatSpec("JSON", wrap=False), [INTEGER], False, None),
        (FormatSpec("JSON", wrap=True), [INTEGER, INTEGER], False, "single value column"),
        (FormatSpec("JSON", wrap=False), [INTEGER, INTEGER], False, "single value column"),
        (FormatSpec("DELIMITED"), [INTEGER, BOOLEAN], True, None),
        (FormatSpec("DELIMITED", delimiter="|"), [INTEGER, BOOLEAN], False, None),
        (FormatSpec("DELIMITED"), [Array(INTEGER)], True, "ARRAY<INTEGER>"),
        (FormatSpec("DELIMITED"), [Map(STRING, INTEGER)], False, "MAP<STRING, INTEGER>"),
        (FormatSpec("DELIMITED"), [Struct((Field("F", STRING),))], False, "STRUCT<F STRING>"),
        (FormatSpec("DELIMITED", wrap=True), [INTEGER], False, "WRAP_SINGLE_VALUE"),
        (FormatSpec("DELIMITED", wrap=False), [INTEGER], False, None),
        (FormatSpec("KAFKA"), [STRING], True, None),
        (FormatSpec("KAFKA"), [], True, None),
        (FormatSpec("KAFKA"), [BOOLEAN], True, "type BOOLEAN"),
        (FormatSpec("KAFKA"), [INTEGER, INTEGER], True, "a single key column"),
        (FormatSpec("KAFKA", wrap=True), [INTEGER], False, "WRAP_SINGLE_VALUE"),
        (FormatSpec("NONE"), [], True, None),
        (FormatSpec("NONE"), [INTEGER], True, "no columns"),
        (FormatSpec("ROW"), [Map(INTEGER, STRING)], False, None),
        (FormatSpec("AVRO"), [Map(STRING, Array(INTEGER))], False, None),
        (FormatSpec("AVRO"), [Map(INTEGER, STRING)], False, "maps with STRING keys"),
        (FormatSpec("JSON_SR"), [Map(INTEGER, STRING)], False, "the JSON_SR format only"),
        (FormatSpec("PROTOBUF"), [Map(INTEGER, STRING)], False, "maps with STRING keys"),
        (FormatSpec("PROTOBUF"), [Array(Array(STRING))], False, "ARRAY<ARRAY<STRING>>"),
        (FormatSpec("PROTOBUF", wrap=False), [INTEGER], False, "WRAP_SINGLE_VALUE"),
        (FormatSpec("PROTOBUF_NOSR"), [INTEGER], True, None),
    ],
)
def test_restrictions(
    spec: FormatSpec, types: list[SqlType], is_key: bool, reason: str | None
) -> None:
    columns = [Column(f"C{number}", kind) for number, kind in enumerate(types)]
    found = check(spec, columns, is_key=is_key)
    if reason is None:
        assert found is None
    else:
        assert found is not None
        assert reason in found
        assert found[0] in "awktfKJW"
        assert not found.endswith(".")

"""Keys in flight and their bytes: round trip, order, ends."""

import math
from decimal import Decimal as Number
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsql.errors import UnsupportedError
from streamsql.state.keys import KeyCodec
from streamsql.types.sqltypes import (
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DOUBLE,
    INTEGER,
    STRING,
    TIMESTAMP,
    Array,
    Decimal,
    Field,
    Map,
    SqlType,
    Struct,
)

PAIR = Struct((Field("A", STRING), Field("B", Array(INTEGER))))
MONEY = Decimal(38, 4)

text = st.text(st.characters(codec="utf-8") | st.just("\0"), max_size=5)
integers = st.integers(-(2**31), 2**31 - 1)
longs = st.integers(-(2**63), 2**63 - 1)
money = st.integers(-(10**38) + 1, 10**38 - 1).map(lambda n: Number(f"{n}E-4"))
VALUES: list[tuple[SqlType, st.SearchStrategy[Any]]] = [
    (BOOLEAN, st.booleans()),
    (INTEGER, integers),
    (BIGINT, longs),
    (TIMESTAMP, longs),
    (DATE, integers),
    (DOUBLE, st.floats(allow_nan=False)),
    (STRING, text),
    (BYTES, st.binary(max_size=5) | st.lists(st.sampled_from([0, 1, 255]), max_size=4).map(bytes)),
    (MONEY, money),
    (Array(STRING), st.lists(st.none() | text, max_size=3)),
    (Array(Array(INTEGER)), st.lists(st.none() | st.lists(integers, max_size=2), max_size=3)),
    (PAIR, st.tuples(st.none() | text, st.none() | st.lists(st.none() | integers, max_size=2))),
]


def order(value: Any) -> Any:
    """Return something that Python compares as keys are to be ordered: NULL first."""
    if isinstance(value, tuple | list):
        return [(part is not None, order(part)) for part in value]
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, float):
        return (value, math.copysign(1.0, value))
    return 0 if value is None else value


@pytest.mark.parametrize(("sql_type", "values"), VALUES, ids=lambda part: str(part)[:30])
@pytest.mark.parametrize("terminated", [False, True])
def test_single_keys_come_back_and_keep_their_order(
    sql_type: SqlType, values: st.SearchStrategy[Any], terminated: bool
) -> None:
    codec = KeyCodec((sql_type,), terminated=terminated)

    @settings(max_examples=60, deadline=None)
    @given(values, values)
    def check(left: Any, right: Any) -> None:
        assert repr(codec.decode(codec.encode(left))) == repr(left)
        assert (codec.encode(left) < codec.encode(right)) == (order(left) < order(right))
        assert (codec.encode(left) == codec.encode(right)) == (repr(left) == repr(right))

    check()


@st.composite
def composites(draw: st.DrawFn) -> tuple[list[SqlType], Any, Any]:
    """Draw column types and two keys of them."""
    columns = draw(st.lists(st.sampled_from(VALUES), min_size=2, max_size=4))
    keys = [tuple(draw(st.none() | values) for _, values in columns) for _ in range(2)]
    return [sql_type for sql_type, _ in columns], keys[0], keys[1]


@settings(max_examples=300, deadline=None)
@given(composites(), st.booleans())
def test_composite_keys_come_back_and_keep_their_order(
    drawn: tuple[list[SqlType], Any, Any], terminated: bool
) -> None:
    types, left, right = drawn
    codec = KeyCodec(types, terminated=terminated)
    assert repr(codec.decode(codec.encode(left))) == repr(left)
    assert (codec.encode(left) < codec.encode(right)) == (order(left) < order(right))


@settings(max_examples=200, deadline=None)
@given(text, text)
def test_no_terminated_key_is_a_prefix_of_another(left: str, right: str) -> None:
    codec = KeyCodec((STRING,), terminated=True)
    assert left == right or not codec.encode(left).startswith(codec.encode(right))


def test_special_doubles_are_keys_of_their_own() -> None:
    codec = KeyCodec((DOUBLE,))
    values = [-math.inf, -1.5, -0.0, 0.0, 5e-324, 1.5, math.inf, math.nan]
    encoded = [codec.encode(value) for value in values]
    assert encoded == sorted(set(encoded))
    assert math.isnan(codec.decode(codec.encode(-math.nan)))
    assert codec.encode(-math.nan) == codec.encode(math.nan)
    assert not codec.hashable


def test_a_key_without_columns_is_none() -> None:
    codec = KeyCodec(())
    assert codec.encode(None) == b""
    assert codec.decode(b"") is None


def test_maps_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="a key cannot hold the type MAP<STRING, INTEGER>"):
        KeyCodec((BIGINT, Map(STRING, INTEGER)))


@pytest.mark.parametrize(
    ("types", "hashable"),
    [
        ((STRING,), True),
        ((BIGINT, MONEY), True),
        ((PAIR,), False),
        ((STRING, DOUBLE), False),
        ((Struct((Field("A", BYTES),)),), True),
    ],
)
def test_which_keys_a_dict_can_hold(types: tuple[SqlType, ...], hashable: bool) -> None:
    assert KeyCodec(types).hashable is hashable

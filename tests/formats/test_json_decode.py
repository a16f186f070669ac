"""The fast path of JSON decoding: equal to the general way whatever it has learned."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsql.errors import DecodeError
from streamsql.formats.json.decode import JsonDecoder
from streamsql.types.schema import Column
from streamsql.types.sqltypes import (
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DOUBLE,
    INTEGER,
    STRING,
    TIME,
    TIMESTAMP,
    Array,
    Decimal,
    Field,
    Map,
    SqlType,
    Struct,
)


def general(columns: tuple[Column, ...], payload: bytes) -> str:
    """Read the payload on a decoder that knows nothing, the general way."""
    try:
        return repr(JsonDecoder(columns).repair(payload))
    except DecodeError:
        return "error"


def usual(decoder: JsonDecoder, payload: bytes) -> tuple[str, bool]:
    """Read the payload as the runtime does; tell also whether the fast path took it."""
    try:
        return visible(decoder.decode(payload), decoder), True
    except decoder.errors:
        try:
            return visible(decoder.repair(payload), decoder), False
        except DecodeError:
            return "error", False


def visible(row: Any, decoder: JsonDecoder) -> str:
    """Print the used columns of a row object, which may have more attributes."""
    if row is None:
        return "None"
    names = [name for name in row.__struct_fields__ if not name.startswith("_")]
    return f"Row({', '.join(f'{name}={getattr(row, name)!r}' for name in names)})"


def fast_share(columns: tuple[Column, ...], payloads: list[bytes]) -> int:
    """Return how many payloads the fast path takes, checking every result."""
    decoder, fast = JsonDecoder(columns), 0
    for payload in payloads:
        result, was_fast = usual(decoder, payload)
        assert result == general(columns, payload)
        fast += was_fast
    return fast


PRICE, NAME, OTHER = Column("PRICE", BIGINT), Column("NAME", STRING), Column("OTHER", INTEGER)


def test_a_spelling_is_learned_from_one_record() -> None:
    payloads = [b'{"price":%d,"Name":"a","x":1}' % number for number in range(10)]
    assert fast_share((PRICE, NAME), payloads) == 9


def test_a_missing_field_is_learned_and_found_again_in_another_spelling() -> None:
    absent = [b'{"price":1,"x":2}'] * 10
    decoder = JsonDecoder((PRICE, OTHER))
    assert [usual(decoder, payload)[1] for payload in absent] == [False] * 4 + [True] * 6
    for spelling in (b"other", b"Other", b"OTHER", b"oTHER"):
        assert decoder_value(decoder, b'{"price":1,"x":2,"%s":7}' % spelling) == 7
    assert usual(decoder, absent[0])[1]


def decoder_value(decoder: JsonDecoder, payload: bytes) -> Any:
    try:
        return decoder.decode(payload).OTHER
    except decoder.errors:
        return decoder.repair(payload).OTHER


def test_a_name_never_seen_is_passed_over_once_it_was() -> None:
    decoder = JsonDecoder((PRICE, OTHER))
    for _ in range(5):
        usual(decoder, b'{"price":1}')
    assert usual(decoder, b'{"price":1,"new":5}') == ("Row(PRICE=1, OTHER=None)", False)
    assert usual(decoder, b'{"price":1,"new":5}') == ("Row(PRICE=1, OTHER=None)", True)


def test_another_json_type_is_learned() -> None:
    payloads = [b'{"PRICE":"%d","NAME":%d}' % (number, number) for number in range(10)]
    assert fast_share((PRICE, NAME), payloads) == 6


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (b'{"price":1}', b'{"PRICE":2,"price":3}', 2),
        (b'{"price":1}', b'{"price":3,"PRICE":2}', 2),
        (b'{"PRICE":1}', b'{"price":3,"PRICE":2}', 2),
        (b'{"Price":1}', b'{"Price":2,"price":3}', 3),
        (b'{"Price":1}', b'{"price":2,"Price":3}', 3),
        (b'{"pRICE":1}', b'{"pRICE":2,"PrIcE":3}', 3),
        (b'{"price":1,"x":1,"y":1}', b'{"price":2,"x":1,"PRICE":3}', 3),
        (b'{"price":1,"x":1,"y":1}', b'{"price":2,"x":1,"Price":3}', 3),
        (b'{"PRICE":1}', b'{"PRICE":null,"price":3}', None),
        (b'{"PRICE":1}', b'{"PRICE":2,"PRICE":3}', 3),
    ],
)
def test_the_exact_spelling_wins_then_the_last(first: bytes, second: bytes, expected: Any) -> None:
    decoder = JsonDecoder((PRICE,))
    usual(decoder, first)
    usual(decoder, first)
    assert usual(decoder, second)[0] == f"Row(PRICE={expected})"


def test_a_quoted_column_is_found_by_its_exact_spelling_only() -> None:
    column = Column("price", BIGINT)
    decoder = JsonDecoder((column,))
    for _ in range(8):
        assert usual(decoder, b'{"PRICE":1,"Price":2}')[0] == "Row(price=None)"
    assert usual(decoder, b'{"PRICE":1,"price":2}')[0] == "Row(price=2)"


def test_columns_that_share_a_field_take_the_general_way() -> None:
    columns = (Column("price", BIGINT), PRICE)
    assert fast_share(columns, [b'{"price":1}'] * 6) >= 4


def test_names_that_no_struct_can_have() -> None:
    columns = (Column('a"b\\c', BIGINT), Column("my col", STRING), Column("class", BIGINT))
    payload = json.dumps({'a"b\\c': 1, "my col": "x", "class": 2}).encode()
    fast_share(columns, [payload] * 6)
    decoder = JsonDecoder(columns)
    row = decoder.decode(payload)
    assert (row.column_0, row.column_1, row.column_2) == (1, "x", 2)
    with pytest.raises(decoder.errors):
        decoder.decode(b"null")
    assert decoder.repair(b"null") is None


def test_escaped_names_and_endless_names() -> None:
    escaped = b'{"\\u0070rice":1}'
    assert fast_share((PRICE,), [escaped] * 3) == 2
    payloads = [b'{"price":1,"n%d":1}' % number for number in range(400)]
    assert fast_share((PRICE,), payloads) > 390
    assert fast_share((PRICE, OTHER), payloads) >= 100  # no fixed shape: the general way at last


def test_no_columns_at_all() -> None:
    decoder = JsonDecoder(())
    assert usual(decoder, b'{"a":1}') == ("Row()", True)
    assert usual(decoder, b"5")[0] == "error"
    assert usual(decoder, b"null")[0] == "None"


TYPES: list[SqlType] = [
    BOOLEAN,
    INTEGER,
    BIGINT,
    DOUBLE,
    STRING,
    BYTES,
    DATE,
    TIME,
    TIMESTAMP,
    Decimal(6, 2),
    Array(INTEGER),
    Array(STRING),
    Map(STRING, DOUBLE),
    Array(Decimal(4, 1)),
    Struct((Field("A", INTEGER), Field("b", STRING))),
    Array(Struct((Field("A", BIGINT),))),
]
NUMBERS = st.one_of(
    st.integers(-(2**66), 2**66),
    st.integers(-5, 200),
    st.sampled_from([2**31, 2**31 - 1, -(2**31), 2**63, 2**63 - 1, 86_400_000]),
).map(str) | st.sampled_from(
    ["1.5", "-0.0", "-0", "3.0", "1e2", "1E+5", "0.1e-3", "1e400", "1e-400", "99.99", "1e80"]
)
SCALARS = st.one_of(
    NUMBERS,
    NUMBERS.map(lambda text: f'"{text}"'),
    st.sampled_from(["null", "true", "false", '"YWI="', '"NaN"', '""', '"\\u0041"', '"é"']),
    st.text(max_size=4).map(json.dumps),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]"),
        st.lists(st.tuples(st.sampled_from(["A", "a", "b", "B", "x"]), inner), max_size=3).map(
            lambda items: "{" + ",".join(f'"{name}":{value}' for name, value in items) + "}"
        ),
    ),
    max_leaves=4,
)
FIELD_NAMES = ["V", "v", "W", "w", "Long", "LONG", "long", "x", "\\u0076"]
# The spellings that are told apart whatever was seen before; see json_decode.
PAYLOADS = st.lists(st.tuples(st.sampled_from(FIELD_NAMES), VALUES), max_size=5).map(
    lambda items: ("{" + ",".join(f'"{name}":{value}' for name, value in items) + "}").encode()
)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from(TYPES), min_size=3, max_size=3),
    st.lists(PAYLOADS, min_size=1, max_size=12),
)
def test_fast_and_general_path_agree(types: list[SqlType], payloads: list[bytes]) -> None:
    columns = tuple(
        Column(name, kind) for name, kind in zip(("V", "w", "LONG"), types, strict=True)
    )
    decoder = JsonDecoder(columns)
    for payload in payloads * 2:
        result, _ = usual(decoder, payload)
        assert result == general(columns, payload), payload


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(TYPES), st.lists(VALUES, min_size=1, max_size=6))
def test_fast_and_general_path_agree_on_values(sql_type: SqlType, values: list[str]) -> None:
    column = Column("V", sql_type)
    decoder = JsonDecoder((column,))
    for text in values * 5:
        payload = f'{{"V":{text}}}'.encode()
        result, _ = usual(decoder, payload)
        assert result == general((column,), payload), payload


@pytest.mark.parametrize("depth", [100, 330, 1_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), ["[]", ('{"a":', "}")])
def test_deep_values_are_read_or_refused(opening: str, closing: str, depth: int) -> None:
    decoder = JsonDecoder((Column("A", STRING),))
    payload = f'{{"A":{opening * depth}1{closing * depth}}}'.encode()
    try:
        read = decoder.repair(payload).A
    except DecodeError:
        read = None
    assert read is None or read.startswith(opening)
    assert read is not None or depth > 100

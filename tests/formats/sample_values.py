"""Types and, for each, a hypothesis strategy of its values in flight."""

from decimal import Decimal as Number
from typing import Any

from hypothesis import strategies as st

from streamsql.formats.text_values import bounds
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
    Primitive,
    SqlType,
    Struct,
)

SCALAR_TYPES: list[SqlType] = [
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
    Decimal(20, 12),
    Decimal(5, 0),
]
TYPES: list[SqlType] = [
    *SCALAR_TYPES,
    Array(DOUBLE),
    Array(Array(STRING)),
    Map(STRING, Decimal(20, 12)),
    Map(STRING, BYTES),
    Struct((Field("A", INTEGER), Field("lower", DOUBLE))),
    Array(Struct((Field("A", BIGINT), Field("M", Map(STRING, TIME))))),
]


def values_of(sql_type: SqlType, *, nulls: bool = True) -> st.SearchStrategy[Any]:
    """Return a strategy of the type's values, with NULL among them."""
    present = _present(sql_type)
    return st.none() | present if nulls else present


def _present(sql_type: SqlType) -> st.SearchStrategy[Any]:
    match sql_type:
        case Primitive() if sql_type in _PRIMITIVES:
            return _PRIMITIVES[sql_type]
        case Primitive():
            return st.integers(*bounds(sql_type))
        case Decimal(precision, scale):
            unscaled = st.integers(-(10**precision) + 1, 10**precision - 1)
            return unscaled.map(lambda number: Number(number).scaleb(-scale))
        case Array(element):
            return st.lists(values_of(element), max_size=3)
        case Map(key, value):
            return st.dictionaries(values_of(key, nulls=False), values_of(value), max_size=3)
        case Struct(fields):
            return st.tuples(*(values_of(field.type) for field in fields))


_PRIMITIVES: dict[Primitive, st.SearchStrategy[Any]] = {
    BOOLEAN: st.booleans(),
    DOUBLE: st.floats(),
    STRING: st.text(max_size=6),
    BYTES: st.binary(max_size=6),
}

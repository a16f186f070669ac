"""Any JSON value as a value of a SQL type: the general, forgiving way.

Numbers are read from strings too, and narrowed as Java's ``intValue`` and ``longValue`` do (cut
towards zero, then wrapped); STRING takes anything; DECIMAL must fit exactly; field names of objects
are found by their exact spelling first, else, for names in upper case, by any other (the last one).

Documents come from :func:`parse_json`, where a number with a fraction or exponent is a ``Decimal``.
"""

import decimal
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from streamsql.formats.text_values import (
    bounds,
    decimal_fitter,
    decimal_parser,
    in_bounds,
    parse_bytes,
    parse_double,
    parse_integer,
    shortened,
)
from streamsql.types.sqltypes import Array, Decimal, Map, Primitive, SqlType, Struct

Convert: TypeAlias = Callable[[Any], Any]
"""JSON value, not null, to value in flight; raises ValueError."""

parse_json: Callable[[bytes | msgspec.Raw], Any] = msgspec.json.Decoder(
    float_hook=decimal.Decimal
).decode
_write_json = msgspec.json.Encoder(decimal_format="number").encode
_WIDEST_BITS = 64


def converter(sql_type: SqlType) -> Convert:
    """Return the function that reads JSON values as values of the type."""
    match sql_type:
        case Primitive():
            return _PRIMITIVES[sql_type]
        case Decimal():
            return _exact(sql_type)
        case Array(element):
            return _array(sql_type, nullable(converter(element)))
        case Map(_, value):
            return _map(sql_type, nullable(converter(value)))
        case Struct(fields):
            names = [field.name for field in fields]
            return _struct(sql_type, names, [nullable(converter(field.type)) for field in fields])


def nullable(convert: Convert) -> Convert:
    """Return the same function for values that may be null."""
    return lambda value: None if value is None else convert(value)


def spellings(document: Mapping[str, Any], names: Sequence[str]) -> list[str | None]:
    """Return how each field is spelled in the document, ``None`` where it is missing."""
    folded: dict[str, str] | None = None
    found: list[str | None] = []
    for name in names:
        if name in document:
            found.append(name)
            continue
        if folded is None:
            folded = {spelling.upper(): spelling for spelling in document}
        found.append(folded.get(name))
    return found


def to_string(value: Any) -> str:
    """Return any JSON value as text: objects as compact JSON, arrays as ``[a, b]``."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case dict():
            return _write_json(value).decode()
        case list():
            elements = ("null" if element is None else to_string(element) for element in value)
            return f"[{', '.join(elements)}]"
        case _:
            return str(value)


def _to_boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _mismatch(value, Primitive.BOOLEAN)


def _to_double(value: Any) -> float:
    if isinstance(value, str):
        return parse_double(value)
    if isinstance(value, int | decimal.Decimal) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")
    raise _mismatch(value, Primitive.DOUBLE)


def _to_bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return parse_bytes(value)
    raise _mismatch(value, Primitive.BYTES)


def _narrowing(sql_type: SqlType) -> Convert:
    low, high = bounds(sql_type)
    span = high - low + 1

    def convert(value: Any) -> int:
        if isinstance(value, str):
            return parse_integer(value, sql_type)
        return (_whole(value, sql_type) - low) % span + low

    return convert


def _temporal(sql_type: SqlType) -> Convert:
    def convert(value: Any) -> int:
        if isinstance(value, str):
            return parse_integer(value, sql_type)
        if isinstance(value, decimal.Decimal) and value.adjusted() >= _WIDEST_BITS:
            raise _mismatch(value, sql_type)
        return in_bounds(_whole(value, sql_type), sql_type)

    return convert


def _whole(value: Any, sql_type: SqlType) -> int:
    """Return a number without its fraction, exact in its low 64 bits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, decimal.Decimal):
        exponent = value.as_tuple().exponent
        assert isinstance(exponent, int)
        if exponent >= _WIDEST_BITS or value.adjusted() < 0:
            return 0  # a multiple of 2**64, or a fraction: no need to spell out its digits
        return int(value)
    raise _mismatch(value, sql_type)


def _exact(sql_type: Decimal) -> Convert:
    parse, fit = decimal_parser(sql_type), decimal_fitter(sql_type)

    def convert(value: Any) -> decimal.Decimal:
        if isinstance(value, decimal.Decimal):
            return fit(value)
        if isinstance(value, str):
            return parse(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return fit(decimal.Decimal(value))
        raise _mismatch(value, sql_type)

    return convert


def _array(sql_type: SqlType, element: Convert) -> Convert:
    def convert(value: Any) -> list[Any]:
        if isinstance(value, list):
            return [element(item) for item in value]
        raise _mismatch(value, sql_type)

    return convert


def _map(sql_type: SqlType, element: Convert) -> Convert:
    def convert(value: Any) -> dict[str, Any]:
        if isinstance(value, dict):
            return {key: element(item) for key, item in value.items()}
        raise _mismatch(value, sql_type)

    return convert


def _struct(sql_type: SqlType, names: Sequence[str], elements: Sequence[Convert]) -> Convert:
    def convert(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, dict):
            raise _mismatch(value, sql_type)
        return tuple(
            None if spelling is None else element(value[spelling])
            for spelling, element in zip(spellings(value, names), elements, strict=True)
        )

    return convert


def _mismatch(value: Any, sql_type: SqlType) -> ValueError:
    return ValueError(f"{shortened(to_string(value))} is not of type {sql_type}")


_PRIMITIVES: dict[Primitive, Convert] = {
    Primitive.STRING: to_string,
    Primitive.BOOLEAN: _to_boolean,
    Primitive.DOUBLE: _to_double,
    Primitive.BYTES: _to_bytes,
    Primitive.INTEGER: _narrowing(Primitive.INTEGER),
    Primitive.BIGINT: _narrowing(Primitive.BIGINT),
    Primitive.DATE: _temporal(Primitive.DATE),
    Primitive.TIME: _temporal(Primitive.TIME),
    Primitive.TIMESTAMP: _temporal(Primitive.TIMESTAMP),
}

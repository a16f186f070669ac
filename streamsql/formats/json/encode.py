"""JSON rows and keys from values in flight, as Jackson writes them.

Names are the column names; DECIMAL is a number with its scale, BYTES base64, times are numbers, NaN
and the infinities are strings.
"""

from collections.abc import Callable, Sequence
from math import isfinite
from operator import attrgetter
from typing import Any

import msgspec

from streamsql.expr.values.javatext import decimal_text, double_text
from streamsql.formats.format import attribute_names
from streamsql.formats.plain import PlainEncoder, key_parts, row_class
from streamsql.types.record import Key
from streamsql.types.schema import Column
from streamsql.types.sqltypes import Array, Decimal, Map, Primitive, SqlType, Struct

_to_json = msgspec.json.Encoder(decimal_format="number").encode
_PLAIN_SCALE = 6
"""``str`` of a Decimal takes to exponents beyond this scale."""


def row_encoder(columns: Sequence[Column]) -> PlainEncoder:
    """Return an encoder of rows as objects."""
    names = attribute_names(columns)
    rename = dict(zip(names, (column.name for column in columns), strict=True))
    document = _document_of_row(columns)
    try:
        row_type = msgspec.defstruct(
            "Row", [(name, Any) for name in names], rename=rename, frozen=True, gc=False
        )
    except ValueError:  # A name with a quote, a backslash or a control character.
        return PlainEncoder(row_class(columns), lambda row: _to_json(document(row)))
    if any(_holds_struct(column.type) for column in columns):
        return PlainEncoder(row_type, lambda row: _to_json(document(row)))
    differing = [column.type for column in columns if _may_differ(column.type)]
    if not differing:
        return PlainEncoder(row_type, _to_json)
    if all(sql_type is Primitive.DOUBLE for sql_type in differing):
        doubles = [
            name
            for name, column in zip(names, columns, strict=True)
            if column.type is Primitive.DOUBLE
        ]
        return PlainEncoder(row_type, _if_finite(doubles, document))

    def encode(row: Any) -> bytes:
        payload = _to_json(row)
        # msgspec writes NaN as null and small decimals with an exponent: then write it anew.
        if b"null" in payload or b"E-" in payload:
            return _to_json(document(row))
        return payload

    return PlainEncoder(row_type, encode)


def _if_finite(
    attributes: Sequence[str], document: Callable[[Any], dict[str, Any]]
) -> Callable[[Any], bytes]:
    """Return an encoder of rows of which only these attributes, doubles, may need the document.

    To look for its ``null`` in the text would take longer than to write the text.
    """
    values_of: Callable[[Any], Any] = attrgetter(*attributes)

    def encode(row: Any) -> bytes:
        value = values_of(row)
        return _to_json(row if value is None or isfinite(value) else document(row))

    def encode_several(row: Any) -> bytes:
        for value in values_of(row):
            if value is not None and not isfinite(value):
                return _to_json(document(row))
        return _to_json(row)

    return encode if len(attributes) == 1 else encode_several


def bare_encoder(column: Column) -> PlainEncoder:
    """Return an encoder of the only column's bare value; NULL is a record without a value."""
    to_tree = _tree_of(column.type)

    def encode(row: tuple[Any]) -> bytes | None:
        return None if row[0] is None else _to_json(to_tree(row[0]))

    return PlainEncoder(lambda value: (value,), encode)


def key_encoder(key: Sequence[Column]) -> Callable[[Key], bytes]:
    """Return a function from keys in flight to JSON: one column bare, several as an object.

    Doubles are printed as Java does: equal keys must be equal bytes whoever writes them.
    """
    trees = [_tree_of(column.type, java_doubles=True) for column in key]
    if len(key) == 1:
        (to_tree,) = trees
        if to_tree is _as_is:
            return _to_json
        return lambda value: _to_json(None if value is None else to_tree(value))
    names = [column.name for column in key]

    def encode(value: Key) -> bytes:
        return _to_json(
            {
                name: None if part is None else to_tree(part)
                for name, to_tree, part in zip(names, trees, key_parts(value, key), strict=True)
            }
        )

    return encode


def _document_of_row(columns: Sequence[Column]) -> Callable[[Any], dict[str, Any]]:
    """Return a function from row objects to what ``_to_json`` writes as the right object."""
    parts = [
        (attribute, column.name, _tree_of(column.type))
        for attribute, column in zip(attribute_names(columns), columns, strict=True)
    ]

    def document(row: Any) -> dict[str, Any]:
        tree = {}
        for attribute, name, to_tree in parts:
            value = getattr(row, attribute)
            tree[name] = None if value is None else to_tree(value)
        return tree

    return document


def _tree_of(sql_type: SqlType, *, java_doubles: bool = False) -> Callable[[Any], Any]:
    """Return a function from a value, not None, to what ``_to_json`` writes rightly."""
    match sql_type:
        case Primitive.DOUBLE:
            return _java_double if java_doubles else _double
        case Decimal(_, scale) if scale > _PLAIN_SCALE:
            return lambda value: msgspec.Raw(decimal_text(value).encode())
        case Array(element):
            return _array(_tree_of(element, java_doubles=java_doubles))
        case Map(_, value_type):
            return _map(_tree_of(value_type, java_doubles=java_doubles))
        case Struct(fields):
            names = [field.name for field in fields]
            trees = [_tree_of(field.type, java_doubles=java_doubles) for field in fields]
            return _struct(names, trees)
        case _:
            return _as_is


def _as_is(value: Any) -> Any:
    return value


def _double(value: float) -> float | str:
    return value if isfinite(value) else double_text(value)


def _java_double(value: float) -> msgspec.Raw | str:
    text = double_text(value)
    return msgspec.Raw(text.encode()) if isfinite(value) else text


def _array(to_tree: Callable[[Any], Any]) -> Callable[[Any], Any]:
    if to_tree is _as_is:
        return _as_is
    return lambda value: [None if item is None else to_tree(item) for item in value]


def _map(to_tree: Callable[[Any], Any]) -> Callable[[Any], Any]:
    if to_tree is _as_is:
        return _as_is
    return lambda value: {
        key: None if item is None else to_tree(item) for key, item in value.items()
    }


def _struct(
    names: Sequence[str], trees: Sequence[Callable[[Any], Any]]
) -> Callable[[Any], dict[str, Any]]:
    def convert(value: Any) -> dict[str, Any]:
        return {
            name: None if part is None else to_tree(part)
            for name, to_tree, part in zip(names, trees, value, strict=True)
        }

    return convert


def _holds_struct(sql_type: SqlType) -> bool:
    match sql_type:
        case Struct():
            return True
        case Array(element) | Map(_, element):
            return _holds_struct(element)
        case _:
            return False


def _may_differ(sql_type: SqlType) -> bool:
    """Tell whether msgspec may write a value of the type in another way than Jackson."""
    return _tree_of(sql_type) is not _as_is

"""What formats refuse, in the words that every format shares."""

import re
from collections.abc import Iterator, Sequence

from streamsql.formats.format import FormatSpec
from streamsql.types.schema import Column
from streamsql.types.sqltypes import STRING, Array, Field, Map, SqlType, Struct

_MESSAGE_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def common_restriction(
    spec: FormatSpec, columns: Sequence[Column], *, is_key: bool, wraps: bool
) -> str | None:
    """Return what is wrong with the options or the key columns in any format, or ``None``.

    Args:
        spec: The format and its options.
        columns: The columns of the side.
        is_key: Whether the side is the key.
        wraps: Whether the format can wrap a single column.
    """
    if spec.delimiter is not None and spec.name != "DELIMITED":
        return f"the {spec.name} format does not support a delimiter"
    if spec.wrap is not None and not is_key:
        if len(columns) > 1:
            return "WRAP_SINGLE_VALUE is only allowed for a single value column"
        if spec.wrap and not wraps:
            return f"the {spec.name} format does not support WRAP_SINGLE_VALUE set to true"
    if is_key:
        for column in columns:
            if holds_map(column.type):
                return (
                    f'key column "{column.name}" is of type {column.type}: keys cannot hold maps, '
                    "which have no order of their own"
                )
    return None


def unsupported_type(format_name: str, column: Column) -> str:
    """Return that the format does not carry the column's type."""
    return f'the {format_name} format does not support type {column.type}, column "{column.name}"'


def holds_map(sql_type: SqlType) -> bool:
    """Tell whether a MAP is anywhere in the type."""
    match sql_type:
        case Map():
            return True
        case Array(element):
            return holds_map(element)
        case Struct(fields):
            return any(holds_map(field.type) for field in fields)
        case _:
            return False


def protobuf_restriction(
    spec: FormatSpec, columns: Sequence[Column], *, is_key: bool
) -> str | None:
    """Return why Protobuf messages cannot carry the columns, or ``None`` when they can."""
    reason = common_restriction(spec, columns, is_key=is_key, wraps=True)
    if reason is not None:
        return reason
    if spec.wrap is False and spec.name == "PROTOBUF":
        return "the PROTOBUF format does not support WRAP_SINGLE_VALUE set to false"
    for column in columns:
        if holds_other_map_keys(column.type):
            return (
                f"the {spec.name} format only supports maps with STRING keys, column "
                f'"{column.name}" is of type {column.type}'
            )
        if _nests_lists(column.type):
            return unsupported_type(spec.name, column)
        for name in names_in(Field(column.name, column.type)):
            if not _MESSAGE_FIELD.fullmatch(name):
                return (
                    f'the {spec.name} format does not support the name "{name}": names in a '
                    "schema are made of letters, digits and underscores"
                )
    return None


def _nests_lists(sql_type: SqlType) -> bool:
    """Tell whether an ARRAY or a MAP holds another one without a STRUCT between them."""
    match sql_type:
        case Array(element) | Map(_, element):
            return isinstance(element, Array | Map) or _nests_lists(element)
        case Struct(fields):
            return any(_nests_lists(field.type) for field in fields)
        case _:
            return False


def names_in(field: Field) -> Iterator[str]:
    """Yield the name of the field, and those of the fields in it."""
    yield field.name
    yield from _names_in(field.type)


def _names_in(sql_type: SqlType) -> Iterator[str]:
    match sql_type:
        case Array(element) | Map(_, element):
            yield from _names_in(element)
        case Struct(fields):
            for field in fields:
                yield from names_in(field)
        case _:
            pass


def holds_other_map_keys(sql_type: SqlType) -> bool:
    """Tell whether a MAP whose keys are not of type STRING is anywhere in the type."""
    match sql_type:
        case Map(key, value):
            return key is not STRING or holds_other_map_keys(value)
        case Array(element):
            return holds_other_map_keys(element)
        case Struct(fields):
            return any(holds_other_map_keys(field.type) for field in fields)
        case _:
            return False

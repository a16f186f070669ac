"""Written types to SQL types: built-in names, custom types, and their parameters."""

from collections.abc import Mapping

from sqlglot import exp

from streamsql.errors import BindError
from streamsql.sql.binding.scope import did_you_mean
from streamsql.sql.dialect.nodes.expressions import (
    ArrayType,
    DataType,
    MapType,
    NamedType,
    StructType,
    span,
)
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

BUILT_IN: dict[str, SqlType] = {
    "BOOLEAN": BOOLEAN,
    "INT": INTEGER,
    "INTEGER": INTEGER,
    "BIGINT": BIGINT,
    "DOUBLE": DOUBLE,
    "STRING": STRING,
    "VARCHAR": STRING,
    "BYTES": BYTES,
    "DATE": DATE,
    "TIME": TIME,
    "TIMESTAMP": TIMESTAMP,
}


def bind_type(written: DataType, types: Mapping[str, SqlType]) -> SqlType:
    """Return the type that is written; ``types`` are the custom types by name.

    Raises:
        BindError: There is no type of that name, or its parameters are wrong.
    """
    match written:
        case ArrayType():
            return Array(bind_type(written.element, types))
        case MapType():
            return Map(bind_type(written.key_type, types), bind_type(written.value_type, types))
        case StructType():
            return _bind_struct(written, types)
        case NamedType():
            return _bind_named(written, types)


def _bind_struct(written: StructType, types: Mapping[str, SqlType]) -> SqlType:
    fields: list[Field] = []
    for definition in written.fields:
        name = definition.field_name.name
        if any(field.name == name for field in fields):
            raise BindError(f'field "{name}" is defined twice', span(definition.field_name))
        fields.append(Field(name, bind_type(definition.field_type, types)))
    return Struct(tuple(fields))


def _bind_named(written: NamedType, types: Mapping[str, SqlType]) -> SqlType:
    name = written.type_name.name
    quoted = bool(written.type_name.args.get("quoted"))
    if name == "DECIMAL" and not quoted:
        return _bind_decimal(written)
    found = types.get(name)
    if found is None and not quoted:
        found = BUILT_IN.get(name)
    if found is None:
        raise BindError(
            f'type "{name}" does not exist',
            span(written.type_name),
            hint=did_you_mean(name, [*BUILT_IN, "DECIMAL", *types])
            or "SHOW TYPES lists the custom types.",
        )
    if written.parameters:
        raise BindError(f'type "{name}" takes no parameters', span(written))
    return found


def _bind_decimal(written: NamedType) -> Decimal:
    if len(written.parameters) != 2:
        raise BindError(
            'type "DECIMAL" needs a precision and a scale',
            span(written),
            hint="Write DECIMAL(10, 2) for ten digits, two of them after the point.",
        )
    precision, scale = (_parameter(literal) for literal in written.parameters)
    if precision < 1:
        raise BindError("the precision of a DECIMAL is at least 1", span(written.parameters[0]))
    if not 0 <= scale <= precision:
        raise BindError(
            "the scale of a DECIMAL lies between 0 and its precision", span(written.parameters[1])
        )
    return Decimal(precision, scale)


def _parameter(literal: exp.Literal) -> int:
    try:
        return int(literal.name)
    except ValueError:
        raise BindError("a type parameter is a whole number", span(literal)) from None

"""Written types to SQL types: built-in names, custom types, and their parameters."""

from collections.abc import Mapping

from sqlglot import exp

from streamsql.errors import BindError
from streamsql.sql.binding.scope import did_you_mean
from streamsql.sql.dialect.nodes.node import required, several, span
from streamsql.sql.dialect.nodes.types import BUILT_IN, written_name
from streamsql.types.sqltypes import (
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DOUBLE,
    INTEGER,
    MAX_PRECISION,
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

_TYPES: dict[exp.DType, SqlType] = {
    exp.DType.BOOLEAN: BOOLEAN,
    exp.DType.INT: INTEGER,
    exp.DType.BIGINT: BIGINT,
    exp.DType.DOUBLE: DOUBLE,
    exp.DType.TEXT: STRING,
    exp.DType.VARBINARY: BYTES,
    exp.DType.DATE: DATE,
    exp.DType.TIME: TIME,
    exp.DType.TIMESTAMP: TIMESTAMP,
}


def bind_type(written: exp.DataType, types: Mapping[str, SqlType]) -> SqlType:
    """Return the type that is written; ``types`` are the custom types by name.

    Raises:
        BindError: There is no type of that name, or its parameters are wrong.
    """
    match written.this:
        case exp.DType.ARRAY:
            (element,) = several(written, "expressions", exp.DataType)
            return Array(bind_type(element, types))
        case exp.DType.MAP:
            key, value = several(written, "expressions", exp.DataType)
            return Map(bind_type(key, types), bind_type(value, types))
        case exp.DType.STRUCT:
            return _bind_struct(written, types)
        case exp.DType.DECIMAL:
            return _bind_decimal(written)
        case _:
            return _bind_named(written, types)


def _bind_struct(written: exp.DataType, types: Mapping[str, SqlType]) -> SqlType:
    fields: list[Field] = []
    for definition in several(written, "expressions", exp.ColumnDef):
        name = definition.name
        if any(field.name == name for field in fields):
            raise BindError(f'field "{name}" is defined twice', span(definition.this))
        fields.append(Field(name, bind_type(required(definition, "kind", exp.DataType), types)))
    return Struct(tuple(fields))


def _bind_named(written: exp.DataType, types: Mapping[str, SqlType]) -> SqlType:
    name = written_name(written)
    found = types.get(name) or _TYPES.get(written.this)
    if found is None:
        raise BindError(
            f'type "{name}" does not exist',
            span(written.args["kind"]),
            hint=did_you_mean(name, [*BUILT_IN, *types]) or "SHOW TYPES lists the custom types.",
        )
    if written.expressions:
        raise BindError(f'type "{name}" takes no parameters', span(written))
    return found


def _bind_decimal(written: exp.DataType) -> Decimal:
    parameters = [
        required(parameter, "this", exp.Literal)
        for parameter in several(written, "expressions", exp.DataTypeParam)
    ]
    if len(parameters) != 2:
        raise BindError(
            'type "DECIMAL" needs a precision and a scale',
            span(written),
            hint="Write DECIMAL(10, 2) for ten digits, two of them after the point.",
        )
    precision, scale = (int(literal.name) for literal in parameters)
    if not 1 <= precision <= MAX_PRECISION:
        raise BindError(
            f"the precision of a DECIMAL lies between 1 and {MAX_PRECISION}", span(parameters[0])
        )
    if not 0 <= scale <= precision:
        raise BindError(
            "the scale of a DECIMAL lies between 0 and its precision", span(parameters[1])
        )
    return Decimal(precision, scale)

"""What aggregations of streams and tables share: result schemas and the types of states."""

from collections.abc import Sequence

from streamsql.expr.builtins import builtins
from streamsql.expr.nodes import AggregateCall, NamedExpression
from streamsql.expr.registry import AggregateFunction
from streamsql.expr.resolve import resolve
from streamsql.types.schema import Column, Schema
from streamsql.types.sqltypes import BIGINT, SqlType
from streamsql.types.windows import Windows


def count_call(name: str) -> AggregateCall:
    """Return COUNT(*) into a column of that name."""
    function = resolve(builtins(), "COUNT", ()).function
    assert isinstance(function, AggregateFunction)
    return AggregateCall(name, function, (), (), BIGINT)


def aggregated(
    key: tuple[Column, ...],
    columns: Sequence[NamedExpression],
    aggregates: Sequence[AggregateCall],
    windows: Windows | None,
) -> Schema:
    """Return the schema of an aggregation's table."""
    value = [Column(column.name, column.expression.type) for column in columns]
    value += [Column(call.name, call.type) for call in aggregates]
    return Schema(key, tuple(value), None if windows is None else windows.kind)


def state_types(
    columns: Sequence[NamedExpression], aggregates: Sequence[AggregateCall]
) -> tuple[SqlType, ...]:
    """Return the types of a group's state: of the columns, then of each aggregate's state."""
    types = [column.expression.type for column in columns]
    for call in aggregates:
        arguments = [argument.type for argument in call.arguments]
        types.append(call.function.make(arguments, call.parameters, call.type).state_type)
    return tuple(types)


def renamed(columns: tuple[Column, ...], names: Sequence[str] | None) -> tuple[Column, ...]:
    """Return the columns under other names, as they are when ``names`` is ``None``."""
    if names is None:
        return columns
    return tuple(Column(name, column.type) for name, column in zip(names, columns, strict=True))

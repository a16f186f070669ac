"""Python functions as expressions: what a program writes where SQL has expressions."""

from collections.abc import Callable, Mapping
from typing import Any

from streamsql.expr.nodes import Call, ColumnRef, Expression, NamedExpression
from streamsql.expr.registry import ScalarFunction
from streamsql.types.schema import Schema
from streamsql.types.sqltypes import BOOLEAN, SqlType

RowFunction = Callable[[Mapping[str, Any]], Any]
"""Takes the row as a mapping of all its key and value columns."""

Predicate = Expression | RowFunction


def predicate(condition: Predicate, schema: Schema) -> Expression:
    """Return the condition as an expression over rows of the schema."""
    return row_expression(condition, schema, BOOLEAN) if callable(condition) else condition


def row_expression(function: RowFunction, schema: Schema, result: SqlType) -> Expression:
    """Return a call of the Python function with the row of the schema.

    The function is called with every column; an expression lets the engine decode only what is
    used.
    """
    columns = tuple(schema.columns())
    names = [column.name for column in columns]

    def with_row(*values: object) -> Any:
        return function(dict(zip(names, values, strict=True)))

    name = getattr(function, "__name__", type(function).__name__)
    scalar = ScalarFunction(name, "ANY... -> ANY", with_row, strict=False)
    arguments = tuple(ColumnRef(column.name, column.type) for column in columns)
    return Call(scalar, arguments, result)


def keep(*columns: tuple[str, SqlType]) -> tuple[NamedExpression, ...]:
    """Return expressions that hand columns on under their names."""
    return tuple(NamedExpression(name, ColumnRef(name, of)) for name, of in columns)

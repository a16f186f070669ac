"""INSERT INTO … VALUES and ASSERT VALUES: constants by column."""

from collections.abc import Sequence

from sqlglot import exp

from streamsql.catalog.catalog import Source
from streamsql.errors import BindError, Span
from streamsql.expr.nodes import Expression
from streamsql.sql.binding.context import Context
from streamsql.sql.binding.expressions.calls import CallContext
from streamsql.sql.binding.expressions.coercion import Operand, coerced
from streamsql.sql.binding.expressions.expression import ExpressionBinder
from streamsql.sql.binding.scope import Scope, did_you_mean, kind_word
from streamsql.sql.binding.statements.sink import check_not_read_only
from streamsql.sql.dialect.nodes.node import required, span
from streamsql.sql.dialect.nodes.statements import source_name, written_columns
from streamsql.sql.statements import InsertValues
from streamsql.types.record import SourceKind
from streamsql.types.schema import PSEUDO_COLUMNS, ROWTIME, Column


def bind_insert_values(node: exp.Insert, context: Context) -> InsertValues:
    """Return the row that is written.

    Raises:
        BindError: The source cannot be written so, or a value does not fit its column.
    """
    target, written = source_name(node), written_columns(node)
    sink, where = context.source(target), span(target)
    check_not_read_only(sink, where)
    if sink.schema.window is not None:
        raise BindError(f'{kind_word(sink.kind)} "{sink.name}" is windowed', where)
    columns = target_columns(sink, written, (ROWTIME,))
    _check_headers(sink, columns, written or [target] * len(columns))
    (row,) = required(node, "expression", exp.Values).expressions
    values = bind_row(columns, row.expressions, context, span(node))
    if sink.kind is SourceKind.TABLE:
        _check_primary_key(sink, values, span(node))
    timestamp = values.pop(ROWTIME, None)
    return InsertValues(sink, values, timestamp)


def target_columns(
    source: Source, written: Sequence[exp.Identifier] | None, pseudo: Sequence[str]
) -> list[Column]:
    """Return the columns that values are given for: those written, or all.

    Args:
        source: Whose columns.
        written: The column list, ``None`` without one.
        pseudo: Pseudo columns that may be written as well.

    Raises:
        BindError: A column does not exist, or is written twice.
    """
    if written is None:
        return list(source.schema.columns())
    columns: list[Column] = []
    for identifier in written:
        name = identifier.name
        column = PSEUDO_COLUMNS[name] if name in pseudo else source.schema.find(name)
        if column is None:
            raise BindError(
                f'column "{name}" does not exist in {kind_word(source.kind)} {source.name}',
                span(identifier),
                hint=did_you_mean(name, (known.name for known in source.schema.columns())),
            )
        if column in columns:
            raise BindError(f'column "{name}" is given twice', span(identifier))
        columns.append(column)
    return columns


def bind_row(
    columns: Sequence[Column], row: Sequence[exp.Expr], context: Context, where: Span
) -> dict[str, Expression]:
    """Return constant expressions in the columns' types, by column.

    Raises:
        BindError: Their number differs, or one does not fit its column.
    """
    if len(columns) != len(row):
        raise BindError(
            f"{len(columns)} columns, but {len(row)} values",
            where,
            hint=f"The columns are {', '.join(column.name for column in columns)}.",
        )
    binder = ExpressionBinder(Scope(()), context.names, CallContext("VALUES"))
    return {
        column.name: _value(column, binder.operand(node))
        for column, node in zip(columns, row, strict=True)
    }


def _value(column: Column, operand: Operand) -> Expression:
    value = coerced(operand, column.type)
    if value is None:
        raise BindError(
            f'column "{column.name}" is {column.type}, the value {operand.type}', operand.where
        )
    return value


def _check_headers(sink: Source, columns: Sequence[Column], written: Sequence[exp.Expr]) -> None:
    """Refuse values for columns that show the headers of a record."""
    for column, identifier in zip(columns, written, strict=True):
        if column.name in sink.header_names:
            raise BindError(
                f'column "{column.name}" shows headers and cannot be written',
                span(identifier),
                hint="List the other columns: INSERT INTO … (column, …) VALUES (…).",
            )


def _check_primary_key(sink: Source, values: dict[str, Expression], where: Span) -> None:
    for column in sink.schema.key:
        if column.name not in values:
            raise BindError(f'primary key "{column.name}" of table {sink.name} has no value', where)

"""SELECT as a statement of its own: push queries, and pull queries with their key lookup."""

from collections.abc import Iterator
from itertools import product

from sqlglot import exp

from streamsql.catalog.catalog import Source
from streamsql.errors import BindError, Span
from streamsql.expr.nodes import (
    And,
    ColumnRef,
    Comparison,
    ComparisonOperator,
    Expression,
    InList,
    Literal,
    MakeStruct,
    Or,
)
from streamsql.expr.values.widening import widens_to
from streamsql.logical.nodes import Filter, Plan, Project, Scan
from streamsql.sql.binding.context import Context
from streamsql.sql.binding.expressions.coercion import converted
from streamsql.sql.binding.queries.clauses import Clauses
from streamsql.sql.binding.queries.query import bind_query
from streamsql.sql.dialect.nodes.clauses import Emit, option
from streamsql.sql.dialect.nodes.node import span
from streamsql.sql.statements import PullQuery, PushQuery
from streamsql.types.record import SourceKind
from streamsql.types.schema import ROWOFFSET, ROWPARTITION, Column
from streamsql.types.sqltypes import Field, Struct

_MOST_LOOKUPS = 10_000


def bind_select(node: exp.Select, context: Context) -> PushQuery | PullQuery:
    """Return a push query when EMIT is written, else a pull query.

    Raises:
        BindError: The query is wrong, or cannot be asked so.
    """
    if option(node, Emit) is None:
        return _bind_pull(node, context)
    query = bind_query(node, context, persistent=False)
    return PushQuery(query.plan, query.sources, query.columns, query.limit)


def _bind_pull(node: exp.Select, context: Context) -> PullQuery:
    _check_clauses(node)
    query = bind_query(node, context, persistent=False)
    source = query.origin.leftmost
    if query.aggregates:
        raise BindError(
            f'aggregate function "{query.aggregates[0].function.name}" is not allowed without EMIT',
            span(node),
            hint="Write EMIT CHANGES, or keep the aggregate with CREATE TABLE … AS SELECT.",
        )
    _check_materialized(source, node)
    _check_columns(query.plan, node)
    return PullQuery(source, query.plan, _lookup(source, query.plan), query.columns, query.limit)


def _check_clauses(node: exp.Select) -> None:
    written = Clauses.of(node)
    clauses = {
        "WINDOW": written.window,
        "GROUP BY": written.group_by,
        "PARTITION BY": written.partition_by,
        "HAVING": written.having,
        "JOIN": next(iter(written.joins), None),
    }
    for name, clause in clauses.items():
        if clause is not None:
            raise BindError(
                f"{name} is not allowed in a query without EMIT",
                span(clause),
                hint="Add EMIT CHANGES to follow the result, or keep it with CREATE … AS SELECT.",
            )


def _check_columns(plan: Plan, node: exp.Select) -> None:
    assert isinstance(plan, Project)
    if not isinstance(plan.input, Filter | Scan):
        raise BindError("table functions are not allowed in a query without EMIT", span(node))
    for column in node.find_all(exp.Column):
        if column.this.name in (ROWPARTITION, ROWOFFSET):
            raise BindError(
                f'column "{column.this.name}" is not kept',
                span(column),
                hint="Add EMIT CHANGES to see it.",
            )


def _check_materialized(source: Source, node: exp.Select) -> None:
    if source.kind is SourceKind.TABLE and not source.materialized:
        raise BindError(
            f'table "{source.name}" is not kept and cannot be asked for its rows',
            span(node.args["from_"].this),
            hint="Keep its rows with CREATE TABLE … AS SELECT *, or add EMIT CHANGES.",
        )


def _lookup(source: Source, plan: Plan) -> tuple[Expression, ...] | None:
    """Return the keys that WHERE fixes, ``None`` when all rows must be looked at."""
    assert isinstance(plan, Project)
    if source.kind is SourceKind.STREAM or not isinstance(plan.input, Filter):
        return None
    found: list[list[Expression]] = []
    for column in source.schema.key:
        values = _values(plan.input.predicate, column)
        if values is None:
            return None
        found.append(values)
    if len(found) == 1:
        return tuple(found[0])
    count = 1
    for values in found:
        count *= len(values)
    if not found or count > _MOST_LOOKUPS:
        return None
    key = Struct(tuple(Field(column.name, column.type) for column in source.schema.key))
    return tuple(MakeStruct(values, key) for values in product(*found))


def _values(predicate: Expression, column: Column) -> list[Expression] | None:
    """Return the constants one of which the column equals whenever the predicate is true."""
    match predicate:
        case And(left, right):
            one = _values(left, column)
            return _values(right, column) if one is None else one
        case Or(left, right):
            first, second = _values(left, column), _values(right, column)
            if first is None or second is None:
                return None
            return list(_unique([*first, *second]))
        case Comparison(ComparisonOperator.EQUAL, left, right):
            if _is(left, column):
                return _constant(right, column)
            return _constant(left, column) if _is(right, column) else None
        case InList(operand, options, False) if _is(operand, column):
            constants = [_constant(option, column) for option in options]
            known = [constant[0] for constant in constants if constant]
            return list(_unique(known)) if len(known) == len(options) else None
        case _:
            return None


def _is(expression: Expression, column: Column) -> bool:
    return expression == ColumnRef(column.name, column.type)


def _constant(expression: Expression, column: Column) -> list[Expression] | None:
    """Return a constant in the column's type, as a list of one."""
    if not isinstance(expression, Literal) or expression.value is None:
        return None
    if not widens_to(expression.type, column.type):
        return None
    folded = converted(expression, column.type, Span(0, 0))
    return [folded] if isinstance(folded, Literal) else None


def _unique(values: list[Expression]) -> Iterator[Expression]:
    seen: list[Expression] = []
    for value in values:
        if value not in seen:
            seen.append(value)
            yield value

"""From sources and joins to a plan: scans, what is carried along, re-keying, joins."""

from collections.abc import Sequence

from streamsql.expr.nodes import ColumnRef, Expression, NamedExpression
from streamsql.logical.nodes import Join, Plan, Project, Rekey, Scan
from streamsql.sql.binding.queries.relations import From, JoinStep
from streamsql.sql.binding.scope import ScopedSource
from streamsql.types.record import SourceKind
from streamsql.types.schema import Column, Schema


def plan_from(source: From, used: set[ColumnRef]) -> Plan:
    """Return the plan of a FROM clause; ``used`` are the columns that the query refers to.

    In a join the pseudo columns of a side are computed below it, as columns of their own.
    """
    sources = source.scope.sources
    if not source.steps:
        return scan(sources[0])
    plan = _side(sources[0], used)
    for step in source.steps:
        plan = _join(plan, step, used)
    return plan


def scan(source: ScopedSource) -> Scan:
    """Return the scan of a source under the names that the query uses."""
    own = source.source.schema
    schema = Schema(
        tuple(source.column(column) for column in own.key),
        tuple(source.column(column) for column in own.value),
        own.window,
    )
    return Scan(source.source, source.alias if source.qualified else None, schema)


def carry(plan: Plan, columns: Sequence[NamedExpression]) -> Plan:
    """Return the plan with these value columns besides its own."""
    if not columns:
        return plan
    value = [*map(_same, plan.schema.value), *columns]
    schema = Schema(
        plan.schema.key,
        (*plan.schema.value, *(Column(c.name, c.expression.type) for c in columns)),
        plan.schema.window,
    )
    return Project(plan, tuple(value), schema)


def _same(column: Column) -> NamedExpression:
    return NamedExpression(column.name, ColumnRef(column.name, column.type))


def _side(source: ScopedSource, used: set[ColumnRef]) -> Plan:
    references = [source.reference(column) for column in source.pseudo_columns()]
    names = [reference.name for reference in references if reference in used]
    types = {reference.name: reference.type for reference in references}
    return carry(scan(source), [_same(Column(name, types[name])) for name in names])


def _join(left: Plan, step: JoinStep, used: set[ColumnRef]) -> Plan:
    right = _side(step.right, used)
    if left.kind is SourceKind.STREAM and not step.on_key:
        left = _rekeyed(left, step.left_key, f"{step.key_name}_LEFT")
    if right.kind is SourceKind.STREAM and not _is_key(right, step.right_key):
        right = _rekeyed(right, step.right_key, f"{step.key_name}_RIGHT")
    value = (
        *left.schema.key,
        *left.schema.value,
        *right.schema.key,
        *right.schema.value,
    )
    key = _join_key(left, step)
    return Join(
        left,
        right,
        step.kind,
        step.window,
        step.left_key if step.foreign else None,
        Schema(key, value, left.schema.window),
    )


def _join_key(left: Plan, step: JoinStep) -> tuple[Column, ...]:
    if not step.foreign:
        return (Column(step.key_name, step.left_key.type),)
    own = left.schema.key
    if len(own) == 1:
        return (Column(step.key_name, own[0].type),)
    return tuple(Column(f"{step.key_name}_{n}", column.type) for n, column in enumerate(own))


def _is_key(plan: Plan, expression: Expression) -> bool:
    key = plan.schema.key
    return len(key) == 1 and expression == ColumnRef(key[0].name, key[0].type)


def _rekeyed(plan: Plan, key: Expression, name: str) -> Plan:
    """Return a stream that comes together by a new key."""
    named = NamedExpression(name, key)
    return Rekey(plan, (named,), True, True, rekeyed_schema(plan, [named]))


def rekeyed_schema(plan: Plan, keys: Sequence[NamedExpression]) -> Schema:
    """Return the schema after a new key: the columns of the old one are values now."""
    key = tuple(Column(named.name, named.expression.type) for named in keys)
    return Schema(key, tuple(plan.schema.columns()))

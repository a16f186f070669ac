"""PARTITION BY: a new key for every row of a stream."""

from collections.abc import Callable, Sequence

from streamsql.expr.nodes import ColumnRef, Expression, NamedExpression
from streamsql.plan.nodes import Plan, Rekey
from streamsql.sql.bind_from import From
from streamsql.sql.bind_joins import carry
from streamsql.sql.bind_names import unused
from streamsql.sql.bind_walk import all_refs, replaced
from streamsql.types.schema import ROWOFFSET, ROWPARTITION, Column, Schema

_LOST = (ROWPARTITION, ROWOFFSET)


def partitioned(
    plan: Plan, keys: Sequence[Expression], values: Sequence[Expression], origin: From
) -> tuple[Plan, Callable[[Expression], Expression]]:
    """Return the re-keyed plan, and a function that rewrites value expressions to its columns.

    What the values need of the old key is copied into value columns first. A stream that is
    partitioned by its own key stays as it is.
    """
    old = [ColumnRef(column.name, column.type) for column in plan.schema.key]
    if list(keys) == old and old:
        return plan, lambda expression: expression
    lost = [*old, *(reference for reference in all_refs(values) if reference.name in _LOST)]
    needed = [reference for reference in dict.fromkeys(lost) if reference in all_refs(values)]
    taken = [*(column.name for column in plan.schema.columns()), *origin.scope.names()]
    copies: dict[ColumnRef, ColumnRef] = {}
    for reference in needed:
        name = unused(f"KSQL_OLD_{reference.name}", taken)
        copies[reference] = ColumnRef(name, reference.type)
    plan = carry(plan, [NamedExpression(copy.name, ref) for ref, copy in copies.items()])
    named = tuple(
        NamedExpression(unused(f"KSQL_KEY_{number}", taken), key) for number, key in enumerate(keys)
    )
    schema = Schema(
        tuple(Column(key.name, key.expression.type) for key in named), plan.schema.value
    )
    rekeyed = Rekey(plan, named, drop_null_key=False, shuffle=False, schema=schema)

    def change(expression: Expression) -> Expression:
        return replaced(expression, _copied)

    def _copied(part: Expression) -> Expression | None:
        return copies.get(part) if isinstance(part, ColumnRef) else None

    return rekeyed, change

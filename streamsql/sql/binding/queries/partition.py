"""PARTITION BY: a new key for every row of a stream."""

from collections.abc import Callable, Sequence

from streamsql.expr.nodes import ColumnRef, Expression, NamedExpression
from streamsql.expr.walk import column_refs, transform
from streamsql.logical.nodes import Plan, Rekey
from streamsql.sql.binding.names import unused
from streamsql.sql.binding.queries.joins import carry, rekeyed_schema
from streamsql.sql.binding.queries.relations import From
from streamsql.types.schema import ROWOFFSET, ROWPARTITION

_LOST = (ROWPARTITION, ROWOFFSET)


def partitioned(
    plan: Plan, keys: Sequence[Expression], values: Sequence[Expression], origin: From
) -> tuple[Plan, Callable[[Expression], Expression]]:
    """Return the re-keyed plan, and a function that rewrites value expressions to its columns.

    Where a record came from is not known any more after a new key, so the values get copies of it.
    A stream that is partitioned by its own key stays as it is.
    """
    old = [ColumnRef(column.name, column.type) for column in plan.schema.key]
    if list(keys) == old and old:
        return plan, lambda expression: expression
    taken = [*(column.name for column in plan.schema.columns()), *origin.scope.names()]
    lost = sorted((r for r in set(column_refs(*values)) if r.name in _LOST), key=lambda r: r.name)
    copies = {r: ColumnRef(unused(f"KSQL_{r.name}", taken), r.type) for r in lost}
    plan = carry(plan, [NamedExpression(copy.name, ref) for ref, copy in copies.items()])
    named = tuple(
        NamedExpression(unused(f"KSQL_KEY_{number}", taken), key) for number, key in enumerate(keys)
    )
    schema = rekeyed_schema(plan, named)
    rekeyed = Rekey(plan, named, drop_null_key=False, shuffle=False, schema=schema)

    def change(expression: Expression) -> Expression:
        return transform(expression, _copied)

    def _copied(part: Expression) -> Expression | None:
        return copies.get(part) if isinstance(part, ColumnRef) else None

    return rekeyed, change

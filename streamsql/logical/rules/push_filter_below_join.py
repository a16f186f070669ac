"""A stream's rows that are filtered out need not look anything up in a table.

Only below stream-table joins, and only to the stream's side: a stream-stream join measures time by
the rows it sees, and a table's side must see its deletes.
"""

from dataclasses import replace

from streamsql.catalog.catalog import SourceKind
from streamsql.expr.nodes import And, Expression
from streamsql.logical.nodes import Filter, Join, Plan
from streamsql.logical.references import references


def push_filter_below_join(plan: Plan) -> Plan:
    """Move the conjuncts that read only the stream's columns below a stream-table join."""
    if not (isinstance(plan, Filter) and isinstance(plan.input, Join)):
        return plan
    join = plan.input
    if join.left.kind is not SourceKind.STREAM or join.right.kind is not SourceKind.TABLE:
        return plan
    stream = {column.name for column in join.left.schema.columns()}
    own = [p for p in _conjuncts(plan.predicate) if references(p) and references(p) <= stream]
    rest = [p for p in _conjuncts(plan.predicate) if p not in own]
    if not own:
        return plan
    pushed = replace(join, left=Filter(join.left, _all(own)))
    return Filter(pushed, _all(rest)) if rest else pushed


def _conjuncts(predicate: Expression) -> list[Expression]:
    if isinstance(predicate, And):
        return [*_conjuncts(predicate.left), *_conjuncts(predicate.right)]
    return [predicate]


def _all(predicates: list[Expression]) -> Expression:
    first, *others = predicates
    for predicate in others:
        first = And(first, predicate)
    return first

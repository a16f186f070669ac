"""Rewrite rules: each a function from a plan to an equal plan that costs less.

A rule looks at one node and its inputs; :mod:`streamsql.logical.optimize` applies it everywhere.
"""

from dataclasses import replace

from streamsql.expr.nodes import And, Expression
from streamsql.expr.walk import column_names
from streamsql.logical.nodes import Filter, Join, Plan, Rekey
from streamsql.types.record import SourceKind
from streamsql.types.schema import ROWTIME


def merge_filters(plan: Plan) -> Plan:
    """Merge a filter with the filter below it; the lower one is still evaluated first."""
    if isinstance(plan, Filter) and isinstance(plan.input, Filter):
        below = plan.input
        return Filter(below.input, And(below.predicate, plan.predicate))
    return plan


def push_filter_below_join(plan: Plan) -> Plan:
    """Move the conjuncts that read only the stream's columns below a stream-table join.

    A stream's rows that are filtered out need not look anything up in the table. Only to the
    stream's side, and not below other joins: a stream-stream join measures time by the rows it
    sees, and a table's side must see its deletes.
    """
    if not (isinstance(plan, Filter) and isinstance(plan.input, Join)):
        return plan
    join = plan.input
    if join.left.kind is not SourceKind.STREAM or join.right.kind is not SourceKind.TABLE:
        return plan
    stream = {column.name for column in join.left.schema.columns()}
    own: list[Expression] = []
    rest: list[Expression] = []
    for predicate in _conjuncts(plan.predicate):
        read = column_names(predicate)
        (own if read and read <= stream else rest).append(predicate)
    if not own:
        return plan
    pushed = replace(join, left=Filter(join.left, _all(own)))
    return Filter(pushed, _all(rest)) if rest else pushed


def push_filter_below_rekey(plan: Plan) -> Plan:
    """Move a filter below a re-keying when it reads columns of the row, not the new key.

    Rows that are filtered out need not be sent to another partition first.
    """
    if not (isinstance(plan, Filter) and isinstance(plan.input, Rekey)):
        return plan
    rekey = plan.input
    below = {column.name for column in rekey.input.schema.columns()} | {ROWTIME}
    new_key = {column.name for column in rekey.schema.key}
    read = column_names(plan.predicate)
    if read <= below and not read & new_key:
        return replace(rekey, input=Filter(rekey.input, plan.predicate))
    return plan


def _conjuncts(predicate: Expression) -> list[Expression]:
    if isinstance(predicate, And):
        return [*_conjuncts(predicate.left), *_conjuncts(predicate.right)]
    return [predicate]


def _all(predicates: list[Expression]) -> Expression:
    first, *others = predicates
    for predicate in others:
        first = And(first, predicate)
    return first

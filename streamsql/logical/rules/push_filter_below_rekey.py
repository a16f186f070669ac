"""Rows that are filtered out need not be sent to another partition first."""

from dataclasses import replace

from streamsql.logical.nodes import Filter, Plan, Rekey
from streamsql.logical.references import references
from streamsql.types.schema import ROWTIME


def push_filter_below_rekey(plan: Plan) -> Plan:
    """Move a filter below a re-keying when it reads columns of the row, not the new key."""
    if not (isinstance(plan, Filter) and isinstance(plan.input, Rekey)):
        return plan
    rekey = plan.input
    below = {column.name for column in rekey.input.schema.columns()} | {ROWTIME}
    new_key = {column.name for column in rekey.schema.key}
    read = references(plan.predicate)
    if read <= below and not read & new_key:
        return replace(rekey, input=Filter(rekey.input, plan.predicate))
    return plan

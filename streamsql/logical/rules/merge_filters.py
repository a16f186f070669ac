"""Two filters in a row are one: ``Filter(p, Filter(q, x))`` is ``Filter(q AND p, x)``."""

from streamsql.expr.nodes import And
from streamsql.logical.nodes import Filter, Plan


def merge_filters(plan: Plan) -> Plan:
    """Merge a filter with the filter below it; the lower one is still evaluated first."""
    if isinstance(plan, Filter) and isinstance(plan.input, Filter):
        below = plan.input
        return Filter(below.input, And(below.predicate, plan.predicate))
    return plan

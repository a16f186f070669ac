"""The optimizer: a list of rules, applied in order until nothing changes.

A rule is a function from a plan to an equal plan that costs less; it looks at one node and its
inputs and leaves the walk to :func:`optimize`.
"""

from collections.abc import Callable
from dataclasses import replace

from streamsql.logical.nodes import Join, Plan, Scan
from streamsql.logical.rules import (
    merge_filters,
    push_filter_below_join,
    push_filter_below_rekey,
)

Rule = Callable[[Plan], Plan]

RULES: tuple[Rule, ...] = (merge_filters, push_filter_below_join, push_filter_below_rekey)


def optimize(plan: Plan) -> Plan:
    """Return the plan with every rule applied everywhere, until none changes anything."""
    while True:
        better = plan
        for rule in RULES:
            better = _everywhere(better, rule)
        if better == plan:
            return plan
        plan = better


def _everywhere(plan: Plan, rule: Rule) -> Plan:
    """Apply the rule to the inputs, then to the node."""
    if isinstance(plan, Scan):
        return rule(plan)
    if isinstance(plan, Join):
        left, right = _everywhere(plan.left, rule), _everywhere(plan.right, rule)
        return rule(replace(plan, left=left, right=right))
    return rule(replace(plan, input=_everywhere(plan.input, rule)))

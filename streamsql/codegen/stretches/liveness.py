"""Which columns the nodes of a stretch need: what is not needed is neither decoded nor computed."""

from collections import Counter

from streamsql.codegen.aggregates.accumulate import inputs_of
from streamsql.codegen.stretches.flow import Below, Flow, Stateless
from streamsql.expr.nodes import ColumnRef, Expression
from streamsql.expr.walk import ExpressionNode, column_refs
from streamsql.topology.nodes import (
    Filter,
    FlatMap,
    Node,
    Project,
    Rekey,
    Repartition,
    Sink,
    StreamAggregate,
)
from streamsql.types.schema import Schema

WHOLE_KEY = "<key>"
"""Counts the uses of the key as such."""

WHOLE_VALUE = "<value>"
"""Counts the uses of the value tuple as such."""

Uses = Counter[str]
"""How often each column of a record is read, and its key and value as a whole."""


def uses(flow: Flow, below: Below) -> Uses:
    """Count the uses of what flows into the nodes."""
    counted: Uses = Counter()
    for node in below.nodes:
        counted += _uses(flow, node)
    return counted


def spread(counted: Uses, schema: Schema) -> Uses:
    """Count the uses of the value tuple as uses of each of its columns."""
    whole = counted[WHOLE_VALUE]
    each = Counter({column.name: whole for column in schema.value})
    return Counter({name: n for name, n in counted.items() if name != WHOLE_VALUE}) + each


def above(node: Stateless, below: Uses, into: Schema) -> Uses:
    """Count the uses of what flows into the node, given those of what flows out of it."""
    match node:
        case Filter(predicate=predicate):
            return below + _read_by(predicate)
        case Project():
            return _above_project(node, below, into)
        case Rekey():
            return _above_rekey(node, below, into)
        case FlatMap(calls=calls):
            made = {call.name for call in calls}
            below = spread(below, node.schema)
            kept = Counter({name: n for name, n in below.items() if name not in made})
            arguments = [argument for call in calls for argument in call.arguments]
            return kept + _read_by(*arguments)


def _uses(flow: Flow, node: Node) -> Uses:
    match node:
        case Filter() | Project() | Rekey() | FlatMap():
            return above(node, uses(flow, flow.below(node.name)), flow.into(node))
        case StreamAggregate(columns=columns, aggregates=aggregates):
            return _read_by(*inputs_of(columns, aggregates)) + Counter([WHOLE_KEY])
        case Sink() | Repartition():
            counted = Counter(column.name for column in flow.into(node).value)
            if not flow.key_passes_through(node):
                counted[WHOLE_KEY] += 1
            if isinstance(node, Sink) and node.timestamp is not None:
                counted[node.timestamp.column] += 1
            return counted
        case _:
            return Counter([WHOLE_KEY, WHOLE_VALUE])


def _above_project(node: Project, below: Uses, into: Schema) -> Uses:
    below = spread(below, node.schema)
    counted: Uses = Counter()
    for column in node.columns:
        counted += _computed(column.expression, below.pop(column.name, 0))
    for new, old in zip(node.schema.key, into.key, strict=True):
        counted[old.name] += below.pop(new.name, 0)
    return counted + below


def _above_rekey(node: Rekey, below: Uses, into: Schema) -> Uses:
    values = {column.name for column in into.value}
    whole = below[WHOLE_KEY]
    below = Counter({name: n for name, n in below.items() if name != WHOLE_KEY})
    counted: Uses = Counter()
    for key in node.keys:
        own = 0 if key.name in values else below.pop(key.name, 0)
        counted += _computed(key.expression, own + whole + node.drop_null_key)
    return counted + below


def _computed(expression: Expression, times: int) -> Uses:
    """Count the references of a column that is used so often: computed once, if at all."""
    if isinstance(expression, ColumnRef):
        return Counter({expression.name: times})
    return _read_by(expression) if times else Counter()


def _read_by(*parts: ExpressionNode) -> Uses:
    return Counter(reference.name for reference in column_refs(*parts))

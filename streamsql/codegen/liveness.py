"""Which columns steps need: what is not needed is neither decoded nor computed."""

from collections import Counter
from collections.abc import Sequence

from streamsql.codegen.accumulate import inputs_of
from streamsql.codegen.stretch import (
    BranchStep,
    EventTime,
    FilterStep,
    FlatMapStep,
    FoldStep,
    ForwardStep,
    ProjectStep,
    RekeyStep,
    SendStep,
    Step,
)
from streamsql.expr.nodes import ColumnRef, Expression
from streamsql.expr.walk import Node, column_refs
from streamsql.types.schema import Schema

WHOLE_KEY = "<key>"
"""Counts the uses of the key as such."""

WHOLE_VALUE = "<value>"
"""Counts the uses of the value tuple as such."""


def required_columns(
    schema: Schema, steps: Sequence[Step], event_time: EventTime | None = None
) -> frozenset[str]:
    """Return the names of the columns of ``schema``, and the pseudo columns, that the steps read.

    A source decodes its value columns among them, header columns excepted, in schema order.
    """
    keys = tuple(column.name for column in schema.key)
    values = tuple(column.name for column in schema.value)
    names = set(+spread(references(steps, keys, values), values))
    if WHOLE_KEY in names:
        names |= set(keys)
    if event_time is not None:
        names.add(event_time.column)
    return frozenset(names - {WHOLE_KEY})


def spread(counted: Counter[str], values: Sequence[str]) -> Counter[str]:
    """Count the uses of the value tuple as uses of each of its columns."""
    whole = counted.pop(WHOLE_VALUE, 0)
    return counted + Counter(dict.fromkeys(values, whole))


def references(
    steps: Sequence[Step], keys: tuple[str, ...], values: tuple[str, ...]
) -> Counter[str]:
    """Count how often the steps read each column of their input (and its key as a whole)."""
    step, rest = steps[0], steps[1:]
    match step:
        case FilterStep(predicate):
            return references(rest, keys, values) + _counted(predicate)
        case ProjectStep():
            return _project(step, rest, keys)
        case RekeyStep():
            return _rekey(step, rest, values)
        case FlatMapStep(calls):
            longer = values + tuple(call.name for call in calls)
            return _flat_map(step, spread(references(rest, keys, longer), longer))
        case BranchStep(branches):
            counted: Counter[str] = Counter()
            for branch in branches:
                counted += references(branch, keys, values)
            return counted
        case FoldStep():
            inputs = inputs_of(step.columns, step.calls)
            return Counter([WHOLE_KEY, *(reference.name for reference in column_refs(*inputs))])
        case ForwardStep() | SendStep():
            return _terminal(step, values)


def _project(step: ProjectStep, rest: Sequence[Step], keys: tuple[str, ...]) -> Counter[str]:
    names = tuple(column.name for column in step.columns)
    below = spread(references(rest, step.key_names, names), names)
    counted: Counter[str] = Counter()
    for column in step.columns:
        counted += _computed(column.expression, below.pop(column.name, 0))
    for new, old in zip(step.key_names, keys, strict=True):
        counted[old] += below.pop(new, 0)
    return counted + below


def _rekey(step: RekeyStep, rest: Sequence[Step], values: tuple[str, ...]) -> Counter[str]:
    names = tuple(key.name for key in step.keys)
    below = references(rest, names, values)
    whole = below.pop(WHOLE_KEY, 0)
    counted: Counter[str] = Counter()
    for key in step.keys:
        own = 0 if key.name in values else below.pop(key.name, 0)
        counted += _computed(key.expression, own + whole + step.drop_null_key)
    return counted + below


def _computed(expression: Expression, uses: int) -> Counter[str]:
    """Count the references of a column that is used so often: computed once, if at all."""
    if isinstance(expression, ColumnRef):
        return Counter({expression.name: uses})
    return _counted(expression) if uses else Counter()


def _flat_map(step: FlatMapStep, below: Counter[str]) -> Counter[str]:
    for call in step.calls:
        below.pop(call.name, 0)
        below += _counted(call)
    return below


def _counted(node: Node) -> Counter[str]:
    return Counter(reference.name for reference in column_refs(node))


def _terminal(step: ForwardStep | SendStep, values: tuple[str, ...]) -> Counter[str]:
    if isinstance(step, ForwardStep):
        return Counter([WHOLE_KEY, WHOLE_VALUE])
    counted = Counter(values)
    if step.encode_key is not None:
        counted[WHOLE_KEY] += 1
    if step.event_time is not None:
        counted[step.event_time.column] += 1
    return counted

"""A plan as an indented tree, for EXPLAIN and the golden tests."""

from streamsql.expr.nodes import AggregateCall, NamedExpression, TableCall
from streamsql.expr.wording import describe as describe_expression
from streamsql.logical.nodes import Aggregate, Filter, FlatMap, Join, Plan, Project, Rekey, Scan
from streamsql.types.sqltypes import quote
from streamsql.types.windows import TimeWindows, Windows


def describe(plan: Plan) -> str:
    """Return the tree of the plan, an operator a line, inputs indented below it."""
    return "\n".join(_lines(plan, 0))


def _lines(plan: Plan, depth: int) -> list[str]:
    lines = ["  " * depth + _line(plan)]
    if isinstance(plan, Join):
        return lines + _lines(plan.left, depth + 1) + _lines(plan.right, depth + 1)
    if isinstance(plan, Scan):
        return lines
    return lines + _lines(plan.input, depth + 1)


def _line(plan: Plan) -> str:
    match plan:
        case Scan():
            alias = "" if plan.qualifier is None else f" AS {plan.qualifier}"
            return f"Scan {plan.kind.value.lower()} {plan.source.full_name}{alias}"
        case Filter():
            return f"Filter {describe_expression(plan.predicate)}"
        case Project():
            keys = ", ".join(f"{quote(column.name)} KEY" for column in plan.schema.key)
            columns = ", ".join(describe_named(column) for column in plan.columns)
            return f"Project {', '.join(part for part in (keys, columns) if part)}"
        case FlatMap():
            return f"FlatMap {', '.join(describe_call(call) for call in plan.calls)}"
        case Rekey():
            keys = ", ".join(describe_named(key) for key in plan.keys) or "none"
            return f"Rekey {keys}{' (shuffle)' if plan.shuffle else ''}"
        case Aggregate():
            return _aggregate(plan)
        case Join():
            return _join(plan)


def _aggregate(plan: Aggregate) -> str:
    keys = ", ".join(describe_named(key) for key in plan.keys)
    values = [describe_named(column) for column in plan.columns]
    values += [describe_call(call) for call in plan.aggregates]
    window = "" if plan.windows is None else f" {_windows(plan.windows)}"
    final = " final" if plan.final else ""
    return f"Aggregate by {keys}{window}{final}: {', '.join(values)}"


def _windows(windows: Windows) -> str:
    if isinstance(windows, TimeWindows):
        size = f"size {windows.size_ms} ms, advance {windows.advance_ms} ms"
    else:
        size = f"gap {windows.gap_ms} ms"
    return f"{windows.kind.value} ({size}, grace {windows.grace_ms} ms)"


def _join(plan: Join) -> str:
    key = ", ".join(quote(column.name) for column in plan.schema.key)
    within = ""
    if plan.window is not None:
        grace = "" if plan.window.grace_ms is None else f", grace {plan.window.grace_ms} ms"
        within = f" within ({plan.window.before_ms} ms, {plan.window.after_ms} ms{grace})"
    foreign = ""
    if plan.foreign_key is not None:
        foreign = f" on foreign key {describe_expression(plan.foreign_key)}"
    return f"Join {plan.join_kind.value.lower()} by {key}{within}{foreign}"


def describe_named(column: NamedExpression) -> str:
    """Return the expression and, where it is not a column of that name, the name it fills."""
    text = describe_expression(column.expression)
    return text if text == quote(column.name) else f"{text} AS {quote(column.name)}"


def describe_call(call: AggregateCall | TableCall) -> str:
    """Return the call of an aggregate or table function and the name of its result."""
    arguments = [describe_expression(argument) for argument in call.arguments]
    if isinstance(call, AggregateCall):
        arguments += [str(parameter) for parameter in call.parameters]
    return f"{call.function.name}({', '.join(arguments)}) AS {quote(call.name)}"

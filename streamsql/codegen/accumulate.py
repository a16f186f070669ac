"""Statements that take a row into a state: one list, in place.

The list holds the values of the fold's columns, then the state of each aggregate.
"""

from collections.abc import Iterator, Sequence

from streamsql.codegen.namespace import Namespace
from streamsql.expr.nodes import AggregateCall, Expression, NamedExpression
from streamsql.expr.registry import Aggregator

Texts = list[tuple[Expression, str]]
"""Where the value of each input is: a local or a constant."""


def accumulate(
    namespace: Namespace,
    columns: Sequence[NamedExpression],
    calls: Sequence[tuple[AggregateCall, Aggregator]],
    texts: Texts,
    local: str = "state",
) -> list[str]:
    """Return the statements that add a row to the state in the local of that name."""
    lines = [
        f"{local}[{position}] = {text_of(column.expression, texts)}"
        for position, column in enumerate(columns)
    ]
    for position, (call, aggregator) in enumerate(calls, len(columns)):
        arguments = [text_of(argument, texts) for argument in call.arguments]
        state = f"{local}[{position}]"
        if aggregator.add_inline is not None:
            names = [_named(argument, namespace) for argument in arguments]
            lines += aggregator.add_inline.format(*names, state=state).split("\n")
        else:
            add = namespace.add(f"add_{call.function.name.lower()}", aggregator.add)
            lines.append(f"{state} = {add}({', '.join([state, *arguments])})")
    return lines


def inputs_of(
    columns: Sequence[NamedExpression], calls: Sequence[AggregateCall]
) -> list[Expression]:
    """Return the expressions that a fold needs of a row, each once; constants may be unhashable."""
    distinct: list[Expression] = []
    for expression in _inputs(columns, calls):
        if expression not in distinct:
            distinct.append(expression)
    return distinct


def text_of(expression: Expression, texts: Texts) -> str:
    """Return where the value of an input is."""
    return next(text for known, text in texts if known == expression)


def _named(text: str, namespace: Namespace) -> str:
    """Return a name for a number, which an inline text may compare with ``None``."""
    is_number = text.lstrip("-").isdigit()
    return namespace.add(f"number_{text}", int(text)) if is_number else text


def _inputs(
    columns: Sequence[NamedExpression], calls: Sequence[AggregateCall]
) -> Iterator[Expression]:
    for column in columns:
        yield column.expression
    for call in calls:
        yield from call.arguments

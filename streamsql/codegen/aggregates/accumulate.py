"""Statements that take a row into a state: one list, in place.

The list holds the values of the fold's columns, then the state of each aggregate.
"""

from collections.abc import Iterator, Sequence

from streamsql.codegen.expressions.evaluation import Evaluation
from streamsql.codegen.namespace import Namespace
from streamsql.expr import wording
from streamsql.expr.nodes import AggregateCall, Expression, Literal, NamedExpression
from streamsql.expr.registry import Aggregator
from streamsql.topology.nodes import StreamAggregate, TableAggregate

Texts = list[tuple[Expression, str]]
"""Where the value of each input is: a local or a constant."""


def accumulate(
    evaluation: Evaluation,
    columns: Sequence[NamedExpression],
    calls: Sequence[tuple[AggregateCall, Aggregator]],
    texts: Texts,
    local: str = "state",
) -> None:
    """Write the statements that add a row to the state in the local of that name."""
    lines, namespace = evaluation.lines, evaluation.module.namespace
    lines.add(
        *(
            f"{local}[{position}] = {text_of(column.expression, texts)}"
            for position, column in enumerate(columns)
        )
    )
    for position, (call, aggregator) in enumerate(calls, len(columns)):
        arguments = [text_of(argument, texts) for argument in call.arguments]
        state = f"{local}[{position}]"
        if aggregator.add_inline is not None:
            names = [
                _named(text, argument, namespace)
                for text, argument in zip(arguments, call.arguments, strict=True)
            ]
            lines.add(*aggregator.add_inline.format(*names, state=state).split("\n"))
        else:
            add = namespace.add(
                f"add_{call.function.name.lower()}", aggregator.add, f"add of {call.function.name}"
            )
            change(
                evaluation, call, aggregator, f"{state} = {add}({', '.join([state, *arguments])})"
            )


def change(
    evaluation: Evaluation, call: AggregateCall, aggregator: Aggregator, statement: str
) -> None:
    """Write the statement that changes the state of an aggregate; one that fails is reported."""
    if not aggregator.may_fail:
        evaluation.lines.add(statement)
        return
    with evaluation.lines.block("try:"):
        evaluation.lines.add(statement)
    with evaluation.lines.block("except Exception as error:"):
        described = wording.describe_call(call.function.name, call.arguments)
        evaluation.lines.add(evaluation.report_of(described))


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


def aggregators(node: StreamAggregate | TableAggregate) -> tuple[Aggregator, ...]:
    """Return how each aggregate of the node is computed."""
    return tuple(
        call.function.make([a.type for a in call.arguments], call.parameters, call.type)
        for call in node.aggregates
    )


def _named(text: str, argument: Expression, namespace: Namespace) -> str:
    """Return a name for a constant, which an inline text may compare with ``None``."""
    if isinstance(argument, Literal) and not text.isidentifier():
        return namespace.add(f"constant_{text}", argument.value, f"the constant {text}")
    return text


def _inputs(
    columns: Sequence[NamedExpression], calls: Sequence[AggregateCall]
) -> Iterator[Expression]:
    for column in columns:
        yield column.expression
    for call in calls:
        yield from call.arguments

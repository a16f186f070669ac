"""Constant expressions and their values."""

from typing import Any

from streamsql.codegen.stretch import ForwardStep, ProjectStep, StreamInput, Stretch
from streamsql.codegen.stretches import generate
from streamsql.errors import BindError, EngineError
from streamsql.expr.nodes import Expression, Literal, NamedExpression
from streamsql.types.schema import Schema


def evaluate(expressions: list[Expression | None]) -> list[Any]:
    """Return the values of constant expressions, in flight form; of ``None``, NULL.

    Raises:
        BindError: One has no value.
    """
    columns = tuple(
        NamedExpression(f"V{position}", expression)
        for position, expression in enumerate(expressions)
        if expression is not None and not isinstance(expression, Literal)
    )
    computed = _compute(columns) if columns else {}
    return [
        expression.value if isinstance(expression, Literal) else computed.get(f"V{position}")
        for position, expression in enumerate(expressions)
    ]


def _compute(columns: tuple[NamedExpression, ...]) -> dict[str, Any]:
    rows: list[tuple[Any, ...]] = []
    failures: list[str] = []

    def take(_key: object, value: tuple[Any, ...], _timestamp_ms: int) -> None:
        rows.append(value)

    def report(error: Exception, text: str, _record: object) -> None:
        failures.append(f"{text} has no value: {str(error) or type(error).__name__}")

    steps = (ProjectStep((), columns), ForwardStep(take))
    stretch = Stretch("values", "INSERT VALUES", StreamInput(Schema((), ())), steps, report)
    generate(stretch).function(None, (), 0)
    if failures:
        raise BindError(failures[0])
    if len(rows) != 1:
        raise EngineError("constant expressions gave no row")
    return {column.name: value for column, value in zip(columns, rows[0], strict=True)}

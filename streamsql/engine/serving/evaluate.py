"""Constant expressions and their values."""

from collections.abc import Sequence
from typing import Any

from streamsql.codegen import constants
from streamsql.errors import BindError
from streamsql.expr.nodes import Expression, Literal


def evaluate(expressions: list[Expression | None]) -> list[Any]:
    """Return the values of constant expressions, in flight form; of ``None``, NULL.

    Raises:
        BindError: One has no value.
    """
    computed = [each for each in expressions if each is not None and not isinstance(each, Literal)]
    values = iter(_compute(computed) if computed else ())
    return [
        expression.value
        if isinstance(expression, Literal)
        else None
        if expression is None
        else next(values)
        for expression in expressions
    ]


def _compute(expressions: Sequence[Expression]) -> list[Any]:
    failures: list[str] = []

    def report(error: Exception, text: str, _record: object) -> None:
        failures.append(f"{text} has no value: {str(error) or type(error).__name__}")

    values = constants.evaluate(expressions, report)
    if failures:
        raise BindError(failures[0])
    return values

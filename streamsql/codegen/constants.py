"""Constant expressions, evaluated once."""

from collections.abc import Sequence
from typing import Any

from streamsql.codegen.expressions.evaluation import Columns, Evaluation
from streamsql.codegen.load import load
from streamsql.codegen.namespace import TASK
from streamsql.codegen.source import Lines, Module
from streamsql.codegen.supplies import Report, TaskSupplies
from streamsql.expr.nodes import Expression


def evaluate(expressions: Sequence[Expression], report: Report) -> list[Any]:
    """Return the values of expressions without columns; one that fails is NULL and reported."""
    module = Module("values")
    lines = Lines()
    evaluation = Evaluation(module, module.namespace.locals(), lines, "None")
    texts = [evaluation.value("value", each, Columns({})).text for each in expressions]
    lines.add(f"return [{', '.join(texts)}]")
    module.define("list", (), "The values of constant expressions.", lines)
    values: list[Any] = load(module.source(), {TASK: TaskSupplies(report)})["list"]()
    return values

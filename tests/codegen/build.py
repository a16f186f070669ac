"""Short names for bound expressions, a schema to use them on, and functions made of them."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from streamsql.codegen.expressions.compiler import ExpressionCompiler
from streamsql.codegen.expressions.evaluation import Columns, Evaluation
from streamsql.codegen.load import load
from streamsql.codegen.namespace import TASK, Namespace
from streamsql.codegen.source import Lines, Module
from streamsql.codegen.supplies import TaskSupplies
from streamsql.expr.nodes import (
    Arithmetic,
    ArithmeticOperator,
    Cast,
    ColumnRef,
    Comparison,
    ComparisonOperator,
    Expression,
    Literal,
    NamedExpression,
)
from streamsql.types import sqltypes
from streamsql.types.schema import PSEUDO_COLUMNS, Column, Schema
from streamsql.types.sqltypes import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    STRING,
    Array,
    Field,
    Map,
    SqlType,
    Struct,
)

PRICE = sqltypes.Decimal(6, 2)
SCHEMA = Schema(
    (Column("ID", BIGINT),),
    (
        Column("I", INTEGER),
        Column("J", INTEGER),
        Column("L", BIGINT),
        Column("D", DOUBLE),
        Column("S", STRING),
        Column("B", BOOLEAN),
        Column("X", PRICE),
        Column("A", Array(INTEGER)),
        Column("M", Map(STRING, INTEGER)),
        Column("T", Struct((Field("F", INTEGER), Field("G", STRING)))),
    ),
)
NAMES = [column.name for column in SCHEMA.value]


def column(name: str, schema: Schema = SCHEMA) -> ColumnRef:
    found = PSEUDO_COLUMNS.get(name) or schema.find(name)
    assert found is not None, name
    return ColumnRef(name, found.type)


def constant(value: Any, sql_type: SqlType | None = None) -> Literal:
    if sql_type is not None:
        return Literal(value, sql_type)
    if isinstance(value, Decimal):
        digits, exponent = value.as_tuple().digits, -int(value.as_tuple().exponent)
        return Literal(value, sqltypes.Decimal(max(len(digits), exponent), exponent))
    types: dict[type, SqlType] = {bool: BOOLEAN, int: INTEGER, float: DOUBLE, str: STRING}
    return Literal(value, types[type(value)])


def arithmetic(
    left: Expression, operator: str, right: Expression, sql_type: SqlType | None = None
) -> Arithmetic:
    return Arithmetic(ArithmeticOperator(operator), left, right, sql_type or left.type)


def compare(left: Expression, operator: str, right: Expression) -> Comparison:
    return Comparison(ComparisonOperator(operator), left, right)


def cast(operand: Expression, sql_type: SqlType) -> Cast:
    return Cast(operand, sql_type)


def named(**columns: Expression) -> tuple[NamedExpression, ...]:
    return tuple(NamedExpression(name, expression) for name, expression in columns.items())


def text_of(
    expression: Expression, columns: Mapping[str, str], namespace: Namespace | None = None
) -> str:
    """Return the text of an expression over the given texts of its columns."""
    namespace = namespace or Namespace()
    compiler = ExpressionCompiler(namespace, namespace.locals(), columns)
    return compiler.compile(expression).text


def evaluate(expression: Expression, row: Mapping[str, Any] | None = None) -> Any:
    """Evaluate the text of an expression over named values."""
    row = row or {}
    namespace = Namespace()
    text = text_of(expression, {name: f"row_{name}" for name in row}, namespace)
    values = dict(namespace.values)
    exec(f"def evaluate({', '.join(f'row_{name}' for name in row)}):\n    return {text}", values)
    return values["evaluate"](*row.values())


def evaluate_tried(
    expression: Expression, row: Mapping[str, Any], reports: list[str] | None = None
) -> Any:
    """Evaluate as stretches do, what fails being NULL; ``reports`` takes the texts of it."""
    return _evaluate(
        row,
        reports,
        lambda evaluation, columns: evaluation.value("value", expression, columns).text,
    )


def evaluate_by_parts(
    expression: Expression, row: Mapping[str, Any], reports: list[str] | None = None
) -> Any:
    """Evaluate as stretches do after a failure, part by part, though nothing may have failed."""

    def write(evaluation: Evaluation, columns: Columns) -> str:
        by_parts = evaluation.by_parts("value", expression, columns)
        return by_parts or evaluation.value("value", expression, columns).text

    return _evaluate(row, reports, write)


def _evaluate(
    row: Mapping[str, Any],
    reports: list[str] | None,
    write: Callable[[Evaluation, Columns], str],
) -> Any:
    def report(_error: Exception, text: str, _record: Any) -> None:
        if reports is not None:
            reports.append(text)

    module, lines = Module("test"), Lines()
    columns = {name: f"row_{name}" for name in row}
    evaluation = Evaluation(module, module.namespace.locals(*columns.values()), lines, "None")
    lines.add(f"return {write(evaluation, Columns(columns))}")
    module.define("evaluate", tuple(columns.values()), "", lines)
    return load(module.source(), {TASK: TaskSupplies(report)})["evaluate"](*row.values())

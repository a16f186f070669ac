"""Short names for bound expressions, a schema to use them on, and functions made of them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from streamsql.codegen import support
from streamsql.codegen.expressions import ExpressionCompiler, Guard
from streamsql.codegen.namespace import Namespace
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
    expression: Expression,
    columns: Mapping[str, str],
    namespace: Namespace | None = None,
    guard: Guard | None = None,
) -> str:
    """Return the text of an expression over the given texts of its columns."""
    namespace = namespace or Namespace()
    compiler = ExpressionCompiler(namespace, namespace.locals(), columns, guard)
    return compiler.compile(expression).text


def evaluate(expression: Expression, row: Mapping[str, Any] | None = None) -> Any:
    """Evaluate the fast form over named values."""
    namespace = Namespace()
    text = text_of(expression, {name: f"row_{name}" for name in row or {}}, namespace)
    return run(text, namespace, row or {})


def evaluate_guarded(
    expression: Expression, row: Mapping[str, Any], reports: list[str] | None = None
) -> Any:
    """Evaluate the guarded form; ``reports`` takes the texts of what failed."""
    namespace = Namespace()

    def report(_error: Exception, text: str, _record: Any) -> None:
        if reports is not None:
            reports.append(text)

    guard = Guard(namespace.add("attempt", support.attempting(report)), "None")
    columns = {name: f"row_{name}" for name in row}
    return run(text_of(expression, columns, namespace, guard), namespace, row)


def run(text: str, namespace: Namespace, row: Mapping[str, Any]) -> Any:
    parameters = ", ".join(f"row_{name}" for name in row)
    values = dict(namespace.values)
    exec(f"def evaluate({parameters}):\n    return {text}", values)
    return values["evaluate"](*row.values())

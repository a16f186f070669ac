"""Bound expressions as SQL text, for reports."""

from collections.abc import Sequence
from decimal import Decimal
from typing import assert_never

from streamsql.expr.dates.temporal import date_text, time_text, timestamp_text
from streamsql.expr.nodes import (
    And,
    Arithmetic,
    Between,
    Call,
    Case,
    Cast,
    ColumnRef,
    Comparison,
    Distinct,
    Expression,
    FieldRef,
    InList,
    IsNull,
    Lambda,
    LambdaVariable,
    Like,
    Literal,
    MakeArray,
    MakeMap,
    MakeStruct,
    Negate,
    Not,
    Or,
    Subscript,
)
from streamsql.expr.values.javatext import decimal_text, double_text
from streamsql.types.sqltypes import DATE, TIME, TIMESTAMP, SqlType, Struct, quote


def describe(expression: Expression | Lambda) -> str:
    """Return the expression as SQL; casts that SQL leaves out are written out."""
    match expression:
        case Literal(value, sql_type):
            text = _literal(value, sql_type)
        case ColumnRef(name):
            text = ".".join(quote(part) for part in name.split("."))
        case LambdaVariable(name):
            text = name
        case Call(function, arguments):
            text = describe_call(function.name, arguments)
        case Lambda(parameters, body):
            names = ", ".join(parameter.name for parameter in parameters)
            text = f"({names}) => {describe(body)}"
        case Cast(operand, sql_type):
            text = f"CAST({describe(operand)} AS {sql_type})"
        case Case():
            text = _case(expression)
        case MakeArray() | MakeMap() | MakeStruct() | Subscript() | FieldRef():
            text = _nested(expression)
        case Arithmetic() | Negate():
            text = _arithmetic(expression)
        case _:
            text = _condition(expression)
    return text


def describe_call(name: str, arguments: Sequence[Expression | Lambda]) -> str:
    """Return the call of a function as SQL."""
    return f"{name}({_list(arguments)})"


def _arithmetic(expression: Arithmetic | Negate) -> str:
    if isinstance(expression, Negate):
        return f"-{_operand(expression.operand)}"
    return f"{_operand(expression.left)} {expression.operator.value} {_operand(expression.right)}"


def _condition(
    expression: Comparison | Distinct | IsNull | Between | InList | Like | And | Or | Not,
) -> str:
    match expression:
        case Comparison(operator, left, right):
            text = f"{_operand(left)} {operator.value} {_operand(right)}"
        case Distinct(left, right, negated):
            text = f"{_operand(left)} IS {_not(negated)}DISTINCT FROM {_operand(right)}"
        case IsNull(operand, negated):
            text = f"{_operand(operand)} IS {_not(negated)}NULL"
        case Between(operand, low, high, negated):
            bounds = f"{_operand(low)} AND {_operand(high)}"
            text = f"{_operand(operand)} {_not(negated)}BETWEEN {bounds}"
        case InList(operand, options, negated):
            text = f"{_operand(operand)} {_not(negated)}IN ({_list(options)})"
        case Like(operand, pattern, escape, negated):
            suffix = "" if escape is None else f" ESCAPE {_text(escape)}"
            text = f"{_operand(operand)} {_not(negated)}LIKE {_operand(pattern)}{suffix}"
        case And(left, right):
            text = f"{_operand(left)} AND {_operand(right)}"
        case Or(left, right):
            text = f"{_operand(left)} OR {_operand(right)}"
        case Not(operand):
            text = f"NOT {_operand(operand)}"
        case _:
            assert_never(expression)
    return text


def _nested(expression: MakeArray | MakeMap | MakeStruct | Subscript | FieldRef) -> str:
    match expression:
        case MakeArray(elements):
            return f"ARRAY[{_list(elements)}]"
        case MakeMap(entries):
            pairs = (f"{describe(key)} := {describe(value)}" for key, value in entries)
            return f"MAP({', '.join(pairs)})"
        case MakeStruct(values, sql_type):
            assert isinstance(sql_type, Struct)
            fields = zip(sql_type.fields, values, strict=True)
            pairs = (f"{quote(field.name)} := {describe(value)}" for field, value in fields)
            return f"STRUCT({', '.join(pairs)})"
        case Subscript(container, index):
            return f"{_operand(container)}[{describe(index)}]"
        case FieldRef(struct, name):
            return f"{_operand(struct)}->{quote(name)}"


def _case(expression: Case) -> str:
    arms = [
        f"WHEN {describe(when.condition)} THEN {describe(when.result)}" for when in expression.whens
    ]
    if expression.default is not None:
        arms.append(f"ELSE {describe(expression.default)}")
    return f"CASE {' '.join(arms)} END"


def _operand(expression: Expression) -> str:
    text = describe(expression)
    atoms = Literal | ColumnRef | LambdaVariable | Call | Cast | Case | MakeArray | MakeMap
    return (
        text if isinstance(expression, atoms | MakeStruct | Subscript | FieldRef) else f"({text})"
    )


def _list(expressions: Sequence[Expression | Lambda]) -> str:
    return ", ".join(describe(expression) for expression in expressions)


def _not(negated: bool) -> str:
    return "NOT " if negated else ""


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _literal(value: object, sql_type: SqlType) -> str:
    match value:
        case None:
            text = "NULL"
        case bool():
            text = "TRUE" if value else "FALSE"
        case str():
            text = _text(value)
        case float():
            text = double_text(value)
        case Decimal():
            text = decimal_text(value)
        case int() if sql_type == DATE:
            text = _text(date_text(value))
        case int() if sql_type == TIME:
            text = _text(time_text(value))
        case int() if sql_type == TIMESTAMP:
            text = _text(timestamp_text(value))
        case _:
            text = str(value)
    return text

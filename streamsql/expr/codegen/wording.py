"""Bound expressions as SQL text, for reports."""

from collections.abc import Sequence
from decimal import Decimal

from streamsql.expr.javatext import decimal_text, double_text
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
from streamsql.expr.temporal import date_text, time_text, timestamp_text
from streamsql.types.sqltypes import DATE, TIME, TIMESTAMP, SqlType, Struct, quote


def describe(expression: Expression | Lambda) -> str:
    """Return the expression as SQL; casts that SQL leaves out are written out."""
    match expression:
        case Literal(value, sql_type):
            return _literal(value, sql_type)
        case ColumnRef(name):
            return ".".join(quote(part) for part in name.split("."))
        case LambdaVariable(name):
            return name
        case Call(function, arguments):
            return describe_call(function.name, arguments)
        case Lambda(parameters, body):
            names = ", ".join(parameter.name for parameter in parameters)
            return f"({names}) => {describe(body)}"
        case Cast(operand, sql_type):
            return f"CAST({describe(operand)} AS {sql_type})"
        case Case():
            return _case(expression)
        case MakeArray() | MakeMap() | MakeStruct() | Subscript() | FieldRef():
            return _nested(expression)
        case Arithmetic() | Negate():
            return _arithmetic(expression)
        case _:
            return _condition(expression)


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
            return f"{_operand(left)} {operator.value} {_operand(right)}"
        case Distinct(left, right, negated):
            return f"{_operand(left)} IS {_not(negated)}DISTINCT FROM {_operand(right)}"
        case IsNull(operand, negated):
            return f"{_operand(operand)} IS {_not(negated)}NULL"
        case Between(operand, low, high, negated):
            bounds = f"{_operand(low)} AND {_operand(high)}"
            return f"{_operand(operand)} {_not(negated)}BETWEEN {bounds}"
        case InList(operand, options, negated):
            return f"{_operand(operand)} {_not(negated)}IN ({_list(options)})"
        case Like(operand, pattern, escape, negated):
            suffix = "" if escape is None else f" ESCAPE {_text(escape)}"
            return f"{_operand(operand)} {_not(negated)}LIKE {_operand(pattern)}{suffix}"
        case And(left, right):
            return f"{_operand(left)} AND {_operand(right)}"
        case Or(left, right):
            return f"{_operand(left)} OR {_operand(right)}"
        case Not(operand):
            return f"NOT {_operand(operand)}"


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
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case str():
            return _text(value)
        case float():
            return double_text(value)
        case Decimal():
            return decimal_text(value)
        case int() if sql_type == DATE:
            return _text(date_text(value))
        case int() if sql_type == TIME:
            return _text(time_text(value))
        case int() if sql_type == TIMESTAMP:
            return _text(timestamp_text(value))
        case _:
            return str(value)

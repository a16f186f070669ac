"""The printer: every syntax node back to text that reads as the same node.

Parentheses are nodes of their own, so an operator prints its operands as they are. Text is on one
line, keywords and plain names in upper case, other names in back-ticks.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.generator import Generator

from streamsql.sql.dialect.generator.printing import Print, commas, quoted, string
from streamsql.sql.dialect.generator.queries import QUERY_PRINTERS
from streamsql.sql.dialect.generator.statements import STATEMENT_PRINTERS
from streamsql.sql.dialect.nodes import expressions as ast

_OPERATORS: dict[type[exp.Binary], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
    exp.DPipe: "||",
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.And: "AND",
    exp.Or: "OR",
}


def _binary(operator: str) -> Callable[[Print, exp.Binary], str]:
    def render(sql: Print, node: exp.Binary) -> str:
        return f"{sql(node.this)} {operator} {sql(node.expression)}"

    return render


def _negative(sql: Print, node: exp.Neg) -> str:
    operand = sql(node.this)
    return f"- {operand}" if operand.startswith("-") else f"-{operand}"  # "--" is a comment


def _literal(_: Print, node: exp.Literal) -> str:
    return string(node.name) if node.is_string else node.name


def _column(sql: Print, node: exp.Column) -> str:
    source = node.args.get("table")
    return f"{sql(source)}.{sql(node.this)}" if source else sql(node.this)


def _identifier(_: Print, node: exp.Identifier) -> str:
    return quoted(node.name) if node.args.get("quoted") else node.name


def _not(node: ast.Between | ast.InList | ast.Like | ast.IsNull | ast.IsDistinct) -> str:
    return "NOT " if node.negated else ""


def _between(sql: Print, node: ast.Between) -> str:
    return f"{sql(node.operand)} {_not(node)}BETWEEN {sql(node.low)} AND {sql(node.high)}"


def _in(sql: Print, node: ast.InList) -> str:
    return f"{sql(node.operand)} {_not(node)}IN ({commas(sql, node.options)})"


def _like(sql: Print, node: ast.Like) -> str:
    escape = f" ESCAPE {sql(node.escape)}" if node.escape else ""
    return f"{sql(node.operand)} {_not(node)}LIKE {sql(node.pattern)}{escape}"


def _is_distinct(sql: Print, node: ast.IsDistinct) -> str:
    return f"{sql(node.left)} IS {_not(node)}DISTINCT FROM {sql(node.right)}"


def _case(sql: Print, node: ast.Case) -> str:
    parts = ["CASE"]
    if node.operand:
        parts.append(sql(node.operand))
    parts += [f"WHEN {sql(when.condition)} THEN {sql(when.result)}" for when in node.whens]
    if node.fallback:
        parts.append(f"ELSE {sql(node.fallback)}")
    return " ".join([*parts, "END"])


def _when(sql: Print, node: ast.When) -> str:
    return f"WHEN {sql(node.condition)} THEN {sql(node.result)}"


def _named_type(sql: Print, node: ast.NamedType) -> str:
    parameters = f"({commas(sql, node.parameters)})" if node.parameters else ""
    return sql(node.type_name) + parameters


def _lambda(sql: Print, node: ast.LambdaFunction) -> str:
    parameters = commas(sql, node.parameters)
    written = parameters if len(node.parameters) == 1 else f"({parameters})"
    return f"{written} => {sql(node.body)}"


def _star(sql: Print, node: ast.Star) -> str:
    return f"{sql(node.source)}.*" if node.source else "*"


_EXPRESSION_PRINTERS: dict[type[exp.Expr], Callable[[Print, Any], str]] = {
    **{kind: _binary(operator) for kind, operator in _OPERATORS.items()},
    exp.Neg: _negative,
    exp.Not: lambda sql, node: f"NOT {sql(node.this)}",
    exp.Paren: lambda sql, node: f"({sql(node.this)})",
    exp.Null: lambda *_: "NULL",
    exp.Boolean: lambda _, node: "TRUE" if node.this else "FALSE",
    exp.Literal: _literal,
    exp.Identifier: _identifier,
    exp.Column: _column,
    ast.NamedType: _named_type,
    ast.ArrayType: lambda sql, node: f"ARRAY<{sql(node.element)}>",
    ast.MapType: lambda sql, node: f"MAP<{sql(node.key_type)}, {sql(node.value_type)}>",
    ast.FieldDefinition: lambda sql, node: f"{sql(node.field_name)} {sql(node.field_type)}",
    ast.StructType: lambda sql, node: f"STRUCT<{commas(sql, node.fields)}>",
    ast.TypedLiteral: lambda sql, node: f"{node.type_name} {sql(node.literal)}",
    ast.Positive: lambda sql, node: f"+{sql(node.operand)}",
    ast.Between: _between,
    ast.InList: _in,
    ast.Like: _like,
    ast.IsNull: lambda sql, node: f"{sql(node.operand)} IS {_not(node)}NULL",
    ast.IsDistinct: _is_distinct,
    ast.When: _when,
    ast.Case: _case,
    ast.Cast: lambda sql, node: f"CAST({sql(node.operand)} AS {sql(node.target)})",
    ast.AtTimeZone: lambda sql, node: f"{sql(node.operand)} AT TIME ZONE {sql(node.zone)}",
    ast.FieldAccess: lambda sql, node: f"{sql(node.struct)}->{sql(node.field)}",
    ast.Subscript: lambda sql, node: f"{sql(node.container)}[{sql(node.position)}]",
    ast.ArrayConstructor: lambda sql, node: f"ARRAY[{commas(sql, node.elements)}]",
    ast.MapEntry: lambda sql, node: f"{sql(node.entry_key)} := {sql(node.entry_value)}",
    ast.MapConstructor: lambda sql, node: f"MAP({commas(sql, node.entries)})",
    ast.StructEntry: lambda sql, node: f"{sql(node.field)} := {sql(node.value)}",
    ast.StructConstructor: lambda sql, node: f"STRUCT({commas(sql, node.entries)})",
    ast.Star: _star,
    ast.AllFields: lambda sql, node: f"{sql(node.struct)}->*",
    ast.LambdaFunction: _lambda,
    ast.UnitArgument: lambda _, node: f"{node.unit}S",
    ast.FunctionCall: lambda sql, node: f"{sql(node.function)}({commas(sql, node.arguments)})",
}


class StreamGenerator(Generator):
    """sqlglot's generator, with a printer for each of our nodes and for no other."""

    TRANSFORMS: ClassVar[dict[type[exp.Expr], Callable[..., str]]] = {
        **_EXPRESSION_PRINTERS,
        **QUERY_PRINTERS,
        **STATEMENT_PRINTERS,
    }

    def sql(
        self, expression: str | exp.Expr | None, key: str | None = None, comment: bool = True
    ) -> str:
        """Return the text of a node; sqlglot's way in."""
        assert isinstance(expression, exp.Expr)
        assert key is None
        del comment  # our trees carry none
        return print_node(expression)

    def preprocess(self, expression: exp.Expr) -> exp.Expr:
        """Print the tree as it is."""
        return expression


def print_node(node: exp.Expr) -> str:
    """Return text that reads as an equal node."""
    return StreamGenerator.TRANSFORMS[type(node)](print_node, node)

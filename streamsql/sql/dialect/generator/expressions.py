"""Printers of expressions and types that our language writes in another way than sqlglot.

Parentheses are nodes of their own, so an operator prints its operands as they are.
"""

import re
from collections.abc import Callable, Iterable

from sqlglot import exp
from sqlglot.generator import Generator

from streamsql.sql.dialect.keywords import RESERVED
from streamsql.sql.dialect.nodes.clauses import Positive
from streamsql.sql.dialect.nodes.functions import Call, arguments, function_name
from streamsql.sql.dialect.nodes.literals import is_typed_literal
from streamsql.sql.dialect.nodes.types import written_name

_PLAIN_NAME = re.compile(r"[A-Z0-9_][A-Z0-9_@]*")
_INFIX = (exp.Between, exp.In, exp.Is)
"""Predicates whose NOT stands before their keyword."""


def commas(sql: Generator, nodes: Iterable[exp.Expr]) -> str:
    """Return the nodes with commas between them."""
    return ", ".join(sql.sql(node) for node in nodes)


def _escaped(text: str, quote: str) -> str:
    """Return a text in quotes; what would be a variable in it is escaped."""
    return quote + text.replace(quote, quote * 2).replace("${", "$${") + quote


def _identifier(_: Generator, node: exp.Identifier) -> str:
    """Return a name, quoted unless it is read back as it is; an application's keeps its case."""
    read = node.name.upper() if node.arg_key == "db" else node.name
    plain = not node.quoted and read not in RESERVED and _PLAIN_NAME.fullmatch(read)
    return node.name if plain else _escaped(node.name, "`")


def _literal(_: Generator, node: exp.Literal) -> str:
    return _escaped(node.name, "'") if node.is_string else node.name


def _predicate(sql: Generator, node: exp.Expr, negation: str = "") -> str:
    """Return BETWEEN, IN or IS, with NOT where our language writes it."""
    operand = sql.sql(node, "this")
    match node:
        case exp.Between():
            low, high = sql.sql(node, "low"), sql.sql(node, "high")
            return f"{operand} {negation}BETWEEN {low} AND {high}"
        case exp.In():
            query = sql.sql(node, "query") or f"({commas(sql, node.expressions)})"
            return f"{operand} {negation}IN {query}"
        case _:
            return f"{operand} IS {negation}{sql.sql(node, 'expression')}"


def _not(sql: Generator, node: exp.Not) -> str:
    if isinstance(node.this, _INFIX):
        return _predicate(sql, node.this, "NOT ")
    return f"NOT {sql.sql(node, 'this')}"


def _cast(sql: Generator, node: exp.Cast) -> str:
    if is_typed_literal(node):
        return f"{written_name(node.to)} {sql.sql(node, 'this')}"
    return f"CAST({sql.sql(node, 'this')} AS {sql.sql(node, 'to')})"


def _data_type(sql: Generator, node: exp.DataType) -> str:
    parts = commas(sql, node.expressions)
    if node.args.get("nested"):
        return f"{node.this.value}<{parts}>"
    kind = node.args.get("kind")
    name = sql.sql(kind) if isinstance(kind, exp.Identifier) else written_name(node)
    return f"{name}({parts})" if parts else name


def _map(sql: Generator, node: exp.Map) -> str:
    pairs = zip(node.args["keys"].expressions, node.args["values"].expressions, strict=True)
    return f"MAP({', '.join(f'{sql.sql(key)} := {sql.sql(value)}' for key, value in pairs)})"


def _lambda(sql: Generator, node: exp.Lambda) -> str:
    parameters = commas(sql, node.expressions)
    written = parameters if len(node.expressions) == 1 else f"({parameters})"
    return f"{written} => {sql.sql(node, 'this')}"


def call(sql: Generator, node: Call) -> str:
    """Return a call by the name it was written with."""
    quoted = node.this if isinstance(node, exp.Anonymous) else None
    name = sql.sql(quoted) if isinstance(quoted, exp.Identifier) else function_name(node)
    return f"{name}({commas(sql, arguments(node))})"


def _infix(sign: str) -> Callable[[Generator, exp.Expr], str]:
    return lambda sql, node: f"{sql.sql(node, 'this')}{sign}{sql.sql(node, 'expression')}"


EXPRESSIONS: dict[type[exp.Expr], Callable[..., str]] = {
    exp.Identifier: _identifier,
    exp.Literal: _literal,
    exp.Var: lambda _, node: node.name,
    exp.Between: _predicate,
    exp.In: _predicate,
    exp.Is: _predicate,
    exp.Not: _not,
    Positive: lambda sql, node: f"+{sql.sql(node.operand)}",
    exp.Cast: _cast,
    exp.DataType: _data_type,
    exp.Bracket: lambda sql, node: f"{sql.sql(node, 'this')}[{commas(sql, node.expressions)}]",
    exp.Dot: _infix("->"),
    exp.Array: lambda sql, node: f"ARRAY[{commas(sql, node.expressions)}]",
    exp.Map: _map,
    exp.Struct: lambda sql, node: f"STRUCT({commas(sql, node.expressions)})",
    exp.PropertyEQ: _infix(" := "),
    exp.Lambda: _lambda,
    exp.Interval: lambda sql, node: f"INTERVAL {sql.sql(node, 'this')} {sql.sql(node, 'unit')}",
    exp.Anonymous: call,
    exp.AnonymousAggFunc: call,
}

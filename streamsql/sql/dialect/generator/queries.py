"""Printers of a query and its clauses."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from streamsql.sql.dialect.generator.printing import Print, commas, words
from streamsql.sql.dialect.nodes import queries


def _optional(sql: Print, node: exp.Expr | None, before: str = "") -> str | None:
    return f"{before}{sql(node)}" if node is not None else None


def _labelled(sql: Print, value: exp.Expr, label: exp.Identifier | None) -> str:
    return words(sql(value), _optional(sql, label, "AS "))


def _join(sql: Print, node: queries.Join) -> str:
    kind = "" if node.kind == queries.JoinKind.INNER else f"{node.kind} "
    return words(
        sql(node.left),
        f"{kind}JOIN",
        sql(node.right),
        _optional(sql, node.within),
        f"ON {sql(node.condition)}",
    )


def _within(sql: Print, node: queries.Within) -> str:
    bounds = sql(node.before)
    if node.after is not None:
        bounds = f"({bounds}, {sql(node.after)})"
    return words("WITHIN", bounds, _optional(sql, node.grace, "GRACE PERIOD "))


def _window(sql: Print, node: queries.WindowClause, kind: str, *sizes: str) -> str:
    inside = [
        *sizes,
        _optional(sql, node.retention, "RETENTION "),
        _optional(sql, node.grace, "GRACE PERIOD "),
    ]
    bounds = ", ".join(part for part in inside if part)
    return words("WINDOW", _optional(sql, node.label), f"{kind} ({bounds})")


def _tumbling(sql: Print, node: queries.TumblingWindow) -> str:
    return _window(sql, node, "TUMBLING", f"SIZE {sql(node.size)}")


def _hopping(sql: Print, node: queries.HoppingWindow) -> str:
    sizes = (f"SIZE {sql(node.size)}", f"ADVANCE BY {sql(node.advance)}")
    return _window(sql, node, "HOPPING", *sizes)


def _session(sql: Print, node: queries.SessionWindow) -> str:
    return _window(sql, node, "SESSION", sql(node.gap))


def _keys(sql: Print, keys: Sequence[exp.Expr]) -> str:
    """Return the keys, in parentheses unless there is only a plain column."""
    plain = len(keys) == 1 and isinstance(keys[0], exp.Column)
    return commas(sql, keys) if plain else f"({commas(sql, keys)})"


def _query(sql: Print, node: queries.Query) -> str:
    clauses = (
        node.window,
        node.where,
        node.group_by,
        node.partition_by,
        node.having,
        node.emit,
        node.limit,
    )
    return words(
        f"SELECT {commas(sql, node.items)}",
        f"FROM {sql(node.relation)}",
        *(sql(clause) for clause in clauses if clause is not None),
    )


QUERY_PRINTERS: dict[type[exp.Expr], Callable[[Print, Any], str]] = {
    queries.Duration: lambda sql, node: f"{sql(node.amount)} {node.unit}S",
    queries.SelectItem: lambda sql, node: _labelled(sql, node.value, node.label),
    queries.SourceReference: lambda sql, node: _labelled(sql, node.source, node.label),
    queries.Within: _within,
    queries.Join: _join,
    queries.TumblingWindow: _tumbling,
    queries.HoppingWindow: _hopping,
    queries.SessionWindow: _session,
    queries.Where: lambda sql, node: f"WHERE {sql(node.condition)}",
    queries.GroupBy: lambda sql, node: f"GROUP BY {_keys(sql, node.keys)}",
    queries.PartitionBy: lambda sql, node: f"PARTITION BY {_keys(sql, node.keys)}",
    queries.Having: lambda sql, node: f"HAVING {sql(node.condition)}",
    queries.Emit: lambda _, node: f"EMIT {node.mode}",
    queries.Limit: lambda sql, node: f"LIMIT {sql(node.count)}",
    queries.Query: _query,
}

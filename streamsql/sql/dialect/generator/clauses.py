"""Printers of the clauses of a query."""

from collections.abc import Callable, Iterator, Sequence

from sqlglot import exp
from sqlglot.generator import Generator

from streamsql.sql.dialect.generator.expressions import commas
from streamsql.sql.dialect.nodes.clauses import (
    Emit,
    HoppingWindow,
    PartitionBy,
    SessionWindow,
    TumblingWindow,
    WindowClause,
    Within,
    option,
    window_clause,
)


def duration(sql: Generator, node: exp.Interval) -> str:
    """Return a length of time: ``10 SECONDS``."""
    return f"{sql.sql(node, 'this')} {sql.sql(node, 'unit')}"


def modifiers(sql: Generator, query: exp.Expr) -> Iterator[str]:
    """Yield the clauses after the select list and FROM, in the order of our language."""
    joins = query.args.get("joins") or ()
    yield from (sql.sql(join) for join in joins)
    yield _optional(sql, window_clause(query))
    yield sql.sql(query, "where")
    yield sql.sql(query, "group")
    yield _optional(sql, option(query, PartitionBy))
    yield sql.sql(query, "having")
    if windows := query.args.get("windows"):
        yield sql.seg(f"WINDOW {commas(sql, windows)}")
    yield sql.sql(query, "qualify")
    yield sql.sql(query, "order")
    yield _optional(sql, option(query, Emit))
    limit = query.args.get("limit")
    bounds = ("offset", "limit") if isinstance(limit, exp.Fetch) else ("limit", "offset")
    yield from (sql.sql(query, bound) for bound in bounds)


def _optional(sql: Generator, clause: exp.Expr | None) -> str:
    return "" if clause is None else sql.seg(sql.sql(clause))


def _time(sql: Generator, words: str, node: exp.Interval | None) -> str | None:
    return None if node is None else f"{words} {duration(sql, node)}"


def _window(sql: Generator, node: WindowClause, kind: str, *sizes: str) -> str:
    bounds = [
        *sizes,
        _time(sql, "RETENTION", node.retention),
        _time(sql, "GRACE PERIOD", node.grace),
    ]
    label = "" if node.label is None else f"{sql.sql(node.label)} "
    return f"WINDOW {label}{kind} ({', '.join(bound for bound in bounds if bound)})"


def _tumbling(sql: Generator, node: TumblingWindow) -> str:
    return _window(sql, node, "TUMBLING", f"SIZE {duration(sql, node.size)}")


def _hopping(sql: Generator, node: HoppingWindow) -> str:
    sizes = (f"SIZE {duration(sql, node.size)}", f"ADVANCE BY {duration(sql, node.advance)}")
    return _window(sql, node, "HOPPING", *sizes)


def _session(sql: Generator, node: SessionWindow) -> str:
    return _window(sql, node, "SESSION", duration(sql, node.gap))


def _within(sql: Generator, node: Within) -> str:
    bounds = duration(sql, node.before)
    if node.after is not None:
        bounds = f"({bounds}, {duration(sql, node.after)})"
    grace = _time(sql, "GRACE PERIOD", node.grace)
    return f"WITHIN {bounds}" if grace is None else f"WITHIN {bounds} {grace}"


def _join(sql: Generator, node: exp.Join) -> str:
    using = node.args.get("using")
    words = (
        node.method,
        node.side,
        node.kind,
        "JOIN",
        sql.sql(node, "this"),
        sql.sql(node, "match_condition"),
        f"ON {sql.sql(node, 'on')}" if "on" in node.args else "",
        f"USING ({commas(sql, using)})" if using else "",
    )
    return sql.seg(" ".join(word for word in words if word))


def _values(sql: Generator, node: exp.Values) -> str:
    rows = f"VALUES {commas(sql, node.expressions)}"
    if isinstance(node.parent, exp.Insert):
        return rows
    alias = sql.sql(node, "alias")
    return f"({rows}) AS {alias}" if alias else f"({rows})"


def _keys(sql: Generator, keys: Sequence[exp.Expr]) -> str:
    """Return keys, in parentheses unless there is only a plain column, or sets of keys."""
    plain = len(keys) == 1 and isinstance(keys[0], exp.Column)
    plain = plain or any(isinstance(key, exp.GroupingSets | exp.Cube | exp.Rollup) for key in keys)
    return commas(sql, keys) if plain else f"({commas(sql, keys)})"


CLAUSES: dict[type[exp.Expr], Callable[..., str]] = {
    TumblingWindow: _tumbling,
    HoppingWindow: _hopping,
    SessionWindow: _session,
    exp.Join: _join,
    exp.Values: _values,
    Within: _within,
    exp.Group: lambda sql, node: sql.seg(f"GROUP BY {_keys(sql, node.expressions)}"),
    PartitionBy: lambda sql, node: f"PARTITION BY {_keys(sql, node.keys)}",
    Emit: lambda _, node: f"EMIT {node.mode}",
}

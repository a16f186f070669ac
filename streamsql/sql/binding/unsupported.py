"""What parses and has no meaning here yet: refused by name, with what to write instead.

The table is closed: whatever the dialect reads is bound by the modules beside this one, or stands
here. A construct that gets a meaning leaves the table.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from sqlglot import exp

from streamsql.errors import UnsupportedError
from streamsql.sql.dialect.nodes.node import Node, span

_OWN_SOURCE = "Make it a stream or table of its own with CREATE STREAM … AS SELECT."
_ONE_EACH = "Write one query for each set of keys."


class _Construct(NamedTuple):
    """Nodes of a class, how an error calls them, what would do, and where they are meant."""

    kind: type[exp.Expr]
    words: str
    hint: str
    when: Callable[[exp.Expr], bool] = lambda _: True


def _in(*kinds: type[exp.Expr]) -> Callable[[exp.Expr], bool]:
    return lambda node: isinstance(node.parent, kinds)


def _outside(*kinds: type[exp.Expr]) -> Callable[[exp.Expr], bool]:
    return lambda node: not isinstance(node.parent, kinds)


def _with(argument: str) -> Callable[[exp.Expr], bool]:
    return lambda node: bool(node.args.get(argument))


_TABLE = (
    # Queries
    _Construct(
        exp.With, "WITH RECURSIVE", "A query cannot read its own result.", _with("recursive")
    ),
    _Construct(exp.With, "WITH", _OWN_SOURCE),
    _Construct(exp.Union, "UNION", "Write one INSERT INTO … SELECT for each part."),
    _Construct(exp.Intersect, "INTERSECT", "Join the two sources instead."),
    _Construct(exp.Except, "EXCEPT", "Keep the rows of a LEFT JOIN that have no partner."),
    _Construct(exp.Subquery, "a query in FROM", _OWN_SOURCE, _in(exp.From, exp.Join, exp.Lateral)),
    _Construct(exp.Subquery, "IN with a query", "Join the two sources instead.", _in(exp.In)),
    _Construct(
        exp.Subquery,
        "a query in parentheses",
        "Leave the parentheses out.",
        lambda node: node.parent is None or isinstance(node.parent, exp.DDL | exp.SetOperation),
    ),
    _Construct(
        exp.Subquery, "a query as a value", "Make it a stream or table of its own, and join that."
    ),
    _Construct(exp.Exists, "EXISTS", "Join the two sources instead."),
    # Clauses
    _Construct(exp.Distinct, "DISTINCT", "GROUP BY the columns instead.", _in(exp.Select)),
    _Construct(exp.Join, "NATURAL JOIN", "Name the columns: ON a.id = b.id.", _with("method")),
    _Construct(exp.Join, "CROSS JOIN", "A join needs ON with one equality.", _with("kind")),
    _Construct(exp.Join, "USING", "Write the columns out: ON a.id = b.id.", _with("using")),
    _Construct(exp.Lateral, "LATERAL", "EXPLODE in the select list makes rows of an array."),
    _Construct(exp.Unnest, "UNNEST", "EXPLODE in the select list makes rows of an array."),
    _Construct(
        exp.Values, "VALUES in FROM", "Make it a table and INSERT the rows.", _outside(exp.Insert)
    ),
    _Construct(
        exp.TableAlias, "a list of columns after an alias", "Use AS in SELECT.", _with("columns")
    ),
    _Construct(exp.GroupingSets, "GROUPING SETS", _ONE_EACH),
    _Construct(exp.Rollup, "ROLLUP", _ONE_EACH),
    _Construct(exp.Cube, "CUBE", _ONE_EACH),
    _Construct(exp.Qualify, "QUALIFY", "Aggregate with GROUP BY and HAVING instead."),
    _Construct(
        exp.Order,
        "ORDER BY in an aggregate",
        "COLLECT_LIST keeps the order of arrival; TOPK sorts.",
        _with("this"),
    ),
    _Construct(exp.Order, "ORDER BY", "A stream has no end to sort at: TOPK keeps the largest."),
    _Construct(exp.Offset, "OFFSET", "LIMIT alone bounds the rows."),
    _Construct(exp.Fetch, "FETCH", "Use LIMIT."),
    # Expressions
    _Construct(exp.Distinct, "DISTINCT in a call", "COUNT_DISTINCT counts distinct values."),
    _Construct(exp.Filter, "FILTER", "Aggregate CASE WHEN condition THEN value END."),
    _Construct(exp.WithinGroup, "WITHIN GROUP", "TOPK keeps the largest values in order."),
    _Construct(exp.Window, "OVER", "Aggregate with GROUP BY and a WINDOW instead."),
    _Construct(exp.TryCast, "TRY_CAST", "Use CAST: a value that does not convert is NULL."),
    _Construct(exp.Extract, "EXTRACT", "Use FORMAT_TIMESTAMP(timestamp, pattern)."),
    _Construct(exp.Interval, "INTERVAL", "Use TIMESTAMPADD(DAYS, 1, timestamp).", _outside(Node)),
    _Construct(exp.AtTimeZone, "AT TIME ZONE", "Use CONVERT_TZ(timestamp, from, to)."),
    _Construct(
        exp.Is,
        "IS with a truth value",
        "Write IS NOT DISTINCT FROM TRUE.",
        lambda node: not isinstance(node.expression, exp.Null),
    ),
    # Statements
    _Construct(
        exp.Insert,
        "INSERT INTO … SELECT with a list of columns",
        "Select the columns in the order of the target, under its names.",
        lambda node: isinstance(node.this, exp.Schema) and isinstance(node.expression, exp.Query),
    ),
    _Construct(
        exp.Tuple,
        "more than one row",
        "Write one statement for each row.",
        lambda node: isinstance(node.parent, exp.Values) and bool(node.index),
    ),
)
_BY_KIND: dict[type[exp.Expr], list[_Construct]] = {}
for _construct in _TABLE:
    _BY_KIND.setdefault(_construct.kind, []).append(_construct)


def refuse_unsupported(statement: exp.Expr) -> None:
    """Raise for the construct that stands first among those that have no meaning yet.

    Raises:
        UnsupportedError: There is one.
    """
    found = list(_refused(statement))
    if found:
        node, construct = min(found, key=lambda pair: span(pair[0]).start)
        raise UnsupportedError(
            f"{construct.words} is not supported", span(node), hint=construct.hint
        )


def _refused(statement: exp.Expr) -> Iterator[tuple[exp.Expr, _Construct]]:
    for node in statement.walk():
        construct = next((one for one in _BY_KIND.get(type(node), ()) if one.when(node)), None)
        if construct is not None:
            yield node, construct

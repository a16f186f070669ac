"""The compiler alone: statements as trees, queries as plans, without a broker."""

from collections.abc import Mapping

from streamsql.catalog.catalog import Catalog
from streamsql.engine.planning.binding import bind_script
from streamsql.engine.planning.context import PlannerContext
from streamsql.errors import BindError
from streamsql.expr.builtins import builtins
from streamsql.logical.nodes import Plan
from streamsql.logical.optimize import optimize
from streamsql.sql.dialect.parse import ParsedStatement, parse_script
from streamsql.sql.statements import CreateAs, InsertSelect, PullQuery, PushQuery


def parse(sql: str, variables: Mapping[str, str] | None = None) -> list[ParsedStatement]:
    """Return the statements of a text as syntax trees.

    Raises:
        ParseError: At the first statement that is not one.

    >>> [statement.text for statement in parse("SHOW STREAMS; SHOW TABLES")]
    ['SHOW STREAMS', 'SHOW TABLES']
    """
    return parse_script(sql, variables)


def plan(sql: str, catalog: Catalog | None = None) -> Plan:
    """Return the optimized plan of the last statement, a query, of a text.

    The statements before it are bound first: declarations make the sources that the query reads.

    Raises:
        StatementError: A statement is wrong, or the last one is not a query.
    """
    bound = list(bind_script(sql, PlannerContext(catalog or Catalog(functions=builtins()))))
    statement = bound[-1].statement if bound else None
    if not isinstance(statement, CreateAs | InsertSelect | PushQuery | PullQuery):
        raise BindError("the last statement is not a query", bound[-1].span if bound else None)
    return optimize(statement.plan)

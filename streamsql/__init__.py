"""A streaming SQL engine on Apache Kafka, as one Python package.

    import streamsql

    with streamsql.connect() as engine:
        engine.execute_script(Path("pipeline.sql"))
        for row in engine.query("SELECT * FROM hourly EMIT CHANGES LIMIT 10"):
            print(row["USER"], row["N"])

``connect`` opens an engine; ``parse`` and ``plan`` are the compiler alone; ``StreamsBuilder`` is the
DSL for programs without SQL.
"""

from collections.abc import Mapping

from streamsql.catalog.catalog import Catalog
from streamsql.engine.connect import connect
from streamsql.engine.engine import Engine
from streamsql.engine.results import Result, ResultKind, Row
from streamsql.errors import (
    BindError,
    DecodeError,
    EngineError,
    EvaluationError,
    ParseError,
    RecordError,
    Span,
    StatementError,
    StreamSQLError,
    UnsupportedError,
)
from streamsql.expr.builtins import builtins
from streamsql.plan.nodes import Plan
from streamsql.plan.optimize import optimize
from streamsql.sql.compile import bind_script
from streamsql.sql.parse import ParsedStatement, parse_script
from streamsql.sql.statements import CreateAs, InsertSelect, PullQuery, PushQuery
from streamsql.streams.builder import StreamsBuilder
from streamsql.topology.topology import Topology

__all__ = [
    "BindError",
    "Catalog",
    "DecodeError",
    "Engine",
    "EngineError",
    "EvaluationError",
    "ParseError",
    "RecordError",
    "Result",
    "ResultKind",
    "Row",
    "Span",
    "StatementError",
    "StreamSQLError",
    "StreamsBuilder",
    "Topology",
    "UnsupportedError",
    "connect",
    "parse",
    "plan",
]


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
    bound = bind_script(sql, catalog or Catalog(functions=builtins()), {})
    statement = bound[-1].statement if bound else None
    if not isinstance(statement, CreateAs | InsertSelect | PushQuery | PullQuery):
        raise BindError("the last statement is not a query", bound[-1].span if bound else None)
    return optimize(statement.plan)

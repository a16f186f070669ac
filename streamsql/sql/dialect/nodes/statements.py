"""Syntax nodes of the statements that sqlglot has none for, and what one may ask of its own.

CREATE STREAM | TABLE, INSERT, ALTER and DROP are sqlglot's ``Create``, ``Insert``, ``Alter`` and
``Drop``, with STREAM or TABLE as their ``kind``; a query is a ``Query``.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from sqlglot import exp

from streamsql.errors import Span
from streamsql.sql.dialect.nodes.node import (
    Node,
    argument,
    optional,
    required,
    several,
    span,
)
from streamsql.types.record import SourceKind

SOURCE = "SOURCE "


class ColumnRole(StrEnum):
    """What a declared column is, after its type."""

    VALUE = ""
    KEY = "KEY"
    PRIMARY_KEY = "PRIMARY KEY"
    HEADERS = "HEADERS"
    HEADER = "HEADER"


class RoleConstraint(Node, words="the role of a column"):
    """``KEY``, ``HEADERS`` or ``HEADER('key')`` after a column's type."""

    role: ColumnRole = argument()
    header_key: exp.Literal | None = argument(default=None)


def column_role(column: exp.ColumnDef) -> ColumnRole:
    """Return what a declared column is."""
    for constraint in column.constraints:
        kind = constraint.kind
        return kind.role if isinstance(kind, RoleConstraint) else ColumnRole.PRIMARY_KEY
    return ColumnRole.VALUE


def header_key(column: exp.ColumnDef) -> exp.Literal | None:
    """Return the key of the header that a column shows, ``None`` for any other column."""
    for constraint in column.constraints:
        if isinstance(constraint.kind, RoleConstraint):
            return constraint.kind.header_key
    return None


def source_name(statement: exp.Expr) -> exp.Table:
    """Return the name that CREATE, INSERT, ALTER or DROP of a source is about."""
    target: exp.Expr = statement.this or several(statement, "tables", exp.Table)[0]
    if isinstance(target, exp.Schema):
        return required(target, "this", exp.Table)
    assert isinstance(target, exp.Table)
    return target


def name_span(source: exp.Table) -> Span:
    """Return where a source is named, without the alias behind it."""
    name = span(required(source, "this", exp.Identifier))
    application = optional(source, "db", exp.Identifier)
    return name if application is None else span(application).cover(name)


def names_read(statement: exp.Expr) -> Iterator[exp.Table]:
    """Yield the names of sources that must be there: all but the one that CREATE makes."""
    made = None
    for node in statement.walk():
        if isinstance(node, exp.Create):
            made = source_name(node)
        elif isinstance(node, exp.Table) and node is not made:
            yield node


def source_kind(statement: exp.Create | exp.Drop | exp.Alter) -> SourceKind:
    """Return STREAM or TABLE."""
    return SourceKind(str(statement.args["kind"]).removeprefix(SOURCE))


def is_read_only(statement: exp.Create) -> bool:
    """Tell whether SOURCE is written between CREATE and the kind."""
    return str(statement.args["kind"]).startswith(SOURCE)


def declared_columns(statement: exp.Expr) -> list[exp.ColumnDef]:
    """Return the columns between the parentheses after the name, if there are any."""
    target = statement.this
    return several(target, "expressions", exp.ColumnDef) if isinstance(target, exp.Schema) else []


def written_columns(statement: exp.Insert) -> list[exp.Identifier] | None:
    """Return the column list of INSERT, ``None`` where it is left out."""
    target = statement.this
    return (
        several(target, "expressions", exp.Identifier) if isinstance(target, exp.Schema) else None
    )


class CreateType(Node, words="CREATE TYPE"):
    """``CREATE TYPE [IF NOT EXISTS] name AS type``."""

    type_name: exp.Identifier = argument()
    definition: exp.DataType = argument()
    if_not_exists: bool = argument(default=False)


class DropType(Node, words="DROP TYPE"):
    """``DROP TYPE [IF EXISTS] name``."""

    type_name: exp.Identifier = argument()
    if_exists: bool = argument(default=False)


class ConnectorDirection(StrEnum):
    """Which way a connector moves records, seen from Kafka."""

    SOURCE = "SOURCE"
    SINK = "SINK"


class CreateConnector(Node, words="CREATE CONNECTOR"):
    """``CREATE SOURCE|SINK CONNECTOR [IF NOT EXISTS] name WITH (…)``."""

    direction: ConnectorDirection = argument()
    connector_name: exp.Identifier = argument()
    properties: exp.Properties = argument()
    if_not_exists: bool = argument(default=False)


class DropConnector(Node, words="DROP CONNECTOR"):
    """``DROP CONNECTOR [IF EXISTS] name``."""

    connector_name: exp.Identifier = argument()
    if_exists: bool = argument(default=False)


class DescribeConnector(Node, words="DESCRIBE CONNECTOR"):
    """``DESCRIBE CONNECTOR name``."""

    connector_name: exp.Identifier = argument()


class Terminate(Node, words="TERMINATE"):
    """``TERMINATE query_id | ALL``; ``None`` is ALL."""

    query_id: exp.Identifier | None = argument(default=None)


class Pause(Node, words="PAUSE"):
    """``PAUSE query_id | ALL``; ``None`` is ALL."""

    query_id: exp.Identifier | None = argument(default=None)


class Resume(Node, words="RESUME"):
    """``RESUME query_id | ALL``; ``None`` is ALL."""

    query_id: exp.Identifier | None = argument(default=None)


class ExplainLevel(StrEnum):
    """Which value between text and execution EXPLAIN prints."""

    PLAN = "PLAN"
    OPTIMIZED = "OPTIMIZED"
    TOPOLOGY = "TOPOLOGY"
    CODE = "CODE"


class Explain(Node, words="EXPLAIN"):
    """``EXPLAIN [level] statement | query_id``; exactly one of the last two is set."""

    level: ExplainLevel | None = argument(default=None)
    statement: exp.Expr | None = argument(default=None)
    query_id: exp.Identifier | None = argument(default=None)


class ShowSubject(StrEnum):
    """What SHOW or LIST lists."""

    STREAMS = "STREAMS"
    TABLES = "TABLES"
    QUERIES = "QUERIES"
    TOPICS = "TOPICS"
    ALL_TOPICS = "ALL TOPICS"
    FUNCTIONS = "FUNCTIONS"
    PROPERTIES = "PROPERTIES"
    TYPES = "TYPES"
    VARIABLES = "VARIABLES"
    CONNECTORS = "CONNECTORS"
    SOURCE_CONNECTORS = "SOURCE CONNECTORS"
    SINK_CONNECTORS = "SINK CONNECTORS"
    CONNECTOR_PLUGINS = "CONNECTOR PLUGINS"


class Show(Node, words="SHOW"):
    """``SHOW|LIST subject [EXTENDED]``; EXTENDED with STREAMS, TABLES, QUERIES and topics only."""

    subject: ShowSubject = argument()
    extended: bool = argument(default=False)


class Describe(Node, words="DESCRIBE"):
    """``DESCRIBE source [EXTENDED]``."""

    source_name: exp.Table = argument()
    extended: bool = argument(default=False)


class DescribeAll(Node, words="DESCRIBE"):
    """``DESCRIBE STREAMS|TABLES [EXTENDED]``."""

    kind: SourceKind = argument()
    extended: bool = argument(default=False)


class DescribeFunction(Node, words="DESCRIBE FUNCTION"):
    """``DESCRIBE FUNCTION name``."""

    function: exp.Identifier = argument()


class Print(Node, words="PRINT"):
    """``PRINT topic | application.source [FROM BEGINNING] [INTERVAL|SAMPLE n] [LIMIT n]``.

    A topic is a string literal with the case as written; the counts are integer literals.
    """

    topic: exp.Literal | exp.Table = argument()
    from_beginning: bool = argument(default=False)
    interval: exp.Literal | None = argument(default=None)
    limit: exp.Literal | None = argument(default=None)


class SetProperty(Node, words="SET"):
    """``SET 'name' = 'value'``; both string literals."""

    property_name: exp.Literal = argument()
    value: exp.Literal = argument()


class UnsetProperty(Node, words="UNSET"):
    """``UNSET 'name'``."""

    property_name: exp.Literal = argument()


class AlterSystem(Node, words="ALTER SYSTEM"):
    """``ALTER SYSTEM 'name' = 'value'``; both string literals."""

    property_name: exp.Literal = argument()
    value: exp.Literal = argument()


class Define(Node, words="DEFINE"):
    """``DEFINE variable = 'value'``; later statements of the script see it already."""

    variable: exp.Identifier = argument()
    value: exp.Literal = argument()


class Undefine(Node, words="UNDEFINE"):
    """``UNDEFINE variable``."""

    variable: exp.Identifier = argument()


class AssertTopic(Node, words="ASSERT TOPIC"):
    """``ASSERT [NOT EXISTS] TOPIC topic [WITH (…)] [TIMEOUT duration]``."""

    topic: exp.Literal = argument()
    negated: bool = argument(default=False)
    properties: exp.Properties | None = argument(default=None)
    timeout: exp.Interval | None = argument(default=None)


class AssertSchema(Node, words="ASSERT SCHEMA"):
    """``ASSERT [NOT EXISTS] SCHEMA [SUBJECT subject] [ID n] [TIMEOUT duration]``; one or both."""

    subject: exp.Literal | None = argument(default=None)
    schema_id: exp.Literal | None = argument(default=None)
    negated: bool = argument(default=False)
    timeout: exp.Interval | None = argument(default=None)


class AssertValues(Node, words="ASSERT VALUES"):
    """``ASSERT VALUES source [(column, …)] VALUES (expression, …)``."""

    source_name: exp.Table = argument()
    columns: Sequence[exp.Identifier] | None = argument(default=None)
    row: Sequence[exp.Expr] = argument()


class AssertNullValues(Node, words="ASSERT NULL VALUES"):
    """``ASSERT NULL VALUES source [(column, …)] KEY (expression, …)``."""

    source_name: exp.Table = argument()
    columns: Sequence[exp.Identifier] | None = argument(default=None)
    row: Sequence[exp.Expr] = argument()


class AssertSource(Node, words="ASSERT"):
    """``ASSERT STREAM|TABLE name [(column, …)] [WITH (…)]``: what must be declared already."""

    declaration: exp.Create = argument()


class RunScript(Node, words="RUN SCRIPT"):
    """``RUN SCRIPT 'path'``."""

    path: exp.Literal = argument()

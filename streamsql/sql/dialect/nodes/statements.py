"""Syntax nodes of the statements. A query is a statement too: :class:`ast_queries.Query`."""

from collections.abc import Sequence
from enum import StrEnum

from sqlglot import exp

from streamsql.sql.dialect.nodes.expressions import DataType, Node, argument
from streamsql.sql.dialect.nodes.queries import Duration, Query


class SourceKind(StrEnum):
    """The two kinds of sources."""

    STREAM = "STREAM"
    TABLE = "TABLE"


class ColumnRole(StrEnum):
    """What a declared column is, after its type."""

    VALUE = ""
    KEY = "KEY"
    PRIMARY_KEY = "PRIMARY KEY"
    HEADERS = "HEADERS"
    HEADER = "HEADER"


class ColumnDefinition(Node):
    """``name type [KEY | PRIMARY KEY | HEADERS | HEADER('key')]``."""

    column_name: exp.Identifier = argument()
    column_type: DataType = argument()
    role: ColumnRole = argument(default=ColumnRole.VALUE)
    header_key: exp.Literal | None = argument(default=None)


class Property(Node):
    """``name = value`` of a WITH clause.

    A name written as a string is a quoted identifier. The value is a string, number (maybe
    ``Neg``), ``Boolean`` or ``Null``.
    """

    property_name: exp.Identifier = argument()
    value: exp.Expr = argument()


class Properties(Node):
    """``WITH (name = value, …)``."""

    entries: Sequence[Property] = argument(default=())


class CreateSource(Node):
    """``CREATE [OR REPLACE] [SOURCE] STREAM|TABLE [IF NOT EXISTS] name [(column, …)] [WITH (…)]``.

    ``read_only`` says that SOURCE was written; ``elements`` is ``None`` without parentheses.
    """

    kind: SourceKind = argument()
    source_name: exp.Identifier = argument()
    or_replace: bool = argument(default=False)
    read_only: bool = argument(default=False)
    if_not_exists: bool = argument(default=False)
    elements: Sequence[ColumnDefinition] | None = argument(default=None)
    properties: Properties | None = argument(default=None)


class CreateAs(Node):
    """``CREATE [OR REPLACE] STREAM|TABLE [IF NOT EXISTS] name [WITH (…)] AS query``."""

    kind: SourceKind = argument()
    source_name: exp.Identifier = argument()
    or_replace: bool = argument(default=False)
    if_not_exists: bool = argument(default=False)
    properties: Properties | None = argument(default=None)
    query: Query = argument()


class InsertSelect(Node):
    """``INSERT INTO target [WITH (QUERY_ID = 'x')] query``."""

    target: exp.Identifier = argument()
    properties: Properties | None = argument(default=None)
    query: Query = argument()


class InsertValues(Node):
    """``INSERT INTO target [(column, …)] VALUES (expression, …)``; no columns: all of them."""

    target: exp.Identifier = argument()
    columns: Sequence[exp.Identifier] | None = argument(default=None)
    row: Sequence[exp.Expr] = argument()


class AlterSource(Node):
    """``ALTER STREAM|TABLE name ADD [COLUMN] column type, …``."""

    kind: SourceKind = argument()
    source_name: exp.Identifier = argument()
    additions: Sequence[ColumnDefinition] = argument()


class DropSource(Node):
    """``DROP STREAM|TABLE [IF EXISTS] name [DELETE TOPIC]``."""

    kind: SourceKind = argument()
    source_name: exp.Identifier = argument()
    if_exists: bool = argument(default=False)
    delete_topic: bool = argument(default=False)


class CreateType(Node):
    """``CREATE TYPE [IF NOT EXISTS] name AS type``."""

    type_name: exp.Identifier = argument()
    definition: DataType = argument()
    if_not_exists: bool = argument(default=False)


class DropType(Node):
    """``DROP TYPE [IF EXISTS] name``."""

    type_name: exp.Identifier = argument()
    if_exists: bool = argument(default=False)


class ConnectorDirection(StrEnum):
    """Which way a connector moves records, seen from Kafka."""

    SOURCE = "SOURCE"
    SINK = "SINK"


class CreateConnector(Node):
    """``CREATE SOURCE|SINK CONNECTOR [IF NOT EXISTS] name WITH (…)``."""

    direction: ConnectorDirection = argument()
    connector_name: exp.Identifier = argument()
    properties: Properties = argument()
    if_not_exists: bool = argument(default=False)


class DropConnector(Node):
    """``DROP CONNECTOR [IF EXISTS] name``."""

    connector_name: exp.Identifier = argument()
    if_exists: bool = argument(default=False)


class DescribeConnector(Node):
    """``DESCRIBE CONNECTOR name``."""

    connector_name: exp.Identifier = argument()


class Terminate(Node):
    """``TERMINATE query_id | ALL``; ``None`` is ALL."""

    query_id: exp.Identifier | None = argument(default=None)


class Pause(Node):
    """``PAUSE query_id | ALL``; ``None`` is ALL."""

    query_id: exp.Identifier | None = argument(default=None)


class Resume(Node):
    """``RESUME query_id | ALL``; ``None`` is ALL."""

    query_id: exp.Identifier | None = argument(default=None)


class ExplainLevel(StrEnum):
    """Which value between text and execution EXPLAIN prints."""

    PLAN = "PLAN"
    OPTIMIZED = "OPTIMIZED"
    TOPOLOGY = "TOPOLOGY"
    CODE = "CODE"


class Explain(Node):
    """``EXPLAIN [level] statement | query_id``; exactly one of the last two is set."""

    level: ExplainLevel | None = argument(default=None)
    statement: Node | None = argument(default=None)
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


class Show(Node):
    """``SHOW|LIST subject [EXTENDED]``; EXTENDED with STREAMS, TABLES, QUERIES and topics only."""

    subject: ShowSubject = argument()
    extended: bool = argument(default=False)


class Describe(Node):
    """``DESCRIBE source [EXTENDED]``."""

    source_name: exp.Identifier = argument()
    extended: bool = argument(default=False)


class DescribeAll(Node):
    """``DESCRIBE STREAMS|TABLES [EXTENDED]``."""

    kind: SourceKind = argument()
    extended: bool = argument(default=False)


class DescribeFunction(Node):
    """``DESCRIBE FUNCTION name``."""

    function: exp.Identifier = argument()


class Print(Node):
    """``PRINT topic [FROM BEGINNING] [INTERVAL|SAMPLE n] [LIMIT n]``.

    ``topic`` is a string literal with the case as written; the counts are integer literals.
    """

    topic: exp.Literal = argument()
    from_beginning: bool = argument(default=False)
    interval: exp.Literal | None = argument(default=None)
    limit: exp.Literal | None = argument(default=None)


class SetProperty(Node):
    """``SET 'name' = 'value'``; both string literals."""

    property_name: exp.Literal = argument()
    value: exp.Literal = argument()


class UnsetProperty(Node):
    """``UNSET 'name'``."""

    property_name: exp.Literal = argument()


class AlterSystem(Node):
    """``ALTER SYSTEM 'name' = 'value'``; both string literals."""

    property_name: exp.Literal = argument()
    value: exp.Literal = argument()


class Define(Node):
    """``DEFINE variable = 'value'``; later statements of the script see it already."""

    variable: exp.Identifier = argument()
    value: exp.Literal = argument()


class Undefine(Node):
    """``UNDEFINE variable``."""

    variable: exp.Identifier = argument()


class AssertTopic(Node):
    """``ASSERT [NOT EXISTS] TOPIC topic [WITH (…)] [TIMEOUT duration]``."""

    topic: exp.Literal = argument()
    negated: bool = argument(default=False)
    properties: Properties | None = argument(default=None)
    timeout: Duration | None = argument(default=None)


class AssertSchema(Node):
    """``ASSERT [NOT EXISTS] SCHEMA [SUBJECT subject] [ID n] [TIMEOUT duration]``; one or both."""

    subject: exp.Literal | None = argument(default=None)
    schema_id: exp.Literal | None = argument(default=None)
    negated: bool = argument(default=False)
    timeout: Duration | None = argument(default=None)


class AssertValues(Node):
    """``ASSERT VALUES source [(column, …)] VALUES (expression, …)``."""

    source_name: exp.Identifier = argument()
    columns: Sequence[exp.Identifier] | None = argument(default=None)
    row: Sequence[exp.Expr] = argument()


class AssertNullValues(Node):
    """``ASSERT NULL VALUES source [(column, …)] KEY (expression, …)``."""

    source_name: exp.Identifier = argument()
    columns: Sequence[exp.Identifier] | None = argument(default=None)
    row: Sequence[exp.Expr] = argument()


class AssertSource(Node):
    """``ASSERT STREAM|TABLE name [(column, …)] [WITH (…)]``."""

    kind: SourceKind = argument()
    source_name: exp.Identifier = argument()
    elements: Sequence[ColumnDefinition] | None = argument(default=None)
    properties: Properties | None = argument(default=None)


class RunScript(Node):
    """``RUN SCRIPT 'path'``."""

    path: exp.Literal = argument()


Statement = (
    Query
    | CreateSource
    | CreateAs
    | InsertSelect
    | InsertValues
    | AlterSource
    | DropSource
    | CreateType
    | DropType
    | CreateConnector
    | DropConnector
    | DescribeConnector
    | Terminate
    | Pause
    | Resume
    | Explain
    | Show
    | Describe
    | DescribeAll
    | DescribeFunction
    | Print
    | SetProperty
    | UnsetProperty
    | AlterSystem
    | Define
    | Undefine
    | AssertTopic
    | AssertSchema
    | AssertValues
    | AssertNullValues
    | AssertSource
    | RunScript
)

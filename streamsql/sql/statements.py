"""Bound statements: what a text means, names resolved and types known. Nothing of sqlglot is left.

Where a statement stood, and its text, is known to whoever had it bound.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from streamsql.catalog.catalog import Source
from streamsql.expr.nodes import Expression
from streamsql.logical.nodes import Plan
from streamsql.types.record import SourceKind
from streamsql.types.sqltypes import SqlType


@dataclass(frozen=True, slots=True)
class CreateSource:
    """CREATE STREAM | TABLE over a topic, which is created if ``source.partitions`` is given."""

    source: Source


@dataclass(frozen=True, slots=True)
class CreateAs:
    """CREATE STREAM | TABLE … AS SELECT: the sink and the plan whose rows fill it."""

    source: Source
    plan: Plan
    sources: tuple[Source, ...]
    query_id: str


@dataclass(frozen=True, slots=True)
class InsertSelect:
    """INSERT INTO … SELECT."""

    sink: Source
    plan: Plan
    sources: tuple[Source, ...]
    query_id: str


@dataclass(frozen=True, slots=True)
class InsertValues:
    """INSERT INTO … VALUES: constant expressions by column, in the columns' types.

    ``timestamp`` is the expression given for ROWTIME, or ``None`` for now.
    """

    sink: Source
    values: Mapping[str, Expression]
    timestamp: Expression | None


@dataclass(frozen=True, slots=True)
class PushQuery:
    """SELECT … EMIT CHANGES | FINAL. Output columns in the order written are ``columns``."""

    plan: Plan
    sources: tuple[Source, ...]
    columns: tuple[str, ...]
    limit: int | None


@dataclass(frozen=True, slots=True)
class PullQuery:
    """SELECT without EMIT: a table's rows as they are now, or all records of a stream up to now.

    ``plan`` is Scan, Filter, Project only. ``lookup``: exact key values (single key column, or
    tuples in column order), when the predicate fixes the key; the predicate stays in the plan all
    the same.
    """

    source: Source
    plan: Plan
    lookup: tuple[Expression, ...] | None
    columns: tuple[str, ...]
    limit: int | None


Query = CreateAs | InsertSelect | PushQuery | PullQuery
"""The statements that run or ask something."""


@dataclass(frozen=True, slots=True)
class DropSource:
    """DROP STREAM | TABLE."""

    source: Source
    delete_topic: bool


@dataclass(frozen=True, slots=True)
class CreateType:
    """CREATE TYPE."""

    name: str
    type: SqlType


@dataclass(frozen=True, slots=True)
class DropType:
    """DROP TYPE."""

    name: str


@dataclass(frozen=True, slots=True)
class NoEffect:
    """CREATE IF NOT EXISTS of what exists, DROP IF EXISTS of what does not; ``reason`` says so."""

    reason: str


@dataclass(frozen=True, slots=True)
class AlterSource:
    """ALTER STREAM | TABLE … ADD: the source with the new columns."""

    source: Source


@dataclass(frozen=True, slots=True)
class Terminate:
    """TERMINATE id; ``None`` means ALL."""

    query_id: str | None


class ShowWhat(Enum):
    """What SHOW and LIST can list."""

    STREAMS = "STREAMS"
    TABLES = "TABLES"
    QUERIES = "QUERIES"
    TOPICS = "TOPICS"
    FUNCTIONS = "FUNCTIONS"
    PROPERTIES = "PROPERTIES"
    TYPES = "TYPES"
    VARIABLES = "VARIABLES"


@dataclass(frozen=True, slots=True)
class Show:
    """SHOW | LIST."""

    what: ShowWhat
    extended: bool


@dataclass(frozen=True, slots=True)
class Describe:
    """DESCRIBE a source."""

    source: Source
    extended: bool


@dataclass(frozen=True, slots=True)
class DescribeFunction:
    """DESCRIBE FUNCTION."""

    name: str


class ExplainWhat(Enum):
    """Which value between two steps EXPLAIN shows."""

    PLAN = "PLAN"
    OPTIMIZED = "OPTIMIZED"
    TOPOLOGY = "TOPOLOGY"
    CODE = "CODE"


@dataclass(frozen=True, slots=True)
class Explain:
    """EXPLAIN [PLAN | OPTIMIZED | TOPOLOGY | CODE] of a statement, or of a running query by id."""

    what: ExplainWhat
    statement: Query | None
    query_id: str | None


@dataclass(frozen=True, slots=True)
class SetProperty:
    """SET 'name'='value'; ``value`` ``None``: UNSET."""

    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class DefineVariable:
    """DEFINE name='value'; ``value`` ``None``: UNDEFINE."""

    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class PrintTopic:
    """PRINT a topic's records."""

    topic: str
    from_beginning: bool
    interval: int
    limit: int | None


@dataclass(frozen=True, slots=True)
class RunScript:
    """RUN SCRIPT 'file'."""

    path: str


@dataclass(frozen=True, slots=True)
class AssertTopic:
    """ASSERT [NOT EXISTS] TOPIC."""

    topic: str
    partitions: int | None
    replicas: int | None
    exists: bool
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class AssertRecord:
    """ASSERT [NULL] VALUES: the next record of the source's topic.

    Attributes:
        values: Expected values by column (key columns only for a tombstone).
        tombstone: ASSERT NULL VALUES.
        timestamp: Expected ROWTIME, if asserted.
    """

    source: Source
    values: Mapping[str, Expression]
    tombstone: bool
    timestamp: Expression | None
    window_start: Expression | None
    window_end: Expression | None


@dataclass(frozen=True, slots=True)
class AssertSource:
    """ASSERT STREAM | TABLE: the source must be declared just so."""

    kind: SourceKind
    expected: Source


Statement = (
    CreateSource
    | CreateAs
    | InsertSelect
    | InsertValues
    | PushQuery
    | PullQuery
    | DropSource
    | CreateType
    | DropType
    | NoEffect
    | AlterSource
    | Terminate
    | Show
    | Describe
    | DescribeFunction
    | Explain
    | SetProperty
    | DefineVariable
    | PrintTopic
    | RunScript
    | AssertTopic
    | AssertRecord
    | AssertSource
)

"""The operators of a topology, one dataclass a kind.

Every node has a ``name`` (unique, stable), the names of its ``parents`` and the ``schema`` of what
it forwards. A node is a *stream* node or a *table* node by what it forwards (:func:`is_table`):
stream records ``(key, value, timestamp_ms)`` or changes ``(key, new, old, timestamp_ms)``.

Expressions of a node refer to the columns of the parent's schema by name; those directly above a
source also to the pseudo columns ROWTIME, ROWPARTITION, ROWOFFSET (below stateful operators only
ROWTIME, the record's timestamp, remains), and where keys are windowed to WINDOWSTART and WINDOWEND.
A source's header columns appear in its schema as value columns named in ``headers``.
"""

from dataclasses import dataclass
from enum import Enum

from streamsql.expr.nodes import AggregateCall, Expression, NamedExpression, TableCall
from streamsql.topology.stores import KeyValueStoreSpec, SessionStoreSpec, WindowStoreSpec
from streamsql.topology.topics import RecordFormat, TopicSpec
from streamsql.types.schema import HeaderColumn, Schema, TimestampSpec
from streamsql.types.windows import JoinWindow, Windows


class OffsetReset(Enum):
    """Where a group without committed offsets starts to read."""

    EARLIEST = "earliest"
    LATEST = "latest"


@dataclass(frozen=True, slots=True)
class StreamSource:
    """Records of a topic as a stream."""

    name: str
    topic: str
    format: RecordFormat
    schema: Schema
    timestamp: TimestampSpec | None = None
    headers: tuple[HeaderColumn, ...] = ()
    reset: OffsetReset = OffsetReset.EARLIEST
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableSource:
    """Records of a topic as changes of a table: the last one of a key wins, by offset.

    Records without a key are ignored. ``store`` keeps the rows (its row is the schema's value);
    without one ``old`` is unknown and always ``None``.
    """

    name: str
    topic: str
    format: RecordFormat
    schema: Schema
    store: KeyValueStoreSpec | WindowStoreSpec | None
    timestamp: TimestampSpec | None = None
    headers: tuple[HeaderColumn, ...] = ()
    reset: OffsetReset = OffsetReset.EARLIEST
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """Keeps the records for which the predicate is true.

    On a stream, records without a value are dropped. On a table, a row that does not match is as if
    it did not exist: a change between two such rows is dropped, one from a matching row to another
    forwards ``new = None``.
    """

    name: str
    parents: tuple[str, ...]
    predicate: Expression
    schema: Schema


@dataclass(frozen=True, slots=True)
class Project:
    """Computes the value columns anew; the key keeps its value, its columns may get other names.

    A NULL value stays NULL. ``schema.key`` has as many columns as the parent's.
    """

    name: str
    parents: tuple[str, ...]
    columns: tuple[NamedExpression, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class Rekey:
    """Computes the key of a stream anew from the row; the value columns stay.

    ``keys`` empty: the key becomes ``None``. One failing or NULL single key expression: key
    ``None``. Nothing is repartitioned: that is :class:`Repartition`.

    Attributes:
        drop_null_key: Records whose key, or a part of it, is NULL are dropped (GROUP BY, joins)
            instead of forwarded.
    """

    name: str
    parents: tuple[str, ...]
    keys: tuple[NamedExpression, ...]
    schema: Schema
    drop_null_key: bool = False


@dataclass(frozen=True, slots=True)
class FlatMap:
    """For each record of a stream one record for each row that the table functions make.

    Several functions are zipped, short ones padded with NULL. The results are appended to the
    parent's value columns under the calls' names.
    """

    name: str
    parents: tuple[str, ...]
    calls: tuple[TableCall, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class Repartition:
    """Writes a stream to an internal topic by its key and reads it back: a sub-topology ends here.

    Left out (a pass-through) when the writing sub-topology has one partition.
    """

    name: str
    parents: tuple[str, ...]
    topic: TopicSpec
    format: RecordFormat
    schema: Schema


@dataclass(frozen=True, slots=True)
class StreamAggregate:
    """Folds each record of a stream into the aggregates of its key (and window); makes a table.

    Records without a key or value are skipped. ``columns`` (functions of the group's rows such as
    the grouping columns themselves) are taken from the newest record. The schema's value is
    ``columns`` then the aggregates' results; the store keeps ``columns`` values then the
    aggregates'
    *states*.
    The timestamp of a change is the largest of the group (or window).
    """

    name: str
    parents: tuple[str, ...]
    columns: tuple[NamedExpression, ...]
    aggregates: tuple[AggregateCall, ...]
    windows: Windows | None
    store: KeyValueStoreSpec | WindowStoreSpec | SessionStoreSpec
    schema: Schema
    final: bool = False
    """Forward each window once, when stream time passes its end plus grace (EMIT FINAL)."""


@dataclass(frozen=True, slots=True)
class TableRegroup:
    """Turns each change of a table into changes of groups.

    The row leaves its old group and joins its new one. Forwards ``(group, new, old, ts)``: one
    change when the group stays the same, else ``(old_group, None, old)`` then
    ``(new_group, new, None)``. NULL groups are dropped.
    """

    name: str
    parents: tuple[str, ...]
    keys: tuple[NamedExpression, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class TableRepartition:
    """As :class:`Repartition`, of changes: the record's value holds the new and the old row."""

    name: str
    parents: tuple[str, ...]
    topic: TopicSpec
    format: RecordFormat
    schema: Schema


@dataclass(frozen=True, slots=True)
class TableAggregate:
    """Folds changes of regrouped rows: takes ``old`` back, then adds ``new``; makes a table.

    A group whose last row leaves keeps its row.
    """

    name: str
    parents: tuple[str, ...]
    columns: tuple[NamedExpression, ...]
    aggregates: tuple[AggregateCall, ...]
    store: KeyValueStoreSpec
    schema: Schema


class JoinKind(Enum):
    """Which records without a partner are in the result."""

    INNER = "INNER"
    LEFT = "LEFT"
    RIGHT = "RIGHT"
    FULL = "FULL"


@dataclass(frozen=True, slots=True)
class StreamTableJoin:
    """Looks up the table's row for the key of each stream record. ``parents``: stream, table.

    The schema's value is the stream's value columns then the table's.
    """

    name: str
    parents: tuple[str, ...]
    kind: JoinKind
    schema: Schema


@dataclass(frozen=True, slots=True)
class StreamStreamJoin:
    """Pairs records of one key whose distance in time is within the window.

    The schema's value is the left's value columns then the right's; the timestamp is the larger
    one.

    Attributes:
        window: Where the left's records have their partners. Without a grace, unmatched records of
            outer joins are forwarded at once (and again when a partner comes).
        left_store: What the right side probes.
        left_outer: Unmatched left records that wait for their window to close (LEFT and FULL joins
            with grace), by key and timestamp.
        right_outer: The same of the right (RIGHT and FULL joins with grace).
    """

    name: str
    parents: tuple[str, ...]
    kind: JoinKind
    window: JoinWindow
    left_store: WindowStoreSpec
    right_store: WindowStoreSpec
    left_outer: WindowStoreSpec | None
    right_outer: WindowStoreSpec | None
    schema: Schema


@dataclass(frozen=True, slots=True)
class TableTableJoin:
    """Joins two tables by their keys; any change of a side changes the result.

    The schema's value is the left's value columns then the right's. Both parents are materialized:
    they are, or sit on, nodes with stores.
    """

    name: str
    parents: tuple[str, ...]
    kind: JoinKind
    schema: Schema


@dataclass(frozen=True, slots=True)
class ForeignKeySubscription:
    """Asks for the rows that a table refers to: the table's side of a foreign-key join (KIP-213).

    The last value column of the parent is the foreign key. Forwards a stream by foreign key: the
    row's own key, and whether it refers to the foreign key from now on (or no more). A row without
    a foreign key asks for nothing.
    """

    name: str
    parents: tuple[str, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class ForeignKeyResponse:
    """Answers subscriptions with the row referred to, at once and whenever that row changes.

    ``parents``: subscriptions, the table that they ask for. Forwards a stream by the key of who has
    asked: the foreign key of the question, whether there is a row, the row's values.

    Attributes:
        store: The subscriptions; its key is the foreign key, then the key of who has asked.
    """

    name: str
    parents: tuple[str, ...]
    store: KeyValueStoreSpec
    schema: Schema


@dataclass(frozen=True, slots=True)
class ForeignKeyJoin:
    """Joins a table's rows with the answers to them. ``parents``: the table, the responses.

    An answer to another foreign key than the row has by now is stale. The last value column of the
    table is the foreign key; the schema's value is the others, then the row referred to.

    Attributes:
        matched: Of an inner join, the keys that are in its result: only those leave it.
        store: Keeps the joined rows; without one ``old`` is unknown and always ``None``.
    """

    name: str
    parents: tuple[str, ...]
    kind: JoinKind
    matched: KeyValueStoreSpec | None
    store: KeyValueStoreSpec | None
    schema: Schema


@dataclass(frozen=True, slots=True)
class Materialize:
    """Keeps the rows of a table that no store holds yet; forwards changes with their old rows."""

    name: str
    parents: tuple[str, ...]
    store: KeyValueStoreSpec | WindowStoreSpec | SessionStoreSpec
    schema: Schema


@dataclass(frozen=True, slots=True)
class Sink:
    """Writes records or changes to a topic, at the time in the ``timestamp`` column if given."""

    name: str
    parents: tuple[str, ...]
    topic: TopicSpec
    format: RecordFormat
    schema: Schema
    timestamp: TimestampSpec | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """Hands records or changes to the program that runs the topology (push queries)."""

    name: str
    parents: tuple[str, ...]
    schema: Schema


StreamNode = (
    StreamSource
    | Rekey
    | FlatMap
    | Repartition
    | StreamTableJoin
    | StreamStreamJoin
    | ForeignKeySubscription
    | ForeignKeyResponse
)
TableNode = (
    TableSource
    | StreamAggregate
    | TableRegroup
    | TableRepartition
    | TableAggregate
    | TableTableJoin
    | ForeignKeyJoin
    | Materialize
)
Node = StreamNode | TableNode | Filter | Project | Sink | Output

"""A table, changing record by record, and what can be made of it."""

from collections.abc import Sequence

from streamsql.expr.nodes import AggregateCall, NamedExpression
from streamsql.formats.format import FormatSpec
from streamsql.streams.folding import aggregated, renamed, state_types
from streamsql.streams.functions import Predicate, keep, predicate
from streamsql.streams.nodelist import NodeList
from streamsql.topology.nodes import (
    Filter,
    ForeignKeyJoin,
    ForeignKeyResponse,
    ForeignKeySubscription,
    JoinKind,
    Materialize,
    Node,
    Output,
    Project,
    Repartition,
    Sink,
    TableAggregate,
    TableRegroup,
    TableRepartition,
    TableTableJoin,
)
from streamsql.topology.stores import KeyValueStoreSpec
from streamsql.topology.topics import RecordFormat, TopicSpec
from streamsql.types.schema import Column, Schema, TimestampSpec
from streamsql.types.sqltypes import BOOLEAN

_ROW = FormatSpec("ROW")


class KTable:
    """The rows of one schema by key.

    Attributes:
        node: The operator that forwards the changes.
        key_format: How the key is written in the topic that decides on their partition.
    """

    def __init__(self, nodes: NodeList, node: Node, key_format: FormatSpec) -> None:
        self._nodes = nodes
        self.node = node
        self.key_format = key_format

    @property
    def schema(self) -> Schema:
        """The key and value columns."""
        return self.node.schema

    def filter(self, condition: Predicate) -> "KTable":
        """Keep the rows for which the condition is true."""
        name = self._nodes.name("filter")
        test = predicate(condition, self.schema)
        return self._next(Filter(name, (self.node.name,), test, self.schema))

    def select(
        self, columns: Sequence[NamedExpression], key_names: Sequence[str] | None = None
    ) -> "KTable":
        """Compute new value columns; the key stays and may get other column names."""
        old = self.schema
        key = renamed(old.key, key_names)
        value = tuple(Column(column.name, column.expression.type) for column in columns)
        schema = Schema(key, value, old.window)
        name = self._nodes.name("project")
        return self._next(Project(name, (self.node.name,), tuple(columns), schema))

    def materialize(self) -> "KTable":
        """Keep the rows in a store, so that joins can look them up."""
        name = self._nodes.name("materialize")
        types = tuple(column.type for column in self.schema.value)
        store = KeyValueStoreSpec(name, self.schema.key, types)
        return self._next(Materialize(name, (self.node.name,), store, self.schema))

    def group_by(self, keys: Sequence[NamedExpression]) -> "KGroupedTable":
        """Regroup the rows by a new key; rows without one are left out."""
        return KGroupedTable(self._nodes, self._regroup(keys, _ROW).node, _ROW)

    def repartition(self, key_format: FormatSpec) -> "KTable":
        """Bring the table to partitions by its key as written in another format."""
        keys = keep(*((column.name, column.type) for column in self.schema.key))
        return self._regroup(keys, key_format)

    def join(self, other: "KTable", kind: JoinKind, schema: Schema) -> "KTable":
        """Join with another materialized table by key.

        Args:
            schema: Names of the result: this table's value columns, then the other's.
        """
        name = self._nodes.name("table-table-join")
        assert isinstance(self.node, Materialize)
        assert isinstance(other.node, Materialize)
        parents = (self.node.name, other.node.name)
        return self._next(TableTableJoin(name, parents, kind, schema))

    def join_foreign_key(self, other: "KTable", kind: JoinKind, schema: Schema) -> "KTable":
        """Join with the row of another table that each row refers to; both are materialized.

        The key stays. The last value column of this table is the foreign key: of the type of the
        other table's key, NULL where a row refers to nothing.

        Args:
            kind: INNER or LEFT.
            schema: Names of the result: this table's value columns without the foreign key, then
                the other's.
        """
        assert isinstance(self.node, Materialize)
        assert isinstance(other.node, Materialize)
        subscriptions = self._subscribe(other.key_format)
        answers = self._answer(subscriptions, other.node)
        name = self._nodes.name("foreign-key-join")
        parents = (self.node.name, answers.name)
        matched = None
        if kind is JoinKind.INNER:
            matched = KeyValueStoreSpec(f"{name}-matched", schema.key, ())
        return self._next(ForeignKeyJoin(name, parents, kind, matched, None, schema))

    def to(
        self,
        topic: TopicSpec | str,
        *,
        key: FormatSpec | None = None,
        value: FormatSpec | None = None,
        timestamp: TimestampSpec | None = None,
    ) -> str:
        """Write the changes to a compacted topic (by default KAFKA keys and JSON values).

        Returns:
            The name of the operator that writes.
        """
        spec = TopicSpec(topic, compacted=True) if isinstance(topic, str) else topic
        formats = (key or FormatSpec("KAFKA"), value or FormatSpec("JSON"))
        name = self._nodes.name(f"sink-{spec.name}")
        record_format = RecordFormat(self.schema, *formats)
        node = Sink(name, (self.node.name,), spec, record_format, self.schema, timestamp)
        self._nodes.append(node)
        return name

    def output(self) -> str:
        """Hand the changes to the program; return the name under which it takes them."""
        name = self._nodes.name("output")
        self._nodes.append(Output(name, (self.node.name,), self.schema))
        return name

    def _subscribe(self, key_format: FormatSpec) -> Repartition:
        """Send what this table's rows refer to where the rows are that they refer to."""
        foreign_key = Column("$FOREIGN_KEY", self.schema.value[-1].type)
        owner = renamed(self.schema.key, [f"$KEY{n}" for n in range(len(self.schema.key))])
        schema = Schema((foreign_key,), (*owner, Column("$REFERS", BOOLEAN)))
        name = self._nodes.name("foreign-key-subscription")
        self._nodes.append(ForeignKeySubscription(name, (self.node.name,), schema))
        return self._through_topic(name, key_format, schema)

    def _answer(self, subscriptions: Repartition, other: Node) -> Repartition:
        """Send the rows referred to where the rows are that refer to them."""
        asked, own = subscriptions.schema, self.schema.key
        found = (*asked.key, Column("$FOUND", BOOLEAN))
        schema = Schema(asked.value[: len(own)], (*found, *other.schema.value))
        name = self._nodes.name("foreign-key-response")
        store = KeyValueStoreSpec(name, (*asked.key, *schema.key), ())
        parents = (subscriptions.name, other.name)
        self._nodes.append(ForeignKeyResponse(name, parents, store, schema))
        return self._through_topic(name, self.key_format, schema)

    def _through_topic(self, writer: str, key_format: FormatSpec, schema: Schema) -> Repartition:
        name = self._nodes.unique(f"{writer}-topic")
        record_format = RecordFormat(schema, key_format, _ROW)
        node = Repartition(name, (writer,), TopicSpec(name), record_format, schema)
        self._nodes.append(node)
        return node

    def _regroup(self, keys: Sequence[NamedExpression], key_format: FormatSpec) -> "KTable":
        columns = tuple(Column(key.name, key.expression.type) for key in keys)
        schema = Schema(columns, self.schema.value)
        name = self._nodes.name("regroup")
        regroup = self._next(TableRegroup(name, (self.node.name,), tuple(keys), schema))
        name = self._nodes.name("repartition")
        record_format = RecordFormat(schema, key_format, _ROW)
        topic = TopicSpec(name)
        node = TableRepartition(name, (regroup.node.name,), topic, record_format, schema)
        self._nodes.append(node)
        return KTable(self._nodes, node, key_format)

    def _next(self, node: Node) -> "KTable":
        self._nodes.append(node)
        return KTable(self._nodes, node, self.key_format)


class KGroupedTable:
    """Rows of a table together by a group key."""

    def __init__(self, nodes: NodeList, node: Node, key_format: FormatSpec) -> None:
        self._nodes = nodes
        self._node = node
        self._key_format = key_format

    def aggregate(
        self,
        columns: Sequence[NamedExpression],
        aggregates: Sequence[AggregateCall],
        *,
        key_names: Sequence[str] | None = None,
    ) -> KTable:
        """Fold each group, taking rows back as they change or leave."""
        name = self._nodes.name("aggregate")
        key = renamed(self._node.schema.key, key_names)
        schema = aggregated(key, columns, aggregates, None)
        store = KeyValueStoreSpec(name, key, state_types(columns, aggregates))
        parents = (self._node.name,)
        node = TableAggregate(name, parents, tuple(columns), tuple(aggregates), store, schema)
        self._nodes.append(node)
        return KTable(self._nodes, node, self._key_format)

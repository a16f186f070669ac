"""A stream of records, and what can be made of it."""

from collections.abc import Sequence

from streamsql.expr.nodes import NamedExpression, TableCall
from streamsql.formats.format import FormatSpec
from streamsql.streams.folding import renamed
from streamsql.streams.functions import Predicate, predicate
from streamsql.streams.grouped import KGroupedStream
from streamsql.streams.joins import join_stores
from streamsql.streams.ktable import KTable
from streamsql.streams.nodelist import NodeList
from streamsql.topology.nodes import (
    Filter,
    FlatMap,
    JoinKind,
    Node,
    Output,
    Project,
    Rekey,
    Repartition,
    Sink,
    StreamStreamJoin,
    StreamTableJoin,
)
from streamsql.topology.topics import RecordFormat, TopicSpec
from streamsql.types.schema import Column, Schema, TimestampSpec
from streamsql.types.windows import JoinWindow

ROW = FormatSpec("ROW")


class KStream:
    """Records of one schema.

    Attributes:
        node: The operator that forwards them.
        key_format: How the key is written in the topic that they come from, which decides on their
            partition; ``None`` after the key has changed: they are not together by key.
    """

    def __init__(self, nodes: NodeList, node: Node, key_format: FormatSpec | None) -> None:
        self._nodes = nodes
        self.node = node
        self.key_format = key_format

    @property
    def schema(self) -> Schema:
        """The key and value columns."""
        return self.node.schema

    def filter(self, condition: Predicate) -> "KStream":
        """Keep the records for which the condition is true."""
        name = self._nodes.name("filter")
        test = predicate(condition, self.schema)
        return self._next(Filter(name, (self.node.name,), test, self.schema), self.key_format)

    def select(
        self, columns: Sequence[NamedExpression], key_names: Sequence[str] | None = None
    ) -> "KStream":
        """Compute new value columns; the key stays and may get other column names."""
        name = self._nodes.name("project")
        schema = projected(self.schema, columns, key_names)
        return self._next(Project(name, (self.node.name,), tuple(columns), schema), self.key_format)

    def select_key(
        self, keys: Sequence[NamedExpression], *, drop_null_key: bool = False
    ) -> "KStream":
        """Compute a new key from each record; the value stays."""
        name = self._nodes.name("rekey")
        columns = tuple(Column(key.name, key.expression.type) for key in keys)
        schema = Schema(columns, self.schema.value)
        node = Rekey(name, (self.node.name,), tuple(keys), schema, drop_null_key)
        return self._next(node, None)

    def flat_map(self, calls: Sequence[TableCall]) -> "KStream":
        """Make a record of each row of the table functions, their results appended."""
        name = self._nodes.name("flat-map")
        added = tuple(Column(call.name, call.type) for call in calls)
        schema = Schema(self.schema.key, self.schema.value + added, self.schema.window)
        node = FlatMap(name, (self.node.name,), tuple(calls), schema)
        return self._next(node, self.key_format)

    def repartition(self, key_format: FormatSpec = ROW) -> "KStream":
        """Bring records of one key together, their keys written in this format."""
        name = self._nodes.name("repartition")
        record_format = RecordFormat(self.schema, key_format, ROW)
        topic = TopicSpec(name)
        node = Repartition(name, (self.node.name,), topic, record_format, self.schema)
        return self._next(node, key_format)

    def group_by_key(self) -> KGroupedStream:
        """Group by the key as it is, repartitioning when it has changed."""
        together = self if self.key_format is not None else self.repartition()
        assert together.key_format is not None
        return KGroupedStream(self._nodes, together.node, together.key_format)

    def group_by(self, keys: Sequence[NamedExpression]) -> KGroupedStream:
        """Group by a new key; records without one are dropped."""
        return self.select_key(keys, drop_null_key=True).group_by_key()

    def join_table(self, table: KTable, kind: JoinKind, schema: Schema) -> "KStream":
        """Look up the table's row of each record's key.

        Args:
            schema: Names of the result: the stream's value columns, then the table's.
        """
        name = self._nodes.name("stream-table-join")
        node = StreamTableJoin(name, (self.node.name, table.node.name), kind, schema)
        return self._next(node, self.key_format)

    def join_stream(
        self, other: "KStream", kind: JoinKind, window: JoinWindow, schema: Schema
    ) -> "KStream":
        """Pair with the records of another stream within a time distance.

        Args:
            schema: Names of the result: this stream's value columns, then the other's.
        """
        name = self._nodes.name("stream-stream-join")
        stores = join_stores(name, kind, window, (self.schema, other.schema))
        node = StreamStreamJoin(
            name,
            (self.node.name, other.node.name),
            kind,
            window,
            *stores,
            schema,
        )
        return self._next(node, self.key_format)

    def to(
        self,
        topic: TopicSpec | str,
        *,
        key: FormatSpec | None = None,
        value: FormatSpec | None = None,
        timestamp: TimestampSpec | None = None,
    ) -> str:
        """Write the records to a topic (by default KAFKA keys and JSON values).

        Returns:
            The name of the operator that writes.
        """
        spec = TopicSpec(topic) if isinstance(topic, str) else topic
        formats = (key or FormatSpec("KAFKA"), value or FormatSpec("JSON"))
        name = self._nodes.name(f"sink-{spec.name}")
        record_format = RecordFormat(self.schema, *formats)
        node = Sink(name, (self.node.name,), spec, record_format, self.schema, timestamp)
        self._nodes.append(node)
        return name

    def output(self) -> str:
        """Hand the records to the program; return the name under which it takes them."""
        name = self._nodes.name("output")
        self._nodes.append(Output(name, (self.node.name,), self.schema))
        return name

    def _next(self, node: Node, key_format: FormatSpec | None) -> "KStream":
        self._nodes.append(node)
        return KStream(self._nodes, node, key_format)


def projected(
    schema: Schema, columns: Sequence[NamedExpression], key_names: Sequence[str] | None
) -> Schema:
    """Return the schema of a projection."""
    value = tuple(Column(column.name, column.expression.type) for column in columns)
    return Schema(renamed(schema.key, key_names), value, schema.window)

"""Collects the operators of a program into a topology.

builder = StreamsBuilder()
clicks = builder.stream("clicks", schema)
clicks.filter(lambda row: row["PAGE"] != "/").group_by_key().count("N").to("counts")
topology = builder.build()
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from streamsql.formats.format import FormatSpec
from streamsql.streams.kstream import KStream
from streamsql.streams.ktable import KTable
from streamsql.streams.nodelist import NodeList
from streamsql.topology.nodes import (
    Filter,
    ForeignKeyJoin,
    Materialize,
    Node,
    OffsetReset,
    Project,
    StreamSource,
    StreamTableJoin,
    TableRegroup,
    TableSource,
)
from streamsql.topology.stores import KeyValueStoreSpec
from streamsql.topology.topics import RecordFormat
from streamsql.topology.topology import Topology
from streamsql.types.schema import Schema, TimestampSpec

KAFKA = FormatSpec("KAFKA")
JSON = FormatSpec("JSON")

_Source = TypeVar("_Source", StreamSource, TableSource)


class StreamsBuilder:
    """Makes streams and tables of topics, and in the end the topology.

    Args:
        prefix: Begins the names of all operators, hence of stores and internal topics.
    """

    def __init__(self, prefix: str = "") -> None:
        self._nodes = NodeList(prefix)

    def stream(
        self,
        topic: str,
        schema: Schema,
        *,
        key: FormatSpec = KAFKA,
        value: FormatSpec = JSON,
        timestamp: TimestampSpec | None = None,
        reset: OffsetReset = OffsetReset.EARLIEST,
    ) -> KStream:
        """Return the records of the topic as a stream."""
        record_format = RecordFormat(schema, key, value)
        source = StreamSource("", topic, record_format, schema, timestamp=timestamp, reset=reset)
        return self.stream_source(source)

    def table(
        self,
        topic: str,
        schema: Schema,
        *,
        key: FormatSpec = KAFKA,
        value: FormatSpec = JSON,
        timestamp: TimestampSpec | None = None,
    ) -> KTable:
        """Return the records of the topic as the changes of a table."""
        record_format = RecordFormat(schema, key, value)
        return self.table_source(TableSource("", topic, record_format, schema, None, timestamp))

    def stream_source(self, source: StreamSource, name: str | None = None) -> KStream:
        """Return the stream of a source; equal sources are read once."""
        node = self._shared(source, name or f"source-{source.topic}")
        return KStream(self._nodes, node, source.format.key)

    def table_source(self, source: TableSource, name: str | None = None) -> KTable:
        """Return the table of a source; equal sources are read once."""
        node = self._shared(source, name or f"source-{source.topic}")
        return KTable(self._nodes, node, source.format.key)

    def within(self, prefix: str) -> "StreamsBuilder":
        """Return a builder of the same topology that names its operators with another prefix."""
        twin = StreamsBuilder()
        twin._nodes = self._nodes.within(prefix)
        return twin

    def build(self) -> Topology:
        """Return the topology of everything that was said so far."""
        nodes = self._nodes.all()
        return Topology({name: _kept(node, nodes) for name, node in nodes.items()})

    def _shared(self, source: _Source, name: str) -> _Source:
        for node in self._nodes.all().values():
            if isinstance(node, type(source)) and replace(node, name="") == source:
                return node
        named = replace(source, name=self._nodes.unique(name))
        self._nodes.append(named)
        return named


def _kept(node: Node, nodes: Mapping[str, Node]) -> Node:
    """Give a table without a store one when somebody below needs its rows or its old ones."""
    if not isinstance(node, TableSource | ForeignKeyJoin) or not _wants_rows(node.name, nodes):
        return node
    types = tuple(column.type for column in node.schema.value)
    return replace(node, store=KeyValueStoreSpec(node.name, node.schema.key, types))


def _wants_rows(name: str, nodes: Mapping[str, Node]) -> bool:
    """Tell whether a child of the node looks rows up, or needs old rows to be right."""
    children: Sequence[Node] = [node for node in nodes.values() if name in node.parents]
    for child in children:
        if isinstance(child, StreamTableJoin | TableRegroup):
            return True
        if isinstance(child, Filter) and not _only_kept(child.name, nodes):
            return True
        if isinstance(child, Project) and _wants_rows(child.name, nodes):
            return True
    return False


def _only_kept(name: str, nodes: Mapping[str, Node]) -> bool:
    """Tell whether everything below the node is kept in stores, which know their old rows."""
    children = [node for node in nodes.values() if name in node.parents]
    return all(
        _only_kept(child.name, nodes)
        if isinstance(child, Filter | Project)
        else isinstance(child, Materialize)
        for child in children
    )

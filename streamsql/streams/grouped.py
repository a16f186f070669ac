"""Records of a stream together by key, with or without windows, waiting for their aggregates."""

from collections.abc import Sequence

from streamsql.expr.nodes import AggregateCall, NamedExpression
from streamsql.formats.format import FormatSpec
from streamsql.streams.folding import aggregated, count_call, renamed, state_types
from streamsql.streams.ktable import KTable
from streamsql.streams.nodelist import NodeList
from streamsql.topology.nodes import Node, StreamAggregate
from streamsql.topology.stores import (
    KeyValueStoreSpec,
    SessionStoreSpec,
    StoreSpec,
    WindowStoreSpec,
)
from streamsql.types.schema import Column
from streamsql.types.sqltypes import SqlType
from streamsql.types.windows import TimeWindows, Windows


class KGroupedStream:
    """Records together by key."""

    def __init__(
        self,
        nodes: NodeList,
        node: Node,
        key_format: FormatSpec,
        windows: Windows | None = None,
    ) -> None:
        self._nodes = nodes
        self._node = node
        self._key_format = key_format
        self._windows = windows

    def windowed_by(self, windows: Windows) -> "KGroupedStream":
        """Group by window as well."""
        return KGroupedStream(self._nodes, self._node, self._key_format, windows)

    def aggregate(
        self,
        columns: Sequence[NamedExpression],
        aggregates: Sequence[AggregateCall],
        *,
        key_names: Sequence[str] | None = None,
        final: bool = False,
    ) -> KTable:
        """Fold each group into a row of a table.

        Args:
            columns: Values taken from the group's newest record.
            key_names: Names of the table's key columns, if not those of the grouped records.
            final: Forward each window once, when it is closed.
        """
        name = self._nodes.name("aggregate")
        key = renamed(self._node.schema.key, key_names)
        schema = aggregated(key, columns, aggregates, self._windows)
        types = state_types(columns, aggregates)
        store = _store(name, key, types, self._windows)
        node = StreamAggregate(
            name,
            (self._node.name,),
            tuple(columns),
            tuple(aggregates),
            self._windows,
            store,
            schema,
            final,
        )
        self._nodes.append(node)
        return KTable(self._nodes, node, self._key_format)

    def count(self, name: str = "COUNT") -> KTable:
        """Count the records of each group into a column of that name."""
        return self.aggregate((), (count_call(name),))


def _store(
    name: str, key: tuple[Column, ...], types: tuple[SqlType, ...], windows: Windows | None
) -> StoreSpec:
    if windows is None:
        return KeyValueStoreSpec(name, key, types)
    if isinstance(windows, TimeWindows):
        return WindowStoreSpec(name, key, types, windows.retention_ms)
    return SessionStoreSpec(name, key, types, windows.retention_ms)

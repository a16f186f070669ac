"""The processors of joins, on the stores that keep the rows of their parents."""

from collections.abc import Callable
from typing import assert_never

from streamsql.runtime.metrics import Metrics
from streamsql.runtime.processors.context import ProcessorContext
from streamsql.runtime.processors.foreign_key_join import (
    ForeignKeyJoinProcessor,
    ForeignKeyResponseProcessor,
    ForeignKeySubscriptionProcessor,
    InnerResult,
    LeftResult,
)
from streamsql.runtime.processors.stream_stream_join import JoinSide, StreamStreamJoinProcessor
from streamsql.runtime.processors.stream_table_join import StreamTableJoinProcessor
from streamsql.runtime.processors.table import MaterializeProcessor
from streamsql.runtime.processors.table_table_join import TableTableJoinProcessor
from streamsql.runtime.wiring import Wiring
from streamsql.state.key_value import KeyValueStore
from streamsql.state.keys import KeyCodec
from streamsql.topology.nodes import (
    ForeignKeyJoin,
    ForeignKeyResponse,
    ForeignKeySubscription,
    JoinKind,
    Materialize,
    StreamStreamJoin,
    StreamTableJoin,
    TableSource,
    TableTableJoin,
)
from streamsql.topology.topology import Topology
from streamsql.types.record import Row
from streamsql.types.schema import Schema

Join = (
    StreamTableJoin
    | StreamStreamJoin
    | TableTableJoin
    | ForeignKeySubscription
    | ForeignKeyResponse
    | ForeignKeyJoin
)


class Joins:
    """Makes the joins of one task."""

    def __init__(self, topology: Topology, wiring: Wiring, metrics: Metrics) -> None:
        self._topology = topology
        self._wiring = wiring
        self._metrics = metrics

    def build(self, node: Join, forward: Callable[..., None]) -> object:
        """Return the processor of a join, or of a step of one."""
        match node:
            case StreamTableJoin():
                return self._stream_table(node, forward)
            case StreamStreamJoin():
                return self._stream_stream(node, forward)
            case TableTableJoin():
                left, right = node.parents
                stores = (self._kept(left), self._kept(right))
                absent = (self._absent(left), self._absent(right))
                return TableTableJoinProcessor(node.kind, stores, absent, forward)
            case ForeignKeySubscription():
                schema = self._schema(node.parents[0])
                codec, composite = _foreign_key(schema), len(schema.key) > 1
                return ForeignKeySubscriptionProcessor(codec, forward, composite=composite)
            case ForeignKeyResponse():
                _, table = node.parents
                subscriptions = self._wiring.table(node.store)
                return ForeignKeyResponseProcessor(
                    subscriptions, self._kept(table), self._absent(table), forward
                )
            case ForeignKeyJoin():
                return self._foreign_key(node, forward)
            case _:
                assert_never(node)

    def _stream_table(self, node: StreamTableJoin, forward: Callable[..., None]) -> object:
        _, table = node.parents
        absent = self._absent(table) if node.kind is JoinKind.LEFT else None
        return StreamTableJoinProcessor(self._kept(table), absent, forward, self._metrics)

    def _stream_stream(self, node: StreamStreamJoin, forward: Callable[..., None]) -> object:
        buffer = self._wiring.join_buffer
        left = JoinSide(
            store=buffer(node.left_store),
            waiting=None if node.left_outer is None else buffer(node.left_outer),
            outer=node.kind in (JoinKind.LEFT, JoinKind.FULL),
            window=node.window,
            pair=lambda own, other: own + other,
            absent=self._absent(node.parents[0]),
            time=self._wiring.clock(f"{node.name}-left"),
        )
        right = JoinSide(
            store=buffer(node.right_store),
            waiting=None if node.right_outer is None else buffer(node.right_outer),
            outer=node.kind in (JoinKind.RIGHT, JoinKind.FULL),
            window=node.window.mirrored(),
            pair=lambda own, other: other + own,
            absent=self._absent(node.parents[1]),
            time=self._wiring.clock(f"{node.name}-right"),
        )
        context = ProcessorContext(self._wiring.clock(node.name), self._metrics)
        return StreamStreamJoinProcessor(left, right, forward, context)

    def _foreign_key(self, node: ForeignKeyJoin, forward: Callable[..., None]) -> object:
        table, _ = node.parents
        schema = self._schema(table)
        if node.store is not None:
            forward = MaterializeProcessor(self._wiring.table(node.store), forward).process
        result: InnerResult | LeftResult
        if node.matched is not None:
            result = InnerResult(self._wiring.table(node.matched), forward)
        else:
            absent = (None,) * (len(node.schema.value) - len(schema.value) + 1)
            result = LeftResult(absent, forward)
        return ForeignKeyJoinProcessor(self._kept(table), _foreign_key(schema), result)

    def _absent(self, name: str) -> Row:
        """Return what stands for a row of the node that is not there."""
        return (None,) * len(self._schema(name).value)

    def _schema(self, name: str) -> Schema:
        return self._topology.nodes[name].schema

    def _kept(self, name: str) -> KeyValueStore:
        """Return the store that keeps the rows of the table node."""
        node = self._topology.nodes[name]
        assert isinstance(node, TableSource | ForeignKeyJoin | Materialize)
        assert node.store is not None
        return self._wiring.table(node.store)


def _foreign_key(schema: Schema) -> KeyCodec:
    """Return the codec of the foreign key, which is the last value of a row."""
    return KeyCodec([schema.value[-1].type])

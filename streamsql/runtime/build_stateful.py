"""The stateful processors of a task, each from its node, its stores and what it forwards to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from streamsql.codegen.aggregates import Fold, generate_fold
from streamsql.codegen.keys import generate_key
from streamsql.codegen.stretch import FoldStep
from streamsql.runtime.environment import Environment
from streamsql.runtime.processors.context import ProcessorContext, StreamTime
from streamsql.runtime.processors.emission import Emission
from streamsql.runtime.processors.running_aggregate import RunningAggregateProcessor
from streamsql.runtime.processors.session_aggregate import SessionAggregateProcessor
from streamsql.runtime.processors.stream_stream_join import JoinSide, StreamStreamJoinProcessor
from streamsql.runtime.processors.stream_table_join import StreamTableJoinProcessor
from streamsql.runtime.processors.table import MaterializeProcessor, TableRegroupProcessor
from streamsql.runtime.processors.table_table_join import TableTableJoinProcessor
from streamsql.runtime.processors.window_aggregate import WindowAggregateProcessor
from streamsql.state.duplicates import DuplicateWindowStore
from streamsql.state.key_value import KeyValueStore
from streamsql.state.sessions import SessionStore
from streamsql.state.storage import Storage
from streamsql.state.windowed import WindowStore
from streamsql.topology.nodes import (
    JoinKind,
    Materialize,
    Node,
    StreamAggregate,
    StreamStreamJoin,
    StreamTableJoin,
    TableAggregate,
    TableRegroup,
    TableSource,
    TableTableJoin,
)
from streamsql.topology.stores import KeyValueStoreSpec, SessionStoreSpec, WindowStoreSpec
from streamsql.topology.topology import Topology
from streamsql.types.windows import SessionWindows, TimeWindows

AnyStore = KeyValueStore | WindowStore | SessionStore | DuplicateWindowStore


class Wiring:
    """The stores and operator clocks of one task, made when first asked for."""

    def __init__(self, storage: Storage, stream_times: Mapping[str, int]) -> None:
        self._storage = storage
        self._stream_times = stream_times
        self.stores: dict[str, AnyStore] = {}
        self.clocks: dict[str, StreamTime] = {}

    def table(self, spec: KeyValueStoreSpec | WindowStoreSpec | SessionStoreSpec) -> KeyValueStore:
        """Return the store of a table whose keys have no windows."""
        if spec.name not in self.stores:
            types = [column.type for column in spec.key]
            self.stores[spec.name] = KeyValueStore(spec.name, types, spec.value, self._storage)
        store = self.stores[spec.name]
        assert isinstance(store, KeyValueStore)
        return store

    def window(self, spec: WindowStoreSpec, advance_ms: int) -> WindowStore:
        """Return the store of aligned windows; all that start together lie together."""
        if spec.name not in self.stores:
            types = [column.type for column in spec.key]
            self.stores[spec.name] = WindowStore(
                spec.name, types, spec.value, self._storage, segment_ms=advance_ms
            )
        store = self.stores[spec.name]
        assert isinstance(store, WindowStore)
        return store

    def join_buffer(self, spec: WindowStoreSpec) -> DuplicateWindowStore:
        """Return the store of one side of a stream-stream join."""
        if spec.name not in self.stores:
            types = [column.type for column in spec.key]
            self.stores[spec.name] = DuplicateWindowStore(
                spec.name, types, spec.value, self._storage, retention_ms=spec.retention_ms
            )
        store = self.stores[spec.name]
        assert isinstance(store, DuplicateWindowStore)
        return store

    def session(self, spec: SessionStoreSpec) -> SessionStore:
        """Return the store of sessions."""
        if spec.name not in self.stores:
            types = [column.type for column in spec.key]
            self.stores[spec.name] = SessionStore(
                spec.name, types, spec.value, self._storage, retention_ms=spec.retention_ms
            )
        store = self.stores[spec.name]
        assert isinstance(store, SessionStore)
        return store

    def clock(self, name: str) -> StreamTime:
        """Return the stream time of the operator."""
        if name not in self.clocks:
            self.clocks[name] = StreamTime(self._stream_times.get(name, -1))
        return self.clocks[name]


@dataclass(frozen=True, slots=True)
class Built:
    """A processor as its neighbours see it.

    Attributes:
        targets: What takes the records or changes of each parent.
        flush: Forwards what is held back.
        fold: What a source's loop can do itself, instead of calling the one target.
    """

    targets: Mapping[str, Callable[..., None]]
    flush: Callable[[], None] | None = None
    fold: FoldStep | None = None


class StatefulBuilder:
    """Builds the processor of a stateful node."""

    def __init__(self, topology: Topology, environment: Environment, wiring: Wiring) -> None:
        self._topology = topology
        self._environment = environment
        self._metrics = environment.metrics
        self._wiring = wiring

    def build(self, node: Node, forward: Callable[[], Callable[..., None]]) -> Built | None:
        """Return the processor of the node, or ``None`` when the node is not stateful.

        ``forward()`` makes what the processor calls for its results.
        """
        match node:
            case StreamAggregate():
                return self._stream_aggregate(node, forward())
            case TableAggregate():
                store = self._wiring.table(node.store)
                aggregate = RunningAggregateProcessor(
                    self._fold(node), store, Emission.EACH, forward(), self._metrics
                )
                return Built({node.parents[0]: aggregate.change})
            case TableRegroup():
                parent = self._topology.nodes[node.parents[0]].schema
                group_of = generate_key(node.name, parent, node.keys, self._report)
                regroup = TableRegroupProcessor(group_of, forward())
                return Built({node.parents[0]: regroup.process})
            case Materialize():
                keeper = MaterializeProcessor(self._wiring.table(node.store), forward())
                return Built({node.parents[0]: keeper.process})
            case StreamTableJoin():
                return self._stream_table_join(node, forward())
            case StreamStreamJoin():
                return self._stream_stream_join(node, forward())
            case TableTableJoin():
                return self._table_table_join(node, forward())
            case _:
                return None

    def _fold(self, node: StreamAggregate | TableAggregate) -> Fold:
        parent = self._topology.nodes[node.parents[0]].schema
        return generate_fold(node.name, parent, node.columns, node.aggregates, self._report)

    def _report(self, error: Exception, text: str, record: Any) -> None:
        del record
        self._metrics.fail(text, error)

    def _stream_aggregate(self, node: StreamAggregate, forward: Callable[..., None]) -> Built:
        fold, emission = self._fold(node), self._emission(node)
        match node.store:
            case KeyValueStoreSpec():
                groups = self._wiring.table(node.store)
                running = RunningAggregateProcessor(fold, groups, emission, forward, self._metrics)
                groups.count_held(running.held)
                return _aggregate(node, fold, running, emission, hashable=groups.hashable)
            case WindowStoreSpec():
                assert isinstance(node.windows, TimeWindows)
                windows = self._wiring.window(node.store, node.windows.advance_ms)
                windowed = WindowAggregateProcessor(
                    fold, windows, node.windows, emission, forward, self._context(node.name)
                )
                windows.count_held(windowed.held)
                return _aggregate(node, fold, windowed, emission, hashable=windows.hashable)
            case SessionStoreSpec():
                assert isinstance(node.windows, SessionWindows)
                sessions = self._wiring.session(node.store)
                session = SessionAggregateProcessor(
                    fold, sessions, node.windows, emission, forward, self._context(node.name)
                )
                sessions.count_held(session.held)
                return Built({node.parents[0]: session.process}, session.flush)

    def _emission(self, node: StreamAggregate) -> Emission:
        if node.final:
            return Emission.CLOSE
        return Emission.COMMIT if self._environment.config.cache_bytes > 0 else Emission.EACH

    def _context(self, name: str) -> ProcessorContext:
        return ProcessorContext(self._wiring.clock(name), self._metrics)

    def _stream_table_join(self, node: StreamTableJoin, forward: Callable[..., None]) -> Built:
        stream, table = node.parents
        absent = None
        if node.kind is JoinKind.LEFT:
            absent = (None,) * len(self._topology.nodes[table].schema.value)
        processor = StreamTableJoinProcessor(self._kept(table), absent, forward, self._metrics)
        return Built({stream: processor.process})

    def _stream_stream_join(self, node: StreamStreamJoin, forward: Callable[..., None]) -> Built:
        absent = [
            (None,) * len(self._topology.nodes[parent].schema.value) for parent in node.parents
        ]
        buffer = self._wiring.join_buffer
        left = JoinSide(
            store=buffer(node.left_store),
            waiting=None if node.left_outer is None else buffer(node.left_outer),
            outer=node.kind in (JoinKind.LEFT, JoinKind.FULL),
            window=node.window,
            pair=lambda own, other: own + other,
            absent=absent[0],
            time=self._wiring.clock(f"{node.name}-left"),
        )
        right = JoinSide(
            store=buffer(node.right_store),
            waiting=None if node.right_outer is None else buffer(node.right_outer),
            outer=node.kind in (JoinKind.RIGHT, JoinKind.FULL),
            window=node.window.mirrored(),
            pair=lambda own, other: other + own,
            absent=absent[1],
            time=self._wiring.clock(f"{node.name}-right"),
        )
        join = StreamStreamJoinProcessor(left, right, forward, self._context(node.name))
        return Built({node.parents[0]: join.left, node.parents[1]: join.right})

    def _table_table_join(self, node: TableTableJoin, forward: Callable[..., None]) -> Built:
        left, right = node.parents
        absent = tuple(
            (None,) * len(self._topology.nodes[parent].schema.value) for parent in node.parents
        )
        stores = (self._kept(left), self._kept(right))
        join = TableTableJoinProcessor(node.kind, stores, (absent[0], absent[1]), forward)
        return Built({left: join.left, right: join.right})

    def _kept(self, name: str) -> KeyValueStore:
        """Return the store that keeps the rows of the table node."""
        node = self._topology.nodes[name]
        assert isinstance(node, TableSource | Materialize)
        assert node.store is not None
        return self._wiring.table(node.store)


def _aggregate(
    node: StreamAggregate,
    fold: Fold,
    processor: RunningAggregateProcessor | WindowAggregateProcessor,
    emission: Emission,
    *,
    hashable: bool,
) -> Built:
    """Return an aggregate; a source's loop can fold unless each change is to be forwarded."""
    targets = {node.parents[0]: processor.process}
    if emission is Emission.EACH:
        return Built(targets, processor.flush)
    step = FoldStep(
        node.columns,
        node.aggregates,
        fold.aggregators,
        processor.groups,
        hashable,
        processor.process,
    )
    return Built(targets, processor.flush, step)

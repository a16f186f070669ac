"""The stateful processors of a task, each from its node, its stores and what it forwards to."""

from collections.abc import Callable, Mapping

from streamsql.codegen.aggregates.fold import Fold, load_fold
from streamsql.codegen.load import Supplies, load
from streamsql.codegen.program import Program
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


Built = tuple[object, Callable[[], None] | None]
"""A processor, and what forwards what it holds back."""


class StatefulBuilder:
    """Builds the processor of a stateful node."""

    def __init__(
        self, program: Program, environment: Environment, wiring: Wiring, supplies: Supplies
    ) -> None:
        self._program = program
        self._topology = program.topology
        self._metrics = environment.metrics
        self._wiring = wiring
        self._supplies = supplies

    def build(self, node: Node, forward: Callable[[], Callable[..., None]]) -> Built | None:
        """Return the processor of the node, or ``None`` when the node is not stateful.

        ``forward()`` makes what the processor calls for its results.
        """
        match node:
            case StreamAggregate():
                return self._stream_aggregate(node, forward())
            case TableAggregate():
                fold, store = self._fold(node.name), self._wiring.table(node.store)
                return RunningAggregateProcessor(
                    fold, store, Emission.EACH, forward(), self._metrics
                ), None
            case TableRegroup():
                group_of = load(self._program.groups[node.name], self._supplies)["group"]
                return TableRegroupProcessor(group_of, forward()), None
            case Materialize():
                return MaterializeProcessor(self._wiring.table(node.store), forward()), None
            case StreamTableJoin():
                return self._stream_table_join(node, forward()), None
            case StreamStreamJoin():
                return self._stream_stream_join(node, forward()), None
            case TableTableJoin():
                return self._table_table_join(node, forward()), None
            case _:
                return None

    def _fold(self, name: str) -> Fold:
        return load_fold(self._program.folds[name], self._supplies)

    def _stream_aggregate(self, node: StreamAggregate, forward: Callable[..., None]) -> Built:
        fold, emission = self._fold(node.name), self._emission(node)
        match node.store:
            case KeyValueStoreSpec():
                groups = self._wiring.table(node.store)
                running = RunningAggregateProcessor(fold, groups, emission, forward, self._metrics)
                groups.count_held(running.held)
                return running, running.flush
            case WindowStoreSpec():
                assert isinstance(node.windows, TimeWindows)
                windows = self._wiring.window(node.store, node.windows.advance_ms)
                windowed = WindowAggregateProcessor(
                    fold, windows, node.windows, emission, forward, self._context(node.name)
                )
                windows.count_held(windowed.held)
                return windowed, windowed.flush
            case SessionStoreSpec():
                assert isinstance(node.windows, SessionWindows)
                sessions = self._wiring.session(node.store)
                session = SessionAggregateProcessor(
                    fold, sessions, node.windows, emission, forward, self._context(node.name)
                )
                sessions.count_held(session.held)
                return session, session.flush

    def _emission(self, node: StreamAggregate) -> Emission:
        if node.final:
            return Emission.CLOSE
        return Emission.COMMIT if self._program.cached else Emission.EACH

    def _context(self, name: str) -> ProcessorContext:
        return ProcessorContext(self._wiring.clock(name), self._metrics)

    def _stream_table_join(self, node: StreamTableJoin, forward: Callable[..., None]) -> object:
        _, table = node.parents
        absent = None
        if node.kind is JoinKind.LEFT:
            absent = (None,) * len(self._topology.nodes[table].schema.value)
        return StreamTableJoinProcessor(self._kept(table), absent, forward, self._metrics)

    def _stream_stream_join(self, node: StreamStreamJoin, forward: Callable[..., None]) -> object:
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
        return StreamStreamJoinProcessor(left, right, forward, self._context(node.name))

    def _table_table_join(self, node: TableTableJoin, forward: Callable[..., None]) -> object:
        left, right = node.parents
        absent = tuple(
            (None,) * len(self._topology.nodes[parent].schema.value) for parent in node.parents
        )
        stores = (self._kept(left), self._kept(right))
        return TableTableJoinProcessor(node.kind, stores, (absent[0], absent[1]), forward)

    def _kept(self, name: str) -> KeyValueStore:
        """Return the store that keeps the rows of the table node."""
        node = self._topology.nodes[name]
        assert isinstance(node, TableSource | Materialize)
        assert node.store is not None
        return self._wiring.table(node.store)

"""The stores and operator clocks of one task."""

from collections.abc import Mapping

from streamsql.runtime.processors.context import StreamTime
from streamsql.state.duplicates import DuplicateWindowStore
from streamsql.state.key_value import KeyValueStore
from streamsql.state.sessions import SessionStore
from streamsql.state.storage import Storage
from streamsql.state.windowed import WindowStore
from streamsql.topology.stores import KeyValueStoreSpec, SessionStoreSpec, WindowStoreSpec

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

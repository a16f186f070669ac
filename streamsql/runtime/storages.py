"""Where the state of a worker's tasks lies: in the broker, in RocksDB, or in memory."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from streamsql.broker.ports import Broker, LocalState
from streamsql.runtime.task import TaskId, state_name
from streamsql.state.directory import StateDirectory
from streamsql.state.memory import MemoryStorage
from streamsql.state.rocksdb import RocksStorage
from streamsql.state.storage import Changes, Storage


class Storages:
    """The open storages of a worker, by task."""

    def __init__(self, broker: Broker, application: str, directory: Path | None) -> None:
        self._broker = broker
        self._application = application
        self._directory = None if directory is None else StateDirectory(directory, application)
        self._open: dict[str, Storage] = {}

    def get(self, task: TaskId, stores: Sequence[str]) -> Storage:
        """Return the storage of the task, opened when it is not open."""
        storage = self._open.get(str(task))
        if storage is None:
            storage = self._open[str(task)] = self._make(task, stores)
        return storage

    def close(self, task: str) -> None:
        """Release the files and locks of the task."""
        storage = self._open.pop(task, None)
        if storage is not None:
            storage.close()

    def clear(self, task: TaskId, stores: Sequence[str]) -> None:
        """Delete what an earlier life of the application has left in the broker for the task.

        Offsets and state are committed together: where there are no offsets, no state counts.
        """
        storage = self.get(task, stores)
        for store in stores:
            last = next(iter(deque(storage.scan(store), 1)), None)
            if last is not None:
                storage.delete_range(store, b"", last[0] + b"\0")

    def wipe(self, task: str) -> None:
        """Forget the state of the task: it will be restored from its changelogs."""
        self.close(task)
        if self._directory is not None:
            self._directory.wipe(task)

    def close_all(self) -> None:
        """Release everything."""
        for task in tuple(self._open):
            self.close(task)

    def _make(self, task: TaskId, stores: Sequence[str]) -> Storage:
        if self._broker.keeps_state:
            return BrokerStorage(self._broker.local_state(state_name(self._application, task)))
        if self._directory is None:
            return MemoryStorage()
        return RocksStorage(self._directory.task(str(task)), stores)


class BrokerStorage:
    """The reading half of a storage, on a broker that writes the state with its commits."""

    __slots__ = ("_state",)

    def __init__(self, state: LocalState) -> None:
        self._state = state

    def get(self, store: str, key: bytes) -> bytes | None:
        """Return the committed value of the key, or ``None``."""
        return self._state.get(store, key)

    def scan(
        self, store: str, low: bytes | None = None, high: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Yield committed entries with ``low <= key < high`` in key order."""
        return iter(self._state.scan(store, low, high))

    def write(self, changes: Mapping[str, Changes], meta: Mapping[str, bytes]) -> None:
        """Never called: the broker's commit writes."""
        raise AssertionError(f"the broker keeps the state: {[*changes]}, {[*meta]}")

    def delete_range(self, store: str, low: bytes, high: bytes) -> None:
        """Delete all entries with ``low <= key < high`` (expired windows)."""
        self._state.delete_range(store, low, high)

    def meta(self, name: str) -> bytes | None:
        """Return a meta entry."""
        return self._state.meta(name)

    def close(self) -> None:
        """Nothing is held."""

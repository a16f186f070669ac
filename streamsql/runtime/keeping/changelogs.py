"""State kept by changelogs, with a storage of this host in front: RocksDB, or memory."""

import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import cached_property

from streamsql.broker.ports import Broker, Producer, TopicPartition
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.keeping.restore import CHECKPOINT, restore
from streamsql.runtime.metrics import Metrics
from streamsql.runtime.task import TaskId
from streamsql.state.directory import SlotLock, StateDirectory
from streamsql.state.memory import MemoryStorage
from streamsql.state.rocksdb import RocksStorage, StorageInUse
from streamsql.state.storage import Changes, LocalStorage, Storage
from streamsql.topology.naming import changelog_topic

log = logging.getLogger(__name__)

_PATIENCE_MS = 60_000
_RETRY_MS = 100


class ChangelogKeeping:
    """Sends changes to changelogs, and writes them to local storages once they are committed."""

    def __init__(
        self,
        broker: Broker,
        config: RuntimeConfig,
        metrics: Metrics,
        clock_ms: Callable[[], float],
    ) -> None:
        self._broker = broker
        self._config = config
        self._metrics = metrics
        self._clock_ms = clock_ms
        self._open: dict[str, LocalStorage] = {}

    def take_slot(self) -> SlotLock | None:
        """Return a hold on a slot of the state directory, where there is one."""
        return None if self._directory is None else self._directory.free_slot()

    def open(
        self,
        task: TaskId,
        stores: Sequence[str],
        *,
        begun: bool,  # noqa: ARG002 - state without offsets is in the changelogs too
    ) -> Generator[None, None, Storage]:
        """Return the task's storage, brought up to the end of its changelogs."""
        storage = yield from self._storage(task, stores)
        if stores:
            changelogs = {self._changelog(task, store): store for store in stores}
            yield from restore(self._broker, storage, changelogs, self._metrics, str(task))
        return storage

    def save(self, task: TaskId, changes: Mapping[str, Changes], producer: Producer) -> None:
        """Send the changes to the changelogs of the stores."""
        for store, changed in changes.items():
            target = self._changelog(task, store)
            for key, value in changed.items():
                producer.send_to(target, key, value, 0)

    def committed(
        self, task: TaskId, changes: Mapping[str, Changes], ends: Mapping[TopicPartition, int]
    ) -> None:
        """Write changes and checkpoints in one batch."""
        if changes:
            changelogs = [self._changelog(task, store) for store in changes]
            checkpoints = {CHECKPOINT + log.topic: str(ends[log]).encode() for log in changelogs}
            self._open[str(task)].write(changes, checkpoints)

    def close(self, task: str) -> None:
        """Release the files and locks of the task."""
        storage = self._open.pop(task, None)
        if storage is not None:
            storage.close()

    def close_all(self) -> None:
        """Release all files and locks."""
        for task in tuple(self._open):
            self.close(task)

    def wipe(self, task: str) -> None:
        """Delete the task's directory."""
        self.close(task)
        if self._directory is not None:
            self._directory.wipe(task)

    def forget(self) -> None:
        """Remove the application from the broker, and its directory from this host."""
        self.close_all()
        self._broker.forget(self._config.application)
        if self._directory is not None:
            self._directory.delete()

    @cached_property
    def _directory(self) -> StateDirectory | None:
        state_directory = self._config.state_directory
        if state_directory is None:
            return None
        return StateDirectory(state_directory, self._config.application)

    def _changelog(self, task: TaskId, store: str) -> TopicPartition:
        return TopicPartition(changelog_topic(self._config.application, store), task.partition)

    def _storage(self, task: TaskId, stores: Sequence[str]) -> Generator[None, None, LocalStorage]:
        """Return the storage, when a worker of this host that lost the task lets it go."""
        patience = self._clock_ms() + _PATIENCE_MS
        while True:
            try:
                return self._get(str(task), stores)
            except StorageInUse as error:
                if self._clock_ms() >= patience:
                    raise
                log.info("task %s waits for its state: %s", task, error)
            again = self._clock_ms() + _RETRY_MS
            while self._clock_ms() < again:
                yield

    def _get(self, task: str, stores: Sequence[str]) -> LocalStorage:
        storage = self._open.get(task)
        if storage is None:
            if self._directory is None or not stores:
                storage = MemoryStorage()
            else:
                storage = RocksStorage(self._directory.task(task), stores)
            self._open[task] = storage
        return storage

"""The state of tasks in an embedded broker: changed by commits, together with logs and offsets."""

from collections.abc import Iterator
from itertools import chain, islice

from streamsql.broker.embedded.clients import EmbeddedProducer
from streamsql.broker.embedded.database import (
    AtomicWrite,
    Database,
    behind_prefix,
    state_prefix,
)
from streamsql.broker.ports import Producer, StateChanges
from streamsql.topology.naming import is_task_state

_READ_AT_ONCE = 64


class EmbeddedStateKeeper:
    """Keeps the state of the tasks of all applications in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def state(self, task: str) -> "EmbeddedState":
        """Return the committed state of the task."""
        return EmbeddedState(self._database, task)

    def keep(self, changes: StateChanges, producer: Producer) -> None:
        """Make the changes a part of what the producer commits next."""
        assert isinstance(producer, EmbeddedProducer), "the producer is of this broker"
        producer.keep(changes)

    def delete(self, application: str, write: AtomicWrite) -> None:
        """Delete the state of all tasks of the application with the write."""
        low = f"{application}-".encode()
        behind = behind_prefix(low)
        while first := next(self._database.states(low, behind), None):
            task = first[0].split(b"\0", 1)[0]
            low = task + b"\1"
            if is_task_state(task.decode(), application):
                write.delete_state(task + b"\0", low)


class EmbeddedState:
    """The committed state of one task."""

    def __init__(self, database: Database, task: str) -> None:
        self._database = database
        self._task = task
        self._prefixes: dict[str, bytes] = {}

    def get(self, store: str, key: bytes) -> bytes | None:
        """Return the committed value of the key."""
        return self._database.state(self._prefix(store) + key)

    def scan(
        self, store: str, low: bytes | None = None, high: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Yield entries with ``low <= key < high`` in key order, as they were at the call."""
        pairs = self._pairs(store, low, high)
        first = list(islice(pairs, _READ_AT_ONCE))
        # A short scan leaves no iterator behind, which would pin files and the lock.
        return iter(first) if len(first) < _READ_AT_ONCE else chain(first, pairs)

    def delete_range(self, store: str, low: bytes, high: bytes) -> None:
        """Delete entries with ``low <= key < high`` (expired windows), at once."""
        prefix = self._prefix(store)
        write = AtomicWrite(self._database)
        write.delete_state(prefix + low, prefix + high)
        self._database.write(write, sync=False)

    def _pairs(
        self, store: str, low: bytes | None, high: bytes | None
    ) -> Iterator[tuple[bytes, bytes]]:
        prefix = self._prefix(store)
        first = prefix + (low or b"")
        behind = behind_prefix(prefix) if high is None else prefix + high
        if first < behind:
            start = len(prefix)
            for key, value in self._database.states(first, behind):
                yield key[start:], value

    def _prefix(self, store: str) -> bytes:
        prefix = self._prefixes.get(store)
        if prefix is None:
            prefix = self._prefixes[store] = state_prefix(self._task, store)
        return prefix

"""The ports of a broker, named after Kafka's clients.

Isolation is read-committed everywhere. One transactional producer writes outputs, changelogs and
the consumer's offsets; :meth:`Producer.commit` makes them visible together or not at all. A broker
that owns the state too (embedded) takes the state changes into the same atomic step.

Errors: :class:`~streamsql.errors.TransactionAborted` (make the tasks anew from the last commit),
:class:`~streamsql.errors.TaskFenced` (somebody else took over: drop everything, join again),
:class:`~streamsql.errors.EngineError` (an operator must act). Nothing of a client library passes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from streamsql.types.record import Header


class TopicPartition(NamedTuple):
    """One partition of a topic."""

    topic: str
    partition: int


class Message(Protocol):
    """A consumed record, with the method names of confluent-kafka's ``Message``."""

    def topic(self) -> str:
        """Return the topic's name."""

    def partition(self) -> int:
        """Return the partition's number."""

    def offset(self) -> int:
        """Return the position in the partition."""

    def key(self) -> bytes | None:
        """Return the key."""

    def value(self) -> bytes | None:
        """Return the value, ``None`` for a tombstone."""

    def timestamp(self) -> tuple[int, int]:
        """Return (kind, milliseconds since the epoch)."""

    def headers(self) -> list[Header] | None:
        """Return the headers in order, ``None`` for none."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A committed position: the next offset to read, and what the group noted with it."""

    offset: int
    metadata: str = ""


class Assignment(Protocol):
    """What a consumer tells its worker when partitions move. Called from inside ``poll``."""

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Take over the partitions; they are paused until :meth:`Consumer.seek`."""

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Commit and give the partitions up."""

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        """Drop the partitions without a commit: somebody else has them."""


class Polled(NamedTuple):
    """What one poll brought.

    Attributes:
        messages: Per partition, in offset order.
        ends: Partitions known to be read to their end, with the position there (which may be past
            control records, hence beyond the last record's offset + 1).
    """

    messages: Mapping[TopicPartition, Sequence[Message]]
    ends: Mapping[TopicPartition, int]


class Consumer(Protocol):
    """Reads the partitions that its group gives it."""

    def subscribe(self, topics: Sequence[str], assignment: Assignment) -> None:
        """Join the group; the same partition number of every topic goes to the same member."""

    def poll(self, max_records: int, timeout_ms: int) -> Polled:
        """Return some records, waiting up to the timeout for the first."""

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Read on from the offset, and resume the partition."""

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Return nothing of the partitions until :meth:`resume`."""

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Go on returning records of the partitions."""

    def committed(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, Committed]:
        """Return the group's committed positions; waits out transactions that are being decided."""

    def close(self) -> None:
        """Leave the group."""


class Reader(Protocol):
    """Reads given partitions from given offsets, without a group: restore, pull, PRINT."""

    def assign(self, positions: Mapping[TopicPartition, int]) -> None:
        """Read these partitions from these offsets."""

    def poll(self, max_records: int, timeout_ms: int) -> Polled:
        """Return some records."""

    def close(self) -> None:
        """Stop reading."""


Send = Callable[[bytes | None, bytes | None, int], None]
"""Writes ``(key, value, timestamp_ms)`` to the topic the function was made for."""


@dataclass(frozen=True, slots=True)
class StateChanges:
    """Changes of the stores of one task, for a broker that keeps the state itself.

    Attributes:
        task: Directory-safe name of the task.
        changes: By store.
        meta: Meta entries of the task.
    """

    task: str
    changes: Mapping[str, Mapping[bytes, bytes | None]]
    meta: Mapping[str, bytes] = field(default_factory=dict)


class Producer(Protocol):
    """The transactional writer of one worker. A transaction is begun by its first effect."""

    def wait_fenced(self) -> None:
        """Return when no older producer of the identity can commit any more.

        Members of a group need not wait: the generation keeps them apart.
        """

    def sender(self, topic: str, window_bytes: int = 0) -> Send:
        """Return a function that appends to the topic, partitioned by the key (murmur2).

        The last ``window_bytes`` of a key, its window, do not count: all windows of one key are in
        one partition, as Kafka Streams has it.
        """

    def send_to(
        self, target: TopicPartition, key: bytes | None, value: bytes | None, timestamp_ms: int
    ) -> None:
        """Append to one partition (changelogs)."""

    def flush(self) -> None:
        """Return when every record sent is acknowledged; TransactionAborted when one is not."""

    def ends(self) -> Mapping[TopicPartition, int]:
        """Return the changelog checkpoints, after :meth:`flush`.

        That is, by partition, the offset behind the last record sent by :meth:`send_to` since the
        last commit.
        """

    def commit(
        self,
        offsets: Mapping[TopicPartition, Committed],
        consumer: Consumer,
        state: Sequence[StateChanges] = (),
    ) -> None:
        """Make everything since the last commit visible together with the offsets.

        A consumer that has not subscribed commits for a group without members.
        """

    def abort(self) -> None:
        """Undo everything since the last commit; after an indefinite outcome, a new identity."""

    def close(self) -> None:
        """Abort what is open and release the identity."""


@dataclass(frozen=True, slots=True)
class TopicConfig:
    """A topic to create, or as it is."""

    name: str
    partitions: int
    replicas: int | None = None
    compacted: bool = False
    retention_ms: int | None = None


class LocalState(Protocol):
    """Task state kept by the broker; has the shape of ``state.store.Engine``'s reading half."""

    def get(self, store: str, key: bytes) -> bytes | None:
        """Return the committed value of the key, or ``None``."""

    def scan(
        self, store: str, low: bytes | None = None, high: bytes | None = None
    ) -> Iterable[tuple[bytes, bytes]]:
        """Yield committed entries with ``low <= key < high`` in key order."""

    def meta(self, name: str) -> bytes | None:
        """Return a meta entry."""

    def delete_range(self, store: str, low: bytes, high: bytes) -> None:
        """Delete committed entries with ``low <= key < high`` (expired windows), soon."""


class Broker(Protocol):
    """A cluster, or what stands in for one."""

    keeps_state: bool
    """Whether task state lives in the broker (no changelog topics, no restore)."""

    def consumer(self, group: str, member: str) -> Consumer:
        """Return a consumer of the group; ``member`` is its static identity."""

    def producer(self, identity: str) -> Producer:
        """Return a transactional producer; a new one of the same identity fences the old."""

    def reader(self) -> Reader:
        """Return a reader without a group."""

    def topics(self) -> Mapping[str, TopicConfig]:
        """Return all topics."""

    def create(self, topics: Sequence[TopicConfig]) -> None:
        """Create topics that do not exist; EngineError for one with other partitions."""

    def delete(self, topics: Sequence[str]) -> None:
        """Delete topics that exist, and what groups have committed there."""

    def starts(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Return the first offset still there."""

    def ends(
        self, partitions: Sequence[TopicPartition], *, committed: bool
    ) -> Mapping[TopicPartition, int]:
        """Return end offsets: the last stable offset (``committed``), or the high watermark."""

    def group_offsets(self, group: str) -> Mapping[TopicPartition, Committed]:
        """Return what the group has committed, without joining it."""

    def delete_group(self, group: str) -> None:
        """Forget the group's offsets."""

    def purge(self, before: Mapping[TopicPartition, int]) -> None:
        """Delete records before the offsets (repartition topics, behind the commit)."""

    def local_state(self, task: str) -> LocalState:
        """Return the state of the task; only when ``keeps_state``."""

    def append(
        self,
        topic: str,
        records: Iterable[tuple[bytes | None, bytes | None, int, Sequence[Header]]],
        partition: int | None = None,
    ) -> None:
        """Append (key, value, timestamp_ms, headers) records durably, outside any transaction."""

    def close(self) -> None:
        """Release everything."""

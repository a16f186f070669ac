"""The ports of a broker, named after Kafka's clients.

Isolation is read-committed everywhere. One transactional producer writes outputs, changelogs and
the consumer's offsets; :meth:`Producer.commit` makes them visible together or not at all. A broker
that keeps the state of tasks too has a :class:`StateKeeper`, whose changes are part of that step.

Errors: :class:`~streamsql.errors.TransactionAborted` (make the tasks anew from the last commit),
:class:`~streamsql.errors.TaskFenced` (somebody else took over: drop everything, join again),
:class:`~streamsql.errors.EngineError` (an operator must act). Nothing of a client library passes.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from streamsql.formats.registry import SchemaRegistry
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
        """Give the partitions up; the place in the group may be kept for a member that returns."""

    def leave(self) -> None:
        """Give up the partitions and the place: the member does not return."""


class Reader(Protocol):
    """Reads given partitions from given offsets, without a group: restore, pull, PRINT."""

    def assign(self, positions: Mapping[TopicPartition, int]) -> None:
        """Read these partitions from these offsets."""

    def poll(self, max_records: int, timeout_ms: int) -> Polled:
        """Return some records."""

    def close(self) -> None:
        """Stop reading."""


class Send(Protocol):
    """Writes records to the topic it was made for."""

    def __call__(
        self,
        key: bytes | None,
        value: bytes | None,
        timestamp_ms: int,
        headers: Sequence[Header] | None = None,
        /,
    ) -> None:
        """Append one record."""


@dataclass(frozen=True, slots=True)
class StateChanges:
    """Changes of the stores of one task, for a broker that keeps the state itself.

    Attributes:
        task: As ``topology.naming.task_state`` calls it.
        changes: By store.
    """

    task: str
    changes: Mapping[str, Mapping[bytes, bytes | None]]


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
        self, offsets: Mapping[TopicPartition, Committed], consumer: Consumer | None
    ) -> None:
        """Make everything since the last commit visible together with the offsets.

        A consumer that has not subscribed commits for a group without members.

        Args:
            offsets: Where the consumer's group reads on.
            consumer: ``None`` when there are no offsets.
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


class TaskState(Protocol):
    """The state of one task on a broker that keeps it; a ``state.storage.Storage``."""

    def get(self, store: str, key: bytes) -> bytes | None:
        """Return the committed value of the key, or ``None``."""

    def scan(
        self, store: str, low: bytes | None = None, high: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Yield committed entries with ``low <= key < high`` in key order."""

    def delete_range(self, store: str, low: bytes, high: bytes) -> None:
        """Delete committed entries with ``low <= key < high`` (expired windows), soon."""


class StateKeeper(Protocol):
    """Keeps the state of tasks in the broker: no changelogs, nothing to restore."""

    def state(self, task: str) -> TaskState:
        """Return the committed state of the task."""

    def keep(self, changes: StateChanges, producer: Producer) -> None:
        """Make the changes a part of what the producer commits next."""


class Admin(Protocol):
    """Topics, offsets and groups."""

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

    def groups(self) -> Collection[str]:
        """Return the groups that have committed something; an application is one."""

    def group_offsets(
        self, group: str, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, Committed]:
        """Return what the group has committed there, without joining it.

        What is being decided does not count yet.
        """

    def purge(self, before: Mapping[TopicPartition, int]) -> None:
        """Delete records before the offsets (repartition topics, behind the commit)."""

    def forget(self, application: str) -> None:
        """Remove the application's group, internal topics and state, when all workers have left.

        EngineError when one has not; that of a killed one counts until its session ends.
        """


class Broker(Admin, Protocol):
    """A cluster, or what stands in for one."""

    @property
    def keeper(self) -> StateKeeper | None:
        """Keeps the state of tasks, if the broker does."""

    @property
    def registry(self) -> SchemaRegistry:
        """Has the schemas that records of the topics are written with."""

    @property
    def owner(self) -> str | None:
        """The process that alone changes topics and runs queries that last.

        ``None``: every process that has opened the broker does, this one too.
        """

    def consumer(self, group: str, member: str) -> Consumer:
        """Return a consumer of the group; ``member`` is its static identity."""

    def producer(self, identity: str) -> Producer:
        """Return a transactional producer; a new one of the same identity fences the old."""

    def reader(self) -> Reader:
        """Return a reader without a group."""

    def append(
        self,
        topic: str,
        records: Iterable[tuple[bytes | None, bytes | None, int, Sequence[Header]]],
        partition: int | None = None,
    ) -> bool:
        """Append (key, value, timestamp_ms, headers) records durably, outside any transaction.

        Returns:
            Whether they can be read by now; else the owner of the broker has yet to take them in.
        """

    def look(self) -> None:
        """Take notice of other processes; for who has nothing else to ask for a while."""

    def close(self) -> None:
        """Release everything."""

"""The transactional producer of the simulated broker."""

from collections.abc import Mapping, Sequence

from streamsql.broker.partitioner import Partitioner
from streamsql.broker.ports import (
    Committed,
    Consumer,
    Send,
    StateChanges,
    TopicPartition,
)
from streamsql.broker.simulated.clients import SimulatedConsumer
from streamsql.broker.simulated.cluster import SimulatedCluster
from streamsql.broker.simulated.faults import Killed
from streamsql.broker.simulated.log import Transaction, TransactionStatus
from streamsql.broker.transactions import TransactionEvent, TransactionLife, TransactionState
from streamsql.types.record import Header


class SimulatedProducer:
    """Writes into the logs at once; its transaction decides whether anybody sees it.

    After an error of :meth:`flush` or :meth:`commit` only :meth:`abort` and :meth:`close` are
    taken until the transaction is aborted, as with Kafka's client.
    """

    def __init__(self, cluster: SimulatedCluster, identity: str) -> None:
        self.identity = identity
        self.dead = False
        self.silent_since_ms: int | None = None
        self.pending: dict[TopicPartition, Committed] = {}
        self.pending_group: str | None = None
        self._cluster = cluster
        self._kept: list[StateChanges] = []
        self._transaction: Transaction | None = None
        self._life = TransactionLife(identity)
        self._ends: dict[TopicPartition, int] = {}

    @property
    def fenced(self) -> bool:
        """Whether somebody else has the identity."""
        return self._life.state is TransactionState.FENCED

    def fence(self) -> None:
        """Let nothing of this producer count any more; its open transaction is aborted."""
        self._life.move(TransactionEvent.FENCE)
        self._end(TransactionStatus.ABORTED)

    def wait_fenced(self) -> None:
        """Return at once: an older producer was fenced when this one was made."""

    def sender(self, topic: str, window_bytes: int = 0) -> Send:
        """Return a function that appends to the topic."""
        choose = Partitioner(
            self._cluster.partitions(topic), self._cluster.seed, window_bytes=window_bytes
        )

        def send(
            key: bytes | None,
            value: bytes | None,
            timestamp_ms: int,
            headers: Sequence[Header] | None = None,
        ) -> None:
            target = TopicPartition(topic, choose(key))
            self._send(target, (key, value, timestamp_ms), headers or ())

        return send

    def send_to(
        self, target: TopicPartition, key: bytes | None, value: bytes | None, timestamp_ms: int
    ) -> None:
        """Append to one partition."""
        self._ends[target] = self._send(target, (key, value, timestamp_ms), ()) + 1

    def keep(self, changes: StateChanges) -> None:
        """Take the changes along with the next commit."""
        self._kept.append(changes)

    def flush(self) -> None:
        """Raise unless the transaction can still be committed."""
        self._usable()
        self._guarded("flush")

    def ends(self) -> Mapping[TopicPartition, int]:
        """Return the offset behind the last record of :meth:`send_to`, by partition."""
        return dict(self._ends)

    def commit(
        self, offsets: Mapping[TopicPartition, Committed], consumer: Consumer | None
    ) -> None:
        """Decide the transaction: records, offsets and state become visible together."""
        self._usable()
        faults = self._cluster.faults
        try:
            faults.before("commit")
            if offsets:
                self._add_offsets(offsets, consumer)
            faults.before("commit.decide")
            self._usable()
            self._apply()
            faults.after("commit")
        except BaseException:
            self._life.move(TransactionEvent.DOOM)
            raise

    def abort(self) -> None:
        """Undo everything since the last commit."""
        if self.dead:
            raise Killed(self.identity)
        self._life.check(TransactionEvent.ABORT)
        self._cluster.faults.before("abort")
        self._end(TransactionStatus.ABORTED)
        self._life.move(TransactionEvent.ABORTED)
        self._cluster.faults.after("abort")

    def close(self) -> None:
        """Abort what is open."""
        if not self.dead and not self.fenced:
            self._end(TransactionStatus.ABORTED)
        self.dead = True

    def _send(
        self,
        target: TopicPartition,
        record: tuple[bytes | None, bytes | None, int],
        headers: Sequence[Header],
    ) -> int:
        self._usable()
        self._cluster.faults.before("send")
        self._life.move(TransactionEvent.BEGIN)
        if self._transaction is None:
            self._transaction = Transaction()
        log = self._cluster.log(target)
        offset = log.append(record, headers, self._transaction)
        self._cluster.faults.after("send")
        return offset

    def _add_offsets(
        self, offsets: Mapping[TopicPartition, Committed], consumer: Consumer | None
    ) -> None:
        assert isinstance(consumer, SimulatedConsumer), "the consumer is of this broker"
        consumer.check()
        self.pending = dict(offsets)
        self.pending_group = consumer.group

    def _apply(self) -> None:
        if self.pending_group is not None:
            self._cluster.commit_offsets(self.pending_group, self.pending)
        for changes in self._kept:
            self._cluster.state(changes.task).apply(changes)
        self._end(TransactionStatus.COMMITTED)
        self._life.move(TransactionEvent.COMMIT)

    def _end(self, status: TransactionStatus) -> None:
        if self._transaction is not None:
            self._transaction.end(status)
        self._transaction = None
        self.pending = {}
        self.pending_group = None
        self._ends = {}
        self._kept = []

    def _guarded(self, operation: str) -> None:
        try:
            self._cluster.faults.before(operation)
            self._cluster.faults.after(operation)
        except BaseException:
            self._life.move(TransactionEvent.DOOM)
            raise

    def _usable(self) -> None:
        if self.dead:
            raise Killed(self.identity)
        self._cluster.expire()
        self.silent_since_ms = None
        self._life.check(TransactionEvent.BEGIN)

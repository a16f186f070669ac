"""The transactional producer on Kafka.

The policy of every call: what can be tried again is tried until the transaction's own timeout; a
transaction that must be aborted raises TransactionAborted, and :meth:`KafkaProducer.abort` undoes
it; a dead client, or an outcome that is not known, makes ``abort`` throw the client away and take a
new one on the other slot. A client is never used again after an outcome that is not known:
librdkafka has no transactions of KIP-890; a late request could fall into the next transaction.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import TopicPartition as KafkaTopicPartition

from streamsql.broker.kafka.consumer import KafkaConsumer, warm
from streamsql.broker.kafka.errors import (
    error_of,
    is_taken_over,
    is_undecided,
    is_wrong_state,
    map_error,
)
from streamsql.broker.kafka.persist import persist_watched
from streamsql.broker.kafka.settings import KafkaSettings
from streamsql.broker.kafka.slots import Slots
from streamsql.broker.kafka.watchdog import Watchdog
from streamsql.broker.partitioner import Partitioner
from streamsql.broker.ports import Committed, Consumer, Send, TopicPartition
from streamsql.broker.transactions import TransactionEvent, TransactionLife, TransactionState
from streamsql.errors import StreamSQLError, TransactionAborted
from streamsql.types.record import Header

_ANY = -1
"""The partition that librdkafka chooses."""

_SETTLE_SECONDS = 1.0
"""How long an abort waits for records in flight: one that overtakes its first record is fatal."""

_REPLACE_MS = 60_000
"""How long a worker that has lost its client waits for Kafka: a broker may restart."""

_log = logging.getLogger(__name__)


class KafkaProducer:
    """The writer of one worker."""

    def __init__(
        self, slots: Slots, identity: str, settings: KafkaSettings, watchdog: Watchdog
    ) -> None:
        self._slots = slots
        self._identity = identity
        self._timeout_seconds = settings.transaction_timeout_ms / 1000
        self._watchdog = watchdog
        self._rebinds: list[Callable[[], None]] = []
        self._held: dict[TopicPartition, tuple[bytes | None, bytes | None, int]] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._life = TransactionLife(identity)
        self._client: Producer = slots.next(settings.connect_timeout_ms)

    def wait_fenced(self) -> None:
        """Return when the other slot is fenced, or cannot be."""
        self._slots.wait_fenced()

    def sender(self, topic: str, window_bytes: int = 0) -> Send:
        """Return a function that appends to the topic, partitioned by librdkafka (murmur2).

        librdkafka takes a timestamp of 0 for "now": the very first millisecond cannot be written.
        """
        warm(self._client, [topic], round(self._timeout_seconds * 1000))
        if window_bytes:
            partitions = len(self._client.list_topics(topic).topics[topic].partitions)
            if partitions > 1:
                return self._windowed_sender(
                    topic, Partitioner(partitions, window_bytes=window_bytes)
                )
        produce = self._client.produce

        def rebind() -> None:
            nonlocal produce
            produce = self._client.produce

        # By position: keyword arguments make produce a quarter slower. No lambda: a variable in
        # one is slower everywhere.
        def send(
            key: bytes | None,
            value: bytes | None,
            timestamp_ms: int,
            headers: Sequence[Header] | None = None,
        ) -> None:
            try:
                if headers is None:
                    produce(topic, value, key, _ANY, None, None, timestamp_ms)
                else:
                    produce(topic, value, key, _ANY, None, None, timestamp_ms, list(headers))
            except (BufferError, KafkaException) as error:
                with_headers = () if headers is None else (list(headers),)
                record = (topic, value, key, _ANY, None, None, timestamp_ms, *with_headers)
                self._send_again(error, partial(produce, *record), topic)

        self._rebinds.append(rebind)
        return send

    def _windowed_sender(self, topic: str, choose: Partitioner) -> Send:
        """Return a function that appends to the partition of the key without its window."""
        targets = [TopicPartition(topic, number) for number in range(choose.partitions)]

        def send(
            key: bytes | None,
            value: bytes | None,
            timestamp_ms: int,
            headers: Sequence[Header] | None = None,
        ) -> None:
            self._produce_to(targets[choose(key)], (key, value, timestamp_ms), None, headers)

        return send

    def send_to(
        self, target: TopicPartition, key: bytes | None, value: bytes | None, timestamp_ms: int
    ) -> None:
        """Append to one partition.

        The last record of each partition is held back until the flush: it alone needs a delivery
        report, whose offset is the checkpoint.
        """
        held = self._held.get(target)
        self._held[target] = (key, value, timestamp_ms)
        if held is None:
            return
        key, value, timestamp_ms = held
        topic, partition = target
        try:
            self._client.produce(topic, value, key, partition, None, None, timestamp_ms)
        except (BufferError, KafkaException):
            self._produce_to(target, held, None)

    def flush(self) -> None:
        """Return when every record is acknowledged, or has failed (then the commit fails)."""
        self._send_held()
        left = self._within("flush", lambda: self._client.flush(self._timeout_seconds))
        if left:
            self._life.move(TransactionEvent.LOSE)
            raise TransactionAborted(
                f'{left} records of "{self._identity}" were not acknowledged in '
                f"{self._timeout_seconds:g} s"
            )

    def ends(self) -> Mapping[TopicPartition, int]:
        """Return the offset behind the last record of :meth:`send_to`, by partition."""
        return dict(self._ends)

    def commit(
        self, offsets: Mapping[TopicPartition, Committed], consumer: Consumer | None
    ) -> None:
        """Commit the transaction with the offsets of the consumer's group."""
        self._send_held()
        if self._life.state is TransactionState.IDLE and not offsets:
            return
        self._begin()
        if offsets:
            self._send_offsets(offsets, consumer)
        self._decide("commit", self._client.commit_transaction)
        self._life.move(TransactionEvent.COMMIT)
        self._reset()

    def abort(self) -> None:
        """Undo everything since the last commit, with a new client where this one is spent."""
        self._life.move(TransactionEvent.ABORT)
        if self._life.state is TransactionState.ABORTING:
            self._abort_quietly()
        if self._life.state is TransactionState.SPENT:
            self._replace()
        self._life.move(TransactionEvent.ABORTED)
        self._reset()

    def close(self) -> None:
        """Abort what is open, and let the client go."""
        if self._life.state in {TransactionState.OPEN, TransactionState.DOOMED}:
            self._life.move(TransactionEvent.ABORT)
            self._abort_quietly()
        self._slots.wait_fenced()
        self._reset()

    # -- sending ---------------------------------------------------------------------------------

    def _produce_to(
        self,
        target: TopicPartition,
        record: tuple[bytes | None, bytes | None, int],
        report: Callable[[KafkaError | None, object], None] | None,
        headers: Sequence[Header] | None = None,
    ) -> None:
        key, value, timestamp_ms = record
        topic, partition = target
        with_headers = () if headers is None else (list(headers),)

        def produce() -> None:
            self._client.produce(
                topic, value, key, partition, report, None, timestamp_ms, *with_headers
            )

        try:
            produce()
        except (BufferError, KafkaException) as error:
            self._send_again(error, produce, topic)

    def _send_held(self) -> None:
        for target, record in self._held.items():
            self._produce_to(target, record, self._noting(target))
        self._held.clear()

    def _noting(self, target: TopicPartition) -> Callable[[KafkaError | None, object], None]:
        def note(error: KafkaError | None, message: object) -> None:
            if error is None:
                offset = message.offset()  # type: ignore[attr-defined]
                self._ends[target] = offset + 1

        return note

    def _send_again(self, error: Exception, produce: Callable[[], None], topic: str) -> None:
        """Begin the transaction that was missing, or wait for room in the queue, and send."""
        deadline = time.monotonic() + self._timeout_seconds
        while True:
            if isinstance(error, KafkaException) and not self._may_send_after(error_of(error)):
                raise self._mapped(error_of(error), f'write to topic "{topic}"') from error
            if isinstance(error, BufferError):
                self._client.poll(0.05)
            try:
                produce()
            except (BufferError, KafkaException) as again:
                error = again
            else:
                return
            if time.monotonic() > deadline:
                self._life.move(TransactionEvent.LOSE)
                raise TransactionAborted(f'no room for records of topic "{topic}"') from error

    def _may_send_after(self, error: KafkaError) -> bool:
        begun = self._life.state in {TransactionState.OPEN, TransactionState.DOOMED}
        if is_wrong_state(error) and not begun:
            self._begin()
            return True
        return False

    # -- transactions ----------------------------------------------------------------------------

    def _begin(self) -> None:
        self._life.check(TransactionEvent.BEGIN)
        if self._life.state is TransactionState.IDLE:
            self._within("begin", self._client.begin_transaction)
            self._life.move(TransactionEvent.BEGIN)

    def _send_offsets(
        self, offsets: Mapping[TopicPartition, Committed], consumer: Consumer | None
    ) -> None:
        assert isinstance(consumer, KafkaConsumer), "the consumer is of this broker"
        positions = [
            KafkaTopicPartition(topic, partition, at.offset, at.metadata)
            for (topic, partition), at in offsets.items()
        ]
        # Fetched anew: the generation in it changes with every rebalance.
        group = consumer.group_metadata()
        self._decide(
            "add offsets to",
            lambda seconds: self._client.send_offsets_to_transaction(positions, group, seconds),
        )

    def _decide(self, verb: str, call: Callable[[float], object]) -> None:
        """Make a transactional call, again while it can be made again."""
        doing = f'{verb} transaction of "{self._identity}"'
        try:
            persist_watched(self._watchdog, doing, call, self._timeout_seconds)
        except KafkaException as exception:
            raise self._mapped(error_of(exception), doing) from exception

    def _within(self, verb: str, call: Callable[[], int | None]) -> int | None:
        doing = f'{verb} transaction of "{self._identity}"'
        try:
            with self._watchdog.guard(doing, self._timeout_seconds):
                return call()
        except KafkaException as exception:
            raise self._mapped(error_of(exception), doing) from exception

    def _mapped(self, error: KafkaError, doing: str) -> StreamSQLError:
        """Return our error, and note what it says of the client.

        Within a transaction everything but a takeover voids the transaction; unless Kafka says that
        an abort suffices, the outcome is unknown and the client is spent.
        """
        if is_taken_over(error):
            self._life.move(TransactionEvent.FENCE)
            return map_error(error, doing)
        if is_wrong_state(error) and self._life.state is not TransactionState.IDLE:
            self._life.move(TransactionEvent.DOOM)
            return TransactionAborted(f"cannot {doing}: it must be aborted first")
        if error.txn_requires_abort():
            self._life.move(TransactionEvent.DOOM)
            return map_error(error, doing)
        ours = map_error(error, doing)
        if is_undecided(error):
            self._life.move(TransactionEvent.LOSE)
            return TransactionAborted(str(ours))
        return ours

    def _abort_quietly(self) -> None:
        """Abort, and find the client spent when that does not work."""
        try:
            with self._watchdog.guard("flush before an abort", _SETTLE_SECONDS):
                self._client.flush(_SETTLE_SECONDS)
            self._decide("abort", self._client.abort_transaction)
        except StreamSQLError as error:
            _log.warning("abort failed, client replaced: %s", error)
            self._life.move(TransactionEvent.LOSE)

    def _replace(self) -> None:
        """Throw the client away and take one on the other slot."""
        _bury(self._client)
        self._client = self._slots.next(_REPLACE_MS)
        for rebind in self._rebinds:
            rebind()

    def _reset(self) -> None:
        self._held.clear()
        self._ends.clear()


def _bury(client: Producer) -> None:
    """Let a client go on a thread of its own: ending one may wait for what it still has to send."""

    def purge() -> None:
        client.purge(in_queue=True, in_flight=True, blocking=False)
        client.flush(1.0)

    threading.Thread(target=purge, name="streamsql-bury", daemon=True).start()

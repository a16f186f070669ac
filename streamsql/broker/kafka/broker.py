"""The broker port on a Kafka cluster, by confluent-kafka.

What keeps exactly-once standing here, layer by layer: static membership (the newcomer of a name
wins), two transactional slots per identity, the generation check of the offset commit, committed
positions that wait for pending transactions. Only these modules (``kafka*.py``) know
confluent-kafka; its errors are mapped in ``kafka_errors``.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from streamsql.broker.kafka.admin import KafkaAdmin
from streamsql.broker.kafka.consumer import KafkaConsumer, KafkaReader, warm
from streamsql.broker.kafka.errors import error_of, map_error, mapped
from streamsql.broker.kafka.producer import KafkaProducer
from streamsql.broker.kafka.registry import open_registry
from streamsql.broker.kafka.settings import KafkaSettings, client_log
from streamsql.broker.kafka.slots import Slots
from streamsql.broker.kafka.watchdog import Watchdog
from streamsql.broker.ports import (
    Committed,
    TopicConfig,
    TopicPartition,
)
from streamsql.errors import EngineError
from streamsql.types.record import Header

ANY_PARTITION = -1
"""librdkafka's word for "let the partitioner choose"."""


class KafkaBroker:
    """A Kafka cluster. EngineError when it cannot be reached."""

    keeper = None
    """Kafka keeps changelogs."""

    owner = None
    """Every client may do everything."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self.registry = open_registry(settings.registry)
        self._admin = KafkaAdmin(settings)
        self._watchdog = Watchdog()
        self._slots: dict[str, Slots] = {}
        self._outside: Producer | None = None

    def consumer(self, group: str, member: str) -> KafkaConsumer:
        """Return a consumer of the group, a static member of that name."""
        return KafkaConsumer(self._settings, group, member)

    def producer(self, identity: str) -> KafkaProducer:
        """Return a transactional producer; the other slot of the identity is being fenced."""
        slots = self._slots.get(identity)
        if slots is None:
            slots = self._slots[identity] = Slots(self._settings, identity, self._watchdog)
        return KafkaProducer(slots, identity, self._settings, self._watchdog)

    def reader(self) -> KafkaReader:
        """Return a reader without a group."""
        return KafkaReader(self._settings)

    def topics(self) -> Mapping[str, TopicConfig]:
        """Return all topics but Kafka's own."""
        return self._admin.topics()

    def create(self, topics: Sequence[TopicConfig]) -> None:
        """Create the topics that do not exist."""
        self._admin.create(topics)

    def delete(self, topics: Sequence[str]) -> None:
        """Delete topics that exist."""
        self._admin.delete(topics)

    def starts(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Return the first offset still there."""
        return self._admin.starts(partitions)

    def ends(
        self, partitions: Sequence[TopicPartition], *, committed: bool
    ) -> Mapping[TopicPartition, int]:
        """Return last stable offsets, or high watermarks."""
        return self._admin.ends(partitions, committed=committed)

    def groups(self) -> Collection[str]:
        """Return all groups."""
        return self._admin.groups()

    def group_offsets(
        self, group: str, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, Committed]:
        """Return what the group has committed in the partitions."""
        return self._admin.group_offsets(group, partitions)

    def purge(self, before: Mapping[TopicPartition, int]) -> None:
        """Delete records before the offsets."""
        self._admin.purge(before)

    def forget(self, application: str) -> None:
        """Remove the application's group and internal topics.

        A killed worker's place in the group is waited for, which lasts as long as its session. The
        transactional ids of its producers are forgotten by Kafka itself, after a week.
        """
        self._admin.forget(application)
        Slots.forget(self._settings, application)

    def append(
        self,
        topic: str,
        records: Iterable[tuple[bytes | None, bytes | None, int, Sequence[Header]]],
        partition: int | None = None,
    ) -> bool:
        """Append (key, value, timestamp_ms, headers) records; returns when all are acknowledged."""
        number = ANY_PARTITION if partition is None else partition
        failed: list[KafkaError] = []

        def note(error: KafkaError | None, _message: object) -> None:
            if error is not None:
                failed.append(error)

        client = self._outside_producer()
        warm(client, [topic], self._settings.connect_timeout_ms)
        try:
            for key, value, timestamp_ms, headers in records:
                fields: dict[str, Any] = {"timestamp": timestamp_ms, "on_delivery": note}
                if headers:
                    fields["headers"] = list(headers)
                while True:
                    try:
                        client.produce(topic, value, key, number, **fields)
                        break
                    except BufferError:
                        client.poll(0.1)
        except KafkaException as exception:
            raise map_error(error_of(exception), f'append to topic "{topic}"') from exception
        self._await_delivery(client, topic, failed)
        return True

    def look(self) -> None:
        """Do nothing: no process waits for another one."""

    def close(self) -> None:
        """Wait for what was appended, and stop watching."""
        self.registry.close()
        if self._outside is not None:
            self._outside.flush(self._settings.connect_timeout_ms / 1000)
            self._outside = None
        for slots in self._slots.values():
            slots.wait_fenced()
        self._watchdog.close()

    def _outside_producer(self) -> Producer:
        if self._outside is None:
            with mapped("set up a producer"):
                self._outside = Producer(self._settings.writing(), logger=client_log)
        return self._outside

    def _await_delivery(self, client: Producer, topic: str, failed: list[KafkaError]) -> None:
        seconds = self._settings.connect_timeout_ms / 1000
        left, last_progress = client.flush(1.0), monotonic()
        while left and not failed and monotonic() - last_progress < seconds:
            before, left = left, client.flush(1.0)
            if left < before:
                last_progress = monotonic()
        if failed:
            raise map_error(failed[0], f'append to topic "{topic}"')
        if left:
            raise EngineError(
                f'{left} records for topic "{topic}" were not acknowledged in {seconds:g} s'
            )

"""Consumers and readers on Kafka."""

from collections.abc import Iterable, Mapping, Sequence

from confluent_kafka import Consumer, Producer
from confluent_kafka import TopicPartition as KafkaTopicPartition

from streamsql.broker.errors import no_topic
from streamsql.broker.kafka.errors import is_no_topic, mapped
from streamsql.broker.kafka.fetch import Fetching
from streamsql.broker.kafka.persist import await_true, persist
from streamsql.broker.kafka.settings import KafkaSettings, client_log
from streamsql.broker.ports import Assignment, Committed, Polled, TopicPartition
from streamsql.errors import EngineError

_PATIENCE_SECONDS = 90.0
"""How long committed positions are waited for: a dead producer's transaction is undecided for its
timeout and 10 s more (a stock broker looks for expired ones that often); a broker may restart."""

_LEAVING_SECONDS = 2.0
"""How long a member that leaves may wait until its partitions are given up."""


class KafkaConsumer:
    """A member of a consumer group, static and eager.

    librdkafka is told of a partition when its first :meth:`seek` says where to begin, and of every
    later one by a new assignment of all that is read. It never has to find out an offset by itself,
    and its own seek is not used: the answer to an earlier question for the offset would move the
    fetcher once more after it, back to the start (confluentinc/librdkafka#2256, #5345).
    """

    def __init__(self, settings: KafkaSettings, group: str, member: str) -> None:
        self._settings = settings
        self._doing = f'consume as member "{member}" of group "{group}"'
        with mapped(self._doing):
            self._client = Consumer(settings.consumer(group, member), logger=client_log)
        self._fetching = Fetching(self._client, self._doing)
        self._owned: set[TopicPartition] = set()
        self._paused: set[TopicPartition] = set()
        self._sought: dict[TopicPartition, int] = {}
        self._next: dict[TopicPartition, int] = {}
        self._closed = False

    def subscribe(self, topics: Sequence[str], assignment: Assignment) -> None:
        """Join the group; EngineError when a topic does not exist or Kafka does not answer."""
        # Without the metadata of its topics a consumer's first fetch waits for a second.
        warm(self._client, topics, self._settings.connect_timeout_ms)
        following = _Following(self, assignment)
        with mapped(self._doing):
            self._client.subscribe(
                list(topics),
                on_assign=following.assigned,
                on_revoke=following.revoked,
                on_lost=following.lost,
            )

    def poll(self, max_records: int, timeout_ms: int) -> Polled:
        """Return some records of the partitions owned and not paused."""
        if self._sought:
            self._assign()
        polled = self._fetching.fetch(max_records, timeout_ms)
        if self._sought or not (polled.messages.keys() <= self._owned):
            polled = self._settled(polled)
        for partition, messages in polled.messages.items():
            self._next[partition] = messages[-1].offset() + 1
        self._next.update(polled.ends)
        return polled

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Read on from the offset, and resume the partition."""
        if partition in self._owned:
            self._sought[partition] = offset
            self._paused.discard(partition)

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Return nothing of the partitions; what was fetched of them is fetched again later."""
        chosen = [p for p in partitions if p in self._owned and p not in self._paused]
        self._paused.update(chosen)
        with mapped(self._doing):
            self._client.pause(_kafka(p for p in chosen if p in self._next))

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Go on returning records of the partitions."""
        chosen = [p for p in partitions if p in self._paused]
        self._paused.difference_update(chosen)
        with mapped(self._doing):
            self._client.resume(_kafka(p for p in chosen if p in self._next))

    def committed(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, Committed]:
        """Return the committed positions; waits until pending transactions are decided."""
        with mapped("read committed offsets"):
            found = persist(
                lambda _left: self._client.committed(_kafka(partitions), timeout=5.0),
                _PATIENCE_SECONDS,
                pause=0.05,
            )
        return {
            TopicPartition(p.topic, p.partition): Committed(p.offset, p.metadata or "")
            for p in found
            if p.offset >= 0
        }

    def close(self) -> None:
        """Give the partitions up.

        The place in the group stays until the session times out, so that a worker that comes back
        under its name earlier causes no rebalance (KIP-345).
        """
        if not self._closed:
            self._closed = True
            with mapped("close the consumer"):
                self._client.close()

    def leave(self) -> None:
        """Give up the partitions and the place in the group.

        librdkafka tells the group of a static member only that it has unsubscribed, never that it
        closes.
        """
        if not self._closed:
            with mapped("leave the group"):
                self._client.unsubscribe()
                # Its callbacks, and the request to leave, are carried out by a poll.
                await_true(self._has_left, _LEAVING_SECONDS, pause=0)
        self.close()

    def group_metadata(self) -> object:
        """Return what a transaction needs to know of this member now."""
        return self._client.consumer_group_metadata()

    def take(self, partitions: Sequence[TopicPartition]) -> None:
        """Own partitions, of which nothing is read yet; for the callback of the group."""
        self._owned = set(partitions)
        self._paused, self._sought, self._next = set(), {}, {}
        # The group's protocol waits for an assignment.
        self._client.assign([])
        self._reassigned()

    def drop(self, partitions: Sequence[TopicPartition]) -> None:
        """Own partitions no more; for the callback of the group."""
        self._owned.difference_update(partitions)
        self._paused.difference_update(partitions)
        for partition in partitions:
            self._sought.pop(partition, None)
            self._next.pop(partition, None)
        self._reassigned()

    def _has_left(self) -> bool:
        self._client.poll(0.05)
        return not self._client.memberid()

    def _reassigned(self) -> None:
        self._fetching.generation += 1
        self._fetching.only = next(iter(self._owned)) if len(self._owned) == 1 else None

    def _assign(self) -> None:
        """Assign what is read to the client: where it was sought, or where it is."""
        self._next.update(self._sought)
        self._sought = {}
        with mapped(self._doing):
            self._client.assign([KafkaTopicPartition(*p, at) for p, at in self._next.items()])
            # An assignment resumes everything; what was fetched since then is dropped by the pause.
            self._client.pause(_kafka(p for p in self._paused if p in self._next))

    def _settled(self, polled: Polled) -> Polled:
        """Leave out partitions that are not ours now, or whose seek is still to come."""
        ready = self._owned - self._sought.keys()
        return Polled(
            {p: found for p, found in polled.messages.items() if p in ready},
            {p: end for p, end in polled.ends.items() if p in ready},
        )


class _Following:
    """Turns librdkafka's rebalance callbacks into ours."""

    def __init__(self, consumer: KafkaConsumer, assignment: Assignment) -> None:
        self._consumer = consumer
        self._assignment = assignment

    def assigned(self, _client: Consumer, partitions: Sequence[KafkaTopicPartition]) -> None:
        ours = _ours(partitions)
        self._consumer.take(ours)
        self._assignment.assigned(ours)

    def revoked(self, _client: Consumer, partitions: Sequence[KafkaTopicPartition]) -> None:
        self._consumer.drop(_ours(partitions))
        self._assignment.revoked(_ours(partitions))

    def lost(self, _client: Consumer, partitions: Sequence[KafkaTopicPartition]) -> None:
        self._consumer.drop(_ours(partitions))
        self._assignment.lost(_ours(partitions))


class KafkaReader:
    """Reads given partitions from given offsets."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        with mapped("set up a reader"):
            self._client = Consumer(settings.reader(), logger=client_log)
        self._fetching = Fetching(self._client, "read")
        self._closed = False

    def assign(self, positions: Mapping[TopicPartition, int]) -> None:
        """Read these partitions from these offsets."""
        warm(self._client, sorted({p.topic for p in positions}), self._settings.connect_timeout_ms)
        with mapped("read"):
            self._client.assign(
                [KafkaTopicPartition(*p, offset) for p, offset in positions.items()]
            )

    def poll(self, max_records: int, timeout_ms: int) -> Polled:
        """Return some records; EngineError when a position is not in the log any more."""
        return self._fetching.fetch(max_records, timeout_ms)

    def close(self) -> None:
        """Stop reading."""
        if not self._closed:
            self._closed = True
            with mapped("close the reader"):
                self._client.close()


def warm(client: Consumer | Producer, topics: Sequence[str], timeout_ms: int) -> None:
    """Learn where the topics are; EngineError when one does not exist."""
    for topic in topics:
        with mapped(f'find topic "{topic}"'):
            metadata = client.list_topics(topic, timeout_ms / 1000).topics[topic]
        if metadata.error is not None:
            if is_no_topic(metadata.error):
                raise no_topic(topic)
            raise EngineError(f'cannot use topic "{topic}": {metadata.error.str()}')


def _kafka(partitions: Iterable[TopicPartition]) -> list[KafkaTopicPartition]:
    return [KafkaTopicPartition(*partition) for partition in partitions]


def _ours(partitions: Sequence[KafkaTopicPartition]) -> list[TopicPartition]:
    return [TopicPartition(p.topic, p.partition) for p in partitions]

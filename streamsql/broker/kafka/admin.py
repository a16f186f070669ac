"""Topics, offsets and groups of a Kafka cluster."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import TypeVar

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException
from confluent_kafka import TopicPartition as KafkaTopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it does not mark its exports
    AdminClient,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from streamsql.broker.errors import check_partitions, no_topic
from streamsql.broker.kafka.errors import (
    error_of,
    is_all_down,
    is_refused,
    map_error,
    mapped,
)
from streamsql.broker.kafka.persist import await_true, goes_away, persist
from streamsql.broker.kafka.settings import KafkaSettings, client_log
from streamsql.broker.ports import Committed, TopicConfig, TopicPartition
from streamsql.errors import BrokerUnreachable, EngineError
from streamsql.topology.naming import internal_topics

_COORDINATOR_SECONDS = 30.0
_VISIBLE_SECONDS = 15.0
"""How long a topic created or deleted may take to be known everywhere."""

_EXPIRY_SECONDS = 3.0
"""How much later than its session's end a group may miss a member."""

_EARLIEST: OffsetSpec = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # the library's
_LATEST: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the library's

_T = TypeVar("_T")


class KafkaAdmin:
    """The administrator's client.

    It is created first and finds out whether the cluster can be reached at all.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._consumers: dict[str, Consumer] = {}
        self._seconds = settings.connect_timeout_ms / 1000
        self._session_seconds = settings.session_timeout_ms / 1000
        self._trouble: KafkaError | None = None
        config = {**settings.shared(), "error_cb": self._note}
        with mapped("set up the Kafka client"):
            self._client = AdminClient(config, logger=client_log)
        self._connect(settings.servers)

    def topics(self) -> Mapping[str, TopicConfig]:
        """Return all topics but Kafka's own."""
        with mapped("list topics"):
            listed = self._client.list_topics(timeout=self._seconds).topics
        counts = {
            name: (len(topic.partitions), len(topic.partitions[0].replicas))
            for name, topic in listed.items()
            if topic.partitions and not name.startswith("__")
        }
        configs = self._configs(counts)
        return {
            name: TopicConfig(name, partitions, replicas, *configs[name])
            for name, (partitions, replicas) in counts.items()
            if name in configs
        }

    def create(self, topics: Sequence[TopicConfig]) -> None:
        """Create the topics that do not exist, and wait until they are known."""
        if not topics:
            return
        new = [
            NewTopic(
                topic.name,
                num_partitions=topic.partitions,
                replication_factor=-1 if topic.replicas is None else topic.replicas,
                config=_config(topic),
            )
            for topic in topics
        ]
        for name, future in self._client.create_topics(new, request_timeout=self._seconds).items():
            try:
                future.result(self._seconds + 5)
            except KafkaException as exception:
                error = error_of(exception)
                if error.code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise map_error(error, f'create topic "{name}"') from exception
        for topic in topics:
            self._await(topic.name, lambda count: count > 0, "did not appear")
            check_partitions(topic, TopicConfig(topic.name, self._partitions(topic.name)))

    def delete(self, topics: Sequence[str]) -> None:
        """Delete topics that exist, and wait until they are gone."""
        if not topics:
            return
        for name, future in self._client.delete_topics(list(topics)).items():
            self._result(future, f'delete topic "{name}"', KafkaError.UNKNOWN_TOPIC_OR_PART)
        for name in topics:
            self._await(name, lambda count: count == 0, "did not go away")

    def starts(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Return the first offset still there."""
        return self._offsets(partitions, _EARLIEST, IsolationLevel.READ_UNCOMMITTED)

    def ends(
        self, partitions: Sequence[TopicPartition], *, committed: bool
    ) -> Mapping[TopicPartition, int]:
        """Return last stable offsets, or high watermarks."""
        isolation = IsolationLevel.READ_COMMITTED if committed else IsolationLevel.READ_UNCOMMITTED
        return self._offsets(partitions, _LATEST, isolation)

    def group_offsets(
        self, group: str, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, Committed]:
        """Return what the group has committed there; what is being decided does not count yet.

        A consumer asks that does not join: the administrator's client ends the process where the
        coordinator is not there yet, and where it answers after the client has given up.
        """
        asked = [KafkaTopicPartition(*partition) for partition in partitions]
        if not asked:
            return {}
        with mapped(f'read the offsets of group "{group}"'):
            # A coordinator that has just started, or is busy, answers a little later.
            found = persist(
                lambda left: self._asking(group).committed(asked, timeout=min(left, self._seconds)),
                _COORDINATOR_SECONDS,
            )
        return {
            TopicPartition(p.topic, p.partition): Committed(p.offset, p.metadata or "")
            for p in found
            if p.offset >= 0
        }

    def _asking(self, group: str) -> Consumer:
        """Return the consumer that asks for the offsets of a group."""
        consumer = self._consumers.get(group)
        if consumer is None:
            config = self._settings.offsets_reader(group)
            consumer = self._consumers[group] = Consumer(config, logger=client_log)
        return consumer

    def groups(self) -> Collection[str]:
        """Return all groups."""
        with mapped("list groups"):
            listed = self._client.list_consumer_groups().result(self._seconds + 5)
        return [group.group_id for group in listed.valid]

    def forget(self, application: str) -> None:
        """Delete the application's group and internal topics; EngineError while it has members."""
        consumer = self._consumers.pop(application, None)
        if consumer is not None:
            consumer.close()
        self._delete_group(application)
        with mapped("list topics"):
            names = self._client.list_topics(timeout=self._seconds).topics
        self.delete(internal_topics(application, names, self.groups()))

    def _delete_group(self, group: str) -> None:
        """Delete a group, waiting until the sessions of killed members have ended."""

        def delete(_seconds: float) -> None:
            self._client.delete_consumer_groups([group])[group].result(self._seconds + 5)

        try:
            persist(delete, self._session_seconds + _EXPIRY_SECONDS, _is_deleted_later)
        except KafkaException as exception:
            error = error_of(exception)
            if error.code() != KafkaError.GROUP_ID_NOT_FOUND:
                raise map_error(error, f'delete group "{group}"') from exception

    def purge(self, before: Mapping[TopicPartition, int]) -> None:
        """Delete records before the offsets."""
        if not before:
            return
        positions = [KafkaTopicPartition(*p, offset) for p, offset in before.items()]
        for partition, future in self._client.delete_records(positions).items():
            self._result(future, f'purge topic "{partition.topic}"', KafkaError.OFFSET_OUT_OF_RANGE)

    def _connect(self, servers: str) -> None:
        def passes(_error: KafkaError) -> bool:
            self._client.poll(0)  # for the reason, by the error callback
            return self._trouble is None or not is_refused(self._trouble)

        try:
            persist(
                lambda _left: self._client.list_topics(timeout=min(1.0, self._seconds)),
                self._seconds,
                passes,
                pause=0,
            )
        except KafkaException as exception:
            reason = (self._trouble or error_of(exception)).str()
            text = f'cannot reach Kafka at "{servers}": {reason}'
            refused = self._trouble is not None and is_refused(self._trouble)
            raise (EngineError if refused else BrokerUnreachable)(text) from exception

    def _note(self, error: KafkaError) -> None:
        if self._trouble is None or not is_all_down(error):
            self._trouble = error

    def _partitions(self, topic: str) -> int:
        with mapped(f'find topic "{topic}"'):
            found = self._client.list_topics(topic, timeout=self._seconds).topics[topic]
        return 0 if found.error is not None else len(found.partitions)

    def _await(self, topic: str, reached: Callable[[int], bool], otherwise: str) -> None:
        if not await_true(lambda: reached(self._partitions(topic)), _VISIBLE_SECONDS):
            raise EngineError(f'topic "{topic}" {otherwise} in {_VISIBLE_SECONDS:g} s')

    def _configs(self, names: Iterable[str]) -> dict[str, tuple[bool, int | None]]:
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        if not resources:
            return {}
        found = {}
        for resource, future in self._client.describe_configs(resources).items():
            entries = self._result(future, "describe topics", KafkaError.UNKNOWN_TOPIC_OR_PART)
            if entries is not None:
                policy = entries["cleanup.policy"].value
                retention_ms = int(entries["retention.ms"].value)
                kept = retention_ms < 0 or "delete" not in policy
                found[resource.name] = ("compact" in policy, None if kept else retention_ms)
        return found

    def _offsets(
        self, partitions: Sequence[TopicPartition], spec: OffsetSpec, isolation: IsolationLevel
    ) -> dict[TopicPartition, int]:
        if not partitions:
            return {}

        def passes(error: KafkaError) -> bool:
            # A topic without a leader is mostly one that is not there. Asking for it also
            # refreshes what the client knows of leaders, without which it would fail again.
            for topic in sorted({partition.topic for partition in partitions}):
                if self._partitions(topic) == 0:
                    raise no_topic(topic)
            return goes_away(error)

        with mapped("read offsets of topics"):
            return persist(
                lambda _left: self._offsets_once(partitions, spec, isolation), self._seconds, passes
            )

    def _offsets_once(
        self, partitions: Sequence[TopicPartition], spec: OffsetSpec, isolation: IsolationLevel
    ) -> dict[TopicPartition, int]:
        asked = {KafkaTopicPartition(*partition): spec for partition in partitions}
        futures = self._client.list_offsets(asked, isolation_level=isolation)
        return {
            TopicPartition(partition.topic, partition.partition): int(
                future.result(self._seconds + 5).offset
            )
            for partition, future in futures.items()
        }

    def _result(self, future: "Future[_T]", doing: str, tolerated: int) -> _T | None:
        with mapped(doing):
            try:
                return future.result(self._seconds + 5)
            except KafkaException as exception:
                if error_of(exception).code() == tolerated:
                    return None
                raise


def _is_deleted_later(error: KafkaError) -> bool:
    return error.code() == KafkaError.NON_EMPTY_GROUP or goes_away(error)


def _config(topic: TopicConfig) -> dict[str, str]:
    config = {}
    if topic.compacted:
        config["cleanup.policy"] = "compact" if topic.retention_ms is None else "compact,delete"
    if topic.retention_ms is not None:
        config["retention.ms"] = str(topic.retention_ms)
    return config

"""Following an embedded broker that another process owns.

::

    owner's directory ── secondary ──► FollowedTopics ─┐
              ▲                                        ├─ TransientView ─► consumers, readers
              └── inbox ◄── append        in memory ───┘

What the owner has committed is read here a few milliseconds later. Records are appended through the
inbox, which the owner takes in. What a push query needs while somebody reads its rows (its group,
its internal topics, its state) is in memory, in front of the owner's topics, and gone with this
process. Everything else, what changes topics or lasts, is the owner's to do.
"""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from streamsql.broker.embedded.clients import EmbeddedConsumer, EmbeddedProducer
from streamsql.broker.embedded.database import DATABASE, TransientDatabase
from streamsql.broker.embedded.followed import FollowedTopics
from streamsql.broker.embedded.inbox import InboxWriter
from streamsql.broker.embedded.local import LocalBroker
from streamsql.broker.embedded.lock import noted_owner
from streamsql.broker.embedded.view import Bounds, EmbeddedView, WritableView
from streamsql.broker.ports import Committed, Message, TopicConfig, TopicPartition
from streamsql.broker.topic_registry import TopicRegistry
from streamsql.errors import EngineError
from streamsql.topology.naming import is_of_push_query
from streamsql.types.record import Header

_RETENTION_CHECK_MS = 10_000
_TAKEN_SECONDS = 10.0


class EmbeddedFollower(LocalBroker):
    """A broker like its owner's for whoever reads, appends or runs push queries."""

    look_seconds = 0.005

    def __init__(self, directory: Path) -> None:
        if not directory.is_dir():
            raise EngineError(f'directory "{directory}" holds no embedded broker')
        self.directory = directory
        self._followed = FollowedTopics(directory / DATABASE)
        view = _TransientView(TransientDatabase(), self._followed)
        super().__init__(view, _RETENTION_CHECK_MS, sync=False)
        self.registry = TopicRegistry(self)

    @property
    def owner(self) -> str:
        """The process that changes topics and runs queries that last."""
        process = noted_owner(self.directory)
        if process is None:
            return f'the next process that opens directory "{self.directory}"'
        return f'process {process}, which owns directory "{self.directory}"'

    def consumer(self, group: str, member: str) -> EmbeddedConsumer:
        """Return a consumer of the group of a push query."""
        self._check_transient([group])
        return super().consumer(group, member)

    def producer(self, identity: str) -> EmbeddedProducer:
        """Return a producer of a push query."""
        self._check_transient([identity])
        return super().producer(identity)

    def topics(self) -> Mapping[str, TopicConfig]:
        """Return all topics, as of now."""
        with self._core.changed:
            self._look_now()
            return {**self._followed.view.topics, **self._view.topics}

    def create(self, topics: Sequence[TopicConfig]) -> None:
        """Create topics of push queries."""
        self._check_transient(topic.name for topic in topics)
        super().create(topics)

    def delete(self, topics: Sequence[str]) -> None:
        """Delete topics of push queries."""
        self._check_transient(topics)
        super().delete(topics)

    def purge(self, before: Mapping[TopicPartition, int]) -> None:
        """Delete records of push queries."""
        self._check_transient(partition.topic for partition in before)
        super().purge(before)

    def forget(self, application: str) -> None:
        """Remove a push query."""
        self._check_transient([application])
        super().forget(application)

    def groups(self) -> Collection[str]:
        """Return the groups that have committed something."""
        with self._core.changed:
            self._look_now()
            followed = self._followed.reading(self._followed.view.groups)
            return {*followed, *self._view.groups()}

    def group_offsets(
        self, group: str, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, Committed]:
        """Return what the group has committed in the partitions."""
        if is_of_push_query(group):
            return super().group_offsets(group, partitions)
        with self._core.changed:
            self._look_now()
            offsets = self._followed.reading(lambda: self._followed.view.group_offsets(group))
        return {p: offsets[p] for p in partitions if p in offsets}

    def append(
        self,
        topic: str,
        records: Iterable[tuple[bytes | None, bytes | None, int, Sequence[Header]]],
        partition: int | None = None,
    ) -> bool:
        """Leave (key, value, timestamp_ms, headers) records for the owner, and wait a little."""
        if is_of_push_query(topic):
            return super().append(topic, records, partition)
        with self._core.changed:
            self._look_now()
            if partition is None:
                self._view.partitions(topic)
            else:
                self._view.bounds_of(TopicPartition(topic, partition))
        with closing(InboxWriter(self.directory)) as writer:
            writer.append(topic, records, partition)
        return self.taken(writer)

    def taken(self, writer: InboxWriter) -> bool:
        """Whether the owner has taken in what a closed writer has left; waits while it may."""
        deadline = time.monotonic() + _TAKEN_SECONDS
        while not writer.is_taken():
            if time.monotonic() >= deadline or noted_owner(self.directory) is None:
                return writer.is_taken()
            time.sleep(0.005)
        return True

    def close(self) -> None:
        """Stop following."""
        with self._core.changed:
            self._followed.close()
            self._view.database.close()

    def _look(self) -> None:
        self._followed.glance()

    def _look_now(self) -> None:
        self._followed.look()

    def _check_transient(self, names: Iterable[str]) -> None:
        for name in names:
            if not is_of_push_query(name):
                raise EngineError(f'"{name}" can be changed by {self.owner}, and not from here')


class _TransientView(WritableView):
    """Topics, logs and offsets of push queries, in front of the topics of the owner."""

    def __init__(self, database: TransientDatabase, behind: FollowedTopics) -> None:
        super().__init__(database)
        self._behind = behind

    def partitions(self, topic: str) -> int:
        """Return the number of partitions of a topic that must exist."""
        if topic in self.topics:
            return super().partitions(topic)
        return self._known(topic).partitions(topic)

    def bounds_of(self, partition: TopicPartition) -> Bounds:
        """Return the bounds of a partition that must exist."""
        if partition.topic in self.topics:
            return super().bounds_of(partition)
        return self._known(partition.topic).bounds_of(partition)

    def read(
        self, partition: TopicPartition, offset: int, max_records: int
    ) -> tuple[list[Message], int]:
        """Return records from the offset on, and the position behind them."""
        if partition.topic in self.topics:
            return super().read(partition, offset, max_records)
        view = self._known(partition.topic)
        return self._behind.reading(lambda: view.read(partition, offset, max_records))

    def _known(self, topic: str) -> EmbeddedView:
        """Return the view of the owner's topics, as of now when it has not got the topic."""
        if topic not in self._behind.view.topics:
            self._behind.look()
        return self._behind.view

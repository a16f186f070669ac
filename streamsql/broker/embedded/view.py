"""Topics, logs and offsets in an embedded broker's database, for its owner and followers alike."""

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache

from streamsql.broker.embedded.batches import decode_batch
from streamsql.broker.embedded.database import (
    Database,
    StoredTopics,
    log_prefix,
    meta_key,
    partition_suffix,
    split_partition,
)
from streamsql.broker.errors import no_partition, no_topic, out_of_range
from streamsql.broker.message import StoredMessage
from streamsql.broker.ports import Committed, Message, TopicConfig, TopicPartition

_BOUNDS = struct.Struct(">QQQQ")
_OFFSET = struct.Struct(">Q")
_LEFTOVERS = 64
"""Partly read batches remembered, so that small polls do not decode a batch again and again."""


_GROUPS = b"g\0"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a partition's log begins and ends, and how far it is compacted.

    Attributes:
        start: The first offset still there.
        end: The offset of the next record.
        clean: Before it, each key occurs once.
        live: How many records there are before ``clean``.
    """

    start: int = 0
    end: int = 0
    clean: int = 0
    live: int = 0

    def encode(self) -> bytes:
        """Return the bytes of the entry."""
        return _BOUNDS.pack(self.start, self.end, self.clean, self.live)

    def is_continued_by(self, later: "Bounds | None") -> bool:
        """Whether nothing but appending has happened in between."""
        if later is None or later.end < self.end:
            return False
        return (later.start, later.clean) == (self.start, self.clean)


def partition_key(partition: TopicPartition) -> bytes:
    """Return the key of a partition's bounds."""
    return b"p\0" + partition_suffix(partition)


def group_prefix(group: str) -> bytes:
    """Return what the keys of a group's offsets begin with."""
    return meta_key("g", group, "")


def encode_committed(at: Committed) -> bytes:
    """Return the bytes of a committed position."""
    return _OFFSET.pack(at.offset) + at.metadata.encode()


def encode_topic(config: TopicConfig) -> bytes:
    """Return the bytes of a topic's configuration."""
    return json.dumps(asdict(config)).encode()


@lru_cache(maxsize=4096)  # a follower learns them anew with every commit of the owner
def _decode_topic(value: bytes) -> TopicConfig:
    return TopicConfig(**json.loads(value))


class EmbeddedView:
    """Topics, logs and offsets as of the last commit seen."""

    def __init__(self, database: StoredTopics) -> None:
        self.database = database
        self.topics: dict[str, TopicConfig] = {}
        self.bounds: dict[TopicPartition, Bounds] = {}
        self._leftovers: dict[tuple[TopicPartition, int], list[StoredMessage]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Learn topics and bounds from the database."""
        before = self.bounds
        self.topics = {
            name.decode(): _decode_topic(value) for name, value in self.database.metas(b"t\0")
        }
        self.bounds = {
            split_partition(suffix): Bounds(*_BOUNDS.unpack(value))
            for suffix, value in self.database.metas(b"p\0")
        }
        for partition in {partition for partition, _ in self._leftovers}:
            if not before[partition].is_continued_by(self.bounds.get(partition)):
                self.forget_leftovers(partition)

    def partitions(self, topic: str) -> int:
        """Return the number of partitions of a topic that must exist."""
        config = self.topics.get(topic)
        if config is None:
            raise no_topic(topic)
        return config.partitions

    def bounds_of(self, partition: TopicPartition) -> Bounds:
        """Return the bounds of a partition that must exist."""
        found = self.bounds.get(partition)
        if found is None:
            self.partitions(partition.topic)
            raise no_partition(partition)
        return found

    def starts(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the first offset still there."""
        return {partition: self.bounds_of(partition).start for partition in partitions}

    def ends(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the offset of the next record."""
        return {partition: self.bounds_of(partition).end for partition in partitions}

    def visible_end(self, partition: TopicPartition) -> int:
        """Return the end: nothing uncommitted is in a log."""
        return self.bounds_of(partition).end

    def read(
        self, partition: TopicPartition, offset: int, max_records: int
    ) -> tuple[list[Message], int]:
        """Return records from the offset on, and the position behind them."""
        bounds = self.bounds_of(partition)
        if not bounds.start <= offset <= bounds.end:
            raise out_of_range(partition, offset, bounds.start, bounds.end)
        if offset == bounds.end:
            return [], offset
        found = self._leftovers.pop((partition, offset), [])
        if len(found) < max_records:
            # Behind a leftover the next batch begins, or a gap.
            behind = found[-1].offset() + 1 if found else offset
            for base, batch in self.database.batches(log_prefix(partition), behind, bounds.end):
                records = decode_batch(*partition, base, batch)
                if base < behind:
                    records = [record for record in records if record.offset() >= behind]
                found += records
                if len(found) >= max_records:
                    break
            else:
                if len(found) <= max_records:
                    return list(found), bounds.end
        return self._cut(partition, found, max_records)

    def _cut(
        self, partition: TopicPartition, found: list[StoredMessage], max_records: int
    ) -> tuple[list[Message], int]:
        taken, left = found[:max_records], found[max_records:]
        if not left:
            return list(taken), taken[-1].offset() + 1
        position = left[0].offset()
        if len(self._leftovers) >= _LEFTOVERS:
            self._leftovers.clear()
        self._leftovers[partition, position] = left
        return list(taken), position

    def forget_leftovers(self, partition: TopicPartition) -> None:
        """Drop what is remembered of a log that is being rewritten or deleted."""
        for key in [key for key in self._leftovers if key[0] == partition]:
            self._leftovers.pop(key, None)

    def group_offsets(self, group: str) -> Mapping[TopicPartition, Committed]:
        """Return what the group has committed."""
        return {
            split_partition(suffix): Committed(
                _OFFSET.unpack_from(value)[0], value[_OFFSET.size :].decode()
            )
            for suffix, value in self.database.metas(group_prefix(group))
        }

    def groups(self) -> set[str]:
        """Return the groups that have committed something."""
        return {key.split(b"\0", 1)[0].decode() for key, _ in self.database.metas(_GROUPS)}

    def slowest(self, partition: TopicPartition) -> int | None:
        """Return the least position that any group has committed in the partition."""
        positions = (_OFFSET.unpack_from(value)[0] for _, value in self._committed(partition))
        return min(positions, default=None)

    def committed_keys(self, partition: TopicPartition) -> list[bytes]:
        """Return the keys of all groups' positions in the partition."""
        return [key for key, _ in self._committed(partition)]

    def _committed(self, partition: TopicPartition) -> Iterator[tuple[bytes, bytes]]:
        """Yield (key, value) of each group's position in the partition."""
        suffix = b"\0" + partition_suffix(partition)
        for key, value in self.database.metas(_GROUPS):
            if key.endswith(suffix):
                yield _GROUPS + key, value


class WritableView(EmbeddedView):
    """A view of the database that this process writes."""

    database: Database

    def __init__(self, database: Database) -> None:
        super().__init__(database)

"""Writing the logs of an embedded broker: append, purge, retention, compaction.

Everything is written through a :class:`LogWrite`, which becomes visible as a whole: first in the
database, then in the bounds that readers go by.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from streamsql.broker.embedded.batches import (
    MAXIMUM_RECORDS,
    Sent,
    appended_ms,
    decode_batch,
    encode_batch,
)
from streamsql.broker.embedded.database import (
    AtomicWrite,
    StoredTopics,
    behind_prefix,
    log_key,
    log_prefix,
)
from streamsql.broker.embedded.view import Bounds, WritableView, partition_key
from streamsql.broker.message import StoredMessage
from streamsql.broker.ports import TopicPartition
from streamsql.types.record import Header

_MAXIMUM_BYTES = 1024 * 1024
_WORTH_COMPACTING = 10_000
"""Records appended to a compacted partition before it is compacted for the first time."""


def wall_clock_ms() -> int:
    """Return the time of day in milliseconds."""
    return time.time_ns() // 1_000_000


class LogWrite:
    """One atomic change of the database that may append to logs."""

    def __init__(self, view: WritableView, now_ms: int) -> None:
        self.changes = AtomicWrite(view.database)
        self._view = view
        self._now_ms = now_ms
        self._bounds: dict[TopicPartition, Bounds] = {}

    def append(
        self,
        partition: TopicPartition,
        records: Sequence[Sent],
        headers: Sequence[Sequence[Header]] | None = None,
    ) -> None:
        """Append records to a partition."""
        bounds = self._bounds_of(partition)
        prefix = log_prefix(partition)
        end = bounds.end
        for first, behind in _stretches(records):
            batch = encode_batch(
                records[first:behind],
                self._now_ms,
                headers=None if headers is None else headers[first:behind],
            )
            self.changes.put_log(log_key(prefix, end), batch)
            end += behind - first
        self.set_bounds(partition, replace(bounds, end=end))

    def set_bounds(self, partition: TopicPartition, bounds: Bounds) -> None:
        """Move the bounds of a partition."""
        self._bounds[partition] = bounds
        self.changes.put_meta(partition_key(partition), bounds.encode())

    def drop_before(self, partition: TopicPartition, start: int, base: int) -> None:
        """Let a partition begin at ``start``; whole batches before ``base`` are deleted."""
        prefix = log_prefix(partition)
        self.changes.delete_log(log_key(prefix, 0), log_key(prefix, base))
        self.set_bounds(partition, replace(self._bounds_of(partition), start=start))

    def drop(self, partition: TopicPartition) -> None:
        """Delete a partition."""
        prefix = log_prefix(partition)
        self.changes.delete_log(prefix, behind_prefix(prefix))
        self.changes.delete_meta(partition_key(partition))

    def publish(self, *, sync: bool) -> None:
        """Write everything; from now on readers see it."""
        self._view.database.write(self.changes, sync=sync)
        self._view.bounds.update(self._bounds)

    def _bounds_of(self, partition: TopicPartition) -> Bounds:
        return self._bounds.get(partition) or self._view.bounds_of(partition)


class Cleaner:
    """Deletes what retention has overtaken, and compacts.

    Retention counts from the moment of the append, not from the timestamp of the record: history
    that is loaded today is not deleted today.
    """

    def __init__(self, view: WritableView, now_ms: Callable[[], int], interval_ms: int) -> None:
        self._view = view
        self._now_ms = now_ms
        self._interval_ms = interval_ms
        self._next_ms = 0

    def run(self, appended: Sequence[TopicPartition] = ()) -> None:
        """Compact what has grown enough by the last append; now and then, apply retention."""
        for partition in appended:
            if self._worth_compacting(partition):
                self.compact(partition)
        now_ms = self._now_ms()
        if now_ms >= self._next_ms:
            self._next_ms = now_ms + self._interval_ms
            self.expire()

    def expire(self) -> None:
        """Delete the batches that are older than their topic's retention."""
        now_ms = self._now_ms()
        for partition, bounds in list(self._view.bounds.items()):
            retention_ms = self._view.topics[partition.topic].retention_ms
            if retention_ms is not None and retention_ms >= 0 and bounds.start < bounds.end:
                kept = self._first_younger(partition, bounds, now_ms - retention_ms)
                if kept > bounds.start:
                    self._drop_before(partition, kept)

    def purge(self, partition: TopicPartition, before: int) -> None:
        """Delete the records before an offset."""
        bounds = self._view.bounds_of(partition)
        start = min(before, bounds.end)
        if start > bounds.start:
            self._drop_before(partition, start)

    def compact(self, partition: TopicPartition) -> None:
        """Keep the last record of each key.

        A tombstone goes once it has been through a compaction and every group has read it. Offsets
        stay; the bytes are written anew, in full batches.
        """
        view, bounds = self._view, self._view.bounds_of(partition)
        slowest = view.slowest(partition)
        forget_before = bounds.clean if slowest is None else min(bounds.clean, slowest)
        last: dict[bytes | None, StoredMessage] = {}
        for record in _records(view.database, partition, bounds):
            last.pop(record.key(), None)
            last[record.key()] = record
        kept = [r for r in last.values() if r.value() is not None or r.offset() >= forget_before]
        write = LogWrite(view, self._now_ms())
        prefix = log_prefix(partition)
        write.changes.delete_log(log_key(prefix, 0), log_key(prefix, bounds.end))
        for base, batch in _rewritten(kept, self._now_ms()):
            write.changes.put_log(log_key(prefix, base), batch)
        write.set_bounds(partition, replace(bounds, clean=bounds.end, live=len(kept)))
        write.publish(sync=False)
        view.forget_leftovers(partition)

    def _worth_compacting(self, partition: TopicPartition) -> bool:
        if not self._view.topics[partition.topic].compacted:
            return False
        bounds = self._view.bounds_of(partition)
        return bounds.end - bounds.clean > max(_WORTH_COMPACTING, bounds.live)

    def _first_younger(self, partition: TopicPartition, bounds: Bounds, limit_ms: int) -> int:
        prefix = log_prefix(partition)
        for base, batch in self._view.database.batches(prefix, bounds.start, bounds.end):
            if appended_ms(batch) >= limit_ms:
                return max(base, bounds.start)
        return bounds.end

    def _drop_before(self, partition: TopicPartition, start: int) -> None:
        prefix = log_prefix(partition)
        end = self._view.bounds_of(partition).end
        holding = next(self._view.database.batches(prefix, start, end), (start, b""))[0]
        write = LogWrite(self._view, self._now_ms())
        write.drop_before(partition, start, min(holding, start))
        write.publish(sync=False)
        self._view.forget_leftovers(partition)


def _stretches(records: Sequence[Sent]) -> Iterator[tuple[int, int]]:
    """Yield (first, behind) of stretches that make good batches."""
    for first in range(0, len(records), MAXIMUM_RECORDS):
        behind = min(first + MAXIMUM_RECORDS, len(records))
        size = sum(len(value) for _, value, _ in records[first:behind] if value)
        step = max(1, (behind - first) * _MAXIMUM_BYTES // size) if size > _MAXIMUM_BYTES else 0
        if not step:
            yield first, behind
            continue
        for inner in range(first, behind, step):
            yield inner, min(inner + step, behind)


def _records(
    database: StoredTopics, partition: TopicPartition, bounds: Bounds
) -> Iterator[StoredMessage]:
    for base, batch in database.batches(log_prefix(partition), bounds.start, bounds.end):
        for record in decode_batch(*partition, base, batch):
            if record.offset() >= bounds.start:
                yield record


def _rewritten(records: Sequence[StoredMessage], now_ms: int) -> Iterator[tuple[int, bytes]]:
    """Yield (base offset, batch) of records whose offsets have gaps."""
    for first in range(0, len(records), MAXIMUM_RECORDS):
        stretch = records[first : first + MAXIMUM_RECORDS]
        base = stretch[0].offset()
        headers = [record.headers() or () for record in stretch]
        yield (
            base,
            encode_batch(
                [(record.key(), record.value(), record.timestamp()[1]) for record in stretch],
                now_ms,
                headers=headers if any(headers) else None,
                offsets=[record.offset() - base for record in stretch],
            ),
        )

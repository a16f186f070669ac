"""Bringing a task's storage up to the end of its changelogs.

The target is the high watermark, not the last stable offset: what a transaction that is still being
decided has written may become part of the state. The committed offsets were read before (which
waits for that decision), so every record below the target is decided when it is read. The end is a
position, since the last offsets may be control records.
"""

from collections.abc import Iterator, Mapping, Sequence

from streamsql.broker.ports import Broker, TopicPartition
from streamsql.errors import TaskCorrupted
from streamsql.runtime.failpoints import failpoint
from streamsql.runtime.metrics import Metrics
from streamsql.state.storage import LocalStorage

CHECKPOINT = "checkpoint/"
"""Prefix of the meta entries that hold, by changelog topic, the next offset to restore from."""

_SLICE = 10_000


def restore(
    broker: Broker,
    storage: LocalStorage,
    changelogs: Mapping[TopicPartition, str],
    metrics: Metrics,
    task: str,
) -> Iterator[None]:
    """Replay the changelogs from their checkpoints into the storage; yield after each slice.

    Args:
        changelogs: Store by changelog partition.

    Raises:
        TaskCorrupted: A checkpoint points to records that are gone, or that never were.
    """
    positions = _checkpoints(broker, storage, tuple(changelogs), task)
    targets = broker.ends(tuple(changelogs), committed=False)
    left = {p: end for p, end in targets.items() if positions[p] < end}
    if not left:
        return
    reader = broker.reader()
    try:
        reader.assign({partition: positions[partition] for partition in left})
        while left:
            polled = reader.poll(_SLICE, 100)
            for partition, messages in polled.messages.items():
                changes: dict[bytes, bytes | None] = {}
                for message in messages:
                    key = message.key()
                    assert key is not None, "changelog records have keys"
                    changes[key] = message.value()
                positions[partition] = messages[-1].offset() + 1
                metrics.restored += len(messages)
                _write(storage, changelogs[partition], partition, changes, positions[partition])
            for partition, end in polled.ends.items():
                if end > positions[partition]:
                    positions[partition] = end
                    _write(storage, changelogs[partition], partition, {}, end)
            left = {p: end for p, end in left.items() if positions[p] < end}
            yield
    finally:
        reader.close()


def _write(
    storage: LocalStorage,
    store: str,
    partition: TopicPartition,
    changes: Mapping[bytes, bytes | None],
    position: int,
) -> None:
    """Write a slice and the position after it in one batch."""
    storage.write({store: changes}, {CHECKPOINT + partition.topic: str(position).encode()})
    failpoint("restore-written")


def _checkpoints(
    broker: Broker, storage: LocalStorage, partitions: Sequence[TopicPartition], task: str
) -> dict[TopicPartition, int]:
    """Return where to start on each changelog: the checkpoint, or the log's start without one."""
    starts = broker.starts(partitions)
    ends = broker.ends(partitions, committed=False)
    positions = {}
    for partition in partitions:
        noted = storage.meta(CHECKPOINT + partition.topic)
        position = starts[partition] if noted is None else int(noted)
        if noted is not None and not starts[partition] <= position <= ends[partition]:
            raise TaskCorrupted(
                f'the checkpoint {position} of changelog "{partition.topic}" '
                f"is outside {starts[partition]}..{ends[partition]}",
                task,
            )
        positions[partition] = position
    return positions

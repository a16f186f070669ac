"""Reading topics outside any query: up to an end, in order of partitions."""

from collections.abc import Iterator, Mapping, Sequence

from streamsql.broker.ports import Broker, Message, TopicPartition
from streamsql.errors import EngineError

_SLICE = 5_000
_TIMEOUT_MS = 100
_SILENT_POLLS = 300


def partitions_of(broker: Broker, topic: str) -> list[TopicPartition]:
    """Return the partitions of a topic.

    Raises:
        EngineError: There is no such topic.
    """
    config = broker.topics().get(topic)
    if config is None:
        raise EngineError(f'topic "{topic}" does not exist')
    return [TopicPartition(topic, number) for number in range(config.partitions)]


def read_to_end(
    broker: Broker, partitions: Sequence[TopicPartition], first: int = 0
) -> Iterator[Message]:
    """Yield every committed record that is there now, partition after partition.

    Args:
        first: The offset to begin at, where there are earlier ones.

    Raises:
        EngineError: The broker stops answering.
    """
    starts = broker.starts(partitions)
    ends = broker.ends(partitions, committed=True)
    for partition in partitions:
        start = max(starts[partition], first)
        yield from _read(broker, {partition: start}, {partition: ends[partition]})


def read_on(broker: Broker, partition: TopicPartition, position: int) -> tuple[list[Message], int]:
    """Return the committed records from a position on, and the end: where to go on.

    Raises:
        EngineError: The broker stops answering.
    """
    end = broker.ends([partition], committed=True)[partition]
    if end == position:
        return [], end
    start = max(position, broker.starts([partition])[partition])
    return list(_read(broker, {partition: start}, {partition: end})), end


def _read(
    broker: Broker, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> Iterator[Message]:
    """Yield the records between the positions; the end may lie behind control records."""
    left = {p: end for p, end in ends.items() if starts[p] < end}
    if not left:
        return
    reader = broker.reader()
    silent = 0
    try:
        reader.assign({partition: starts[partition] for partition in left})
        while left:
            polled = reader.poll(_SLICE, _TIMEOUT_MS)
            silent = 0 if polled.messages or polled.ends else silent + 1
            if silent > _SILENT_POLLS:
                raise EngineError(f'topic "{next(iter(left)).topic}" cannot be read to its end')
            for partition, messages in polled.messages.items():
                end = left.get(partition, -1)
                for message in messages:
                    if message.offset() < end:
                        yield message
                if messages[-1].offset() + 1 >= end:
                    left.pop(partition, None)
            for partition, position in polled.ends.items():
                if position >= left.get(partition, -1):
                    left.pop(partition, None)
    finally:
        reader.close()

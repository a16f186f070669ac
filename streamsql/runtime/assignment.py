"""Which tasks a set of partitions makes, and where they begin to read."""

from collections.abc import Iterable, Mapping

from streamsql.broker.ports import Broker, Committed, TopicPartition
from streamsql.formats.serdes import Serdes
from streamsql.runtime.event_time import (
    TimestampOf,
    message_timestamp,
    timestamp_reader,
    transport_time,
)
from streamsql.runtime.layout import Layout
from streamsql.runtime.task import TaskId
from streamsql.topology.nodes import OffsetReset, StreamSource, TableSource


class Assignments:
    """The tasks of a layout, and which of them the partitions at hand complete."""

    def __init__(self, layout: Layout, serdes: Serdes) -> None:
        self._inputs: dict[TaskId, tuple[TopicPartition, ...]] = {}
        for part in layout.parts:
            for partition in range(layout.partitions[part.index]):
                self._inputs[TaskId(part.index, partition)] = tuple(
                    TopicPartition(topic, partition) for topic in layout.inputs[part.index]
                )
        self._owners = {p: task for task, inputs in self._inputs.items() for p in inputs}
        self._layout = layout
        self._serdes = serdes

    def inputs(self, task: TaskId) -> tuple[TopicPartition, ...]:
        """Return the partitions that the task reads."""
        return self._inputs[task]

    def complete(self, partitions: Iterable[TopicPartition]) -> list[TaskId]:
        """Return the tasks of which all partitions are among these, in order."""
        at_hand = set(partitions)
        touched = {self._owners[p] for p in at_hand if p in self._owners}
        return sorted(task for task in touched if at_hand.issuperset(self._inputs[task]))

    def touched(self, partitions: Iterable[TopicPartition]) -> list[TaskId]:
        """Return the tasks of which a partition is among these, in order."""
        return sorted({self._owners[p] for p in partitions if p in self._owners})

    def positions(
        self, task: TaskId, committed: Mapping[TopicPartition, Committed], broker: Broker
    ) -> dict[TopicPartition, int]:
        """Return where the task reads on; without a committed offset, where its sources begin."""
        positions = {p: committed[p].offset for p in self._inputs[task] if p in committed}
        new = [p for p in self._inputs[task] if p not in positions]
        if new:
            latest = [p for p in new if self._reset(p.topic) is OffsetReset.LATEST]
            earliest = [p for p in new if p not in latest]
            positions.update(broker.starts(earliest) if earliest else {})
            positions.update(broker.ends(latest, committed=True) if latest else {})
        return positions

    def timestamps(self, task: TaskId) -> dict[TopicPartition, TimestampOf]:
        """Return how the records of each partition of the task are ordered in time.

        At equal times tables go before streams, then the order of the topology decides.
        """
        readers: dict[TopicPartition, TimestampOf] = {}
        for partition in sorted(self._inputs[task], key=self._rank):
            timed = [s for s in self._sources(partition.topic) if s.timestamp is not None]
            time_of = timestamp_reader(timed[0], self._serdes) if timed else message_timestamp
            written = partition.topic in self._layout.writers
            readers[partition] = transport_time if written and not timed else time_of
        return readers

    def _rank(self, partition: TopicPartition) -> tuple[bool, int]:
        ranks = [
            (not self._layout.topology.is_table(node.name), number)
            for number, node in enumerate(self._layout.topology.nodes.values())
            if self._layout.topic_read(node) == partition.topic
        ]
        return min(ranks)

    def _sources(self, topic: str) -> list[StreamSource | TableSource]:
        return [source for source in self._layout.topology.sources() if source.topic == topic]

    def _reset(self, topic: str) -> OffsetReset:
        """Return where to begin on the topic: at its start if any of its readers wants that."""
        resets = [source.reset for source in self._sources(topic)]
        if resets and all(reset is OffsetReset.LATEST for reset in resets):
            return OffsetReset.LATEST
        return OffsetReset.EARLIEST

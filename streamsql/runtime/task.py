"""A task: one sub-topology on one partition of its topics, with its state.

A task is made for the time between two faults: after an abort its stores and processors are thrown
away and made anew on the committed state, so no processor needs to know how to undo anything.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import lt

import msgspec

from streamsql.broker.ports import Committed, Message, TopicPartition
from streamsql.errors import EngineError, StreamSQLError
from streamsql.runtime.build import ProcessMessages, Processors
from streamsql.runtime.failures import located
from streamsql.runtime.metrics import Metrics
from streamsql.runtime.partition_group import PartitionGroup
from streamsql.runtime.wiring import Wiring
from streamsql.state.buffered import BufferedStore
from streamsql.state.storage import Changes


@dataclass(frozen=True, slots=True, order=True)
class TaskId:
    """The sub-topology's index and the partition."""

    part: int
    partition: int

    def __str__(self) -> str:
        return f"{self.part}_{self.partition}"


@dataclass(frozen=True, slots=True)
class TaskInputs:
    """Where a task reads.

    Attributes:
        positions: Next offset by partition.
        timestamps: How the records of each partition are ordered in time.
        derived: Partitions that the application writes itself, of a task that reads others as well:
            that such a partition is empty says nothing while what writes it is behind.
    """

    positions: Mapping[TopicPartition, int]
    timestamps: Mapping[TopicPartition, Callable[[Message], int]]
    derived: frozenset[TopicPartition] = frozenset()


class Task:
    """Processes the records of its partitions, lowest timestamp first."""

    def __init__(
        self,
        identity: TaskId,
        inputs: TaskInputs,
        processors: Processors,
        wiring: Wiring,
        metrics: Metrics,
    ) -> None:
        self.id = identity
        self._group = PartitionGroup(inputs.timestamps)
        self._processors = processors
        self._process = {
            p: _in_order(processors.sources.get(p.topic, ())) for p in inputs.positions
        }
        self._wiring = wiring
        stores = wiring.stores.values()
        self._caches = [store for store in stores if isinstance(store, BufferedStore)]
        self._metrics = metrics
        self._positions = dict(inputs.positions)
        self._next = dict(inputs.positions)
        self._committed = dict(inputs.positions)
        self._derived = inputs.derived
        self._ends: dict[TopicPartition, int] = {}
        self.uncommitted = 0
        self.moved = False

    @property
    def partitions(self) -> Sequence[TopicPartition]:
        """The partitions that the task reads."""
        return tuple(self._positions)

    @property
    def stores(self) -> Mapping[str, object]:
        """The state stores by name."""
        return self._wiring.stores

    def next_offset(self, partition: TopicPartition) -> int:
        """Return the offset before which every record of the partition has come."""
        return self._next[partition]

    def goes_on_with(self, partition: TopicPartition, messages: Sequence[Message]) -> bool:
        """Tell whether the offsets of the messages rise from where the partition is read to.

        Without gaps the first and the last tell. A block that begins again has more messages than
        the offsets between them, unless gaps make up for that: only then each is looked at.
        """
        first, last = messages[0].offset(), messages[-1].offset()
        if first < self._next[partition]:
            return False
        gaps = last - first - (len(messages) - 1)
        return gaps == 0 or (gaps > 0 and _rises([message.offset() for message in messages]))

    def add(self, partition: TopicPartition, messages: Sequence[Message]) -> None:
        """Let records wait for their turn; none of them has come before."""
        self._next[partition] = messages[-1].offset() + 1
        self._ends.pop(partition, None)
        self._group.add(partition, messages)
        for derived in self._derived:
            self._group.doubt_end(derived)

    def reached_end(self, partition: TopicPartition, position: int) -> None:
        """Note that the partition is read to its end, which is ``position``."""
        self._ends[partition] = position
        if partition not in self._derived:
            self._group.reached_end(partition)
        self._pass_markers(partition)

    def doubtful(self) -> dict[TopicPartition, int]:
        """Return the ends of derived partitions that hold records of others up, if any do."""
        if not self._derived or not any(map(self._group.waiting, self._positions)):
            return {}
        return {
            partition: self._ends[partition]
            for partition in self._derived
            if partition in self._ends
            and not self._group.waiting(partition)
            and not self._group.at_end(partition)
        }

    def confirm_end(self, partition: TopicPartition) -> None:
        """Note that what writes a derived partition has written all that it had to."""
        self._group.reached_end(partition)

    def waiting(self, partition: TopicPartition) -> int:
        """Return how many records of the partition wait."""
        return self._group.waiting(partition)

    def process(self, budget: int) -> int:
        """Process about ``budget`` waiting records whose order is known; return how many.

        Raises:
            QueryFailed: The code of a query met what it does not expect.
        """
        done, partition = 0, None
        try:
            while done < budget:
                run = self._group.next_run()
                if run is None:
                    break
                partition, messages = run
                self._process[partition](messages)
                self._positions[partition] = messages[-1].offset() + 1
                done += len(messages)
                if not self._group.waiting(partition):
                    self._pass_markers(partition)
        except StreamSQLError:
            raise
        except Exception as error:
            raise located(error, partition) from error
        if done:
            self.uncommitted += done
            self.moved = True
        return done

    def _pass_markers(self, partition: TopicPartition) -> None:
        """Move the position past control records at the end of a partition."""
        end = self._ends.get(partition, -1)
        if end > self._positions[partition] and not self._group.waiting(partition):
            self._positions[partition] = end
            self.moved = True

    def uncommitted_bytes(self) -> int:
        """Estimate what the stores and the record caches hold until the next commit."""
        return sum(store.uncommitted_bytes() for store in self._wiring.stores.values())

    def cached_bytes(self) -> int:
        """Estimate what the stores keep of committed values, without the older generation."""
        return sum(cache.cached_bytes() for cache in self._caches)

    def forget_older(self) -> None:
        """Drop the older generation of the committed values that stores keep."""
        for cache in self._caches:
            cache.forget_older()

    def flush(self) -> None:
        """Forward what the processors hold back, upstream first."""
        try:
            for flush in self._processors.flushes:
                flush()
        except StreamSQLError:
            raise
        except Exception as error:
            raise located(error, None) from error

    def offsets(self) -> dict[TopicPartition, Committed]:
        """Return the positions to commit; the stream times of the operators travel with them.

        Raises:
            EngineError: A position is before the one committed last: it would be read twice.
        """
        for partition, offset in self._positions.items():
            if offset < self._committed[partition]:
                raise EngineError(
                    f'task {self.id} is at offset {offset} of topic "{partition.topic}" partition '
                    f"{partition.partition}, before its last commit at {self._committed[partition]}"
                )
        clocks = self._wiring.clocks.items()
        times = {name: clock.now for name, clock in clocks if clock.now >= 0}
        metadata = encode_times(times) if times else ""
        return {p: Committed(offset, metadata) for p, offset in self._positions.items()}

    def pending(self) -> dict[str, Changes]:
        """Return the changes of the stores since the last commit."""
        changes = {name: store.pending() for name, store in self._wiring.stores.items()}
        return {name: change for name, change in changes.items() if change}

    def committed(self) -> None:
        """Note that everything so far is committed, and in the storage."""
        for store in self._wiring.stores.values():
            store.committed()
        self._committed.update(self._positions)
        self.uncommitted = 0
        self.moved = False


def _rises(offsets: Sequence[int]) -> bool:
    return all(map(lt, offsets, islice(offsets, 1, None)))


def encode_times(times: Mapping[str, int]) -> str:
    """Return stream times as the metadata of a committed offset."""
    return msgspec.json.encode(times).decode()


def decode_times(committed: Mapping[TopicPartition, Committed]) -> dict[str, int]:
    """Return the latest stream time of each operator that was committed with the offsets."""
    times: dict[str, int] = {}
    for position in committed.values():
        if position.metadata.startswith("{"):
            noted = msgspec.json.decode(position.metadata, type=dict[str, int])
            for name, time in noted.items():
                times[name] = max(time, times.get(name, -1))
    return times


def _in_order(processes: Sequence[ProcessMessages]) -> ProcessMessages:
    """Return what the messages of a topic go through: several sources take each message in turn."""
    if len(processes) == 1:
        return processes[0]

    def one_by_one(messages: Sequence[Message]) -> None:
        for message in messages:
            single = (message,)
            for process in processes:
                process(single)

    return one_by_one

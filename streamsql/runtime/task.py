"""A task: one sub-topology on one partition of its topics, with its state.

A task is made for the time between two faults: after an abort its stores and processors are thrown
away and made anew on the committed state, so no processor needs to know how to undo anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streamsql.broker.ports import Committed, Message, TopicPartition
from streamsql.errors import StreamSQLError
from streamsql.runtime.build import ProcessMessages, Processors
from streamsql.runtime.failures import located
from streamsql.runtime.inputs import Inputs
from streamsql.runtime.metrics import Metrics
from streamsql.runtime.progress import TASK
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


class Task:
    """Processes the records of its partitions, lowest timestamp first."""

    def __init__(
        self,
        identity: TaskId,
        inputs: Inputs,
        processors: Processors,
        wiring: Wiring,
        metrics: Metrics,
    ) -> None:
        self.id = identity
        self.inputs = inputs
        self._processors = processors
        self._process = {
            p: _in_order(processors.sources.get(p.topic, ())) for p in inputs.partitions
        }
        self._wiring = wiring
        stores = wiring.stores.values()
        self._caches = [store for store in stores if isinstance(store, BufferedStore)]
        self._metrics = metrics
        self._time = wiring.clock(TASK)
        self._latest_ms = 0
        self.uncommitted = 0

    @property
    def time_ms(self) -> int:
        """The latest time that was processed; -1 before."""
        return self._time.now

    @property
    def moved(self) -> bool:
        """Whether there is something to commit."""
        return self.inputs.moved

    @property
    def stores(self) -> Mapping[str, object]:
        """The state stores by name."""
        return self._wiring.stores

    def process(self, budget: int) -> int:
        """Process about ``budget`` waiting records whose order is known; return how many.

        Raises:
            QueryFailed: The code of a query met what it does not expect.
        """
        done, partition, inputs = 0, None, self.inputs
        try:
            while done < budget:
                run = inputs.next_run()
                if run is None:
                    break
                partition = run.partition
                if run.time_ms > self._time.now and self._is_time(run.time_ms):
                    self._time.now = run.time_ms
                self._process[partition](run.messages)
                inputs.done(run)
                done += len(run.messages)
        except StreamSQLError:
            raise
        except Exception as error:
            raise located(error, partition) from error
        self.uncommitted += done
        return done

    def _is_time(self, time_ms: int) -> bool:
        """Tell whether a time is not too far ahead of the clock, which is asked when needed."""
        if time_ms > self._latest_ms:
            self._latest_ms = self._processors.latest_ms()
        return time_ms <= self._latest_ms

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
        """Return the positions to commit, with the stream times of the task and its operators."""
        clocks = self._wiring.clocks.items()
        return self.inputs.offsets({name: clock.now for name, clock in clocks if clock.now >= 0})

    def pending(self) -> dict[str, Changes]:
        """Return the changes of the stores since the last commit."""
        changes = {name: store.pending() for name, store in self._wiring.stores.items()}
        return {name: change for name, change in changes.items() if change}

    def committed(self) -> None:
        """Note that everything so far is committed, and in the storage."""
        for store in self._wiring.stores.values():
            store.committed()
        self.inputs.committed()
        self.uncommitted = 0


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

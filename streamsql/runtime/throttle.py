"""Pausing what runs ahead, so that what waits in memory has a bound.

A partition in the order of offsets is paused when many of its records wait. One that is sorted is
never: the records of the writer that is behind, for which all others wait, are further on in it.
There the writers that are ahead are slowed down: a worker that holds many records back reads no
more for those of its tasks whose time is beyond what it waits for.
"""

from collections.abc import Collection, Mapping

from streamsql.broker.ports import Consumer, TopicPartition
from streamsql.runtime.task import Task


class Throttle:
    """Pauses and resumes the partitions of one worker."""

    def __init__(self, most_waiting: int = 10_000, most_held: int = 100_000) -> None:
        """Keep to these numbers of records, about.

        Args:
            most_waiting: Of one partition in the order of offsets.
            most_held: Of all sorted partitions, for the sake of writers that are behind.
        """
        self._most_waiting = most_waiting
        self._most_held = most_held
        self._paused: set[TopicPartition] = set()
        self._is_slowing = False

    def regulate(
        self,
        consumer: Consumer,
        readers: Mapping[TopicPartition, Task],
        tasks: Collection[Task],
    ) -> None:
        """Pause what has run ahead, and resume what has come down."""
        behind = self._behind(tasks)
        if behind is None and not self._paused and len(readers) == len(tasks):
            return  # every task has one partition: nothing but what is sorted ever waits
        for partition, task in readers.items():
            if task.inputs.is_sorted(partition):
                continue
            waiting = task.inputs.waiting(partition)
            ahead = behind is not None and task.time_ms > behind
            if partition not in self._paused:
                if ahead or waiting > self._most_waiting:
                    self._paused.add(partition)
                    consumer.pause([partition])
            elif not ahead and waiting < self._most_waiting // 4:
                self._paused.discard(partition)
                consumer.resume([partition])

    def forget(self, partition: TopicPartition) -> None:
        """Note that a partition is read anew, or by somebody else."""
        self._paused.discard(partition)

    def _behind(self, tasks: Collection[Task]) -> int | None:
        """Return the time for which held records wait, when there are too many of them."""
        held = sum(task.inputs.held() for task in tasks)
        if held > self._most_held:
            self._is_slowing = True
        elif held < self._most_held // 4:
            self._is_slowing = False
        if not self._is_slowing:
            return None
        return min((task.inputs.behind_ms() for task in tasks if task.inputs.held()), default=None)

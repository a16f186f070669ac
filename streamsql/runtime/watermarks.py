"""How far in event time the tasks are that write what a task reads.

The time of a task is committed with its positions, in the transaction of its results. So what a
group has committed tells for every task: *nothing that it has still to write is older than this*
(late records apart, which are late for everybody). The watermark of a partition is the least time
of the tasks that write it. Tasks that have worked off everything that is there count no more: an
idle input holds nobody up.

A look at the broker is three questions in this order: where the outside inputs end, what the group
has committed, where the topics end that the application writes itself. What the second answer says
is written holds, for a reader, from the third answer's end of its partition on.
"""

import logging
from collections.abc import Callable, Mapping, Sequence

from streamsql.broker.ports import Broker, TopicPartition
from streamsql.errors import EngineError
from streamsql.runtime.inputs import Watermark
from streamsql.runtime.layout import Layout
from streamsql.runtime.partition_group import NEVER, UNKNOWN
from streamsql.runtime.progress import TASK, PartitionNote
from streamsql.runtime.task import Task, TaskId
from streamsql.runtime.upstream import Upstream

_LOOK_MS = 10
"""A look takes some milliseconds."""

_log = logging.getLogger(__name__)


class Watermarks:
    """Tells the tasks of a worker how far the writers of their inputs are."""

    def __init__(
        self,
        broker: Broker,
        layout: Layout,
        upstream: Upstream,
        clock_ms: Callable[[], float],
        commit_interval_ms: float,
    ) -> None:
        """Look at the broker twice in a commit interval while somebody waits."""
        self._broker = broker
        self._layout = layout
        self._upstream = upstream
        self._clock_ms = clock_ms
        self._interval_ms = min(commit_interval_ms, max(_LOOK_MS, commit_interval_ms / 2))
        self._looked_ms = clock_ms() - self._interval_ms
        self.is_awaited = False
        """Whether a task waits for a watermark to move."""

    def look(self, tasks: Mapping[TaskId, Task]) -> None:
        """Tell the tasks that wait, when it is time to look again."""
        waiting = {
            identity: found for identity, t in tasks.items() if (found := t.inputs.awaited())
        }
        self.is_awaited = bool(waiting)
        if not waiting or self._clock_ms() - self._looked_ms < self._interval_ms:
            return
        self._looked_ms = self._clock_ms()
        try:
            view = _View(self._broker, self._layout, self._upstream, waiting)
        except EngineError as error:
            _log.warning("the writers of what is read cannot be asked for their time: %s", error)
            return
        for identity, partitions in waiting.items():
            for partition in partitions:
                tasks[identity].inputs.advance(partition, view.watermark(partition, identity.part))


class _View:
    """What one look at the broker has found."""

    def __init__(
        self,
        broker: Broker,
        layout: Layout,
        upstream: Upstream,
        waiting: Mapping[TaskId, Sequence[TopicPartition]],
    ) -> None:
        self._layout = layout
        self._upstream = upstream
        self._times: dict[TaskId, int] = {}
        self._topic_times: dict[tuple[str, int], int] = {}
        self._notes: dict[TopicPartition, PartitionNote] = {}
        above = {w for task, found in waiting.items() for p in found for w in self._above(task, p)}
        inputs = {p for part in above for p in layout.partitions_of(part)}
        inputs.update(p for found in waiting.values() for p in found)
        outside = sorted(p for p in inputs if p.topic not in layout.writers)
        inside = sorted(inputs.difference(outside))
        self._ends = dict(broker.ends(outside, committed=True) if outside else {})
        self._committed = broker.group_offsets(layout.group, inputs) if above else {}
        self._ends.update(broker.ends(inside, committed=False) if inside else {})
        begun = self._committed.keys()
        unread = [p for p in outside if above and p not in begun and self._ends[p] > 0]
        self._starts = dict(broker.starts(unread) if unread else {})

    def watermark(self, partition: TopicPartition, reader: int) -> Watermark:
        """Return how far the writers of a partition are."""
        return Watermark(self._time(partition.topic, reader), self._ends[partition])

    def _above(self, task: TaskId, partition: TopicPartition) -> set[int]:
        """Return all sub-topologies whose records reach a partition."""
        found: set[int] = set()
        ahead = set(self._upstream.writers(partition.topic, task.part))
        while ahead:
            part = ahead.pop()
            found.add(part)
            for topic in self._layout.inputs[part]:
                ahead |= self._upstream.writers(topic, part) - found
        return found

    def _time(self, topic: str, reader: int) -> int:
        """Return the least time of the tasks that write a topic."""
        found = self._topic_times.get((topic, reader))
        if found is not None:
            return found
        time = self._topic_times[topic, reader] = min(
            (
                self._task_time(TaskId(part, number), topic)
                for part in self._upstream.writers(topic, reader)
                for number in range(self._layout.partitions[part])
            ),
            default=NEVER,
        )
        return time

    def _task_time(self, task: TaskId, topic: str) -> int:
        """Return the time of what a task will next write to a topic."""
        time = self._progress_of(task)
        if time == NEVER:
            return NEVER
        time = max(UNKNOWN, time - self._upstream.delay_ms(task.part))
        names = self._upstream.exits(task.part, topic)
        return max(time, *(self._noted(task, name) for name in names))

    def _progress_of(self, task: TaskId) -> int:
        """Return the time of a task: its own, or that of its inputs when it has read them all."""
        found = self._times.get(task)
        if found is not None:
            return found
        ahead = NEVER
        for topic in self._layout.inputs[task.part]:
            if not self._is_read(TopicPartition(topic, task.partition)):
                ahead = UNKNOWN
            elif topic in self._layout.writers:
                ahead = min(ahead, self._time(topic, task.part))
        time = self._times[task] = max(ahead, self._noted(task, TASK))
        return time

    def _is_read(self, partition: TopicPartition) -> bool:
        """Tell whether the group has worked a partition off."""
        committed, end = self._committed.get(partition), self._ends[partition]
        if committed is not None:
            return committed.offset >= end
        return end == 0 or self._starts.get(partition, UNKNOWN) == end

    def _noted(self, task: TaskId, name: str) -> int:
        """Return a time that was committed with the positions of a task."""
        return max(
            self._progress(TopicPartition(topic, task.partition)).times.get(name, UNKNOWN)
            for topic in self._layout.inputs[task.part]
        )

    def _progress(self, partition: TopicPartition) -> PartitionNote:
        found = self._notes.get(partition)
        if found is None:
            committed = self._committed.get(partition)
            found = PartitionNote() if committed is None else PartitionNote.of(committed)
            self._notes[partition] = found
        return found

"""Whether a partition that the application writes itself is really at its end.

A join of a topic with something derived from a topic must not run ahead on the one side while the
other is still being made: stream time would leave its records behind. So an empty derived partition
holds the task up until everything upstream has committed what was there when the task ran dry, and
nothing has come of it. With input that stands still this makes the order of a replay that of its
timestamps, whatever the number of workers.
"""

from collections.abc import Callable, Mapping

from streamsql.broker.ports import Broker
from streamsql.runtime.completion import Completion
from streamsql.runtime.layout import Layout
from streamsql.runtime.task import Task, TaskId

_LOOK_MS = 10


class Upstream:
    """Confirms the ends of derived partitions for the tasks of a worker."""

    def __init__(self, broker: Broker, layout: Layout, clock_ms: Callable[[], float]) -> None:
        self._broker = broker
        self._layout = layout
        self._clock_ms = clock_ms
        self._ancestors = ancestors(layout)
        self._waits: dict[TaskId, Completion] = {}
        self._looked_ms = 0.0

    @property
    def is_waiting(self) -> bool:
        """Whether a task is held up."""
        return bool(self._waits)

    def confirm(self, tasks: Mapping[TaskId, Task]) -> None:
        """Confirm the ends that hold tasks up, as far as everything upstream is done."""
        held = {identity: ends for identity, t in tasks.items() if (ends := t.doubtful())}
        for identity in self._waits.keys() - held.keys():
            del self._waits[identity]
        if not held or self._clock_ms() - self._looked_ms < _LOOK_MS:
            return
        for identity, ends in held.items():
            wait = self._waits.get(identity)
            if wait is None:
                above = self._ancestors[identity.part]
                wait = self._waits[identity] = Completion(self._broker, self._layout, above)
            if wait.done() and self._broker.ends(sorted(ends), committed=False) == ends:
                del self._waits[identity]
                for partition in ends:
                    tasks[identity].confirm_end(partition)
        self._looked_ms = self._clock_ms()


def ancestors(layout: Layout) -> dict[int, frozenset[int]]:
    """Return, by sub-topology, the others whose records reach it through topics.

    Sub-topologies that feed each other are not above one another: none could ever be first.
    """
    parents = {
        part.index: {
            writer
            for topic in layout.inputs[part.index]
            for writer in layout.writers.get(topic, ())
        }
        for part in layout.parts
    }
    above: dict[int, set[int]] = {}
    for index, nearest in parents.items():
        found = above[index] = set()
        ahead = set(nearest)
        while ahead:
            parent = ahead.pop()
            found.add(parent)
            ahead |= parents[parent] - found
    return {
        index: frozenset(parent for parent in found if index not in above[parent])
        for index, found in above.items()
    }

"""State kept by the broker: a commit takes it along with outputs and offsets."""

from collections import deque
from collections.abc import Generator, Mapping, Sequence

from streamsql.broker.ports import (
    Admin,
    Producer,
    StateChanges,
    StateKeeper,
    TopicPartition,
)
from streamsql.runtime.task import TaskId
from streamsql.state.directory import SlotLock
from streamsql.state.storage import Changes, Storage
from streamsql.topology.naming import task_state


class BrokerKeeping:
    """Hands changes to the broker before its commit; there is nothing to restore."""

    def __init__(self, admin: Admin, keeper: StateKeeper, application: str) -> None:
        self._admin = admin
        self._keeper = keeper
        self._application = application

    def take_slot(self) -> SlotLock | None:
        """Share no directory."""
        return None

    def open(
        self, task: TaskId, stores: Sequence[str], *, begun: bool
    ) -> Generator[None, None, Storage]:
        """Return the state in the broker, emptied if the task has not begun.

        Offsets and state are committed together: where there are no offsets, what an earlier life
        of the application has left does not count.
        """
        state = self._keeper.state(self._name(task))
        if not begun:
            for store in stores:
                last = next(iter(deque(state.scan(store), 1)), None)
                if last is not None:
                    state.delete_range(store, b"", last[0] + b"\0")
        yield from ()
        return state

    def save(self, task: TaskId, changes: Mapping[str, Changes], producer: Producer) -> None:
        """Make the changes a part of what the producer commits."""
        if changes:
            self._keeper.keep(StateChanges(self._name(task), changes), producer)

    def committed(
        self, task: TaskId, changes: Mapping[str, Changes], ends: Mapping[TopicPartition, int]
    ) -> None:
        """Have nothing left to do."""

    def close(self, task: str) -> None:
        """Hold nothing."""

    def close_all(self) -> None:
        """Hold nothing."""

    def wipe(self, task: str) -> None:
        """Keep nothing locally."""

    def forget(self) -> None:
        """Remove the application from the broker."""
        self._admin.forget(self._application)

    def _name(self, task: TaskId) -> str:
        return task_state(self._application, task.partition)

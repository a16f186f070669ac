"""What the runtime needs of who keeps the state of an application's tasks."""

from collections.abc import Generator, Mapping, Sequence
from typing import Protocol

from streamsql.broker.ports import Producer, TopicPartition
from streamsql.runtime.task import TaskId
from streamsql.state.directory import SlotLock
from streamsql.state.storage import Changes, Storage


class StateKeeping(Protocol):
    """Keeps the state of the tasks of one worker, in the name of an application."""

    def take_slot(self) -> SlotLock | None:
        """Return a hold on a place of this host for one worker, where workers share a directory.

        Raises:
            EngineError: The directory cannot be used.
        """

    def open(
        self, task: TaskId, stores: Sequence[str], *, begun: bool
    ) -> Generator[None, None, Storage]:
        """Return the state of the task as of the last commit; yield while that takes time.

        Args:
            begun: Whether the task has ever committed.

        Raises:
            TaskCorrupted: What is there locally cannot be used.
        """

    def save(self, task: TaskId, changes: Mapping[str, Changes], producer: Producer) -> None:
        """Make the changes of the task's stores a part of the producer's transaction."""

    def committed(
        self, task: TaskId, changes: Mapping[str, Changes], ends: Mapping[TopicPartition, int]
    ) -> None:
        """Bring changes that are committed to where they are read.

        Args:
            ends: Of :meth:`Producer.ends`, before the commit.

        Raises:
            TaskCorrupted: The storage is damaged; what is missing can be restored.
        """

    def close(self, task: str) -> None:
        """Release what the task holds."""

    def close_all(self) -> None:
        """Release what any task holds."""

    def wipe(self, task: str) -> None:
        """Forget what is kept of the task locally: it is restored when it is opened again."""

    def forget(self) -> None:
        """Remove the application from the broker and from this host.

        Raises:
            EngineError: It has workers.
        """

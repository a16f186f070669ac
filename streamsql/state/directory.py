"""The state directory of an application: ``<state.dir>/<application>/<task>/``."""

from pathlib import Path
from types import TracebackType


class SlotLock:
    """A worker's hold on a slot of the directory: one process has it, until it ends."""

    def release(self) -> None:
        """Give the slot back."""
        raise NotImplementedError

    def __enter__(self) -> "SlotLock":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


class StateDirectory:
    """Where the tasks of one application keep their stores."""

    def __init__(self, state_dir: Path, application: str) -> None:
        raise NotImplementedError

    def lock_slot(self, slot: int) -> SlotLock:
        """Take the slot.

        Raises:
            EngineError: Another process holds it; the message names its pid.
        """
        raise NotImplementedError

    def free_slot(self) -> tuple[int, SlotLock]:
        """Take the lowest slot that no process holds."""
        raise NotImplementedError

    def task(self, name: str) -> Path:
        """Return the directory of the task, created when it does not exist."""
        raise NotImplementedError

    def tasks(self) -> list[str]:
        """Return the names of the tasks that have a directory, sorted."""
        raise NotImplementedError

    def wipe(self, name: str) -> None:
        """Delete the task's directory; it is moved aside first, so that no half of it remains."""
        raise NotImplementedError

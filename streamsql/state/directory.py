"""The state directory of an application: ``<state.dir>/<application>/<task>/``.

Beside the directories of tasks lie the lock files of worker slots, ``slot-<n>.lock``, each with the
pid of its worker. The operating system gives a lock up with the process, however that ends.
"""

import fcntl
import os
import shutil
import uuid
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from streamsql.errors import EngineError

_WIPED = ".wiped-"
_SLOTS = 1024


class SlotLock:
    """A worker's hold on a slot of the directory: one process has it, until it ends."""

    __slots__ = ("_descriptor", "slot")

    def __init__(self, slot: int, descriptor: int) -> None:
        self.slot = slot
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Give the slot back; a second call does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

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

    __slots__ = ("path",)

    def __init__(self, state_dir: Path, application: str) -> None:
        """Create the directory, and finish what an interrupted :meth:`wipe` began.

        Raises:
            EngineError: The directory cannot be made.
        """
        self.path = state_dir / application
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or error
            raise EngineError(f'cannot create state directory "{self.path}": {reason}') from error
        for remains in self.path.glob(f"{_WIPED}*"):
            shutil.rmtree(remains, ignore_errors=True)

    def lock_slot(self, slot: int) -> SlotLock:
        """Take the slot.

        Raises:
            EngineError: Another process holds it; the message names its pid.
        """
        path = self.path / f"slot-{slot}.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise EngineError(
                f'slot {slot} of state directory "{self.path}" is held by process {holder or "?"}'
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return SlotLock(slot, descriptor)

    def free_slot(self) -> SlotLock:
        """Take the lowest slot that nobody holds.

        Raises:
            EngineError: All slots are held.
        """
        for slot in range(_SLOTS):
            with suppress(EngineError):
                return self.lock_slot(slot)
        raise EngineError(f'all {_SLOTS} slots of state directory "{self.path}" are held')

    def task(self, name: str) -> Path:
        """Return the directory of the task; the storage makes it."""
        return self.path / name

    def tasks(self) -> list[str]:
        """Return the names of the tasks that have a directory, sorted."""
        return sorted(
            entry.name
            for entry in self.path.iterdir()
            if entry.is_dir() and not entry.name.startswith(_WIPED)
        )

    def delete(self) -> None:
        """Delete the directory with the state of all tasks."""
        shutil.rmtree(self.path, ignore_errors=True)

    def wipe(self, name: str) -> None:
        """Delete the task's directory, if there is one; half of it is never taken for a task."""
        aside = self.path / f"{_WIPED}{name}-{uuid.uuid4().hex}"
        with suppress(FileNotFoundError):
            (self.path / name).rename(aside)
            shutil.rmtree(aside)

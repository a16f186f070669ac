"""Who owns the directory of an embedded broker: one process, as long as it lives."""

import fcntl
import os
from pathlib import Path
from typing import IO

from streamsql.errors import EngineError

_FILE = "lock"


class DirectoryInUse(EngineError):
    """Another process owns the directory; it can be followed."""


class DirectoryLock:
    """Lets one process own a directory; released with the process, however it ends.

    DirectoryInUse with the owner's process id when there is one.
    """

    def __init__(self, directory: Path) -> None:
        path = directory / _FILE
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._file: IO[str] = path.open("a+")
        except OSError as error:
            raise EngineError(f'cannot use directory "{directory}": {error.strerror}') from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            owner = noted_owner(directory) or "unknown"
            raise DirectoryInUse(f'directory "{directory}" is in use by process {owner}') from error
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let others own the directory."""
        self._file.truncate(0)
        self._file.close()


def noted_owner(directory: Path) -> int | None:
    """Return the process that has noted itself as the owner, if it lives.

    The lock itself is not tried: for that moment nobody could become the owner.
    """
    try:
        process = int((directory / _FILE).read_text())
    except (OSError, ValueError):
        return None
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass  # it lives, and is somebody else's
    return process

"""The topics of an embedded broker that another process owns, as of a commit of that process."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from rocksdict import AccessType

from streamsql.broker.embedded.database import (
    StorageError,
    StoredTopics,
    main_options,
    storage_errors,
)
from streamsql.broker.embedded.view import EmbeddedView
from streamsql.errors import EngineError

_APART_SECONDS = 5.0
"""How long a follower's families may be apart: the owner's files say within milliseconds."""

_OPENING_SECONDS = 5.0
"""How long the owner may be about to make the files, or to exchange them."""

_OVERLOOKED_SECONDS = 0.1
"""How long something new may be overlooked that has left no traces."""

T = TypeVar("T")


class FollowedDatabase(StoredTopics):
    """The database of another process, as of the owner's last commit that was looked at.

    It leaves nothing behind, however it ends: RocksDB wants a directory for it and then needs only
    the file in it, a log of its own doings, which is open and has no name any more.
    """

    def __init__(self, path: Path) -> None:
        options = main_options()
        with tempfile.TemporaryDirectory(prefix="streamsql-follower-") as own:
            self._open(path, options, AccessType.secondary(own))
        self._path = path
        self._seen: bytes | None = None
        self._names_ns = 0
        self._written = path

    def trace(self) -> object:
        """Return what changes when the owner writes: its files, and the size of its log.

        Asking costs a tenth of a look that finds nothing. A file that came within a tick of the
        system's clock after another one may be overlooked, so now and then one must look all the
        same.
        """
        try:
            names_ns = self._path.stat().st_mtime_ns
            if names_ns != self._names_ns:
                logs = self._path.glob("*.log")
                self._written = max(logs, key=lambda log: int(log.stem), default=self._path)
                self._names_ns = names_ns
            return names_ns, self._written.stat().st_size
        except FileNotFoundError:
            self._names_ns = 0
            return object()

    def catch_up(self) -> bool:
        """See what the owner has committed by now; return whether there was anything.

        Raises:
            StorageError: Its files cannot be read, perhaps because it is deleting them.
        """
        deadline = time.monotonic() + _APART_SECONDS
        while True:
            with storage_errors("follow"):
                self._db.try_catch_up_with_primary()
                stamp, stamp_of_log = self.stamps()
            if stamp == stamp_of_log:
                changed, self._seen = stamp != self._seen, stamp
                return changed
            if time.monotonic() >= deadline:
                raise StorageError("cannot follow: a part of the owner's last writes is missing")
            time.sleep(0.001)


class FollowedTopics:
    """What the owner has committed, whether or not it is on the disk yet.

    It stays as it is between two calls of :meth:`look`, whatever the owner deletes or compacts.
    The owner may end and another one may come; the files are opened anew where that is needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if any(path.glob("*.blob")):
            raise EngineError(f'"{path}" has files of an earlier version, for its owner alone')
        self._database = self._open()
        self._trace: object = None
        self._next_look = 0.0
        self.view = EmbeddedView(self._database)

    def glance(self) -> None:
        """See what is committed, if there are traces of something new, or not long afterwards."""
        if self._database.trace() != self._trace or time.monotonic() >= self._next_look:
            self.look()

    def look(self) -> None:
        """See what is committed by now."""
        self._trace = self._database.trace()
        self._next_look = time.monotonic() + _OVERLOOKED_SECONDS

        def catch_up() -> None:
            if self._database.catch_up():
                self.view.refresh()

        self.reading(catch_up)

    def reading(self, read: Callable[[], T]) -> T:
        """Return what a call reads; when files are gone, of the database opened anew."""
        try:
            return read()
        except StorageError:
            gone, self._database = self._database, self._open()
            gone.close()
            self.view.database = self._database
            self.view.refresh()
            return read()

    def close(self) -> None:
        """Stop following."""
        self._database.close()

    def _open(self) -> FollowedDatabase:
        deadline = time.monotonic() + _OPENING_SECONDS
        while True:
            try:
                database = FollowedDatabase(self._path)
                database.catch_up()
            except StorageError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.02)
            else:
                return database

"""The topics of an embedded broker that another process owns, as of a commit of that process."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from streamsql.broker.embedded.database import FollowedDatabase, StorageError
from streamsql.broker.embedded.view import EmbeddedView
from streamsql.errors import EngineError

_OPENING_SECONDS = 5.0
"""How long the owner may be about to make the files, or to exchange them."""

T = TypeVar("T")


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
        self.view = EmbeddedView(self._database)

    def look(self) -> None:
        """See what is committed by now."""

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

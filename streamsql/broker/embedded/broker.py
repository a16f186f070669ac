"""The embedded broker: durable, in this process, in one directory.

One RocksDB holds topics, group offsets and task state: a commit of all three is one atomic write.
It survives ``kill -9`` at any moment without fsync (the write-ahead log is in the system's hands by
then); ``fsync`` says what the end of the machine may cost. One process owns the directory; others
follow it (``follower``): they read the same database, and write through the inbox.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from streamsql.broker.embedded.database import DATABASE, Database
from streamsql.broker.embedded.intake import Intake
from streamsql.broker.embedded.local import LocalBroker
from streamsql.broker.embedded.lock import DirectoryLock
from streamsql.broker.embedded.logs import LogWrite, wall_clock_ms
from streamsql.broker.embedded.view import WritableView
from streamsql.broker.ports import TopicPartition
from streamsql.broker.topic_registry import TopicRegistry

Fsync: TypeAlias = Literal["never", "interval", "commit"]


@dataclass(frozen=True, slots=True)
class EmbeddedSettings:
    """How durable the broker is.

    Attributes:
        fsync: What survives the end of the machine: what the system happened to write (``never``),
            all but the last interval (``interval``), every commit (``commit``). The end of the
            process alone never costs anything.
        fsync_interval_ms: For ``interval``.
        retention_check_ms: How often retention is applied.
    """

    fsync: Fsync = "interval"
    fsync_interval_ms: int = 1_000
    retention_check_ms: int = 10_000


class EmbeddedBroker(LocalBroker):
    """The owner of a directory. DirectoryInUse, with its process id, when there is another one."""

    owner = None
    """This process is it."""

    def __init__(self, directory: Path, settings: EmbeddedSettings | None = None) -> None:
        self.directory = directory
        self._settings = settings = EmbeddedSettings() if settings is None else settings
        self._lock = DirectoryLock(directory)
        try:
            self._database = Database(directory / DATABASE)
        except BaseException:
            self._lock.release()
            raise
        self._unsynced = False
        self._closed = threading.Event()
        super().__init__(
            WritableView(self._database),
            settings.retention_check_ms,
            sync=settings.fsync == "commit",
        )
        self.registry = TopicRegistry(self)
        self._intake = Intake(directory, self._view, self._publish, wall_clock_ms)
        self._syncer: threading.Thread | None = None
        if settings.fsync == "interval":
            self._syncer = threading.Thread(
                target=self._sync_regularly, name="streamsql-fsync", daemon=True
            )
            self._syncer.start()

    def close(self) -> None:
        """Release the directory."""
        if self._closed.is_set():
            return
        self._closed.set()
        if self._syncer is not None:
            self._syncer.join()
        try:
            with self._core.changed:
                self._database.sync()
                self._database.close()
        finally:
            self._lock.release()

    def _publish(self, write: LogWrite, appended: Sequence[TopicPartition] = ()) -> None:
        super()._publish(write, appended)
        self._unsynced = True

    def _look(self) -> None:
        self._intake.look()

    def _look_now(self) -> None:
        self._intake.take()

    def _sync_regularly(self) -> None:
        while not self._closed.wait(self._settings.fsync_interval_ms / 1000):
            if self._unsynced:
                self._unsynced = False
                self._database.sync()

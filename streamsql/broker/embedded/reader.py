"""Reading an embedded broker that another process owns: PRINT and pull queries from there."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from streamsql.broker.embedded.broker import DATABASE
from streamsql.broker.embedded.clients import EmbeddedCore, LogReader
from streamsql.broker.embedded.database import Database
from streamsql.broker.embedded.logs import LogWrite, wall_clock_ms
from streamsql.broker.embedded.view import EmbeddedState, EmbeddedView
from streamsql.broker.ports import Committed, TopicConfig, TopicPartition
from streamsql.errors import EngineError


class EmbeddedReader:
    """Follows the database of the owner, a few milliseconds behind.

    It sees what the owner has committed, whether or not it is on the disk yet. Every method catches
    up first.
    """

    def __init__(self, directory: Path) -> None:
        path = directory / DATABASE
        if not path.exists():
            raise EngineError(f'directory "{directory}" holds no embedded broker')
        self._own = Path(tempfile.mkdtemp(prefix="streamsql-follower-"))
        try:
            self._database = Database(path, secondary=self._own)
        except BaseException:
            shutil.rmtree(self._own, ignore_errors=True)
            raise
        self._database.catch_up()
        self._view = EmbeddedView(self._database)
        self._core = EmbeddedCore(self._view, _refuse, self.refresh, wall_clock_ms)

    @classmethod
    def open_secondary(cls, directory: Path) -> "EmbeddedReader":
        """Return a reader of a directory; EngineError when no broker has ever been there."""
        return cls(directory)

    def refresh(self) -> None:
        """Catch up with the owner."""
        self._database.catch_up()
        self._view.refresh()

    def topics(self) -> Mapping[str, TopicConfig]:
        """Return all topics."""
        self.refresh()
        return dict(self._view.topics)

    def starts(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Return the first offset still there."""
        self.refresh()
        return self._view.starts(partitions)

    def ends(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Return the offsets of the next records."""
        self.refresh()
        return self._view.ends(partitions)

    def group_offsets(self, group: str) -> Mapping[TopicPartition, Committed]:
        """Return what the group has committed."""
        self.refresh()
        return self._view.group_offsets(group)

    def local_state(self, task: str) -> EmbeddedState:
        """Return the state of the task, as of now; ask again to see what came later."""
        self.refresh()
        return self._view.local_state(task)

    def reader(self) -> LogReader:
        """Return a reader of logs; each poll catches up."""
        return LogReader(self._core)

    def close(self) -> None:
        """Stop following."""
        self._database.close()
        shutil.rmtree(self._own, ignore_errors=True)


def _refuse(_write: LogWrite, _appended: Sequence[TopicPartition]) -> None:
    raise AssertionError("a follower writes nothing")

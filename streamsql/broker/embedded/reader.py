"""Looking into an embedded broker that another process owns."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from streamsql.broker.embedded.broker import DATABASE
from streamsql.broker.embedded.database import Database
from streamsql.broker.embedded.view import EmbeddedView
from streamsql.broker.ports import Committed, TopicConfig, TopicPartition
from streamsql.errors import EngineError


class EmbeddedReader:
    """Follows the database of the owner, a few milliseconds behind.

    It sees what the owner has committed, whether or not it is on the disk yet.
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

    def topics(self) -> Mapping[str, TopicConfig]:
        """Return all topics, as of now."""
        self._database.catch_up()
        self._view.refresh()
        return dict(self._view.topics)

    def group_offsets(self, group: str) -> Mapping[TopicPartition, Committed]:
        """Return what the group has committed."""
        self._database.catch_up()
        return self._view.group_offsets(group)

    def close(self) -> None:
        """Stop following."""
        self._database.close()
        shutil.rmtree(self._own, ignore_errors=True)

"""The latest ``(row, timestamp_ms)`` by key and window start.

Entries lie in *segments* of start times: the engine's key is ``segment, key, start``, so expiry is a
range delete of whole segments and a fetch of one key is a short scan in each segment of the range.
With aligned windows let a segment be one start (``segment_ms`` = the advance): then everything of
one window lies together.

Everything that starts before the *bound* (see :meth:`WindowStore.expire`) does not exist: reads do
not see it and writes to it are ignored.
"""

from collections.abc import Iterator, Sequence

from streamsql.state.store import Changes, Engine
from streamsql.types.record import Key, Row
from streamsql.types.sqltypes import SqlType


class WindowStore:
    """The latest ``(row, timestamp_ms)`` by key and window start (ms)."""

    def __init__(
        self,
        name: str,
        key_types: Sequence[SqlType],
        value_types: Sequence[SqlType],
        engine: Engine,
        *,
        retention_ms: int,
        segment_ms: int | None = None,
        cache_entries: int = 65_536,
    ) -> None:
        """Open the store.

        Args:
            retention_ms: Sets the length of segments when ``segment_ms`` does not; nothing expires
                before the caller says so.
            segment_ms: Part of the layout on disk: never change it for a store that has data.
        """
        self.name = name
        raise NotImplementedError

    def get(self, key: Key, start_ms: int) -> tuple[Row, int] | None:
        """Return the row and timestamp of the key's window, or ``None``."""
        raise NotImplementedError

    def get_mutable(self, key: Key, start_ms: int) -> tuple[list[object], int] | None:
        """As :meth:`get`, but the row is a list that the caller may change and then put."""
        raise NotImplementedError

    def put(self, key: Key, start_ms: int, row: Row | list[object], timestamp_ms: int) -> None:
        """Set the row of the key's window."""
        raise NotImplementedError

    def delete(self, key: Key, start_ms: int) -> None:
        """Remove the key's window."""
        raise NotImplementedError

    def fetch(self, key: Key, from_ms: int, to_ms: int) -> list[tuple[int, Row, int]]:
        """Return ``(start, row, timestamp)`` of the key with ``from <= start <= to``, ascending."""
        raise NotImplementedError

    def fetch_all(self, from_ms: int, to_ms: int) -> Iterator[tuple[Key, int, Row, int]]:
        """Yield ``(key, start, row, timestamp)`` with ``from <= start <= to`` by segment and key."""
        raise NotImplementedError

    def all(self) -> Iterator[tuple[Key, int, Row, int]]:
        """Yield every ``(key, start, row, timestamp)`` by segment and key."""
        raise NotImplementedError

    def expire(self, before_ms: int) -> None:
        """Raise the bound: windows that start before it are gone, durably with the next commit."""
        raise NotImplementedError

    def uncommitted_bytes(self) -> int:
        """Estimate the size of what the next commit writes."""
        raise NotImplementedError

    def pending(self) -> Changes:
        """Return the changes since the last commit, encoded."""
        raise NotImplementedError

    def committed(self) -> None:
        """Forget the buffer: its changes are in the engine now."""
        raise NotImplementedError

    def rollback(self) -> None:
        """Drop everything since the last commit, and all cached values."""
        raise NotImplementedError

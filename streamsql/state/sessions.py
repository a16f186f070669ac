"""The ``(row, timestamp_ms)`` of sessions, by key and bounds (both inclusive, ms).

Entries lie in segments of end times. Sessions that end recently stay decoded in memory.
"""

from collections.abc import Iterator, Sequence

from streamsql.state.store import Changes, Engine
from streamsql.types.record import Key, Row
from streamsql.types.sqltypes import SqlType

Session = tuple[int, int, Row, int]
"""``(start_ms, end_ms, row, timestamp_ms)``."""


class SessionStore:
    """Sessions by key; one key has at most one with the same bounds."""

    def __init__(
        self,
        name: str,
        key_types: Sequence[SqlType],
        value_types: Sequence[SqlType],
        engine: Engine,
        *,
        retention_ms: int,
        recent_entries: int = 200_000,
    ) -> None:
        self.name = name
        raise NotImplementedError

    def put(  # noqa: PLR0913 - a session is five facts
        self, key: Key, start_ms: int, end_ms: int, row: Row | list[object], timestamp_ms: int
    ) -> None:
        """Set the row of a session."""
        raise NotImplementedError

    def remove(self, key: Key, start_ms: int, end_ms: int) -> None:
        """Remove a session, if there is one of these bounds."""
        raise NotImplementedError

    def get(self, key: Key, start_ms: int, end_ms: int) -> tuple[Row, int] | None:
        """Return the row and timestamp of the session of exactly these bounds, or ``None``."""
        raise NotImplementedError

    def find(self, key: Key, earliest_end_ms: int, latest_start_ms: int) -> list[Session]:
        """Return the key's sessions with ``end >= earliest_end`` and ``start <= latest_start``.

        Ascending by end. The rows may be lists (as they were put) or tuples.
        """
        raise NotImplementedError

    def fetch(self, key: Key) -> list[Session]:
        """Return all sessions of the key, ascending by end."""
        raise NotImplementedError

    def fetch_all(self, from_ms: int, to_ms: int) -> list[tuple[Key, int, int, Row, int]]:
        """Return ``(key, start, end, row, timestamp)`` with ``from <= end <= to``, by end."""
        raise NotImplementedError

    def all(self) -> Iterator[tuple[Key, int, int, Row, int]]:
        """Yield every ``(key, start, end, row, timestamp)``."""
        raise NotImplementedError

    def expire(self, before_ms: int) -> None:
        """Raise the bound: sessions that end before it are gone, durably with the next commit."""
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

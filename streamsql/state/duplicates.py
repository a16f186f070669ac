"""Every ``(row, timestamp_ms)`` by key and start: the buffers of a stream-stream join.

Rows of one key and start are kept in the order in which they came. Recent rows stay decoded in
memory, as many as the budget allows, so that a put or a fetch near stream time is a few operations on
a list; only a fetch that reaches further back reads the engine.
"""

from collections.abc import Callable, Iterator, Sequence

from streamsql.state.store import Changes, Engine
from streamsql.types.record import Key, Row
from streamsql.types.sqltypes import SqlType


class DuplicateWindowStore:
    """All rows by key and start (ms), nothing replaces anything."""

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

    def put(self, key: Key, start_ms: int, row: Row, timestamp_ms: int) -> None:
        """Add a row."""
        raise NotImplementedError

    def delete(self, key: Key, start_ms: int, matches: Callable[[Row], bool] | None = None) -> int:
        """Remove the rows of the key and start (that match, if asked); return how many."""
        raise NotImplementedError

    def fetch(self, key: Key, from_ms: int, to_ms: int) -> list[tuple[int, Row, int]]:
        """Return ``(start, row, timestamp)`` with ``from <= start <= to``, by start then arrival."""
        raise NotImplementedError

    def earliest_ms(self) -> int | None:
        """Return a time before which no row starts, ``None`` when the store is empty. Cheap."""
        raise NotImplementedError

    def fetch_all(self, from_ms: int, to_ms: int) -> list[tuple[Key, int, Row, int]]:
        """Return ``(key, start, row, timestamp)`` with ``from <= start <= to``, by start."""
        raise NotImplementedError

    def all(self) -> Iterator[tuple[Key, int, Row, int]]:
        """Yield every ``(key, start, row, timestamp)``."""
        raise NotImplementedError

    def expire(self, before_ms: int) -> None:
        """Raise the bound: rows that start before it are gone, durably with the next commit."""
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
